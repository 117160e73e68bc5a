//! Local accesses, structures, and what the public sees.

use super::*;
use crate::{
    kernel::{LocalAccessId, time::Span},
    registry::{
        Authority, LocalAccess, Reading, Situation,
        directory::{DirectoryQuery, Listed, entry},
        local_access::{LocalAccessDraft, NotGiven, Setting},
    },
};

fn situation(authority: Authority) -> Situation {
    Situation { authority, ..registered(&[]).situation }
}

#[test]
fn a_local_access_is_for_staff_whom_an_authority_registers() {
    #[track_caller]
    fn check(setting: &Setting, expected: Result<(), &[&str]>) {
        let draft = LocalAccessDraft {
            rpps: rpps(1),
            finess: "019999028".parse().unwrap(),
            last_day: None,
        };
        match (draft.judge(setting), expected) {
            (Ok(()), Ok(())) => {}
            (Err(NotGiven::Faults(faults)), Err(expected)) => assert_eq!(told(&faults), expected),
            (Err(NotGiven::Already(_)), Err(expected)) => assert_eq!(["already"], expected),
            (found, expected) => panic!("{found:?} instead of {expected:?}"),
        }
    }
    let setting = |authority| Setting {
        is_known: true,
        situations: vec![situation(authority)],
        local_accesses: Vec::new(),
        structure: Some(structure()),
    };
    check(&setting(Authority::Ordre), Ok(()));
    check(&setting(Authority::Ars), Ok(()));
    check(&setting(Authority::Employer), Err(&["rpps not_registered_by_authority"]));
    let left = Setting { situations: Vec::new(), ..setting(Authority::Ordre) };
    check(&left, Err(&["rpps not_registered_by_authority"]));
    let nobody = Setting { is_known: false, structure: None, ..setting(Authority::Ordre) };
    check(&nobody, Err(&["rpps unknown_person", "finess unknown_structure"]));
    let at = |structure| Setting { structure: Some(structure), ..setting(Authority::Ordre) };
    let closed = Structure { closed_at: Some(NOW), ..structure() };
    check(&at(closed), Err(&["finess structure_closed"]));
    let entity = Structure { kind: StructureKind::LegalEntity, ..structure() };
    check(&at(entity), Err(&["finess not_an_establishment"]));
    let given = LocalAccess {
        id: LocalAccessId(uuid::Uuid::nil()),
        rpps: rpps(1),
        finess: structure().finess,
        given_at: NOW,
        ends_at: None,
        ended_at: None,
    };
    let again = Setting { local_accesses: vec![given], ..setting(Authority::Ordre) };
    check(&again, Err(&["already"]));
}

#[test]
fn a_local_access_names_a_person_and_a_place() {
    #[track_caller]
    fn check(body: &Value, expected: &[&str]) {
        let read = LocalAccessDraft::read(body.as_object().unwrap().clone(), today());
        assert_eq!(read.map_or_else(|faults| told(&faults), |_| Vec::new()), expected, "{body}");
    }
    let number = rpps(1).to_string();
    check(&json!({"rpps": number, "finess": "019999028"}), &[]);
    check(&json!({"rpps": number, "finess": "019999028", "last_day": "2026-11-21"}), &[]);
    check(
        &json!({"rpps": number, "finess": "019999028", "last_day": "2026-11-20"}),
        &["last_day in_the_past"],
    );
    check(&json!({"rpps": "99900000038", "finess": "1"}), &["rpps bad_rpps", "finess bad_finess"]);
    check(&json!({}), &["rpps required", "finess required"]);
    check(&json!({"rpps": number, "finess": "019999028", "role": "x"}), &["role unknown_field"]);
}

#[test]
fn a_structure_has_a_number_and_a_name() {
    #[track_caller]
    fn check(body: &Value, expected: &[&str]) {
        let lists = nomenclature();
        let reading = Reading { nomenclature: &lists, today: today(), for_authority: false };
        let read = Structure::read(body.as_object().unwrap().clone(), &reading);
        assert_eq!(read.map_or_else(|faults| told(&faults), |_| Vec::new()), expected, "{body}");
    }
    check(&json!({"finess": "019999028", "name": "EHPAD"}), &[]);
    check(&json!({"finess": "019999010", "name": "Association", "kind": "EJ"}), &[]);
    check(&json!({}), &["finess required", "name required"]);
    check(
        &json!({"finess": "019999029", "name": "E", "kind": "ET", "sector": "SA99",
                "commune": "01000", "legal_entity": "1", "city": 7}),
        &[
            "finess bad_finess",
            "kind unknown_code",
            "legal_entity bad_finess",
            "sector unknown_code",
            "commune unknown_code",
            "city wrong_type",
        ],
    );
    check(
        &json!({"finess": "019999010", "name": "A", "kind": "EJ", "legal_entity": "699999116"}),
        &["legal_entity not_an_establishment"],
    );
}

#[test]
fn the_public_sees_nobody_before_the_24th_hour_and_never_a_date() {
    let registered = registered(&[("situation.last_day", json!("2026-12-31"))]);
    let listed = |ended_at| Listed {
        professional: registered.professional.clone(),
        situations: vec![(
            Situation { ended_at, ..registered.situation.clone() },
            registered.structure.clone(),
        )],
    };
    let lists = nomenclature();
    let day = Span::hours(24);
    assert_eq!(entry(&listed(None), &lists, NOW + Span(day.0 - 1)), None);
    let shown = entry(&listed(None), &lists, NOW + day).unwrap();
    assert!(shown.active);
    let text = serde_json::to_string(&shown).unwrap();
    for wanted in ["Marvaud", "Estelle", "Aide-soignant", "EHPAD LES GRANDS TILLEULS"] {
        assert!(text.contains(wanted), "{wanted}");
    }
    for hidden in ["1994", "2026", "example.org", "+33", "Rose", "01053"] {
        assert!(!text.contains(hidden), "{hidden} is not public");
    }
    let gone = entry(&listed(Some(NOW)), &lists, NOW + day).unwrap();
    assert!(!gone.active && gone.situations.is_empty());
    let mut retired = listed(None);
    retired.professional.retired_at = Some(NOW);
    assert_eq!(entry(&retired, &lists, NOW + day), None);
}

#[test]
fn a_search_never_lists_everybody() {
    #[track_caller]
    fn check(name: Option<&str>, finess: Option<&str>, expected: bool) {
        let finess = finess.map(|finess| finess.parse().unwrap());
        let query = DirectoryQuery::new(name, Some("Estelle"), finess, NOW);
        assert_eq!(query.is_some(), expected, "{name:?}");
    }
    check(None, None, false);
    check(Some("m"), None, false);
    check(Some(" - "), None, false);
    check(Some("ma"), None, true);
    check(None, Some("019999028"), true);
}
