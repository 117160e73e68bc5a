//! The first step: what FranceConnect does not give, and the identity document.

use std::collections::BTreeMap;

use axum::{
    extract::{Request, State},
    http::HeaderMap,
    response::Response,
};
use zeroize::Zeroizing;

use crate::{
    registry::{
        document::Document,
        fault::{Fault, Faults},
    },
    web::{aside::aside, fields::Fields},
};

use super::{
    Applicant, Applying, Judged, Site, Stop,
    fields::{Step, is_asked},
    forms::{Choice, Field, Kind, Sheet, onward, typed},
    to_step,
    upload::Upload,
};

/// `GET …/identite`
pub(super) async fn show(
    State(applying): Site,
    headers: HeaderMap,
    axum::extract::RawQuery(query): axum::extract::RawQuery,
) -> Response {
    let shown = async {
        let who = applying.applicant(&headers).await?;
        let query = Fields::from_query(query.as_deref().unwrap_or_default()).unwrap_or_default();
        match applying.instead(&who, query.has("nouvelle")).await? {
            Some(instead) => Ok(instead),
            None => Ok(applying.identity_form(&who, &[])),
        }
    };
    applying.answer(shown.await)
}

/// `POST …/identite`, as `multipart/form-data`.
pub(super) async fn save(State(applying): Site, request: Request) -> Response {
    let headers = request.headers().clone();
    let saved = async {
        let who = applying.applicant(&headers).await?;
        let upload = Upload::read(request).await?;
        let token = upload.texts.get(crate::web::csrf::FIELD).map(String::as_str);
        if !who.csrf.matches(token.unwrap_or_default()) {
            return Err(Stop::Forged);
        }
        applying.identity_saved(who, upload).await
    };
    applying.answer(saved.await)
}

impl Applying {
    /// A sound document is kept even where a field is at fault: no browser sends a file twice by
    /// itself.
    async fn identity_saved(&self, mut who: Applicant, upload: Upload) -> Result<Response, Stop> {
        let (document, faults) = match upload.file {
            None => (None, Faults::default()),
            Some(bytes) => aside(move || looked_at(bytes)).await?,
        };
        keep(&mut who, Step::Identity, |name| upload.texts.get(name).cloned());
        let (id, fields) = (who.visitor.at.id, who.filled.fields.clone());
        self.with.applications.fill(id, fields, document.clone()).await?;
        who.filled.document = document.or(who.filled.document);
        let others = match self.judge(&who).await? {
            Judged::Faults(faults) => Step::Identity.faults(&faults),
            Judged::Instead(instead) => return Ok(instead),
        };
        let mut faults = faults.into_vec();
        let is_file_told = faults.iter().any(|fault| fault.field == "piece");
        faults.extend(others.into_iter().filter(|fault| !(is_file_told && fault.field == "piece")));
        if faults.is_empty() {
            return Ok(to_step(Step::Contact));
        }
        Ok(self.identity_form(&who, &faults))
    }

    fn identity_form(&self, who: &Applicant, faults: &[Fault]) -> Response {
        let (identity, filled) = (who.identity(), &who.filled);
        let value = |name: &str| filled.fields.get(name).cloned().unwrap_or_default();
        let today = who.now.calendar.date();
        let civilities = self.with.nomenclature.civilities.valid_on(today);
        let civilities = civilities.map(|term| choice(&term.code, &term.label)).collect();
        let sexes = vec![choice("F", "Féminin"), choice("M", "Masculin")];
        let usage_name = filled.fields.get("nom_usage").or(identity.usage_name.as_ref());
        let family_name = Kind::Typed { kind: "text", autocomplete: "family-name" };
        let all = vec![
            Field::new("civilite", value("civilite"), Kind::Chosen(civilities)),
            Field::new("sexe", value("sexe"), Kind::Chosen(sexes))
                .hint("Votre compte ne le précise pas."),
            Field::new("ville_naissance", value("ville_naissance"), typed())
                .hint("Vous êtes né(e) à l'étranger : écrivez la ville comme sur votre pièce."),
            Field::new("commune_naissance", value("commune_naissance"), typed())
                .hint("Cinq caractères, par exemple 01053. Ce n'est pas le code postal."),
            Field::new("nom_usage", usage_name.cloned().unwrap_or_default(), family_name)
                .optional()
                .hint("S'il diffère de votre nom de naissance."),
            Field::new("piece", "", Kind::File).hint(document_hint(filled.document.as_ref())),
        ];
        let fields = all.into_iter().filter(|field| is_asked(field.name(), identity)).collect();
        let form = Sheet {
            step: Step::Identity,
            intro: Some(
                "FranceConnect a transmis votre identité, qui ne se modifie pas ici. Complétez ce \
                 qu'elle ne dit pas.",
            ),
            fields,
            buttons: vec![onward()],
        };
        form.page(self.with.frame, who, faults)
    }
}

fn looked_at(bytes: Zeroizing<Vec<u8>>) -> (Option<Document>, Faults) {
    let mut faults = Faults::default();
    (Document::look(bytes, "piece", &mut faults), faults)
}

fn document_hint(document: Option<&Document>) -> String {
    const WHAT: &str = "PDF, JPEG ou PNG, 4 Mo au plus : lisible, entière, en cours de validité. \
                        Votre établissement la compare avec votre identité ; elle est effacée 30 \
                        jours après sa décision.";
    match document {
        None => WHAT.to_owned(),
        Some(document) => {
            let kind = match document.media {
                "application/pdf" => "PDF",
                "image/jpeg" => "JPEG",
                _ => "PNG",
            };
            format!(
                "Une pièce est jointe ({kind}). Choisissez un fichier pour la remplacer. {WHAT}"
            )
        }
    }
}

/// Keeps what was typed into the fields of `step`, the empty ones too: what somebody cleared is not
/// proposed again.
pub(super) fn keep(who: &mut Applicant, step: Step, typed: impl Fn(&str) -> Option<String>) {
    let fields: &mut BTreeMap<String, String> = &mut who.filled.fields;
    for (name, _) in step.fields().iter().filter(|(name, _)| *name != "piece") {
        let text = typed(name).unwrap_or_default().trim().to_owned();
        fields.insert((*name).to_owned(), text);
    }
}

/// One choice of a list.
pub(super) fn choice(code: &str, label: &str) -> Choice {
    Choice { code: code.to_owned(), label: label.to_owned() }
}
