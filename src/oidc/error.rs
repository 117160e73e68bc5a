//! Precise reasons inside, RFC words outside.

use axum::{
    Json,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::json;

use crate::{
    access::{NoRight, Refused},
    kernel::Outage,
    web::fields::BadFields,
};

/// Why an authorization request is refused, once its return address is vetted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the sentence")]
pub enum AuthorizationError {
    #[error("a parameter is repeated")]
    Repeated,
    #[error("a required parameter is missing")]
    Missing,
    #[error("response_type is missing")]
    NoResponseType,
    #[error("only response_type=code is supported")]
    ResponseType,
    #[error("this client may not use authorization codes")]
    NotForThisClient,
    #[error("response_mode must be query or form_post")]
    ResponseMode,
    #[error("request objects are not supported")]
    RequestObject,
    #[error("request objects by reference are not supported")]
    RequestUri,
    #[error("registration is not supported")]
    Registration,
    #[error("scope is missing, or none of its values is known")]
    Scope,
    #[error("acr_values must be eidas1, eidas2 or eidas3")]
    AcrValues,
    #[error("code_challenge must come with code_challenge_method=S256")]
    Challenge,
    #[error("nonce must have 1 to 512 characters")]
    Nonce,
    #[error("state is too long")]
    State,
    #[error("prompt is unknown, or none came with another value")]
    Prompt,
    #[error("max_age must be a number of seconds")]
    MaxAge,
    #[error("nobody whom the request wants is logged in")]
    LoginRequired,
    #[error("the person refused")]
    Denied,
    #[error("the person has no right to this service")]
    NoRight,
    #[error("the log-in took too long")]
    Expired,
    #[error("we cannot check at the moment")]
    Unavailable,
}

impl AuthorizationError {
    /// RFC 6749, section 4.1.2.1, and OpenID Connect Core 1.0, section 3.1.2.6.
    pub const fn answer(self) -> (&'static str, &'static str) {
        match self {
            Self::Repeated => ("invalid_request", "a parameter is repeated"),
            Self::Missing => {
                ("invalid_request", "a parameter that this client must send is missing")
            }
            Self::NoResponseType => ("invalid_request", "response_type is missing"),
            Self::ResponseType => {
                ("unsupported_response_type", "only response_type=code is supported")
            }
            Self::NotForThisClient => {
                ("unauthorized_client", "this client may not use authorization codes")
            }
            Self::ResponseMode => ("invalid_request", "response_mode must be query or form_post"),
            Self::RequestObject => ("request_not_supported", "request objects are not supported"),
            Self::RequestUri => ("request_uri_not_supported", "request objects are not supported"),
            Self::Registration => {
                ("registration_not_supported", "clients are registered beforehand")
            }
            Self::Scope => ("invalid_scope", "scope is missing, or none of its values is known"),
            Self::AcrValues => ("invalid_request", "acr_values must be eidas1, eidas2 or eidas3"),
            Self::Challenge => (
                "invalid_request",
                "code_challenge must have 43 characters and code_challenge_method=S256",
            ),
            Self::Nonce => ("invalid_request", "nonce must have 1 to 512 characters"),
            Self::State => ("invalid_request", "state is too long"),
            Self::Prompt => ("invalid_request", "prompt is unknown or contradicts itself"),
            Self::MaxAge => ("invalid_request", "max_age must be a number of seconds"),
            Self::LoginRequired => ("login_required", "nobody whom this asks for is logged in"),
            Self::Denied => ("access_denied", "the person refused"),
            Self::NoRight => ("access_denied", "the person has no right to this service"),
            Self::Expired => ("access_denied", "the log-in took too long"),
            Self::Unavailable => ("temporarily_unavailable", "try again in a moment"),
        }
    }
}

/// Why a call of a client is refused: token, introspection and revocation endpoints.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the sentence")]
pub enum TokenError {
    #[error(transparent)]
    Fields(#[from] BadFields),
    #[error("a parameter is missing: {0}")]
    Missing(&'static str),
    #[error("credentials came in two forms")]
    TwoCredentials,
    #[error("no credentials came")]
    NoCredentials,
    #[error("client assertions are not supported")]
    Assertion,
    #[error("unknown client")]
    UnknownClient,
    #[error("disabled client")]
    DisabledClient,
    #[error("wrong secret")]
    WrongSecret,
    #[error("the secret came in a form that this client did not register")]
    WrongForm,
    #[error("unknown grant type")]
    GrantType,
    #[error("this client may not use this grant type")]
    GrantTypeNotAllowed,
    #[error("unknown code")]
    UnknownCode,
    #[error("a code came a second time")]
    CodeReplayed,
    #[error("redirect_uri is not that of the request")]
    RedirectMismatch,
    #[error("the code verifier does not match")]
    VerifierMismatch,
    #[error("a code verifier came without a challenge")]
    VerifierUnasked,
    #[error("unknown refresh token")]
    UnknownRefresh,
    #[error("an expired refresh token")]
    RefreshExpired,
    #[error("a rotated refresh token came again")]
    RefreshReplayed,
    #[error("the session rested for too long")]
    Rested,
    #[error("another client's token")]
    OthersToken,
    #[error("the grant is dead: {0}")]
    Dead(Refused),
    #[error("the person has no right any more: {0}")]
    NoRight(#[from] NoRight),
    #[error("a scope beyond what was granted")]
    Scope,
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<Refused> for TokenError {
    fn from(refused: Refused) -> Self {
        Self::Dead(refused)
    }
}

impl TokenError {
    /// What the client is told (RFC 6749, section 5.2). The reason itself stays in the log: telling
    /// *replayed* or *verifier mismatch* would help whoever holds a stolen code.
    fn answer(&self) -> (StatusCode, &'static str, &'static str) {
        const BAD: StatusCode = StatusCode::BAD_REQUEST;
        match self {
            Self::Fields(_) => {
                (BAD, "invalid_request", "the body is not a form, or a parameter is repeated")
            }
            Self::Missing(_) => (BAD, "invalid_request", "a required parameter is missing"),
            Self::TwoCredentials => {
                (BAD, "invalid_request", "use one way of client authentication, not two")
            }
            Self::NoCredentials
            | Self::Assertion
            | Self::UnknownClient
            | Self::DisabledClient
            | Self::WrongSecret
            | Self::WrongForm => {
                (StatusCode::UNAUTHORIZED, "invalid_client", "client authentication failed")
            }
            Self::GrantType => (BAD, "unsupported_grant_type", "this grant type is not supported"),
            Self::GrantTypeNotAllowed => {
                (BAD, "unauthorized_client", "this client may not use this grant type")
            }
            Self::UnknownCode
            | Self::CodeReplayed
            | Self::RedirectMismatch
            | Self::VerifierMismatch
            | Self::VerifierUnasked
            | Self::UnknownRefresh
            | Self::RefreshExpired
            | Self::RefreshReplayed
            | Self::Rested
            | Self::OthersToken
            | Self::NoRight(_) => {
                (BAD, "invalid_grant", "the code or token is unknown, used, expired or revoked")
            }
            Self::Dead(refused) if refused.is_unknown() => UNKNOWN,
            Self::Dead(_) => {
                (BAD, "invalid_grant", "the code or token is unknown, used, expired or revoked")
            }
            Self::Scope => (BAD, "invalid_scope", "the scope is unknown or beyond what is allowed"),
            Self::Outage(_) => UNKNOWN,
        }
    }
}

/// Unknown is closed (promise 6).
const UNKNOWN: (StatusCode, &str, &str) =
    (StatusCode::SERVICE_UNAVAILABLE, "temporarily_unavailable", "try again in a moment");

impl IntoResponse for TokenError {
    fn into_response(self) -> Response {
        let (status, error, description) = self.answer();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            tracing::error!(reason = %self, "answering 503");
        } else {
            tracing::info!(reason = %self, error, "a client's call is refused");
        }
        metrics::counter!("passerelle_oidc_refusals_total", "error" => error).increment(1);
        let body = Json(json!({ "error": error, "error_description": description }));
        let mut response = no_store((status, body).into_response());
        let headers = response.headers_mut();
        if status == StatusCode::UNAUTHORIZED {
            let basic = HeaderValue::from_static("Basic realm=\"passerelle\", charset=\"UTF-8\"");
            headers.insert(header::WWW_AUTHENTICATE, basic);
        }
        if status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// Why a bearer token opens nothing: userinfo and our own API.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the sentence")]
pub enum BearerError {
    #[error("no token came")]
    NoToken,
    #[error("a token came in two ways, or the form cannot be read")]
    TwoTokens,
    #[error("not a token of ours")]
    NotOurs,
    #[error("an expired token")]
    Expired,
    #[error("the grant is dead: {0}")]
    Dead(Refused),
    #[error("a token of another kind of bearer")]
    WrongBearer,
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<Refused> for BearerError {
    fn from(refused: Refused) -> Self {
        Self::Dead(refused)
    }
}

impl BearerError {
    /// Status, and the words of `WWW-Authenticate` (RFC 6750, section 3.1).
    pub fn answer(&self) -> (StatusCode, &'static str) {
        const REALM: &str = "Bearer realm=\"passerelle\"";
        const INVALID: &str = "Bearer realm=\"passerelle\", error=\"invalid_token\", \
                               error_description=\"the token is unknown, expired or revoked\"";
        match self {
            Self::NoToken => (StatusCode::UNAUTHORIZED, REALM),
            Self::TwoTokens => {
                (StatusCode::BAD_REQUEST, "Bearer realm=\"passerelle\", error=\"invalid_request\"")
            }
            Self::Dead(refused) if refused.is_unknown() => (StatusCode::SERVICE_UNAVAILABLE, ""),
            Self::NotOurs | Self::Expired | Self::Dead(_) => (StatusCode::UNAUTHORIZED, INVALID),
            Self::WrongBearer => {
                (StatusCode::FORBIDDEN, "Bearer realm=\"passerelle\", error=\"insufficient_scope\"")
            }
            Self::Outage(_) => (StatusCode::SERVICE_UNAVAILABLE, ""),
        }
    }
}

impl IntoResponse for BearerError {
    fn into_response(self) -> Response {
        let (status, challenge) = self.answer();
        tracing::info!(reason = %self, %status, "a bearer token is refused");
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let (_, error, description) = UNKNOWN;
            let body = Json(json!({ "error": error, "error_description": description }));
            return no_store((status, [(header::RETRY_AFTER, "1")], body).into_response());
        }
        let error = match status {
            StatusCode::FORBIDDEN => "insufficient_scope",
            StatusCode::BAD_REQUEST => "invalid_request",
            _ => "invalid_token",
        };
        let body = Json(json!({ "error": error }));
        no_store((status, [(header::WWW_AUTHENTICATE, challenge)], body).into_response())
    }
}

/// No cache keeps an answer that holds a token (RFC 6749, section 5.1).
pub fn no_store(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}
