//! Situations: opened, ended, reopened.

use std::sync::Arc;

use axum::{
    extract::{Path, State},
    http::StatusCode,
    response::Response,
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    departure::{Asked, EndRefused, EndRequest, Ended, ReopenRefused, Reopened},
    kernel::{
        SituationId, Timestamp,
        retry::{Keep, Wording},
    },
    registry::{
        fault::{Fault, Faults},
        hiring::{Hired, Hiring, NotHired},
        written::Written,
    },
    web::Problem,
};

use super::{
    Api,
    answer::{invalid, not_found, retired, words, written},
    call::{Call, Scope},
    professionals::{nobody, number},
    views::{DepartureView, SituationView},
};

#[derive(Serialize)]
struct EndedView {
    situation: SituationView,
    departure: DepartureView,
}

#[derive(Serialize)]
struct ReopenedView {
    situation: SituationView,
}

/// `POST /professionals/{rpps}/situations`: hired again, or elsewhere.
pub(super) async fn open(
    State(api): State<Api>,
    Path(rpps): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::RegistryWrite)?;
    let rpps = number(&rpps)?;
    let reading = (call.calendar().date(), call.has(Scope::RegistryAuthority));
    let hiring = Hiring::read(rpps, call.object()?, Arc::clone(&api.nomenclature), reading);
    call.acts_at(hiring.finess())?;
    let (nomenclature, today) = (Arc::clone(&api.nomenclature), call.calendar().date());
    let wording: Wording<Hired> = Arc::new(move |hired: &Hired| {
        let view = SituationView::new((&hired.situation, &hired.structure), &nomenclature, today);
        words(StatusCode::CREATED, &view)
    });
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.registry.hire(hiring, call.actor(), keep).await?;
    written(outcome, &wording, |refused| match refused {
        NotHired::Unknown => nobody(),
        NotHired::Retired => retired(),
        NotHired::Faults(faults) => invalid(faults),
        NotHired::Already(id) => Problem::new(
            StatusCode::CONFLICT,
            "already_open",
            "Cette même situation est déjà ouverte : il n'y a rien à ajouter.",
        )
        .with("situation", id),
    })
}

/// `POST /situations/{id}/end`: a departure. When this has answered, it is done and durable, or
/// scheduled.
pub(super) async fn end(
    State(api): State<Api>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::RegistryWrite)?;
    let id = situation(&id)?;
    let (asked, reason) = asked(call.object()?).map_err(invalid)?;
    let request =
        EndRequest { asked, reason, by: call.actor(), mandate: call.mandate(), seen: None };
    let (nomenclature, today) = (Arc::clone(&api.nomenclature), call.calendar().date());
    let wording: Wording<Ended> = Arc::new(move |ended: &Ended| {
        let at = (&ended.situation, &ended.structure);
        let view = EndedView {
            situation: SituationView::new(at, &nomenclature, today),
            departure: DepartureView::new(&ended.departure, &ended.owed),
        };
        words(StatusCode::OK, &view)
    });
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.departures.end_situation(id, request, keep).await?;
    written(outcome, &wording, |refused| end_refused(refused, asked))
}

/// `POST /situations/{id}/reopen`: undo. It opens the situation, and revives nothing.
pub(super) async fn reopen(
    State(api): State<Api>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::RegistryWrite)?;
    let id = situation(&id)?;
    let (nomenclature, today) = (Arc::clone(&api.nomenclature), call.calendar().date());
    let wording: Wording<Reopened> = Arc::new(move |(situation, structure): &Reopened| {
        let situation = SituationView::new((situation, structure), &nomenclature, today);
        words(StatusCode::OK, &ReopenedView { situation })
    });
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let outcome = api.departures.reopen_situation(id, call.actor(), call.mandate(), keep).await?;
    written(outcome, &wording, |refused| {
        let conflict = |code| Problem::new(StatusCode::CONFLICT, code, sentence(&refused));
        match refused {
            ReopenRefused::Unknown => unknown(),
            ReopenRefused::NotEnded => conflict("not_ended"),
            ReopenRefused::StructureClosed => conflict("structure_closed"),
            ReopenRefused::GivenAgain => conflict("already_open"),
            ReopenRefused::NotToBeGiven => conflict("not_to_be_given"),
            ReopenRefused::OtherAuthority => other_authority(&refused),
            ReopenRefused::Retired => retired(),
        }
    })
}

/// Why something is not ended.
pub(super) fn end_refused(refused: EndRefused, asked: Asked) -> Problem {
    let field = match asked {
        Asked::LastDay(_) => "last_day",
        Asked::At(_) => "at",
        Asked::Immediate => "immediate",
    };
    let at_fault = |code| {
        let mut faults = Faults::default();
        faults.add(field, code, sentence(&refused));
        invalid(faults.into_vec())
    };
    match refused {
        EndRefused::Unknown => unknown(),
        EndRefused::OtherAuthority => other_authority(&refused),
        EndRefused::AlreadyEnded => {
            Problem::new(StatusCode::CONFLICT, "already_ended", sentence(&refused))
        }
        EndRefused::Changed => Problem::new(StatusCode::CONFLICT, "changed", sentence(&refused)),
        EndRefused::BeforeStart => at_fault("before_start"),
        EndRefused::NoSuchDate => at_fault("bad_date"),
    }
}

/// Exactly one of `last_day`, `at` and `immediate`, and perhaps a reason.
fn asked(body: Map<String, Value>) -> Result<(Asked, Option<String>), Vec<Fault>> {
    let mut faults = Faults::default();
    let mut written = Written::body(body);
    let named: Vec<_> =
        ["last_day", "at", "immediate"].into_iter().filter(|name| written.has(name)).collect();
    let asked = match named.as_slice() {
        ["last_day"] => written.date("last_day", &mut faults).map(Asked::LastDay),
        ["at"] => moment(&mut written, &mut faults).map(Asked::At),
        ["immediate"] => immediate(&mut written, &mut faults),
        _ => {
            let message = "Indiquez quand, une seule fois : last_day (le dernier jour), at (une \
                           heure) ou immediate (true).";
            for name in named {
                written.take_out(name);
            }
            faults.add("last_day", "one_of", message);
            None
        }
    };
    let reason = written.optional_text("reason", &mut faults).ok().flatten();
    written.finish(&mut faults);
    faults.or(asked.map(|asked| (asked, reason)))
}

fn moment(written: &mut Written, faults: &mut Faults) -> Option<Timestamp> {
    let text = written.text("at", faults)?;
    let moment = serde_json::from_value(Value::String(text)).ok();
    if moment.is_none() {
        let message = "Heure incorrecte : écrivez-la avec son décalage, par exemple \
                       2026-11-22T07:00:00+01:00.";
        faults.add("at", "bad_time", message);
    }
    moment
}

fn immediate(written: &mut Written, faults: &mut Faults) -> Option<Asked> {
    if written.flag("immediate", faults) {
        return Some(Asked::Immediate);
    }
    if faults.is_empty() {
        let message = "« immediate » ne peut être que true : sinon, indiquez last_day ou at.";
        faults.add("immediate", "wrong_value", message);
    }
    None
}

fn situation(text: &str) -> Result<SituationId, Problem> {
    text.parse().map_err(|_| unknown())
}

fn unknown() -> Problem {
    not_found("Situation inconnue")
}

fn other_authority(reason: &impl std::fmt::Display) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "other_authority", sentence(reason))
}

/// A reason as a sentence: capital and full stop.
fn sentence(reason: &impl std::fmt::Display) -> String {
    let text = reason.to_string();
    let mut letters = text.chars();
    let first: String = letters.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_says_when_exactly_once() {
        #[track_caller]
        fn check(body: &str, expected: Result<Asked, &[&str]>) {
            let body = serde_json::from_str(body).unwrap();
            let found = asked(body).map(|(asked, _)| asked);
            let codes = found.as_ref().map_err(|faults| {
                faults.iter().map(|f| format!("{} {}", f.field, f.code)).collect::<Vec<_>>()
            });
            match expected {
                Ok(expected) => assert_eq!(codes, Ok(&expected)),
                Err(expected) => assert_eq!(codes.unwrap_err(), expected),
            }
        }
        let day = Asked::LastDay("2026-11-21".parse().unwrap());
        check(r#"{"last_day":"2026-11-21"}"#, Ok(day));
        check(r#"{"last_day":"2026-11-21","reason":"fin de contrat"}"#, Ok(day));
        let at = Asked::At(Timestamp(1_795_327_200_000));
        check(r#"{"at":"2026-11-22T07:00:00+01:00"}"#, Ok(at));
        check(r#"{"immediate":true}"#, Ok(Asked::Immediate));
        check(r#"{"immediate":true,"last_day":null}"#, Ok(Asked::Immediate));
        check(r"{}", Err(&["last_day one_of"]));
        check(r#"{"immediate":true,"last_day":"2026-11-21"}"#, Err(&["last_day one_of"]));
        check(r#"{"immediate":false}"#, Err(&["immediate wrong_value"]));
        check(r#"{"immediate":"yes"}"#, Err(&["immediate wrong_type"]));
        check(r#"{"at":"2026-11-22T07:00:00"}"#, Err(&["at bad_time"]));
        check(r#"{"last_day":"21/11/2026"}"#, Err(&["last_day bad_date"]));
        check(r#"{"last_day":"2026-02-30"}"#, Err(&["last_day bad_date"]));
        check(
            r#"{"imediate":true,"reason":7}"#,
            Err(&["last_day one_of", "reason wrong_type", "imediate unknown_field"]),
        );
    }
}
