//! Cards, the phones that hold them, and one-time codes.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    access::{Closing, NoRight, Passed, Scope, Session},
    ecps::{
        CardHolder, Cards, Decision, Device, Nobody, OtpProven,
        card::{Card, Moved},
        otp::{OtpAttempt, OtpFacts, OtpVerdict},
    },
    kernel::{
        ClientId, DeviceId, Finess, Outage, Rpps, Timestamp,
        journal::{Actor, Entry, Event},
        random::Random,
        retry::{Answered, Keep},
        secret::SecretDigest,
    },
};

use super::{
    Change, EndRule, Lane, Sqlite, Write,
    challenges::insert_session,
    damaged, outage,
    standing::{parsed, standing},
};

/// A card's row.
#[derive(Default)]
pub(super) struct CardRow {
    pub(super) device: Option<DeviceId>,
    pub(super) pin: Option<SecretDigest>,
    otp_key: Option<Vec<u8>>,
    otp_step: Option<u64>,
    otp_misses: u32,
    otp_rests_until: Option<Timestamp>,
    misses: u32,
    blocked: bool,
}

impl CardRow {
    pub(super) fn card(&self) -> Card {
        match (self.blocked, self.device) {
            (true, _) => Card::Blocked,
            (false, None) => Card::Empty,
            (false, Some(_)) => Card::Held { misses: self.misses },
        }
    }
}

/// The card of `rpps`; one that was never activated has no row.
pub(super) fn card_row(db: &Connection, rpps: Rpps) -> Result<CardRow, rusqlite::Error> {
    db.prepare_cached(
        "SELECT device, pin, otp_key, otp_step, pin_misses, blocked, otp_misses, otp_rests_until
         FROM card WHERE rpps = ?1",
    )?
    .query_row(params![rpps.as_str()], |row| {
        Ok(CardRow {
            device: row.get::<_, Option<uuid::Uuid>>(0)?.map(DeviceId),
            pin: row.get::<_, Option<[u8; 32]>>(1)?.map(SecretDigest::from_bytes),
            otp_key: row.get(2)?,
            otp_step: row.get::<_, Option<i64>>(3)?.map(i64::cast_unsigned),
            misses: row.get(4)?,
            blocked: row.get(5)?,
            otp_misses: row.get(6)?,
            otp_rests_until: row.get::<_, Option<i64>>(7)?.map(Timestamp),
        })
    })
    .optional()
    .map(Option::unwrap_or_default)
}

/// Writes where a move led. A phone that no longer holds the card takes its PIN and key with it.
pub(super) fn settle(write: &Write<'_>, rpps: Rpps, moved: &Moved) -> Result<(), Outage> {
    let (misses, blocked) = match moved.card {
        Card::Held { misses } => (misses, false),
        Card::Empty => (0, false),
        Card::Blocked => (0, true),
    };
    write.execute(
        "INSERT INTO card (rpps, pin_misses, blocked) VALUES (?1, ?2, ?3)
         ON CONFLICT (rpps) DO UPDATE SET pin_misses = ?2, blocked = ?3
         WHERE pin_misses <> ?2 OR blocked <> ?3",
        params![rpps.as_str(), misses, blocked],
    )?;
    if moved.card == Card::Empty {
        let sql = "UPDATE card SET device = NULL, pin = NULL, otp_key = NULL, otp_step = NULL
                   WHERE rpps = ?1";
        write.execute(sql, params![rpps.as_str()])?;
    }
    Ok(())
}

/// What a cut needs beside the transaction.
#[derive(Clone)]
pub(super) struct Cutting {
    random: Arc<dyn Random>,
    rule: EndRule,
}

impl Sqlite {
    /// The answer of a write that may have cut: whoever tells the outside is woken if it did.
    pub(super) fn told<T>(&self, answer: Result<(T, bool), Outage>) -> Result<T, Outage> {
        let (answer, cut) = answer?;
        if cut {
            self.changed.notify_one();
        }
        Ok(answer)
    }

    pub(super) fn cutting(&self) -> Cutting {
        Cutting { random: Arc::clone(&self.random), rule: self.end_rule }
    }
}

/// Counts a wrong PIN; the one that reaches the limit blocks the card and cuts, in this very
/// transaction. Nothing that was decided on rests on the head, so it is enough to lock it now.
/// Answers whether it cut.
pub(super) fn miss(
    write: &Write<'_>,
    cutting: &Cutting,
    rpps: Rpps,
    moved: &Moved,
) -> Result<bool, Outage> {
    settle(write, rpps, moved)?;
    let Some(cause) = moved.cuts else { return Ok(false) };
    let random = cutting.random.as_ref();
    let mut change = Change::begin(write.db, write.now, random, cutting.rule)?;
    let entry = Entry::new(Event::CardBlocked, Actor::Gateway);
    change.journal(&Entry { person: Some(rpps), ..entry })?;
    change.close(&Closing::new(Scope::Person(rpps), cause, Actor::Gateway), None)?;
    change.finish()?;
    Ok(true)
}

/// What the journal says of a proof.
pub(super) struct ProofLine<'a> {
    pub(super) rpps: Rpps,
    pub(super) client: &'a ClientId,
    pub(super) structure: Option<Finess>,
}

impl ProofLine<'_> {
    pub(super) fn made(&self, write: &Write<'_>, session: &Session) -> Result<(), Outage> {
        let entry = self.entry(Event::ProofMade, Actor::Person(self.rpps));
        let proof = serde_json::to_value(session.proof).map_err(damaged)?;
        let outcome = proof.as_str().map(ToOwned::to_owned);
        write.journal(&Entry { sid: Some(session.sid), outcome, ..entry })
    }

    /// Proven, and no right to enter.
    pub(super) fn no_right(&self, write: &Write<'_>, reason: NoRight) -> Result<(), Outage> {
        let entry = self.entry(Event::ProofRefused, Actor::Person(self.rpps));
        write.journal(&Entry { outcome: Some(reason.as_str().to_owned()), ..entry })
    }

    /// Not proven, by whoever it was.
    pub(super) fn failed(&self, write: &Write<'_>, outcome: &str) -> Result<(), Outage> {
        let entry = self.entry(Event::ProofRefused, Actor::Stranger);
        write.journal(&Entry { outcome: Some(outcome.to_owned()), ..entry })
    }

    fn entry(&self, event: Event, actor: Actor) -> Entry {
        Entry {
            person: Some(self.rpps),
            structure: self.structure,
            client: Some(self.client.clone()),
            ..Entry::new(event, actor)
        }
    }
}

#[async_trait::async_trait]
impl Cards for Sqlite {
    async fn holder(&self, rpps: Rpps) -> Result<Option<CardHolder>, Outage> {
        self.read(|db| {
            let holder = db
                .prepare_cached(
                    "SELECT email, mobile, validated_at FROM professional WHERE rpps = ?1",
                )?
                .query_row(params![rpps.as_str()], |row| {
                    Ok(CardHolder {
                        rpps,
                        email: row.get(0)?,
                        mobile: row.get(1)?,
                        validated_at: Timestamp(row.get(2)?),
                        standing: None,
                    })
                })
                .optional()?;
            let Some(holder) = holder else { return Ok(None) };
            Ok(Some(CardHolder { standing: standing(db, rpps, self.today(db)?)?, ..holder }))
        })
    }

    async fn device(&self, id: DeviceId) -> Result<Option<Device>, Outage> {
        let found = self.read_one(|db| {
            db.prepare_cached(
                "SELECT d.rpps, d.public_key, coalesce(c.device = d.id, 0), coalesce(c.blocked, 0),
                     p.retired_at IS NOT NULL
                 FROM device d JOIN professional p ON p.rpps = d.rpps
                 LEFT JOIN card c ON c.rpps = d.rpps WHERE d.id = ?1",
            )?
            .query_row(params![id.0], |row| {
                let key: String = row.get(1)?;
                Ok((parsed::<Rpps>(row, 0)?, key, row.get(2)?, row.get(3)?, row.get(4)?))
            })
            .optional()
        })?;
        let Some((rpps, key, holds, blocked, retired)) = found else { return Ok(None) };
        let public_key = serde_json::from_str(&key).map_err(damaged)?;
        Ok(Some(Device { id, rpps, public_key, holds, blocked, retired }))
    }

    async fn take_proof(&self, once: SecretDigest, until: Timestamp) -> Result<bool, Outage> {
        self.write(move |write| write.once("device-proof", once.as_bytes(), until)).await
    }

    async fn prove_otp(&self, attempt: OtpAttempt, _: Passed) -> Result<OtpProven, Outage> {
        self.write(move |write| {
            let rpps = attempt.rpps;
            // Something is written whoever it is about: the time that a commit takes tells nobody
            // whether there is a card to guess at.
            write.once("one-time-code", attempt.sid.0.as_bytes(), attempt.now)?;
            let row = card_row(write.db, rpps).map_err(outage)?;
            let facts = OtpFacts {
                card: row.card(),
                held: row.device.zip(row.otp_key),
                last_step: row.otp_step,
                misses: row.otp_misses,
                rests_until: row.otp_rests_until,
                standing: standing(write.db, rpps, write.calendar.date()).map_err(outage)?,
            };
            let (client, structure) = (&attempt.client, attempt.structure);
            let line = ProofLine { rpps, client, structure };
            match attempt.decide(&facts)? {
                OtpVerdict::Nothing => Ok(OtpProven::Nothing),
                OtpVerdict::Missed { misses, rests_until } => {
                    line.failed(write, "wrong_one_time_code")?;
                    let sql = "UPDATE card SET otp_misses = ?2, otp_rests_until = ?3
                                   WHERE rpps = ?1";
                    let until = rests_until.map(|until| until.0);
                    write.execute(sql, params![rpps.as_str(), misses, until])?;
                    Ok(OtpProven::Nothing)
                }
                OtpVerdict::NoRight { reason, step, moved } => {
                    take_step(write, rpps, step, &moved)?;
                    line.no_right(write, reason)?;
                    Ok(OtpProven::NoRight(reason))
                }
                OtpVerdict::Opens { session, step, moved } => {
                    take_step(write, rpps, step, &moved)?;
                    insert_session(write, &session)?;
                    line.made(write, &session)?;
                    Ok(OtpProven::Opens(session))
                }
            }
        })
        .await
    }

    async fn decide(
        &self,
        rpps: Rpps,
        decision: Decision,
        by: Actor,
        keep: Keep<Rpps>,
    ) -> Result<Answered<Rpps, Nobody>, Outage> {
        self.change_kept(Lane::Departure, keep, move |change| {
            if standing(change.db, rpps, change.calendar.date()).map_err(outage)?.is_none() {
                return Ok(Err(Nobody));
            }
            let card = card_row(change.db, rpps).map_err(outage)?.card();
            // The PIN limit plays no part here, and each decision is possible from anywhere.
            let moved = card.apply(decision.step(), 1).map_err(damaged)?;
            settle(change, rpps, &moved)?;
            let told = match decision {
                Decision::Block => Event::CardBlocked,
                Decision::Replace => Event::CardReplaced,
            };
            change.journal(&Entry { person: Some(rpps), ..Entry::new(told, by.clone()) })?;
            if let Some(cause) = moved.cuts {
                change.close(&Closing::new(Scope::Person(rpps), cause, by), None)?;
            }
            Ok(Ok(rpps))
        })
        .await
    }
}

/// Uses up a time step: the writer is alone, and the rule has seen that it is later than the last.
fn take_step(write: &Write<'_>, rpps: Rpps, step: u64, moved: &Moved) -> Result<(), Outage> {
    settle(write, rpps, moved)?;
    let sql =
        "UPDATE card SET otp_step = ?2, otp_misses = 0, otp_rests_until = NULL WHERE rpps = ?1";
    write.execute(sql, params![rpps.as_str(), step.cast_signed()])?;
    Ok(())
}
