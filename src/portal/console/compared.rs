//! What a manager compares: what FranceConnect verified, what the person declared, and what to look
//! for on the identity document.

use crate::{
    kernel::time::day_in_french,
    portal::birth_place,
    registry::{
        Nomenclature, identity::is_usual, nomenclature::FRANCE, request::RegistrationRequest,
    },
};

/// One datum, as people read it.
pub(super) struct Line {
    pub(super) label: &'static str,
    pub(super) value: String,
}

/// A request, side by side with its document.
pub(super) struct Compared {
    /// Nobody edits these.
    pub(super) verified: Vec<Line>,
    /// Nobody vouches for these.
    pub(super) declared: Vec<Line>,
    /// What to look for, one thing after the other.
    pub(super) checks: Vec<String>,
}

impl Compared {
    /// The request of somebody who is `age` years old.
    pub(super) fn of(request: &RegistrationRequest, lists: &Nomenclature, age: i16) -> Self {
        let (given, identity) = (&request.verified, &request.identity);
        let mut compared = Self { verified: Vec::new(), declared: Vec::new(), checks: Vec::new() };
        let birth_name = identity.birth_name.clone();
        compared.add(true, "Nom de naissance", birth_name);
        compared.add(true, "Prénoms", identity.first_names.join(", "));
        let born = format!("{} ({age} ans)", day_in_french(identity.birth_date));
        let born = match given.presumed.reason() {
            Some(why) => format!("{born} – date présumée : {why}"),
            None => born,
        };
        compared.add(true, "Né(e) le", born);
        let sex = if identity.sex == "F" { "Féminin" } else { "Masculin" };
        compared.add(given.sex.is_some(), "Sexe", sex.to_owned());
        compared.add_birthplace(request, lists);
        if let Some(name) = &request.usage_name {
            let is_given = given.usage_name.as_ref() == Some(name);
            compared.add(is_given, "Nom d'usage", name.clone());
        }
        let civility = lists.civilities.label(&identity.civility);
        compared.add(false, "Civilité", civility.to_owned());
        compared.add_checks(request);
        compared
    }

    fn add(&mut self, is_verified: bool, label: &'static str, value: String) {
        let lines = if is_verified { &mut self.verified } else { &mut self.declared };
        lines.push(Line { label, value });
    }

    fn add_birthplace(&mut self, request: &RegistrationRequest, lists: &Nomenclature) {
        let (given, identity) = (&request.verified, &request.identity);
        let country = lists.countries.label(&identity.birth_country);
        match (&identity.birth_commune, &identity.birth_town) {
            (Some(code), _) => {
                let place = birth_place::words(lists, &identity.birth_country, Some(code), None);
                self.add(given.birth_commune.is_some(), "Commune de naissance", place);
            }
            (None, town) => {
                if identity.birth_country != FRANCE {
                    self.add(true, "Pays de naissance", country.to_owned());
                }
                if let Some(town) = town {
                    self.add(false, "Ville de naissance", town.clone());
                }
            }
        }
    }

    fn add_checks(&mut self, request: &RegistrationRequest) {
        let identity = &request.identity;
        self.checks.push(
            "La pièce est lisible, entière et en cours de validité ; rien n'y paraît retouché \
             (orthographe, caractères, photo, mise en page, page manquante)."
                .to_owned(),
        );
        self.checks.push(
            "Le nom de naissance, tous les prénoms dans leur ordre, la date et le lieu de naissance, \
             le sexe y sont les mêmes."
                .to_owned(),
        );
        let declared = self.declared.iter().map(|line| line.label.to_lowercase());
        self.checks.push(format!(
            "Ce que la personne a déclaré est juste, car personne d'autre ne l'a vérifié : {}.",
            declared.collect::<Vec<_>>().join(", ")
        ));
        if !is_usual(&identity.civility, &identity.sex) {
            self.checks.push(
                "La civilité n'est pas celle qui va d'ordinaire avec le sexe : demandez à la personne \
                 si c'est bien celle qu'elle veut."
                    .to_owned(),
            );
        }
        if request.verified.presumed.reason().is_some() {
            self.checks.push(
                "La date de naissance est présumée : la pièce peut en porter une autre, ou \
                 l'année seule."
                    .to_owned(),
            );
        }
        self.checks.push(
            "La personne travaille ici, depuis la date indiquée, dans cette profession et ce rôle."
                .to_owned(),
        );
    }
}
