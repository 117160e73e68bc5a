//! What is checked of an authorization request, and in which order.
//!
//! The caller has vetted the client and its return address: whatever fails here may be sent there.

use serde::{Deserialize, Serialize};

use crate::{
    access::Session,
    kernel::{Timestamp, time::Span},
    web::fields::Fields,
};

use super::{
    client::Client,
    error::AuthorizationError,
    grant::GrantRequest,
    ports::SeenSession,
    registration::GrantType,
    return_address::{ResponseMode, ReturnAddress},
    scope::{PERSON_SCOPES, Scopes},
};

/// What the client wants of the person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prompt {
    /// Whatever is needed.
    #[default]
    AsNeeded,
    /// A new act with the e-CPS, whoever is logged in.
    Login,
    /// No page at all.
    None,
}

/// Whom the client expects (`id_token_hint`; OpenID Connect Core 1.0, section 3.1.2.1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expected {
    /// It did not say.
    #[default]
    Anybody,
    /// Who has this `sub`.
    Person(String),
    /// It said it with something that is no ID token of ours for this client: nobody who is logged
    /// in already.
    Newcomer,
}

impl Expected {
    /// Whether somebody with these forms of `sub` may be answered for without a new proof.
    pub fn is_met_silently(&self, subs: &[String]) -> bool {
        match self {
            Self::Anybody => true,
            Self::Person(sub) => subs.contains(sub),
            Self::Newcomer => false,
        }
    }

    /// Whether somebody with these forms of `sub` may be answered for, having proven who they are.
    pub fn is_met_by_proof(&self, subs: &[String]) -> bool {
        match self {
            Self::Anybody | Self::Newcomer => true,
            Self::Person(sub) => subs.contains(sub),
        }
    }
}

/// An authorization request whose every part was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationRequest {
    /// Where its answer goes.
    pub address: ReturnAddress,
    /// What of it outlives the log-in.
    pub grant: GrantRequest,
    /// What the client wants of the person.
    pub prompt: Prompt,
    /// Whom it expects.
    #[serde(default)]
    pub expected: Expected,
    /// How old the proof may be, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<i64>,
    /// Fills the identifier field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login_hint: Option<String>,
}

/// Longest `state` that we echo.
const LONGEST_STATE: usize = 4096;
/// Longest `login_hint` that we show.
const LONGEST_HINT: usize = 64;

/// The ordered checks. `repeated`: a parameter came twice (RFC 6749, section 3.1). Whom the client
/// expects is known once its hint is verified.
///
/// Tolerated and not looked at, as PSC does or as the standard says: `claims` (OpenID Connect Core
/// 1.0, section 5.5: what is not supported is ignored), `display`, `ui_locales`, `acr`,
/// `kc_idp_hint`, unknown parameters.
pub fn check(
    client: &Client,
    address: ReturnAddress,
    fields: &Fields,
    repeated: bool,
) -> Result<AuthorizationRequest, Refusal> {
    let state = fields.get("state").filter(|state| state.len() <= LONGEST_STATE);
    let mode = response_mode(fields);
    let address = address.answering(state, mode.unwrap_or_default());
    let refuse = |error| Refusal { address: address.clone(), error };
    let checks: [(bool, AuthorizationError); 9] = [
        (repeated, AuthorizationError::Repeated),
        (mode.is_none(), AuthorizationError::ResponseMode),
        (state != fields.get("state"), AuthorizationError::State),
        (fields.has("request"), AuthorizationError::RequestObject),
        (fields.has("request_uri"), AuthorizationError::RequestUri),
        (fields.has("registration"), AuthorizationError::Registration),
        (!fields.has("response_type"), AuthorizationError::NoResponseType),
        (fields.get("response_type") != Some("code"), AuthorizationError::ResponseType),
        (!client.may(GrantType::AuthorizationCode), AuthorizationError::NotForThisClient),
    ];
    if let Some((_, error)) = checks.into_iter().find(|(failed, _)| *failed) {
        return Err(refuse(error));
    }
    let missing = |name: &String| !fields.has(name);
    if client.settings.required_parameters.iter().any(missing) {
        return Err(refuse(AuthorizationError::Missing));
    }
    let scope = scope(client, fields).map_err(refuse)?;
    let code_challenge = code_challenge(client, fields).map_err(refuse)?;
    let nonce = nonce(fields).map_err(refuse)?;
    acr_values(fields).map_err(refuse)?;
    let prompt = prompt(fields).map_err(refuse)?;
    let max_age = max_age(fields).map_err(refuse)?;
    let login_hint = fields.get("login_hint").filter(|hint| hint.len() <= LONGEST_HINT);
    let grant = GrantRequest {
        scope,
        redirect_uri: Some(address.redirect().to_owned()),
        nonce,
        code_challenge,
        auth_time: None,
        tokens: client.settings.tokens,
    };
    let login_hint = login_hint.map(str::to_owned);
    let expected = Expected::Anybody;
    Ok(AuthorizationRequest { address, grant, prompt, expected, max_age, login_hint })
}

/// A request that is refused, and where to say so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Where.
    pub address: ReturnAddress,
    /// Why.
    pub error: AuthorizationError,
}

fn response_mode(fields: &Fields) -> Option<ResponseMode> {
    match fields.get("response_mode") {
        None | Some("query") => Some(ResponseMode::Query),
        Some("form_post") => Some(ResponseMode::FormPost),
        Some(_) => None,
    }
}

/// `openid` is not insisted on: two clients of PSC send `scope_all` alone. Unknown scopes are left
/// out (OpenID Connect Core 1.0, section 3.1.2.1), unless nothing would be left.
fn scope(client: &Client, fields: &Fields) -> Result<Scopes, AuthorizationError> {
    let allowed = client.registration.scopes();
    let asked = Scopes::read(fields.get("scope").unwrap_or_default());
    let granted = asked.only(|scope| PERSON_SCOPES.contains(&scope) && allowed.has(scope));
    if granted.is_empty() { Err(AuthorizationError::Scope) } else { Ok(granted) }
}

/// RFC 7636, section 4.3; `plain` would protect nothing (RFC 9700, section 2.1.1).
fn code_challenge(client: &Client, fields: &Fields) -> Result<Option<String>, AuthorizationError> {
    match (fields.get("code_challenge"), fields.get("code_challenge_method")) {
        (None, None) if !client.settings.require_pkce => Ok(None),
        (Some(challenge), Some("S256")) if is_s256(challenge) => Ok(Some(challenge.to_owned())),
        (None | Some(_), None | Some(_)) => Err(AuthorizationError::Challenge),
    }
}

fn is_s256(challenge: &str) -> bool {
    let base64url = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_');
    challenge.len() == 43 && challenge.bytes().all(base64url)
}

fn nonce(fields: &Fields) -> Result<Option<String>, AuthorizationError> {
    match fields.get("nonce") {
        Some(nonce) if nonce.len() > 512 => Err(AuthorizationError::Nonce),
        nonce => Ok(nonce.map(str::to_owned)),
    }
}

/// PSC takes `eidas1` today; old clients send the others, some nothing.
fn acr_values(fields: &Fields) -> Result<(), AuthorizationError> {
    let known = |value: &str| matches!(value, "eidas1" | "eidas2" | "eidas3");
    match fields.get("acr_values") {
        Some(values) if !values.split_ascii_whitespace().any(known) => {
            Err(AuthorizationError::AcrValues)
        }
        Some(_) | None => Ok(()),
    }
}

/// OpenID Connect Core 1.0, section 3.1.2.1. There is no consent page to insist on.
fn prompt(fields: &Fields) -> Result<Prompt, AuthorizationError> {
    let words: Vec<&str> =
        fields.get("prompt").unwrap_or_default().split_ascii_whitespace().collect();
    match words.as_slice() {
        ["none"] => Ok(Prompt::None),
        words if words.contains(&"none") => Err(AuthorizationError::Prompt),
        words if words.iter().any(|w| !matches!(*w, "login" | "consent" | "select_account")) => {
            Err(AuthorizationError::Prompt)
        }
        words if words.iter().any(|word| matches!(*word, "login" | "select_account")) => {
            Ok(Prompt::Login)
        }
        _ => Ok(Prompt::AsNeeded),
    }
}

fn max_age(fields: &Fields) -> Result<Option<i64>, AuthorizationError> {
    let parse = |text: &str| text.parse::<u64>().map_err(|_| AuthorizationError::MaxAge);
    // Whoever asks for a century or more asks for nothing.
    let seconds = fields.get("max_age").map(parse).transpose()?;
    Ok(seconds.map(|seconds| i64::from(u32::try_from(seconds).unwrap_or(u32::MAX))))
}

impl AuthorizationRequest {
    /// Whether `seen` may answer this request without a new proof.
    pub fn is_answered_by(&self, seen: &SeenSession, rest: Span, now: Timestamp) -> bool {
        let session = &seen.session;
        let fresh =
            self.max_age.is_none_or(|seconds| now - session.proven_at < Span::seconds(seconds));
        self.prompt != Prompt::Login && now < session.until && now - seen.seen_at < rest && fresh
    }

    /// What the grant keeps, once `session` is known.
    pub fn grant_in(&self, session: &Session) -> GrantRequest {
        GrantRequest { auth_time: Some(session.proven_at.as_seconds()), ..self.grant.clone() }
    }
}

#[cfg(test)]
#[path = "authorize_tests.rs"]
mod tests;
