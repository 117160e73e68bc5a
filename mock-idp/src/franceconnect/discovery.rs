//! What the platform says about itself, and its keys: both cached by who reads them.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::Shared;
use super::answers::{broken, unavailable};
use super::authorize::LEVEL;
use super::clients::{DATA_SCOPES, IDENTITY_SCOPES};

const CACHED: &str = "public, max-age=600";

fn cached(media_type: &'static str, body: &Value) -> Response {
    ([(header::CONTENT_TYPE, media_type), (header::CACHE_CONTROL, CACHED)], body.to_string())
        .into_response()
}

/// `/.well-known/openid-configuration`.
pub(super) async fn metadata(State(me): Shared) -> Response {
    let issuer = me.issuer();
    let at = |path: &str| format!("{issuer}{path}");
    let scopes: Vec<&str> = IDENTITY_SCOPES.into_iter().chain(DATA_SCOPES).collect();
    let signing = json!(["HS256", "ES256", "RS256"]);
    let document = json!({
        "issuer": issuer,
        "authorization_endpoint": at("/authorize"),
        "token_endpoint": at("/token"),
        "userinfo_endpoint": at("/userinfo"),
        "jwks_uri": at("/jwks"),
        "end_session_endpoint": at("/session/end"),
        "revocation_endpoint": at("/token/revocation"),
        "acr_values_supported": [LEVEL],
        "response_types_supported": ["code"],
        "response_modes_supported": ["form_post", "fragment", "query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": ["ES256", "RS256"],
        "id_token_signing_alg_values_supported": signing,
        "userinfo_signing_alg_values_supported": signing,
        "request_object_signing_alg_values_supported": ["ES256", "RS256", "HS256"],
        "request_parameter_supported": false,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        "code_challenge_methods_supported": ["S256"],
        "claims_parameter_supported": true,
        "claim_types_supported": ["normal"],
        "authorization_response_iss_parameter_supported": true,
        "scopes_supported": scopes,
        "claims_supported": [
            "sub", "given_name", "given_name_array", "family_name", "birthdate", "gender",
            "preferred_username", "birthplace", "birthcountry", "email", "idp_birthdate", "amr",
            "idp_id", "acr", "sid", "auth_time", "iss",
        ],
    });
    cached("application/json; charset=utf-8", &document)
}

/// `/jwks`: one key for each algorithm.
pub(super) async fn jwks(State(me): Shared) -> Response {
    if me.desk().keys_hidden {
        return unavailable();
    }
    match me.keys.public() {
        Ok(keys) => cached("application/jwk-set+json; charset=utf-8", &keys),
        Err(error) => broken(&error),
    }
}
