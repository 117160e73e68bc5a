//! Claims in, identity out: the formats of FranceConnect, and what breaks them.

use jiff::civil::date;
use serde_json::{Value, json};

use super::{
    Level,
    identity::{Claims, Proof, identity},
};
use crate::{
    franceconnect::BadIdentity,
    kernel::Timestamp,
    registry::{VerifiedIdentity, verified::Presumed},
};

fn sub() -> String {
    format!("{}v1", "0a".repeat(32))
}

fn claims() -> Value {
    json!({
        "sub": sub(),
        "given_name": "Angela Claire Louise",
        "given_name_array": ["Angela", "Claire", "Louise"],
        "family_name": "DUBOIS",
        "birthdate": "1962-08-24",
        "gender": "female",
        "birthplace": "75107",
        "birthcountry": "99100",
        "email": "angela@courriel.example",
        "iss": "https://fc.example/api/v2",
    })
}

/// The identity of the usual claims with these changes; null takes one away.
fn read(changes: &Value) -> Result<VerifiedIdentity, BadIdentity> {
    let mut claims = claims();
    let members = claims.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        members.insert(name.clone(), value.clone());
    }
    members.retain(|_, value| !value.is_null());
    let claims: Claims = serde_json::from_value(claims.clone()).unwrap();
    let sub = claims.subject().to_owned();
    identity(claims, Proof { sub, level: Level::Low, at: Timestamp(1_000) })
}

#[test]
fn the_usual_claims_are_an_identity() {
    let expected = VerifiedIdentity {
        sub: sub(),
        birth_name: "DUBOIS".to_owned(),
        first_names: ["Angela", "Claire", "Louise"].map(str::to_owned).into(),
        usage_name: None,
        sex: Some("F".to_owned()),
        birth_date: date(1962, 8, 24),
        presumed: Presumed::Nothing,
        birth_country: "99100".to_owned(),
        birth_commune: Some("75107".to_owned()),
        email: Some("angela@courriel.example".to_owned()),
        acr: "eidas1".to_owned(),
        authenticated_at: Timestamp(1_000),
    };
    assert_eq!(read(&json!({})), Ok(expected));
}

#[test]
fn names_come_as_registers_write_them() {
    #[track_caller]
    fn check(changes: &Value, expected: &[&str], usage: Option<&str>) {
        let found = read(changes).unwrap();
        assert_eq!(found.first_names, expected, "{changes}");
        assert_eq!(found.usage_name.as_deref(), usage, "{changes}");
    }
    let list = json!(["Jean Philippe", "Pierre", "Louis"]);
    check(
        &json!({"given_name": "Jean Philippe Pierre Louis", "given_name_array": list}),
        &["Jean Philippe", "Pierre", "Louis"],
        None,
    );
    check(&json!({"given_name_array": null}), &["Angela", "Claire", "Louise"], None);
    check(&json!({"given_name_array": []}), &["Angela", "Claire", "Louise"], None);
    let joined = json!({"given_name": "Anne-Laure", "given_name_array": null});
    check(&joined, &["Anne-Laure"], None);
    check(&json!({"preferred_username": ""}), &["Angela", "Claire", "Louise"], None);
    check(&json!({"preferred_username": " "}), &["Angela", "Claire", "Louise"], None);
    check(
        &json!({"preferred_username": "D'AUBIGNÉ-L'HÉRITIER", "given_name_array": ["Joëlle"]}),
        &["Joëlle"],
        Some("D'AUBIGNÉ-L'HÉRITIER"),
    );
}

#[test]
fn parts_of_a_birth_date_may_be_a_convention() {
    #[track_caller]
    fn check(birthdate: &str, idp: Option<&str>, expected: (&str, Presumed)) {
        let found = read(&json!({"birthdate": birthdate, "idp_birthdate": idp})).unwrap();
        let found = (found.birth_date.to_string(), found.presumed);
        assert_eq!((found.0.as_str(), found.1), expected, "{birthdate} {idp:?}");
    }
    check("1992-11-01", None, ("1992-11-01", Presumed::Nothing));
    check("1992-11-01", Some("1992-11-01"), ("1992-11-01", Presumed::Nothing));
    check("1992-11-01", Some("1992-11-00"), ("1992-11-01", Presumed::Day));
    check("1992-01-01", Some("1992-00-00"), ("1992-01-01", Presumed::DayAndMonth));
    // The register knew better than the identity provider.
    check("1992-11-14", Some("1992-11-00"), ("1992-11-14", Presumed::Nothing));
    check("1992-11-01", Some("1991-11-00"), ("1992-11-01", Presumed::Nothing));
    check("1992-11-01", Some("unknown"), ("1992-11-01", Presumed::Nothing));
    // FranceConnect+ does not replace the zeros.
    check("1992-11-00", None, ("1992-11-01", Presumed::Day));
    check("1992-00-00", None, ("1992-01-01", Presumed::DayAndMonth));
    check("1992-11-00", Some("1992-11-01"), ("1992-11-01", Presumed::Day));
    check("2000-02-29", None, ("2000-02-29", Presumed::Nothing));
}

#[test]
fn who_was_born_abroad_has_a_country_and_no_commune() {
    #[track_caller]
    fn check(place: &Value, country: &str, expected: Option<&str>) {
        let found = read(&json!({"birthplace": place, "birthcountry": country})).unwrap();
        assert_eq!(found.birth_commune.as_deref(), expected);
        assert_eq!(found.birth_country, country);
    }
    check(&json!(""), "99352", None);
    check(&json!(null), "99139", None);
    check(&json!("Alger"), "99352", None);
    check(&json!("90900"), "99352", None);
    check(&json!("98729"), "99100", Some("98729"));
    check(&json!("2A004"), "99100", Some("2A004"));
    check(&json!("2B050"), "99100", Some("2B050"));
}

#[test]
fn what_is_not_told_is_left_open() {
    let sex = |gender: Value| read(&json!({"gender": gender})).map(|found| found.sex);
    assert_eq!(sex(json!("male")), Ok(Some("M".to_owned())));
    assert_eq!(sex(json!("unspecified")), Ok(None));
    assert_eq!(sex(json!(null)), Ok(None));
    let email = |email: Value| read(&json!({"email": email})).unwrap().email;
    for none in [json!(null), json!(""), json!("nobody"), json!("a b@c"), json!("@c")] {
        assert_eq!(email(none), None);
    }
}

#[test]
fn a_claim_that_franceconnect_never_writes_is_refused_by_its_name() {
    #[track_caller]
    fn check(name: &'static str, value: &Value) {
        let found = read(&json!({name: value}));
        let name = if name == "given_name_array" { "given_name" } else { name };
        assert_eq!(found.map(|_| ()), Err(BadIdentity(name)), "{value}");
    }
    let subject = sub();
    for wrong in [
        String::new(),
        subject.replace("v1", "v2"),
        subject.replace("v1", ""),
        subject.to_uppercase().replace("V1", "v1"),
        subject.replacen('0', "", 1),
        format!("{subject}v1"),
        format!(" {subject}"),
        subject.replacen('0', "g", 1),
    ] {
        check("sub", &json!(wrong));
    }
    for wrong in [json!(null), json!(""), json!("  "), json!("A\u{0}B"), json!("X".repeat(201))] {
        check("family_name", &wrong);
    }
    check("given_name_array", &json!(["Angela", ""]));
    check("gender", &json!("other"));
    for wrong in [
        json!(null),
        json!(""),
        json!("1962-8-24"),
        json!("24/08/1962"),
        json!("1962-00-24"),
        json!("1962-13-01"),
        json!("1962-02-30"),
        json!("0000-01-01"),
        json!("1962-08-24T00:00:00Z"),
        json!("+962-08-24"),
    ] {
        check("birthdate", &wrong);
    }
    for wrong in [json!(null), json!(""), json!("FR"), json!("99"), json!("98100"), json!("9910O")]
    {
        check("birthcountry", &wrong);
    }
    for wrong in [json!(null), json!(""), json!("Paris"), json!("7510"), json!("2C004")] {
        check("birthplace", &wrong);
    }
    let nameless = read(&json!({"given_name": null, "given_name_array": null}));
    assert_eq!(nameless, Err(BadIdentity("given_name")));
}
