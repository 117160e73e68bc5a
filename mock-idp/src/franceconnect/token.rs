//! The token endpoint, and revocation (RFC 7009): JSON for programs, secrets in the body.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;

use super::answers::{broken, deliver};
use super::clients::Client;
use super::desk::Grant;
use super::documents::{LIFETIME, Subject, seal};
use super::failures::{BAD_BODY, BAD_CLIENT, NO_AUTHENTICATION, NO_CODE, OTHER_GRANT, OauthError};
use super::parameters::Parameters;
use super::scenarios::{Answer, Flaw, Twist};
use super::{FranceConnect, Shared};
use crate::{clock, web};

/// Exchanges a code.
pub(super) async fn exchange(State(me): Shared, headers: HeaderMap, body: Bytes) -> Response {
    let now = clock::now();
    let redeemed = match redeem(&me, &headers, &body, now) {
        Ok(redeemed) => redeemed,
        Err(error) => return error.answer(&me.origin),
    };
    let right = tokens(&me, &redeemed, now);
    deliver(right, answer_instead(redeemed.grant.twist), &me.origin).await
}

struct Redeemed<'a> {
    client: &'a Client,
    token: String,
    grant: Grant,
}

fn redeem<'a>(
    me: &'a FranceConnect,
    headers: &HeaderMap,
    body: &Bytes,
    now: Timestamp,
) -> Result<Redeemed<'a>, OauthError> {
    let asked =
        Parameters::of_form(headers, body).filter(Parameters::are_single).ok_or(BAD_BODY)?;
    let client = authenticate(me, headers, &asked)?;
    match asked.get("grant_type") {
        Some("authorization_code") => {}
        Some(_) => return Err(OTHER_GRANT),
        None => return Err(BAD_BODY),
    }
    let code = asked.get("code").filter(|code| !code.is_empty()).ok_or(NO_CODE)?;
    let redirect_uri = asked.text("redirect_uri");
    let (token, grant) = me.desk().redeem(code, client.id, redirect_uri, now)?;
    Ok(Redeemed { client, token, grant })
}

/// `client_secret_post` only: a header is the wrong place.
fn authenticate<'a>(
    me: &'a FranceConnect,
    headers: &HeaderMap,
    asked: &Parameters,
) -> Result<&'a Client, OauthError> {
    if headers.contains_key(header::AUTHORIZATION) {
        return Err(BAD_CLIENT);
    }
    let id = asked.get("client_id").ok_or(NO_AUTHENTICATION)?;
    let client = me.client(id).ok_or(BAD_CLIENT)?;
    let secret = asked.text("client_secret").as_bytes();
    verify_slices_are_equal(secret, client.secret.as_bytes()).map_err(|_| BAD_CLIENT)?;
    Ok(client)
}

/// Exactly five members.
fn tokens(me: &FranceConnect, redeemed: &Redeemed<'_>, now: Timestamp) -> Response {
    let Redeemed { client, token, grant } = redeemed;
    let Some(identity) = me.identity(&grant.identity) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let subject = Subject { issuer: &me.issuer(), client, identity, grant, now };
    match seal(&me.keys, client, subject.id_token(), id_token_flaw(grant.twist), token) {
        Ok(id_token) => web::json(
            StatusCode::OK,
            &json!({
                "access_token": token,
                "expires_in": LIFETIME,
                "id_token": id_token,
                "scope": grant.wish.scope,
                "token_type": "Bearer",
            }),
        ),
        Err(error) => broken(&error),
    }
}

fn id_token_flaw(twist: Twist) -> Option<Flaw> {
    match twist {
        Twist::IdToken(flaw) => Some(flaw),
        Twist::Nothing
        | Twist::Page(_)
        | Twist::Refused(..)
        | Twist::Callback(_)
        | Twist::Keys(_)
        | Twist::TokenAnswer(_)
        | Twist::UserInfoAnswer(_)
        | Twist::UserInfo(_) => None,
    }
}

fn answer_instead(twist: Twist) -> Option<Answer> {
    match twist {
        Twist::TokenAnswer(answer) => Some(answer),
        Twist::Nothing
        | Twist::Page(_)
        | Twist::Refused(..)
        | Twist::Callback(_)
        | Twist::Keys(_)
        | Twist::IdToken(_)
        | Twist::UserInfoAnswer(_)
        | Twist::UserInfo(_) => None,
    }
}

/// Ends a token. One that is unknown was ended already.
pub(super) async fn revoke(State(me): Shared, headers: HeaderMap, body: Bytes) -> Response {
    match revocation(&me, &headers, &body) {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => error.answer(&me.origin),
    }
}

fn revocation(me: &FranceConnect, headers: &HeaderMap, body: &Bytes) -> Result<(), OauthError> {
    const ACCEPTED: [&str; 4] = ["token", "token_type_hint", "client_id", "client_secret"];
    let asked = Parameters::of_form(headers, body)
        .filter(|asked| asked.are_only(&ACCEPTED) && asked.get("token").is_some())
        .ok_or(BAD_BODY)?;
    let client = authenticate(me, headers, &asked)?;
    me.desk().revoke(asked.text("token"), client.id);
    Ok(())
}
