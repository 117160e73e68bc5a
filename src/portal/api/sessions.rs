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
    web::Problem,
};

use super::{
    super::{GrantRecord, NoSession, SessionRecord, live::alive},
    Api,
    answer::{List, cut_short, found, not_found, written},
    call::{Call, Scope},
    views::SessionView,
};

/// `GET /sessions?rpps=&client=`: those that a door would still honour, newest first.
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.needs(&[Scope::SecurityRead])?;
    let asked = call.page::<Sid>()?;
    let (rpps, client) = (call.parameter("rpps")?, call.parameter("client")?);
    let now = call.protocol();
    let sessions = api.sessions.unexpired(rpps, client.clone(), now, asked).await?;
    // The cursor is that of the last one read, shown or not.
    let (sessions, next) = cut_short(sessions, &asked, |session| session.sid.to_string());
    let live = sessions.into_iter().filter_map(|session| alive(&api.doors, session, now));
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
    let live = live.filter_map(within);
    let items: Vec<_> = live.map(|session| SessionView::new(&session)).collect();
    Ok(found(&List { items, next }))
}

/// `DELETE /sessions/{sid}`: ends one, for every client that it opened.
pub(super) async fn end(
    State(api): State<Api>,
    Path(sid): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(&[Scope::SecurityWrite])?;
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
