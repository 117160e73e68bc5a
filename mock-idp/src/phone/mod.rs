//! The phones: each holds one professional's key, and speaks to the gateway's device API.
//!
//! A phone knows what its owner typed, the key that it made and the seed that it was given. It does
//! not know which code is right, unless it is in automatic mode, which uses a side channel.

mod activation;
mod api;
mod approval;
mod auto;
mod device;
mod key;
mod otp;
mod pages;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::clock;
use crate::gateway::Gateway;
use crate::mailbox::Mailbox;
use crate::recent::Recent;
use crate::web::Problem;
use crate::world::file::{SavedPhone, WorldFile};
use activation::Asked;
use auto::Mode;
use device::DeviceApi;
use key::DeviceKey;

pub(crate) use auto::run as run_auto;

/// All the phones of the mock world.
pub(crate) struct Phones {
    api: DeviceApi,
    gateway: Arc<Gateway>,
    mailbox: Arc<Mailbox>,
    file: Arc<WorldFile>,
    now: Mutex<Now>,
    mode_changed: Notify,
}

/// What a phone forgets when it is switched off.
#[derive(Default)]
struct Now {
    /// Activations that wait for their secrets, newest last, by RPPS.
    asked: HashMap<String, Vec<Asked>>,
    modes: BTreeMap<String, Mode>,
    /// Which client a challenge was for: an approval says so.
    clients: Recent<String>,
    /// Challenges that automatic mode already took.
    taken: Recent<()>,
}

/// A phone whose card is active, with its key ready to sign.
struct Active {
    saved: SavedPhone,
    key: DeviceKey,
}

impl Phones {
    pub(crate) fn new(
        base: &str,
        http: reqwest::Client,
        gateway: Arc<Gateway>,
        mailbox: Arc<Mailbox>,
        file: Arc<WorldFile>,
    ) -> Self {
        Self {
            api: DeviceApi::new(base, http),
            gateway,
            mailbox,
            file,
            now: Mutex::default(),
            mode_changed: Notify::new(),
        }
    }

    /// What anybody holding the phone sees.
    pub(crate) fn describe(&self, rpps: &str) -> Value {
        let saved = self.saved(rpps);
        let now = self.lock();
        let asked = now.asked.get(rpps).and_then(|asked| asked.last());
        let state = match (&saved, asked) {
            (Some(_), _) => "active",
            (None, Some(_)) => "waiting",
            (None, None) => "new",
        };
        let mode = now.modes.get(rpps);
        json!({
            "rpps": rpps,
            "identifier": format!("8{rpps}"),
            "state": state,
            "device": saved.map(|phone| phone.device),
            "activation": asked.map(|asked| asked.id.clone()),
            "auto": mode.map_or("off", |mode| mode.auto.word()),
            "delay_ms": mode.map_or(0, Mode::delay_ms),
        })
    }

    /// The phone is lost: its key is gone for good. The gateway is not told.
    pub(crate) fn lose(&self, rpps: &str) -> Result<(), Problem> {
        let mut now = self.lock();
        now.asked.remove(rpps);
        now.modes.remove(rpps);
        drop(now);
        self.change(|phones| {
            phones.remove(rpps);
        })
    }

    /// The one-time code for this PIN, and when it ends. A wrong PIN gives a wrong code.
    pub(crate) fn one_time_code(&self, rpps: &str, pin: &str) -> Result<otp::Code, Problem> {
        let active = self.active(rpps)?;
        otp::code(&active.saved, pin, clock::now()).ok_or_else(|| {
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "bad_seed",
                "La graine de ce téléphone est illisible.",
            )
        })
    }

    /// The RPPS numbers of the phones that hold a card.
    pub(crate) fn numbers(&self) -> Vec<String> {
        self.file.read(|saved| saved.phones.keys().cloned().collect())
    }

    pub(crate) fn saved(&self, rpps: &str) -> Option<SavedPhone> {
        self.file.read(|saved| saved.phones.get(rpps).cloned())
    }

    fn active(&self, rpps: &str) -> Result<Active, Problem> {
        let saved = self.saved(rpps).ok_or_else(|| {
            Problem::new(
                StatusCode::CONFLICT,
                "no_device",
                "Aucune e-CPS n'est active sur ce téléphone.",
            )
        })?;
        let key = DeviceKey::from_text(&saved.key).map_err(|_| unusable_key())?;
        Ok(Active { saved, key })
    }

    fn change(&self, edit: impl FnOnce(&mut BTreeMap<String, SavedPhone>)) -> Result<(), Problem> {
        self.file.change(|saved| edit(&mut saved.phones)).map_err(|error| {
            tracing::error!(%error, "a phone could not be kept");
            Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "not_kept",
                "Le téléphone n'a pas pu enregistrer son état.",
            )
        })
    }

    fn lock(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unusable_key() -> Problem {
    Problem::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        "bad_key",
        "La clé de ce téléphone est inutilisable.",
    )
}

/// The number in the address: eleven digits, or twelve with the 8 in front.
fn rpps_of(text: &str) -> Result<String, Problem> {
    let digits: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let digits = match digits.strip_prefix('8') {
        Some(rest) if digits.len() == 12 => rest,
        Some(_) | None => &digits,
    };
    if digits.len() == 11 && digits.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(digits.to_owned());
    }
    Err(Problem::new(
        StatusCode::NOT_FOUND,
        "unknown_phone",
        "Un téléphone se désigne par le numéro RPPS de sa titulaire : onze chiffres.",
    ))
}

/// Pages and calls of the phones.
pub(crate) fn router(phones: Arc<Phones>) -> Router {
    api::routes().merge(pages::routes()).with_state(phones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_named_by_eleven_digits() {
        #[track_caller]
        fn check(text: &str, expected: Option<&str>) {
            assert_eq!(rpps_of(text).ok().as_deref(), expected, "{text}");
        }
        check("99900000037", Some("99900000037"));
        check("899900000037", Some("99900000037"));
        check(" 999 00000037 ", Some("99900000037"));
        check("999000000370", None);
        check("9990000003", None);
        check("abc", None);
        check("", None);
    }
}
