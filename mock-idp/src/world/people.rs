//! The eight people of the demo world. All invented; mobiles are in the range kept for fiction.

use serde_json::{Value, json};

/// One person to be registered, as plain data.
#[derive(Clone, Debug)]
pub struct PersonSeed {
    /// The name by which programs find this person.
    pub key: &'static str,
    /// The body of `POST /api/v1/professionals`; none for who is known to `FranceConnect` only.
    pub registration: Option<Value>,
    /// How long before seeding the registration was validated.
    pub validated_before_hours: u32,
    /// Who entered the situation: `employer`, or `ordre`.
    pub authority: &'static str,
    /// Situations beside the first, in the shape of the API.
    pub other_situations: Vec<Value>,
    /// Structures (FINESS) that gave a local access.
    pub local_accesses: Vec<&'static str>,
    /// What this person may manage.
    pub habilitations: Vec<Habilitation>,
    /// The civil identity as `FranceConnect` tells it.
    pub identity: Value,
}

/// What lets a professional manage a structure, or watch the gateway.
#[derive(Clone, Debug)]
pub struct Habilitation {
    /// `representant-legal`, `mandataire`, `gestionnaire`, `securite`, `autorite`.
    pub as_what: &'static str,
    /// The structure, where there is one.
    pub finess: Option<&'static str>,
    /// The day of the training that a gestionnaire needs.
    pub trained_on: Option<&'static str>,
}

impl PersonSeed {
    /// First name and the name in use, as people say it.
    pub(crate) fn full_name(&self) -> String {
        let text = |name: &str| self.identity.get(name).and_then(Value::as_str);
        let first = text("given_name").and_then(|names| names.split(' ').next());
        let name = text("preferred_username").or_else(|| text("family_name"));
        format!("{} {}", first.unwrap_or_default(), name.unwrap_or_default())
    }
}

const TILLEULS: &str = "019999028";
const RIVE_CLAIRE: &str = "699999124";

/// Everybody, in the order of the contract.
pub(crate) fn all() -> Vec<PersonSeed> {
    vec![
        directrice(),
        gestionnaire(),
        active(
            "aide-soignante",
            &Civil::of("MME", "VERCHERE", "Nadia Louise", ("1990-06-21", "01004"), 13),
            situation(TILLEULS, "313", "GENR11", "2022-03-14"),
        ),
        PersonSeed {
            other_situations: vec![situation(RIVE_CLAIRE, "326", "GENR10", "2023-01-09")],
            ..active(
                "educateur",
                &Civil::of("M", "QUENARD", "Thibault Marc", ("1985-11-30", "69266"), 14),
                situation(TILLEULS, "326", "GENR10", "2021-09-01"),
            )
        },
        PersonSeed {
            authority: "ordre",
            local_accesses: vec![TILLEULS],
            ..active(
                "infirmiere",
                &Civil::of("MME", "OLLIVAULT", "Sandrine", ("1976-02-17", "42218"), 15),
                situation(TILLEULS, "60", "GENR01", "2019-05-06"),
            )
        },
        nouvelle(),
        PersonSeed {
            validated_before_hours: 1,
            ..active(
                "recent",
                &Civil::of("M", "PASTOUREL", "Julien", ("1993-01-25", "71076"), 17),
                situation(TILLEULS, "328", "GENR10", "2025-09-01"),
            )
        },
        PersonSeed {
            habilitations: vec![Habilitation {
                as_what: "securite",
                finess: None,
                trained_on: None,
            }],
            ..active(
                "rssi",
                &Civil::of("M", "DELESTAING", "Karim", ("1981-05-14", "25056"), 18),
                situation(TILLEULS, "340", "GENR13", "2020-11-02"),
            )
        },
    ]
}

fn directrice() -> PersonSeed {
    let mut civil = Civil::of("MME", "MAUBRUN", "Hélène Odile", ("1968-04-12", "01053"), 11);
    civil.usage_name = Some("CORVAISIER");
    PersonSeed {
        habilitations: vec![Habilitation {
            as_what: "representant-legal",
            finess: Some(TILLEULS),
            trained_on: None,
        }],
        ..active("directrice", &civil, situation(TILLEULS, "359", "GENR12", "2018-01-08"))
    }
}

fn gestionnaire() -> PersonSeed {
    let civil = Civil::of("M", "LAFORGUE", "Bastien", ("1979-09-03", "38185"), 12);
    PersonSeed {
        habilitations: vec![Habilitation {
            as_what: "gestionnaire",
            finess: Some(RIVE_CLAIRE),
            trained_on: Some("2025-06-12"),
        }],
        ..active("gestionnaire", &civil, situation(RIVE_CLAIRE, "343", "GENR12", "2020-02-03"))
    }
}

fn nouvelle() -> PersonSeed {
    let civil = Civil::of("MME", "CARBONNEL", "Inès Jeanne", ("1998-08-08", "21231"), 16);
    PersonSeed {
        registration: None,
        validated_before_hours: 0,
        ..active("nouvelle", &civil, Value::Null)
    }
}

fn active(key: &'static str, civil: &Civil, situation: Value) -> PersonSeed {
    PersonSeed {
        key,
        registration: Some(civil.registration(situation)),
        validated_before_hours: 72,
        authority: "employer",
        other_situations: Vec::new(),
        local_accesses: Vec::new(),
        habilitations: Vec::new(),
        identity: civil.identity(key),
    }
}

fn situation(finess: &str, profession: &str, role: &str, started_on: &str) -> Value {
    json!({
        "finess": finess,
        "profession": profession,
        "role": role,
        "mode": "S",
        "started_on": started_on,
    })
}

/// A civil identity, as a document would carry it.
struct Civil {
    civility: &'static str,
    birth_name: &'static str,
    usage_name: Option<&'static str>,
    first_names: Vec<&'static str>,
    birth_date: &'static str,
    birth_commune: &'static str,
    line: u8,
}

impl Civil {
    fn of(
        civility: &'static str,
        birth_name: &'static str,
        first_names: &'static str,
        (birth_date, birth_commune): (&'static str, &'static str),
        line: u8,
    ) -> Self {
        let first_names = first_names.split(' ').collect();
        Self {
            civility,
            birth_name,
            usage_name: None,
            first_names,
            birth_date,
            birth_commune,
            line,
        }
    }

    fn email(&self) -> String {
        let first = self.first_names.first().copied().unwrap_or_default();
        let plain = |text: &str| text.to_lowercase().replace(['é', 'è'], "e");
        let name = self.usage_name.unwrap_or(self.birth_name);
        format!("{}.{}@example.org", plain(first), plain(name))
    }

    fn mobile(&self) -> String {
        format!("+336399800{:02}", self.line)
    }

    fn registration(&self, situation: Value) -> Value {
        let mut body = json!({
            "civility": self.civility,
            "birth_name": self.birth_name,
            "first_names": self.first_names,
            "sex": if self.civility == "M" { "M" } else { "F" },
            "birth_date": self.birth_date,
            "birth_country": "99100",
            "birth_commune": self.birth_commune,
            "email": self.email(),
            "mobile": self.mobile(),
        });
        if let Some(members) = body.as_object_mut() {
            members.insert("situation".into(), situation);
            if let Some(name) = self.usage_name {
                members.insert("usage_name".into(), name.into());
            }
        }
        body
    }

    fn identity(&self, key: &str) -> Value {
        json!({
            "key": key,
            "given_name": self.first_names.join(" "),
            "given_name_array": self.first_names,
            "family_name": self.birth_name,
            "preferred_username": self.usage_name,
            "gender": if self.civility == "M" { "male" } else { "female" },
            "birthdate": self.birth_date,
            "birthcountry": "99100",
            "birthplace": self.birth_commune,
            "email": self.email(),
            "mobile": self.mobile(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn eight_people_who_are_not_mistaken_for_each_other() {
        let people = all();
        let mailboxes: HashSet<_> =
            people.iter().map(|person| person.identity.get("email").cloned()).collect();
        let lines: HashSet<_> =
            people.iter().map(|person| person.identity.get("mobile").cloned()).collect();
        assert_eq!((people.len(), mailboxes.len(), lines.len()), (8, 8, 8));
        for person in &people {
            let mail = person.identity.get("email").and_then(Value::as_str).unwrap_or_default();
            assert!(mail.is_ascii(), "{mail}");
        }
    }
}
