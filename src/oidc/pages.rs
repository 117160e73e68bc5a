//! The pages that belong to the protocol itself.

use askama::Template;
use axum::{http::StatusCode, response::Response};

use crate::{
    access::NoRight,
    web::{
        csrf::{self, Csrf},
        fields::Fields,
        page::{self, Frame},
    },
};

use super::return_address::AuthorizationAnswer;

#[derive(Template)]
#[template(path = "oidc/envoi.html")]
struct FormPost<'a> {
    frame: Frame,
    action: String,
    fields: &'a [(&'static str, String)],
}

/// A form that posts itself to the client; by hand where there is no script.
pub(super) fn form_post(frame: Frame, answer: &AuthorizationAnswer) -> Response {
    let template = FormPost { frame, action: answer.location(), fields: answer.posted() };
    page::html(StatusCode::OK, &template)
}

#[derive(Template)]
#[template(path = "oidc/refus.html")]
struct Told<'a> {
    frame: Frame,
    code: &'static str,
    title: &'a str,
    text: &'a str,
    action: String,
    fields: &'a [(&'static str, String)],
}

/// Tells the person something on our own page before `answer` goes to the client, by a link or by a
/// form. `code` is that of the contract: `acces_refuse`, `carte_inactive`…
pub fn told_first(
    frame: Frame,
    answer: &AuthorizationAnswer,
    code: &'static str,
    (title, text): (&str, &str),
) -> Response {
    let (action, fields) = (answer.location(), answer.posted());
    page::html(StatusCode::FORBIDDEN, &Told { frame, code, title, text, action, fields })
}

/// Tells the person, who has proven who they are, why this service stays shut.
pub fn no_right(
    frame: Frame,
    answer: &AuthorizationAnswer,
    why: NoRight,
    service: &str,
) -> Response {
    let text = format!(
        "{why} « {service} » ne peut donc pas s'ouvrir. Si c'est une erreur, adressez-vous au \
         gestionnaire de votre structure."
    );
    let code = why.page_code();
    told_first(frame, answer, code, ("Accès refusé", &text))
}

#[derive(Template)]
#[template(path = "oidc/confirmer.html")]
struct ConfirmLogout<'a> {
    frame: Frame,
    action: &'a str,
    fields: Vec<(&'a str, &'a str)>,
}

/// Asks before closing.
pub(super) fn confirm_logout(
    frame: Frame,
    action: &str,
    fields: &Fields,
    token: Option<&Csrf>,
) -> Response {
    const CARRIED: [&str; 4] = ["id_token_hint", "post_logout_redirect_uri", "state", "client_id"];
    let carried = CARRIED.iter().filter_map(|name| Some((*name, fields.get(name)?)));
    let token = token.map(|token| (csrf::FIELD, token.expose()));
    let template = ConfirmLogout { frame, action, fields: carried.chain(token).collect() };
    page::html(StatusCode::OK, &template)
}

#[derive(Template)]
#[template(path = "oidc/deconnecte.html")]
struct LoggedOut {
    frame: Frame,
}

/// Closed.
pub(super) fn logged_out(frame: Frame) -> Response {
    page::html(StatusCode::OK, &LoggedOut { frame })
}
