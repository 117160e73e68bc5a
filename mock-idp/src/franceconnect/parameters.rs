//! What a request carries, in its order: the platform counts, and refuses what it does not expect.

use axum::body::Bytes;
use axum::http::{HeaderMap, header};

/// Names and values of a query or of a form.
#[derive(Debug, Default)]
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn read(encoded: &[u8]) -> Self {
        Self(url::form_urlencoded::parse(encoded).into_owned().collect())
    }

    /// A form, and nothing that only looks like one.
    pub(super) fn of_form(headers: &HeaderMap, body: &Bytes) -> Option<Self> {
        let media = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let media = media.split(';').next().unwrap_or_default().trim();
        media.eq_ignore_ascii_case("application/x-www-form-urlencoded").then(|| Self::read(body))
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(given, _)| given == name).map(|(_, value)| value.as_str())
    }

    /// The value, or nothing at all.
    pub(super) fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default()
    }

    /// Whether each name is one of these, and there once.
    pub(super) fn are_only(&self, names: &[&str]) -> bool {
        self.0.iter().all(|(name, _)| names.contains(&name.as_str())) && self.are_single()
    }

    /// Whether no name is given twice.
    pub(super) fn are_single(&self) -> bool {
        self.0.iter().enumerate().all(|(at, (name, _))| {
            self.0.iter().position(|(earlier, _)| earlier == name) == Some(at)
        })
    }
}
