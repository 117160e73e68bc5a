//! What has happened to a registration, and the one thing that comes next.

use crate::{kernel::Timestamp, registry::delays};

/// Something that happened, or will.
#[derive(Debug)]
pub(super) struct Milestone {
    pub(super) what: String,
    pub(super) at: Timestamp,
    /// The moment as people read it; some are a day.
    pub(super) when: String,
    /// It has happened.
    pub(super) is_past: bool,
    /// It is the next one to come.
    pub(super) is_next: bool,
}

impl Milestone {
    /// At a moment that people read otherwise.
    pub(super) fn read_as(what: String, at: Timestamp, when: String) -> Self {
        Self { what, at, when, is_past: false, is_next: false }
    }

    /// At a moment.
    pub(super) fn new(what: &str, at: Timestamp) -> Self {
        Self::read_as(what.to_owned(), at, at.in_french())
    }
}

/// What follows from a validation (promise 9).
pub(super) fn of_validation(validated_at: Timestamp) -> Vec<Milestone> {
    vec![
        Milestone::new("Enregistrement validé", validated_at),
        Milestone::new("Visible dans l'annuaire", delays::visible_at(validated_at)),
        Milestone::new("e-CPS activable", delays::activable_at(validated_at)),
    ]
}

/// Oldest first; at most one, the first that is still to come, is the next.
pub(super) fn in_order(mut milestones: Vec<Milestone>, calendar: Timestamp) -> Vec<Milestone> {
    milestones.sort_by_key(|milestone| milestone.at);
    for milestone in &mut milestones {
        milestone.is_past = milestone.at <= calendar;
    }
    if let Some(next) = milestones.iter_mut().find(|milestone| !milestone.is_past) {
        next.is_next = true;
    }
    milestones
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Span;

    #[test]
    fn one_thing_is_next_until_all_has_happened() {
        #[track_caller]
        fn check(hours: i64, past: usize, next: Option<&str>) {
            let validated_at = Timestamp(1_000);
            let shown = in_order(of_validation(validated_at), validated_at + Span::hours(hours));
            assert_eq!(shown.iter().filter(|one| one.is_past).count(), past);
            let coming: Vec<_> =
                shown.iter().filter(|one| one.is_next).map(|one| one.what.as_str()).collect();
            assert_eq!(coming, next.into_iter().collect::<Vec<_>>());
        }
        check(0, 1, Some("Visible dans l'annuaire"));
        check(24, 2, Some("e-CPS activable"));
        check(47, 2, Some("e-CPS activable"));
        check(48, 3, None);
    }
}
