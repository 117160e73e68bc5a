//! What one end takes away. Pure: facts in, plan out, so that *what would happen if she left* is a
//! function call.

use crate::{
    access::{Cause, Closing, Scope, Standing, opens_bound_clients},
    kernel::{Finess, LocalAccessId, SituationId, journal::Actor},
    registry::Authority,
};

/// What ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A situation.
    Situation(SituationId),
    /// A local access.
    LocalAccess(LocalAccessId),
}

/// What an end takes away, beside itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// What is cut, if anything: two situations at one structure, one ends, nothing closes.
    pub closing: Option<Closing>,
    /// Whether the card is suspended: no situation is left.
    pub suspends_card: bool,
}

/// What `ending` takes away from a person who stands as `before`, the ending one included.
///
/// Never more than must close (promise 5): other structures stay, and so does this one while
/// something else opens its clients.
pub fn plan(before: &Standing, ending: Ending, by: &Actor) -> Plan {
    let after = without(before, ending);
    if after.situations.is_empty() {
        // Nothing is open any more. One that is still to come keeps the card, and opens nothing.
        let is_last = before.is_employed() && !after.is_employed();
        let closes = is_last || !before.situations.is_empty();
        let person = Scope::Person(before.rpps);
        return Plan {
            closing: closes.then(|| Closing::new(person, Cause::LastSituation, by.clone())),
            suspends_card: is_last,
        };
    }
    let closed = opened_by(before, ending).filter(|finess| !opens_bound_clients(&after, *finess));
    let here = |finess| Scope::PersonAt(before.rpps, finess);
    Plan {
        closing: closed.map(|finess| Closing::new(here(finess), Cause::Departure, by.clone())),
        suspends_card: false,
    }
}

/// The same standing, without what ends.
fn without(before: &Standing, ending: Ending) -> Standing {
    let mut after = before.clone();
    match ending {
        Ending::Situation(id) => {
            after.situations.retain(|situation| situation.id != id);
            after.upcoming.retain(|situation| situation.id != id);
        }
        Ending::LocalAccess(id) => after.local_accesses.retain(|access| access.id != id),
    }
    after
}

/// The structure whose bound clients this one opened: none for a situation that an Ordre or an ARS
/// entered.
fn opened_by(before: &Standing, ending: Ending) -> Option<Finess> {
    match ending {
        Ending::Situation(id) => before
            .situations
            .iter()
            .find(|situation| situation.id == id && situation.authority == Authority::Employer)
            .map(|situation| situation.finess),
        Ending::LocalAccess(id) => {
            before.local_accesses.iter().find(|access| access.id == id).map(|access| access.finess)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::CardStanding,
        kernel::{Rpps, Timestamp},
        registry::{LocalAccess, Situation},
    };

    const TILLEULS: &str = "019999028";
    const RIVE_CLAIRE: &str = "699999124";

    fn situation(number: u128, finess: &str, authority: Authority) -> Situation {
        Situation {
            id: SituationId(uuid::Uuid::from_u128(number)),
            rpps: Rpps::from_serial(9_990_000_001),
            finess: finess.parse().unwrap(),
            authority,
            profession: "313".to_owned(),
            role: "GENR11".to_owned(),
            mode: "S".to_owned(),
            started_on: "2026-01-01".parse().unwrap(),
            last_day: None,
            ends_at: None,
            ended_at: None,
            exercise_name: "N".to_owned(),
            exercise_first_name: "P".to_owned(),
        }
    }

    fn local_access(number: u128, finess: &str) -> LocalAccess {
        LocalAccess {
            id: LocalAccessId(uuid::Uuid::from_u128(number)),
            rpps: Rpps::from_serial(9_990_000_001),
            finess: finess.parse().unwrap(),
            given_at: Timestamp(0),
            ends_at: None,
            ended_at: None,
        }
    }

    #[test]
    fn only_what_should_close_closes() {
        #[track_caller]
        fn check(situations: &[(&str, Authority)], local: &[&str], ending: Ending, expected: &str) {
            let rpps = Rpps::from_serial(9_990_000_001);
            let numbered = (1..).zip(situations);
            let before = Standing {
                rpps,
                card: CardStanding::Active,
                situations: numbered.map(|(n, (at, by))| situation(n, at, *by)).collect(),
                upcoming: Vec::new(),
                local_accesses: (1..).zip(local).map(|(n, at)| local_access(n, at)).collect(),
            };
            let plan = plan(&before, ending, &Actor::Operator);
            let told = plan.closing.map_or("nothing".to_owned(), |closing| match closing.scope {
                Scope::Person(_) => "person".to_owned(),
                Scope::PersonAt(_, finess) => format!("at {finess}"),
                Scope::Console(..) | Scope::Session(_) | Scope::Grant(_) | Scope::Client(_) => {
                    "elsewhere".to_owned()
                }
            });
            let card = if plan.suspends_card { ", card suspended" } else { "" };
            assert_eq!(format!("{told}{card}"), expected);
        }
        use Authority::{Ars, Employer, Ordre};
        let first = Ending::Situation(SituationId(uuid::Uuid::from_u128(1)));
        let access = Ending::LocalAccess(LocalAccessId(uuid::Uuid::from_u128(1)));
        let (t, r) = (TILLEULS, RIVE_CLAIRE);

        check(&[(t, Employer)], &[], first, "person, card suspended");
        check(&[(t, Employer), (r, Employer)], &[], first, "at 019999028");
        check(&[(t, Employer), (t, Employer)], &[], first, "nothing");
        check(&[(t, Employer), (t, Ordre)], &[], first, "at 019999028");
        check(&[(t, Employer), (r, Ars)], &[t], first, "nothing");
        check(&[(t, Ordre), (r, Employer)], &[], first, "nothing");
        check(&[(t, Ordre), (r, Employer)], &[t], first, "nothing");
        check(&[(t, Ordre)], &[t], first, "person, card suspended");
        check(&[(r, Ordre)], &[t], access, "at 019999028");
        check(&[(t, Employer)], &[t], access, "nothing");
        check(&[(r, Ordre)], &[t, t], access, "nothing");
        check(&[], &[t], access, "nothing");
    }

    #[test]
    fn a_situation_that_is_still_to_come_keeps_the_card_and_opens_nothing() {
        #[track_caller]
        fn check(open: &[u128], upcoming: &[u128], ending: u128, expected: (bool, bool)) {
            let some = |numbers: &[u128]| -> Vec<Situation> {
                numbers.iter().map(|n| situation(*n, TILLEULS, Authority::Employer)).collect()
            };
            let before = Standing {
                rpps: Rpps::from_serial(9_990_000_001),
                card: CardStanding::Active,
                situations: some(open),
                upcoming: some(upcoming),
                local_accesses: Vec::new(),
            };
            let ending = Ending::Situation(SituationId(uuid::Uuid::from_u128(ending)));
            let plan = plan(&before, ending, &Actor::Operator);
            assert_eq!((plan.closing.is_some(), plan.suspends_card), expected);
        }
        check(&[1], &[2], 1, (true, false));
        check(&[1], &[2], 2, (false, false));
        check(&[], &[2], 2, (true, true));
        check(&[], &[2, 3], 2, (false, false));
    }
}
