//! A FranceConnect that answers what a test wrote down, and counts who asked.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use passerelle::kernel::Timestamp;
use serde_json::{Value, json};
use sha2_of::half_sha256;
use tokio::net::TcpListener;

use super::keys::{Keys, Signer};

pub(super) const CLIENT: &str = "passerelle-essai";
pub(super) const SECRET: &str = "un-secret-de-client-assez-long-pour-signer";
const ACCESS: &str = "jeton-d-acces";

/// What each address was asked, how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Calls {
    pub(super) discovery: u32,
    pub(super) keys: u32,
    pub(super) token: u32,
    pub(super) userinfo: u32,
}

/// An answer written by hand.
#[derive(Clone, Debug)]
pub(super) enum Instead {
    /// Status, media type, body.
    Says(u16, &'static str, String),
    /// Sends the caller elsewhere.
    Redirects,
    /// Begins to answer, and breaks off.
    Breaks,
}

/// A token that is made when it is asked for.
#[derive(Clone, Debug)]
pub(super) struct Made {
    pub(super) signer: Signer,
    /// Claims that differ; null takes one away.
    pub(super) changes: Value,
    /// The token itself, where it is written by hand.
    pub(super) instead: Option<String>,
}

/// What to say.
pub(super) struct Script {
    pub(super) keys: Arc<Keys>,
    pub(super) now: Timestamp,
    pub(super) nonce: String,
    pub(super) id_token: Made,
    pub(super) with_id_token: bool,
    pub(super) userinfo: Made,
    /// A rotation between the two tokens.
    pub(super) rotates: bool,
    pub(super) discovery: Value,
    pub(super) discovery_instead: Option<Instead>,
    pub(super) keys_instead: Option<Instead>,
    pub(super) token_instead: Option<Instead>,
    pub(super) userinfo_instead: Option<Instead>,
    pub(super) calls: Calls,
    /// The last token request: its form, and whether it had an Authorization header.
    pub(super) token_request: (String, bool),
    pub(super) issued: String,
}

pub(super) struct StandIn {
    pub(super) issuer: String,
    pub(super) script: Mutex<Script>,
}

pub(super) fn sub() -> String {
    format!("{}v1", "3f".repeat(32))
}

/// `at_hash` of the access token, right.
pub(super) fn at_hash() -> String {
    half_sha256(ACCESS)
}

mod sha2_of {
    use aws_lc_rs::digest::{SHA256, digest};
    use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

    pub(super) fn half_sha256(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
    }
}

impl Made {
    fn new() -> Self {
        Self { signer: Signer::Es256, changes: json!({}), instead: None }
    }

    fn token(&self, script: &Script, mut claims: Value) -> String {
        let members = claims.as_object_mut().unwrap();
        for (name, value) in self.changes.as_object().unwrap() {
            members.insert(name.clone(), value.clone());
        }
        members.retain(|_, value| !value.is_null());
        let signed = || script.keys.sign(self.signer, SECRET, &claims);
        self.instead.clone().unwrap_or_else(signed)
    }
}

impl Script {
    fn new(keys: Arc<Keys>, now: Timestamp, discovery: Value) -> Self {
        Self {
            keys,
            now,
            nonce: String::new(),
            id_token: Made::new(),
            with_id_token: true,
            userinfo: Made::new(),
            rotates: false,
            discovery,
            discovery_instead: None,
            keys_instead: None,
            token_instead: None,
            userinfo_instead: None,
            calls: Calls::default(),
            token_request: (String::new(), false),
            issued: String::new(),
        }
    }
}

/// The discovery document, as FranceConnect writes it.
fn announced(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}/{path}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "userinfo_endpoint": at("userinfo"),
        "jwks_uri": at("jwks"),
        "end_session_endpoint": at("session/end"),
        "id_token_signing_alg_values_supported": ["HS256", "ES256", "RS256"],
        "authorization_response_iss_parameter_supported": true,
    })
}

impl StandIn {
    /// Listens on a port of its own.
    pub(super) async fn start(now: Timestamp) -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}/api/v2", listener.local_addr().unwrap());
        let script = Script::new(Arc::new(Keys::new("")), now, announced(&issuer));
        let stand_in = Arc::new(Self { issuer, script: Mutex::new(script) });
        let router = Router::new()
            .route("/api/v2/.well-known/openid-configuration", get(discovery_document))
            .route("/api/v2/jwks", get(jwks))
            .route("/api/v2/token", post(token))
            .route("/api/v2/userinfo", get(userinfo))
            .with_state(Arc::clone(&stand_in));
        tokio::spawn(async { axum::serve(listener, router).await });
        stand_in
    }

    pub(super) fn set(&self, change: impl FnOnce(&mut Script)) {
        change(&mut self.script.lock().unwrap());
    }

    /// Says what is right again; keys and counts stay.
    pub(super) fn reset(&self) {
        let mut script = self.script.lock().unwrap();
        let fresh = Script::new(Arc::clone(&script.keys), script.now, announced(&self.issuer));
        *script = Script { calls: script.calls, ..fresh };
    }

    pub(super) fn calls(&self) -> Calls {
        self.script.lock().unwrap().calls
    }

    /// Says something else, or what is right.
    fn say(instead: Option<Instead>, right: Response) -> Response {
        match instead {
            None => right,
            Some(Instead::Says(status, media, body)) => {
                let status = StatusCode::from_u16(status).unwrap();
                (status, [(header::CONTENT_TYPE, media)], body).into_response()
            }
            Some(Instead::Redirects) => {
                (StatusCode::FOUND, [(header::LOCATION, "/api/v2/jwks")]).into_response()
            }
            Some(Instead::Breaks) => {
                let parts = [Ok("{"), Err(std::io::Error::other("broken off"))];
                Body::from_stream(futures_util::stream::iter(parts)).into_response()
            }
        }
    }
}

fn json_answer(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json; charset=utf-8")], value.to_string()).into_response()
}

async fn discovery_document(State(fc): State<Arc<StandIn>>) -> Response {
    let (instead, right) = {
        let mut script = fc.script.lock().unwrap();
        script.calls.discovery += 1;
        (script.discovery_instead.clone(), json_answer(&script.discovery))
    };
    StandIn::say(instead, right)
}

async fn jwks(State(fc): State<Arc<StandIn>>) -> Response {
    let (instead, right) = {
        let mut script = fc.script.lock().unwrap();
        script.calls.keys += 1;
        let body = script.keys.published().to_string();
        let media = [(header::CONTENT_TYPE, "application/jwk-set+json")];
        (script.keys_instead.clone(), (media, body).into_response())
    };
    StandIn::say(instead, right)
}

async fn token(State(fc): State<Arc<StandIn>>, headers: HeaderMap, body: Bytes) -> Response {
    let (instead, right) = {
        let mut script = fc.script.lock().unwrap();
        script.calls.token += 1;
        let form = String::from_utf8(body.to_vec()).unwrap();
        script.token_request = (form, headers.contains_key(header::AUTHORIZATION));
        let seconds = script.now.as_seconds();
        let claims = json!({
            "iss": fc.issuer, "aud": CLIENT, "sub": sub(), "nonce": script.nonce,
            "acr": "eidas1", "auth_time": seconds - 30, "iat": seconds, "exp": seconds + 60,
        });
        let id_token = script.id_token.token(&script, claims);
        script.issued.clone_from(&id_token);
        let mut answer = json!({
            "access_token": ACCESS, "token_type": "Bearer", "expires_in": 60,
            "scope": "openid identite_pivot",
        });
        if script.with_id_token {
            answer["id_token"] = id_token.into();
        }
        if script.rotates {
            script.keys = Arc::new(Keys::new("-2"));
        }
        (script.token_instead.clone(), json_answer(&answer))
    };
    StandIn::say(instead, right)
}

async fn userinfo(State(fc): State<Arc<StandIn>>, headers: HeaderMap) -> Response {
    let (instead, right) = {
        let mut script = fc.script.lock().unwrap();
        script.calls.userinfo += 1;
        let bearer = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap());
        assert_eq!(bearer, Some(format!("Bearer {ACCESS}").as_str()));
        let seconds = script.now.as_seconds();
        let claims = json!({
            "iss": fc.issuer, "aud": CLIENT, "iat": seconds, "exp": seconds + 60,
            "sub": sub(), "given_name": "Angela Claire Louise",
            "given_name_array": ["Angela", "Claire", "Louise"], "family_name": "DUBOIS",
            "birthdate": "1962-08-01", "idp_birthdate": "1962-08-00", "gender": "female",
            "birthplace": "75107", "birthcountry": "99100", "preferred_username": "",
            "email": "angela@courriel.example",
        });
        let jwt = script.userinfo.token(&script, claims);
        let media = [(header::CONTENT_TYPE, "application/jwt; charset=utf-8")];
        (script.userinfo_instead.clone(), (media, jwt).into_response())
    };
    StandIn::say(instead, right)
}

/// The claims of a token, unsigned: userinfo as plain JSON.
pub(super) fn payload(jwt: &str) -> String {
    let payload = URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap();
    String::from_utf8(payload).unwrap()
}
