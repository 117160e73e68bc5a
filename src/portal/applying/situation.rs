//! The third step: the situation that somebody asks for, and the list of establishments.

use askama::Template;
use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use url::form_urlencoded;

use crate::{
    portal::console::words,
    registry::{
        Authority, Structure, fault::Fault, folding::fold, nomenclature::Dmp, structure::number,
    },
    web::{
        fields::Fields,
        page::{Frame, html},
    },
};

use super::{
    Applicant, Applying, HOME, Judged, Site, Stop,
    contact::posted,
    fields::Step,
    forms::{Button, Choice, Field, Kind, Sheet, onward, typed},
    identity::{choice, keep},
    see_other,
};

/// Establishments on one page.
const SHOWN: u32 = 50;

/// `GET …/situation`
pub(super) async fn show(
    State(applying): Site,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let shown = async {
        let mut who = applying.applicant(&headers).await?;
        if let Some(instead) = applying.instead(&who, true).await? {
            return Ok(instead);
        }
        let query = Fields::from_query(query.as_deref().unwrap_or_default()).unwrap_or_default();
        // Chosen from the list of establishments.
        if let Some(finess) = query.get("finess") {
            who.filled.fields.insert("finess".to_owned(), finess.to_owned());
        }
        applying.situation_form(&who, &[]).await
    };
    applying.answer(shown.await)
}

/// `POST …/situation`
pub(super) async fn save(State(applying): Site, headers: HeaderMap, body: Bytes) -> Response {
    let saved = async {
        let mut who = applying.applicant(&headers).await?;
        let fields = posted(&who, &headers, &body)?;
        keep(&mut who, Step::Situation, |name| fields.get(name).map(str::to_owned));
        let (id, kept) = (who.visitor.at.id, who.filled.fields.clone());
        applying.with.applications.fill(id, kept, None).await?;
        if fields.has("chercher") {
            return Ok(see_other(&to_search(who.typed("finess"))));
        }
        let faults = match applying.judge(&who).await? {
            Judged::Faults(faults) => Step::Situation.faults(&faults),
            Judged::Instead(instead) => return Ok(instead),
        };
        if faults.is_empty() {
            return Ok(see_other(&format!("{HOME}/recapitulatif")));
        }
        applying.situation_form(&who, &faults).await
    };
    applying.answer(saved.await)
}

#[derive(Template)]
#[template(path = "portail/etablissements.html")]
struct Establishments<'a> {
    frame: Frame,
    asked: &'a str,
    found: &'a [Structure],
    is_cut: bool,
}

/// `GET …/etablissements`
pub(super) async fn search(
    State(applying): Site,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let shown = async {
        applying.applicant(&headers).await?;
        let query = Fields::from_query(query.as_deref().unwrap_or_default());
        let query = query.map_err(|_| Stop::Unreadable)?;
        let asked = query.get("q").unwrap_or_default();
        let mut found = applying.with.registry.establishments(fold(asked), SHOWN + 1).await?;
        let shown = usize::try_from(SHOWN).unwrap_or(usize::MAX);
        let is_cut = found.len() > shown;
        found.truncate(shown);
        let frame = applying.with.frame;
        Ok(html(StatusCode::OK, &Establishments { frame, asked, found: &found, is_cut }))
    };
    applying.answer(shown.await)
}

/// The list of establishments; who typed a name where its number belongs has asked already.
fn to_search(typed: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    if !typed.is_empty() && number(typed).is_err() {
        query.append_pair("q", typed);
    }
    match query.finish() {
        nothing if nothing.is_empty() => format!("{HOME}/etablissements"),
        query => format!("{HOME}/etablissements?{query}"),
    }
}

impl Applying {
    async fn situation_form(&self, who: &Applicant, faults: &[Fault]) -> Result<Response, Stop> {
        let place = self.establishment(who).await?;
        let form = Sheet {
            step: Step::Situation,
            intro: Some(
                "Décrivez l'emploi pour lequel vous demandez un numéro RPPS. Votre établissement \
                 vérifie et décide.",
            ),
            fields: self.situation_fields(who, place.as_ref()),
            buttons: vec![
                onward(),
                Button { name: "chercher", label: "Chercher mon établissement", is_quiet: true },
            ],
        };
        Ok(form.page(self.with.frame, who, faults))
    }

    fn situation_fields(&self, who: &Applicant, place: Option<&Structure>) -> Vec<Field> {
        let (identity, kept) = (who.identity(), &who.filled.fields);
        let value = |name: &str| who.typed(name).to_owned();
        let usual = who.usual_name().to_owned();
        let first = identity.first_names.first().cloned().unwrap_or_default();
        let first_names = identity.first_names.iter().map(|name| choice(name, name)).collect();
        let date = || Kind::Typed { kind: "date", autocomplete: "off" };
        let or = |name: &str, proposed: String| kept.get(name).cloned().unwrap_or(proposed);
        vec![
            Field::new("nom_exercice", or("nom_exercice", usual), typed()).optional().hint(
                "Publié dans l'annuaire : votre nom de naissance ou votre nom d'usage. Vide : votre nom \
                 d'usage, ou votre nom de naissance si vous n'en avez pas.",
            ),
            Field::new("prenom_exercice", or("prenom_exercice", first), Kind::Chosen(first_names))
                .hint("Publié dans l'annuaire : l'un de vos prénoms."),
            Field::new("finess", value("finess"), typed()).hint(establishment_hint(place)),
            Field::new("prise_de_fonction", value("prise_de_fonction"), date())
                .hint("Votre premier jour dans cet emploi, par exemple 02/11/2026."),
            Field::new("fin_prevue", value("fin_prevue"), date())
                .optional()
                .hint("Le dernier jour, si votre contrat en a un."),
            Field::new("profession", value("profession"), Kind::Chosen(self.professions(who))),
            Field::new("role", value("role"), Kind::Chosen(self.roles(who))).hint(
                "Ce que vous faites. Le rôle détermine les documents de « Mon espace santé » \
                     (DMP) que vous pourrez consulter ; votre établissement le confirme.",
            ),
            Field::new("mode", or("mode", "S".to_owned()), Kind::Chosen(self.modes(who))),
        ]
    }

    /// Professions that an employer may enter.
    fn professions(&self, who: &Applicant) -> Vec<Choice> {
        let list = &self.with.nomenclature;
        let is_employers = |code: &str| list.authority(code) == Some(Authority::Employer);
        let valid = list.professions.valid_on(who.now.calendar.date());
        let mut choices: Vec<Choice> = valid
            .filter(|term| is_employers(&term.code))
            .map(|term| choice(&term.code, &term.label))
            .collect();
        choices.sort_by_cached_key(|choice| fold(&choice.label));
        choices
    }

    fn roles(&self, who: &Applicant) -> Vec<Choice> {
        let list = &self.with.nomenclature;
        let label = |code: &str, label: &str| match list.dmp(code) {
            Dmp::Untold => format!("{label} (documents du DMP : non précisé)"),
            Dmp::Nothing => format!("{label} (aucun document du DMP)"),
            Dmp::Reads([_]) => format!("{label} (un type de document du DMP)"),
            Dmp::Reads(all) => format!("{label} ({} types de documents du DMP)", all.len()),
        };
        let valid = list.roles.valid_on(who.now.calendar.date());
        valid.map(|term| choice(&term.code, &label(&term.code, &term.label))).collect()
    }

    fn modes(&self, who: &Applicant) -> Vec<Choice> {
        let valid = self.with.nomenclature.modes.valid_on(who.now.calendar.date());
        valid.map(|term| choice(&term.code, &term.label)).collect()
    }
}

/// Which establishment a number names, as long as the number stands there.
fn establishment_hint(place: Option<&Structure>) -> String {
    const WHAT: &str = "Neuf caractères : l'établissement où vous travaillez, pas son siège.";
    match place {
        None => WHAT.to_owned(),
        Some(place) => format!("{}. {WHAT}", words::place(place)),
    }
}
