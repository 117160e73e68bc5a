//! `UserInfo`: a JWT, signed as the ID token is.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::answers::{broken, deliver};
use super::desk::Grant;
use super::documents::{Subject, seal};
use super::failures::{BAD_TOKEN, NO_TOKEN, OauthError};
use super::scenarios::{Answer, Flaw, Keys, Twist};
use super::{FranceConnect, Shared};
use crate::{clock, web};

/// What plain JSON does without.
const ENVELOPE: [&str; 4] = ["iss", "aud", "iat", "exp"];

/// Tells who the person is.
pub(super) async fn tell(State(me): Shared, headers: HeaderMap) -> Response {
    let (token, grant) = match granted(&me, &headers) {
        Ok(granted) => granted,
        Err(error) => return error.answer(&me.origin),
    };
    if grant.twist == Twist::Keys(Keys::RotatedHalfway)
        && let Err(error) = me.keys.replace(true)
    {
        return broken(&error);
    }
    let (flaw, instead) = spoilt(grant.twist);
    deliver(document(&me, token, &grant, flaw), instead, &me.origin).await
}

fn granted<'a>(me: &FranceConnect, headers: &'a HeaderMap) -> Result<(&'a str, Grant), OauthError> {
    let given = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = given
        .and_then(|given| given.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .filter(|token| !token.is_empty())
        .ok_or(NO_TOKEN)?;
    let grant = me.desk().access(token, clock::now()).ok_or(BAD_TOKEN)?;
    Ok((token, grant))
}

fn document(me: &FranceConnect, token: &str, grant: &Grant, flaw: Option<Flaw>) -> Response {
    let (Some(client), Some(identity)) =
        (me.client(grant.wish.client_id), me.identity(&grant.identity))
    else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let subject = Subject { issuer: &me.issuer(), client, identity, grant, now: clock::now() };
    let mut claims = subject.user_info();
    if flaw == Some(Flaw::Plain) {
        claims.retain(|name, _| !ENVELOPE.contains(&name.as_str()));
        return web::json(StatusCode::OK, &Value::Object(claims));
    }
    match seal(&me.keys, client, claims, flaw, token) {
        Ok(jwt) => (
            [
                (header::CONTENT_TYPE, "application/jwt; charset=utf-8"),
                (header::CACHE_CONTROL, "no-store"),
            ],
            jwt,
        )
            .into_response(),
        Err(error) => broken(&error),
    }
}

fn spoilt(twist: Twist) -> (Option<Flaw>, Option<Answer>) {
    match twist {
        Twist::UserInfo(flaw) => (Some(flaw), None),
        Twist::UserInfoAnswer(answer) => (None, Some(answer)),
        Twist::Nothing
        | Twist::Page(_)
        | Twist::Refused(..)
        | Twist::Callback(_)
        | Twist::Keys(_)
        | Twist::TokenAnswer(_)
        | Twist::IdToken(_) => (None, None),
    }
}
