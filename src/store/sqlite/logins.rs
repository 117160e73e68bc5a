//! Log-ins in progress: ephemera, but that one ends only once is a record.

use rusqlite::{OptionalExtension, params};

use crate::{
    kernel::{ChallengeId, LoginId, Outage, Timestamp, secret::SecretDigest},
    oidc::{Login, Logins},
};

use super::{Sqlite, Write, damaged};

#[async_trait::async_trait]
impl Logins for Sqlite {
    async fn begin_login(&self, login: Login) -> Result<(), Outage> {
        let request = serde_json::to_string(&login.request).map_err(damaged)?;
        self.write(move |write| {
            write.execute(
                "INSERT INTO login (id, browser, client, request, challenge, until)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    login.id.0,
                    login.browser.as_bytes(),
                    login.request.address.client.as_str(),
                    request,
                    login.challenge.map(|challenge| challenge.0),
                    login.until.0
                ],
            )?;
            Ok(())
        })
        .await
    }

    async fn login(&self, id: LoginId) -> Result<Option<Login>, Outage> {
        let found: Option<(_, String, Option<_>, i64)> = self.read_one(|db| {
            db.prepare_cached("SELECT browser, request, challenge, until FROM login WHERE id = ?1")?
                .query_row(params![id.0], |row| {
                    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
                })
                .optional()
        })?;
        let Some((browser, request, challenge, until)) = found else { return Ok(None) };
        Ok(Some(Login {
            id,
            browser: SecretDigest::from_bytes(browser),
            request: serde_json::from_str(&request).map_err(damaged)?,
            challenge: challenge.map(ChallengeId),
            until: Timestamp(until),
        }))
    }

    async fn attach_challenge(&self, id: LoginId, challenge: ChallengeId) -> Result<(), Outage> {
        self.write(move |write| {
            let sql = "UPDATE login SET challenge = ?2 WHERE id = ?1";
            write.execute(sql, params![id.0, challenge.0]).map(|_| ())
        })
        .await
    }

    async fn end_login(&self, id: LoginId, until: Timestamp) -> Result<bool, Outage> {
        self.write(move |write| take_login(write, id, until)).await
    }
}

/// Takes a log-in out of the world: true for one caller, whatever copy of the row comes back.
pub(super) fn take_login(write: &Write<'_>, id: LoginId, until: Timestamp) -> Result<bool, Outage> {
    let taken = write.once("login", id.0.as_bytes(), until)?;
    write.execute("DELETE FROM login WHERE id = ?1", params![id.0])?;
    Ok(taken)
}
