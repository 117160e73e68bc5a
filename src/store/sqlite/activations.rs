//! Activations in progress, and the card that comes to a phone.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    access::{Closing, Scope},
    ecps::{
        ActivationId, Activations, Finished, Opening,
        activation::{Activation, Digests, Finish, FinishFacts, FinishVerdict},
        card::Moved,
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
    async fn open(&self, activation: Activation, at_once: u32) -> Result<Opening, Outage> {
        self.write(move |write| {
            let waiting: u32 = write
                .db
                .prepare_cached("SELECT count(*) FROM activation WHERE rpps = ?1 AND until > ?2")
                .and_then(|mut s| {
                    let key = params![activation.rpps.as_str(), write.now.0];
                    s.query_row(key, |row| row.get(0))
                })
                .map_err(outage)?;
            if waiting >= at_once {
                return Ok(Opening::TooMany);
            }
            write.execute(
                "INSERT INTO activation (id, rpps, public_key, mail_secret, sms_secret, until)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    activation.id.0,
                    activation.rpps.as_str(),
                    serde_json::to_string(&activation.public_key).map_err(damaged)?,
                    activation.digests.mail.as_bytes(),
                    activation.digests.sms.as_bytes(),
                    activation.until.0
                ],
            )?;
            write.journal(&entry(Event::ActivationAsked, Actor::Stranger, activation.rpps))?;
            Ok(Opening::Opened)
        })
        .await
    }

    async fn abandon(&self, id: ActivationId) -> Result<(), Outage> {
        self.write(move |write| {
            write.execute("DELETE FROM activation WHERE id = ?1", params![id.0]).map(|_| ())
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
                FinishVerdict::Wrong { left } => {
                    refused("wrong_secret")?;
                    count_try(change, &activation)?;
                    Ok(Finished::Wrong { left })
                }
                FinishVerdict::Activates(moved) => {
                    if !change.once("activation", finish.id.0.as_bytes(), activation.until)? {
                        return Ok(Finished::Expired);
                    }
                    give(change, &activation, &finish, moved)?;
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
            change.now.0
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

/// An activation, not yet understood.
struct ActivationRow {
    id: ActivationId,
    rpps: Rpps,
    public_key: String,
    digests: Digests,
    until: Timestamp,
}

impl ActivationRow {
    fn parse(self) -> Result<Activation, Outage> {
        Ok(Activation {
            id: self.id,
            rpps: self.rpps,
            public_key: serde_json::from_str(&self.public_key).map_err(damaged)?,
            digests: self.digests,
            until: self.until,
        })
    }
}

fn row(db: &Connection, id: ActivationId) -> Result<Option<ActivationRow>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT rpps, public_key, mail_secret, sms_secret, until FROM activation WHERE id = ?1",
    )?
    .query_row(params![id.0], |row| {
        let digest = |column| row.get(column).map(SecretDigest::from_bytes);
        Ok(ActivationRow {
            id,
            rpps: parsed(row, 0)?,
            public_key: row.get(1)?,
            digests: Digests { mail: digest(2)?, sms: digest(3)? },
            until: Timestamp(row.get(4)?),
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
        params![activation.id.0, activation.until.0],
    )?;
    Ok(())
}
