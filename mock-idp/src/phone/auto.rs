//! Automatic mode: for machines that cannot look at two screens at once.
//!
//! The right code comes from a side channel of the demo, which `serve` does not have.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Phones;
use super::approval::{Approval, Pending};
use crate::web::Problem;

/// The shortest pause between two looks at the same phone.
const SHORTEST: Duration = Duration::from_millis(100);
/// With many phones in automatic mode each is looked at less often: 200 looks a second in all.
const EACH: Duration = Duration::from_millis(5);
/// A phone that the gateway refused is left alone for a while.
const AFTER_A_REFUSAL: Duration = Duration::from_secs(2);

/// What an automatic phone does with whatever comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Auto {
    Approve,
    Deny,
    Off,
}

impl Auto {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::Off => "off",
        }
    }
}

/// A phone's mode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mode {
    pub(super) auto: Auto,
    delay: Duration,
    not_before: Instant,
}

impl Mode {
    pub(super) fn delay_ms(&self) -> u64 {
        self.delay.as_millis().try_into().unwrap_or(u64::MAX)
    }
}

impl Phones {
    pub(crate) fn set_mode(&self, rpps: &str, auto: Auto, delay_ms: u64) {
        let mode =
            Mode { auto, delay: Duration::from_millis(delay_ms), not_before: Instant::now() };
        let mut now = self.lock();
        match auto {
            Auto::Off => now.modes.remove(rpps),
            Auto::Approve | Auto::Deny => now.modes.insert(rpps.to_owned(), mode),
        };
        drop(now);
        self.mode_changed.notify_one();
    }

    fn automatic(&self) -> Vec<(String, Mode)> {
        self.lock().modes.iter().map(|(rpps, mode)| (rpps.clone(), *mode)).collect()
    }

    fn mode(&self, rpps: &str) -> Auto {
        self.lock().modes.get(rpps).map_or(Auto::Off, |mode| mode.auto)
    }

    /// Looks once, and answers in its own time what was not taken yet.
    async fn look(self: &Arc<Self>, rpps: String, mode: Mode) {
        if Instant::now() < mode.not_before {
            return;
        }
        let pending = match self.pending(&rpps).await {
            Ok(pending) => pending,
            Err(problem) => {
                tracing::debug!(code = problem.code(), "an automatic phone could not look");
                if let Some(mode) = self.lock().modes.get_mut(&rpps) {
                    mode.not_before = Instant::now() + AFTER_A_REFUSAL;
                }
                return;
            }
        };
        for one in pending {
            if self.lock().taken.insert(&one.challenge, ()).is_none() {
                let phones = Arc::clone(self);
                let rpps = rpps.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(mode.delay).await;
                    phones.decide(&rpps, &one).await;
                });
            }
        }
    }

    async fn decide(&self, rpps: &str, pending: &Pending) {
        let done = match self.mode(rpps) {
            Auto::Approve => self.approve_as_told(rpps, pending).await,
            Auto::Deny => self.deny(rpps, &pending.challenge).await.map(|_| ()),
            Auto::Off => {
                self.lock().taken.remove(&pending.challenge);
                Ok(())
            }
        };
        if let Err(problem) = done {
            tracing::debug!(code = problem.code(), "an automatic phone could not answer");
            if problem.status.is_server_error() {
                self.lock().taken.remove(&pending.challenge);
            }
        }
    }

    async fn approve_as_told(&self, rpps: &str, pending: &Pending) -> Result<(), Problem> {
        let code = match (&pending.codes, &pending.binding_message) {
            (Some(_), _) => Some(self.gateway.right_code(&pending.challenge).await?),
            (None, Some(message)) if is_two_digits(message) => Some(message.clone()),
            (None, _) => None,
        };
        let pin = self.saved(rpps).map(|phone| phone.pin).unwrap_or_default();
        let approval = Approval { challenge: pending.challenge.clone(), code, pin };
        self.approve(rpps, &approval).await.map(|_| ())
    }
}

/// For a decoupled request, a message of two digits is the right code itself.
fn is_two_digits(message: &str) -> bool {
    message.len() == 2 && message.bytes().all(|b| b.is_ascii_digit())
}

/// Keeps looking for every phone in automatic mode, until the task is dropped.
pub(crate) async fn run(phones: Arc<Phones>) {
    loop {
        let automatic = phones.automatic();
        if automatic.is_empty() {
            phones.mode_changed.notified().await;
            continue;
        }
        let pause =
            SHORTEST.max(EACH.saturating_mul(automatic.len().try_into().unwrap_or(u32::MAX)));
        join_all(automatic.into_iter().map(|(rpps, mode)| phones.look(rpps, mode))).await;
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = phones.mode_changed.notified() => {}
        }
    }
}
