//! The pages of the entrance.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use crate::{
    kernel::time::Span,
    portal::{birth_place, known::Known, preregistration::Visitor},
    registry::{Nomenclature, VerifiedIdentity},
    web::{
        csrf::{self, Csrf},
        page::{self, Frame, Trouble, html},
    },
};

use super::{EXIT, LANDING, START, there_and_back::LEAVING};

#[derive(Template)]
#[template(path = "portail/entree.html")]
struct Landing {
    frame: Frame,
    offered: bool,
    in_progress: bool,
    start: &'static str,
}

/// Two ways in.
pub(super) fn landing(frame: Frame, offered: bool, in_progress: bool) -> Response {
    html(StatusCode::OK, &Landing { frame, offered, in_progress, start: START })
}

#[derive(Template)]
#[template(path = "portail/preenregistrement.html")]
struct Shown<'a> {
    frame: Frame,
    identity: &'a VerifiedIdentity,
    first_names: String,
    sex: &'static str,
    birth_date: String,
    presumed: Option<&'static str>,
    birth_place: String,
    /// What there is to tell instead of the way on.
    known: Option<Trouble<'static>>,
    minutes: i64,
    exit: &'static str,
    token_field: &'static str,
    token: String,
}

/// Who came back.
pub(super) fn preregistration(
    frame: Frame,
    visitor: &Visitor,
    nomenclature: &Nomenclature,
    (rest, known): (Span, Option<Known>),
) -> Response {
    let shown = Shown::of(frame, visitor, nomenclature, rest);
    html(StatusCode::OK, &Shown { known: known.map(Known::words), ..shown })
}

impl<'a> Shown<'a> {
    fn of(frame: Frame, visitor: &'a Visitor, nomenclature: &Nomenclature, rest: Span) -> Self {
        let identity = &visitor.at.identity;
        Self {
            frame,
            first_names: identity.first_names.join(", "),
            sex: match identity.sex.as_deref() {
                Some("F") => "Féminin",
                Some("M") => "Masculin",
                Some(_) | None => "Non précisé",
            },
            birth_date: identity.birth_date.strftime("%d/%m/%Y").to_string(),
            presumed: identity.presumed.reason(),
            birth_place: birth_place(identity, nomenclature),
            known: None,
            minutes: rest.as_seconds() / 60,
            exit: EXIT,
            token_field: csrf::FIELD,
            token: Csrf::token(&visitor.secret, LEAVING).expose().to_owned(),
            identity,
        }
    }
}

fn birth_place(identity: &VerifiedIdentity, nomenclature: &Nomenclature) -> String {
    let commune = identity.birth_commune.as_deref();
    birth_place::words(nomenclature, &identity.birth_country, commune, None)
}

#[derive(Template)]
#[template(path = "portail/franceconnect_sortie.html")]
struct Left {
    frame: Frame,
    there_too: bool,
}

/// The session here is over; `there_too`: FranceConnect has confirmed that its own is.
pub(super) fn left(frame: Frame, there_too: bool) -> Response {
    html(StatusCode::OK, &Left { frame, there_too })
}

/// No pre-registration in this browser.
pub(in crate::portal) fn no_preregistration(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "requete_expiree",
        title: "Aucun pré-enregistrement en cours",
        text: "Il a expiré, il a été fermé, ou il a commencé dans un autre navigateur. \
               Identifiez-vous de nouveau avec FranceConnect.",
        onward: Some((LANDING, "Aller à l'entrée du portail")),
    };
    page::error(frame, StatusCode::FORBIDDEN, trouble)
}

/// No settings for FranceConnect.
pub(super) fn not_offered(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "franceconnect",
        title: "FranceConnect n'est pas proposé ici",
        text: "Ce site n'est pas relié à FranceConnect. Demandez à votre employeur de vous \
               enregistrer, ou connectez-vous avec votre e-CPS si vous l'êtes déjà.",
        onward: Some((LANDING, "Choisir un autre moyen")),
    };
    page::error(frame, StatusCode::NOT_FOUND, trouble)
}

/// A return from a log-out that this browser did not ask for.
pub(super) fn not_confirmed(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "franceconnect",
        title: "Déconnexion non confirmée",
        text: "Cette réponse ne correspond à aucune déconnexion demandée dans ce navigateur. Si vous \
               venez de vous déconnecter, votre session sur ce site est bien fermée ; sur un poste \
               partagé, fermez aussi le navigateur.",
        onward: Some((LANDING, "Aller à l'entrée du portail")),
    };
    page::error(frame, StatusCode::BAD_REQUEST, trouble)
}

/// Too often from one address.
pub fn too_many(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "trop_de_tentatives",
        title: "Trop de tentatives",
        text: "Trop d'identifications ont été demandées depuis cette adresse. Patientez une minute, \
               puis recommencez.",
        onward: Some((LANDING, "Aller à l'entrée du portail")),
    };
    let mut response = page::error(frame, StatusCode::TOO_MANY_REQUESTS, trouble);
    let wait = axum::http::HeaderValue::from_static("60");
    response.headers_mut().insert(axum::http::header::RETRY_AFTER, wait);
    response
}
