//! The loop that empties the outbox: back-channel logout and letters.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::Notify,
    task::{self, JoinSet},
};
use uuid::Uuid;

use crate::{
    kernel::{Clock, Outage, Timestamp, letter::Letter, random::Random, time::Span},
    web::outgoing::{CallError, Outgoing},
};

use super::ledger::{Attempt, Notice, Outbox, OwedLetter, RetryPolicy};

/// Calls at once to one relying party: a slow one keeps itself waiting, and nobody else.
const EACH: u32 = 8;
/// Letters at once: there is one mail server.
const LETTERS: u32 = 8;
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

/// The tries under way, each a task of its own: nobody waits for somebody else's answer.
#[derive(Default)]
struct UnderWay {
    tries: JoinSet<Result<(), Outage>>,
    lines: HashMap<task::Id, Uuid>,
}

impl UnderWay {
    /// Begins a try of this line or letter, unless one is under way.
    fn begin(
        &mut self,
        line: Uuid,
        attempt: impl Future<Output = Result<(), Outage>> + Send + 'static,
    ) {
        if !self.lines.values().any(|known| *known == line) {
            let task = self.tries.spawn(attempt);
            self.lines.insert(task.id(), line);
        }
    }

    /// Rests until a try has ended, something new is owed, or `rest` has passed; then takes all that
    /// has ended.
    async fn rest(&mut self, rest: Span, wake: &Notify) -> Result<(), Outage> {
        let rest = Duration::from_millis(rest.0.unsigned_abs());
        let mut ended = tokio::select! {
            Some(ended) = self.tries.join_next_with_id() => Some(ended),
            () = wake.notified() => None,
            () = tokio::time::sleep(rest) => None,
        };
        let mut outcome = Ok(());
        while let Some(one) = ended.take().or_else(|| self.tries.try_join_next_with_id()) {
            let (id, told) = match one {
                Ok((id, told)) => (id, told),
                Err(panic) => (panic.id(), Err(Outage::Unavailable(panic.to_string()))),
            };
            self.lines.remove(&id);
            outcome = outcome.and(told);
        }
        outcome
    }
}

impl Telling {
    /// Runs until the task is dropped. A failure of the store is met again at the next turn: what
    /// is owed is durable.
    pub async fn run(self: Arc<Self>) {
        let mut under_way = UnderWay::default();
        loop {
            let met = match self.begin_what_is_due(&mut under_way).await {
                Ok(rest) => under_way.rest(rest, &self.wake).await,
                Err(outage) => Err(outage),
            };
            if let Err(outage) = met {
                tracing::warn!(%outage, "the outbox waits");
                tokio::time::sleep(Duration::from_millis(LONGEST_SLEEP.0.unsigned_abs())).await;
            }
        }
    }

    /// Expands obligations and begins what is due. Answers how long to rest.
    async fn begin_what_is_due(self: &Arc<Self>, under_way: &mut UnderWay) -> Result<Span, Outage> {
        let more = self.outbox.expand().await?;
        for notice in self.outbox.due_notices(EACH).await? {
            let telling = Arc::clone(self);
            under_way.begin(notice.id, async move { telling.tell(&notice).await });
        }
        for owed in self.outbox.due_letters(LETTERS).await? {
            let telling = Arc::clone(self);
            under_way.begin(owed.id, async move { telling.post(&owed).await });
        }
        if more {
            return Ok(Span(0));
        }
        let next = self.outbox.next_due().await?;
        let rest = next.map_or(LONGEST_SLEEP, |due| due - self.clock.now());
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
