//! What we announce: metadata and keys. Field names are PSC's; only what we do is announced.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderName, header},
    response::IntoResponse,
};
use serde_json::{Value, json};

use super::super::{Provider, Settings, scope::PERSON_SCOPES};

const JSON: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");
/// Short: a new key must be found soon.
const MINUTES: (HeaderName, &str) = (header::CACHE_CONTROL, "public, max-age=300");

/// The key set, as compact JSON.
pub(super) async fn keys(State(provider): State<Arc<Provider>>) -> impl IntoResponse {
    ([JSON, MINUTES], provider.keys.published().to_string())
}

/// OpenID Connect Discovery 1.0 and RFC 8414: the same document under each name.
pub(super) async fn metadata(State(provider): State<Arc<Provider>>) -> impl IntoResponse {
    ([JSON, MINUTES], document(provider.settings()).to_string())
}

fn document(settings: &Settings) -> Value {
    let endpoint = |name: &str| settings.below_issuer(&format!("/protocol/openid-connect/{name}"));
    let signatures = json!(["RS256", "PS256", "ES256"]);
    let secrets = json!(["client_secret_basic", "client_secret_post"]);
    json!({
        "issuer": settings.issuer,
        "authorization_endpoint": settings.wallet("/auth"),
        "token_endpoint": endpoint("token"),
        "introspection_endpoint": endpoint("token/introspect"),
        "userinfo_endpoint": endpoint("userinfo"),
        "end_session_endpoint": endpoint("logout"),
        "jwks_uri": endpoint("certs"),
        "revocation_endpoint": endpoint("revoke"),
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "acr_values_supported": ["eidas1", "eidas2", "eidas3"],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "subject_types_supported": ["public"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
        "id_token_signing_alg_values_supported": signatures,
        "token_endpoint_auth_methods_supported": secrets,
        "introspection_endpoint_auth_methods_supported": secrets,
        "revocation_endpoint_auth_methods_supported": secrets,
        "claims_supported": CLAIMS,
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": false,
        "scopes_supported": PERSON_SCOPES,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_request_uri_registration": false,
        "code_challenge_methods_supported": ["S256"],
        "tls_client_certificate_bound_access_tokens": false,
        "frontchannel_logout_supported": false,
        "frontchannel_logout_session_supported": false,
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "require_pushed_authorization_requests": false,
        "authorization_response_iss_parameter_supported": true,
    })
}

const CLAIMS: [&str; 17] = [
    "aud",
    "sub",
    "iss",
    "auth_time",
    "name",
    "given_name",
    "family_name",
    "preferred_username",
    "acr",
    "sid",
    "authMode",
    "SubjectNameID",
    "otherIds",
    "SubjectRefPro",
    "SubjectOrganization",
    "SubjectOrganizationID",
    "SubjectRole",
];
