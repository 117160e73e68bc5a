//! Live sessions: watched, and ended.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    response::Response,
};

use crate::{
    access::{Cause, Closing, Scope as Covered},
    kernel::{
        Sid,
        retry::{Keep, Kept, Wording},
    },
    registry::Page,
    web::Problem,
};

use super::{
    super::{GrantRecord, NoSession, SessionRecord, live::alive},
    Api,
    answer::{not_found, page, written},
    call::{Call, Scope},
    views::SessionView,
};

/// Sessions read at once on the way to a page of live ones.
const READ_AT_ONCE: u32 = 200;

/// `GET /sessions?rpps=&client=`: those that a door would still honour, newest first.
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.lists(Scope::SecurityRead, &["rpps", "client"])?;
    let asked = call.page::<Sid>()?;
    let (rpps, client) = (call.parameter("rpps")?, call.parameter("client")?);
    let now = call.protocol();
    // A client that is bound to a structure sees what is open there, and nothing else.
    let within = |mut session: SessionRecord| {
        let own = |grant: &GrantRecord| {
            call.structure().is_none_or(|finess| grant.structure == Some(finess))
        };
        session.grants.retain(own);
        let is_wanted = |grant: &GrantRecord| client.as_ref().is_none_or(|c| *c == grant.client);
        let shows = session.grants.iter().any(is_wanted);
        let asks_for_all = client.is_none() && call.structure().is_none();
        (shows || asks_for_all).then_some(session)
    };
    let mut live = Vec::new();
    let mut read = Page { after: asked.after, limit: READ_AT_ONCE };
    // Dead sessions are passed over: a page is short only at the end of the list.
    while live.len() < usize::try_from(asked.limit).unwrap_or(usize::MAX) {
        let batch = api.sessions.unexpired(rpps, client.clone(), now, read).await?;
        let Some(last) = batch.last().map(|session| session.sid) else { break };
        read.after = Some(last);
        let is_last = batch.len() < usize::try_from(READ_AT_ONCE).unwrap_or(usize::MAX);
        let alive = batch.into_iter().filter_map(|session| alive(&api.doors, session, now));
        live.extend(alive.filter_map(within));
        if is_last {
            break;
        }
    }
    let cursor = |session: &SessionRecord| session.sid.to_string();
    Ok(page(live, &asked, cursor, |session| SessionView::new(&session)))
}

/// `DELETE /sessions/{sid}`: ends one, for every client that it opened.
pub(super) async fn end(
    State(api): State<Api>,
    Path(sid): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::SecurityWrite)?;
    call.acts_everywhere()?;
    let unknown = || not_found("Session inconnue ou déjà terminée");
    let sid: Sid = sid.parse().map_err(|_| unknown())?;
    let closing = Closing::new(Covered::Session(sid), Cause::SessionEnded, call.actor());
    let nothing = |_: &Sid| Kept { status: 204, body: String::new() };
    let wording: Wording<Sid> = Arc::new(nothing);
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.sessions.end(sid, closing, keep).await?;
    written(outcome, &wording, |NoSession| unknown())
}
