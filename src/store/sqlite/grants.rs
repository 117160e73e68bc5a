//! Grants: opened, redeemed, refreshed, cut; each a *once* that the records decide.

use rusqlite::params;

use crate::{
    access::{Cause, Closing, Passed, Scope},
    kernel::{
        ClientId, GrantId, Outage, Timestamp,
        journal::{Actor, Entry, Event},
        secret::SecretDigest,
    },
    oidc::{
        Bearer, Grant, Grants,
        grant::{Conclusion, Opening, Redemption, RefreshTurn, Refreshed},
    },
};

use super::{
    Lane, Sqlite, Write, damaged,
    grant_rows::{self, CodeState},
    logins::take_login,
    outage,
};

#[async_trait::async_trait]
impl Grants for Sqlite {
    async fn grant(&self, id: GrantId) -> Result<Option<Grant>, Outage> {
        self.read_one(|db| grant_rows::find(db, id))?.map(|(row, _)| row.parse()).transpose()
    }

    async fn conclude(&self, passed: Passed, conclusion: Conclusion) -> Result<bool, Outage> {
        self.write(move |write| {
            let Conclusion { login, login_until, opening, cookie } = conclusion;
            if !take_login(write, login, login_until)? {
                return Ok(false);
            }
            let sid = opening.grant.bearer.map(|bearer| bearer.sid.0);
            write.execute(
                "UPDATE session SET cookie = ?2, seen_at = ?3 WHERE sid = ?1",
                params![sid, cookie.as_bytes(), write.now.0],
            )?;
            open(write, &passed, &opening)?;
            Ok(true)
        })
        .await
    }

    async fn open_silently(&self, passed: Passed, opening: Opening) -> Result<(), Outage> {
        self.write(move |write| {
            if let Some(bearer) = opening.grant.bearer {
                seen(write, bearer)?;
            }
            open(write, &passed, &opening)
        })
        .await
    }

    async fn open_for_program(&self, passed: Passed, grant: Grant) -> Result<(), Outage> {
        self.write(move |write| {
            insert(write, &grant, None)?;
            let by = Actor::Client(grant.client.clone());
            write.journal(&line(Event::GrantOpened, by, &grant, passed.door().as_str()))
        })
        .await
    }

    async fn redeem(
        &self,
        passed: Passed,
        id: GrantId,
        code: SecretDigest,
        by: ClientId,
    ) -> Result<Redemption, Outage> {
        let client = by.clone();
        let outcome = self
            .write(move |write| {
                let found = grant_rows::find(write.db, id).map_err(outage)?;
                let Some((row, state)) = found else { return Ok(Redemption::Unknown) };
                let grant = row.parse()?;
                if grant.client != client || !state.is(&code) {
                    return Ok(Redemption::Unknown);
                }
                take_code(write, grant, &state, passed.door().as_str())
            })
            .await?;
        if matches!(outcome, Redemption::Replayed) {
            self.close_grant(id, Cause::CodeReplayed, Actor::Client(by)).await?;
        }
        Ok(outcome)
    }

    async fn refresh(&self, passed: Passed, turn: RefreshTurn) -> Result<Refreshed, Outage> {
        let (id, by) = (turn.grant, Actor::Client(turn.client.clone()));
        let outcome = self.write(move |write| refresh(write, &passed, &turn)).await?;
        if outcome == Refreshed::Replayed {
            self.close_grant(id, Cause::RefreshReplayed, by).await?;
        }
        Ok(outcome)
    }

    async fn close_grant(&self, id: GrantId, cause: Cause, by: Actor) -> Result<(), Outage> {
        // A token of a dead grant must not make the head move for nothing.
        let now = self.clock.now();
        let is_open = "SELECT EXISTS (SELECT 1 FROM grant_
             WHERE id = ?1 AND closed_at IS NULL AND until > ?2)";
        let open: bool = self.read(|db| {
            db.prepare_cached(is_open)?.query_row(params![id.0, now.0], |row| row.get(0))
        })?;
        if !open {
            return Ok(());
        }
        self.change(Lane::Departure, move |change| {
            let sql = "UPDATE grant_ SET closed_at = ?2
                 WHERE id = ?1 AND closed_at IS NULL AND until > ?2";
            if change.execute(sql, params![id.0, change.now.0])? == 0 {
                return Ok(());
            }
            let found = grant_rows::find(change.db, id).map_err(outage)?;
            let mut closing = Closing::new(Scope::Grant(id), cause, by);
            if let Some(event) = event(cause) {
                closing.entry.event = event;
            }
            if let Some((row, _)) = found {
                let grant = row.parse()?;
                closing.entry.client = Some(grant.client);
                closing.entry.person = grant.bearer.map(|bearer| bearer.rpps);
                closing.entry.sid = grant.bearer.map(|bearer| bearer.sid);
            }
            change.close(&closing, None)
        })
        .await
    }
}

/// Of many who bring one code, one finds it unused. What has expired was never taken, and tells
/// nothing.
fn take_code(
    write: &Write<'_>,
    grant: Grant,
    state: &CodeState,
    door: &str,
) -> Result<Redemption, Outage> {
    if state.redeemed {
        return Ok(Redemption::Replayed);
    }
    if state.until.is_none_or(|until| write.now >= until) {
        return Ok(Redemption::Unknown);
    }
    let taken = write.execute(
        "UPDATE grant_ SET redeemed_at = ?2, refreshed_at = ?2
         WHERE id = ?1 AND redeemed_at IS NULL",
        params![grant.id.0, write.now.0],
    )?;
    if taken == 0 {
        return Ok(Redemption::Replayed);
    }
    if let Some(bearer) = grant.bearer {
        seen(write, bearer)?;
    }
    let by = Actor::Client(grant.client.clone());
    write.journal(&line(Event::CodeRedeemed, by, &grant, door))?;
    Ok(Redemption::Taken(Box::new(grant)))
}

fn refresh(write: &Write<'_>, passed: &Passed, turn: &RefreshTurn) -> Result<Refreshed, Outage> {
    let found = grant_rows::refreshing(write.db, turn.grant).map_err(outage)?;
    let Some((rotation, seen_at)) = found else { return Ok(Refreshed::Unknown) };
    if seen_at < turn.seen_since {
        return Ok(Refreshed::Rested);
    }
    let outcome = match turn.generation {
        Some(presented) => rotation.turn(presented, write.now),
        None => Refreshed::Done { generation: rotation.generation, made_at: write.now },
    };
    match outcome {
        Refreshed::Done { generation, made_at } if generation != rotation.generation => {
            write.execute(
                "UPDATE grant_ SET refresh_generation = ?2, refreshed_at = ?3 WHERE id = ?1",
                params![turn.grant.0, generation, made_at.0],
            )?;
        }
        Refreshed::Done { .. } => {}
        Refreshed::Rested | Refreshed::Replayed | Refreshed::Unknown => return Ok(outcome),
    }
    seen(write, turn.bearer)?;
    write.journal(&Entry {
        person: Some(turn.bearer.rpps),
        client: Some(turn.client.clone()),
        sid: Some(turn.bearer.sid),
        grant: Some(turn.grant),
        door: Some(passed.door().as_str().to_owned()),
        ..Entry::new(Event::TokensRefreshed, Actor::Client(turn.client.clone()))
    })?;
    Ok(outcome)
}

/// A session rests from its last log-in, redemption or refresh on.
fn seen(write: &Write<'_>, bearer: Bearer) -> Result<(), Outage> {
    let sql = "UPDATE session SET seen_at = max(seen_at, ?2) WHERE sid = ?1";
    write.execute(sql, params![bearer.sid.0, write.now.0]).map(|_| ())
}

fn open(write: &Write<'_>, passed: &Passed, opening: &Opening) -> Result<(), Outage> {
    insert(write, &opening.grant, Some((&opening.code, opening.code_until)))?;
    let by = match opening.grant.bearer {
        Some(bearer) => Actor::Person(bearer.rpps),
        None => Actor::Client(opening.grant.client.clone()),
    };
    write.journal(&line(Event::GrantOpened, by, &opening.grant, passed.door().as_str()))
}

fn insert(
    write: &Write<'_>,
    grant: &Grant,
    code: Option<(&SecretDigest, Timestamp)>,
) -> Result<(), Outage> {
    let request = serde_json::to_string(&grant.request).map_err(damaged)?;
    write.execute(
        "INSERT INTO grant_ (id, client, sid, rpps, structure, epoch, revision, own, until,
             opened_at, request, code, code_until, logout_uri)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
        params![
            grant.id.0,
            grant.client.as_str(),
            grant.bearer.map(|bearer| bearer.sid.0),
            grant.bearer.map(|bearer| String::from(bearer.rpps)),
            grant.structure.map(String::from),
            grant.proof.epoch.0,
            grant.proof.revision.0.cast_signed(),
            grant.own.0.cast_signed(),
            grant.until.0,
            grant.opened_at.0,
            request,
            code.map(|(digest, _)| digest.as_bytes()),
            code.map(|(_, until)| until.0),
            grant.logout_uri
        ],
    )?;
    Ok(())
}

fn line(event: Event, by: Actor, grant: &Grant, door: &str) -> Entry {
    Entry {
        person: grant.bearer.map(|bearer| bearer.rpps),
        structure: grant.structure,
        client: Some(grant.client.clone()),
        sid: grant.bearer.map(|bearer| bearer.sid),
        grant: Some(grant.id),
        door: Some(door.to_owned()),
        ..Entry::new(event, by)
    }
}

/// The journal's word for the causes that cut one grant.
const fn event(cause: Cause) -> Option<Event> {
    match cause {
        Cause::TokenRevoked => Some(Event::GrantRevoked),
        Cause::CodeReplayed => Some(Event::CodeReplayed),
        Cause::RefreshReplayed => Some(Event::RefreshReplayed),
        Cause::Departure
        | Cause::LastSituation
        | Cause::CardBlocked
        | Cause::CardReplaced
        | Cause::HabilitationWithdrawn
        | Cause::IdentityDeleted
        | Cause::SessionEnded
        | Cause::ClientDisabled
        | Cause::ClientRebound => None,
    }
}
