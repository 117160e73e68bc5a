//! Test identities: what an identity provider knows, what the civil register answers, and what
//! `FranceConnect` makes of both. All invented: most are those of the platform's public sandbox.

use std::fmt::Write;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::failures::{self, Failure};
use crate::world::people::PersonSeed;

const FRANCE: &str = "99100";
/// In the file: the provider sends an empty text instead of nothing.
const EMPTY: &str = "∅";
/// What the real platform keeps to itself; here it only makes subjects stable.
const PLATFORM_SECRET: &str = "passerelle-simulation-de-franceconnect";

/// One test identity, as the file has it. First names are separated by `|`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Identity {
    /// What the person types to be identified.
    pub(super) key: String,
    given_names: String,
    family_name: String,
    preferred_username: String,
    gender: String,
    birthdate: String,
    birthplace: String,
    birthcountry: String,
    pub(super) email: String,
    /// What the register says otherwise than the provider; empty: the same.
    register_given_names: String,
    register_family_name: String,
    register_birthcountry: String,
    /// The first names under which `FranceConnect` met this person: a stored subject stays.
    first_known_as: String,
    /// The code of the page that the register's answer leads to; empty: found.
    register: String,
    /// What this identity is good for, in a few French words.
    pub(super) case: String,
    #[serde(skip)]
    mobile: Option<String>,
}

/// Those of the file, after the people of the demo world.
pub(super) fn all(people: &[PersonSeed]) -> Vec<Identity> {
    let file = include_str!("../../data/franceconnect_identities.csv");
    let of_file = csv::Reader::from_reader(file.as_bytes()).into_deserialize();
    people.iter().map(Identity::of_person).chain(of_file.filter_map(Result::ok)).collect()
}

impl Identity {
    fn of_person(person: &PersonSeed) -> Self {
        let text = |name: &str| {
            person.identity.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let names = person.identity.get("given_name_array").and_then(Value::as_array);
        let names = names.into_iter().flatten().filter_map(Value::as_str);
        let case = if person.registration.is_some() {
            "déjà enregistrée au répertoire"
        } else {
            "à enregistrer : connue de FranceConnect seulement"
        };
        Self {
            key: person.key.to_owned(),
            given_names: names.collect::<Vec<_>>().join("|"),
            family_name: text("family_name"),
            preferred_username: text("preferred_username"),
            gender: text("gender"),
            birthdate: text("birthdate"),
            birthplace: text("birthplace"),
            birthcountry: text("birthcountry"),
            email: text("email"),
            case: case.to_owned(),
            mobile: Some(text("mobile")),
            ..Self::default()
        }
    }

    fn given_names(&self) -> Vec<&str> {
        or(&self.register_given_names, &self.given_names).split('|').collect()
    }

    fn family_name(&self) -> &str {
        or(&self.register_family_name, &self.family_name)
    }

    fn country(&self) -> &str {
        or(&self.register_birthcountry, &self.birthcountry)
    }

    /// A commune is told only for who was born in France.
    fn commune(&self) -> &str {
        if self.country() == FRANCE { &self.birthplace } else { "" }
    }

    /// The register's date: what is not known is written as 1.
    fn birthdate(&self) -> String {
        self.birthdate.replace("-00", "-01")
    }

    /// First name and name, as a list shows them.
    pub(super) fn full_name(&self) -> String {
        format!("{} {}", self.family_name(), self.given_names().join(" "))
    }

    /// Why this identity leads to an error page, if it does: what the provider sent is checked
    /// first, then the register is asked.
    pub(super) fn failure(&self) -> Option<&'static Failure> {
        if self.is_complete() { failures::of(&self.register) } else { failures::of("Y600006") }
    }

    /// E-mail, gender, codes of place and a date are compulsory.
    fn is_complete(&self) -> bool {
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let is_country = |code: &str| code.len() == 5 && code.starts_with("99") && digits(code);
        let is_commune = |code: &str| {
            code.split_at_checked(2).is_some_and(|(department, rest)| {
                let is_department = digits(department) || matches!(department, "2A" | "2B");
                is_department && rest.len() == 3 && digits(rest)
            })
        };
        let is_presumed = self.birthdate.ends_with("-00");
        !self.email.is_empty()
            && matches!(self.gender.as_str(), "male" | "female" | "unspecified")
            && is_country(&self.birthcountry)
            && (self.birthcountry != FRANCE || is_commune(&self.birthplace))
            && (is_presumed || !self.birthdate.contains("-00-"))
            && self.birthdate().parse::<Date>().is_ok()
    }

    /// Every claim that scopes may release, but `sub`.
    pub(super) fn claims(&self) -> Map<String, Value> {
        let mut claims = Map::new();
        let mut say = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        say("given_name", self.given_names().join(" ").into());
        say("given_name_array", self.given_names().into());
        say("family_name", self.family_name().into());
        say("birthdate", self.birthdate().into());
        say("idp_birthdate", self.birthdate.clone().into());
        say("gender", self.gender.clone().into());
        say("birthplace", self.commune().into());
        say("birthcountry", self.country().into());
        say("email", self.email.clone().into());
        match self.preferred_username.as_str() {
            "" => None,
            EMPTY => say("preferred_username", "".into()),
            name => say("preferred_username", name.into()),
        };
        claims
    }

    /// The subject for a service: SHA-256 over the service's entity, the identity's hash and the
    /// platform's secret. The same person has the same subject whatever provider vouched for her.
    pub(super) fn subject(&self, entity: &str) -> String {
        let first_names = match self.first_known_as.as_str() {
            "" => self.given_names().join(" "),
            earlier => earlier.to_owned(),
        };
        let traits = [
            first_names.as_str(),
            self.family_name(),
            &self.birthdate(),
            &self.gender,
            self.commune(),
            self.country(),
        ];
        let identity = STANDARD.encode(digest(&SHA256, traits.concat().as_bytes()));
        let whole = [entity, &identity, PLATFORM_SECRET].concat();
        let mut subject = String::new();
        for byte in digest(&SHA256, whole.as_bytes()).as_ref() {
            // Writing to a text does not fail.
            let _ = write!(subject, "{byte:02x}");
        }
        subject + "v1"
    }

    /// As `GET /demo/world` tells it: what would be released, and what is not.
    pub(super) fn description(&self) -> Value {
        let mut told = self.claims();
        told.insert("key".into(), self.key.clone().into());
        told.entry("preferred_username").or_insert(Value::Null);
        told.insert("mobile".into(), json!(self.mobile));
        told.insert("case".into(), self.case.clone().into());
        told.insert("page".into(), json!(self.failure().map(|failure| failure.code)));
        Value::Object(told)
    }
}

fn or<'a>(first: &'a str, otherwise: &'a str) -> &'a str {
    if first.is_empty() { otherwise } else { first }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::world::people;

    fn known() -> HashMap<String, Identity> {
        let all = all(&people::all());
        all.into_iter().map(|identity| (identity.key.clone(), identity)).collect()
    }

    #[test]
    fn every_row_is_read_and_has_a_key_of_its_own() {
        let rows = include_str!("../../data/franceconnect_identities.csv").lines().count() - 1;
        assert_eq!(all(&people::all()).len(), rows + people::all().len());
        assert_eq!(known().len(), rows + people::all().len());
        for identity in known().values() {
            assert!(!identity.case.is_empty(), "{}", identity.key);
            let reserved = identity.email.ends_with("@example.org") && identity.email.is_ascii();
            assert!(reserved || identity.email.is_empty(), "{}", identity.email);
        }
    }

    #[test]
    fn claims_have_the_platforms_forms() {
        let known = known();
        let check = |key: &str, claim: &str, expected: Option<Value>| {
            let claims = known.get(key).map(Identity::claims).unwrap_or_default();
            assert_eq!(claims.get(claim), expected.as_ref(), "{key} {claim}");
        };
        let check = |key: &str, claim: &str, expected: Value| {
            check(key, claim, Some(expected).filter(|value| !value.is_null()));
        };
        let composed = "prénom_composé_avec_espace";
        check(composed, "given_name", json!("Jean Philippe Pierre Louis"));
        check(composed, "given_name_array", json!(["Jean Philippe", "Pierre", "Louis"]));
        check(composed, "family_name", json!("DUBOIS"));
        check(composed, "preferred_username", json!("Martin"));
        check("test", "preferred_username", Value::Null);
        check("nom_dusage_vide", "preferred_username", json!(""));
        check("prénom_rectifié", "given_name_array", json!(["Cécile", "Aude"]));
        check("étranger_présumé_né_jour", "birthdate", json!("1992-11-01"));
        check("étranger_présumé_né_jour", "idp_birthdate", json!("1992-11-00"));
        check("étranger_présumé_né_jour_et_mois", "birthdate", json!("1992-01-01"));
        check("étranger_présumé_né_jour_et_mois", "idp_birthdate", json!("1992-00-00"));
        check("naissance_Algérie", "birthplace", json!(""));
        check("naissance_etranger_birthplace_texte", "birthplace", json!(""));
        check("naissance_etranger_birthplace_cog", "birthplace", json!("90900"));
        check("naissance_etranger_birthplace_cog", "birthcountry", json!("99100"));
        check("naissance_polynesie_française", "birthcountry", json!("99100"));
        check("test_CORSE_2A", "birthplace", json!("2A004"));
        check("nouvelle", "family_name", json!("CARBONNEL"));
    }

    #[test]
    fn some_lead_to_a_page() {
        let known = known();
        let check = |key: &str, expected: Option<&str>| {
            let failure = known.get(key).and_then(Identity::failure);
            assert_eq!(failure.map(|failure| failure.code), expected, "{key}");
        };
        for key in ["test", "nouvelle", "étranger_présumé_né_jour_et_mois", "genre_indéfini"] {
            check(key, None);
        }
        for key in ["sans_mail", "sans_genre", "sans_birthplace", "mois_00", "test_INVALID_COG"] {
            check(key, Some("Y600006"));
        }
        check("E010008", Some("Y010008"));
        check("E010015", Some("Y010015"));
        check("Y180001", Some("Y180001"));
    }

    #[test]
    fn subjects_are_stable_and_of_one_service() {
        let known = known();
        let subject = |key: &str, entity: &str| known.get(key).map(|one| one.subject(entity));
        // Computed apart, from the formula.
        assert_eq!(
            subject("test", "passerelle-demo").as_deref(),
            Some("8a2483a2539265cb4f355089e058c70ba91249625f7e18c367ddc5b51549910dv1")
        );
        assert_ne!(subject("test", "passerelle-demo"), subject("test", "other"));
        assert_ne!(subject("homonyme_1", "a"), subject("homonyme_2", "a"));
        let abroad = subject("naissance_Algérie", "a").unwrap_or_default();
        assert_eq!((abroad.len(), abroad.ends_with("v1")), (66, true));
    }
}
