//! Access follows from the registry, and from nothing else.

use serde::{Deserialize, Serialize};

use crate::{
    kernel::{Finess, Rpps},
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
    #[error("la e-CPS n'est pas activée")]
    CardNotActivated,
    /// The card is suspended: no situation is left.
    #[error("la e-CPS est suspendue : aucune situation d'exercice n'est en cours")]
    CardSuspended,
    /// The card is blocked.
    #[error("la e-CPS est bloquée")]
    CardBlocked,
    /// No situation is open anywhere.
    #[error("aucune situation d'exercice n'est en cours")]
    NoSituation,
    /// None at the structure that the client belongs to.
    #[error("aucune situation d'exercice n'est en cours dans cet établissement")]
    NoSituationHere,
}

impl NoRight {
    /// Its stable name, for the journal.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CardNotActivated => "card_not_activated",
            Self::CardSuspended => "card_suspended",
            Self::CardBlocked => "card_blocked",
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
    if standing.situations.is_empty() {
        return Err(NoRight::NoSituation);
    }
    match structure {
        Some(finess) if !opens_bound_clients(standing, finess) => Err(NoRight::NoSituationHere),
        Some(_) | None => Ok(()),
    }
}

/// Whether something that `standing` holds opens the clients bound to `finess`.
pub fn opens_bound_clients(standing: &Standing, finess: Finess) -> bool {
    let by_employer = |situation: &Situation| {
        situation.finess == finess && situation.authority == Authority::Employer
    };
    standing.situations.iter().any(by_employer)
        || standing.local_accesses.iter().any(|access| access.finess == finess)
}
