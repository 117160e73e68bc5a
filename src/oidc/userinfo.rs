//! What userinfo tells: PSC's keys, letter by letter (reference: PSC, sections 4.1 to 4.4).
//!
//! Every key is there, every value but two is text, and what is not known is the empty text.

use serde::Serialize;

use crate::{
    kernel::Finess,
    registry::{Authority, Situation, Structure},
};

use super::{
    claims::{AUTH_MODE, Named, OtherId, own_first},
    client_settings::SituationsTold,
    grant::Grant,
    ports::Subject,
};

/// The answer, its keys in PSC's order. Whole groups are absent when the scope does not tell them.
#[derive(Serialize)]
pub struct Userinfo<'a> {
    sub: &'a str,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    who: Option<Who<'a>>,
    #[serde(rename = "authMode")]
    auth_mode: &'static str,
    #[serde(rename = "otherIds", skip_serializing_if = "Option::is_none")]
    other_ids: Option<[OtherId; 1]>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    organization: Option<Organization>,
    #[serde(rename = "SubjectRefPro", skip_serializing_if = "Option::is_none")]
    ref_pro: Option<RefPro<'a>>,
}

#[derive(Serialize)]
struct Who<'a> {
    #[serde(rename = "SubjectNameID")]
    subject_name_id: &'a str,
    preferred_username: &'a str,
    given_name: &'a str,
    family_name: &'a str,
    #[serde(rename = "codeCivilite")]
    civility: &'a str,
    #[serde(rename = "codeGenreActivite")]
    role: &'a str,
}

#[derive(Serialize)]
struct Organization {
    #[serde(rename = "SubjectOrganization")]
    name: String,
    #[serde(rename = "SubjectOrganizationID")]
    id: String,
    #[serde(rename = "SubjectRole")]
    role: Vec<String>,
    #[serde(rename = "Secteur_Activite")]
    sector: String,
    #[serde(rename = "Mode_Acces_Raison")]
    reason: &'static str,
    #[serde(rename = "Acces_Regulation_Medicale")]
    regulation: &'static str,
    #[serde(rename = "UITVersion")]
    version: &'static str,
    #[serde(rename = "Palier_Authentification")]
    level: &'static str,
    #[serde(rename = "PSI_Locale")]
    locale: &'static str,
}

#[derive(Serialize)]
struct RefPro<'a> {
    #[serde(rename = "codeCivilite")]
    civility: &'a str,
    exercices: Vec<Exercise<'a>>,
}

#[derive(Serialize)]
struct Exercise<'a> {
    #[serde(rename = "codeProfession")]
    profession: &'a str,
    #[serde(rename = "codeCategorieProfessionnelle")]
    category: &'static str,
    #[serde(rename = "codeCiviliteDexercice")]
    civility: &'static str,
    #[serde(rename = "nomDexercice")]
    name: &'a str,
    #[serde(rename = "prenomDexercice")]
    first_name: &'a str,
    #[serde(rename = "codeTypeSavoirFaire")]
    skill_type: &'static str,
    #[serde(rename = "codeSavoirFaire")]
    skill: &'static str,
    activities: Vec<Activity<'a>>,
}

/// The thirty keys of an activity.
#[derive(Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Activity<'a> {
    code_mode_exercice: &'a str,
    code_secteur_dactivite: &'a str,
    code_section_pharmacien: &'a str,
    code_role: &'a str,
    code_genre_activite: &'a str,
    numero_siret_site: &'a str,
    numero_siren_site: &'a str,
    numero_finess_site: &'a str,
    #[serde(rename = "numeroFinessetablissementJuridique")]
    numero_finess_entite: &'a str,
    identifiant_technique_de_la_structure: String,
    raison_sociale_site: &'a str,
    enseigne_commerciale_site: &'a str,
    complement_destinataire: &'a str,
    complement_point_geographique: &'a str,
    numero_voie: &'a str,
    indice_repetition_voie: &'a str,
    code_type_de_voie: &'a str,
    libelle_voie: String,
    mention_distribution: &'a str,
    bureau_cedex: String,
    code_postal: &'a str,
    code_commune: &'a str,
    code_pays: &'a str,
    telephone: &'a str,
    telephone2: &'a str,
    telecopie: &'a str,
    #[serde(rename = "adresseEMail")]
    adresse_email: &'a str,
    code_departement: &'a str,
    ancien_identifiant_de_la_structure: String,
    autorite_denregistrement: &'a str,
}

/// `TRE_R291`: professionnel à rôle.
const PROFESSIONNEL_A_ROLE: &str = "99";

impl<'a> Userinfo<'a> {
    /// What `grant` may tell of `subject`, whose open situations are at `structures`.
    pub fn new(
        grant: &Grant,
        subject: &'a Subject,
        named: &'a Named,
        structures: &'a [Structure],
    ) -> Self {
        let mut situations = own_first(&subject.standing.situations, grant);
        if grant.request.tokens.situations == SituationsTold::Own {
            situations.retain(|situation| Some(situation.finess) == grant.structure);
        }
        let first = situations.first().copied();
        let scope = &grant.request.scope;
        Self {
            sub: &named.sub,
            who: (scope.tells("profile") || scope.has("identity")).then(|| Who {
                subject_name_id: &named.id_nat,
                preferred_username: &named.id_nat,
                given_name: &named.given_name,
                family_name: &named.family_name,
                civility: &subject.civility,
                role: first.map_or("", |situation| situation.role.as_str()),
            }),
            auth_mode: AUTH_MODE,
            other_ids: scope.tells("othersIds").then(|| OtherId::rpps(subject.standing.rpps)),
            organization: scope.tells("interop").then(|| organization(first, structures)),
            ref_pro: scope.tells("referentiel").then(|| RefPro {
                civility: &subject.civility,
                exercices: exercises(&situations, structures),
            }),
        }
    }
}

fn at(finess: Finess, structures: &[Structure]) -> Option<&Structure> {
    structures.iter().find(|structure| structure.finess == finess)
}

fn organization(first: Option<&Situation>, structures: &[Structure]) -> Organization {
    let structure = first.and_then(|situation| at(situation.finess, structures));
    Organization {
        name: structure.map(|structure| structure.name.clone()).unwrap_or_default(),
        id: structure.map(|structure| format!("F{}", structure.finess)).unwrap_or_default(),
        role: first
            .map(|situation| format!("{}^1.2.250.1.213.1.1.5.5", profession(situation)))
            .into_iter()
            .collect(),
        sector: structure
            .filter(|structure| !structure.sector.is_empty())
            .map(|structure| format!("{}^1.2.250.1.71.4.2.4", structure.sector))
            .unwrap_or_default(),
        reason: "",
        regulation: "FAUX",
        version: "1.0",
        level: "APPPRIP3^1.2.250.1.213.1.5.1.1.1",
        locale: "1.2.250.1.213.1.3.1.1",
    }
}

/// An Ordre or an ARS registers a profession; an employer a role, under one common code.
fn profession(situation: &Situation) -> &str {
    match situation.authority {
        Authority::Employer => PROFESSIONNEL_A_ROLE,
        Authority::Ordre | Authority::Ars => &situation.profession,
    }
}

/// One exercise for each profession and name, one activity for each situation.
fn exercises<'a>(situations: &[&'a Situation], structures: &'a [Structure]) -> Vec<Exercise<'a>> {
    let mut exercises: Vec<Exercise<'a>> = Vec::new();
    for situation in situations {
        let same = |exercise: &&mut Exercise<'_>| {
            exercise.profession == profession(situation)
                && exercise.name == situation.exercise_name
                && exercise.first_name == situation.exercise_first_name
        };
        let activity = activity(situation, at(situation.finess, structures));
        if let Some(exercise) = exercises.iter_mut().find(same) {
            exercise.activities.push(activity);
            continue;
        }
        exercises.push(Exercise {
            profession: profession(situation),
            category: "C",
            civility: "",
            name: &situation.exercise_name,
            first_name: &situation.exercise_first_name,
            skill_type: "",
            skill: "",
            activities: vec![activity],
        });
    }
    exercises
}

fn activity<'a>(situation: &'a Situation, structure: Option<&'a Structure>) -> Activity<'a> {
    let base = Activity {
        code_mode_exercice: &situation.mode,
        code_role: match situation.authority {
            Authority::Employer => &situation.profession,
            Authority::Ordre | Authority::Ars => "",
        },
        code_genre_activite: &situation.role,
        numero_finess_site: situation.finess.as_str(),
        identifiant_technique_de_la_structure: format!("F{}", situation.finess),
        ancien_identifiant_de_la_structure: format!("1{}", situation.finess),
        ..Activity::default()
    };
    let Some(structure) = structure else { return base };
    let (number, street) = street(&structure.address);
    Activity {
        code_secteur_dactivite: &structure.sector,
        numero_finess_entite: structure.legal_entity.as_ref().map_or("", Finess::as_str),
        raison_sociale_site: &structure.name,
        numero_voie: number,
        libelle_voie: street.to_uppercase(),
        bureau_cedex: format!("{} {}", structure.postal_code, structure.city).trim().to_owned(),
        code_postal: &structure.postal_code,
        code_commune: &structure.commune,
        code_pays: if structure.commune.is_empty() { "" } else { "99000" },
        code_departement: department(&structure.commune),
        ..base
    }
}

/// Number and street of `14 Quai Imaginaire`.
fn street(address: &str) -> (&str, &str) {
    match address.split_once(' ') {
        Some((number, rest)) if number.bytes().all(|c| c.is_ascii_digit()) => (number, rest),
        Some(_) | None => ("", address),
    }
}

/// Three digits overseas, two elsewhere; `2A` and `2B` in Corsica.
fn department(commune: &str) -> &str {
    let length = if commune.starts_with("97") || commune.starts_with("98") { 3 } else { 2 };
    commune.get(..length).unwrap_or_default()
}
