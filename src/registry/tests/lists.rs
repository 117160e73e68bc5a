//! The code lists.

use super::*;
use crate::registry::{
    Authority,
    nomenclature::{Dmp, Found, List},
};

#[test]
fn a_code_is_valid_on_its_days_only() {
    let nomenclature = Nomenclature::shipped().unwrap();
    #[track_caller]
    fn check(list: &List, code: &str, day: &str, expected: &str) {
        let found = match list.find(code, &[day.parse().unwrap()]) {
            Found::Valid(_) => "valid",
            Found::Outdated(_) => "outdated",
            Found::Unknown => "unknown",
        };
        assert_eq!(found, expected, "{code} on {day}");
    }
    check(&nomenclature.professions, "320", "2020-01-01", "valid");
    check(&nomenclature.professions, "323", "2025-12-21", "valid");
    check(&nomenclature.professions, "323", "2025-12-22", "outdated");
    check(&nomenclature.professions, "371", "2025-03-27", "outdated");
    check(&nomenclature.professions, "371", "2025-03-28", "valid");
    check(&nomenclature.professions, "000", "2026-01-01", "unknown");
    check(&nomenclature.modes, "I", "2026-02-01", "outdated");
    check(&nomenclature.modes, "I", "2026-02-02", "valid");
    check(&nomenclature.civilities, "MLLE", "2026-02-02", "outdated");
    check(&nomenclature.civilities, "DR", "2026-02-02", "unknown");
    check(&nomenclature.countries, "99000", "2026-02-02", "outdated");
    check(&nomenclature.communes, "20004", "1975-12-31", "valid");
    check(&nomenclature.communes, "20004", "1976-01-01", "outdated");
}

#[test]
fn every_profession_has_its_authority_and_every_place_its_present_name() {
    let nomenclature = Nomenclature::shipped().unwrap();
    assert_eq!(nomenclature.authority("320"), Some(Authority::Employer));
    assert_eq!(nomenclature.authority("60"), Some(Authority::Ordre));
    assert_eq!(nomenclature.authority("94"), Some(Authority::Ars));
    assert_eq!(nomenclature.authority("99"), None);
    assert_eq!(nomenclature.commune_today("20004"), "2A004");
    assert_eq!(nomenclature.commune_today("75111"), "75056");
    assert_eq!(nomenclature.commune_today("01053"), "01053");
    assert!(nomenclature.is_practice("SA07"));
    assert!(!nomenclature.is_practice("SA17"));
}

#[test]
fn what_a_role_reads_is_told_only_where_the_matrix_tells() {
    let nomenclature = Nomenclature::shipped().unwrap();
    #[track_caller]
    fn check(dmp: Dmp<'_>, expected: &str) {
        let told = match dmp {
            Dmp::Reads(documents) => documents.len().to_string(),
            Dmp::Nothing => "nothing".to_owned(),
            Dmp::Untold => "untold".to_owned(),
        };
        assert_eq!(told, expected);
    }
    check(nomenclature.dmp("GENR08"), "34");
    check(nomenclature.dmp("GENR09"), "5");
    check(nomenclature.dmp("GENR13"), "nothing");
    check(nomenclature.dmp("GENR99"), "nothing");
    check(nomenclature.dmp("GENR01"), "untold");
}

#[test]
fn no_structure_of_the_sample_is_a_real_one() {
    let nomenclature = Nomenclature::shipped().unwrap();
    assert!(nomenclature.structures.len() >= 19);
    for structure in &nomenclature.structures {
        assert!(structure.finess.parse::<crate::kernel::Finess>().is_ok());
        assert!(structure.finess.contains("999") || structure.finess.starts_with('9'));
    }
}
