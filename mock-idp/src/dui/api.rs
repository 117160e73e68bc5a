//! The software for programs: who is logged in, and what the gateway says of her tokens now.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::cookie::CookieJar;
use openidconnect::AccessToken;
use serde::Deserialize;
use serde_json::{Value, json};

use super::record::{Record, Situation};
use super::renewal::NotRenewed;
use super::sessions::Session;
use super::{Dui, Fault};
use crate::web::{self, Body, Problem};

type Shared = State<Arc<Dui>>;
type Answer = Result<Response, Problem>;

fn ok(body: &Value) -> Response {
    web::json(StatusCode::OK, body)
}

/// A refusal that tells who closed the session, and when; nulls for who never had one.
fn closed(session: Option<&Session>) -> Response {
    let closed = session.and_then(|session| session.closed);
    let body = json!({
        "error": "no_session",
        "closed_by": closed.map(|closed| closed.closed_by),
        "at": closed.map(|closed| closed.at),
    });
    web::json(StatusCode::UNAUTHORIZED, &body)
}

/// Answers from this software's own session, without asking the gateway.
pub(super) async fn session(State(dui): Shared, jar: CookieJar) -> Response {
    let Some(session) = dui.session(&jar).filter(|session| session.closed.is_none()) else {
        return closed(dui.session(&jar).as_ref());
    };
    let record = Record::of(&session.userinfo, dui.software.structure);
    ok(&json!({
        "user": record.name,
        "rpps": record.rpps,
        "identifier": record.identifier,
        "role": record.own().map(|situation| situation.role.clone()),
        "profession": record.own().map(|situation| situation.profession.clone()),
        "structure": record.own().map(|situation| situation.finess.clone()),
        "situations": record.situations,
        "dmp": record.own().map(Situation::documents).unwrap_or_default(),
        "client_id": dui.software.key,
        "sid": session.sid,
        "opened_at": session.opened_at,
        "userinfo": session.userinfo,
    }))
}

#[derive(Deserialize)]
pub(super) struct Asked {
    token: Option<String>,
}

/// Introspects the session's access token, or the one in the body: a closed session's too.
pub(super) async fn introspect(
    State(dui): Shared,
    jar: CookieJar,
    Body(asked): Body<Asked>,
) -> Answer {
    let held = dui.session(&jar).map(|session| session.access_token);
    let Some(token) = asked.token.map(AccessToken::new).or(held) else {
        return Ok(closed(None));
    };
    let known = dui.provider.known().await.map_err(|why| unreachable(&why))?;
    let request = known.client.introspect(&token);
    let answer = request
        .request_async(&dui.provider.http)
        .await
        .map_err(|error| unreachable(&format!("{error}: {error:?}")))?;
    Ok(ok(&json!(answer)))
}

/// Refreshes, and reads again who she is. A refusal closes the session here too.
pub(super) async fn refresh(State(dui): Shared, jar: CookieJar) -> Answer {
    let Some(session) = dui.session(&jar) else { return Ok(closed(None)) };
    match dui.refresh(session.clone()).await {
        Ok((renewed, life)) => {
            let identified = dui.reread(renewed).await;
            Ok(ok(&json!({
                "refreshed": true,
                "expires_in": life.map(|life| life.as_secs()),
                "identity": identified.is_ok(),
            })))
        }
        Err(NotRenewed::NoToken) => Ok(closed(Some(&session))),
        Err(NotRenewed::Refused) => {
            let closed = dui.session(&jar).and_then(|session| session.closed);
            let body = json!({
                "error": "invalid_grant",
                "closed_by": closed.map(|closed| closed.closed_by),
                "at": closed.map(|closed| closed.at),
            });
            Ok(web::json(StatusCode::UNAUTHORIZED, &body))
        }
        Err(NotRenewed::Unreachable(why)) => Err(unreachable(&why)),
    }
}

/// Asks userinfo with the access token that this software holds: 401 when the gateway says no.
pub(super) async fn identity(State(dui): Shared, jar: CookieJar) -> Answer {
    let Some(session) = dui.session(&jar) else { return Ok(closed(None)) };
    dui.provider.known().await.map_err(|why| unreachable(&why))?;
    match dui.reread(session).await {
        Ok(reread) => Ok(ok(&reread.userinfo)),
        Err(why) => Err(Problem::new(StatusCode::UNAUTHORIZED, "identity_refused", &why)),
    }
}

fn unreachable(why: &str) -> Problem {
    tracing::info!(why, "the gateway could not be asked");
    Problem::new(StatusCode::BAD_GATEWAY, "gateway_unreachable", "La passerelle ne répond pas.")
}

#[derive(Deserialize)]
pub(super) struct NewFault {
    mode: Fault,
}

pub(super) async fn fault(State(dui): Shared) -> Response {
    ok(&json!({"mode": dui.fault()}))
}

pub(super) async fn set_fault(State(dui): Shared, Body(wanted): Body<NewFault>) -> Response {
    dui.set_fault(wanted.mode);
    ok(&json!({"mode": wanted.mode}))
}
