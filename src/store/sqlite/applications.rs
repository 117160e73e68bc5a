//! Requests that are being filled in: sealed, and gone with their pre-registration.

use std::{collections::BTreeMap, sync::Arc};

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    kernel::{Outage, PreRegistrationId, Timestamp, seal::RecordsKey, secret::SecretDigest},
    portal::applying::{
        Applications, Contact, Filled,
        codes::{
            CODE_LIFE, Channel, CodeToSend, CodeTried, CodeVerdict, KeptCode, SENDING_WINDOW,
            SendingFacts, TooOften,
        },
    },
    registry::document::Document,
};

use super::{Sqlite, Write, damaged, outage};

/// Fields, media type and document, sealed.
type FilledRow = (Vec<u8>, Option<String>, Option<Vec<u8>>);

#[async_trait::async_trait]
impl Applications for Sqlite {
    async fn filled(&self, id: PreRegistrationId) -> Result<Filled, Outage> {
        let (row, codes) = self.read(|db| Ok((filled_row(db, id)?, code_rows(db, id)?)))?;
        let mut filled = Filled::default();
        if let Some((fields, media, document)) = row {
            let fields = self.key.open(&sealed_as(id, "fields"), &fields).map_err(damaged)?;
            filled.fields = serde_json::from_slice(&fields).map_err(damaged)?;
            if let (Some(media), Some(sealed)) = (media, document) {
                let bytes = self.key.open(&sealed_as(id, "document"), &sealed).map_err(damaged)?;
                filled.document = Document::kept(&media, bytes);
            }
        }
        for row in codes {
            let (channel, is_proven) = (row.channel, row.is_proven);
            let target = row.open(id, &self.key)?.target;
            filled.contacts.push(Contact { channel, target, is_proven });
        }
        Ok(filled)
    }

    async fn fill(
        &self,
        id: PreRegistrationId,
        fields: BTreeMap<String, String>,
        document: Option<Document>,
    ) -> Result<(), Outage> {
        let fields = serde_json::to_vec(&fields).map_err(damaged)?;
        let fields = self.key.seal(&sealed_as(id, "fields"), &fields).map_err(damaged)?;
        let seal = |document: &Document| {
            self.key.seal(&sealed_as(id, "document"), &document.bytes).map_err(damaged)
        };
        let sealed = document.as_ref().map(seal).transpose()?;
        self.write(move |write| {
            write.execute(
                "INSERT INTO application (preregistration, fields, media, document)
                 SELECT id, ?2, ?3, ?4 FROM preregistration WHERE id = ?1
                 ON CONFLICT (preregistration) DO UPDATE SET fields = ?2,
                     media = coalesce(?3, media), document = coalesce(?4, document)",
                params![id.0, fields, document.map(|document| document.media), sealed],
            )?;
            Ok(())
        })
        .await
    }

    async fn forget_filled(&self, id: PreRegistrationId) -> Result<(), Outage> {
        self.write(move |write| {
            for table in ["application", "contact_code"] {
                let sql = format!("DELETE FROM {table} WHERE preregistration = ?1");
                write.execute(&sql, params![id.0])?;
            }
            Ok(())
        })
        .await
    }

    async fn keep_code(&self, code: CodeToSend) -> Result<Result<(), TooOften>, Outage> {
        let person = self.key.digest("code_sending/person", &code.sub);
        let to = self.key.digest("code_sending/target", &code.target);
        let target =
            self.key.seal(&sealed_as(code.id, code.channel.as_str()), code.target.as_bytes());
        let target = target.map_err(damaged)?;
        self.write(move |write| {
            if let Err(refused) = code.decide(sendings(write, &person, &to)?) {
                return Ok(Err(refused));
            }
            write.execute(
                "INSERT INTO code_sending (person, target, until) VALUES (?1, ?2, ?3)",
                params![person.as_bytes(), to.as_bytes(), (write.now + SENDING_WINDOW).0],
            )?;
            write.execute(
                "INSERT INTO contact_code (preregistration, channel, target, digest, tries, until,
                     proven)
                 SELECT id, ?2, ?3, ?4, 0, ?5, 0 FROM preregistration WHERE id = ?1
                 ON CONFLICT (preregistration, channel) DO UPDATE SET target = ?3, digest = ?4,
                     tries = 0, until = ?5, proven = 0",
                params![
                    code.id.0,
                    code.channel.as_str(),
                    target,
                    code.digest.as_bytes(),
                    (write.now + CODE_LIFE).0
                ],
            )?;
            Ok(Ok(()))
        })
        .await
    }

    async fn try_code(&self, tried: CodeTried) -> Result<CodeVerdict, Outage> {
        let key = Arc::clone(&self.key);
        self.write(move |write| {
            let rows = code_rows(write.db, tried.id).map_err(outage)?;
            let row = rows.into_iter().find(|row| row.channel == tried.channel && !row.is_proven);
            let kept = row.map(|row| row.open(tried.id, &key)).transpose()?;
            let verdict = tried.decide(kept.as_ref(), write.now);
            let change = match verdict {
                CodeVerdict::Proven => "proven = 1",
                CodeVerdict::Wrong { .. } | CodeVerdict::Over => "tries = tries + 1",
            };
            write.execute(
                &format!(
                    "UPDATE contact_code SET {change}
                     WHERE preregistration = ?1 AND channel = ?2 AND proven = 0"
                ),
                params![tried.id.0, tried.channel.as_str()],
            )?;
            Ok(verdict)
        })
        .await
    }
}

fn filled_row(
    db: &Connection,
    id: PreRegistrationId,
) -> Result<Option<FilledRow>, rusqlite::Error> {
    db.prepare_cached("SELECT fields, media, document FROM application WHERE preregistration = ?1")?
        .query_row(params![id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()
}

/// A code as it is kept, its address still sealed.
struct CodeRow {
    channel: Channel,
    target: Vec<u8>,
    digest: SecretDigest,
    tries: u32,
    until: Timestamp,
    is_proven: bool,
}

impl CodeRow {
    fn open(self, id: PreRegistrationId, key: &RecordsKey) -> Result<KeptCode, Outage> {
        let target = key.open(&sealed_as(id, self.channel.as_str()), &self.target);
        let target = String::from_utf8(target.map_err(damaged)?.to_vec()).map_err(damaged)?;
        Ok(KeptCode { target, digest: self.digest, tries: self.tries, until: self.until })
    }
}

fn code_rows(db: &Connection, id: PreRegistrationId) -> Result<Vec<CodeRow>, rusqlite::Error> {
    db.prepare_cached(
        "SELECT channel, target, digest, tries, until, proven FROM contact_code
         WHERE preregistration = ?1 ORDER BY channel",
    )?
    .query_map(params![id.0], |row| {
        let name: String = row.get(0)?;
        let known = Channel::ALL.into_iter().find(|channel| channel.as_str() == name);
        let text = rusqlite::types::Type::Text;
        Ok(CodeRow {
            channel: known.ok_or(rusqlite::Error::InvalidColumnType(0, name, text))?,
            target: row.get(1)?,
            digest: SecretDigest::from_bytes(row.get(2)?),
            tries: row.get(3)?,
            until: Timestamp(row.get(4)?),
            is_proven: row.get(5)?,
        })
    })?
    .collect()
}

/// How many codes left within the window.
fn sendings(
    write: &Write<'_>,
    person: &SecretDigest,
    target: &SecretDigest,
) -> Result<SendingFacts, Outage> {
    let count = |column: &str, digest: &SecretDigest| {
        let sql = format!("SELECT count(*) FROM code_sending WHERE {column} = ?1 AND until > ?2");
        write
            .db
            .prepare_cached(&sql)
            .and_then(|mut select| {
                select.query_row(params![digest.as_bytes(), write.now.0], |row| row.get(0))
            })
            .map_err(outage)
    };
    Ok(SendingFacts { for_person: count("person", person)?, to_target: count("target", target)? })
}

fn sealed_as(id: PreRegistrationId, what: &str) -> String {
    format!("application/{id}/{what}")
}
