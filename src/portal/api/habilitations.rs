//! Habilitations: who manages what.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use jiff::civil::Date;
use serde::Serialize;

use crate::{
    kernel::{
        Finess, HabilitationId, Rpps, Timestamp,
        retry::{Keep, Wording},
    },
    registry::{
        fault::Faults,
        habilitation::{
            Habilitation, HabilitationKind, Naming, NamingRefused, NotWithdrawn, Withdrawal,
        },
    },
    web::Problem,
};

use super::{
    Api,
    answer::{invalid, not_found, page, words, written},
    call::{Call, Scope},
};

#[derive(Serialize)]
struct HabilitationView {
    id: HabilitationId,
    rpps: Rpps,
    r#as: HabilitationKind,
    finess: Option<Finess>,
    trained_on: Option<Date>,
    given_at: Timestamp,
    withdrawn_at: Option<Timestamp>,
    state: HabilitationState,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum HabilitationState {
    Active,
    Withdrawn,
}

impl HabilitationView {
    fn new(held: &Habilitation) -> Self {
        let stands = held.stands();
        Self {
            id: held.id,
            rpps: held.rpps,
            r#as: held.kind,
            finess: held.finess,
            trained_on: held.trained_on,
            given_at: held.given_at,
            withdrawn_at: held.withdrawn_at,
            state: if stands { HabilitationState::Active } else { HabilitationState::Withdrawn },
        }
    }
}

/// `GET /habilitations`: of one structure and of one person if named.
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.lists(Scope::RegistryWrite, &["finess", "rpps"])?;
    let asked = call.page::<HabilitationId>()?;
    let (finess, rpps) = (call.listed_structure()?, call.parameter("rpps")?);
    let held = api.habilitations.habilitations(finess, rpps, asked).await?;
    Ok(page(held, &asked, |held| held.id.to_string(), |held| HabilitationView::new(&held)))
}

/// `POST /habilitations`: `{rpps, as, finess, trained_on?}`.
pub(super) async fn give(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.needs(Scope::RegistryWrite)?;
    let today = call.calendar().date();
    let naming = Naming::read(call.object()?, today, call.actor()).map_err(invalid)?;
    if !naming.kind.needs_structure() {
        let message = "Cette habilitation vaut pour toutes les structures : elle se donne par la \
                       commande habilitate, sur la machine.";
        let mut faults = Faults::default();
        faults.add("as", "operator_only", message);
        return Err(invalid(faults.into_vec()));
    }
    call.acts_at(naming.finess)?;
    let wording: Wording<Habilitation> =
        Arc::new(|given: &Habilitation| words(StatusCode::CREATED, &HabilitationView::new(given)));
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.habilitations.give_habilitation(naming, keep).await?;
    written(outcome, &wording, not_given)
}

/// `DELETE /habilitations/{id}`: taken back, at once. The last one of a structure goes only with
/// `?last=true`.
pub(super) async fn withdraw(
    State(api): State<Api>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.takes(Scope::RegistryWrite, &["last"])?;
    let unknown = || not_found("Habilitation inconnue");
    let withdrawal = Withdrawal {
        id: id.parse().map_err(|_| unknown())?,
        structure: call.structure(),
        even_last: call.parameter("last")?.unwrap_or(false),
        by: call.actor(),
    };
    let wording: Wording<Habilitation> =
        Arc::new(|held: &Habilitation| words(StatusCode::OK, &HabilitationView::new(held)));
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.habilitations.withdraw_habilitation(withdrawal, keep).await?;
    written(outcome, &wording, |refused| match refused {
        NotWithdrawn::Unknown => unknown(),
        NotWithdrawn::Already => Problem::new(
            StatusCode::CONFLICT,
            "already_withdrawn",
            "Cette habilitation est déjà retirée.",
        ),
        NotWithdrawn::Last => Problem::new(
            StatusCode::CONFLICT,
            "last_manager",
            "Dernier gestionnaire : plus personne ne gérerait cette structure. Donnez d'abord une \
             autre habilitation, ou confirmez avec ?last=true.",
        ),
    })
}

fn not_given(refused: NamingRefused) -> Problem {
    let (field, code, message) = refused.told();
    match refused {
        NamingRefused::AlreadyGiven => Problem::new(StatusCode::CONFLICT, code, message),
        NamingRefused::UnknownPerson
        | NamingRefused::UnknownStructure
        | NamingRefused::StructureMissing
        | NamingRefused::StructureUnwanted
        | NamingRefused::TrainingMissing => {
            let mut faults = Faults::default();
            faults.add(field, code, message);
            invalid(faults.into_vec())
        }
    }
}
