//! The card as one table of moves.
//!
//! ```text
//! Empty ──Activate──► Held ──MissPin × limit──► Blocked
//!   ▲                 │ ▲ Activate, Prove          │
//!   └────Replace──────┴─┴──────Replace─────────────┘      Block: from anywhere to Blocked
//! ```
//!
//! Suspension is apart: it follows from the registry (`departure` writes it), stops log-ins and new
//! activations, and leaves the phone its card.

use crate::access::{CardStanding, Cause, Standing};

/// How a card stands with its phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Card {
    /// No phone holds it: never activated, or taken away.
    Empty,
    /// A phone holds it.
    Held {
        /// Wrong PINs in a row.
        misses: u32,
    },
    /// Nothing is proven with it any more, not even to be told why: what verified a PIN here would
    /// help whoever found the phone.
    Blocked,
}

/// What happens to a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Move {
    /// A phone takes it; the phone that held it loses it.
    Activate,
    /// A wrong PIN, or a one-time code that a wrong PIN may have given.
    MissPin,
    /// The right one.
    Prove,
    /// Security, or its holder, blocks it.
    Block,
    /// Security takes it from its phone, so that it can be activated again.
    Replace,
}

/// Where a move leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The card afterwards.
    pub card: Card,
    /// Whether everything of this person is cut, and why.
    pub cuts: Option<Cause>,
}

/// A move that does not exist from where the card stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("la carte ne le permet pas")]
pub struct NoSuchMove;

impl Card {
    /// Where `event` leads, when `limit` wrong PINs in a row block.
    pub fn apply(self, event: Move, limit: u32) -> Result<Moved, NoSuchMove> {
        use Move::{Activate, Block, MissPin, Prove, Replace};
        let fresh = Self::Held { misses: 0 };
        let (card, cuts) = match (self, event) {
            (Self::Empty, Activate) => (fresh, None),
            (Self::Held { .. }, Activate) => (fresh, Some(Cause::CardReplaced)),
            (Self::Held { misses }, MissPin) if misses + 1 < limit => {
                (Self::Held { misses: misses + 1 }, None)
            }
            (Self::Held { .. }, MissPin) => (Self::Blocked, Some(Cause::CardBlocked)),
            (Self::Held { .. }, Prove) => (fresh, None),
            (Self::Empty | Self::Held { .. }, Block) => (Self::Blocked, Some(Cause::CardBlocked)),
            // Twice is quiet: what the first cut is dead already.
            (Self::Blocked, Block) => (Self::Blocked, None),
            (Self::Empty | Self::Held { .. } | Self::Blocked, Replace) => {
                (Self::Empty, Some(Cause::CardReplaced))
            }
            (Self::Empty, MissPin | Prove) | (Self::Blocked, Activate | MissPin | Prove) => {
                return Err(NoSuchMove);
            }
        };
        Ok(Moved { card, cuts })
    }
}

/// Why a phone's request is turned away, told to that phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CardInactive {
    /// No situation is left.
    #[error(
        "Cette e-CPS est suspendue : aucune situation d'exercice n'est en cours. Elle reprendra \
         dès qu'un employeur en ouvrira une."
    )]
    Suspended,
    /// Too many wrong PINs, a loss, a decision.
    #[error(
        "Cette e-CPS est bloquée. Adressez-vous à votre établissement : le responsable de la \
         sécurité peut la remplacer, puis vous l'activerez de nouveau."
    )]
    Blocked,
    /// Another phone took it over, or security took it away.
    #[error("Cette e-CPS n'est plus sur ce téléphone. Activez-la de nouveau si elle est à vous.")]
    Replaced,
    /// The number is retired.
    #[error("Ce numéro RPPS a été retiré. Adressez-vous à votre établissement.")]
    Retired,
}

impl CardInactive {
    /// Its stable name, for the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Suspended => "suspended",
            Self::Blocked => "blocked",
            Self::Replaced => "replaced",
            Self::Retired => "retired",
        }
    }
}

/// May a phone take this card? `None`: the number is retired.
pub fn may_activate(standing: Option<&Standing>) -> Result<(), CardInactive> {
    let standing = standing.ok_or(CardInactive::Retired)?;
    match standing.card {
        CardStanding::Blocked => Err(CardInactive::Blocked),
        CardStanding::Suspended => Err(CardInactive::Suspended),
        // Never activated before the last situation ended: it would be suspended at once.
        CardStanding::NotActivated | CardStanding::Active if !standing.is_employed() => {
            Err(CardInactive::Suspended)
        }
        CardStanding::NotActivated | CardStanding::Active => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_road_of_the_card() {
        use Move::{Activate, Block, MissPin, Prove, Replace};
        const BLOCKED: Option<Cause> = Some(Cause::CardBlocked);
        const REPLACED: Option<Cause> = Some(Cause::CardReplaced);

        #[track_caller]
        fn check(road: &[Move], expected: Result<(Card, Option<Cause>), NoSuchMove>) {
            let start = Moved { card: Card::Empty, cuts: None };
            let end = road.iter().try_fold(start, |moved, event| moved.card.apply(*event, 3));
            assert_eq!(end.map(|moved| (moved.card, moved.cuts)), expected, "{road:?}");
        }

        check(&[Activate], Ok((Card::Held { misses: 0 }, None)));
        check(&[Activate, Activate], Ok((Card::Held { misses: 0 }, REPLACED)));
        check(&[Activate, MissPin, MissPin], Ok((Card::Held { misses: 2 }, None)));
        check(&[Activate, MissPin, MissPin, MissPin], Ok((Card::Blocked, BLOCKED)));
        check(&[Activate, MissPin, MissPin, Prove, MissPin], Ok((Card::Held { misses: 1 }, None)));
        check(&[Activate, MissPin, MissPin, Activate], Ok((Card::Held { misses: 0 }, REPLACED)));
        check(&[Activate, Block], Ok((Card::Blocked, BLOCKED)));
        check(&[Block], Ok((Card::Blocked, BLOCKED)));
        check(&[Activate, Block, Block], Ok((Card::Blocked, None)));
        check(&[Activate, Block, Replace], Ok((Card::Empty, REPLACED)));
        check(&[Activate, Block, Replace, Activate], Ok((Card::Held { misses: 0 }, None)));
        check(&[Activate, Replace], Ok((Card::Empty, REPLACED)));
        check(&[Activate, Block, Activate], Err(NoSuchMove));
        check(&[Activate, Block, Prove], Err(NoSuchMove));
        check(&[Activate, Block, MissPin], Err(NoSuchMove));
        check(&[Prove], Err(NoSuchMove));
        check(&[MissPin], Err(NoSuchMove));
    }
}
