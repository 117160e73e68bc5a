//! Local accesses: staff whom an Ordre or an ARS registers.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::Serialize;

use crate::{
    departure::{Asked, EndRefused, EndRequest, Withdrawn},
    kernel::{
        LocalAccessId,
        retry::{Keep, Wording},
    },
    registry::{
        AccessAt,
        local_access::{LocalAccessDraft, NotGiven},
    },
    web::Problem,
};

use super::{
    Api,
    answer::{invalid, not_found, page, words, written},
    call::{Call, Scope},
    situations::end_refused,
    views::{DepartureView, LocalAccessView},
};

#[derive(Serialize)]
struct WithdrawnView {
    local_access: LocalAccessView,
    departure: DepartureView,
}

/// `GET /local-accesses`: of one structure and of one person if named.
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.lists(Scope::RegistryWrite, &["finess", "rpps"])?;
    let asked = call.page::<LocalAccessId>()?;
    let (finess, rpps) = (call.listed_structure()?, call.parameter("rpps")?);
    let accesses = api.registry.local_accesses(finess, rpps, asked).await?;
    Ok(page(accesses, &asked, |(access, _)| access.id.to_string(), |at| LocalAccessView::new(&at)))
}

/// `POST /local-accesses`: `{rpps, finess, last_day?}`.
pub(super) async fn give(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.needs(Scope::RegistryWrite)?;
    let today = call.calendar().date();
    let draft = LocalAccessDraft::read(call.object()?, today).map_err(invalid)?;
    call.acts_at(Some(draft.finess))?;
    let wording: Wording<AccessAt> =
        Arc::new(|given: &AccessAt| words(StatusCode::CREATED, &LocalAccessView::new(given)));
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.registry.give_local_access(draft, call.actor(), keep).await?;
    written(outcome, &wording, |refused| match refused {
        NotGiven::Faults(faults) => invalid(faults),
        NotGiven::Already(id) => Problem::new(
            StatusCode::CONFLICT,
            "already_open",
            "Cette personne a déjà un accès local dans cet établissement.",
        )
        .with("local_access", id),
    })
}

/// `DELETE /local-accesses/{id}`: taken back, at once.
pub(super) async fn withdraw(
    State(api): State<Api>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::RegistryWrite)?;
    let unknown = || not_found("Accès local inconnu");
    let id: LocalAccessId = id.parse().map_err(|_| unknown())?;
    let asked = Asked::Immediate;
    let (by, mandate) = (call.actor(), call.mandate());
    let request = EndRequest { asked, reason: None, by, mandate, seen: None };
    let wording: Wording<Withdrawn> = Arc::new(|withdrawn: &Withdrawn| {
        let Withdrawn { local_access, structure, departure, owed } = withdrawn;
        let view = WithdrawnView {
            local_access: LocalAccessView::new(&(local_access.clone(), structure.clone())),
            departure: DepartureView::new(departure, owed),
        };
        words(StatusCode::OK, &view)
    });
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.departures.end_local_access(id, request, keep).await?;
    written(outcome, &wording, |refused| match refused {
        EndRefused::Unknown => unknown(),
        EndRefused::AlreadyEnded => {
            Problem::new(StatusCode::CONFLICT, "already_ended", "Cet accès local est déjà retiré.")
        }
        EndRefused::OtherAuthority
        | EndRefused::BeforeStart
        | EndRefused::NoSuchDate
        | EndRefused::Changed => end_refused(refused, asked),
    })
}
