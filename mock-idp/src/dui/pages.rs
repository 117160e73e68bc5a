//! The software for people.

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use axum_extra::extract::cookie::CookieJar;

use super::Dui;
use super::record::Record;
use super::renewal::NotRenewed;
use super::sessions::{Session, Why};
use crate::clock;
use crate::web::{Frame, page};

#[derive(Template)]
#[template(path = "dui_home.html")]
struct HomePage {
    frame: Frame,
    structure: Option<&'static str>,
    user: Option<Record>,
    ended: Option<String>,
}

#[derive(Template)]
#[template(path = "dui_record.html")]
struct RecordPage {
    frame: Frame,
    record: Record,
    opened_at: String,
}

#[derive(Template)]
#[template(path = "dui_message.html")]
struct MessagePage<'a> {
    frame: Frame,
    id: &'static str,
    code: &'a str,
    title: &'static str,
    text: &'a str,
    detail: &'a str,
}

/// The sentence that a person reads whose session the gateway closed.
fn ended(session: &Session) -> Option<String> {
    let closed = session.closed?;
    match closed.closed_by {
        Why::Departure | Why::RefreshRefused => {
            Some(format!("Votre accès a pris fin le {}.", clock::in_french(closed.at)))
        }
        Why::Logout => None,
    }
}

pub(super) async fn home(State(dui): State<Arc<Dui>>, jar: CookieJar) -> Response {
    let session = dui.session(&jar);
    let open = session.as_ref().filter(|session| session.closed.is_none());
    let shown = HomePage {
        frame: dui.page_frame("Accueil"),
        structure: dui.software.structure,
        user: open.map(|session| Record::of(&session.userinfo, dui.software.structure)),
        ended: session.as_ref().and_then(ended),
    };
    page(StatusCode::OK, &shown)
}

/// Who she is, in which role, and what that role may read, as the gateway tells it now: a session of
/// this software's own is no proof that somebody still works here.
pub(super) async fn record(State(dui): State<Arc<Dui>>, jar: CookieJar) -> Response {
    let open = dui.session(&jar).filter(|session| session.closed.is_none());
    let asked = match open {
        Some(session) => dui.look_again(session).await.map(|_| ()),
        None => Ok(()),
    };
    let login = "Connectez-vous avec votre e-CPS pour ouvrir cette page.";
    match asked {
        Ok(()) | Err(NotRenewed::Refused) => {}
        Err(NotRenewed::NoToken) => {
            return error(&dui, StatusCode::UNAUTHORIZED, "non_connecte", login, "");
        }
        Err(NotRenewed::Unreachable(why)) => {
            tracing::info!(why, "the gateway could not be asked");
            let text = "Votre accès ne peut pas être vérifié pour le moment. Rechargez cette page \
                        dans quelques secondes.";
            return error(&dui, StatusCode::SERVICE_UNAVAILABLE, "indisponible", text, "");
        }
    }
    let Some(session) = dui.session(&jar) else {
        return error(&dui, StatusCode::UNAUTHORIZED, "non_connecte", login, "");
    };
    if session.closed.is_some() {
        let text = ended(&session).unwrap_or_else(|| "Vous êtes déconnecté.".to_owned());
        return error(&dui, StatusCode::UNAUTHORIZED, "acces_termine", &text, "");
    }
    let shown = RecordPage {
        // Nobody should go on reading what a departure has closed; seldom enough to read in peace
        // where no script looks instead.
        frame: Frame { refresh: Some(10), ..dui.page_frame("Mon dossier") },
        record: Record::of(&session.userinfo, dui.software.structure),
        opened_at: clock::in_french(session.opened_at),
    };
    page(StatusCode::OK, &shown)
}

pub(super) fn farewell(dui: &Dui) -> Response {
    let shown = MessagePage {
        frame: dui.page_frame("Déconnexion"),
        id: "deconnecte",
        code: "",
        title: "Vous êtes déconnecté",
        text: "Votre session dans ce logiciel est fermée.",
        detail: "",
    };
    page(StatusCode::OK, &shown)
}

pub(super) fn error(
    dui: &Dui,
    status: StatusCode,
    code: &str,
    text: &str,
    detail: &str,
) -> Response {
    let title = if code == "acces_termine" { "Accès terminé" } else { "Connexion impossible" };
    let shown =
        MessagePage { frame: dui.page_frame(title), id: "erreur", code, title, text, detail };
    page(status, &shown)
}
