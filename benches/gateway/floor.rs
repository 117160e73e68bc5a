//! What a question about a token costs at best: a handler that verifies it, with the library that
//! others use, and reads one row where it is told to.

use std::sync::{Arc, Mutex};

use axum::{
    Json, Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, header},
    routing::{get, post},
};
use jsonwebtoken::{
    Algorithm, DecodingKey, Validation,
    jwk::{JwkSet, KeyAlgorithm},
};
use rusqlite::Connection;
use serde::Deserialize;
use serde_json::{Value, json};
use url::form_urlencoded;

use crate::house::{Answer, PROTOCOL};

struct Verifier {
    key: DecodingKey,
    validation: Validation,
    records: Option<Mutex<Connection>>,
}

#[derive(Deserialize)]
struct Claims {
    preferred_username: String,
}

/// The same addresses as the gateway's. `keys` is what the gateway publishes.
pub(crate) fn verifier(keys: &Answer, records: Option<Connection>) -> Router {
    let set: JwkSet = serde_json::from_slice(&keys.body).unwrap();
    let rs256 = Some(KeyAlgorithm::RS256);
    let key = set.keys.iter().find(|key| key.common.key_algorithm == rs256).unwrap();
    let verifier = Verifier {
        key: DecodingKey::from_jwk(key).unwrap(),
        validation: Validation::new(Algorithm::RS256),
        records: records.map(Mutex::new),
    };
    Router::new()
        .route(&format!("{PROTOCOL}/token/introspect"), post(answer))
        .route(&format!("{PROTOCOL}/userinfo"), get(answer))
        .with_state(Arc::new(verifier))
}

async fn answer(
    State(verifier): State<Arc<Verifier>>,
    headers: HeaderMap,
    body: Bytes,
) -> Json<Value> {
    let posted = form_urlencoded::parse(&body).find(|(name, _)| name == "token");
    let posted = posted.map(|(_, token)| token);
    let header = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = header.and_then(|value| value.strip_prefix("Bearer "));
    let claims = verifier.verify(posted.as_deref().or(bearer).unwrap());
    Json(match &verifier.records {
        Some(records) => json!({ "sub": row(&records.lock().unwrap(), &claims) }),
        None => json!({ "active": true }),
    })
}

impl Verifier {
    #[expect(clippy::disallowed_methods, reason = "a stranger's handler")]
    fn verify(&self, token: &str) -> Claims {
        jsonwebtoken::decode(token, &self.key, &self.validation).unwrap().claims
    }
}

fn row(records: &Connection, claims: &Claims) -> String {
    let rpps = claims.preferred_username.get(1..).unwrap();
    let sql = "SELECT email FROM professional WHERE rpps = ?1";
    records.prepare_cached(sql).unwrap().query_row([rpps], |row| row.get(0)).unwrap()
}
