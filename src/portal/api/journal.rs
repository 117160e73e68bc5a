//! The journal, to read.

use axum::{extract::State, response::Response};
use serde::Serialize;
use serde_json::Value;

use crate::{
    kernel::{Finess, Timestamp, journal::Line},
    web::Problem,
};

use super::{
    Api,
    answer::{List, cut_short, found},
    call::{Call, Scope},
};

#[derive(Serialize)]
struct LineView {
    seq: u64,
    at: Timestamp,
    calendar: Timestamp,
    entry: Value,
    /// The entry as it was hashed.
    text: String,
    hash: String,
}

impl LineView {
    fn new(line: Line) -> Self {
        Self {
            seq: line.seq,
            at: line.at,
            calendar: line.calendar,
            entry: serde_json::from_str(&line.entry).unwrap_or_default(),
            text: line.entry,
            hash: line.hash,
        }
    }

    fn is_about(&self, finess: Finess) -> bool {
        self.entry.get("structure").and_then(Value::as_str) == Some(finess.as_str())
    }
}

/// `GET /journal?after=`: lines in order; a client that is bound to a structure sees its own, with
/// pages that may be short or empty before the list ends.
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    call.lists(Scope::SecurityRead, &[])?;
    let asked = call.page::<u64>()?;
    let lines = api.journal.lines(asked.after.unwrap_or(0), asked.limit).await?;
    let (lines, next) = cut_short(lines, &asked, |line| line.seq.to_string());
    let own = |line: &LineView| call.structure().is_none_or(|finess| line.is_about(finess));
    let items: Vec<_> = lines.into_iter().map(LineView::new).filter(own).collect();
    Ok(found(&List { items, next }))
}
