//! Settings that say how long, how often, how much.

use crate::kernel::time::Span;

use super::reading::Reader;

/// The e-CPS.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the section says it")]
pub struct Ecps {
    pub pin_attempts: u32,
    pub challenge: Span,
    pub activation: Span,
    pub activation_tries: u32,
}

impl Ecps {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let pin_attempts = reader.number("ecps.pin_attempts", 1..=10);
        let challenge = seconds(reader, "ecps.challenge_seconds", 120);
        let activation = minutes(reader, "ecps.activation_minutes", 60);
        let activation_tries = reader.number("ecps.activation_tries", 1..=20);
        Some(Self {
            pin_attempts: pin_attempts?,
            challenge: challenge?,
            activation: activation?,
            activation_tries: activation_tries?,
        })
    }
}

/// Sessions.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the section says it")]
pub struct Session {
    pub idle: Span,
    pub life: Span,
}

impl Session {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let idle = minutes(reader, "session.idle_minutes", 240);
        let life = reader.number("session.hours", 1..=4).map(|n| Span::hours(i64::from(n)));
        Some(Self { idle: idle?, life: life? })
    }
}

/// Tokens and codes.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the section says it")]
pub struct Tokens {
    pub access: Span,
    pub code: Span,
    pub refresh: Span,
}

impl Tokens {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let access = seconds(reader, "tokens.access_seconds", 120);
        let code = seconds(reader, "tokens.code_seconds", 60);
        let refresh = minutes(reader, "tokens.refresh_minutes", 240);
        Some(Self { access: access?, code: code?, refresh: refresh? })
    }
}

/// How often strangers may try.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the section says it")]
pub struct Throttle {
    pub logins_per_minute_per_address: u32,
    pub directory_per_minute_per_address: u32,
}

impl Throttle {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let logins = reader.number("throttle.logins_per_minute_per_address", 0..=1_000_000);
        let directory = reader.number("throttle.directory_per_minute_per_address", 0..=1_000_000);
        Some(Self {
            logins_per_minute_per_address: logins?,
            directory_per_minute_per_address: directory?,
        })
    }
}

/// How stubbornly relying parties are told.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the section says it")]
pub struct Logout {
    pub tries: u32,
    pub first_wait: Span,
    pub longest_wait: Span,
}

impl Logout {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let tries = reader.number("logout.tries", 1..=1000);
        let first_wait = seconds(reader, "logout.first_wait_seconds", 3600);
        let longest_wait = minutes(reader, "logout.longest_wait_minutes", 24 * 60);
        Some(Self { tries: tries?, first_wait: first_wait?, longest_wait: longest_wait? })
    }
}

/// The journal.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the section says it")]
pub struct Journal {
    pub refusals_every: Span,
}

impl Journal {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self { refusals_every: seconds(reader, "journal.refusals_every_seconds", 3600)? })
    }
}

/// What is kept of people, and for how long.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the section says it")]
pub struct Retention {
    pub refused_requests: Span,
}

impl Retention {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let days = reader.number("retention.refused_requests_days", 1..=365)?;
        Some(Self { refused_requests: Span::hours(24 * i64::from(days)) })
    }
}

/// Logs.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the section says it")]
pub struct Log {
    pub level: String,
}

impl Log {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let level = reader.text("log.level", |text| {
            // The library takes a lone word for the name of a target: a level that is misspelt.
            if let Some(odd) = text.split(',').find(|directive| !is_directive(directive)) {
                return Err(format!(
                    "{odd}: off, error, warn, info, debug, trace, or target=level"
                ));
            }
            let known = tracing_subscriber::EnvFilter::builder().parse(text);
            known.map(|_| text.to_owned()).map_err(|error| format!("{text}: {error}"))
        });
        Some(Self { level: level? })
    }
}

/// Whether this says how much is logged: everywhere, or of one target.
fn is_directive(text: &str) -> bool {
    let level = text.rsplit_once('=').map_or(text, |(_, level)| level);
    !level.is_empty() && level.parse::<tracing::level_filters::LevelFilter>().is_ok()
}

pub(super) fn seconds(reader: &mut Reader<'_>, key: &'static str, most: u32) -> Option<Span> {
    reader.number(key, 1..=most).map(|number| Span::seconds(i64::from(number)))
}

pub(super) fn minutes(reader: &mut Reader<'_>, key: &'static str, most: u32) -> Option<Span> {
    reader.number(key, 1..=most).map(|number| Span::minutes(i64::from(number)))
}
