//! Words for requests that reach no slice of the house: problems for programs, pages for people.

use axum::{
    extract::{Request, State},
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use crate::web::{
    Problem,
    page::{self, Frame, Trouble},
};

/// Puts a refusal that comes in the words of a library into ours: a path whose percent signs make no
/// text, a body that is too long or breaks off.
pub(super) async fn in_our_words(
    State(frame): State<Frame>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    let media = response.headers().get(header::CONTENT_TYPE);
    let is_plain = media.is_some_and(|media| media.as_bytes().starts_with(b"text/plain"));
    let status = response.status();
    if status.is_client_error() && is_plain { words(frame, &path, status) } else { response }
}

/// Why a request on `path` is refused with `status`.
pub(super) fn words(frame: Frame, path: &str, status: StatusCode) -> Response {
    let (code, title, text) = match status {
        StatusCode::BAD_REQUEST => (
            "bad_request",
            "Demande illisible",
            "L'adresse ou l'envoi n'est pas lisible. Vérifiez l'adresse, puis recommencez.",
        ),
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
