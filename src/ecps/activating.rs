//! The two steps of an activation, over the ports.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::kernel::{
    DeviceId, IdNat, Outage, Rpps, Timestamp, ids::BadIdentifier, secret::Secret, time::Span,
};

use super::{
    Ecps,
    activation::{
        Activation, ActivationId, CardHolder, Finish, NotActivable, TwoSecrets, activable, mail,
        sms,
    },
    card::CardInactive,
    device_proof::PublicKey,
    otp,
    pin::Pin,
    ports::Finished,
    sending::{Reference, Sending, SendingId, SendingLimits, Start, Starting},
};

/// An activation that waits for its secrets.
#[derive(Clone, Copy, Debug)]
pub struct Started {
    /// Its name.
    pub activation: ActivationId,
    /// What the messages that carry its secrets are marked with.
    pub reference: Reference,
    /// Whether those messages had left already: enough of them are under way for this person.
    pub already_sent: bool,
    /// When it ends by itself, on the protocol clock.
    pub until: Timestamp,
}

/// Why an activation does not start.
#[derive(Clone, Debug, thiserror::Error)]
pub enum ActivationRefused {
    /// No identifier, or nobody's.
    #[error("{}", unknown(*.0))]
    Unknown(Option<BadIdentifier>),
    /// Too early, or the card stands in the way.
    #[error(transparent)]
    NotActivable(#[from] NotActivable),
    /// Somebody who holds one of the secrets guessed the other too often.
    #[error(
        "Trop de codes incorrects ont été saisis pour cette e-CPS : son activation sera de nouveau \
         possible le {}. Ce n'était pas vous ? Prévenez votre établissement.", .until.in_french()
    )]
    Rests {
        /// Until when, on the protocol clock.
        until: Timestamp,
    },
    /// A secret could not leave.
    #[error(
        "Le courriel ou le SMS n'a pas pu partir : l'activation est abandonnée. Réessayez dans \
         quelques minutes."
    )]
    Undelivered,
    /// We cannot know.
    #[error(transparent)]
    Outage(#[from] Outage),
}

fn unknown(reason: Option<BadIdentifier>) -> &'static str {
    match reason {
        Some(BadIdentifier::MissingEight) => {
            "Ajoutez le 8 devant les onze chiffres de votre numéro RPPS."
        }
        Some(BadIdentifier::Length | BadIdentifier::Character | BadIdentifier::CheckDigit)
        | None => {
            "Identifiant inconnu : vérifiez les douze chiffres, un 8 puis les onze de votre numéro \
             RPPS."
        }
    }
}

/// What a phone receives with its card.
pub struct NewDevice {
    /// Its name.
    pub device: DeviceId,
    /// The seed of its one-time codes, base64url of 32 bytes; we keep only what the PIN makes of it.
    pub seed: Secret,
}

/// Why an activation is not finished.
#[derive(Clone, Debug, thiserror::Error)]
pub enum FinishRefused {
    /// Too late, too many tries, or used already.
    #[error("Cette activation n'est plus valable. Recommencez-la.")]
    Expired,
    /// At least one secret is wrong.
    #[error("Au moins un des deux codes est incorrect.")]
    Wrong {
        /// Tries left.
        left: u32,
    },
    /// The card stands in the way.
    #[error(transparent)]
    Inactive(#[from] CardInactive),
    /// We cannot know.
    #[error(transparent)]
    Outage(#[from] Outage),
}

impl Ecps {
    /// Starts an activation: two secrets leave at once, one by mail and one by SMS, unless enough
    /// are under way to this person already.
    pub async fn activate(
        &self,
        identifier: &str,
        public_key: PublicKey,
    ) -> Result<Started, ActivationRefused> {
        let it = &self.inner;
        let rpps = match identifier.trim().parse::<IdNat>() {
            Ok(IdNat(rpps)) => rpps,
            Err(reason) => return Err(ActivationRefused::Unknown(Some(reason))),
        };
        let now = it.doors.barrier().await?;
        let holder = it.ports.cards.holder(rpps).await?;
        let holder = holder.ok_or(ActivationRefused::Unknown(None))?;
        activable(&holder, now.calendar)?;

        let secrets = TwoSecrets::mint(it.random.as_ref());
        let start = self.start(rpps, public_key, &secrets, now.protocol);
        let (id, sending) = (start.id, start.sending.clone());
        match it.ports.activations.start(start).await? {
            Starting::Rests { until } => return Err(ActivationRefused::Rests { until }),
            Starting::Joins(Sending { reference, until, .. }) => {
                return Ok(Started { activation: id, reference, already_sent: true, until });
            }
            Starting::Sends => {}
        }
        if self.send(&holder, &secrets, sending.reference).await {
            let Sending { reference, until, .. } = sending;
            return Ok(Started { activation: id, reference, already_sent: false, until });
        }
        it.ports.activations.abandon(sending.id).await?;
        Err(ActivationRefused::Undelivered)
    }

    fn start(
        &self,
        rpps: Rpps,
        public_key: PublicKey,
        secrets: &TwoSecrets,
        now: Timestamp,
    ) -> Start {
        let it = &self.inner;
        let (life, sending) = (it.settings.activation_life, SendingId(it.random.opaque_id()));
        Start {
            id: ActivationId(it.random.opaque_id()),
            rpps,
            public_key,
            sending: Sending {
                id: sending,
                reference: Reference::draw(it.random.as_ref()),
                digests: secrets.digests(&it.key, sending),
                sent_at: now,
                until: now + life,
            },
            limits: SendingLimits {
                at_once: it.settings.sendings_at_once,
                // Who joins the last sending has at least four fifths of its life left.
                apart: Span(life.0 / 5),
                guesses: it.settings.activation_guesses,
            },
        }
    }

    /// Both messages at once; false when one of them did not leave.
    async fn send(&self, to: &CardHolder, secrets: &TwoSecrets, reference: Reference) -> bool {
        let it = &self.inner;
        let life = it.settings.activation_life;
        let (subject, text) = mail(&secrets.mail, to.rpps, reference, life);
        let message = sms(&secrets.sms, reference, life);
        let sent = tokio::join!(
            it.post.mail_secret(&to.email, subject, &text),
            it.post.sms(&to.mobile, &message),
        );
        matches!(sent, (Ok(()), Ok(())))
    }

    /// The activation that a phone's proof names.
    pub(super) async fn activation(&self, id: ActivationId) -> Result<Option<Activation>, Outage> {
        self.inner.ports.activations.activation(id).await
    }

    /// Finishes an activation; the phone's proof has been verified at `now`.
    pub async fn finish(
        &self,
        activation: &Activation,
        (mail_secret, sms_secret): (Secret, Secret),
        pin: Pin,
        now: Timestamp,
    ) -> Result<NewDevice, FinishRefused> {
        let it = &self.inner;
        let device = DeviceId(it.random.opaque_id());
        let seed = zeroize::Zeroizing::new(it.random.bytes::<32>());
        let otp_key = otp::derived_key(&seed, &pin);
        let sealed = it.key.seal(&otp::sealed_for(device), otp_key.as_ref());
        let finish = Finish {
            id: activation.id,
            digests: TwoSecrets::copied(&mail_secret, &sms_secret)
                .digests(&it.key, activation.sending.id),
            device,
            pin: it.key.digest(&device.to_string(), pin.expose()),
            otp_key: sealed.map_err(|error| Outage::Unavailable(error.to_string()))?,
            tries: it.settings.activation_tries,
            guesses: it.settings.activation_guesses,
            now,
        };
        match it.ports.activations.finish(finish).await? {
            Finished::Expired => Err(FinishRefused::Expired),
            Finished::Inactive(reason) => Err(reason.into()),
            Finished::Wrong { left } => Err(FinishRefused::Wrong { left }),
            Finished::Activated => {
                let seed = Secret::received(URL_SAFE_NO_PAD.encode(seed.as_ref()));
                Ok(NewDevice { device, seed })
            }
        }
    }
}
