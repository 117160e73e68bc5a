//! What lets a professional manage a structure, or watch over the whole.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::kernel::{Finess, Rpps, Timestamp};

/// In which quality.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Office {
    /// Head of the structure.
    RepresentantLegal,
    /// Delegated by the head: gives habilitations.
    Mandataire,
    /// Enters people and ends situations.
    Gestionnaire,
    /// Security officer: sees everything that closes, ends sessions, blocks cards.
    Securite,
    /// Speaks for the authority: Ordre, ARS, deletion of wrong identities.
    Autorite,
}

impl Office {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::RepresentantLegal,
        Self::Mandataire,
        Self::Gestionnaire,
        Self::Securite,
        Self::Autorite,
    ];

    /// As stored and written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RepresentantLegal => "representant-legal",
            Self::Mandataire => "mandataire",
            Self::Gestionnaire => "gestionnaire",
            Self::Securite => "securite",
            Self::Autorite => "autorite",
        }
    }

    /// Whether it is held at one structure.
    pub const fn is_local(self) -> bool {
        match self {
            Self::RepresentantLegal | Self::Mandataire | Self::Gestionnaire => true,
            Self::Securite | Self::Autorite => false,
        }
    }
}

/// A habilitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Habilitation {
    /// Our own identifier.
    pub id: Uuid,
    /// Who.
    pub rpps: Rpps,
    /// In which quality.
    pub office: Office,
    /// Where, for those that are held at one structure.
    pub finess: Option<Finess>,
    /// Since when, on the calendar clock.
    pub given_at: Timestamp,
    /// When it was withdrawn, on the calendar clock.
    pub withdrawn_at: Option<Timestamp>,
}

/// Why a habilitation is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotHabilitated {
    /// Nobody has this number, or it is retired.
    #[error("personne n'a ce numéro RPPS, ou il a été retiré")]
    UnknownPerson,
    /// No such structure, or it is closed.
    #[error("structure inconnue ou fermée")]
    UnknownStructure,
    /// It is held at one structure, and none was named.
    #[error("cette habilitation vaut dans une structure : indiquez son numéro FINESS")]
    StructureWanted,
    /// It is not held at a structure, and one was named.
    #[error("cette habilitation ne vaut pas pour une structure : retirez le numéro FINESS")]
    NoStructureWanted,
    /// It was given before.
    #[error("cette personne a déjà cette habilitation")]
    Already,
}

/// May `office` be given with or without a structure?
pub fn judge(office: Office, finess: Option<Finess>) -> Result<(), NotHabilitated> {
    match (office.is_local(), finess) {
        (true, None) => Err(NotHabilitated::StructureWanted),
        (false, Some(_)) => Err(NotHabilitated::NoStructureWanted),
        (true, Some(_)) | (false, None) => Ok(()),
    }
}
