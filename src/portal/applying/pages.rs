//! The pages that say why there is no form.

use axum::{http::StatusCode, response::Response};

use crate::{
    kernel::Outage,
    portal::known::Known,
    web::page::{self, Frame, Trouble},
};

/// No pre-registration in this browser.
pub(super) fn nobody(frame: Frame) -> Response {
    crate::portal::entrance::no_preregistration(frame)
}

/// A form that cannot be read.
pub(super) fn unreadable(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "requete_invalide",
        title: "Formulaire illisible",
        text: "L'envoi est incomplet ou n'a pas la forme attendue. Rien n'a été modifié : revenez au \
               formulaire, puis recommencez.",
        onward: Some((super::HOME, "Revenir à mon pré-enregistrement")),
    };
    page::error(frame, StatusCode::BAD_REQUEST, trouble)
}

/// A file far too large.
pub(super) fn too_long(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "piece_trop_lourde",
        title: "Pièce trop lourde",
        text: "Une pièce d'identité fait 4 Mo au plus. Rien n'a été modifié : réduisez l'image ou \
               numérisez-la de nouveau, puis recommencez.",
        onward: Some(("/portail/preenregistrement/identite", "Revenir au formulaire")),
    };
    page::error(frame, StatusCode::PAYLOAD_TOO_LARGE, trouble)
}

/// Somebody who has a number.
pub(super) fn already(frame: Frame) -> Response {
    page::error(frame, StatusCode::CONFLICT, Known::Registered.words())
}

/// Somebody of the same identity, known to FranceConnect under another account, has asked already.
pub(super) fn pending(frame: Frame) -> Response {
    let onward = Some((super::HOME, "Revenir à mon pré-enregistrement"));
    let trouble = Trouble { onward, ..Known::AskedElsewhere.words() };
    page::error(frame, StatusCode::CONFLICT, trouble)
}

/// We cannot know.
pub(super) fn unavailable(frame: Frame, outage: &Outage) -> Response {
    crate::portal::console::unavailable(frame, outage)
}
