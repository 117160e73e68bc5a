//! Pre-registrations in progress. Who they are is sealed: the registry does not know them yet.

use std::sync::Arc;

use rusqlite::{OptionalExtension, params};

use crate::{
    kernel::{
        Outage, PreRegistrationId, Timestamp,
        seal::RecordsKey,
        secret::{Secret, SecretDigest},
        time::Span,
    },
    portal::preregistration::{Opening, PreRegistration, PreRegistrations, until},
};

use super::{Sqlite, change::Write, damaged, outage};

#[async_trait::async_trait]
impl PreRegistrations for Sqlite {
    async fn open_preregistration(&self, opening: Opening) -> Result<(), Outage> {
        let Opening { opened, cookie, id_token, replaces } = opening;
        let identity = serde_json::to_vec(&opened.identity).map_err(damaged)?;
        let seal = |what: &str, plain: &[u8]| {
            self.key.seal(&sealed_as(opened.id, what), plain).map_err(damaged)
        };
        let identity = seal("identity", &identity)?;
        let id_token = seal("id_token", id_token.expose().as_bytes())?;
        self.write(move |write| {
            if let Some(replaced) = replaces {
                forget(write, &replaced)?;
            }
            write.execute(
                "INSERT INTO preregistration (id, cookie, identity, id_token, opened_at, until)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    opened.id.0,
                    cookie.as_bytes(),
                    identity,
                    id_token,
                    opened.opened_at.0,
                    opened.until.0
                ],
            )?;
            Ok(())
        })
        .await
    }

    async fn seen_preregistration(
        &self,
        cookie: SecretDigest,
        rest: Span,
    ) -> Result<Option<PreRegistration>, Outage> {
        let key = Arc::clone(&self.key);
        self.write(move |write| {
            let sql = "SELECT id, identity, opened_at FROM preregistration
                       WHERE cookie = ?1 AND until > ?2";
            let found: Option<(_, Vec<u8>, i64)> = write
                .db
                .prepare_cached(sql)
                .and_then(|mut select| {
                    select
                        .query_row(params![cookie.as_bytes(), write.now.0], |row| {
                            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
                        })
                        .optional()
                })
                .map_err(outage)?;
            let Some((id, identity, opened_at)) = found else { return Ok(None) };
            let (id, opened_at) = (PreRegistrationId(id), Timestamp(opened_at));
            let until = until(opened_at, write.now, rest);
            let sql = "UPDATE preregistration SET until = ?2 WHERE id = ?1";
            write.execute(sql, params![id.0, until.0])?;
            let identity = open(&key, id, "identity", &identity)?;
            let identity = serde_json::from_str(&identity).map_err(damaged)?;
            Ok(Some(PreRegistration { id, identity, opened_at, until }))
        })
        .await
    }

    async fn close_preregistration(&self, cookie: SecretDigest) -> Result<Option<Secret>, Outage> {
        let closed = self.write(move |write| forget(write, &cookie)).await?;
        let Some((id, id_token)) = closed else { return Ok(None) };
        open(&self.key, id, "id_token", &id_token).map(|text| Some(Secret::received(text)))
    }
}

/// Ends the one that `cookie` names; what was sealed in it.
fn forget(
    write: &Write<'_>,
    cookie: &SecretDigest,
) -> Result<Option<(PreRegistrationId, Vec<u8>)>, Outage> {
    write
        .db
        .prepare_cached("DELETE FROM preregistration WHERE cookie = ?1 RETURNING id, id_token")
        .and_then(|mut delete| {
            delete
                .query_row(params![cookie.as_bytes()], |row| {
                    Ok((PreRegistrationId(row.get(0)?), row.get(1)?))
                })
                .optional()
        })
        .map_err(outage)
}

fn sealed_as(id: PreRegistrationId, what: &str) -> String {
    format!("preregistration/{id}/{what}")
}

fn open(
    key: &RecordsKey,
    id: PreRegistrationId,
    what: &str,
    sealed: &[u8],
) -> Result<String, Outage> {
    let plain = key.open(&sealed_as(id, what), sealed).map_err(damaged)?;
    String::from_utf8(plain.to_vec()).map_err(damaged)
}
