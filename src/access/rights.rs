//! Access follows from the registry, and from nothing else.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::{
    kernel::{Finess, Rpps, time::day_in_french},
    registry::{Authority, LocalAccess, Situation},
};

/// How a card stands, as far as access is concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardStanding {
    /// Never activated.
    NotActivated,
    /// A phone holds it.
    Active,
    /// No situation was left.
    Suspended,
    /// Too many wrong PINs, a loss, or a decision. A blocked card stays blocked.
    Blocked,
}

/// All that decides what a person may enter, read in one snapshot: open situations and local
/// accesses only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Who.
    pub rpps: Rpps,
    /// The card.
    pub card: CardStanding,
    /// Situations that have begun and have not ended.
    pub situations: Vec<Situation>,
    /// Situations whose first day is still to come: they open nothing yet.
    pub upcoming: Vec<Situation>,
    /// Local accesses that have not been taken back.
    pub local_accesses: Vec<LocalAccess>,
}

impl Standing {
    /// Whether a situation is left, begun or to come: otherwise the card is suspended.
    pub fn is_employed(&self) -> bool {
        !self.situations.is_empty() || !self.upcoming.is_empty()
    }
}

/// Why a person may not enter. Told to the person only after a proof.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NoRight {
    /// The card was never activated on the phone that asks.
    #[error("Votre e-CPS n'est pas activée.")]
    CardNotActivated,
    /// The card is suspended: no situation is left.
    #[error("Votre e-CPS est suspendue : aucune situation d'exercice n'est en cours.")]
    CardSuspended,
    /// The card is blocked.
    #[error("Votre e-CPS est bloquée.")]
    CardBlocked,
    /// The first day is still to come.
    #[error("Votre prise de fonction est prévue le {}.", day_in_french(*.0))]
    NotBegun(Date),
    /// No situation is open anywhere.
    #[error("Aucune situation d'exercice n'est en cours.")]
    NoSituation,
    /// None at the structure that the client belongs to.
    #[error("Aucune situation d'exercice n'est en cours dans cet établissement.")]
    NoSituationHere,
}

impl NoRight {
    /// The `data-code` of the page that tells it.
    pub const fn page_code(self) -> &'static str {
        match self {
            Self::CardNotActivated | Self::CardSuspended | Self::CardBlocked => "carte_inactive",
            Self::NotBegun(_) | Self::NoSituation | Self::NoSituationHere => "acces_refuse",
        }
    }

    /// Its stable name, for the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CardNotActivated => "card_not_activated",
            Self::CardSuspended => "card_suspended",
            Self::CardBlocked => "card_blocked",
            Self::NotBegun(_) => "not_begun",
            Self::NoSituation => "no_situation",
            Self::NoSituationHere => "no_situation_here",
        }
    }
}

/// May this person enter a client bound to `structure`, or a national one (`None`)?
///
/// Promise 1: card active, an open situation, and for a bound client an employer's situation at
/// its structure or a local access there. A situation that an Ordre or an ARS entered opens no
/// bound client by itself.
pub fn admits(standing: &Standing, structure: Option<Finess>) -> Result<(), NoRight> {
    match standing.card {
        CardStanding::NotActivated => return Err(NoRight::CardNotActivated),
        CardStanding::Suspended => return Err(NoRight::CardSuspended),
        CardStanding::Blocked => return Err(NoRight::CardBlocked),
        CardStanding::Active => {}
    }
    let missing = match structure {
        _ if standing.situations.is_empty() => NoRight::NoSituation,
        Some(finess) if !opens_bound_clients(standing, finess) => NoRight::NoSituationHere,
        Some(_) | None => return Ok(()),
    };
    Err(first_day(standing, structure).map_or(missing, NoRight::NotBegun))
}

/// The day from which what is still to come will open a client bound to `structure`, or a national
/// one.
fn first_day(standing: &Standing, structure: Option<Finess>) -> Option<Date> {
    let opens = |situation: &&Situation| {
        structure.is_none_or(|finess| {
            situation.finess == finess && situation.authority == Authority::Employer
        })
    };
    standing.upcoming.iter().filter(opens).map(|situation| situation.started_on).min()
}

/// Whether something that `standing` holds opens the clients bound to `finess`.
pub fn opens_bound_clients(standing: &Standing, finess: Finess) -> bool {
    let by_employer = |situation: &Situation| {
        situation.finess == finess && situation.authority == Authority::Employer
    };
    standing.situations.iter().any(by_employer)
        || standing.local_accesses.iter().any(|access| access.finess == finess)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::{LocalAccessId, SituationId, Timestamp};

    const HERE: &str = "019999028";
    const THERE: &str = "699999124";

    fn situation((at, by): (&str, Authority), started_on: &str) -> Situation {
        Situation {
            id: SituationId(uuid::Uuid::nil()),
            rpps: Rpps::from_serial(1),
            finess: at.parse().unwrap(),
            authority: by,
            profession: "313".to_owned(),
            role: "GENR11".to_owned(),
            mode: "S".to_owned(),
            started_on: started_on.parse().unwrap(),
            last_day: None,
            ends_at: None,
            ended_at: None,
            exercise_name: "N".to_owned(),
            exercise_first_name: "P".to_owned(),
        }
    }

    #[test]
    fn a_client_opens_to_who_works_at_its_structure_or_has_an_access_there() {
        use Authority::{Employer, Ordre};
        type Posts<'a> = &'a [(&'a str, Authority)];
        #[track_caller]
        fn check(open: Posts, upcoming: Posts, local: &[&str], bound: bool, told: &str) {
            let rpps = Rpps::from_serial(1);
            let begun = |post: &(&str, Authority)| situation(*post, "2026-01-01");
            let to_come = |post: &(&str, Authority)| situation(*post, "2027-11-01");
            let access = |at: &&str| LocalAccess {
                id: LocalAccessId(uuid::Uuid::nil()),
                rpps,
                finess: at.parse().unwrap(),
                given_at: Timestamp(0),
                ends_at: None,
                ended_at: None,
            };
            let standing = Standing {
                rpps,
                card: CardStanding::Active,
                situations: open.iter().map(begun).collect(),
                upcoming: upcoming.iter().map(to_come).collect(),
                local_accesses: local.iter().map(access).collect(),
            };
            let admitted = admits(&standing, bound.then(|| HERE.parse().unwrap()));
            assert_eq!(admitted.map_or_else(NoRight::as_str, |()| "admitted"), told);
        }
        check(&[(HERE, Employer)], &[], &[], true, "admitted");
        check(&[(THERE, Employer)], &[], &[], true, "no_situation_here");
        check(&[(THERE, Employer)], &[], &[], false, "admitted");
        check(&[(HERE, Ordre)], &[], &[], true, "no_situation_here");
        check(&[(HERE, Ordre)], &[], &[], false, "admitted");
        check(&[(THERE, Ordre)], &[], &[HERE], true, "admitted");
        check(&[], &[], &[HERE], true, "no_situation");
        check(&[], &[(HERE, Employer)], &[HERE], true, "not_begun");
        check(&[], &[(HERE, Employer)], &[], false, "not_begun");
        check(&[], &[(THERE, Employer)], &[], true, "no_situation");
        check(&[(THERE, Employer)], &[(HERE, Employer)], &[], true, "not_begun");
        check(&[(THERE, Employer)], &[(HERE, Ordre)], &[], true, "no_situation_here");
    }

    #[test]
    fn a_card_that_is_not_active_opens_nothing() {
        for (card, told) in [
            (CardStanding::NotActivated, NoRight::CardNotActivated),
            (CardStanding::Suspended, NoRight::CardSuspended),
            (CardStanding::Blocked, NoRight::CardBlocked),
        ] {
            let standing = Standing {
                rpps: Rpps::from_serial(1),
                card,
                situations: vec![situation((HERE, Authority::Employer), "2026-01-01")],
                upcoming: Vec::new(),
                local_accesses: Vec::new(),
            };
            assert_eq!(admits(&standing, None), Err(told));
        }
    }
}
