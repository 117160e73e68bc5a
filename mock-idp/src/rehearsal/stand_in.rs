//! A stand-in for the gateway. It judges nothing that a test does not ask about.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

use crate::clock;
use crate::web::{Form, see_other};

pub(super) struct StandIn {
    base: u16,
    key: EncodingKey,
    jwk: Value,
    nonce: Mutex<String>,
    pkce: AtomicBool,
    ended: AtomicBool,
    activations: AtomicUsize,
    approved: Notify,
}

type Shared = State<Arc<StandIn>>;
const ISSUER: &str = "/auth/realms/esante-wallet";
const OIDC: &str = "/auth/realms/esante-wallet/protocol/openid-connect";

impl StandIn {
    pub(super) async fn listen(base: u16) -> Result<Arc<Self>, Box<dyn std::error::Error>> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let key = EncodingKey::from_ec_der(pair.to_pkcs8v1()?.as_ref());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
        jwk.common.key_id = Some("k1".to_owned());
        let stand_in = Arc::new(Self {
            base,
            key,
            jwk: serde_json::to_value(jwk)?,
            nonce: Mutex::default(),
            pkce: AtomicBool::default(),
            ended: AtomicBool::default(),
            activations: AtomicUsize::default(),
            approved: Notify::new(),
        });
        let listener = TcpListener::bind(("127.0.0.1", base)).await?;
        let router = routes().with_state(Arc::clone(&stand_in));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(stand_in)
    }

    pub(super) fn activations(&self) -> usize {
        self.activations.load(SeqCst)
    }

    pub(super) fn used_pkce(&self) -> bool {
        self.pkce.load(SeqCst)
    }

    pub(super) async fn approved(&self) {
        self.approved.notified().await;
    }

    pub(super) fn end(&self) {
        self.ended.store(true, SeqCst);
    }

    pub(super) fn resume(&self) {
        self.ended.store(false, SeqCst);
    }

    /// Sends a logout token, as the gateway would.
    pub(super) async fn tell(
        &self,
        http: &reqwest::Client,
        to: &str,
        audience: &str,
        jti: &str,
    ) -> Result<u16, Box<dyn std::error::Error>> {
        let now = clock::now().as_second();
        let events = json!({"http://schemas.openid.net/event/backchannel-logout": {}});
        let token = self.sign(
            "logout+jwt",
            &json!({"iss": self.issuer(), "aud": audience, "iat": now, "exp": now + 120,
                    "jti": jti, "sid": "sid-1", "events": events}),
        );
        let sent = http.post(to).form(&[("logout_token", token)]).send().await?;
        Ok(sent.status().as_u16())
    }

    fn issuer(&self) -> String {
        format!("http://localhost:{}{ISSUER}", self.base)
    }

    fn sign(&self, typ: &str, claims: &Value) -> String {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some("k1".to_owned());
        encode(&header, claims, &self.key).unwrap_or_default()
    }

    fn id_token(&self, client: &str) -> String {
        let now = clock::now().as_second();
        let nonce = self.nonce.lock().unwrap_or_else(PoisonError::into_inner).clone();
        self.sign(
            "JWT",
            &json!({"iss": self.issuer(), "aud": client, "sub": "f:1:8", "iat": now,
                    "exp": now + 120, "nonce": nonce, "sid": "sid-1", "acr": "eidas1"}),
        )
    }

    async fn send_secrets(&self) -> std::io::Result<()> {
        let mut smtp = TcpStream::connect(("127.0.0.1", self.base + 6)).await?;
        let mail = "EHLO a\r\nMAIL FROM:<a@example.org>\r\nRCPT TO:<nadia.verchere@example.org>\r\n\
                    DATA\r\nSubject: e-CPS\r\n\r\nVotre secret :\r\nK7PXQ2RW\r\n.\r\nQUIT\r\n";
        smtp.write_all(mail.as_bytes()).await?;
        let sms = json!({"to": "+33639980013", "text": "Secret e-CPS : 402917"});
        let url = format!("http://localhost:{}/api/sms", self.base + 4);
        let sent = reqwest::Client::builder().build().map(|http| http.post(url).json(&sms).send());
        if let Ok(sent) = sent {
            let _ = sent.await;
        }
        Ok(())
    }
}

fn routes() -> Router<Arc<StandIn>> {
    Router::new()
        .route(&format!("{ISSUER}/.well-known/openid-configuration"), get(discovery))
        .route("/auth", get(authorize))
        .route(&format!("{OIDC}/token"), post(token))
        .route(&format!("{OIDC}/token/introspect"), post(introspect))
        .route(&format!("{OIDC}/userinfo"), get(userinfo))
        .route(&format!("{OIDC}/certs"), get(certs))
        .route("/api/v1/professionals/{rpps}", get(person))
        .route("/demo/right-code/{challenge}", get(right_code))
        .route("/device/v1/activations", post(activate))
        .route("/device/v1/activations/{id}/finish", post(finish))
        .route("/device/v1/challenges", get(challenges))
        .route("/device/v1/challenges/{id}/approve", post(approve))
}

async fn discovery(State(me): Shared) -> Json<Value> {
    let at = |path: &str| format!("http://localhost:{}{OIDC}{path}", me.base);
    Json(json!({
        "issuer": me.issuer(),
        "authorization_endpoint": format!("http://localhost:{}/auth", me.base),
        "token_endpoint": at("/token"),
        "introspection_endpoint": at("/token/introspect"),
        "userinfo_endpoint": at("/userinfo"),
        "end_session_endpoint": at("/logout"),
        "jwks_uri": at("/certs"),
        "acr_values_supported": ["0", "0"],
        "response_types_supported": ["code", "none"],
        "subject_types_supported": ["public", "pairwise"],
        "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS384"],
        "authorization_response_iss_parameter_supported": true,
    }))
}

async fn certs(State(me): Shared) -> Json<Value> {
    Json(json!({"keys": [me.jwk]}))
}

async fn authorize(State(me): Shared, Query(asked): Query<HashMap<String, String>>) -> Response {
    let of = |name: &str| asked.get(name).cloned().unwrap_or_default();
    if of("scope") != "openid scope_all" || of("acr_values") != "eidas1" {
        return StatusCode::BAD_REQUEST.into_response();
    }
    me.pkce.store(asked.contains_key("code_challenge"), SeqCst);
    *me.nonce.lock().unwrap_or_else(PoisonError::into_inner) = of("nonce");
    let outcome = if me.ended.load(SeqCst) { "error=login_required" } else { "code=abc" };
    let issuer: String = url::form_urlencoded::byte_serialize(me.issuer().as_bytes()).collect();
    let state = of("state");
    see_other(&format!("{}?{outcome}&state={state}&iss={issuer}", of("redirect_uri")))
}

async fn token(State(me): Shared, headers: HeaderMap, form: Form) -> Response {
    let basic = headers.contains_key("authorization");
    if basic != form.get("client_secret").is_empty() {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if me.ended.load(SeqCst) {
        let refusal = Json(json!({"error": "invalid_grant", "error_description": "fini"}));
        return (StatusCode::BAD_REQUEST, refusal).into_response();
    }
    // The audience is the client that registered this address.
    let client = match form.get("redirect_uri") {
        to if to.contains("plateforme") => "plateforme",
        to if to.contains("3/retour") => "dui-rive-claire",
        _ => "dui-tilleuls",
    };
    let mut body = json!({"access_token": "at", "token_type": "Bearer", "expires_in": 120,
                          "refresh_token": "rt", "refresh_expires_in": 1800,
                          "scope": "openid scope_all", "session_state": "sid-1"});
    if form.get("grant_type") == "authorization_code"
        && let Some(members) = body.as_object_mut()
    {
        members.insert("id_token".into(), me.id_token(client).into());
    }
    Json(body).into_response()
}

async fn introspect(State(me): Shared) -> Json<Value> {
    if me.ended.load(SeqCst) {
        return Json(json!({"active": false}));
    }
    Json(json!({"active": true, "typ": "Bearer", "scope": "openid scope_all", "acr": "eidas1"}))
}

async fn userinfo() -> Json<Value> {
    Json(json!({
        "sub": "f:1:8", "SubjectNameID": "899900000037", "preferred_username": "899900000037",
        "given_name": "Nadia", "family_name": "VERCHERE", "codeCivilite": "MME",
        "SubjectRole": ["99^1.2.250.1.213"],
        "otherIds": [{"identifiant": "899900000037", "origine": "RPPS", "qualite": 1}],
        "SubjectRefPro": {"codeCivilite": "MME", "exercices": [{"codeProfession": "99",
            "activities": [{"numeroFinessSite": "019999028", "raisonSocialeSite": "EHPAD",
                "codeRole": "313", "codeGenreActivite": "GENR11", "codeModeExercice": "S"}]}]},
    }))
}

async fn person(Path(rpps): Path<String>) -> Json<Value> {
    Json(json!({"rpps": rpps, "card": "active", "situations": []}))
}

async fn right_code() -> Json<Value> {
    Json(json!({"code": "57"}))
}

fn problem(status: StatusCode, code: &str) -> Response {
    (status, Json(json!({"status": status.as_u16(), "code": code}))).into_response()
}

async fn activate(State(me): Shared, Json(asked): Json<Value>) -> Response {
    if asked.get("identifier") != Some(&json!("899900000037")) {
        return problem(StatusCode::NOT_FOUND, "unknown_identifier");
    }
    me.activations.fetch_add(1, SeqCst);
    if me.send_secrets().await.is_err() {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    (StatusCode::CREATED, Json(json!({"activation": "a1"}))).into_response()
}

async fn finish(headers: HeaderMap, Json(sent): Json<Value>) -> Response {
    let right = sent.get("mail_secret") == Some(&json!("K7PXQ2RW"))
        && sent.get("sms_secret") == Some(&json!("402917"));
    if !right || !headers.contains_key("device-proof") {
        return problem(StatusCode::BAD_REQUEST, "wrong_secret");
    }
    let seed = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    let otp = json!({"seed": seed, "digits": 6, "period": 30});
    Json(json!({"device": "d1", "otp": otp})).into_response()
}

async fn challenges() -> Json<Value> {
    Json(json!({"items": [{"challenge": "c1", "kind": "web", "client_id": "dui-tilleuls",
        "service": "DUI", "codes": ["12", "57", "90"], "binding_message": null,
        "expires_at": "2026-11-21T14:02:07Z"}]}))
}

async fn approve(State(me): Shared, Path(id): Path<String>, Json(sent): Json<Value>) -> Response {
    let is = |name: &str, value: &str| sent.get(name) == Some(&json!(value));
    if id != "c1" || !is("client_id", "dui-tilleuls") {
        return problem(StatusCode::GONE, "challenge_gone");
    }
    if !is("pin", "2468") {
        return problem(StatusCode::BAD_REQUEST, "wrong_pin");
    }
    if !is("code", "57") {
        return problem(StatusCode::BAD_REQUEST, "wrong_code");
    }
    me.approved.notify_one();
    Json(json!({})).into_response()
}
