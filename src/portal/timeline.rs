//! What has happened to a registration, and the one thing that comes next.

use crate::{
    kernel::{
        Timestamp,
        time::{Span, day_in_french},
    },
    registry::delays,
};

use super::PersonRecord;

/// Something that happened, or will.
#[derive(Debug)]
pub(super) struct Milestone {
    pub(super) what: String,
    pub(super) at: Timestamp,
    /// The moment as people read it; some are a day.
    pub(super) when: String,
    /// It has happened.
    pub(super) is_past: bool,
    /// Of the next one to come: how long it is until then.
    pub(super) countdown: Option<String>,
}

impl Milestone {
    /// At a moment that people read otherwise.
    fn read_as(what: String, at: Timestamp, when: String) -> Self {
        Self { what, at, when, is_past: false, countdown: None }
    }

    /// From a moment on: nobody who waits for it should come too early.
    fn starting(what: &str, at: Timestamp, calendar: Timestamp) -> Self {
        let when = if at <= calendar { at.in_french() } else { at.from_in_french() };
        Self::read_as(what.to_owned(), at, when)
    }

    /// At a moment.
    fn new(what: &str, at: Timestamp) -> Self {
        Self::read_as(what.to_owned(), at, at.in_french())
    }

    /// The end of something.
    fn end(what: String, at: Timestamp) -> Self {
        Self::read_as(what, at, at.end_in_french())
    }
}

/// What happened to somebody's registration, card, situations and local accesses, and what comes next.
pub(super) fn of_person(record: &PersonRecord, calendar: Timestamp) -> Vec<Milestone> {
    let mut milestones = of_validation(record.professional.validated_at, calendar);
    milestones.extend(record.activated_at.map(|at| Milestone::new("e-CPS activée", at)));
    for (situation, structure) in &record.situations {
        let name = &structure.name;
        let first_day = Timestamp::start_of_day(situation.started_on);
        let taking_up = |at| {
            let day = day_in_french(situation.started_on);
            Milestone::read_as(format!("Prise de fonction : {name}"), at, day)
        };
        let ended = situation.ended_at.or(situation.ends_at);
        milestones.extend(first_day.map(taking_up));
        let end = |at| Milestone::end(format!("Fin de la situation : {name}"), at);
        milestones.extend(ended.map(end));
    }
    for (access, structure) in &record.local_accesses {
        let name = &structure.name;
        let given = Milestone::new(&format!("Accès local donné : {name}"), access.given_at);
        let ended = access.ended_at.or(access.ends_at);
        milestones.push(given);
        milestones
            .extend(ended.map(|at| Milestone::end(format!("Fin de l'accès local : {name}"), at)));
    }
    let retired = record.professional.retired_at;
    milestones.extend(retired.map(|at| Milestone::new("Numéro retiré par l'autorité", at)));
    in_order(milestones, calendar)
}

/// What follows from a validation (promise 9).
fn of_validation(validated_at: Timestamp, calendar: Timestamp) -> Vec<Milestone> {
    vec![
        Milestone::new("Enregistrement validé", validated_at),
        Milestone::starting("Visible dans l'annuaire", delays::visible_at(validated_at), calendar),
        Milestone::starting("e-CPS activable", delays::activable_at(validated_at), calendar),
    ]
}

/// Oldest first; at most one, the first that is still to come, is the next.
fn in_order(mut milestones: Vec<Milestone>, calendar: Timestamp) -> Vec<Milestone> {
    milestones.sort_by_key(|milestone| milestone.at);
    for milestone in &mut milestones {
        milestone.is_past = milestone.at <= calendar;
    }
    if let Some(next) = milestones.iter_mut().find(|milestone| !milestone.is_past) {
        next.countdown = Some(countdown(next.at - calendar));
    }
    milestones
}

/// How long it is until then, in the two largest units; a minute that has begun counts whole, so
/// that nobody comes too early.
fn countdown(left: Span) -> String {
    let minutes = (left.0 + 59_999) / 60_000;
    let (days, hours, minutes) = (minutes / 1_440, minutes / 60 % 24, minutes % 60);
    let plural = if days > 1 { "s" } else { "" };
    match (days, hours, minutes) {
        (0, 0, minutes) => format!("dans {minutes} min"),
        (0, hours, 0) => format!("dans {hours} h"),
        (0, hours, minutes) => format!("dans {hours} h {minutes:02}"),
        (days, 0, _) => format!("dans {days} jour{plural}"),
        (days, hours, _) => format!("dans {days} jour{plural} et {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thing_is_next_until_all_has_happened() {
        #[track_caller]
        fn check(elapsed: Span, past: usize, next: Option<(&str, &str)>) {
            let validated_at = Timestamp(1_000);
            let calendar = validated_at + elapsed;
            let shown = in_order(of_validation(validated_at, calendar), calendar);
            assert_eq!(shown.iter().filter(|one| one.is_past).count(), past);
            let coming =
                shown.iter().filter_map(|one| Some((&*one.what, one.countdown.as_deref()?)));
            assert_eq!(coming.collect::<Vec<_>>(), next.into_iter().collect::<Vec<_>>());
        }
        let (visible, activable) = ("Visible dans l'annuaire", "e-CPS activable");
        check(Span(0), 1, Some((visible, "dans 1 jour")));
        check(Span(1), 1, Some((visible, "dans 1 jour")));
        check(Span::hours(24), 2, Some((activable, "dans 1 jour")));
        check(Span::minutes(24 * 60 + 1), 2, Some((activable, "dans 23 h 59")));
        check(Span(Span::hours(48).0 - 1), 2, Some((activable, "dans 1 min")));
        check(Span::hours(48), 3, None);
    }

    #[test]
    fn a_countdown_has_two_units_and_is_never_too_short() {
        #[track_caller]
        fn check(left: Span, expected: &str) {
            assert_eq!(countdown(left), expected);
        }
        check(Span::hours(48), "dans 2 jours");
        check(Span(Span::hours(48).0 - 5_000), "dans 2 jours");
        check(Span::hours(47), "dans 1 jour et 23 h");
        check(Span::hours(24 * 400 + 3), "dans 400 jours et 3 h");
        check(Span::minutes(125), "dans 2 h 05");
        check(Span::minutes(60), "dans 1 h");
        check(Span(1), "dans 1 min");
    }
}
