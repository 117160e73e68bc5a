//! Leaving: at a service's request, with an ID token as hint, or by one's own wish.

use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::cookie::CookieJar;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use super::answers::{address, redirect};
use super::clients::Client;
use super::failures::{BAD_HINT, BAD_LOGOUT, DeadEnd, UNKNOWN_LOGOUT_ADDRESS};
use super::parameters::Parameters;
use super::{FranceConnect, Shared, browser_of, pages};
use crate::web::see_other;

const ACCEPTED: [&str; 6] = [
    "id_token_hint",
    "post_logout_redirect_uri",
    "state",
    "client_id",
    "logout_hint",
    "ui_locales",
];

/// Ends the session of the browser, and sends it back where the service may.
pub(super) async fn end(State(me): Shared, jar: CookieJar, RawQuery(query): RawQuery) -> Response {
    let asked = Parameters::read(query.unwrap_or_default().as_bytes());
    if let Err(dead_end) = judge(&me, &asked) {
        return pages::dead_end(dead_end);
    }
    me.desk().close_session(&browser_of(&jar));
    let Some(to) = asked.get("post_logout_redirect_uri") else { return pages::farewell() };
    let state = asked.get("state").map(|state| ("state", state));
    let members: Vec<_> = state.into_iter().collect();
    redirect(StatusCode::SEE_OTHER, &address(to, &members, false))
}

fn judge(me: &FranceConnect, asked: &Parameters) -> Result<(), DeadEnd> {
    if !asked.are_only(&ACCEPTED) {
        return Err(BAD_LOGOUT);
    }
    let client = asked.get("id_token_hint").and_then(|hint| audience(me, hint)).ok_or(BAD_HINT)?;
    if asked.get("client_id").is_some_and(|id| id != client.id) {
        return Err(BAD_LOGOUT);
    }
    let known = |to: &str| client.post_logout_redirect_uris.iter().any(|known| known == to);
    match asked.get("post_logout_redirect_uri") {
        Some(to) if !known(to) => Err(UNKNOWN_LOGOUT_ADDRESS),
        Some(_) | None => Ok(()),
    }
}

/// The service that this ID token of ours was for, however long ago it expired.
fn audience<'a>(me: &'a FranceConnect, hint: &str) -> Option<&'a Client> {
    let (input, signature) = hint.rsplit_once('.')?;
    let (_, payload) = input.split_once('.')?;
    if !me.keys.did_sign(input, &URL_SAFE_NO_PAD.decode(signature).ok()?) {
        return None;
    }
    let claims: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).ok()?).ok()?;
    me.client(claims.get("aud")?.as_str()?)
}

/// A person closes her session from the simulation's own page.
pub(super) async fn close(State(me): Shared, jar: CookieJar) -> Response {
    me.desk().close_session(&browser_of(&jar));
    see_other("/")
}
