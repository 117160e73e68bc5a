//! How far somebody's e-CPS is, as the API tells it.

use serde::Serialize;

use crate::{access::CardStanding, kernel::Timestamp, registry::delays};

/// The states of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CardState {
    /// Never activated, and nothing to activate it for: no situation is open.
    None,
    /// Never activated: the 48th hour has not come.
    Waiting,
    /// Never activated, and it can be.
    Activable,
    /// A phone holds it.
    Active,
    /// No situation was left.
    Suspended,
    /// Too many wrong PINs, a loss, or a decision.
    Blocked,
}

impl CardState {
    /// The state of a card that stands so, of somebody validated at `validated_at`, who has an open
    /// situation or not.
    pub fn of(
        card: CardStanding,
        has_situation: bool,
        validated_at: Timestamp,
        calendar: Timestamp,
    ) -> Self {
        match card {
            CardStanding::Blocked => Self::Blocked,
            CardStanding::Suspended => Self::Suspended,
            CardStanding::Active => Self::Active,
            CardStanding::NotActivated if !has_situation => Self::None,
            CardStanding::NotActivated if delays::is_activable(validated_at, calendar) => {
                Self::Activable
            }
            CardStanding::NotActivated => Self::Waiting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Span;

    #[test]
    fn a_card_waits_for_the_48th_hour() {
        #[track_caller]
        fn check(card: CardStanding, has_situation: bool, elapsed: Span, expected: CardState) {
            let validated_at = Timestamp(1_795_000_000_000);
            let now = validated_at + elapsed;
            assert_eq!(CardState::of(card, has_situation, validated_at, now), expected);
        }
        let (day, days) = (Span::hours(24), Span::hours(48));
        check(CardStanding::NotActivated, true, day, CardState::Waiting);
        check(CardStanding::NotActivated, true, Span(days.0 - 1), CardState::Waiting);
        check(CardStanding::NotActivated, true, days, CardState::Activable);
        check(CardStanding::NotActivated, false, days, CardState::None);
        check(CardStanding::Active, true, day, CardState::Active);
        check(CardStanding::Suspended, false, days, CardState::Suspended);
        check(CardStanding::Blocked, true, days, CardState::Blocked);
    }
}
