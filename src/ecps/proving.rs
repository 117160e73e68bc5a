//! From a question to a proof: challenges and one-time codes, over the ports and through the doors.

use std::sync::Arc;

use crate::{
    access::{Door, Holder, NoRight, Now, Passed, Refused, Session},
    kernel::{
        ChallengeId, ClientId, DeviceId, Finess, IdNat, Outage, Rpps, Sid, Timestamp,
        ids::BadIdentifier, secret::Secret,
    },
};

use super::{
    Ecps,
    card::CardInactive,
    challenge::{Approval, Challenge, Codes, Outcome, holder_of},
    otp::OtpAttempt,
    ports::{Approved, Device, OtpProven},
    refusals::{ApprovalRefused, OtpRefused, outage_of},
};

/// Who asks for a proof, and of whom.
pub struct Ask<'a> {
    /// What the person typed.
    pub identifier: &'a str,
    /// The client.
    pub client: &'a ClientId,
    /// Its name, as people read it.
    pub service: &'a str,
    /// The structure that it is bound to.
    pub structure: Option<Finess>,
}

/// What came of asking for a challenge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// Eleven digits with a right key: seen without looking anybody up.
    MissingEight,
    /// It waits, for somebody or for nobody.
    Waits(ChallengeId),
}

/// How a challenge stands, for the browser that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The phone has not answered.
    Waiting {
        /// The code to compare.
        shown: String,
        /// Until when, on the protocol clock.
        until: Timestamp,
    },
    /// Proven.
    Approved(Session),
    /// The person said no, or chose a wrong code.
    Denied,
    /// Proven, by a person who may not enter.
    Refused(NoRight),
    /// Nobody answered in time, or a departure cut it.
    Over,
}

impl Ecps {
    /// Makes a challenge. The barrier comes first, and nothing about the person is decided: an
    /// identifier that nobody holds gets a challenge as well, which nobody can answer.
    pub async fn open_challenge(&self, ask: Ask<'_>) -> Result<Opened, Outage> {
        let it = &self.inner;
        let rpps = match identifier(ask.identifier) {
            Ok(IdNat(rpps)) => Some(rpps),
            Err(BadIdentifier::MissingEight) => return Ok(Opened::MissingEight),
            Err(BadIdentifier::Length | BadIdentifier::Character | BadIdentifier::CheckDigit) => {
                None
            }
        };
        let now = it.doors.barrier().await?;
        let id = ChallengeId(it.random.opaque_id());
        let challenge = Challenge {
            id,
            rpps,
            stamp: now.stamp,
            client: ask.client.clone(),
            service: ask.service.to_owned(),
            structure: ask.structure,
            codes: Codes::draw(it.random.as_ref()),
            outcome: None,
            made_at: now.protocol,
            until: now.protocol + it.settings.challenge_life(),
        };
        it.ports.challenges.open(challenge).await?;
        Ok(Opened::Waits(id))
    }

    /// How a challenge stands. One that a departure cut is over, approved or not.
    pub async fn state(&self, id: ChallengeId) -> Result<State, Outage> {
        let it = &self.inner;
        let now = it.doors.barrier().await?;
        let Some(challenge) = it.ports.challenges.challenge(id).await? else {
            return Ok(State::Over);
        };
        match challenge.outcome {
            Some(Outcome::Denied) => return Ok(State::Denied),
            Some(Outcome::Refused { reason }) => return Ok(State::Refused(reason)),
            Some(Outcome::Approved { sid }) => {
                let Some(session) = it.ports.challenges.session(sid).await? else {
                    return Ok(State::Over);
                };
                let holder = holder_of(&session, &challenge.client, challenge.structure);
                let opens = self.opens(Door::Code, &holder, now)?;
                return Ok(if opens { State::Approved(session) } else { State::Over });
            }
            None => {}
        }
        Ok(if self.opens(Door::Pending, &challenge.holder(), now)? {
            State::Waiting { shown: challenge.codes.shown, until: challenge.until }
        } else {
            State::Over
        })
    }

    /// What waits for the person who holds `device`, newest first; what a departure cut is gone.
    pub async fn pending(&self, device: &Device, now: Now) -> Result<Vec<Challenge>, Outage> {
        let it = &self.inner;
        let waiting = it.ports.challenges.waiting(device.rpps, now.protocol).await?;
        let mut live = Vec::new();
        for challenge in waiting {
            if self.opens(Door::Pending, &challenge.holder(), now)? {
                live.push(challenge);
            }
        }
        Ok(live)
    }

    /// The phone says which code the page shows. Gate, one transaction, gate again; only then yes.
    pub async fn approve(
        &self,
        device: &Device,
        id: ChallengeId,
        said: Said,
    ) -> Result<(), ApprovalRefused> {
        let it = &self.inner;
        let challenge = it.ports.challenges.challenge(id).await?;
        let is_theirs = |challenge: &Challenge| challenge.rpps == Some(device.rpps);
        let challenge = challenge.filter(is_theirs).ok_or(ApprovalRefused::Gone)?;
        let write = async |passed: Passed, now: Now| {
            let approval = Approval {
                challenge: id,
                device: device.id,
                code: said.code,
                pin: it.key.digest(&device.id.to_string(), said.pin.expose()),
                client: said.client,
                sid: Sid(it.random.id(now.protocol)),
                life: it.settings.session_life(),
                limit: it.settings.pin_attempts,
                now: now.protocol,
            };
            match it.ports.challenges.approve(approval, passed).await? {
                Approved::Opens(session) => {
                    Ok(((), holder_of(&session, &challenge.client, challenge.structure)))
                }
                Approved::Gone => Err(ApprovalRefused::Gone),
                Approved::NotHeld => Err(CardInactive::Replaced.into()),
                Approved::WrongPin { left } => Err(ApprovalRefused::WrongPin { left }),
                Approved::WrongCode => Err(ApprovalRefused::WrongCode),
                Approved::NoRight(reason) => Err(ApprovalRefused::NoRight(reason)),
            }
        };
        it.doors.mint(Door::Proof, &challenge.holder(), write).await
    }

    /// The person says no.
    pub async fn deny(
        &self,
        device: &Device,
        id: ChallengeId,
        now: Now,
    ) -> Result<(), ApprovalRefused> {
        let it = &self.inner;
        let challenge = it.ports.challenges.challenge(id).await?;
        let is_theirs = |challenge: &Challenge| challenge.rpps == Some(device.rpps);
        let challenge = challenge.filter(is_theirs).ok_or(ApprovalRefused::Gone)?;
        let judged = it.doors.judge(Door::Pending, &challenge.holder(), now.protocol);
        let passed = judged.map_err(|shut| ApprovalRefused::from(Refused::from(shut)))?;
        let denied = it.ports.challenges.deny(id, device.rpps, passed).await?;
        if denied { Ok(()) } else { Err(ApprovalRefused::Gone) }
    }

    /// The person does not wait any more: the phone need not ask.
    pub async fn withdraw(&self, id: ChallengeId) -> Result<(), Outage> {
        self.inner.ports.challenges.withdraw(id).await
    }

    /// A one-time code proves PIN and phone at once.
    pub async fn prove_otp(&self, ask: Ask<'_>, code: Secret) -> Result<Session, OtpRefused> {
        let who = match identifier(ask.identifier) {
            Ok(IdNat(rpps)) => Some(rpps),
            Err(BadIdentifier::MissingEight) => return Err(OtpRefused::MissingEight),
            Err(BadIdentifier::Length | BadIdentifier::Character | BadIdentifier::CheckDigit) => {
                None
            }
        };
        self.prove(who, (ask.client, ask.structure), &code).await
    }

    /// The same from a page that waits for the phone: the phone turns out to have no network.
    pub async fn prove_otp_instead(
        &self,
        id: ChallengeId,
        code: Secret,
    ) -> Result<Session, OtpRefused> {
        let challenge = self.inner.ports.challenges.challenge(id).await?.ok_or(OtpRefused::Gone)?;
        self.prove(challenge.rpps, (&challenge.client, challenge.structure), &code).await
    }

    /// The barrier comes first: its reading is the stamp of whatever grows from this.
    async fn prove(
        &self,
        who: Option<Rpps>,
        (client, structure): (&ClientId, Option<Finess>),
        code: &Secret,
    ) -> Result<Session, OtpRefused> {
        let it = &self.inner;
        let start = it.doors.barrier().await?;
        let (Some(rpps), Some(code)) = (who, otp_digits(code)) else {
            return Err(OtpRefused::Wrong);
        };
        let holder = Holder {
            rpps: Some(rpps),
            structure,
            sid: None,
            proof: start.stamp,
            client: Some(client.clone()),
            grant: None,
            own: start.stamp.revision,
            until: start.protocol + it.settings.session_life(),
        };
        let write = async |passed: Passed, _: Now| {
            let attempt = OtpAttempt {
                rpps,
                code,
                client: client.clone(),
                structure,
                stamp: start.stamp,
                now: start.protocol,
                sid: Sid(it.random.id(start.protocol)),
                life: it.settings.session_life(),
                limit: it.settings.pin_attempts,
                key: Arc::clone(&it.key),
            };
            match it.ports.cards.prove_otp(attempt, passed).await? {
                OtpProven::Opens(session) => {
                    let grown = holder_of(&session, client, structure);
                    Ok((session, grown))
                }
                OtpProven::Nothing => Err(OtpRefused::Wrong),
                OtpProven::NoRight(reason) => Err(OtpRefused::NoRight(reason)),
            }
        };
        it.doors.mint(Door::Proof, &holder, write).await
    }

    /// The right code of a challenge: the side channel of phones that cannot look at two screens.
    /// `serve` has no address for it.
    pub async fn right_code(&self, id: ChallengeId) -> Result<Option<String>, Outage> {
        let challenge = self.inner.ports.challenges.challenge(id).await?;
        Ok(challenge.filter(|known| known.outcome.is_none()).map(|known| known.codes.shown))
    }

    /// The phone of this name, present or former.
    pub(super) async fn device(&self, id: DeviceId) -> Result<Option<Device>, Outage> {
        self.inner.ports.cards.device(id).await
    }

    /// Who holds `rpps`'s pending questions may see them: the gate, without its reason.
    fn opens(&self, door: Door, holder: &Holder, now: Now) -> Result<bool, Outage> {
        match self.inner.doors.judge(door, holder, now.protocol) {
            Ok(_) => Ok(true),
            Err(shut) => outage_of(shut.into()).map_or(Ok(false), Err),
        }
    }
}

/// What the person said on the phone.
pub struct Said {
    /// The code that they chose.
    pub code: String,
    /// The PIN that they typed.
    pub pin: Secret,
    /// The client that the phone showed.
    pub client: String,
}

/// Spaces between groups of digits do not matter.
fn identifier(typed: &str) -> Result<IdNat, BadIdentifier> {
    typed.chars().filter(|c| !c.is_whitespace()).collect::<String>().parse()
}

/// Six digits, or nothing that could be one: only a real guess is counted.
fn otp_digits(typed: &Secret) -> Option<Secret> {
    let kept: String = typed.expose().chars().filter(|c| !c.is_whitespace()).collect();
    let fits =
        kept.len() == usize::from(super::otp::DIGITS) && kept.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| Secret::received(kept))
}
