//! Who may be registered, and under which identity.

use base64::Engine;

use super::*;

#[test]
fn a_sound_registration_has_no_fault() {
    check(&[], &[]);
    check(&[("usage_name", json!("de l'Étang-Noir"))], &[]);
    check(&[("usage_name", json!(""))], &[]);
    check(&[("usage_name", Value::Null)], &[]);
}

#[test]
fn every_fault_is_told_at_once() {
    check_against(
        &[
            ("civility", json!("MLLE")),
            ("birth_name", json!("")),
            ("first_names", json!([])),
            ("sex", json!("X")),
            ("birth_date", json!("17/05/1994")),
            ("birth_country", json!("99999")),
            ("email", json!("estelle")),
            ("mobile", json!("0142000000")),
            ("situation.profession", json!("999")),
            ("situation.last_day", json!("2026-11-01")),
            ("usage_nam", json!("Corvaisier")),
        ],
        &Known::default(),
        &[
            "civility unknown_code",
            "birth_name required",
            "first_names required",
            "sex unknown_code",
            "birth_date bad_date",
            "birth_country unknown_code",
            "email bad_email",
            "mobile not_a_mobile",
            "situation.last_day before_start",
            "situation.profession unknown_code",
            "usage_nam unknown_field",
            "situation.finess unknown_structure",
        ],
    );
}

#[test]
fn nothing_that_is_wanted_may_be_missing_or_of_another_type() {
    for (field, of_another_type) in [
        ("civility", json!(1)),
        ("birth_name", json!(["Marvaud"])),
        ("sex", json!(true)),
        ("birth_date", json!(19_940_517)),
        ("birth_country", json!({})),
        ("email", json!([])),
        ("mobile", json!(639_980_123)),
        ("first_names", json!("Estelle")),
    ] {
        check(&[(field, Value::Null)], &[&format!("{field} required")]);
        check(&[(field, of_another_type)], &[&format!("{field} wrong_type")]);
    }
    check(&[("first_names", json!(["Estelle", 7]))], &["first_names wrong_type"]);
    check(&[("situation", Value::Null)], &["situation required"]);
    check(&[("situation", json!([]))], &["situation wrong_type"]);
    check(&[("birth_commune", Value::Null)], &["birth_commune required"]);
}

#[test]
fn names_are_those_of_a_document() {
    let name = |text: &str, expected: &[&str]| check(&[("birth_name", json!(text))], expected);
    name("d'Aboville--Le Goff", &[]);
    name("L’Haÿ", &[]);
    name("Ñuñez Ó Dónaill", &[]);
    name("Nguyễn", &[]);
    name("Marvaud2", &["birth_name bad_character"]);
    name("-Marvaud", &["birth_name bad_character"]);
    name("Marvaud-", &["birth_name bad_character"]);
    name("Марво", &["birth_name bad_character"]);
    name("<b>Marvaud</b>", &["birth_name bad_character"]);
    name("Mar\u{0}vaud", &["birth_name bad_character"]);
    name("Marvaud\nBcc: x@example.org", &["birth_name bad_character"]);
    name(&"a".repeat(80), &[]);
    name(&"a".repeat(81), &["birth_name too_long"]);
    name(&"a".repeat(201), &["birth_name too_long"]);

    let names = |list: Value, expected: &[&str]| check(&[("first_names", list)], expected);
    names(json!(["Estelle", "estelle"]), &["first_names repeated"]);
    names(json!(["Estelle", "Rose", "Éstelle"]), &["first_names repeated"]);
    names(json!(["Estelle", ""]), &["first_names required"]);
    names(json!(["Estelle", "R0se"]), &["first_names bad_character"]);
    let letters = "ABCDEFGHIJKLMNOP".chars().map(|c| format!("An{c}"));
    names(letters.clone().take(15).collect(), &[]);
    names(letters.collect(), &["first_names too_many"]);
}

#[test]
fn a_birth_is_past_and_plausible() {
    let date = |text: &str, expected: &[&str]| {
        check(
            &[("birth_date", json!(text)), ("situation.started_on", json!("2026-11-20"))],
            expected,
        );
    };
    date("2012-11-21", &[]);
    date("2012-11-22", &["birth_date implausible"]);
    date("2026-11-20", &["birth_date implausible"]);
    date("2026-11-21", &["birth_date in_the_future"]);
    date("2094-05-17", &["birth_date in_the_future"]);
    date("1916-11-21", &[]);
    date("1916-11-20", &["birth_date implausible"]);
    date("1994-02-29", &["birth_date bad_date"]);
    date("1994-05-17T00:00", &["birth_date bad_date"]);
}

#[test]
fn a_birthplace_is_a_commune_in_france_and_a_town_elsewhere() {
    let born = |country: &str, commune: Value, town: Value, expected: &[&str]| {
        let changes =
            [("birth_country", json!(country)), ("birth_commune", commune), ("birth_town", town)];
        check(&changes, expected);
    };
    let none = || Value::Null;
    born("99100", json!("75111"), none(), &[]);
    born("99100", json!("2A004"), none(), &[]);
    born("99100", json!("97411"), none(), &[]);
    born("99100", none(), none(), &["birth_commune required"]);
    born("99100", json!("01000"), none(), &["birth_commune unknown_code"]);
    born("99100", json!("01053"), json!("Bourg"), &["birth_town not_in_france"]);
    born("99100", none(), json!("Bourg"), &["birth_town not_in_france", "birth_commune required"]);
    born("99351", none(), json!("Sfax"), &[]);
    born("99351", none(), none(), &["birth_town required"]);
    born("99351", json!("01053"), json!("Sfax"), &["birth_commune not_abroad"]);
    born("99000", json!("01053"), none(), &["birth_country outdated_code"]);
    born("FR", json!("01053"), none(), &["birth_country unknown_code"]);
}

#[test]
fn a_former_commune_is_right_for_who_was_born_there_then() {
    let born = |commune: &str, date: &str, expected: &[&str]| {
        check(&[("birth_commune", json!(commune)), ("birth_date", json!(date))], expected);
    };
    born("20004", "1975-12-31", &[]);
    born("2A004", "1975-12-31", &[]);
    born("20004", "1976-01-01", &["birth_commune outdated_code"]);
    born("50602", "2012-01-01", &[]);
}

#[test]
fn one_person_has_one_number_however_it_is_spelt() {
    let key = |changes: &[(&str, Value)]| registered(changes).identity_key;
    let ours = key(&[]);
    for same in [
        ("birth_name", json!("MARVAUD")),
        ("birth_name", json!("  Marvaud ")),
        ("first_names", json!(["ESTELLE", "Rose Anne"])),
        ("first_names", json!(["Éstelle", "rose-anne"])),
        ("usage_name", json!("Corvaisier")),
        ("email", json!("other@example.org")),
        ("civility", json!("M")),
    ] {
        assert_eq!(key(std::slice::from_ref(&same)), ours, "{same:?}");
    }
    for other in [
        ("birth_name", json!("Marvaux")),
        ("first_names", json!(["Estelle"])),
        ("first_names", json!(["Rose-Anne", "Estelle"])),
        ("birth_date", json!("1994-05-18")),
        ("birth_commune", json!("69266")),
    ] {
        assert_ne!(key(std::slice::from_ref(&other)), ours, "{other:?}");
    }
    let of = |commune: &str| {
        key(&[("birth_commune", json!(commune)), ("birth_date", json!("1970-05-17"))])
    };
    assert_eq!(of("20004"), of("2A004"));
    assert_eq!(of("75056"), of("75111"));
}

#[test]
fn what_belongs_to_somebody_else_is_refused() {
    let taken = Known { is_email_taken: true, is_mobile_taken: true, ..known() };
    check_against(&[], &taken, &["email email_taken", "mobile mobile_taken"]);
    let both = [("sex", json!("X"))];
    check_against(&both, &taken, &["sex unknown_code", "email email_taken", "mobile mobile_taken"]);
    let herself = Known { same_person: Some(rpps(7)), is_email_taken: true, ..known() };
    let refused = judged(with(&[]), &herself, false).unwrap_err();
    assert_eq!(refused, NotRegistered::Already(rpps(7)));
}

#[test]
fn a_document_is_one_that_can_be_read() {
    let document = |value: Value, expected: &[&str]| check(&[("document", value)], expected);
    let piece = |bytes: &[u8]| json!(base64::engine::general_purpose::STANDARD.encode(bytes));
    document(piece(include_bytes!("../../../tests/pieces/piece.pdf")), &[]);
    document(piece(include_bytes!("../../../tests/pieces/piece.jpg")), &[]);
    document(piece(include_bytes!("../../../tests/pieces/piece.png")), &[]);
    document(json!("JVBERi0xLjQK"), &["document unreadable"]);
    document(json!("/9j/4AAQ"), &["document unreadable"]);
    document(json!("iVBORw0KGgo"), &["document unreadable"]);
    document(json!("R0lGODlh"), &["document bad_format"]);
    document(json!("***"), &["document bad_base64"]);
    document(json!(12), &["document wrong_type"]);
    let heavy = format!("JVBERi0x{}", "A".repeat(6_000_000));
    document(json!(heavy), &["document too_long"]);
}

#[test]
fn the_mail_carries_all_that_the_person_needs() {
    let letter = registered(&[("usage_name", json!("Corvaisier"))]).letter;
    assert_eq!(letter.to, "estelle.marvaud@example.org");
    let number = rpps(1).to_string();
    for wanted in [
        number.as_str(),
        &format!("8{number}"),
        "Madame",
        "Marvaud",
        "Corvaisier",
        "Estelle",
        "estelle.marvaud@example.org",
        "0639980123",
        "EHPAD LES GRANDS TILLEULS",
        "019999028",
        "Aide-soignant",
        "Accompagnement social/médico-social au soin",
        "le 21/11/2026 à 15:00",
        "à partir du 22/11/2026 à 15:00",
        "à partir du 23/11/2026 à 15:00",
        "e-CPS",
    ] {
        assert!(letter.text.contains(wanted), "{wanted} is missing from\n{}", letter.text);
    }
    for hidden in ["1994", "17/05", "Bourg-en-Bresse"] {
        assert!(!letter.text.contains(hidden), "{hidden} has no place in a mail");
    }
}
