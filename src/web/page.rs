//! Pages: one frame, one theme, the headers that protect them.

use askama::Template;
use axum::{
    Router,
    body::Bytes,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};

/// What every page needs to know of where it is shown.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Whether to carry the banner *DÉMONSTRATION*.
    pub demo: bool,
}

/// No script or style but our own, no frame around us. There is no `form-action`: a form's answer
/// redirects to the relying party, and that policy would stop it.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A page, with the headers that protect it.
pub fn html(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => protected((status, Html(text)).into_response()),
        Err(error) => {
            tracing::error!(%error, "a page does not render");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Adds the headers of a page to `response`.
pub fn protected(mut response: Response) -> Response {
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// What a person is told when something cannot go on.
#[derive(Debug)]
pub struct Trouble<'a> {
    /// The stable code of `data-code`.
    pub code: &'static str,
    /// One line.
    pub title: &'a str,
    /// What happened, the rule, and the remedy.
    pub text: &'a str,
    /// Where to go from here: address and words.
    pub onward: Option<(&'a str, &'a str)>,
}

#[derive(Template)]
#[template(path = "erreur.html")]
struct ErrorPage<'a> {
    frame: Frame,
    trouble: Trouble<'a>,
}

/// The error page, `#erreur`.
pub fn error(frame: Frame, status: StatusCode, trouble: Trouble<'_>) -> Response {
    html(status, &ErrorPage { frame, trouble })
}

/// Our own style and scripts, under `/assets`. What a deployment adds to the theme comes after ours,
/// so that it wins.
pub fn assets(stylesheet: &str) -> Router {
    const WEEK: &str = "public, max-age=604800";
    let asset = |media: &'static str, body: &'static str| {
        get(async move || ([(header::CONTENT_TYPE, media), (header::CACHE_CONTROL, WEEK)], body))
    };
    let js = "text/javascript; charset=utf-8";
    let theme = Bytes::from([include_str!("../../assets/theme.css"), stylesheet].concat());
    let media = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        // An hour: the day after a deployment has another theme, nobody sees the old one.
        (header::CACHE_CONTROL, "public, max-age=3600"),
    ];
    Router::new()
        .route("/assets/theme.css", get(async move || (media, theme)))
        .route("/assets/attente.js", asset(js, include_str!("../../assets/attente.js")))
        .route("/assets/envoi.js", asset(js, include_str!("../../assets/envoi.js")))
        .route("/assets/suivi.js", asset(js, include_str!("../../assets/suivi.js")))
}
