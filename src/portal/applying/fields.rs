//! The fields of the forms, and the members of a registration that they stand for.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::registry::{VerifiedIdentity, fault::Fault};

use super::told::to_herself;

/// One form of the journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// What FranceConnect does not give.
    Identity,
    /// How the person is reached.
    Contact,
    /// The situation that they ask for.
    Situation,
}

impl Step {
    pub(super) const ALL: [Self; 3] = [Self::Identity, Self::Contact, Self::Situation];

    /// The last part of its address.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Identity => "identite",
            Self::Contact => "contact",
            Self::Situation => "situation",
        }
    }

    /// As people read it.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Identity => "Votre identité",
            Self::Contact => "Vos coordonnées",
            Self::Situation => "Votre situation d'exercice",
        }
    }

    /// Its fields, each with the member that it stands for.
    pub(super) const fn fields(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Identity => &[
                ("civilite", "civility"),
                ("nom_usage", "usage_name"),
                ("sexe", "sex"),
                ("ville_naissance", "birth_town"),
                ("commune_naissance", "birth_commune"),
                ("piece", "document"),
            ],
            Self::Contact => &[("email", "email"), ("mobile", "mobile")],
            Self::Situation => &[
                ("nom_exercice", "situation.exercise_name"),
                ("prenom_exercice", "situation.exercise_first_name"),
                ("finess", "situation.finess"),
                ("prise_de_fonction", "situation.started_on"),
                ("fin_prevue", "situation.last_day"),
                ("profession", "situation.profession"),
                ("role", "situation.role"),
                ("mode", "situation.mode"),
            ],
        }
    }

    /// The faults that concern this form, under the names of its fields and in the words for the
    /// person herself.
    pub(super) fn faults(self, all: &[Fault]) -> Vec<Fault> {
        let here = |fault: &Fault| {
            let found = self.fields().iter().find(|(_, member)| *member == fault.field);
            let field = match (found, self) {
                (Some((field, _)), _) => (*field).to_owned(),
                // What FranceConnect gave is at fault: no field of ours, and no other form's.
                (None, Self::Identity) if is_nowhere(&fault.field) => fault.field.clone(),
                (None, Self::Identity | Self::Contact | Self::Situation) => return None,
            };
            Some(Fault { field, message: to_herself(fault), ..fault.clone() })
        };
        all.iter().filter_map(here).collect()
    }
}

fn is_nowhere(member: &str) -> bool {
    let mut known = Step::ALL.into_iter().flat_map(Step::fields);
    known.all(|(_, known)| *known != member)
}

/// What was typed, as the members of a registration. What FranceConnect gave is left out, whoever
/// posts it.
pub(super) fn body(
    fields: &BTreeMap<String, String>,
    verified: &VerifiedIdentity,
) -> Map<String, Value> {
    let mut members = Map::new();
    let mut situation = Map::new();
    for (field, member) in Step::ALL.into_iter().flat_map(Step::fields) {
        let text = fields.get(*field).map(String::as_str).unwrap_or_default();
        if text.is_empty() || !is_asked(field, verified) {
            continue;
        }
        match member.strip_prefix("situation.") {
            Some(name) => situation.insert(name.to_owned(), day(text).into()),
            None => members.insert((*member).to_owned(), text.into()),
        };
    }
    members.insert("situation".to_owned(), situation.into());
    members
}

/// Whether the person is asked for it: only what FranceConnect left open.
pub(super) fn is_asked(field: &str, verified: &VerifiedIdentity) -> bool {
    let is_placed = verified.birth_commune.is_some();
    match field {
        "sexe" => verified.sex.is_none(),
        "ville_naissance" => !is_placed && !verified.is_born_in_france(),
        "commune_naissance" => !is_placed && verified.is_born_in_france(),
        _ => true,
    }
}

/// What people call it.
pub(super) fn label(name: &str) -> &'static str {
    match name {
        "civilite" => "Civilité",
        "nom_usage" => "Nom d'usage",
        "sexe" => "Sexe",
        "ville_naissance" => "Ville de naissance",
        "commune_naissance" => "Commune de naissance (code INSEE)",
        "piece" => "Copie de votre pièce d'identité",
        "code_email" => "Code reçu par courriel",
        "code_mobile" => "Code reçu par SMS",
        "email" => "Adresse électronique",
        "mobile" => "Téléphone mobile",
        "nom_exercice" => "Nom d'exercice",
        "prenom_exercice" => "Prénom d'exercice",
        "finess" => "Établissement (numéro FINESS)",
        "prise_de_fonction" => "Prise de fonction",
        "fin_prevue" => "Fin prévue",
        "profession" => "Profession",
        "role" => "Rôle proposé",
        "mode" => "Mode d'exercice",
        "birth_date" => "Date de naissance",
        _ => "",
    }
}

/// `21/11/2026`, as people write it, in the form that rules read; anything else as it is.
fn day(text: &str) -> String {
    let parts: Vec<&str> = text.split('/').collect();
    match parts.as_slice() {
        [day, month, year] if year.len() == 4 => format!("{year}-{month:0>2}-{day:0>2}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_people_write_it() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            assert_eq!(day(text), expected);
        }
        check("21/11/2026", "2026-11-21");
        check("1/2/2026", "2026-02-01");
        check("2026-11-21", "2026-11-21");
        check("21/11/26", "21/11/26");
        check("aide-soignant", "aide-soignant");
    }

    #[test]
    fn each_fault_is_told_in_one_form() {
        #[track_caller]
        fn check(member: &str, expected: &[(Step, &str)]) {
            let fault = Fault { field: member.to_owned(), code: "c", message: "m".to_owned() };
            let mut told = Vec::new();
            for step in Step::ALL {
                let faults = step.faults(std::slice::from_ref(&fault));
                told.extend(faults.into_iter().map(|fault| (step, fault.field)));
            }
            let told: Vec<_> = told.iter().map(|(step, field)| (*step, field.as_str())).collect();
            assert_eq!(told, expected);
        }
        check("civility", &[(Step::Identity, "civilite")]);
        check("document", &[(Step::Identity, "piece")]);
        check("birth_date", &[(Step::Identity, "birth_date")]);
        check("email", &[(Step::Contact, "email")]);
        check("situation.finess", &[(Step::Situation, "finess")]);
    }
}
