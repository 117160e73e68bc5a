//! What an end would do as the records stand: what a preview shows, and what must still be so in the
//! transaction that does it. Pure.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    access::Standing,
    kernel::{DepartureId, Rpps, SituationId, secret::SecretDigest},
};

use super::{EndRefused, EndRequest, Ending, Plan, When, plan};

/// What the records know when an end is looked at.
#[derive(Clone, Debug)]
pub struct EndFacts {
    /// How the person stands, the ending one included.
    pub before: Standing,
    /// Who holds a habilitation at the structure or at its legal entity.
    pub managers: Vec<Rpps>,
    /// The last departure of the same situation or local access, whatever became of it.
    pub last: Option<DepartureId>,
}

/// What an end would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// What ends.
    pub ending: Ending,
    /// When.
    pub when: When,
    /// What it takes away.
    pub plan: Plan,
    /// The other situations, in the order of their identifiers.
    pub stays: Vec<SituationId>,
    /// Whether nobody will manage the structure afterwards.
    pub leaves_unmanaged: bool,
    /// The last departure of the same: an old preview does not end again what was undone.
    pub last: Option<DepartureId>,
}

/// Stands for one outlook in a form that confirms it. It is no secret: who has it has seen a preview.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(String);

impl Mark {
    /// As a form brought it back.
    pub fn presented(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// As a form carries it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Outlook {
    /// The mark of all that it tells. A count of open sessions is not part of it: it may change
    /// while somebody reads.
    pub fn mark(&self) -> Mark {
        let Self { ending, when, plan, stays, leaves_unmanaged, last } = self;
        let scope = plan.closing.as_ref().map(|closing| &closing.scope);
        let suspends = plan.suspends_card;
        let told = (ending, when, scope, suspends, stays, leaves_unmanaged, last);
        let digest = SecretDigest::of(format!("{told:?}").as_bytes());
        Mark(URL_SAFE_NO_PAD.encode(digest.as_bytes()))
    }
}

impl EndRequest {
    /// What it would do, `when` being decided already.
    pub fn outlook(&self, ending: Ending, when: When, facts: EndFacts) -> Outlook {
        let EndFacts { before, managers, last } = facts;
        let plan = plan(&before, ending, &self.by);
        let is_leaver = |rpps: &Rpps| *rpps == before.rpps;
        let others = before.situations.iter().chain(&before.upcoming).map(|situation| situation.id);
        let mut stays: Vec<_> = others.filter(|id| ending != Ending::Situation(*id)).collect();
        stays.sort_unstable_by_key(|id| id.0);
        let leaves_unmanaged =
            plan.closing.is_some() && !managers.is_empty() && managers.iter().all(is_leaver);
        Outlook { ending, when, plan, stays, leaves_unmanaged, last }
    }

    /// Whether `outlook` is the one that the asker confirms. Who was shown none, a program, asks for
    /// the end whatever it does.
    pub fn confirms(&self, outlook: &Outlook) -> Result<(), EndRefused> {
        match &self.seen {
            Some(seen) if *seen != outlook.mark() => Err(EndRefused::Changed),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        access::CardStanding,
        departure::{Asked, Mandate},
        kernel::{Timestamp, journal::Actor},
        registry::{Authority, Situation},
    };

    const TILLEULS: &str = "019999028";
    const RIVE_CLAIRE: &str = "699999124";

    fn situation(number: u128, finess: &str) -> Situation {
        Situation {
            id: SituationId(Uuid::from_u128(number)),
            rpps: Rpps::from_serial(1),
            finess: finess.parse().unwrap(),
            authority: Authority::Employer,
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

    fn facts() -> EndFacts {
        let before = Standing {
            rpps: Rpps::from_serial(1),
            card: CardStanding::Active,
            situations: vec![situation(1, TILLEULS), situation(2, RIVE_CLAIRE)],
            upcoming: Vec::new(),
            local_accesses: Vec::new(),
        };
        EndFacts { before, managers: vec![Rpps::from_serial(1), Rpps::from_serial(2)], last: None }
    }

    fn outlook(facts: EndFacts, when: When, seen: Option<Mark>) -> (Outlook, EndRequest) {
        let mandate = Mandate { structure: None, for_authority: false };
        let by = Actor::Operator;
        let request = EndRequest { asked: Asked::Immediate, reason: None, by, mandate, seen };
        let ending = Ending::Situation(SituationId(Uuid::from_u128(1)));
        (request.outlook(ending, when, facts), request)
    }

    #[test]
    fn whatever_a_preview_told_must_still_be_so() {
        #[track_caller]
        fn check(change: impl Fn(&mut EndFacts), when: When, expected: Result<(), EndRefused>) {
            let seen = outlook(facts(), When::Now, None).0.mark();
            let mut now = facts();
            change(&mut now);
            let (outlook, request) = outlook(now, when, Some(seen));
            assert_eq!(request.confirms(&outlook), expected);
        }
        let changed = Err(EndRefused::Changed);
        let tomorrow = "2026-11-22".parse().unwrap();
        check(|_| {}, When::Now, Ok(()));
        check(|_| {}, When::Later { at: Timestamp(1), last_day: tomorrow }, changed);
        check(|facts| facts.before.situations.truncate(1), When::Now, changed);
        check(|facts| facts.managers.truncate(1), When::Now, changed);
        check(|facts| facts.last = Some(DepartureId(Uuid::from_u128(9))), When::Now, changed);
        let hired = |facts: &mut EndFacts| facts.before.upcoming.push(situation(3, TILLEULS));
        check(hired, When::Now, changed);
        // Another manager more changes nothing of what was told.
        check(|facts| facts.managers.push(Rpps::from_serial(3)), When::Now, Ok(()));
        check(|facts| facts.before.situations.reverse(), When::Now, Ok(()));
    }

    #[test]
    fn who_was_shown_nothing_confirms_nothing_and_a_wrong_mark_is_refused() {
        #[track_caller]
        fn check(seen: Option<&str>, expected: Result<(), EndRefused>) {
            let (outlook, request) = outlook(facts(), When::Now, seen.map(Mark::presented));
            assert_eq!(request.confirms(&outlook), expected);
        }
        check(None, Ok(()));
        check(Some(""), Err(EndRefused::Changed));
        check(Some("x"), Err(EndRefused::Changed));
    }
}
