//! Telling the outside until it confirms: one line for each relying party that a cut concerns.

use serde::Serialize;
use url::Url;
use uuid::Uuid;

use crate::kernel::{
    ClientId, DepartureId, GrantId, Outage, Sid, Timestamp, letter::Letter, time::Span,
};

/// How far telling one relying party has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticeState {
    /// Owed, not tried yet.
    Due,
    /// Tried, without an answer that settles it: it will be tried again.
    Sent,
    /// The relying party confirmed.
    Confirmed,
    /// It answered that it will not.
    Refused,
    /// Tried as often as the settings say, in vain.
    GivenUp,
}

impl NoticeState {
    /// Its stable name, as stored and shown.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Due => "due",
            Self::Sent => "sent",
            Self::Confirmed => "confirmed",
            Self::Refused => "refused",
            Self::GivenUp => "given_up",
        }
    }
}

/// A line of the ledger whose next try is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// Its identifier.
    pub id: Uuid,
    /// Who is told.
    pub client: ClientId,
    /// Which session is over for them: a logout token always names one.
    pub sid: Sid,
    /// Which grant of theirs was cut.
    pub grant: GrantId,
    /// Where they want to be told.
    pub uri: Url,
    /// Tries so far.
    pub tries: u32,
}

/// A line of the ledger, to show.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LedgerLine {
    /// Who is told.
    pub client_id: ClientId,
    /// Which session.
    pub sid: Sid,
    /// Which grant of theirs was cut.
    pub grant: GrantId,
    /// Since when it was open, while that is known: grants are forgotten after 30 days.
    pub opened_at: Option<Timestamp>,
    /// How far it has come.
    pub state: NoticeState,
    /// How often it was tried.
    pub tries: u32,
    /// When it was last tried.
    pub last_try: Option<Timestamp>,
    /// When they confirmed.
    pub confirmed_at: Option<Timestamp>,
    /// What the last try met: `unreachable`, `status 503`…
    pub problem: Option<String>,
}

/// What one try met.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// 200 or 204 (OpenID Connect Back-Channel Logout 1.0, section 2.8).
    Confirmed,
    /// 400 or any other final answer: they understood, and will not.
    Refused(u16),
    /// No answer, or a server's failure: it may pass.
    Failed(String),
    /// The address is not one that we may call.
    Forbidden,
}

/// How often, and how far apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Tries in all.
    pub tries: u32,
    /// Wait after the first failure; doubled after each.
    pub first_wait: Span,
    /// The longest wait between two tries.
    pub longest_wait: Span,
}

/// What a try leaves in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AfterTry {
    /// The new state.
    pub state: NoticeState,
    /// When to try again, for a state that is not final.
    pub due_at: Timestamp,
    /// What it met.
    pub problem: Option<String>,
}

impl RetryPolicy {
    /// What follows the `tries`-th try (from 1). `jitter` is a fraction in thousandths that spreads
    /// the retries of many lines.
    pub fn after(&self, tries: u32, attempt: Attempt, jitter: u32, now: Timestamp) -> AfterTry {
        let settled = |state, problem| AfterTry { state, due_at: now, problem };
        match attempt {
            Attempt::Confirmed => settled(NoticeState::Confirmed, None),
            Attempt::Refused(status) => {
                settled(NoticeState::Refused, Some(format!("status {status}")))
            }
            Attempt::Forbidden => {
                settled(NoticeState::Refused, Some("address not allowed".to_owned()))
            }
            Attempt::Failed(problem) if tries >= self.tries => {
                settled(NoticeState::GivenUp, Some(problem))
            }
            Attempt::Failed(problem) => {
                let doublings = tries.saturating_sub(1).min(30);
                let wait = self.first_wait.0.saturating_mul(1 << doublings);
                let wait = wait.min(self.longest_wait.0);
                let spread = wait.saturating_mul(i64::from(jitter.min(1000))) / 4000;
                let due_at = now + Span(wait.saturating_add(spread));
                AfterTry { state: NoticeState::Sent, due_at, problem: Some(problem) }
            }
        }
    }
}

/// A mail that is owed.
#[derive(Clone, Debug)]
pub struct OwedLetter {
    /// Its identifier.
    pub id: Uuid,
    /// What to send.
    pub letter: Letter,
    /// Tries so far.
    pub tries: u32,
}

/// The outbox, durable. Each verb is one transaction.
#[async_trait::async_trait]
pub trait Outbox: Send + Sync {
    /// Turns obligations into lines, idempotently: one for each grant that a cut covers, that is
    /// older than it by the revision that the gate compares, and whose client can be told, whatever
    /// its epoch and even if it is dead already. Answers whether more wait.
    async fn expand(&self) -> Result<bool, Outage>;

    /// Lines whose next try is due, up to `each` for each client: the longest due first.
    async fn due_notices(&self, each: u32) -> Result<Vec<Notice>, Outage>;

    /// Writes what a try met, and its line in the journal when that settles it.
    async fn record_try(&self, notice: &Notice, after: AfterTry) -> Result<(), Outage>;

    /// Up to `limit` letters whose next try is due.
    async fn due_letters(&self, limit: u32) -> Result<Vec<OwedLetter>, Outage>;

    /// The letter left: forget it. Or it did not: when to try again.
    async fn record_letter(&self, id: Uuid, again_at: Option<Timestamp>) -> Result<(), Outage>;

    /// When the next line or letter will be due, of those that are not yet.
    async fn next_due(&self) -> Result<Option<Timestamp>, Outage>;

    /// The ledger of one departure.
    async fn ledger(&self, departure: DepartureId) -> Result<Vec<LedgerLine>, Outage>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outside_is_told_until_it_confirms() {
        const NOW: Timestamp = Timestamp(1_000_000);
        let policy =
            RetryPolicy { tries: 4, first_wait: Span::seconds(1), longest_wait: Span::seconds(3) };
        let check = |tries, attempt, jitter, state, wait| {
            let after = policy.after(tries, attempt, jitter, NOW);
            assert_eq!((after.state, after.due_at - NOW), (state, Span(wait)), "try {tries}");
        };
        let failed = || Attempt::Failed("unreachable".to_owned());
        check(1, Attempt::Confirmed, 0, NoticeState::Confirmed, 0);
        check(1, Attempt::Refused(400), 0, NoticeState::Refused, 0);
        check(1, Attempt::Forbidden, 0, NoticeState::Refused, 0);
        check(1, failed(), 0, NoticeState::Sent, 1000);
        check(2, failed(), 0, NoticeState::Sent, 2000);
        check(3, failed(), 0, NoticeState::Sent, 3000);
        check(3, failed(), 1000, NoticeState::Sent, 3750);
        check(4, failed(), 0, NoticeState::GivenUp, 0);
    }
}
