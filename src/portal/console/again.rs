//! The same confirmation once more. Who ends their own situation loses, with the first click of two,
//! every right to read the receipt; the second is answered with it all the same, for a short while:
//! the very same form, of the very same grant. It does nothing, and opens nothing else.

use std::sync::Arc;

use axum::{
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};

use crate::{
    departure::Departure,
    kernel::{
        DepartureId, Outage, Timestamp,
        retry::{Keep, Kept, Once},
        secret::SecretDigest,
        time::Span,
    },
    oidc::BuiltIn,
    web::{csrf::Csrf, fields::Fields},
};

use super::{Console, cookie::Named, pages, visit::LARGEST_FORM};

/// How long after its doors have shut: two clicks and a reload, no more.
const AGAIN: Span = Span::minutes(2);
/// What a confirmation carries, beside the token of its session.
const FIELDS: [&str; 5] = ["dernier_jour", "heure", "immediat", "motif", "apercu_vu"];

/// What makes two posts one confirmation: the session of the form, its path and all that it carries.
pub(super) fn once(csrf: &Csrf, path: &str, fields: &Fields) -> Option<Once> {
    let told = FIELDS.map(|name| fields.get(name).unwrap_or_default());
    let told = format!("{path} {told:?}");
    let key = csrf.of_form(&told).expose().to_owned();
    let request = SecretDigest::of(told.as_bytes());
    Some(Once { client: BuiltIn::Portal.name().parse().ok()?, key, request })
}

/// Keeps which departure a confirmation made.
pub(super) fn keep<T: 'static>(once: Option<Once>, departure: fn(&T) -> &Departure) -> Keep<T> {
    let wording = move |done: &T| Kept { status: 200, body: departure(done).id.to_string() };
    Keep::under(once, Arc::new(wording))
}

/// Whether its receipt may still be given to who confirmed it: something was cut, a moment ago.
fn is_fresh(departure: &Departure, now: Timestamp) -> bool {
    departure.cuts.iter().any(|cut| now - cut.at < AGAIN)
}

/// Around the posts that confirm: a refusal may be due to what the same form has just done.
pub(super) async fn answer(
    State(console): State<Console>,
    request: Request,
    next: Next,
) -> Response {
    let frame = console.with.frame;
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST_FORM).await else { return pages::unreadable(frame) };
    let (headers, path) = (parts.headers.clone(), parts.uri.path().to_owned());
    let request = Request::from_parts(parts, Body::from(body.clone()));
    let response = next.run(request).await;
    if !response.status().is_client_error() {
        return response;
    }
    match console.confirmed_before(&headers, &path, &body).await {
        Ok(receipt) => receipt.unwrap_or(response),
        Err(outage) => pages::unavailable(frame, &outage),
    }
}

impl Console {
    async fn confirmed_before(
        &self,
        headers: &HeaderMap,
        path: &str,
        body: &Bytes,
    ) -> Result<Option<Response>, Outage> {
        let key = &self.with.key;
        let cookie = self.cookies.read(headers, super::cookie::NAME);
        let named = cookie.and_then(|cookie| Named::open(&cookie, key));
        let (Some(named), Ok(fields)) = (named, Fields::from_form(headers, body)) else {
            return Ok(None);
        };
        let csrf = named.forms(key);
        if !csrf.admits(&fields) {
            return Ok(None);
        }
        let Some(once) = once(&csrf, path, &fields) else { return Ok(None) };
        match self.with.departures.answered(once).await? {
            Some(kept) => self.receipt_again(&kept).await,
            None => Ok(None),
        }
    }

    /// The receipt of the departure that a confirmation made, while it is fresh.
    pub(super) async fn receipt_again(&self, kept: &Kept) -> Result<Option<Response>, Outage> {
        let Ok(id) = kept.body.parse::<DepartureId>() else { return Ok(None) };
        let Some(departure) = self.with.departures.departure(id).await? else { return Ok(None) };
        let now = self.with.doors.barrier().await?;
        if !is_fresh(&departure, now.protocol) {
            return Ok(None);
        }
        self.last_receipt(&departure).await.map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::secret::Secret;

    #[test]
    fn two_posts_are_one_confirmation_when_nothing_differs() {
        #[track_caller]
        fn check(session: &str, path: &str, form: &str, expected: bool) {
            let key = |session: &str, path: &str, form: &str| {
                let csrf = Csrf::token(&Secret::received(session.to_owned()), "portail");
                once(&csrf, path, &Fields::from_query(form).unwrap()).unwrap().key
            };
            let first = key("a", "/depart/1", "immediat=oui&apercu_vu=m");
            assert_eq!(key(session, path, form) == first, expected);
        }
        check("a", "/depart/1", "immediat=oui&apercu_vu=m", true);
        check("a", "/depart/1", "apercu_vu=m&immediat=oui&confirmer=oui", true);
        check("b", "/depart/1", "immediat=oui&apercu_vu=m", false);
        check("a", "/depart/2", "immediat=oui&apercu_vu=m", false);
        check("a", "/depart/1", "immediat=oui&apercu_vu=n", false);
        check("a", "/depart/1", "immediat=oui&apercu_vu=m&motif=autre", false);
        check("a", "/depart/1", "dernier_jour=oui&apercu_vu=m", false);
    }
}
