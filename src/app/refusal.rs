//! Words for requests that reach no slice of the house: problems for programs, pages for people.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::web::{
    Problem,
    page::{self, Frame, Trouble},
};

/// Why a request on `path` is refused with `status`.
pub(super) fn words(frame: Frame, path: &str, status: StatusCode) -> Response {
    let (code, title, text) = match status {
        StatusCode::METHOD_NOT_ALLOWED => (
            "method_not_allowed",
            "Cette adresse ne s'utilise pas ainsi",
            "Cette adresse n'accepte pas cette méthode. Reprenez depuis l'accueil, ou vérifiez \
             l'appel.",
        ),
        StatusCode::PAYLOAD_TOO_LARGE => (
            "too_large",
            "Envoi trop volumineux",
            "Ce qui a été envoyé est trop volumineux. Réduisez l'envoi, puis recommencez.",
        ),
        StatusCode::REQUEST_TIMEOUT => (
            "too_slow",
            "Envoi interrompu",
            "L'envoi n'est pas arrivé en entier à temps. Vérifiez la connexion, puis recommencez.",
        ),
        _ => (
            "not_found",
            "Cette page n'existe pas",
            "L'adresse est incomplète ou n'est plus utilisée. Reprenez depuis l'accueil, ou \
             vérifiez l'appel.",
        ),
    };
    if is_for_programs(path) {
        return Problem::new(status, code, text).into_response();
    }
    let onward = Some(("/", "Aller à l'accueil"));
    page::error(frame, status, Trouble { code: "requete_invalide", title, text, onward })
}

/// Where nobody but programs asks.
fn is_for_programs(path: &str) -> bool {
    let first = path.split('/').nth(1).unwrap_or_default();
    ["api", "device", "demo", "health"].contains(&first)
        || path.contains("/.well-known/")
        || path.contains("/protocol/openid-connect/")
            && !["/auth", "/logout"].iter().any(|page| path.ends_with(page))
}
