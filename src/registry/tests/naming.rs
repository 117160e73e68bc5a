//! Under which name somebody works.

use super::*;

#[test]
fn a_first_name_in_practice_is_a_civil_one_in_its_civil_spelling() {
    #[track_caller]
    fn kept(changes: &[(&str, Value)], expected: &str) {
        let situation = registered(changes).situation;
        let found = format!("{} {}", situation.exercise_first_name, situation.exercise_name);
        assert_eq!(found, expected);
    }
    let chosen = |name: &str| ("situation.exercise_first_name", json!(name));
    kept(&[], "Estelle Marvaud");
    kept(&[chosen("rose anne")], "Rose-Anne Marvaud");
    kept(&[("usage_name", json!("Corvaisier"))], "Estelle Corvaisier");
    kept(
        &[("usage_name", json!("Corvaisier")), ("situation.exercise_name", json!("Marvaud"))],
        "Estelle Marvaud",
    );
    kept(&[("situation.exercise_name", json!("MARVAUD"))], "Estelle Marvaud");
    check(&[("situation.exercise_name", json!("Dupont"))], &["situation.exercise_name not_a_name"]);
    check(
        &[("usage_name", json!("Corvaisier")), ("situation.exercise_name", json!("Marvaux"))],
        &["situation.exercise_name not_a_name"],
    );
    check(&[chosen("Rose")], &["situation.exercise_first_name not_a_first_name"]);
    check(&[chosen("Este11e")], &["situation.exercise_first_name bad_character"]);
    check(
        &[("situation.exercise_name", json!("M@rvaud"))],
        &["situation.exercise_name bad_character"],
    );
}

#[test]
fn names_are_kept_tidy_and_composed() {
    let who = registered(&[
        ("birth_name", json!("  Le   Goff ")),
        ("first_names", json!(["E\u{301}loi"])),
        ("email", json!("Eloi.LeGoff@Example.org")),
    ])
    .professional;
    assert_eq!(who.identity.birth_name, "Le Goff");
    assert_eq!(who.identity.first_names, ["Éloi"]);
    assert_eq!(
        (who.email.as_str(), who.mobile.as_str()),
        ("Eloi.LeGoff@Example.org", "+33639980123")
    );
}
