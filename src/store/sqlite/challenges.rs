//! Challenges, and the sessions that they open.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    access::{Passed, Session, Stamp},
    ecps::{
        Approved, Challenge, Challenges, Codes, Outcome,
        challenge::{Approval, ApprovalFacts, Verdict},
    },
    kernel::{ChallengeId, ClientId, Epoch, Finess, Outage, Revision, Rpps, Sid, Timestamp},
    oidc::Sessions,
};

use super::{
    Sqlite, Write,
    cards::{ProofLine, card_row, miss, settle},
    damaged, outage,
    standing::{parsed, standing},
};

const COLUMNS: &str = "SELECT id, rpps, epoch, revision, client, service, structure, codes, shown,
    outcome, made_at, until FROM challenge";
/// A phone shows no more than this at once.
const SHOWN: u32 = 20;

#[async_trait::async_trait]
impl Challenges for Sqlite {
    async fn open(&self, challenge: Challenge) -> Result<(), Outage> {
        self.write(move |write| {
            let Challenge { id, rpps, stamp, client, service, structure, codes, .. } = &challenge;
            // A number that nobody has leaves NULL: a decoy, by the same statement.
            write.execute(
                "INSERT INTO challenge (id, rpps, epoch, revision, client, service, structure,
                     codes, shown, made_at, until)
                 VALUES (?1, (SELECT rpps FROM professional WHERE rpps = ?2 AND retired_at IS NULL),
                     ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
                params![
                    id.0,
                    rpps.map(String::from),
                    stamp.epoch.0,
                    stamp.revision.0.cast_signed(),
                    client.as_str(),
                    service,
                    structure.map(String::from),
                    serde_json::to_string(&codes.all).map_err(damaged)?,
                    codes.shown,
                    challenge.made_at.0,
                    challenge.until.0
                ],
            )?;
            Ok(())
        })
        .await
    }

    async fn challenge(&self, id: ChallengeId) -> Result<Option<Challenge>, Outage> {
        let found = self.read_one(|db| one(db, id))?;
        found.map(ChallengeRow::parse).transpose()
    }

    async fn waiting(&self, rpps: Rpps, now: Timestamp) -> Result<Vec<Challenge>, Outage> {
        let rows: Vec<ChallengeRow> = self.read(|db| {
            db.prepare_cached(&format!(
                "{COLUMNS} WHERE rpps = ?1 AND outcome IS NULL AND until > ?2
                 ORDER BY made_at DESC LIMIT {SHOWN}"
            ))?
            .query_map(params![rpps.as_str(), now.0], row)?
            .collect()
        })?;
        rows.into_iter().map(ChallengeRow::parse).collect()
    }

    async fn approve(&self, approval: Approval, _: Passed) -> Result<Approved, Outage> {
        let cutting = self.cutting();
        let approved = self
            .write(move |write| {
                let Some(challenge) = one(write.db, approval.challenge).map_err(outage)? else {
                    return Ok((Approved::Gone, false));
                };
                let challenge = challenge.parse()?;
                let Some(rpps) = challenge.rpps else { return Ok((Approved::Gone, false)) };
                let card = card_row(write.db, rpps).map_err(outage)?;
                let standing = standing(write.db, rpps, write.calendar.date()).map_err(outage)?;
                let facts = ApprovalFacts {
                    challenge: &challenge,
                    card: card.card(),
                    held: card.device.zip(card.pin),
                    standing: standing.as_ref(),
                };
                let line =
                    ProofLine { rpps, client: &challenge.client, structure: challenge.structure };
                match approval.decide(&facts) {
                    Verdict::Gone => Ok((Approved::Gone, false)),
                    Verdict::NotHeld => Ok((Approved::NotHeld, false)),
                    Verdict::Missed { moved, left } => {
                        line.failed(write, "wrong_pin")?;
                        let cut = miss(write, &cutting, rpps, &moved)?;
                        Ok((Approved::WrongPin { left }, cut))
                    }
                    verdict @ (Verdict::WrongCode(_)
                    | Verdict::NoRight { .. }
                    | Verdict::Opens { .. }) => {
                        Ok((answer(write, &challenge, &line, verdict)?, false))
                    }
                }
            })
            .await;
        self.told(approved)
    }

    async fn deny(&self, id: ChallengeId, rpps: Rpps, _: Passed) -> Result<bool, Outage> {
        self.write(move |write| {
            let Some(challenge) = one(write.db, id).map_err(outage)? else { return Ok(false) };
            let challenge = challenge.parse()?;
            let waits = challenge.outcome.is_none() && write.now < challenge.until;
            if challenge.rpps != Some(rpps) || !waits || !take(write, &challenge)? {
                return Ok(false);
            }
            end(write, id, Outcome::Denied)?;
            let line =
                ProofLine { rpps, client: &challenge.client, structure: challenge.structure };
            line.failed(write, "denied")?;
            Ok(true)
        })
        .await
    }

    async fn withdraw(&self, id: ChallengeId) -> Result<(), Outage> {
        self.write(move |write| {
            let Some(challenge) = one(write.db, id).map_err(outage)? else { return Ok(()) };
            if take(write, &challenge.parse()?)? { end(write, id, Outcome::Denied) } else { Ok(()) }
        })
        .await
    }

    async fn session(&self, sid: Sid) -> Result<Option<Session>, Outage> {
        Ok(Sessions::session(self, sid).await?.map(|seen| seen.session))
    }
}

/// The answer of who knows the PIN: taken once, written once.
fn answer(
    write: &Write<'_>,
    challenge: &Challenge,
    line: &ProofLine<'_>,
    verdict: Verdict,
) -> Result<Approved, Outage> {
    if !take(write, challenge)? {
        return Ok(Approved::Gone);
    }
    match verdict {
        Verdict::Gone | Verdict::NotHeld | Verdict::Missed { .. } => Ok(Approved::Gone),
        Verdict::WrongCode(moved) => {
            settle(write, line.rpps, &moved)?;
            end(write, challenge.id, Outcome::Denied)?;
            line.failed(write, "wrong_code")?;
            Ok(Approved::WrongCode)
        }
        Verdict::NoRight { reason, moved } => {
            if let Some(moved) = moved {
                settle(write, line.rpps, &moved)?;
            }
            end(write, challenge.id, Outcome::Refused { reason })?;
            line.no_right(write, reason)?;
            Ok(Approved::NoRight(reason))
        }
        Verdict::Opens { session, moved } => {
            settle(write, line.rpps, &moved)?;
            insert_session(write, &session)?;
            end(write, challenge.id, Outcome::Approved { sid: session.sid })?;
            line.made(write, &session)?;
            Ok(Approved::Opens(session))
        }
    }
}

fn take(write: &Write<'_>, challenge: &Challenge) -> Result<bool, Outage> {
    write.once("challenge", challenge.id.0.as_bytes(), challenge.until)
}

fn end(write: &Write<'_>, id: ChallengeId, outcome: Outcome) -> Result<(), Outage> {
    let outcome = serde_json::to_string(&outcome).map_err(damaged)?;
    let sql = "UPDATE challenge SET outcome = ?2 WHERE id = ?1";
    write.execute(sql, params![id.0, outcome]).map(|_| ())
}

/// Writes the session that a proof opened.
pub(super) fn insert_session(write: &Write<'_>, session: &Session) -> Result<(), Outage> {
    let proof = serde_json::to_value(session.proof).map_err(damaged)?;
    write.execute(
        "INSERT INTO session (sid, rpps, epoch, revision, proof, proven_at, until, seen_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?6)",
        params![
            session.sid.0,
            session.rpps.as_str(),
            session.stamp.epoch.0,
            session.stamp.revision.0.cast_signed(),
            proof.as_str(),
            session.proven_at.0,
            session.until.0
        ],
    )?;
    Ok(())
}

/// A challenge, not yet understood.
struct ChallengeRow {
    id: ChallengeId,
    rpps: Option<Rpps>,
    stamp: Stamp,
    client: ClientId,
    service: String,
    structure: Option<Finess>,
    codes: String,
    shown: String,
    outcome: Option<String>,
    made_at: Timestamp,
    until: Timestamp,
}

impl ChallengeRow {
    fn parse(self) -> Result<Challenge, Outage> {
        let outcome = self.outcome.as_deref().map(serde_json::from_str).transpose();
        Ok(Challenge {
            id: self.id,
            rpps: self.rpps,
            stamp: self.stamp,
            client: self.client,
            service: self.service,
            structure: self.structure,
            codes: Codes {
                all: serde_json::from_str(&self.codes).map_err(damaged)?,
                shown: self.shown,
            },
            outcome: outcome.map_err(damaged)?,
            made_at: self.made_at,
            until: self.until,
        })
    }
}

fn one(db: &Connection, id: ChallengeId) -> Result<Option<ChallengeRow>, rusqlite::Error> {
    db.prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?.query_row(params![id.0], row).optional()
}

fn row(row: &Row<'_>) -> Result<ChallengeRow, rusqlite::Error> {
    Ok(ChallengeRow {
        id: ChallengeId(row.get(0)?),
        rpps: row.get::<_, Option<String>>(1)?.map(|_| parsed(row, 1)).transpose()?,
        stamp: Stamp {
            epoch: Epoch(row.get(2)?),
            revision: Revision(row.get::<_, i64>(3)?.cast_unsigned()),
        },
        client: parsed(row, 4)?,
        service: row.get(5)?,
        structure: row.get::<_, Option<String>>(6)?.map(|_| parsed(row, 6)).transpose()?,
        codes: row.get(7)?,
        shown: row.get(8)?,
        outcome: row.get(9)?,
        made_at: Timestamp(row.get(10)?),
        until: Timestamp(row.get(11)?),
    })
}
