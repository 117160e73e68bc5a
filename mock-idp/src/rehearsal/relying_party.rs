//! A service that `FranceConnect` knows, for the tests of both.

use std::collections::HashMap;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use reqwest::StatusCode;
use serde_json::Value;
use tokio::net::TcpListener;
use url::Url;

use crate::franceconnect::{self, CLIENTS, FranceConnect};
use crate::tour::browser::Browser;
use crate::tour::page::FilledForm;
use crate::world::file::WorldFile;
use crate::world::people;

pub(super) type Fault = Box<dyn std::error::Error>;
pub(super) type Outcome = Result<(), Fault>;

pub(super) const STATE: &str = "0123456789abcdef0123456789abcdef";
pub(super) const NONCE: &str = "fedcba9876543210fedcba9876543210";
const EVERYTHING: &str = "openid identite_pivot preferred_username email idp_birthdate";

/// The platform and a service on free ports, and somebody who talks to both.
pub(super) struct Stage {
    platform: Arc<FranceConnect>,
    pub(super) origin: String,
    pub(super) back: String,
    pub(super) exit: String,
    pub(super) http: reqwest::Client,
    _dir: tempfile::TempDir,
}

async fn listen() -> Result<(TcpListener, String), Fault> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let origin = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
    Ok((listener, origin))
}

pub(super) async fn stage() -> Result<Stage, Fault> {
    let dir = tempfile::tempdir()?;
    let file = Arc::new(WorldFile::open(dir.path(), &CLIENTS)?);
    let (service, gateway) = listen().await?;
    // A service that takes whatever comes.
    let taking = Router::new().fallback(|| async { "" });
    tokio::spawn(async move { axum::serve(service, taking).await });
    let (listener, origin) = listen().await?;
    let platform = FranceConnect::open(origin.clone(), &gateway, &people::all(), &file)?;
    let platform = Arc::new(platform);
    let router = franceconnect::router(Arc::clone(&platform));
    tokio::spawn(async move { axum::serve(listener, router).await });
    // Whoever was first to install a provider installed the same one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let http = crate::gateway::http_client(Duration::from_mins(1))?;
    let back = format!("{gateway}/portail/franceconnect/retour");
    let exit = format!("{gateway}/portail/franceconnect/sortie");
    Ok(Stage { platform, origin, back, exit, http, _dir: dir })
}

impl Stage {
    pub(super) fn at(&self, path: &str) -> String {
        format!("{}/api/v2{path}", self.origin)
    }

    pub(super) fn secret(&self, client: &str) -> String {
        let of = |name: &str, one: &Value| one.get(name).and_then(Value::as_str).map(str::to_owned);
        let clients = self.platform.clients();
        let one = clients.iter().find(|one| of("client_id", one).as_deref() == Some(client));
        one.and_then(|one| of("client_secret", one)).unwrap_or_default()
    }

    pub(super) fn request(
        &self,
        client: &str,
        scope: &str,
        more: &[(&str, &str)],
    ) -> Result<String, Fault> {
        let usual = [
            ("client_id", client),
            ("redirect_uri", &self.back),
            ("response_type", "code"),
            ("scope", scope),
            ("state", STATE),
            ("nonce", NONCE),
            ("acr_values", "eidas1"),
        ];
        let replaced = |name: &str| more.iter().any(|(given, _)| *given == name);
        let kept = usual.into_iter().filter(|(name, _)| !replaced(name));
        let all = kept.chain(more.iter().copied());
        Ok(Url::parse_with_params(&self.at("/authorize"), all)?.into())
    }

    /// Goes through both pages, and stops before the service.
    pub(super) async fn log_in(
        &self,
        browser: &mut Browser,
        client: &str,
        (identity, scenario): (&str, &str),
    ) -> Result<HashMap<String, String>, Fault> {
        let page = browser.open(&self.request(client, EVERYTHING, &[])?).await?;
        let form = page.form("identifiant").ok_or_else(|| page.seen())?;
        let form = form.fill("identifiant", identity).fill("scenario", scenario);
        let page = browser.submit(form.fill("submit", "oui")).await?;
        let form = page.form("continuer").ok_or_else(|| page.seen())?;
        self.arrive(browser, form.fill("continuer", "oui")).await
    }

    /// Presses a button, and answers what the service is told.
    pub(super) async fn arrive(
        &self,
        browser: &mut Browser,
        form: FilledForm,
    ) -> Result<HashMap<String, String>, Fault> {
        let page = browser.submit(form).await?;
        if !page.url.as_str().starts_with(&self.back) {
            return Err(page.seen().into());
        }
        Ok(page.url.query_pairs().into_owned().collect())
    }

    pub(super) async fn redeem(
        &self,
        client: &'static str,
        code: &str,
        change: (&str, &str),
    ) -> Result<(StatusCode, Value), Fault> {
        let secret = self.secret(client);
        let mut form = HashMap::from([
            ("grant_type", "authorization_code"),
            ("client_id", client),
            ("client_secret", &secret),
            ("code", code),
            ("redirect_uri", &self.back),
        ]);
        match change {
            ("", _) => {}
            (name, "") => {
                form.remove(name);
            }
            (name, value) => {
                form.insert(name, value);
            }
        }
        let answer = self.http.post(self.at("/token")).form(&form).send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// A whole log-in.
    pub(super) async fn hold(&self, client: &'static str, identity: &str) -> Result<Value, Fault> {
        let mut browser = Browser::new(&self.http);
        let back = self.log_in(&mut browser, client, (identity, "success")).await?;
        let code = back.get("code").ok_or("a code")?;
        let (status, tokens) = self.redeem(client, code, ("", "")).await?;
        assert_eq!(status, 200, "{tokens}");
        Ok(tokens)
    }

    pub(super) async fn user_info(&self, token: &str) -> Result<reqwest::Response, Fault> {
        Ok(self.http.get(self.at("/userinfo")).bearer_auth(token).send().await?)
    }

    pub(super) async fn keys(&self) -> Result<JwkSet, Fault> {
        let answer = self.http.get(self.at("/jwks")).send().await?;
        Ok(answer.error_for_status().map_err(|_| "no keys")?.json().await?)
    }

    /// Another library reads what the platform signed.
    #[expect(clippy::disallowed_methods, reason = "another library is the point of these tests")]
    pub(super) async fn read(
        &self,
        jwt: &str,
        client: &str,
        alg: Algorithm,
    ) -> Result<Value, Fault> {
        let header = decode_header(jwt)?;
        let kid = header.kid.ok_or("a kid")?;
        let keys = self.keys().await?;
        let key = DecodingKey::from_jwk(keys.find(&kid).ok_or("the key")?)?;
        let mut rules = Validation::new(alg);
        rules.set_audience(&[client]);
        rules.set_issuer(&[self.at("")]);
        rules.leeway = 0;
        Ok(decode::<Value>(jwt, &key, &rules)?.claims)
    }
}

pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value.get(name).and_then(Value::as_str).unwrap_or_default()
}
