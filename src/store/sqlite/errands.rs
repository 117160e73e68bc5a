//! Browsers that went to FranceConnect: ephemera, but that a trip ends only once is a record.

use rusqlite::{OptionalExtension, params};

use crate::{
    franceconnect::{Errand, Errands, Purpose},
    kernel::{Outage, Timestamp, secret::SecretDigest},
};

use super::{Sqlite, outage};

#[async_trait::async_trait]
impl Errands for Sqlite {
    async fn begin_errand(&self, errand: Errand) -> Result<(), Outage> {
        let nonce = match errand.purpose {
            Purpose::LogIn { nonce } => Some(*nonce.as_bytes()),
            Purpose::LogOut => None,
        };
        self.write(move |write| {
            write.execute(
                "INSERT INTO errand (state, browser, nonce, until) VALUES (?1, ?2, ?3, ?4)",
                params![errand.state.as_bytes(), errand.browser.as_bytes(), nonce, errand.until.0],
            )?;
            Ok(())
        })
        .await
    }

    async fn take_errand(
        &self,
        state: SecretDigest,
        browser: SecretDigest,
    ) -> Result<Option<Errand>, Outage> {
        self.write(move |write| {
            let found = write
                .db
                .prepare_cached(
                    "DELETE FROM errand WHERE state = ?1 AND browser = ?2 RETURNING nonce, until",
                )
                .and_then(|mut delete| {
                    delete
                        .query_row(params![state.as_bytes(), browser.as_bytes()], |row| {
                            Ok((row.get::<_, Option<[u8; 32]>>(0)?, Timestamp(row.get(1)?)))
                        })
                        .optional()
                })
                .map_err(outage)?;
            let Some((nonce, until)) = found else { return Ok(None) };
            // An old copy of the row must not bring the trip back.
            if !write.once("errand", state.as_bytes(), until)? || until <= write.now {
                return Ok(None);
            }
            let purpose = match nonce {
                Some(nonce) => Purpose::LogIn { nonce: SecretDigest::from_bytes(nonce) },
                None => Purpose::LogOut,
            };
            Ok(Some(Errand { state, browser, purpose, until }))
        })
        .await
    }
}
