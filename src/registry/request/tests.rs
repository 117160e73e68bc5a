//! The rules of requests, each in a row that fails when the rule is removed.

use std::sync::Arc;

use jiff::civil::Date;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

use super::*;
use crate::{
    kernel::{ClientId, RequestId, Rpps},
    registry::{
        Nomenclature, StructureKind, document::Document, fault::Faults, registration::Known,
        verified::Presumed,
    },
};

/// 2026-11-21, 15:00 in Paris.
const NOW: Timestamp = Timestamp(1_795_269_600_000);
const TILLEULS: &str = "019999028";

fn today() -> Date {
    NOW.date()
}

fn nomenclature() -> Arc<Nomenclature> {
    Arc::new(Nomenclature::shipped().unwrap())
}

fn verified() -> VerifiedIdentity {
    VerifiedIdentity {
        sub: "sub-1".to_owned(),
        birth_name: "Marvaud".to_owned(),
        first_names: vec!["Estelle".to_owned(), "Rose-Anne".to_owned()],
        usage_name: None,
        sex: Some("F".to_owned()),
        birth_date: "1994-05-17".parse().unwrap(),
        presumed: Presumed::Nothing,
        birth_country: "99100".to_owned(),
        birth_commune: Some("01053".to_owned()),
        email: None,
        acr: "eidas1".to_owned(),
        authenticated_at: NOW,
    }
}

fn body() -> Value {
    json!({
        "civility": "MME",
        "email": "estelle.marvaud@example.org",
        "mobile": "06 39 98 01 23",
        "situation": {
            "finess": TILLEULS, "profession": "313", "role": "GENR11", "mode": "S",
            "started_on": "2026-11-02"
        }
    })
}

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn document() -> Document {
    let bytes = Zeroizing::new(include_bytes!("../../../tests/pieces/piece.pdf").to_vec());
    Document::look(bytes, "document", &mut Faults::default()).unwrap()
}

fn structure() -> Structure {
    Structure {
        finess: TILLEULS.parse().unwrap(),
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

fn facts() -> RequestFacts {
    RequestFacts { known: known(), ..RequestFacts::default() }
}

fn rpps(number: u64) -> Rpps {
    Rpps::from_serial(9_990_000_000 + number)
}

fn id() -> RequestId {
    RequestId(uuid::Uuid::from_u128(1))
}

fn draft(verified: VerifiedIdentity, body: &Value, document: Option<Document>) -> RequestDraft {
    RequestDraft::read(verified, members(body), document, nomenclature(), today())
}

fn sent() -> RegistrationRequest {
    let draft = draft(verified(), &body(), Some(document()));
    draft.judge(&facts()).unwrap().complete(id(), NOW).request
}

/// What a judgement ends with, in one word or by its faults.
fn told<T>(outcome: Result<T, NotSent>) -> Vec<String> {
    match outcome {
        Ok(_) => Vec::new(),
        Err(NotSent::Already(_)) => vec!["already".to_owned()],
        Err(NotSent::Pending(_)) => vec!["pending".to_owned()],
        Err(NotSent::Faults(faults)) => {
            faults.iter().map(|fault| format!("{} {}", fault.field, fault.code)).collect()
        }
    }
}

#[test]
fn what_france_connect_gave_is_taken_and_the_rest_is_asked() {
    #[track_caller]
    fn check(change: impl Fn(&mut VerifiedIdentity), more: &Value, expected: &[&str]) {
        let mut identity = verified();
        change(&mut identity);
        let mut body = members(&body());
        body.extend(members(more));
        let body = Value::Object(body);
        assert_eq!(told(draft(identity, &body, Some(document())).judge(&facts())), expected);
    }
    fn abroad(identity: &mut VerifiedIdentity) {
        identity.birth_country = "99999".to_owned();
        identity.birth_commune = None;
    }
    let (nothing, same) = (json!({}), |_: &mut VerifiedIdentity| {});
    check(same, &nothing, &[]);
    check(same, &json!({"civility": null}), &["civility required"]);
    check(same, &json!({"civility": "MLLE"}), &["civility unknown_code"]);
    // A commune that the sample of our lists lacks is one of the register's all the same.
    check(|of| of.birth_commune = Some("99998".to_owned()), &nothing, &[]);
    check(|of| of.birth_commune = None, &nothing, &["birth_commune required"]);
    check(|of| of.birth_commune = None, &json!({"birth_commune": "01053"}), &[]);
    check(abroad, &nothing, &["birth_town required"]);
    check(abroad, &json!({"birth_town": "Tunis"}), &[]);
    check(|of| of.sex = None, &nothing, &["sex required"]);
    check(|of| of.sex = None, &json!({"sex": "F"}), &[]);
    check(
        |of| of.birth_date = "2013-01-01".parse().unwrap(),
        &nothing,
        &["birth_date implausible"],
    );
    check(
        |of| of.birth_date = "1901-01-01".parse().unwrap(),
        &nothing,
        &["birth_date implausible"],
    );
    check(
        |of| of.birth_date = "2027-01-01".parse().unwrap(),
        &nothing,
        &["birth_date in_the_future"],
    );
}

#[test]
fn nobody_edits_what_france_connect_gave() {
    #[track_caller]
    fn check(name: &str, value: &str) {
        let mut body = members(&body());
        body.insert(name.to_owned(), value.into());
        let draft = draft(verified(), &Value::Object(body), Some(document()));
        assert_eq!(told(draft.judge(&facts())), [format!("{name} unknown_field")]);
    }
    check("birth_name", "Autre");
    check("first_names", "Autre");
    check("sex", "M");
    check("birth_date", "1980-01-01");
    check("birth_country", "99100");
    check("birth_commune", "69266");
    check("birth_town", "Tunis");
}

#[test]
fn who_has_a_number_or_waits_is_told_so_before_anything_else() {
    #[track_caller]
    fn check(change: impl Fn(&mut RequestFacts), document: Option<Document>, expected: &[&str]) {
        let mut facts = facts();
        change(&mut facts);
        assert_eq!(told(draft(verified(), &body(), document).judge(&facts)), expected);
    }
    check(|_| {}, None, &["document required"]);
    check(|facts| facts.sub_of = Some(rpps(1)), None, &["already"]);
    check(|facts| facts.known.same_person = Some(rpps(1)), None, &["already"]);
    check(|facts| facts.pending = Some(id()), None, &["pending"]);
    check(|facts| facts.pending = Some(id()), Some(document()), &["pending"]);
    check(
        |facts| facts.known.is_email_taken = true,
        None,
        &["email email_taken", "document required"],
    );
    check(|facts| facts.known.is_mobile_taken = true, Some(document()), &["mobile mobile_taken"]);
    check(
        |facts| facts.known.structure = None,
        Some(document()),
        &["situation.finess unknown_structure"],
    );
}

#[test]
fn a_profession_of_an_ordre_is_not_the_employers_to_validate() {
    let mut body = body();
    body["situation"]["profession"] = json!("60");
    let outcome = draft(verified(), &body, Some(document())).judge(&facts());
    assert_eq!(told(outcome), ["situation.profession other_authority"]);
}

#[test]
fn a_request_says_who_asks_for_what_until_when() {
    let request = sent();
    assert_eq!(request.identity.birth_name, "Marvaud");
    assert_eq!(request.identity.civility, "MME");
    assert_eq!(request.mobile, "+33639980123");
    assert_eq!(request.placing.exercise_first_name, "Estelle");
    assert_eq!((request.sent_at, request.lapses_at), (NOW, NOW + Span::hours(720)));
    assert_eq!(request.state, RequestState::ToProcess);
    assert_eq!(request.age("2026-05-16".parse().unwrap()), 31);
    assert_eq!(request.age("2026-05-17".parse().unwrap()), 32);
    assert!(request.letter().is_none());
}

fn validation(attested: bool, by: Actor, structure: Option<&str>) -> Validation {
    let structure = structure.map(|finess| finess.parse().unwrap());
    let decider = Decider { by, structure };
    Validation { id: id(), attested, decider, nomenclature: nomenclature() }
}

#[test]
fn a_validation_asks_every_rule_again() {
    #[track_caller]
    fn check(
        attested: bool,
        change: impl Fn(&mut ValidationFacts),
        day: &str,
        expected: Result<(), &str>,
    ) {
        let mut facts =
            ValidationFacts { request: Some(sent()), manages: true, known: known(), sub_of: None };
        change(&mut facts);
        let client: ClientId = "api".parse().unwrap();
        let validation = validation(attested, Actor::Client(client), None);
        let outcome = match validation.decide(facts, day.parse().unwrap()) {
            Ok(_) => Ok(()),
            Err(NotValidated::NotAttested) => Err("not attested".to_owned()),
            Err(NotValidated::Already(_)) => Err("already".to_owned()),
            Err(NotValidated::NotDecided(NotDecided::Unknown)) => Err("unknown".to_owned()),
            Err(NotValidated::NotDecided(NotDecided::AlreadyDecided(request))) => {
                Err(request.state.label().to_owned())
            }
            Err(NotValidated::Faults(faults)) => {
                Err(faults.iter().map(|fault| fault.code).collect::<Vec<_>>().join(" "))
            }
        };
        assert_eq!(outcome, expected.map_err(str::to_owned));
    }
    let day = "2026-11-22";
    check(true, |_| {}, day, Ok(()));
    check(false, |_| {}, day, Err("not attested"));
    check(true, |facts| facts.request = None, day, Err("unknown"));
    check(true, |facts| facts.sub_of = Some(rpps(1)), day, Err("already"));
    check(true, |facts| facts.known.same_person = Some(rpps(1)), day, Err("already"));
    check(true, |facts| facts.known.is_email_taken = true, day, Err("email_taken"));
    check(
        true,
        |facts| {
            facts.known.structure = Some(Structure { closed_at: Some(NOW), ..structure() });
        },
        day,
        Err("structure_closed"),
    );
    let last_day = |facts: &mut ValidationFacts| {
        facts.request.as_mut().unwrap().placing.last_day = Some("2026-11-25".parse().unwrap());
    };
    check(true, last_day, "2026-11-25", Ok(()));
    check(true, last_day, "2026-11-26", Err("in_the_past"));
    for (state, label) in [
        (RequestState::Validated, "validée"),
        (RequestState::Rejected, "rejetée"),
        (RequestState::Lapsed, "caduque"),
    ] {
        check(false, |facts| facts.request.as_mut().unwrap().state = state, day, Err(label));
    }
}

#[test]
fn only_those_decide_who_manage_the_structure() {
    #[track_caller]
    fn check(by: Actor, structure: Option<&str>, manages: bool, expected: bool) {
        let rejection =
            Rejection::read(id(), "Contrat non signé", validation(true, by, structure).decider);
        let outcome = rejection.unwrap().decide(Some(sent()), manages);
        let expected = if expected { Ok(sent()) } else { Err(NotDecided::Unknown) };
        assert_eq!(outcome, expected);
    }
    let client = || Actor::Client("api".parse().unwrap());
    check(client(), None, false, true);
    check(client(), Some(TILLEULS), false, true);
    check(client(), Some("699999124"), false, false);
    check(Actor::Person(rpps(1)), None, true, true);
    check(Actor::Person(rpps(1)), None, false, false);
    check(Actor::Person(rpps(1)), Some("699999124"), true, false);
    check(Actor::Stranger, None, true, false);
    check(Actor::Applicant, None, true, false);
}

#[test]
fn a_rejection_says_why() {
    #[track_caller]
    fn check(reason: &str, expected: Result<&str, &str>) {
        let decider = Decider { by: Actor::Operator, structure: None };
        let read = Rejection::read(id(), reason, decider);
        let found = read.as_ref().map(|rejection| rejection.reason.as_str());
        assert_eq!(found.map_err(|faults| faults[0].code), expected);
    }
    check("Contrat non signé", Ok("Contrat non signé"));
    check("  Pièce illisible. \r\n\r\n  Renvoyez-la. ", Ok("Pièce illisible.\nRenvoyez-la."));
    check("", Err("required"));
    check(" \n\t ", Err("required"));
    check(&"a".repeat(501), Err("too_long"));
    check("a\u{7}b", Err("bad_character"));
}

#[test]
fn the_person_is_told_of_a_rejection_and_of_a_lapse() {
    let by = Actor::Operator;
    let rejected = sent().rejected("Contrat non signé".to_owned(), by.clone(), NOW);
    let letter = rejected.letter().unwrap();
    assert_eq!(letter.to, "estelle.marvaud@example.org");
    assert!(letter.text.contains("Contrat non signé") && letter.text.contains(TILLEULS));
    let lapsed = sent().lapsed(NOW + REQUEST_LIFE);
    assert_eq!(lapsed.state.label(), "caduque");
    assert!(lapsed.letter().unwrap().text.contains("30 jours"));
    // A validated person is owed the mail of every registration, with the number.
    assert!(sent().validated(rpps(1), by, NOW).letter().is_none());
}
