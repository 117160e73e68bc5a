//! Logging in: away with the browser, and back with a code.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use openidconnect::core::CoreAuthPrompt;
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClaimsVerificationError, OAuth2TokenResponse,
    RequestTokenError, SignatureVerificationError, TokenResponse,
};
use serde::Deserialize;
use serde_json::Value;

use super::Dui;
use super::oidc::{self, Http, IdToken, Known, Tokens};
use super::sessions::{Attempt, Session, new_id};
use crate::clock;
use crate::web::see_other;

#[derive(Deserialize)]
pub(super) struct Wish {
    /// Any text: no page may be shown on the way.
    #[serde(default)]
    silencieux: String,
    /// Any text: a new proof is demanded.
    #[serde(default)]
    forcer: String,
}

/// Sends the browser to the gateway.
pub(super) async fn start(
    State(dui): State<Arc<Dui>>,
    jar: CookieJar,
    Query(wish): Query<Wish>,
) -> Response {
    let known = match dui.provider.known().await {
        Ok(known) => known,
        Err(why) => return Refused::Discovery(why).page(&dui),
    };
    let silent = !wish.silencieux.is_empty();
    let prompt = match (silent, wish.forcer.is_empty()) {
        (true, _) => Some(CoreAuthPrompt::None),
        (false, false) => Some(CoreAuthPrompt::Login),
        (false, true) => None,
    };
    let departure = known.depart(dui.software.pkce, prompt);
    let browser = jar
        .get(&dui.cookie_name("navigateur"))
        .map_or_else(new_id, |cookie| cookie.value().to_owned());
    let attempt = Attempt {
        browser: browser.clone(),
        nonce: departure.nonce,
        verifier: departure.verifier,
        silent,
    };
    dui.sessions.leave(&departure.state, attempt);
    let jar = jar.add(dui.cookie("navigateur", browser));
    (jar, see_other(departure.url.as_str())).into_response()
}

#[derive(Deserialize)]
pub(super) struct Callback {
    #[serde(default)]
    state: String,
    code: Option<String>,
    iss: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Why nobody was logged in.
#[derive(Debug)]
pub(super) enum Refused {
    /// Not this browser, or not twice.
    NoSuchAttempt,
    OtherIssuer,
    /// The gateway sent the browser back without a code.
    Provider {
        error: String,
        description: String,
        silent: bool,
    },
    Discovery(String),
    /// The token endpoint said no, with its word.
    Token {
        error: String,
        why: String,
    },
    IdToken(String),
    Identity(String),
    /// The end of the session arrived before its beginning.
    AlreadyEnded,
}

/// Takes the browser back.
pub(super) async fn finish(
    State(dui): State<Arc<Dui>>,
    jar: CookieJar,
    Query(callback): Query<Callback>,
) -> Response {
    match arrive(&dui, &jar, callback).await {
        Ok(session) => {
            let jar = jar.add(dui.cookie("session", session));
            (jar, see_other(&format!("{}/dossier", dui.software.base))).into_response()
        }
        Err(refused) => {
            tracing::info!(software = dui.software.key, ?refused, "nobody was logged in");
            refused.page(&dui)
        }
    }
}

async fn arrive(dui: &Dui, jar: &CookieJar, callback: Callback) -> Result<String, Refused> {
    let cookie = jar.get(&dui.cookie_name("navigateur"));
    let browser = cookie.map_or("", |cookie| cookie.value());
    let attempt = dui.sessions.come_back(&callback.state, browser).ok_or(Refused::NoSuchAttempt)?;
    let known = dui.provider.known().await.map_err(Refused::Discovery)?;
    if !known.comes_from(&dui.provider.issuer, callback.iss.as_deref()) {
        return Err(Refused::OtherIssuer);
    }
    let Some(code) = callback.code else {
        return Err(Refused::Provider {
            error: callback.error.unwrap_or_default(),
            description: callback.error_description.unwrap_or_default(),
            silent: attempt.silent,
        });
    };
    let mut request = known
        .client
        .exchange_code(AuthorizationCode::new(code))
        .map_err(|error| Refused::Discovery(error.to_string()))?;
    if let Some(verifier) = attempt.verifier {
        request = request.set_pkce_verifier(verifier);
    }
    let tokens = request.request_async(&dui.provider.http).await.map_err(|error| token(&error))?;
    let id_token = tokens.id_token().ok_or_else(|| Refused::IdToken("absent".to_owned()))?;
    let (subject, sid) = match verify(&known, id_token, &tokens, &attempt.nonce) {
        Err(ClaimsVerificationError::SignatureVerification(
            SignatureVerificationError::NoMatchingKey,
        )) => {
            // A new key: read the set again, once.
            dui.provider.forget().await;
            let fresh = dui.provider.known().await.map_err(Refused::Discovery)?;
            verify(&fresh, id_token, &tokens, &attempt.nonce)
        }
        verified => verified,
    }
    .map_err(|error| Refused::IdToken(format!("{error}: {error:?}")))?;
    open(dui, &known, &tokens, (subject, sid, id_token.clone())).await
}

/// Checks the ID token, and that the access token came with it. Answers `sub` and `sid`.
fn verify(
    known: &Known,
    id_token: &IdToken,
    tokens: &Tokens,
    nonce: &openidconnect::Nonce,
) -> Result<(String, String), ClaimsVerificationError> {
    let verifier = known.client.id_token_verifier();
    let claims = id_token.claims(&verifier, nonce)?;
    if let Some(expected) = claims.access_token_hash() {
        let algorithm = id_token.signing_alg().map_err(|error| other(&error))?;
        let key = id_token.signing_key(&verifier).map_err(|error| other(&error))?;
        let found = AccessTokenHash::from_token(tokens.access_token(), algorithm, key)
            .map_err(|error| other(&error))?;
        if found != *expected {
            return Err(ClaimsVerificationError::Other("at_hash is another token's".to_owned()));
        }
    }
    let sid = claims.additional_claims().all.get("sid").and_then(Value::as_str);
    let sid = sid.ok_or_else(|| ClaimsVerificationError::Other("sid is absent".to_owned()))?;
    Ok((claims.subject().to_string(), sid.to_owned()))
}

fn other(error: &impl ToString) -> ClaimsVerificationError {
    ClaimsVerificationError::Other(error.to_string())
}

async fn open(
    dui: &Dui,
    known: &Known,
    tokens: &Tokens,
    (subject, sid, id_token): (String, String, IdToken),
) -> Result<String, Refused> {
    let http: &Http = &dui.provider.http;
    let userinfo = oidc::identity(known, http, tokens.access_token(), &subject)
        .await
        .map_err(Refused::Identity)?;
    let id = new_id();
    let session = Session {
        id: id.clone(),
        sid,
        subject,
        access_token: tokens.access_token().clone(),
        refresh_token: tokens.refresh_token().cloned(),
        id_token,
        userinfo,
        opened_at: clock::now(),
        closed: None,
    };
    dui.sessions.open(session).map_err(|_| Refused::AlreadyEnded)?;
    Ok(id)
}

type TokenError = RequestTokenError<oidc::HttpError, oidc::Refusal>;

/// The token endpoint's own word, or that it could not be understood.
pub(super) fn error_word(error: &TokenError) -> String {
    match error {
        RequestTokenError::ServerResponse(refusal) => refusal.error().as_ref().to_owned(),
        RequestTokenError::Request(_)
        | RequestTokenError::Parse(..)
        | RequestTokenError::Other(_) => "indisponible".to_owned(),
    }
}

fn token(error: &TokenError) -> Refused {
    Refused::Token { error: error_word(error), why: format!("{error}: {error:?}") }
}

impl Refused {
    fn page(&self, dui: &Dui) -> Response {
        let (status, code, text) = match self {
            Self::NoSuchAttempt => (
                StatusCode::BAD_REQUEST,
                "connexion_inconnue",
                "Cette connexion n'a pas commencé dans ce navigateur, ou elle est déjà finie.",
            ),
            Self::OtherIssuer => (
                StatusCode::BAD_REQUEST,
                "autre_emetteur",
                "La réponse ne vient pas de la passerelle attendue.",
            ),
            Self::Provider { error, silent: true, .. } => (
                StatusCode::UNAUTHORIZED,
                error.as_str(),
                "Aucune session ouverte : connectez-vous avec votre e-CPS.",
            ),
            Self::Provider { error, .. } => {
                (StatusCode::FORBIDDEN, error.as_str(), "La passerelle n'a pas ouvert d'accès.")
            }
            Self::Discovery(_) => (
                StatusCode::BAD_GATEWAY,
                "indisponible",
                "La passerelle ne répond pas. Réessayez dans un instant.",
            ),
            Self::Token { error, .. } => (
                StatusCode::UNAUTHORIZED,
                error.as_str(),
                "La passerelle a refusé de conclure la connexion.",
            ),
            Self::IdToken(_) => (
                StatusCode::BAD_GATEWAY,
                "jeton_invalide",
                "La passerelle a envoyé une preuve que ce logiciel n'accepte pas.",
            ),
            Self::Identity(_) => (
                StatusCode::BAD_GATEWAY,
                "identite_illisible",
                "La passerelle n'a pas dit qui vous êtes.",
            ),
            Self::AlreadyEnded => (
                StatusCode::UNAUTHORIZED,
                "acces_termine",
                "Votre accès a pris fin pendant la connexion.",
            ),
        };
        let detail = match self {
            Self::Provider { description, .. } => description.as_str(),
            Self::Discovery(why)
            | Self::Token { why, .. }
            | Self::IdToken(why)
            | Self::Identity(why) => {
                tracing::debug!(software = dui.software.key, why, "a log-in failed");
                ""
            }
            Self::NoSuchAttempt | Self::OtherIssuer | Self::AlreadyEnded => "",
        };
        super::pages::error(dui, status, code, text, detail)
    }
}
