//! A card comes to a phone: two secrets sent apart, a PIN, and nothing before the 48th hour.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use crate::{
    access::Standing,
    kernel::{
        DeviceId, IdNat, Rpps, Timestamp,
        random::Random,
        seal::RecordsKey,
        secret::{Secret, SecretDigest},
        time::Span,
    },
    registry::delays,
};

use super::{
    card::{Card, CardInactive, Move, Moved, may_activate},
    device_proof::PublicKey,
    sending::{Guesses, Reference, Sending, SendingId},
};

/// One activation in progress. It tells nothing, not even when it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ActivationId(pub Uuid);

impl fmt::Display for ActivationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for ActivationId {
    type Err = uuid::Error;
    fn from_str(text: &str) -> Result<Self, uuid::Error> {
        Uuid::try_parse(text).map(Self)
    }
}

/// Whose card it is, where to reach them, and how they stand.
#[derive(Clone, Debug)]
pub struct CardHolder {
    /// The number.
    pub rpps: Rpps,
    /// Where one secret goes.
    pub email: String,
    /// Where the other goes.
    pub mobile: String,
    /// When the employer validated, on the calendar clock.
    pub validated_at: Timestamp,
    /// Card and situations. `None`: the number is retired.
    pub standing: Option<Standing>,
}

/// Why an activation does not start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotActivable {
    /// The delay is not over.
    #[error("L'activation de cette e-CPS sera possible le {}.", .at.from_in_french())]
    TooEarly {
        /// When it will be, on the calendar clock.
        at: Timestamp,
    },
    /// The card stands in the way.
    #[error(transparent)]
    Inactive(#[from] CardInactive),
}

/// May `holder` activate?
pub fn activable(holder: &CardHolder, calendar: Timestamp) -> Result<(), NotActivable> {
    may_activate(holder.standing.as_ref())?;
    if delays::is_activable(holder.validated_at, calendar) {
        Ok(())
    } else {
        Err(NotActivable::TooEarly { at: delays::activable_at(holder.validated_at) })
    }
}

/// The two secrets, on their way to the person. At rest there are only their digests.
pub(super) struct TwoSecrets {
    pub(super) mail: Secret,
    pub(super) sms: Secret,
}

impl TwoSecrets {
    /// Mail: eight letters and digits that nobody takes for one another. SMS: six digits.
    pub(super) fn mint(random: &dyn Random) -> Self {
        const SYMBOLS: &[u8; 25] = b"ACDEFGHJKLMNPQRTUVWXY3479";
        let symbol = |_| {
            let index = usize::try_from(random.below(SYMBOLS.len() as u64)).unwrap_or_default();
            SYMBOLS.get(index).copied().map_or('A', char::from)
        };
        Self {
            mail: Secret::received((0..8).map(symbol).collect()),
            sms: Secret::received(format!("{:06}", random.below(1_000_000))),
        }
    }

    /// Takes in what the person copied: spaces, dashes and case do not matter.
    pub(super) fn copied(mail: &Secret, sms: &Secret) -> Self {
        let tidy = |secret: &Secret| {
            let kept = secret.expose().chars().filter(|c| !c.is_whitespace() && *c != '-');
            Secret::received(kept.collect::<String>().to_uppercase())
        };
        Self { mail: tidy(mail), sms: tidy(sms) }
    }

    /// Their digests, keyed, and bound to one sending: of no use with another.
    pub(super) fn digests(&self, key: &RecordsKey, of: SendingId) -> Digests {
        Digests {
            mail: key.digest(&format!("activation/mail/{of}"), self.mail.expose()),
            sms: key.digest(&format!("activation/sms/{of}"), self.sms.expose()),
        }
    }
}

/// The digests of both secrets.
#[derive(Clone, Copy, Debug)]
pub struct Digests {
    /// Of the mailed one.
    pub mail: SecretDigest,
    /// Of the one sent by SMS.
    pub sms: SecretDigest,
}

impl Digests {
    /// How many match. Which one does not is not told, nor how long it took to find out.
    fn right(&self, other: &Self) -> u8 {
        u8::from(self.mail.matches(&other.mail)) + u8::from(self.sms.matches(&other.sms))
    }
}

/// An activation, as it waits for its secrets.
#[derive(Clone, Debug)]
pub struct Activation {
    /// Its name.
    pub id: ActivationId,
    /// Whose card.
    pub rpps: Rpps,
    /// The phone's key.
    pub public_key: PublicKey,
    /// The secrets that finish it, shared with no other person's activation.
    pub sending: Sending,
}

/// What the phone brings to finish, with what it will hold.
pub struct Finish {
    /// Which activation.
    pub id: ActivationId,
    /// What the person copied.
    pub digests: Digests,
    /// The phone's name from now on.
    pub device: DeviceId,
    /// The PIN, digested for this device.
    pub pin: SecretDigest,
    /// The key of its one-time codes, sealed.
    pub otp_key: Vec<u8>,
    /// How many times one activation may be tried.
    pub tries: u32,
    /// How many times all of one person may be tried with one right secret.
    pub guesses: u32,
    /// When, on the protocol clock.
    pub now: Timestamp,
}

/// What the records know, read in one transaction.
pub struct FinishFacts<'a> {
    /// The activation.
    pub activation: &'a Activation,
    /// Wrong tries so far.
    pub tries: u32,
    /// Those with one right secret, over all activations of the person.
    pub guesses: Guesses,
    /// Card and situations. `None`: the number is retired.
    pub standing: Option<&'a Standing>,
    /// The card.
    pub card: Card,
}

/// What becomes of an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FinishVerdict {
    /// Too late, too many tries, or used already.
    Expired,
    /// The card stands in the way.
    Inactive(CardInactive),
    /// At least one secret is wrong; this try is counted.
    Wrong {
        /// Tries left afterwards.
        left: u32,
        /// Whether the other was right: this try is counted against the person as well.
        is_guess: bool,
    },
    /// The phone takes the card.
    Activates(Moved),
}

impl Finish {
    /// What becomes of this activation.
    pub fn decide(&self, facts: &FinishFacts<'_>) -> FinishVerdict {
        if self.now >= facts.activation.sending.until
            || facts.tries >= self.tries
            || facts.guesses.exhaust(self.guesses, self.now)
        {
            return FinishVerdict::Expired;
        }
        if let Err(reason) = may_activate(facts.standing) {
            return FinishVerdict::Inactive(reason);
        }
        let right = self.digests.right(&facts.activation.sending.digests);
        if right < 2 {
            return FinishVerdict::Wrong {
                left: self.tries - facts.tries - 1,
                is_guess: right == 1,
            };
        }
        // The PIN limit plays no part in this move.
        match facts.card.apply(Move::Activate, 1) {
            Ok(moved) => FinishVerdict::Activates(moved),
            Err(_) => FinishVerdict::Inactive(CardInactive::Blocked),
        }
    }
}

/// The mail that carries one secret. It names the card, never the person.
pub(super) fn mail(
    secret: &Secret,
    rpps: Rpps,
    reference: Reference,
    life: Span,
) -> (&'static str, Secret) {
    let minutes = life.as_seconds() / 60;
    let text = format!(
        "Bonjour,\n\n\
         L'activation d'une e-CPS sur un téléphone vient d'être demandée.\n\
         Identifiant national de cette e-CPS : {}\n\
         Demande n° {reference} : c'est le numéro que montre votre téléphone.\n\n\
         Votre code reçu par courriel, à saisir dans l'application avec celui du SMS :\n\n\
         {}\n\n\
         Il est valable {minutes} minutes et ne sert qu'une fois. Personne ne vous le demandera \
         jamais.\n\n\
         Vous n'avez rien demandé ? Ne communiquez ce code à personne : sans lui, l'activation \
         n'aboutira pas. Prévenez votre établissement, qui peut bloquer votre e-CPS.\n\n\
         Passerelle\n",
        IdNat(rpps),
        secret.expose(),
    );
    ("Activation de votre e-CPS", Secret::received(text))
}

/// The SMS that carries the other.
pub(super) fn sms(secret: &Secret, reference: Reference, life: Span) -> Secret {
    let minutes = life.as_seconds() / 60;
    Secret::received(format!(
        "e-CPS : votre code d'activation (demande n° {reference})\n{}\nValable {minutes} minutes. Vous n'avez rien \
         demandé ? Ne le donnez à personne et prévenez votre établissement.",
        secret.expose(),
    ))
}

#[cfg(test)]
#[path = "activation_tests.rs"]
mod tests;
