//! Why nothing is opened, as the phone and the page are told.

use crate::{
    access::{NoRight, Refused, Shut},
    kernel::Outage,
};

use super::card::CardInactive;

/// Why an approval opens nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ApprovalRefused {
    /// The challenge is over, cut, or not this phone's.
    #[error("Cette demande n'est plus valable.")]
    Gone,
    /// A wrong PIN.
    #[error("{}", wrong_pin(*.left))]
    WrongPin {
        /// Tries left.
        left: u32,
    },
    /// A wrong code.
    #[error("Ce n'est pas le code affiché à l'écran : la demande est annulée.")]
    WrongCode,
    /// The phone no longer holds the card.
    #[error(transparent)]
    Inactive(#[from] CardInactive),
    /// Proven, by a person who may not enter.
    #[error("Connexion refusée : {0}.")]
    NoRight(NoRight),
    /// We cannot know.
    #[error(transparent)]
    Outage(#[from] Outage),
}

fn wrong_pin(left: u32) -> String {
    match left {
        0 => "Code PIN incorrect trop de fois : votre e-CPS est bloquée. Adressez-vous à votre \
              établissement."
            .to_owned(),
        1 => "Code PIN incorrect. Il vous reste un essai.".to_owned(),
        more => format!("Code PIN incorrect. Il vous reste {more} essais."),
    }
}

impl From<Refused> for ApprovalRefused {
    fn from(refused: Refused) -> Self {
        match outage_of(refused) {
            Some(outage) => Self::Outage(outage),
            None => Self::Gone,
        }
    }
}

/// Why a one-time code opens nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum OtpRefused {
    /// Nobody's identifier, a wrong code, a used one, a blocked card: all the same from outside.
    #[error("Identifiant ou code incorrect.")]
    Wrong,
    /// Eleven digits with a right key: seen without looking anybody up.
    #[error("Ajoutez le 8 devant vos onze chiffres.")]
    MissingEight,
    /// Proven, by a person who may not enter.
    #[error("Connexion refusée : {0}.")]
    NoRight(NoRight),
    /// A departure came in between.
    #[error("Cette demande n'est plus valable.")]
    Gone,
    /// We cannot know.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl From<Refused> for OtpRefused {
    fn from(refused: Refused) -> Self {
        match outage_of(refused) {
            Some(outage) => Self::Outage(outage),
            None => Self::Gone,
        }
    }
}

/// The outage, when the honest answer is *we do not know*.
pub(super) fn outage_of(refused: Refused) -> Option<Outage> {
    let unknown = || Outage::Unavailable("a stamp from an unknown revision".to_owned());
    match refused {
        Refused::Outage(outage) => Some(outage),
        Refused::Shut(Shut::Unknown) => Some(unknown()),
        Refused::Shut(Shut::Expired | Shut::OtherEpoch | Shut::BelowFloor | Shut::Cut) => None,
    }
}
