//! Where, as what, in which role, from when to when.

use super::*;
use crate::registry::Authority;

#[test]
fn a_place_of_work_is_an_open_establishment() {
    let at = |known: Known, expected: &[&str]| check_against(&[], &known, expected);
    let with = |structure| Known { structure: Some(structure), ..Known::default() };
    at(Known::default(), &["situation.finess unknown_structure"]);
    at(
        with(Structure { closed_at: Some(NOW), ..structure() }),
        &["situation.finess structure_closed"],
    );
    at(
        with(Structure { kind: StructureKind::LegalEntity, ..structure() }),
        &["situation.finess not_an_establishment"],
    );
    let number =
        |text: &str, expected: &[&str]| check(&[("situation.finess", json!(text))], expected);
    number("019999029", &["situation.finess bad_finess"]);
    number("1999902", &["situation.finess bad_finess"]);
    number("", &["situation.finess required"]);
}

#[test]
fn a_profession_is_one_that_the_employer_registers() {
    let profession = |code: &str, started: &str, expected: &[&str]| {
        let changes =
            [("situation.profession", json!(code)), ("situation.started_on", json!(started))];
        check(&changes, expected);
    };
    profession("320", "2026-11-02", &[]);
    profession("000", "2026-11-02", &["situation.profession unknown_code"]);
    // Ended on 2025-12-21: right for who was hired before, wrong since.
    profession("323", "2025-12-21", &[]);
    profession("323", "2025-12-22", &["situation.profession outdated_code"]);
    // Made on 2025-03-28: right today, also for who was hired before.
    profession("371", "2024-09-01", &[]);
    profession("99", "2026-11-02", &["situation.profession unknown_code"]);
    profession("60", "2026-11-02", &["situation.profession other_authority"]);
    profession("94", "2026-11-02", &["situation.profession other_authority"]);
}

#[test]
fn an_authority_registers_its_own_professions() {
    #[track_caller]
    fn check(code: &str, expected: Authority) {
        let changes = with(&[
            ("situation.profession", json!(code)),
            ("situation.role", json!("GENR01")),
            ("situation.mode", json!("L")),
        ]);
        let changes = if expected == Authority::Employer {
            with(&[("situation.profession", json!(code))])
        } else {
            changes
        };
        let application = judged(changes, &known(), true).unwrap();
        let drawn = Drawn {
            rpps: rpps(1),
            subject: uuid::Uuid::nil(),
            situation: SituationId(uuid::Uuid::nil()),
        };
        assert_eq!(application.complete(drawn, NOW).situation.authority, expected);
    }
    check("60", Authority::Ordre);
    check("94", Authority::Ars);
    check("320", Authority::Employer);
}

#[test]
fn practices_know_one_role_and_only_practices_know_it() {
    let role = |role: &str, mode: &str, sector: &str, expected: &[&str]| {
        let at = Structure { sector: sector.to_owned(), ..structure() };
        let known = Known { structure: Some(at), ..Known::default() };
        let changes = [("situation.role", json!(role)), ("situation.mode", json!(mode))];
        check_against(&changes, &known, expected);
    };
    role("GENR11", "S", "SA17", &[]);
    role("GENR99", "L", "SA17", &[]);
    role("GENR99", "S", "SA07", &[]);
    role("GENR13", "S", "SA17", &[]);
    role("GENR99", "S", "SA17", &["situation.role role_not_offered"]);
    role("GENR11", "L", "SA07", &["situation.role role_not_offered"]);
    role("GENR98", "S", "SA17", &["situation.role unknown_code"]);
    role("GENR11", "X", "SA17", &["situation.mode unknown_code"]);
    role("GENR11", "B", "SA17", &[]);
}

#[test]
fn a_mode_has_its_days() {
    // Today is after 2026-02-02, so *indirect* is right whenever the person began.
    check(&[("situation.mode", json!("I")), ("situation.started_on", json!("2020-01-06"))], &[]);
}

#[test]
fn a_situation_begins_before_it_ends_and_has_not_ended() {
    let days = |first: &str, last: Value, expected: &[&str]| {
        check(&[("situation.started_on", json!(first)), ("situation.last_day", last)], expected);
    };
    days("2026-11-21", json!("2026-11-21"), &[]);
    days("2026-12-01", json!("2026-12-01"), &[]);
    days("2026-12-01", json!("2026-11-30"), &["situation.last_day before_start"]);
    days("2026-11-02", json!("2026-11-20"), &["situation.last_day in_the_past"]);
    days("2026-11-02", json!("demain"), &["situation.last_day bad_date"]);
    days("2026-11-02", json!("9999-12-31"), &["situation.last_day bad_date"]);
    days("2027-11-21", Value::Null, &[]);
    days("2027-11-22", Value::Null, &["situation.started_on too_far"]);
    days("1994-05-17", Value::Null, &["situation.started_on before_birth"]);
    let ends_at = registered(&[("situation.last_day", json!("2026-11-21"))]).situation.ends_at;
    assert_eq!(ends_at.unwrap().to_string(), "2026-11-21T23:00:00.000Z");
}
