//! People.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde_json::{Map, Value};

use crate::{
    access::{Cause, Closing, Scope as Covered},
    kernel::{
        IdNat, Outage, Rpps,
        ids::BadIdentifier,
        retry::{Answered, Keep, Kept, Wording},
        secret::Secret,
        time::Span,
    },
    registry::{
        fault::Faults,
        registration::{Draft, NotRegistered, Registered},
    },
    web::{Problem, aside::aside},
};

use super::{
    super::{CardState, NotDeleted, PersonRecord, Phones},
    Api,
    answer::{found, invalid, not_found, page, retired, words, written},
    call::{Call, Scope},
    views::{PersonView, newcomer},
};

/// The PIN of people who are made ready; only in the demo.
const PIN: &str = "2468";
/// How far back the validation of people who are made ready is written.
const LONG_AGO: Span = Span::hours(72);

/// `POST /professionals`: Case 1 in one call.
pub(super) async fn register(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.needs(Scope::RegistryWrite)?;
    let mut body = call.object()?;
    let phones = made_ready_by(&api, &mut body)?;
    let for_authority = call.has(Scope::RegistryAuthority);
    let today = call.calendar().date();
    let (lists, has_document) = (Arc::clone(&api.nomenclature), body.contains_key("document"));
    let read = move || Draft::read(body, lists, today, for_authority);
    let draft = if has_document { aside(read).await? } else { read() };
    call.acts_at(draft.finess())?;
    let calendar = call.calendar();
    let validated_at = if phones.is_some() { calendar - LONG_AGO } else { calendar };
    let (nomenclature, is_ready) = (Arc::clone(&api.nomenclature), phones.is_some());
    let wording: Wording<Registered> = Arc::new(move |registered: &Registered| {
        let Registered { professional, situation, structure, .. } = registered;
        let record = newcomer(professional, situation, structure);
        let mut view = PersonView::new(&record, &nomenclature, calendar);
        if is_ready {
            view.identifier = Some(IdNat(view.rpps).to_string());
            view.pin = Some(PIN);
            view.card = CardState::Active;
        }
        words(StatusCode::CREATED, &view)
    });
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.registry.register(draft, validated_at, call.actor(), keep).await?;
    if let (Some(phones), Some(rpps)) = (phones, who_is_there_now(&outcome)) {
        make_ready(&api, phones.as_ref(), rpps).await?;
    }
    written(outcome, &wording, refused)
}

/// `GET /professionals`: people, of one structure if named.
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.lists(Scope::RegistryRead, &["finess"])?;
    let asked = call.page::<Rpps>()?;
    let people = api.people.people(call.listed_structure()?, asked).await?;
    let view = |record: PersonRecord| {
        PersonView::new(&within(&call, record), &api.nomenclature, call.calendar())
    };
    Ok(page(people, &asked, |record| record.professional.rpps.to_string(), view))
}

/// `GET /professionals/{rpps}`.
pub(super) async fn one(
    State(api): State<Api>,
    Path(rpps): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::RegistryRead)?;
    let record = api.people.person(number(&rpps)?).await?.ok_or_else(nobody)?;
    let is_elsewhere = !is_within(&call, &record);
    if is_elsewhere {
        return Err(nobody());
    }
    if record.professional.retired_at.is_some() {
        return Err(retired());
    }
    let record = within(&call, record);
    Ok(found(&PersonView::new(&record, &api.nomenclature, call.calendar())))
}

/// `DELETE /professionals/{rpps}`: a wrong identity. The number is retired for ever.
pub(super) async fn delete(
    State(api): State<Api>,
    Path(rpps): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::RegistryAuthority)?;
    call.acts_everywhere()?;
    let rpps = number(&rpps)?;
    let closing = Closing::new(Covered::Person(rpps), Cause::IdentityDeleted, call.actor());
    let nothing = |_: &Rpps| Kept { status: 204, body: String::new() };
    let wording: Wording<Rpps> = Arc::new(nothing);
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.removals.delete_identity(rpps, closing, keep).await?;
    written(outcome, &wording, |refused| match refused {
        NotDeleted::Unknown => nobody(),
        NotDeleted::Already => retired(),
    })
}

/// The number in an address.
pub(super) fn number(text: &str) -> Result<Rpps, Problem> {
    text.parse()
        .map_err(|bad: BadIdentifier| not_found(&format!("Numéro RPPS incorrect ({})", bad.told())))
}

/// Nobody has that number.
pub(super) fn nobody() -> Problem {
    not_found("Personne n'a ce numéro RPPS")
}

/// What a caller that is bound to a structure may see of somebody: what concerns that structure.
fn within(call: &Call, mut record: PersonRecord) -> PersonRecord {
    if let Some(own) = call.structure() {
        record.situations.retain(|(situation, _)| situation.finess == own);
        record.local_accesses.retain(|(access, _)| access.finess == own);
    }
    record
}

fn is_within(call: &Call, record: &PersonRecord) -> bool {
    let seen = within(call, record.clone());
    call.structure().is_none() || !(seen.situations.is_empty() && seen.local_accesses.is_empty())
}

/// Takes `"ready": true` out of the body: the mock phones, where there are any.
fn made_ready_by(
    api: &Api,
    body: &mut Map<String, Value>,
) -> Result<Option<Arc<dyn Phones>>, Problem> {
    match body.remove("ready") {
        None | Some(Value::Null | Value::Bool(false)) => Ok(None),
        Some(Value::Bool(true)) => match &api.phones {
            Some(phones) => Ok(Some(Arc::clone(phones))),
            None => Err(Problem::new(
                StatusCode::BAD_REQUEST,
                "not_in_demo",
                "« ready » n'existe que dans la démonstration : retirez ce champ.",
            )),
        },
        Some(Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_)) => {
            let mut faults = Faults::default();
            faults.add("ready", "wrong_type", "Type incorrect : ce champ attend true ou false.");
            Err(invalid(faults.into_vec()))
        }
    }
}

/// Who was registered, now or the first time that this was asked.
fn who_is_there_now(outcome: &Answered<Registered, NotRegistered>) -> Option<Rpps> {
    match outcome {
        Answered::Done(registered) => Some(registered.professional.rpps),
        Answered::Replayed(kept) => {
            let body: Value = serde_json::from_str(&kept.body).ok()?;
            body.get("rpps")?.as_str()?.parse().ok()
        }
        Answered::Refused(_) | Answered::KeyReused => None,
    }
}

/// Has the mock phone activate, unless it did already: the first answer may have been lost.
async fn make_ready(api: &Api, phones: &dyn Phones, rpps: Rpps) -> Result<(), Outage> {
    let record = api.people.person(rpps).await?;
    match record.map(|record| record.card) {
        Some(crate::access::CardStanding::NotActivated) => {
            phones.activate_and_approve(rpps, &Secret::received(PIN.to_owned())).await
        }
        Some(_) | None => Ok(()),
    }
}

fn refused(refused: NotRegistered) -> Problem {
    match refused {
        NotRegistered::Faults(faults) => invalid(faults),
        NotRegistered::Already(rpps) => Problem::new(
            StatusCode::CONFLICT,
            "already_registered",
            format!(
                "Cette personne a déjà le numéro RPPS {rpps}, pour la vie : ajoutez-lui une \
                 situation d'exercice."
            ),
        )
        .with("rpps", rpps),
    }
}
