//! The loop that empties the outbox: back-channel logout and letters.

use std::{sync::Arc, time::Duration};

use futures_util::future::join_all;
use tokio::sync::Notify;

use crate::{
    kernel::{Clock, Outage, Timestamp, letter::Letter, random::Random, time::Span},
    web::outgoing::{CallError, Outgoing},
};

use super::ledger::{Attempt, Notice, Outbox, OwedLetter, RetryPolicy};

/// Calls at once.
const TOGETHER: u32 = 32;
/// The longest sleep: lines written by another process are found within it.
const LONGEST_SLEEP: Span = Span::seconds(1);
/// Wait before a letter that the mail server refused is tried again.
const LETTER_WAIT: Span = Span::seconds(30);

/// Makes the token that tells a relying party that a session is over (OpenID Connect Back-Channel
/// Logout 1.0, section 2.4). Each try gets its own `jti`.
#[async_trait::async_trait]
pub trait LogoutTokens: Send + Sync {
    /// The signed token for `notice`.
    async fn logout_token(&self, notice: &Notice, now: Timestamp) -> Result<String, Outage>;
}

/// Hands a letter to a mail server.
#[async_trait::async_trait]
pub trait Mailbag: Send + Sync {
    /// Sends it; false when it could not leave.
    async fn post(&self, letter: &Letter) -> bool;
}

/// Tells the outside.
pub struct Telling {
    /// What is owed.
    pub outbox: Arc<dyn Outbox>,
    /// Who signs.
    pub tokens: Arc<dyn LogoutTokens>,
    /// Who carries letters.
    pub mailbag: Arc<dyn Mailbag>,
    /// Who calls.
    pub outgoing: Outgoing,
    /// How often.
    pub policy: RetryPolicy,
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// The spread of retries.
    pub random: Arc<dyn Random>,
    /// Wakes the loop after a commit that owes something.
    pub wake: Arc<Notify>,
}

impl Telling {
    /// Runs until the task is dropped. A failure of the store is met again at the next turn: what
    /// is owed is durable.
    pub async fn run(self: Arc<Self>) {
        loop {
            let rest = match self.turn().await {
                Ok(rest) => rest,
                Err(outage) => {
                    tracing::warn!(%outage, "the outbox waits");
                    LONGEST_SLEEP
                }
            };
            if rest > Span(0) {
                let rest = Duration::from_millis(rest.0.unsigned_abs());
                // Either ends the sleep; neither is an error.
                drop(tokio::time::timeout(rest, self.wake.notified()).await);
            }
        }
    }

    /// One turn: expands obligations, tries what is due. Answers how long to rest.
    pub async fn turn(&self) -> Result<Span, Outage> {
        let more = self.outbox.expand().await?;
        let notices = self.outbox.due_notices(TOGETHER).await?;
        let letters = self.outbox.due_letters(TOGETHER).await?;
        let busy = more || !notices.is_empty() || !letters.is_empty();
        let told = join_all(notices.iter().map(|notice| self.tell(notice)));
        let posted = join_all(letters.iter().map(|letter| self.post(letter)));
        let (told, posted) = tokio::join!(told, posted);
        told.into_iter().chain(posted).collect::<Result<(), _>>()?;
        if busy {
            return Ok(Span(0));
        }
        let now = self.clock.now();
        let next = self.outbox.next_due().await?;
        let rest = next.map_or(LONGEST_SLEEP, |due| due - now);
        Ok(rest.clamp(Span(0), LONGEST_SLEEP))
    }

    async fn tell(&self, notice: &Notice) -> Result<(), Outage> {
        let token = self.tokens.logout_token(notice, self.clock.now()).await?;
        let sent = self.outgoing.post_form(&notice.uri, &[("logout_token", &token)]).await;
        let attempt = match sent {
            Ok(()) => Attempt::Confirmed,
            Err(CallError::Forbidden) => Attempt::Forbidden,
            Err(CallError::Status(status)) if is_final(status) => Attempt::Refused(status),
            Err(failure @ (CallError::Status(_) | CallError::Unreachable | CallError::TooLong)) => {
                Attempt::Failed(failure.to_string())
            }
        };
        let jitter = u32::try_from(self.random.below(1000)).unwrap_or_default();
        let tries = notice.tries.saturating_add(1);
        let after = self.policy.after(tries, attempt, jitter, self.clock.now());
        self.outbox.record_try(notice, after).await
    }

    async fn post(&self, owed: &OwedLetter) -> Result<(), Outage> {
        let again_at = if self.mailbag.post(&owed.letter).await {
            None
        } else {
            let wait = Span(LETTER_WAIT.0.saturating_mul(i64::from(owed.tries.min(60)) + 1));
            Some(self.clock.now() + wait)
        };
        self.outbox.record_letter(owed.id, again_at).await
    }
}

/// Whether an answer settles the matter: 4xx but those that say *later* (408, 425, 429).
fn is_final(status: u16) -> bool {
    (400..500).contains(&status) && !matches!(status, 408 | 425 | 429)
}
