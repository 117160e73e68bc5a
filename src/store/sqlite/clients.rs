//! Relying parties, and what closes when one is disabled, bound elsewhere or removed.

use rusqlite::{Connection, OptionalExtension, params};

use crate::{
    access::{Cause, Closing, Scope},
    kernel::{
        ClientId, Finess, Outage,
        journal::{Actor, Entry, Event},
        retry::{Answered, Keep},
        secret::SecretDigest,
    },
    oidc::{
        Clients, Registration, StoredClient,
        ports::{ClientChange, NotWritten},
    },
    registry::Page,
};

use super::{Change, Lane, Sqlite, Write, damaged, outage, standing::parsed, structures};

#[async_trait::async_trait]
impl Clients for Sqlite {
    async fn client(&self, id: &ClientId) -> Result<Option<StoredClient>, Outage> {
        self.read_one(|db| find(db, id))?.map(ClientRow::parse).transpose()
    }

    async fn clients(
        &self,
        structure: Option<Finess>,
        page: Page<ClientId>,
    ) -> Result<Vec<StoredClient>, Outage> {
        let rows: Vec<ClientRow> = self.read(|db| {
            db.prepare_cached(
                "SELECT id, registration, secret FROM client
                 WHERE (?1 IS NULL OR structure = ?1) AND id > coalesce(?2, '')
                 ORDER BY id LIMIT ?3",
            )?
            .query_map(
                params![structure.map(String::from), page.after.map(String::from), page.limit],
                row,
            )?
            .collect()
        })?;
        rows.into_iter().map(ClientRow::parse).collect()
    }

    async fn knows_structure(&self, finess: Finess) -> Result<bool, Outage> {
        self.read(|db| Ok(structures::find(db, finess)?.is_some()))
    }

    async fn enter_client(
        &self,
        client: StoredClient,
        by: Actor,
        keep: Keep<StoredClient>,
    ) -> Result<Answered<StoredClient, NotWritten>, Outage> {
        self.write_kept(keep, move |write| {
            if find(write.db, &client.id).map_err(outage)?.is_some() {
                return Ok(Err(NotWritten::Taken));
            }
            write.execute(
                "INSERT INTO client (id, registration, secret, structure, enabled, logout_uri,
                     entered_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                params![
                    client.id.as_str(),
                    text(&client.registration)?,
                    client.secret.as_ref().map(SecretDigest::as_bytes),
                    client.registration.structure.map(String::from),
                    client.registration.enabled,
                    client.registration.backchannel_logout_uri,
                    write.now.0
                ],
            )?;
            write.journal(&line(Event::ClientEntered, &client.id, &client.registration, by))?;
            Ok(Ok(client))
        })
        .await
    }

    async fn change_client(
        &self,
        wanted: ClientChange,
        by: Actor,
        keep: Keep<StoredClient>,
    ) -> Result<Answered<StoredClient, NotWritten>, Outage> {
        match wanted.cut() {
            None => self.write_kept(keep, move |write| update(write, &wanted, &by)).await,
            Some(cause) => {
                self.change_kept(Lane::Departure, keep, move |change| {
                    let outcome = update(change, &wanted, &by)?;
                    if outcome.is_ok() {
                        cut(change, &wanted.seen, cause, by)?;
                    }
                    Ok(outcome)
                })
                .await
            }
        }
    }

    async fn remove_client(
        &self,
        id: ClientId,
        by: Actor,
        keep: Keep<ClientId>,
    ) -> Result<Answered<ClientId, NotWritten>, Outage> {
        self.change_kept(Lane::Departure, keep, move |change| {
            let found = find(change.db, &id).map_err(outage)?;
            let Some(client) = found.map(ClientRow::parse).transpose()? else {
                return Ok(Err(NotWritten::Changed));
            };
            change.execute("DELETE FROM client WHERE id = ?1", params![id.as_str()])?;
            let entry = line(Event::ClientChanged, &id, &client.registration, by.clone());
            change.journal(&Entry { outcome: Some("removed".to_owned()), ..entry })?;
            cut(change, &client, Cause::ClientDisabled, by)?;
            Ok(Ok(id))
        })
        .await
    }
}

fn update(
    write: &Write<'_>,
    wanted: &ClientChange,
    by: &Actor,
) -> Result<Result<StoredClient, NotWritten>, Outage> {
    let id = &wanted.seen.id;
    let found = find(write.db, id).map_err(outage)?.map(ClientRow::parse).transpose()?;
    if found.is_none_or(|found| found.registration != wanted.seen.registration) {
        return Ok(Err(NotWritten::Changed));
    }
    let secret = wanted.secret.or(wanted.seen.secret);
    write.execute(
        "UPDATE client SET registration = ?2, secret = ?3, structure = ?4, enabled = ?5,
             logout_uri = ?6 WHERE id = ?1",
        params![
            id.as_str(),
            text(&wanted.registration)?,
            secret.as_ref().map(SecretDigest::as_bytes),
            wanted.registration.structure.map(String::from),
            wanted.registration.enabled,
            wanted.registration.backchannel_logout_uri
        ],
    )?;
    let event = match (wanted.seen.registration.enabled, wanted.registration.enabled) {
        (true, false) => Event::ClientDisabled,
        (false, true) => Event::ClientEnabled,
        (true, true) | (false, false) => Event::ClientChanged,
    };
    write.journal(&line(event, id, &wanted.registration, by.clone()))?;
    let registration = wanted.registration.clone();
    Ok(Ok(StoredClient { id: id.clone(), registration, secret }))
}

fn cut(
    change: &mut Change<'_>,
    client: &StoredClient,
    cause: Cause,
    by: Actor,
) -> Result<(), Outage> {
    let mut closing = Closing::new(Scope::Client(client.id.clone()), cause, by);
    closing.entry.structure = client.registration.structure;
    change.close(&closing, None)
}

fn line(event: Event, id: &ClientId, registration: &Registration, by: Actor) -> Entry {
    Entry { client: Some(id.clone()), structure: registration.structure, ..Entry::new(event, by) }
}

fn text(registration: &Registration) -> Result<String, Outage> {
    serde_json::to_string(registration).map_err(damaged)
}

/// A row, not yet understood.
struct ClientRow {
    id: ClientId,
    registration: String,
    secret: Option<[u8; 32]>,
}

impl ClientRow {
    fn parse(self) -> Result<StoredClient, Outage> {
        Ok(StoredClient {
            id: self.id,
            registration: serde_json::from_str(&self.registration).map_err(damaged)?,
            secret: self.secret.map(SecretDigest::from_bytes),
        })
    }
}

fn find(db: &Connection, id: &ClientId) -> Result<Option<ClientRow>, rusqlite::Error> {
    db.prepare_cached("SELECT id, registration, secret FROM client WHERE id = ?1")?
        .query_row(params![id.as_str()], row)
        .optional()
}

fn row(row: &rusqlite::Row<'_>) -> Result<ClientRow, rusqlite::Error> {
    Ok(ClientRow { id: parsed(row, 0)?, registration: row.get(1)?, secret: row.get(2)? })
}
