//! The rules of the registry, each in a row that fails when the rule is removed.

mod granting;
mod lists;
mod naming;
mod placing;
mod registering;

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Map, Value, json};

use super::{
    Nomenclature, Structure, StructureKind,
    fault::Fault,
    registration::{Application, Draft, Drawn, Known, NotRegistered, Registered},
};
use crate::kernel::{Rpps, SituationId, Timestamp};

/// 2026-11-21, 15:00 in Paris.
const NOW: Timestamp = Timestamp(1_795_269_600_000);

fn today() -> Date {
    NOW.date()
}

fn nomenclature() -> Arc<Nomenclature> {
    Arc::new(Nomenclature::shipped().unwrap())
}

fn rpps(number: u64) -> Rpps {
    Rpps::from_serial(9_990_000_000 + number)
}

/// A registration without a fault.
fn sound() -> Value {
    json!({
        "civility": "MME",
        "birth_name": "Marvaud",
        "first_names": ["Estelle", "Rose-Anne"],
        "sex": "F",
        "birth_date": "1994-05-17",
        "birth_country": "99100",
        "birth_commune": "01053",
        "email": "estelle.marvaud@example.org",
        "mobile": "06 39 98 01 23",
        "situation": {
            "finess": "019999028",
            "profession": "313",
            "role": "GENR11",
            "mode": "S",
            "started_on": "2026-11-02"
        }
    })
}

/// `sound` with members put in the place of its own; a path has dots, `null` takes out.
fn with(changes: &[(&str, Value)]) -> Map<String, Value> {
    let mut body = sound();
    for (path, value) in changes {
        let pointer = format!("/{}", path.replace('.', "/"));
        let (parent, name) = pointer.rsplit_once('/').unwrap();
        let parent = body.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        parent.insert(name.to_owned(), value.clone());
    }
    body.as_object().unwrap().clone()
}

fn structure() -> Structure {
    Structure {
        finess: "019999028".parse().unwrap(),
        kind: StructureKind::Establishment,
        legal_entity: None,
        name: "EHPAD LES GRANDS TILLEULS".to_owned(),
        address: String::new(),
        commune: "01053".to_owned(),
        postal_code: "01000".to_owned(),
        city: "BOURG EN BRESSE".to_owned(),
        sector: "SA17".to_owned(),
        closed_at: None,
    }
}

fn known() -> Known {
    Known { structure: Some(structure()), ..Known::default() }
}

fn judged(
    body: Map<String, Value>,
    known: &Known,
    for_authority: bool,
) -> Result<Application, NotRegistered> {
    Draft::read(body, nomenclature(), today(), for_authority).judge(known)
}

fn told(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(|fault| format!("{} {}", fault.field, fault.code)).collect()
}

/// Judges `sound` with `changes`: exactly these faults.
#[track_caller]
fn check(changes: &[(&str, Value)], expected: &[&str]) {
    check_against(changes, &known(), expected);
}

#[track_caller]
fn check_against(changes: &[(&str, Value)], known: &Known, expected: &[&str]) {
    let faults = match judged(with(changes), known, false) {
        Ok(_) => Vec::new(),
        Err(NotRegistered::Faults(faults)) => faults,
        Err(NotRegistered::Already(rpps)) => panic!("already registered as {rpps}"),
    };
    for fault in &faults {
        assert!(fault.message.len() > 20 && fault.message.ends_with('.'), "{fault:?}");
    }
    assert_eq!(told(&faults), expected, "{changes:?}");
}

fn registered(changes: &[(&str, Value)]) -> Registered {
    let application = judged(with(changes), &known(), false).unwrap();
    let drawn = Drawn {
        rpps: rpps(1),
        subject: uuid::Uuid::from_u128(1),
        situation: SituationId(uuid::Uuid::from_u128(2)),
    };
    application.complete(drawn, NOW)
}
