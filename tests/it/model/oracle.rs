//! What must be dead and what must be alive, judged by when things happened and never by the numbers
//! that the code compares.

use std::sync::{Arc, Mutex};

use passerelle::{
    access::{Cut, Holder, Scope},
    kernel::Epoch,
};

use super::schedule::Schedule;

/// A moment of the one true order of events, which no party sees.
pub(super) type Moment = usize;

/// What a task was doing when it was answered.
#[derive(Clone, Copy)]
pub(super) enum Role {
    /// A plain question.
    Ask { arrived: Moment, proof_arrived: Moment, proof_read: Moment },
    /// Something was made, and written at that moment.
    Mint { written: Moment, proof_arrived: Moment, proof_read: Moment },
}

#[derive(Clone, Default)]
pub(super) struct Oracle(Arc<Mutex<Seen>>);

#[derive(Default)]
struct Seen {
    clock: Moment,
    cuts: Vec<SeenCut>,
    epochs: Vec<Moment>,
    alive: Vec<(Holder, Moment, Moment)>,
    faults: Vec<String>,
}

struct SeenCut {
    cut: Cut,
    epoch: Epoch,
    committed: Moment,
    answered: Option<Moment>,
}

impl Oracle {
    /// Something happens now: a question arrives, a reading is in, a transaction has committed.
    pub(super) fn now(&self) -> Moment {
        let mut seen = self.0.lock().unwrap();
        seen.clock += 1;
        seen.clock
    }

    /// Everything older is dead from here on.
    pub(super) fn new_epoch(&self) {
        let at = self.now();
        self.0.lock().unwrap().epochs.push(at);
    }

    pub(super) fn cut_committed(&self, cut: Cut, epoch: Epoch) -> usize {
        let committed = self.now();
        let mut seen = self.0.lock().unwrap();
        seen.cuts.push(SeenCut { cut, epoch, committed, answered: None });
        seen.cuts.len() - 1
    }

    pub(super) fn cut_answered(&self, number: usize) {
        let at = self.now();
        self.0.lock().unwrap().cuts[number].answered = Some(at);
    }

    /// An answer that honours `holder`.
    pub(super) fn honoured(&self, role: &Role, holder: &Holder) {
        // A question that arrives after the departure was answered must see it; a mint whose grant
        // was written after the cut committed too: nobody will be told of that grant.
        let (proof_read, must_see): (_, &dyn Fn(&SeenCut) -> bool) = match role {
            Role::Ask { arrived, proof_read, .. } => {
                (*proof_read, &|cut| cut.answered.is_some_and(|at| at < *arrived))
            }
            Role::Mint { written, proof_read, .. } => {
                (*proof_read, &|cut| cut.committed < *written)
            }
        };
        let (Role::Ask { arrived: asked, .. } | Role::Mint { written: asked, .. }) = *role;
        let mut seen = self.0.lock().unwrap();
        let mut faults = Vec::new();
        for known in seen.cuts.iter().filter(|known| covers(&known.cut.scope, holder)) {
            // The stamp was read before the cut committed: what grew from it is dead.
            let is_dead = proof_read < known.committed;
            if is_dead && must_see(known) && known.epoch == holder.proof.epoch {
                faults.push(format!("honoured after {:?}", known.cut));
            }
        }
        if seen.epochs.iter().any(|at| proof_read < *at && *at < asked) {
            faults.push("honoured after a new epoch".to_owned());
        }
        seen.faults.extend(faults);
    }

    /// A door that stayed shut.
    pub(super) fn refused(&self, role: &Role, holder: &Holder) {
        let (Role::Ask { proof_arrived, .. } | Role::Mint { proof_arrived, .. }) = *role;
        let mut seen = self.0.lock().unwrap();
        let cut = seen.cuts.iter().any(|known| {
            covers(&known.cut.scope, holder)
                && known.answered.is_none_or(|answered| answered > proof_arrived)
        });
        let new_epoch = seen.epochs.iter().any(|at| *at > proof_arrived);
        if !cut && !new_epoch {
            seen.faults.push("refused although every cut was answered before its proof".to_owned());
        }
    }

    /// What was given may be presented again.
    pub(super) fn keep(&self, role: &Role, holder: &Holder) {
        let (Role::Ask { proof_arrived, proof_read, .. }
        | Role::Mint { proof_arrived, proof_read, .. }) = *role;
        self.0.lock().unwrap().alive.push((holder.clone(), proof_arrived, proof_read));
    }

    /// One of the things given so far, drawn.
    pub(super) fn any_alive(&self, schedule: &Schedule) -> Option<(Holder, Moment, Moment)> {
        let count = self.0.lock().unwrap().alive.len();
        let which = schedule.draw(count);
        self.0.lock().unwrap().alive.get(which).cloned()
    }

    pub(super) fn fault(&self, what: &str) {
        self.0.lock().unwrap().faults.push(what.to_owned());
    }

    pub(super) fn faults(&self) -> Vec<String> {
        self.0.lock().unwrap().faults.clone()
    }
}

fn covers(scope: &Scope, holder: &Holder) -> bool {
    match scope {
        Scope::Person(rpps) => holder.rpps == Some(*rpps),
        Scope::PersonAt(rpps, finess) => {
            holder.rpps == Some(*rpps) && holder.structure == Some(*finess)
        }
        // The model has no console.
        Scope::Console(..) => false,
        Scope::Session(sid) => holder.sid == Some(*sid),
        Scope::Grant(grant) => holder.grant == Some(*grant),
        Scope::Client(client) => holder.client.as_ref() == Some(client),
    }
}
