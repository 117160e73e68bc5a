//! What lets a professional manage a structure, or watch over all of them.
//!
//! A habilitation alone opens nothing: like every right it is honoured only while its holder works
//! there ([`Managing::manages`]), so that none outlives a departure.

mod managing;
mod naming;
mod ports;
mod withdrawing;

use jiff::civil::Date;
use serde::Serialize;

use crate::kernel::{Finess, HabilitationId, Rpps, Timestamp};

pub use managing::Managing;
pub use naming::{Naming, NamingFacts, NamingRefused};
pub use ports::Habilitations;
pub use withdrawing::{NotWithdrawn, Withdrawal, WithdrawalFacts};

/// What somebody is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum HabilitationKind {
    /// Head of a structure, answerable for what is entered there.
    RepresentantLegal,
    /// Named by the head; may name managers.
    Mandataire,
    /// Enters and ends situations.
    Gestionnaire,
    /// Security officer: sees and cuts access everywhere.
    Securite,
    /// Speaks for the authority that keeps the registry.
    Autorite,
}

impl HabilitationKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::RepresentantLegal,
        Self::Mandataire,
        Self::Gestionnaire,
        Self::Securite,
        Self::Autorite,
    ];

    /// Its stable name, as written and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RepresentantLegal => "representant-legal",
            Self::Mandataire => "mandataire",
            Self::Gestionnaire => "gestionnaire",
            Self::Securite => "securite",
            Self::Autorite => "autorite",
        }
    }

    /// As people read it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::RepresentantLegal => "Représentant légal",
            Self::Mandataire => "Mandataire",
            Self::Gestionnaire => "Gestionnaire RPPS+",
            Self::Securite => "Sécurité",
            Self::Autorite => "Autorité",
        }
    }

    /// Whether it is given for one structure; the others are for all.
    pub const fn needs_structure(self) -> bool {
        match self {
            Self::RepresentantLegal | Self::Mandataire | Self::Gestionnaire => true,
            Self::Securite | Self::Autorite => false,
        }
    }
}

/// A habilitation as the records keep it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Habilitation {
    /// Its name.
    pub id: HabilitationId,
    /// Whose.
    pub rpps: Rpps,
    /// As what.
    pub kind: HabilitationKind,
    /// Where: an establishment, or a legal entity and all its establishments.
    pub finess: Option<Finess>,
    /// The day on which they finished the training.
    pub trained_on: Option<Date>,
    /// Since when, on the calendar clock.
    pub given_at: Timestamp,
    /// Until when.
    pub withdrawn_at: Option<Timestamp>,
}

impl Habilitation {
    /// Whether it stands.
    pub fn stands(&self) -> bool {
        self.withdrawn_at.is_none()
    }
}
