//! Requests: rows and readings.

use rusqlite::{Connection, OptionalExtension, Row, params};
use zeroize::Zeroizing;

use crate::{
    kernel::{Outage, RequestId, Rpps, Timestamp, seal::RecordsKey},
    registry::{
        Page, Structure,
        document::{DOCUMENT_LIFE, Document},
        request::{
            RegistrationRequest, RequestFacts, RequestQuery, RequestState, RequestWanted,
            SentRequest,
        },
    },
};

use super::{Write, damaged, professionals, standing::parsed, structures};

/// A row, not yet understood.
pub(super) struct RequestRow {
    id: RequestId,
    verified: String,
    identity: String,
    usage_name: Option<String>,
    email: String,
    mobile: String,
    placing: String,
    structure: Structure,
    sent_at: Timestamp,
    lapses_at: Timestamp,
    state: RequestState,
    decided_by: Option<String>,
    decided_at: Option<Timestamp>,
    reason: Option<String>,
    rpps: Option<Rpps>,
    document: Option<String>,
}

impl RequestRow {
    pub(super) fn parse(self) -> Result<RegistrationRequest, Outage> {
        let by = self.decided_by.as_deref().map(serde_json::from_str).transpose();
        Ok(RegistrationRequest {
            id: self.id,
            verified: serde_json::from_str(&self.verified).map_err(damaged)?,
            identity: serde_json::from_str(&self.identity).map_err(damaged)?,
            usage_name: self.usage_name,
            email: self.email,
            mobile: self.mobile,
            placing: serde_json::from_str(&self.placing).map_err(damaged)?,
            structure: self.structure,
            sent_at: self.sent_at,
            lapses_at: self.lapses_at,
            state: self.state,
            decided_by: by.map_err(damaged)?,
            decided_at: self.decided_at,
            reason: self.reason,
            rpps: self.rpps,
            document: self.document,
        })
    }

    fn at(row: &Row<'_>) -> Result<Self, rusqlite::Error> {
        let start = structures::WIDTH;
        Ok(Self {
            id: RequestId(row.get(start)?),
            verified: row.get(start + 1)?,
            identity: row.get(start + 2)?,
            usage_name: row.get(start + 3)?,
            email: row.get(start + 4)?,
            mobile: row.get(start + 5)?,
            placing: row.get(start + 6)?,
            structure: structures::row_at(row, 0)?,
            sent_at: Timestamp(row.get(start + 7)?),
            lapses_at: Timestamp(row.get(start + 8)?),
            state: parsed(row, start + 9)?,
            decided_by: row.get(start + 10)?,
            decided_at: row.get::<_, Option<i64>>(start + 11)?.map(Timestamp),
            reason: row.get(start + 12)?,
            rpps: match row.get::<_, Option<String>>(start + 13)? {
                Some(_) => Some(parsed(row, start + 13)?),
                None => None,
            },
            document: row.get(start + 14)?,
        })
    }
}

/// Requests that satisfy `rest` on these parameters.
pub(super) fn requests_where(
    db: &Connection,
    rest: &str,
    parameters: impl rusqlite::Params,
) -> Result<Vec<RequestRow>, rusqlite::Error> {
    let columns = structures::COLUMNS;
    db.prepare_cached(&format!(
        "SELECT {columns}, r.id, r.verified, r.identity, r.usage_name, r.email, r.mobile, r.placing,
             r.sent_at, r.lapses_at, r.state, r.decided_by, r.decided_at, r.reason, r.rpps,
             (SELECT media FROM request_document d WHERE d.request = r.id)
         FROM request r JOIN structure s ON s.finess = r.finess WHERE {rest}"
    ))?
    .query_map(parameters, RequestRow::at)?
    .collect()
}

/// Requests, oldest first.
pub(super) fn page(
    db: &Connection,
    query: &RequestQuery,
    page: Page<RequestId>,
) -> Result<Vec<RequestRow>, rusqlite::Error> {
    let state = if query.state.is_some() { "r.state = ?2" } else { "?2 IS NULL" };
    let place = if query.structures.is_some() {
        "r.finess IN (SELECT value FROM json_each(?1))"
    } else {
        "?1 IS NULL"
    };
    requests_where(
        db,
        &format!(
            "{place} AND {state} AND (?3 IS NULL OR r.seq > (SELECT seq FROM request WHERE id = ?3))
             ORDER BY r.seq LIMIT ?4"
        ),
        params![
            query.structures.as_ref().map(|all| serde_json::json!(all).to_string()),
            query.state.map(RequestState::as_str),
            page.after.map(|id| id.0),
            page.limit
        ],
    )
}

/// One request.
pub(super) fn find(db: &Connection, id: RequestId) -> Result<Option<RequestRow>, rusqlite::Error> {
    Ok(requests_where(db, "r.id = ?1", params![id.0])?.pop())
}

/// What the records know of a draft. Requests that nobody decided yet hold their addresses.
pub(super) fn facts(
    db: &Connection,
    wanted: &RequestWanted,
) -> Result<RequestFacts, rusqlite::Error> {
    let mut known = professionals::known(db, &wanted.registration)?;
    let is_asked = |condition: &str, value: &Option<String>| -> Result<bool, rusqlite::Error> {
        let sql = format!(
            "SELECT EXISTS (SELECT 1 FROM request WHERE {condition} AND state = 'to_process')"
        );
        db.prepare_cached(&sql)?.query_row(params![value], |row| row.get(0))
    };
    known.is_email_taken |= is_asked("lower(email) = lower(?1)", &wanted.registration.email)?;
    known.is_mobile_taken |= is_asked("mobile = ?1", &wanted.registration.mobile)?;
    let pending = db
        .prepare_cached(
            "SELECT id FROM request WHERE (sub = ?1 OR identity_key = ?2)
             AND state = 'to_process' ORDER BY sub = ?1 DESC LIMIT 1",
        )?
        .query_row(params![wanted.sub, wanted.registration.identity_key], |row| row.get(0))
        .optional()?
        .map(RequestId);
    Ok(RequestFacts { known, sub_of: sub_of(db, &wanted.sub)?, pending })
}

/// Who was registered with this FranceConnect identifier.
pub(super) fn sub_of(db: &Connection, sub: &str) -> Result<Option<Rpps>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT r.rpps FROM request r JOIN professional p ON p.rpps = r.rpps
         WHERE r.sub = ?1 AND p.retired_at IS NULL ORDER BY r.seq DESC LIMIT 1",
    )?
    .query_row(params![sub], |row| parsed(row, 0))
    .optional()
}

/// Writes a new request, its document sealed.
pub(super) fn insert(
    write: &Write<'_>,
    sent: &SentRequest,
    key: &RecordsKey,
) -> Result<(), Outage> {
    let request = &sent.request;
    write.execute(
        "INSERT INTO request (id, sub, verified, identity, identity_key, usage_name, email, mobile,
             placing, finess, sent_at, lapses_at, state)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
        params![
            request.id.0,
            request.verified.sub,
            serde_json::to_string(&request.verified).map_err(damaged)?,
            serde_json::to_string(&request.identity).map_err(damaged)?,
            sent.identity_key,
            request.usage_name,
            request.email,
            request.mobile,
            serde_json::to_string(&request.placing).map_err(damaged)?,
            request.finess().as_str(),
            request.sent_at.0,
            request.lapses_at.0,
            request.state.as_str(),
        ],
    )?;
    let sealed = key
        .seal(&sealed_as(request.id), &sent.document.bytes)
        .map_err(|error| Outage::Unavailable(error.to_string()))?;
    write.execute(
        "INSERT INTO request_document (request, media, sealed) VALUES (?1, ?2, ?3)",
        params![request.id.0, sent.document.media, sealed],
    )?;
    Ok(())
}

/// Writes what has become of a request; from then on its document is kept for a time only.
pub(super) fn settle(write: &Write<'_>, request: &RegistrationRequest) -> Result<(), Outage> {
    let by = request.decided_by.as_ref().map(serde_json::to_string).transpose().map_err(damaged)?;
    let decided_at = request.decided_at.unwrap_or(write.calendar);
    write.execute(
        "UPDATE request SET state = ?2, decided_by = ?3, decided_at = ?4, reason = ?5, rpps = ?6
         WHERE id = ?1",
        params![
            request.id.0,
            request.state.as_str(),
            by,
            decided_at.0,
            request.reason,
            request.rpps.map(String::from)
        ],
    )?;
    write.execute(
        "UPDATE request_document SET until = ?2 WHERE request = ?1",
        params![request.id.0, (decided_at + DOCUMENT_LIFE).0],
    )?;
    Ok(())
}

/// The copy that came with a request, still sealed, until it is erased.
pub(super) fn sealed_document(
    db: &Connection,
    id: RequestId,
    calendar: Timestamp,
) -> Result<Option<(String, Vec<u8>)>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT media, sealed FROM request_document
         WHERE request = ?1 AND (until IS NULL OR until > ?2)",
    )?
    .query_row(params![id.0, calendar.0], |row| Ok((row.get(0)?, row.get(1)?)))
    .optional()
}

/// Opens it.
pub(super) fn unsealed(
    id: RequestId,
    (media, sealed): (String, Vec<u8>),
    key: &RecordsKey,
) -> Result<Document, Outage> {
    let bytes: Zeroizing<Vec<u8>> = key.open(&sealed_as(id), &sealed).map_err(damaged)?;
    Document::kept(&media, bytes).ok_or_else(|| damaged(format!("a document of type {media}")))
}

/// How many wait at these structures.
pub(super) fn to_process(db: &Connection, structures: &str) -> Result<i64, rusqlite::Error> {
    db.prepare_cached(
        "SELECT count(*) FROM request
         WHERE finess IN (SELECT value FROM json_each(?1)) AND state = 'to_process'",
    )?
    .query_row(params![structures], |row| row.get(0))
}

fn sealed_as(id: RequestId) -> String {
    format!("request_document/{id}")
}
