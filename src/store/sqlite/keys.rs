//! Signing keys, sealed, and constants made at first start.

use rusqlite::{Connection, params};
use uuid::Uuid;

use crate::{
    kernel::{
        Outage, Timestamp,
        journal::{Actor, Entry, Event},
    },
    oidc::{
        client_settings::SigningAlg,
        ports::{KeyStore, StoredKey},
    },
};

use super::{Sqlite, damaged, outage};

#[async_trait::async_trait]
impl KeyStore for Sqlite {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, Outage> {
        self.read(keys)?.into_iter().map(KeyRow::parse).collect()
    }

    async fn keep_first_keys(&self, made: Vec<StoredKey>) -> Result<Vec<StoredKey>, Outage> {
        self.write(move |write| {
            if keys(write.db).map_err(outage)?.is_empty() {
                for key in &made {
                    write.execute(
                        "INSERT INTO signing_key (kid, alg, made_at, public_jwk, private)
                         VALUES (?1, ?2, ?3, ?4, ?5)",
                        params![
                            key.kid,
                            alg_name(key.alg),
                            key.made_at.0,
                            key.public_jwk,
                            key.private
                        ],
                    )?;
                    let entry = Entry::new(Event::KeyMade, Actor::Gateway);
                    let outcome = Some(alg_name(key.alg).to_owned());
                    write.journal(&Entry { outcome, ..entry })?;
                }
            }
            keys(write.db).map_err(outage)?.into_iter().map(KeyRow::parse).collect()
        })
        .await
    }

    async fn federation(&self) -> Result<Uuid, Outage> {
        self.read(|db| {
            let sql = "SELECT value FROM constant WHERE name = 'federation'";
            db.query_row(sql, [], |row| row.get(0))
        })
    }
}

/// A row, not yet understood.
struct KeyRow {
    key: StoredKey,
    alg: String,
}

impl KeyRow {
    fn parse(self) -> Result<StoredKey, Outage> {
        let alg = [SigningAlg::RS256, SigningAlg::PS256, SigningAlg::ES256]
            .into_iter()
            .find(|alg| alg_name(*alg) == self.alg)
            .ok_or_else(|| damaged(format!("a signing key for {}", self.alg)))?;
        Ok(StoredKey { alg, ..self.key })
    }
}

fn keys(db: &Connection) -> Result<Vec<KeyRow>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT kid, alg, made_at, retired_at IS NOT NULL, public_jwk, private
         FROM signing_key ORDER BY made_at, kid",
    )?
    .query_map([], |row| {
        let key = StoredKey {
            kid: row.get(0)?,
            alg: SigningAlg::RS256,
            made_at: Timestamp(row.get(2)?),
            retired: row.get(3)?,
            public_jwk: row.get(4)?,
            private: row.get(5)?,
        };
        Ok(KeyRow { key, alg: row.get(1)? })
    })?
    .collect()
}

/// How an algorithm is stored.
const fn alg_name(alg: SigningAlg) -> &'static str {
    match alg {
        SigningAlg::RS256 => "RS256",
        SigningAlg::PS256 => "PS256",
        SigningAlg::ES256 => "ES256",
    }
}
