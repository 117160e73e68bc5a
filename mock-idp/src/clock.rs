//! The one place that reads the time: the strangers live in real time, as phones and servers do.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Now.
#[expect(clippy::disallowed_methods, reason = "the strangers have no other clock")]
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// As people in France read it: `21/11/2026 à 14:02:07`.
pub(crate) fn in_french(at: Timestamp) -> String {
    let zone = TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC);
    at.to_zoned(zone).strftime("%d/%m/%Y à %H:%M:%S").to_string()
}

/// The same, from an RFC 3339 text that somebody sent; what cannot be read is shown as it came.
pub(crate) fn text_in_french(text: &str) -> String {
    text.parse().map_or_else(|_| text.to_owned(), in_french)
}
