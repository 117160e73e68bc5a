//! Delays are rules, not sleeps: elapsed hours of the calendar clock, from the validation.

use crate::kernel::{Timestamp, time::Span};

/// From the validation to the public directory.
pub const VISIBLE_AFTER: Span = Span::hours(24);

/// From the validation to the activation of the e-CPS.
pub const ACTIVABLE_AFTER: Span = Span::hours(48);

/// From when the directory shows somebody validated at `validated_at`.
pub fn visible_at(validated_at: Timestamp) -> Timestamp {
    validated_at + VISIBLE_AFTER
}

/// From when an e-CPS can be activated.
pub fn activable_at(validated_at: Timestamp) -> Timestamp {
    validated_at + ACTIVABLE_AFTER
}

/// Whether the directory shows them.
pub fn is_visible(validated_at: Timestamp, calendar: Timestamp) -> bool {
    calendar >= visible_at(validated_at)
}

/// Whether their e-CPS can be activated.
pub fn is_activable(validated_at: Timestamp, calendar: Timestamp) -> bool {
    calendar >= activable_at(validated_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_elapse_even_when_the_clocks_change() {
        #[track_caller]
        fn check(validated: &str, visible: &str, activable: &str) {
            let at = |text: &str| serde_json::from_value::<Timestamp>(text.into()).unwrap();
            let validated = at(validated);
            assert_eq!(visible_at(validated), at(visible));
            assert_eq!(activable_at(validated), at(activable));
            let just_before = |moment: Timestamp| moment - Span(1);
            assert!(is_visible(validated, at(visible)));
            assert!(!is_visible(validated, just_before(at(visible))));
            assert!(is_activable(validated, at(activable)));
            assert!(!is_activable(validated, just_before(at(activable))));
        }
        check(
            "2026-11-21T10:00:00+01:00",
            "2026-11-22T10:00:00+01:00",
            "2026-11-23T10:00:00+01:00",
        );
        // The night on which summer time begins has 23 hours, the other one 25.
        check(
            "2026-03-28T10:00:00+01:00",
            "2026-03-29T11:00:00+02:00",
            "2026-03-30T11:00:00+02:00",
        );
        check(
            "2026-10-24T10:00:00+02:00",
            "2026-10-25T09:00:00+01:00",
            "2026-10-26T09:00:00+01:00",
        );
    }
}
