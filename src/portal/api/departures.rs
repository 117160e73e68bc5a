//! Departures: what was cut, when, and who has been told.

use axum::{
    extract::{Path, State},
    response::Response,
};

use crate::{
    departure::Departure,
    kernel::{DepartureId, Outage},
    web::Problem,
};

use super::{
    Api,
    answer::{found, not_found, page},
    call::{Call, Scope},
    views::DepartureView,
};

/// `GET /departures/{id}`.
pub(super) async fn one(
    State(api): State<Api>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::SecurityRead)?;
    let unknown = || not_found("Départ inconnu");
    let id: DepartureId = id.parse().map_err(|_| unknown())?;
    let departure = api.departures.departure(id).await?.ok_or_else(unknown)?;
    call.acts_at(Some(departure.finess)).map_err(|_| unknown())?;
    Ok(found(&told(&api, &departure).await?))
}

/// `GET /departures`: newest first, of one person and from one structure if named.
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.lists(Scope::SecurityRead, &["rpps", "finess"])?;
    let asked = call.page::<DepartureId>()?;
    let (rpps, finess) = (call.parameter("rpps")?, call.listed_structure()?);
    let departures = api.departures.departures(rpps, finess, asked).await?;
    let mut views = Vec::with_capacity(departures.len());
    for departure in departures {
        views.push((departure.id, told(&api, &departure).await?));
    }
    Ok(page(views, &asked, |(id, _)| id.to_string(), |(_, view)| view))
}

async fn told(api: &Api, departure: &Departure) -> Result<DepartureView, Outage> {
    Ok(DepartureView::new(departure, &api.outbox.ledger(departure.id).await?))
}
