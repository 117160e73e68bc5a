//! The frame of these pages, and those that say why one does not open.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    access::NoRight,
    departure::ReopenRefused,
    kernel::Outage,
    web::page::{self, Frame, Trouble, protected},
};

/// What the frame shows: who is connected, and where they may go.
pub(super) struct Chrome<'a> {
    /// Their name.
    pub(super) who: String,
    /// The token of every form.
    pub(super) jeton: &'a str,
    /// Whether they manage a structure.
    pub(super) is_manager: bool,
    /// How many requests wait for them.
    pub(super) to_process: u64,
    /// The entry of the navigation that this page belongs to.
    pub(super) here: &'static str,
}

#[derive(Template)]
#[template(path = "portail/deconnecte.html")]
pub(super) struct LoggedOut {
    pub(super) frame: Frame,
    pub(super) is_blocked: bool,
}

/// After a form, somewhere of our own.
pub(super) fn see_other(path: &str) -> Response {
    match HeaderValue::from_str(path) {
        Ok(location) => {
            protected((StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response())
        }
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Unknown is closed (promise 6).
pub(in crate::portal) fn unavailable(frame: Frame, outage: &Outage) -> Response {
    tracing::error!(%outage, "answering 503");
    let trouble = Trouble {
        code: "indisponible",
        title: "Service momentanément indisponible",
        text: "Nous ne pouvons pas vérifier pour le moment. Rechargez cette page dans quelques \
               secondes ; avant de refaire une action, regardez si elle a déjà été faite.",
        onward: None,
    };
    let mut response = page::error(frame, StatusCode::SERVICE_UNAVAILABLE, trouble);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// A form or a query that no page of ours sends.
pub(super) fn unreadable(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "requete_invalide",
        title: "Demande illisible",
        text: "La demande est incomplète ou un champ y figure deux fois. Rien n'a été modifié.",
        onward: Some(("/portail/moi", "Revenir à mon espace")),
    };
    page::error(frame, StatusCode::BAD_REQUEST, trouble)
}

/// Not there, or not theirs: the same to both.
pub(super) fn unknown(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "page_inconnue",
        title: "Cette page n'existe pas pour vous",
        text: "L'adresse est incomplète, ou elle concerne une structure que vous ne gérez pas.",
        onward: Some(("/portail/moi", "Revenir à mon espace")),
    };
    page::error(frame, StatusCode::NOT_FOUND, trouble)
}

/// The session is over: told to who had proven who they are.
pub(super) fn over(frame: Frame, why: &str, log_in: &str) -> Response {
    let trouble = Trouble {
        code: "session_terminee",
        title: "Votre session est terminée",
        text: why,
        onward: Some((log_in, "Se connecter")),
    };
    page::error(frame, StatusCode::FORBIDDEN, trouble)
}

/// No right is left, though the session itself lives.
pub(super) fn no_right(frame: Frame, why: NoRight) -> Response {
    let text = format!(
        "{why} Le portail ne peut donc pas s'ouvrir. Si c'est une erreur, adressez-vous au \
         gestionnaire de votre structure."
    );
    let code = why.page_code();
    let trouble = Trouble { code, title: "Accès refusé", text: &text, onward: None };
    page::error(frame, StatusCode::FORBIDDEN, trouble)
}

/// The log-in was given up, or refused.
pub(super) fn refused(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "acces_refuse",
        title: "Vous n'êtes pas connecté",
        text: "La connexion a été annulée ou refusée. Rien n'a été ouvert.",
        onward: Some(("/portail/connexion", "Se connecter")),
    };
    page::error(frame, StatusCode::FORBIDDEN, trouble)
}

/// A return that nobody waits for.
pub(super) fn lost(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "requete_expiree",
        title: "Cette connexion n'est plus en cours",
        text: "Elle a expiré, elle est déjà terminée, ou elle a commencé dans un autre navigateur.",
        onward: Some(("/portail/connexion", "Recommencer")),
    };
    page::error(frame, StatusCode::BAD_REQUEST, trouble)
}

/// An end that is not undone, of a situation or of a local access.
pub(super) fn not_reopened(frame: Frame, refused: ReopenRefused, back: &str) -> Response {
    let text = format!("Rien n'a été modifié : {refused}.");
    let trouble = Trouble {
        code: "reouverture_refusee",
        title: "La réouverture est refusée",
        text: &text,
        onward: Some((back, "Revenir")),
    };
    page::error(frame, StatusCode::CONFLICT, trouble)
}
