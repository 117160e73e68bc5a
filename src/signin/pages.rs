//! The sign-in pages.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::{
    kernel::{LoginId, Outage, Timestamp},
    oidc::PendingLogin,
    web::page::{self, Frame, Trouble, html, protected},
};

#[derive(Template)]
#[template(path = "signin/connexion.html")]
struct Connexion<'a> {
    frame: Frame,
    service: &'a str,
    demande: LoginId,
    identifier: &'a str,
    fault: Option<&'a str>,
    otp_open: bool,
}

/// What the person has typed so far, and what was wrong with it.
#[derive(Clone, Copy)]
pub(super) struct Typed<'a> {
    pub(super) identifier: &'a str,
    pub(super) fault: Option<&'a str>,
    /// Whether they tried a one-time code.
    pub(super) otp: bool,
}

/// Who are you?
pub(super) fn connexion(frame: Frame, login: &PendingLogin, typed: Typed<'_>) -> Response {
    let Typed { identifier, fault, otp } = typed;
    let service = login.client_name.as_str();
    let page = Connexion { frame, service, demande: login.id, identifier, fault, otp_open: otp };
    html(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "signin/attente.html")]
struct Attente<'a> {
    frame: Frame,
    service: &'a str,
    demande: LoginId,
    code: &'a str,
    until: String,
    refresh: bool,
    fault: Option<&'a str>,
}

/// What the waiting page shows.
pub(super) struct Waiting {
    /// The code to compare.
    pub(super) code: String,
    /// Until when the phone may answer.
    pub(super) until: Timestamp,
    /// Whether the page looks again by itself; not while somebody types.
    pub(super) refresh: bool,
    pub(super) fault: Option<&'static str>,
}

/// Look at your phone.
pub(super) fn attente(frame: Frame, login: &PendingLogin, waiting: &Waiting) -> Response {
    let page = Attente {
        frame,
        service: &login.client_name,
        demande: login.id,
        code: &waiting.code,
        until: waiting.until.hour_in_french(),
        refresh: waiting.refresh,
        fault: waiting.fault,
    };
    html(StatusCode::OK, &page)
}

#[derive(Template)]
#[template(path = "signin/fin.html")]
struct Fin<'a> {
    frame: Frame,
    demande: LoginId,
    code: &'a str,
    title: &'a str,
    text: &'a str,
}

/// The phone said no.
pub(super) fn denied(frame: Frame, login: &PendingLogin) -> Response {
    html(
        StatusCode::FORBIDDEN,
        &Fin {
            frame,
            demande: login.id,
            code: "demande_refusee",
            title: "Connexion refusée sur le téléphone",
            text: "La demande a été refusée, ou un autre code que celui de l'écran a été choisi. \
                   Si c'est une erreur, recommencez. Si vous n'avez rien demandé, prévenez votre \
                   établissement.",
        },
    )
}

/// Nobody answered in time, or what waited was cut.
pub(super) fn over(frame: Frame, login: &PendingLogin) -> Response {
    html(
        StatusCode::GONE,
        &Fin {
            frame,
            demande: login.id,
            code: "requete_expiree",
            title: "La demande n'est plus valable",
            text: "Le téléphone n'a pas répondu à temps, ou la demande a été annulée. Vérifiez \
                   votre identifiant et que l'application e-CPS est activée sur ce téléphone, puis \
                   recommencez.",
        },
    )
}

/// No such log-in in this browser.
pub(super) fn gone(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "requete_expiree",
        title: "Cette connexion n'est plus en cours",
        text: "Elle a expiré, elle est déjà terminée, ou elle a commencé dans un autre navigateur. \
               Retournez dans votre logiciel et connectez-vous de nouveau.",
        onward: None,
    };
    page::error(frame, StatusCode::BAD_REQUEST, trouble)
}

/// A form or a query that no page of ours sends.
pub(super) fn unreadable(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "requete_invalide",
        title: "Demande illisible",
        text: "La demande est incomplète ou un champ y figure deux fois. Retournez dans votre \
               logiciel et connectez-vous de nouveau.",
        onward: None,
    };
    page::error(frame, StatusCode::BAD_REQUEST, trouble)
}

/// Unknown is closed (promise 6).
pub(super) fn unavailable(frame: Frame, outage: &Outage) -> Response {
    tracing::error!(%outage, "answering 503");
    let trouble = Trouble {
        code: "indisponible",
        title: "Service momentanément indisponible",
        text: "Nous ne pouvons pas vérifier pour le moment. Rechargez cette page dans quelques \
               secondes.",
        onward: None,
    };
    let mut response = page::error(frame, StatusCode::SERVICE_UNAVAILABLE, trouble);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
}

/// Too often from one address.
pub(super) fn too_many(frame: Frame) -> Response {
    let trouble = Trouble {
        code: "trop_de_tentatives",
        title: "Trop de tentatives",
        text: "Trop de connexions ont été demandées depuis cette adresse. Patientez une minute, \
               puis rechargez cette page.",
        onward: None,
    };
    let mut response = page::error(frame, StatusCode::TOO_MANY_REQUESTS, trouble);
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    response
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
