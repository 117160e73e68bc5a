//! Professionals: rows, readings, and what a registration must know of the others.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::{
    kernel::{Outage, Rpps, Timestamp, random::Random, seal::RecordsKey},
    registry::{
        Professional, Situation,
        document::{DOCUMENT_LIFE, Document},
        folding::fold,
        registration::{Known, Wanted},
    },
};

use super::{
    Write, damaged, outage,
    standing::{authority_name, parsed},
    structures,
};

/// Numbers are drawn from this range: 999 + seven digits + key, which no real person has.
const FIRST_SERIAL: u64 = 9_990_000_000;
const SERIALS: u64 = 10_000_000;
/// Draws before giving up: the range would have to be nearly full.
const DRAWS: u32 = 64;

/// The columns that [`ProfessionalRow::at`] reads, of a table that the query names `p`.
pub(super) const COLUMNS: &str =
    "p.rpps, p.identity, p.usage_name, p.email, p.mobile, p.validated_at, p.subject, p.retired_at";

/// A row, not yet understood.
pub(super) struct ProfessionalRow {
    rpps: Rpps,
    identity: String,
    usage_name: Option<String>,
    email: String,
    mobile: String,
    validated_at: Timestamp,
    subject: uuid::Uuid,
    retired_at: Option<Timestamp>,
}

impl ProfessionalRow {
    /// From the columns at `start` on.
    pub(super) fn at(row: &Row<'_>, start: usize) -> Result<Self, rusqlite::Error> {
        Ok(Self {
            rpps: parsed(row, start)?,
            identity: row.get(start + 1)?,
            usage_name: row.get(start + 2)?,
            email: row.get(start + 3)?,
            mobile: row.get(start + 4)?,
            validated_at: Timestamp(row.get(start + 5)?),
            subject: row.get(start + 6)?,
            retired_at: row.get::<_, Option<i64>>(start + 7)?.map(Timestamp),
        })
    }

    /// Whose row it is.
    pub(super) fn rpps(&self) -> Rpps {
        self.rpps
    }

    pub(super) fn parse(self) -> Result<Professional, Outage> {
        Ok(Professional {
            rpps: self.rpps,
            identity: serde_json::from_str(&self.identity).map_err(damaged)?,
            usage_name: self.usage_name,
            email: self.email,
            mobile: self.mobile,
            validated_at: self.validated_at,
            subject: self.subject,
            retired_at: self.retired_at,
        })
    }
}

/// One professional, a retired one included.
pub(super) fn find(
    db: &Connection,
    rpps: Rpps,
) -> Result<Option<ProfessionalRow>, rusqlite::Error> {
    db.prepare_cached(&format!("SELECT {COLUMNS} FROM professional p WHERE p.rpps = ?1"))?
        .query_row(params![rpps.as_str()], |row| ProfessionalRow::at(row, 0))
        .optional()
}

/// What the records know of a draft.
pub(super) fn known(db: &Connection, wanted: &Wanted) -> Result<Known, rusqlite::Error> {
    let whose = |condition: &str, value: &Option<String>| -> Result<Option<Rpps>, _> {
        let Some(value) = value else { return Ok(None) };
        let sql = format!("SELECT rpps FROM professional WHERE {condition} AND retired_at IS NULL");
        db.prepare_cached(&sql)?.query_row(params![value], |row| parsed(row, 0)).optional()
    };
    Ok(Known {
        structure: match wanted.finess {
            Some(finess) => structures::find(db, finess)?,
            None => None,
        },
        is_email_taken: whose("lower(email) = lower(?1)", &wanted.email)?.is_some(),
        is_mobile_taken: whose("mobile = ?1", &wanted.mobile)?.is_some(),
        same_person: whose("identity_key = ?1", &wanted.identity_key)?,
    })
}

/// A number that nobody has or had.
pub(super) fn draw_number(write: &Write<'_>, random: &dyn Random) -> Result<Rpps, Outage> {
    for _ in 0..DRAWS {
        let rpps = Rpps::from_serial(FIRST_SERIAL + random.below(SERIALS));
        if find(write.db, rpps).map_err(outage)?.is_none() {
            return Ok(rpps);
        }
    }
    Err(Outage::Unavailable("no RPPS number is left in the range".to_owned()))
}

/// Writes a new professional.
pub(super) fn insert(
    write: &Write<'_>,
    who: &Professional,
    identity_key: &str,
) -> Result<(), Outage> {
    write.execute(
        "INSERT INTO professional (rpps, identity, identity_key, usage_name, email, mobile,
             validated_at, subject) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        params![
            who.rpps.as_str(),
            serde_json::to_string(&who.identity).map_err(damaged)?,
            identity_key,
            who.usage_name,
            who.email,
            who.mobile,
            who.validated_at.0,
            who.subject,
        ],
    )?;
    Ok(())
}

/// Writes a new situation.
pub(super) fn insert_situation(write: &Write<'_>, situation: &Situation) -> Result<(), Outage> {
    let key =
        format!("{}|{}", fold(&situation.exercise_name), fold(&situation.exercise_first_name));
    write.execute(
        "INSERT INTO situation (id, rpps, finess, authority, profession, role, mode, started_on,
             last_day, ends_at, exercise_name, exercise_first_name, exercise_key)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            situation.id.0,
            situation.rpps.as_str(),
            situation.finess.as_str(),
            authority_name(situation.authority),
            situation.profession,
            situation.role,
            situation.mode,
            situation.started_on.to_string(),
            situation.last_day.map(|day| day.to_string()),
            situation.ends_at.map(|at| at.0),
            situation.exercise_name,
            situation.exercise_first_name,
            key,
        ],
    )?;
    Ok(())
}

/// Keeps the copy of an identity document, sealed.
pub(super) fn insert_document(
    write: &Write<'_>,
    rpps: Rpps,
    document: &Document,
    key: &RecordsKey,
) -> Result<(), Outage> {
    let sealed = key
        .seal(&format!("document/{rpps}"), &document.bytes)
        .map_err(|error| Outage::Unavailable(error.to_string()))?;
    write.execute(
        "INSERT INTO document (rpps, media, sealed, until) VALUES (?1, ?2, ?3, ?4)",
        params![rpps.as_str(), document.media, sealed, (write.calendar + DOCUMENT_LIFE).0],
    )?;
    Ok(())
}
