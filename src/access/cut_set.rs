//! The cuts that can still kill something, in memory.

use std::collections::HashMap;

use crate::kernel::{ClientId, Epoch, Finess, GrantId, Revision, Rpps, Sid};

use super::{Cause, Cut, Scope};

/// For each thing that cuts cover, the highest revision at which it was cut, above a floor.
///
/// A stamp is dead when a covering cut has a greater revision, so only the highest matters. Below
/// the floor every stamp is dead, whatever its cuts: they may be forgotten.
#[derive(Debug)]
pub struct CutSet {
    epoch: Epoch,
    head: Revision,
    floor: Revision,
    persons: HashMap<Rpps, Revision>,
    persons_at: HashMap<(Rpps, Finess), Revision>,
    consoles: HashMap<(Rpps, Finess), Revision>,
    sessions: HashMap<Sid, Revision>,
    grants: HashMap<GrantId, GrantCuts>,
    clients: HashMap<ClientId, Revision>,
}

/// Replays of a grant's own code are counted apart: the one redemption that won them all answers.
#[derive(Clone, Copy, Debug, Default)]
struct GrantCuts {
    replayed: Option<Revision>,
    other: Option<Revision>,
}

impl CutSet {
    /// Nothing known yet but the head and the floor of this epoch.
    pub fn new(epoch: Epoch, head: Revision, floor: Revision) -> Self {
        Self {
            epoch,
            head,
            floor,
            persons: HashMap::new(),
            persons_at: HashMap::new(),
            consoles: HashMap::new(),
            sessions: HashMap::new(),
            grants: HashMap::new(),
            clients: HashMap::new(),
        }
    }

    /// The epoch that these cuts belong to.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// The revision up to which every cut is known.
    pub fn head(&self) -> Revision {
        self.head
    }

    /// The revision below which every stamp is dead.
    pub fn floor(&self) -> Revision {
        self.floor
    }

    /// Takes the cuts between the known head and `head`. Heads only rise: an older reading that
    /// arrives late changes nothing.
    pub fn advance(&mut self, head: Revision, cuts: impl IntoIterator<Item = Cut>) {
        for cut in cuts {
            self.learn(cut);
        }
        self.head = self.head.max(head);
    }

    /// Raises the floor and forgets what lies at or below it: a stamp that is not below the floor
    /// cannot be older than those cuts. The floor never falls within an epoch.
    pub fn raise_floor(&mut self, floor: Revision) {
        if floor <= self.floor {
            return;
        }
        self.floor = floor;
        let live = |revision: &Revision| *revision > floor;
        self.persons.retain(|_, revision| live(revision));
        self.persons_at.retain(|_, revision| live(revision));
        self.consoles.retain(|_, revision| live(revision));
        self.sessions.retain(|_, revision| live(revision));
        self.clients.retain(|_, revision| live(revision));
        self.grants.retain(|_, cuts| cuts.replayed.max(cuts.other).is_some_and(|r| live(&r)));
    }

    fn learn(&mut self, cut: Cut) {
        let at = cut.revision;
        let raise = |known: &mut Revision| *known = (*known).max(at);
        match cut.scope {
            Scope::Person(rpps) => raise(self.persons.entry(rpps).or_default()),
            Scope::PersonAt(rpps, finess) => {
                raise(self.persons_at.entry((rpps, finess)).or_default());
            }
            Scope::Console(rpps, finess) => {
                raise(self.consoles.entry((rpps, finess)).or_default());
            }
            Scope::Session(sid) => raise(self.sessions.entry(sid).or_default()),
            Scope::Client(client) => raise(self.clients.entry(client).or_default()),
            Scope::Grant(grant) => {
                let known = self.grants.entry(grant).or_default();
                let slot = if cut.cause == Cause::CodeReplayed {
                    &mut known.replayed
                } else {
                    &mut known.other
                };
                *slot = (*slot).max(Some(at));
            }
        }
    }

    pub(super) fn person(&self, rpps: Rpps) -> Option<Revision> {
        self.persons.get(&rpps).copied()
    }

    pub(super) fn person_at(&self, rpps: Rpps, finess: Finess) -> Option<Revision> {
        self.persons_at.get(&(rpps, finess)).copied()
    }

    pub(super) fn console(&self, rpps: Rpps, finess: Finess) -> Option<Revision> {
        self.consoles.get(&(rpps, finess)).copied()
    }

    pub(super) fn session(&self, sid: Sid) -> Option<Revision> {
        self.sessions.get(&sid).copied()
    }

    pub(super) fn client(&self, client: &ClientId) -> Option<Revision> {
        self.clients.get(client).copied()
    }

    pub(super) fn grant(&self, grant: GrantId) -> Option<Revision> {
        self.grants.get(&grant).and_then(|cuts| cuts.replayed.max(cuts.other))
    }

    /// Cuts of the grant other than replays of its own code.
    pub(super) fn grant_but_replays(&self, grant: GrantId) -> Option<Revision> {
        self.grants.get(&grant).and_then(|cuts| cuts.other)
    }
}
