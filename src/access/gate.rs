//! The one question that every door asks: may what this holds still be honoured?

use crate::kernel::{ClientId, Epoch, Finess, GrantId, Revision, Rpps, Sid, Timestamp};

use super::{CutSet, Stamp};

/// A place where a session, a token or a pending request is honoured. A new door is a new variant,
/// and every match on doors must then say what it means there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Door {
    /// A challenge is shown on the phone.
    Pending,
    /// The phone approves, or a one-time code proves: a session is made.
    Proof,
    /// A waiting browser takes what the phone approved: a grant and its code are made.
    Code,
    /// A live session opens a grant for another client without a new proof.
    SilentLogin,
    /// A code becomes tokens.
    Redemption,
    /// The second question of a redemption: replays of its own code do not undo the one that won.
    RedemptionAnswer,
    /// A refresh token becomes new tokens.
    Refresh,
    /// A token is told active or not.
    Introspection,
    /// A token opens who its holder is.
    Userinfo,
    /// A program's token opens our own API.
    Api,
    /// A person's grant opens a page of our own.
    Console,
}

impl Door {
    /// The door at which the answer of this one is asked about again.
    pub(super) const fn answer(self) -> Self {
        match self {
            Self::Redemption => Self::RedemptionAnswer,
            Self::Pending
            | Self::Proof
            | Self::Code
            | Self::SilentLogin
            | Self::RedemptionAnswer
            | Self::Refresh
            | Self::Introspection
            | Self::Userinfo
            | Self::Api
            | Self::Console => self,
        }
    }

    /// Its stable name, for the journal and the metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Proof => "proof",
            Self::Code => "code",
            Self::SilentLogin => "silent_login",
            Self::Redemption | Self::RedemptionAnswer => "redemption",
            Self::Refresh => "refresh",
            Self::Introspection => "introspection",
            Self::Userinfo => "userinfo",
            Self::Api => "api",
            Self::Console => "console",
        }
    }
}

/// What stands before a door: whose it is, what it grew from, and until when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// The person, unless a program stands for itself.
    pub rpps: Option<Rpps>,
    /// The structure that the client is bound to.
    pub structure: Option<Finess>,
    /// The session, once there is one.
    pub sid: Option<Sid>,
    /// The stamp of the proof; for a program, of its token.
    pub proof: Stamp,
    /// The client that asks or for which it was made, if any.
    pub client: Option<ClientId>,
    /// The grant, once there is one.
    pub grant: Option<GrantId>,
    /// The grant's own revision: cuts of its client and of itself look at this one only.
    pub own: Revision,
    /// When it ends by itself, on the protocol clock.
    pub until: Timestamp,
}

/// Why a door stays shut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Shut {
    /// It ended by itself.
    #[error("expired")]
    Expired,
    /// It belongs to another time line.
    #[error("another epoch")]
    OtherEpoch,
    /// It is older than anything that can still live.
    #[error("below the floor")]
    BelowFloor,
    /// It was cut.
    #[error("cut")]
    Cut,
    /// It claims to come from a revision that we have not seen: unknown is closed, with 503.
    #[error("from an unknown revision")]
    Unknown,
}

impl Shut {
    /// Its stable name, for the journal and the metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired",
            Self::OtherEpoch => "other_epoch",
            Self::BelowFloor => "below_floor",
            Self::Cut => "cut",
            Self::Unknown => "unknown",
        }
    }
}

/// The proof that a door asked and may open. Nothing else makes one, and whatever mints or honours
/// takes one, so that a door that forgot to ask does not compile.
#[derive(Debug)]
#[must_use]
pub struct Passed {
    door: Door,
}

impl Passed {
    /// The door that asked.
    pub fn door(&self) -> Door {
        self.door
    }
}

/// May `holder` pass `door`, as far as `cuts` tell? Pure: the caller has passed the barrier, so
/// that `cuts` is not older than the question.
pub fn gate(door: Door, holder: &Holder, cuts: &CutSet, now: Timestamp) -> Result<Passed, Shut> {
    if now >= holder.until {
        return Err(Shut::Expired);
    }
    if is_other_epoch(holder.proof.epoch, cuts) {
        return Err(Shut::OtherEpoch);
    }
    let proof = holder.proof.revision;
    if proof > cuts.head() || holder.own > cuts.head() {
        return Err(Shut::Unknown);
    }
    if proof < cuts.floor() {
        return Err(Shut::BelowFloor);
    }
    if covered(door, holder, cuts) { Err(Shut::Cut) } else { Ok(Passed { door }) }
}

fn is_other_epoch(epoch: Epoch, cuts: &CutSet) -> bool {
    epoch != cuts.epoch()
}

/// A covering cut kills when its revision is strictly greater: a proof that starts after the cut
/// has committed reads that revision or a later one, and lives.
fn covered(door: Door, holder: &Holder, cuts: &CutSet) -> bool {
    let proof = holder.proof.revision;
    let newer = |cut: Option<Revision>, than: Revision| cut.is_some_and(|cut| cut > than);
    let person = holder.rpps.and_then(|rpps| cuts.person(rpps));
    let person_at =
        holder.rpps.zip(holder.structure).and_then(|(rpps, at)| cuts.person_at(rpps, at));
    let console = match door {
        // Managing is honoured on our own pages only: other doors do not look at it.
        Door::Console => {
            holder.rpps.zip(holder.structure).and_then(|(rpps, at)| cuts.console(rpps, at))
        }
        Door::Pending
        | Door::Proof
        | Door::Code
        | Door::SilentLogin
        | Door::Redemption
        | Door::RedemptionAnswer
        | Door::Refresh
        | Door::Introspection
        | Door::Userinfo
        | Door::Api => None,
    };
    let session = holder.sid.and_then(|sid| cuts.session(sid));
    let client = holder.client.as_ref().and_then(|client| cuts.client(client));
    let grant = holder.grant.and_then(|grant| match door {
        Door::RedemptionAnswer => cuts.grant_but_replays(grant),
        Door::Pending
        | Door::Proof
        | Door::Code
        | Door::SilentLogin
        | Door::Redemption
        | Door::Refresh
        | Door::Introspection
        | Door::Userinfo
        | Door::Api
        | Door::Console => cuts.grant(grant),
    });
    newer(person, proof)
        || newer(person_at, proof)
        || newer(console, proof)
        || newer(session, proof)
        || newer(client, holder.own)
        || newer(grant, holder.own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{Cause, Cut, Scope};

    #[test]
    fn a_withdrawn_habilitation_shuts_the_console_of_that_structure_only() {
        let epoch = Epoch(uuid::Uuid::from_u128(1));
        let (rpps, at) = (Rpps::from_serial(1), |finess: &str| finess.parse::<Finess>().unwrap());
        let mut cuts = CutSet::new(epoch, Revision(1), Revision(0));
        let scope = Scope::Console(rpps, at("019999028"));
        let cause = Cause::HabilitationWithdrawn;
        let cut = Cut { revision: Revision(5), at: Timestamp(0), scope, cause };
        cuts.advance(Revision(9), [cut]);
        #[track_caller]
        fn check(cuts: &CutSet, door: Door, holder: (Rpps, Option<Finess>, u64), open: bool) {
            let (rpps, structure, revision) = holder;
            let holder = Holder {
                rpps: Some(rpps),
                structure,
                sid: None,
                proof: Stamp { epoch: cuts.epoch(), revision: Revision(revision) },
                client: None,
                grant: None,
                own: Revision(revision),
                until: Timestamp(1),
            };
            assert_eq!(gate(door, &holder, cuts, Timestamp(0)).is_ok(), open);
        }
        let here = Some(at("019999028"));
        check(&cuts, Door::Console, (rpps, here, 4), false);
        check(&cuts, Door::Console, (rpps, here, 5), true);
        check(&cuts, Door::Console, (rpps, Some(at("699999124")), 4), true);
        check(&cuts, Door::Console, (rpps, None, 4), true);
        check(&cuts, Door::Console, (Rpps::from_serial(2), here, 4), true);
        check(&cuts, Door::Introspection, (rpps, here, 4), true);
    }
}
