//! Taking a habilitation back.

use crate::kernel::{Finess, HabilitationId, journal::Actor};

use super::Habilitation;

/// A withdrawal that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawal {
    /// Which.
    pub id: HabilitationId,
    /// The one structure where the asker may act; `None`: everywhere.
    pub structure: Option<Finess>,
    /// Whether the asker knows that nobody will manage the structure any more.
    pub even_last: bool,
    /// Who asks.
    pub by: Actor,
}

/// What the records know when a withdrawal is decided.
#[derive(Clone, Debug)]
pub struct WithdrawalFacts {
    /// The habilitation.
    pub habilitation: Option<Habilitation>,
    /// Whether somebody else holds one at the same structure.
    pub has_others: bool,
}

/// Why it is not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotWithdrawn {
    /// No such habilitation, or none that the asker may know of.
    Unknown,
    /// It was taken back before.
    Already,
    /// Nobody else manages this structure: the asker says that they know.
    Last,
}

impl Withdrawal {
    /// May it be taken back? What is given for all structures is the operator's.
    pub fn decide(&self, facts: WithdrawalFacts) -> Result<Habilitation, NotWithdrawn> {
        let reaches = |held: &Habilitation| {
            held.finess.is_some_and(|finess| self.structure.is_none_or(|own| own == finess))
        };
        let held = facts.habilitation.filter(reaches).ok_or(NotWithdrawn::Unknown)?;
        if !held.stands() {
            return Err(NotWithdrawn::Already);
        }
        let is_last = !facts.has_others;
        if is_last && !self.even_last { Err(NotWithdrawn::Last) } else { Ok(held) }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::HabilitationKind::{self, Gestionnaire, Securite},
        *,
    };
    use crate::kernel::{Rpps, Timestamp};

    const TILLEULS: &str = "019999028";

    #[test]
    fn the_last_manager_goes_only_knowingly() {
        #[track_caller]
        fn check(
            (kind, withdrawn, has_others): (HabilitationKind, bool, bool),
            (structure, even_last): (Option<&str>, bool),
            expected: Result<(), NotWithdrawn>,
        ) {
            let id = HabilitationId(uuid::Uuid::from_u128(1));
            let at = |finess: &str| finess.parse().unwrap();
            let habilitation = Habilitation {
                id,
                rpps: Rpps::from_serial(1),
                kind,
                finess: kind.needs_structure().then(|| at(TILLEULS)),
                trained_on: None,
                given_at: Timestamp(0),
                withdrawn_at: withdrawn.then_some(Timestamp(1)),
            };
            let facts = WithdrawalFacts { habilitation: Some(habilitation), has_others };
            let structure = structure.map(at);
            let by = Actor::Operator;
            let withdrawal = Withdrawal { id, structure, even_last, by };
            assert_eq!(withdrawal.decide(facts).map(|_| ()), expected);
        }
        use NotWithdrawn::{Already, Last, Unknown};
        let tilleuls = Some(TILLEULS);
        check((Gestionnaire, false, true), (None, false), Ok(()));
        check((Gestionnaire, false, true), (tilleuls, false), Ok(()));
        check((Gestionnaire, false, true), (Some("699999124"), false), Err(Unknown));
        check((Gestionnaire, true, true), (None, false), Err(Already));
        check((Gestionnaire, false, false), (None, false), Err(Last));
        check((Gestionnaire, false, false), (None, true), Ok(()));
        check((Securite, false, true), (None, true), Err(Unknown));
    }
}
