//! Activations in progress, and the card that comes to a phone.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    access::{Closing, Scope},
    ecps::{
        ActivationId, Activations, Finished,
        activation::{Activation, Digests, Finish, FinishFacts, FinishVerdict},
        card::Moved,
        sending::{
            GUESSING, Guesses, Reference, Sending, SendingFacts, SendingId, Start, Starting,
        },
    },
    kernel::{
        Outage, Rpps, Timestamp,
        journal::{Actor, Entry, Event},
        secret::SecretDigest,
    },
};

use super::{
    Change, Lane, Sqlite, Write,
    cards::card_row,
    damaged, outage,
    standing::{parsed, standing},
};

#[async_trait::async_trait]
impl Activations for Sqlite {
    async fn start(&self, start: Start) -> Result<Starting, Outage> {
        self.write(move |write| {
            let facts = sending_facts(write, start.rpps).map_err(outage)?;
            let starting = start.decide(&facts);
            let sending = match &starting {
                Starting::Rests { .. } => return Ok(starting),
                Starting::Joins(theirs) => theirs.id,
                Starting::Sends => {
                    send(write, &start)?;
                    start.sending.id
                }
            };
            write.execute(
                "INSERT INTO activation (id, sending, public_key) VALUES (?1, ?2, ?3)",
                params![
                    start.id.0,
                    sending.0,
                    serde_json::to_string(&start.public_key).map_err(damaged)?,
                ],
            )?;
            Ok(starting)
        })
        .await
    }

    async fn abandon(&self, id: SendingId) -> Result<(), Outage> {
        self.write(move |write| {
            write.execute("DELETE FROM sending WHERE id = ?1", params![id.0]).map(|_| ())
        })
        .await
    }

    async fn activation(&self, id: ActivationId) -> Result<Option<Activation>, Outage> {
        let found = self.read(|db| row(db, id))?;
        found.map(ActivationRow::parse).transpose()
    }

    async fn finish(&self, finish: Finish) -> Result<Finished, Outage> {
        self.change(Lane::Common, move |change| {
            let found = row(change.db, finish.id).map_err(outage)?;
            let Some(found) = found else { return Ok(Finished::Expired) };
            let activation = found.parse()?;
            let rpps = activation.rpps;
            let standing = standing(change.db, rpps, change.calendar.date()).map_err(outage)?;
            let facts = FinishFacts {
                activation: &activation,
                tries: tries(change.db, finish.id).map_err(outage)?,
                guesses: guesses(change.db, rpps).map_err(outage)?,
                standing: standing.as_ref(),
                card: card_row(change.db, rpps).map_err(outage)?.card(),
            };
            let refused = |outcome: &str| {
                let line = entry(Event::ActivationRefused, Actor::Stranger, rpps);
                change.journal(&Entry { outcome: Some(outcome.to_owned()), ..line })
            };
            match finish.decide(&facts) {
                FinishVerdict::Expired => Ok(Finished::Expired),
                FinishVerdict::Inactive(reason) => {
                    refused(reason.as_str())?;
                    Ok(Finished::Inactive(reason))
                }
                FinishVerdict::Wrong { left, is_guess } => {
                    refused("wrong_secret")?;
                    count_try(change, &activation)?;
                    if is_guess {
                        count_guess(change, rpps)?;
                    }
                    Ok(Finished::Wrong { left })
                }
                FinishVerdict::Activates(moved) => {
                    let Sending { id, until, .. } = activation.sending;
                    if !change.once("activation", id.0.as_bytes(), until)? {
                        return Ok(Finished::Expired);
                    }
                    give(change, &activation, &finish, moved)?;
                    let whose = params![rpps.as_str()];
                    change.execute("DELETE FROM sending WHERE rpps = ?1", whose)?;
                    Ok(Finished::Activated)
                }
            }
        })
        .await
    }
}

/// The phone takes the card. One that held it before loses it, with everything that grew from it.
fn give(
    change: &mut Change<'_>,
    activation: &Activation,
    finish: &Finish,
    moved: Moved,
) -> Result<(), Outage> {
    let (rpps, by) = (activation.rpps, Actor::Person(activation.rpps));
    change.execute(
        "INSERT INTO device (id, rpps, public_key, since) VALUES (?1, ?2, ?3, ?4)",
        params![
            finish.device.0,
            rpps.as_str(),
            serde_json::to_string(&activation.public_key).map_err(damaged)?,
            change.now.0
        ],
    )?;
    change.execute(
        "INSERT INTO card (rpps, device, otp_key, pin, activated_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (rpps) DO UPDATE SET device = ?2, otp_key = ?3, pin = ?4, activated_at = ?5,
             otp_step = NULL, pin_misses = 0, blocked = 0",
        params![
            rpps.as_str(),
            finish.device.0,
            finish.otp_key,
            finish.pin.as_bytes(),
            change.calendar.0
        ],
    )?;
    change.journal(&entry(Event::CardActivated, by.clone(), rpps))?;
    let Some(cause) = moved.cuts else { return Ok(()) };
    change.journal(&entry(Event::CardReplaced, by.clone(), rpps))?;
    change.close(&Closing::new(Scope::Person(rpps), cause, by), None)
}

fn entry(event: Event, actor: Actor, rpps: Rpps) -> Entry {
    Entry { person: Some(rpps), ..Entry::new(event, actor) }
}

/// Writes the secrets that leave. What a stranger causes beyond that leaves nothing, and no line.
fn send(write: &Write<'_>, start: &Start) -> Result<(), Outage> {
    let Sending { id, reference, digests, sent_at, until } = &start.sending;
    write.execute(
        "INSERT INTO sending (id, rpps, reference, mail_secret, sms_secret, sent_at, until)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        params![
            id.0,
            start.rpps.as_str(),
            reference.0,
            digests.mail.as_bytes(),
            digests.sms.as_bytes(),
            sent_at.0,
            until.0
        ],
    )?;
    write.journal(&entry(Event::ActivationAsked, Actor::Stranger, start.rpps))
}

const SENDING: &str = "sending.id, sending.reference, sending.mail_secret, sending.sms_secret,
    sending.sent_at, sending.until";

/// Reads [`SENDING`], first in its row.
fn sending(row: &Row<'_>) -> Result<Sending, rusqlite::Error> {
    let digest = |column| row.get(column).map(SecretDigest::from_bytes);
    Ok(Sending {
        id: SendingId(row.get(0)?),
        reference: Reference(row.get(1)?),
        digests: Digests { mail: digest(2)?, sms: digest(3)? },
        sent_at: Timestamp(row.get(4)?),
        until: Timestamp(row.get(5)?),
    })
}

fn sending_facts(write: &Write<'_>, rpps: Rpps) -> Result<SendingFacts, rusqlite::Error> {
    let mut live = write.db.prepare_cached(&format!(
        "SELECT {SENDING} FROM sending WHERE rpps = ?1 AND until > ?2 ORDER BY seq DESC"
    ))?;
    let live: Vec<Sending> =
        live.query_map(params![rpps.as_str(), write.now.0], sending)?.collect::<Result<_, _>>()?;
    Ok(SendingFacts {
        live: u32::try_from(live.len()).unwrap_or(u32::MAX),
        newest: live.into_iter().next(),
        guesses: guesses(write.db, rpps)?,
    })
}

/// An activation, not yet understood.
struct ActivationRow {
    id: ActivationId,
    sending: Sending,
    rpps: Rpps,
    public_key: String,
}

impl ActivationRow {
    fn parse(self) -> Result<Activation, Outage> {
        Ok(Activation {
            id: self.id,
            rpps: self.rpps,
            public_key: serde_json::from_str(&self.public_key).map_err(damaged)?,
            sending: self.sending,
        })
    }
}

fn row(db: &Connection, id: ActivationId) -> Result<Option<ActivationRow>, rusqlite::Error> {
    db.prepare_cached(&format!(
        "SELECT {SENDING}, sending.rpps, activation.public_key
         FROM activation JOIN sending ON sending.id = activation.sending WHERE activation.id = ?1"
    ))?
    .query_row(params![id.0], |row| {
        Ok(ActivationRow {
            id,
            sending: sending(row)?,
            rpps: parsed(row, 6)?,
            public_key: row.get(7)?,
        })
    })
    .optional()
}

fn tries(db: &Connection, id: ActivationId) -> Result<u32, rusqlite::Error> {
    db.prepare_cached("SELECT count FROM activation_tries WHERE id = ?1")?
        .query_row(params![id.0], |row| row.get(0))
        .optional()
        .map(Option::unwrap_or_default)
}

fn count_try(write: &Write<'_>, activation: &Activation) -> Result<(), Outage> {
    write.execute(
        "INSERT INTO activation_tries (id, count, until) VALUES (?1, 1, ?2)
         ON CONFLICT (id) DO UPDATE SET count = count + 1",
        params![activation.id.0, activation.sending.until.0],
    )?;
    Ok(())
}

fn guesses(db: &Connection, rpps: Rpps) -> Result<Guesses, rusqlite::Error> {
    db.prepare_cached("SELECT count, until FROM activation_guesses WHERE rpps = ?1")?
        .query_row(params![rpps.as_str()], |row| {
            Ok(Guesses { count: row.get(0)?, until: Timestamp(row.get(1)?) })
        })
        .optional()
        .map(Option::unwrap_or_default)
}

/// The first of a row of guesses says until when the others count.
fn count_guess(write: &Write<'_>, rpps: Rpps) -> Result<(), Outage> {
    write.execute(
        "INSERT INTO activation_guesses (rpps, count, until) VALUES (?1, 1, ?3)
         ON CONFLICT (rpps) DO UPDATE SET
             count = CASE WHEN until > ?2 THEN count + 1 ELSE 1 END,
             until = CASE WHEN until > ?2 THEN until ELSE ?3 END",
        params![rpps.as_str(), write.now.0, (write.now + GUESSING).0],
    )?;
    Ok(())
}
