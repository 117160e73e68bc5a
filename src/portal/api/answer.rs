//! What goes out.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::{
    kernel::retry::{Answered, Kept, Wording},
    registry::{Page, fault::Fault},
    web::Problem,
};

/// The answer to a write: in the words of now, or in those of the first time.
pub(super) fn written<T, E>(
    outcome: Answered<T, E>,
    wording: &Wording<T>,
    refuse: impl FnOnce(E) -> Problem,
) -> Result<Response, Problem> {
    match outcome {
        Answered::Done(done) => Ok(kept(wording(&done))),
        Answered::Replayed(before) => Ok(kept(before)),
        Answered::Refused(refused) => Err(refuse(refused)),
        Answered::KeyReused => Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "Cette clé d'idempotence a servi à une autre requête : prenez-en une nouvelle.",
        )),
    }
}

/// An answer as it was kept.
pub(super) fn kept(kept: Kept) -> Response {
    let status = StatusCode::from_u16(kept.status).unwrap_or(StatusCode::OK);
    if status == StatusCode::NO_CONTENT {
        return status.into_response();
    }
    text(status, kept.body)
}

/// Words for `value`.
pub(super) fn words(status: StatusCode, value: &impl Serialize) -> Kept {
    // A view of ours that does not serialise is a bug that the tests of its handler find.
    Kept { status: status.as_u16(), body: serde_json::to_string(value).unwrap_or_default() }
}

/// A thing, found.
pub(super) fn found(value: &impl Serialize) -> Response {
    kept(words(StatusCode::OK, value))
}

/// A page of a list, as every list is written.
#[derive(Serialize)]
pub(super) struct List<V> {
    /// The items.
    pub(super) items: Vec<V>,
    /// What to give as `after` for the next page, if the list goes on.
    pub(super) next: Option<String>,
}

/// A page of a list. One more item than asked for was read: it is left out, and says that the list
/// goes on after the last one shown.
pub(super) fn page<T, Id, V: Serialize>(
    items: Vec<T>,
    asked: &Page<Id>,
    cursor: impl Fn(&T) -> String,
    view: impl FnMut(T) -> V,
) -> Response {
    let (items, next) = cut_short(items, asked, cursor);
    found(&List { items: items.into_iter().map(view).collect(), next })
}

/// The items to show, and where the list goes on.
pub(super) fn cut_short<T, Id>(
    mut items: Vec<T>,
    asked: &Page<Id>,
    cursor: impl Fn(&T) -> String,
) -> (Vec<T>, Option<String>) {
    let shown = usize::try_from(asked.limit.saturating_sub(1)).unwrap_or(usize::MAX);
    let goes_on = items.len() > shown;
    items.truncate(shown);
    let next = items.last().filter(|_| goes_on).map(cursor);
    (items, next)
}

/// All that is wrong, field by field.
pub(super) fn invalid(fields: Vec<Fault>) -> Problem {
    let names: Vec<_> = fields.iter().map(|fault| fault.field.as_str()).collect();
    let detail = format!("Corrigez ces champs, puis renvoyez la demande : {}.", names.join(", "));
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_fields", detail).with("fields", fields)
}

/// Nothing there, or nothing that this caller may know of.
pub(super) fn not_found(what: &str) -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not_found", format!("{what} : vérifiez l'identifiant."))
}

/// The number is retired.
pub(super) fn retired() -> Problem {
    Problem::new(
        StatusCode::GONE,
        "retired",
        "Ce numéro RPPS a été retiré : l'autorité a supprimé une identité erronée.",
    )
}

fn text(status: StatusCode, body: String) -> Response {
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
