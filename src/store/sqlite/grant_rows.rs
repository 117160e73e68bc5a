//! Rows of grants, read back.

use rusqlite::{Connection, OptionalExtension, params, types::Type};

use crate::{
    access::Stamp,
    kernel::{Epoch, GrantId, Outage, Revision, Sid, Timestamp, secret::SecretDigest},
    oidc::{
        Bearer, Grant,
        grant::{GrantRequest, Rotation},
    },
};

use super::{damaged, standing::parsed};

/// A grant, its request not yet understood.
pub(super) struct GrantRow {
    grant: Grant,
    request: String,
}

impl GrantRow {
    pub(super) fn parse(self) -> Result<Grant, Outage> {
        let request = serde_json::from_str(&self.request).map_err(damaged)?;
        Ok(Grant { request, ..self.grant })
    }
}

/// How its code stands.
pub(super) struct CodeState {
    digest: Option<SecretDigest>,
    pub(super) until: Option<Timestamp>,
    pub(super) redeemed: bool,
}

impl CodeState {
    /// Whether `presented` is its code, in constant time.
    pub(super) fn is(&self, presented: &SecretDigest) -> bool {
        self.digest.is_some_and(|digest| digest.matches(presented))
    }
}

pub(super) fn find(
    db: &Connection,
    id: GrantId,
) -> Result<Option<(GrantRow, CodeState)>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT client, sid, rpps, structure, epoch, revision, own, until, opened_at, request,
             logout_uri, code, code_until, redeemed_at IS NOT NULL
         FROM grant_ WHERE id = ?1",
    )?
    .query_row(params![id.0], |row| {
        let bearer = match row.get::<_, Option<uuid::Uuid>>(1)? {
            Some(sid) => Some(Bearer { rpps: parsed(row, 2)?, sid: Sid(sid) }),
            None => None,
        };
        let structure = match row.get_ref(3)?.data_type() {
            Type::Null => None,
            Type::Text | Type::Blob | Type::Integer | Type::Real => Some(parsed(row, 3)?),
        };
        let grant = Grant {
            id,
            client: parsed(row, 0)?,
            bearer,
            structure,
            proof: Stamp {
                epoch: Epoch(row.get(4)?),
                revision: Revision(row.get::<_, i64>(5)?.cast_unsigned()),
            },
            own: Revision(row.get::<_, i64>(6)?.cast_unsigned()),
            until: Timestamp(row.get(7)?),
            opened_at: Timestamp(row.get(8)?),
            request: GrantRequest::default(),
            logout_uri: row.get(10)?,
        };
        let state = CodeState {
            digest: row.get::<_, Option<[u8; 32]>>(11)?.map(SecretDigest::from_bytes),
            until: row.get::<_, Option<i64>>(12)?.map(Timestamp),
            redeemed: row.get(13)?,
        };
        Ok((GrantRow { grant, request: row.get(9)? }, state))
    })
    .optional()
}

/// Where the rotation stands, and when the session was last seen.
pub(super) fn refreshing(
    db: &Connection,
    id: GrantId,
) -> Result<Option<(Rotation, Timestamp)>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT g.refresh_generation, g.refreshed_at, s.seen_at
         FROM grant_ g JOIN session s ON s.sid = g.sid WHERE g.id = ?1",
    )?
    .query_row(params![id.0], |row| {
        let made_at = Timestamp(row.get::<_, Option<i64>>(1)?.unwrap_or_default());
        let rotation = Rotation { generation: row.get(0)?, made_at };
        Ok((rotation, Timestamp(row.get(2)?)))
    })
    .optional()
}
