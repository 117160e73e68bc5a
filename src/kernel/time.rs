//! Moments, the clock that edges read, and the civil calendar of France.

use std::{fmt, ops};

use jiff::{
    Zoned,
    civil::{Date, Time},
    tz::TimeZone,
};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A moment, in milliseconds since 1970-01-01T00:00:00Z. Rules receive it; they never ask for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub i64);

/// A length of time, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span(pub i64);

impl Span {
    /// `count` seconds.
    pub const fn seconds(count: i64) -> Self {
        Self(count * 1000)
    }
    /// `count` minutes.
    pub const fn minutes(count: i64) -> Self {
        Self::seconds(count * 60)
    }
    /// `count` hours.
    pub const fn hours(count: i64) -> Self {
        Self::minutes(count * 60)
    }
    /// Whole seconds, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

impl ops::Add<Span> for Timestamp {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl ops::Sub<Span> for Timestamp {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl ops::Sub for Timestamp {
    type Output = Span;
    fn sub(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Timestamp {
    /// The `NumericDate` of RFC 7519: whole seconds.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// The moment at which a civil date ends in France: midnight Europe/Paris, the day after.
    /// `None` for dates that no calendar holds.
    pub fn end_of_day(date: Date) -> Option<Self> {
        let midnight = date.tomorrow().ok()?.to_zoned(paris()).ok()?;
        Some(Self(midnight.timestamp().as_millisecond()))
    }

    /// The moment at which a civil date begins in France.
    pub fn start_of_day(date: Date) -> Option<Self> {
        Some(Self(date.to_zoned(paris()).ok()?.timestamp().as_millisecond()))
    }

    /// The moment at which clocks in France show that hour: of an hour that a change of clocks
    /// repeats, the first; of one that it leaves out, the one after.
    pub fn in_france(date: Date, hour: Time) -> Option<Self> {
        let moment = date.to_datetime(hour).to_zoned(paris()).ok()?;
        Some(Self(moment.timestamp().as_millisecond()))
    }

    /// The civil date of this moment in France.
    pub fn date(self) -> Date {
        self.zoned().date()
    }

    /// This moment as French people read it: `23/11/2026 à 10:54`.
    pub fn in_french(self) -> String {
        self.zoned().strftime("%d/%m/%Y à %H:%M").to_string()
    }

    /// The moment from which something can be done, as French people read it: a minute that has begun
    /// counts whole, so that nobody comes too early.
    pub fn from_in_french(self) -> String {
        const MINUTE: i64 = 60_000;
        Self(self.0.saturating_add(MINUTE - 1).div_euclid(MINUTE) * MINUTE).in_french()
    }

    /// The moment of an end as French people read it; midnight belongs to the day that it closes:
    /// `22/11/2026 à 24 h`.
    pub fn end_in_french(self) -> String {
        let just_before = self - Span(1);
        if Self::end_of_day(just_before.date()) == Some(self) {
            format!("{} à 24 h", just_before.day_in_french())
        } else {
            self.in_french()
        }
    }

    /// The civil date of this moment as French people read it: `23/11/2026`.
    pub fn day_in_french(self) -> String {
        day_in_french(self.date())
    }

    /// This moment with its seconds, for receipts: `14:02:07`.
    pub fn hour_in_french(self) -> String {
        self.zoned().strftime("%H:%M:%S").to_string()
    }

    fn zoned(self) -> Zoned {
        self.to_jiff().to_zoned(paris())
    }

    fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).unwrap_or_default()
    }
}

/// A civil date as French people read it: `23/11/2026`.
pub fn day_in_french(date: Date) -> String {
    date.strftime("%d/%m/%Y").to_string()
}

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap_or(TimeZone::UTC)
}

/// RFC 3339, in UTC, with milliseconds.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.to_jiff())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let moment = jiff::Timestamp::deserialize(deserializer)?;
        Ok(Self(moment.as_millisecond()))
    }
}

/// Where edges read the protocol clock, once per request.
pub trait Clock: Send + Sync {
    /// Real time: token dates, the life of codes and challenges.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the Clock")]
    fn now(&self) -> Timestamp {
        Timestamp(jiff::Timestamp::now().as_millisecond())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_last_day_ends_at_midnight_in_paris() {
        #[track_caller]
        fn check(date: &str, expected: &str) {
            let end = Timestamp::end_of_day(date.parse().unwrap()).unwrap();
            assert_eq!(end.to_string(), expected, "{date}");
        }
        check("2026-11-21", "2026-11-21T23:00:00.000Z");
        check("2026-07-14", "2026-07-14T22:00:00.000Z");
        check("2026-03-28", "2026-03-28T23:00:00.000Z"); // the night before summer time begins
        check("2026-10-25", "2026-10-25T23:00:00.000Z"); // the day that lasts 25 hours
    }

    #[test]
    fn moments_read_as_people_write_them() {
        let moment = Timestamp(1_795_427_640_000);
        assert_eq!(moment.to_string(), "2026-11-23T09:54:00.000Z");
        assert_eq!(moment.in_french(), "23/11/2026 à 10:54");
        assert_eq!(moment.date().to_string(), "2026-11-23");
        let parsed: Timestamp = serde_json::from_str("\"2026-11-23T10:54:00+01:00\"").unwrap();
        assert_eq!(parsed, moment);
    }

    #[test]
    fn nobody_comes_a_minute_too_early_and_midnight_ends_a_day() {
        let at = |text: &str| -> Timestamp { serde_json::from_value(text.into()).unwrap() };
        let from = |text| at(text).from_in_french();
        assert_eq!(from("2026-11-23T09:54:00.000Z"), "23/11/2026 à 10:54");
        assert_eq!(from("2026-11-23T09:54:00.001Z"), "23/11/2026 à 10:55");
        assert_eq!(from("2026-11-23T22:59:59.999Z"), "24/11/2026 à 00:00");
        let end = |text| at(text).end_in_french();
        assert_eq!(end("2026-11-22T00:00:00+01:00"), "21/11/2026 à 24 h");
        assert_eq!(end("2026-11-22T07:00:00+01:00"), "22/11/2026 à 07:00");
        assert_eq!(end("2026-11-22T00:01:00+01:00"), "22/11/2026 à 00:01");
    }
}
