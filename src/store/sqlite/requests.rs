//! Requests: sent, decided once, lapsed when nobody decided.

use std::sync::Arc;

use rusqlite::{Connection, params};

use crate::{
    kernel::{
        Finess, Outage, RequestId, Rpps, Timestamp,
        journal::{Actor, Entry, Event},
        retry::{Answered, Keep},
    },
    registry::{
        Page, Requests, Structure,
        document::Document,
        folding::fold,
        request::{
            Decider, NearDuplicate, NotDecided, NotSent, NotValidated, RegistrationRequest,
            Rejection, RequestDraft, RequestFacts, RequestQuery, RequestWanted, Validated,
            Validation, ValidationFacts,
        },
    },
};

use super::{
    Change, Lane, Sqlite, habilitations, outage,
    professionals::{self, ProfessionalRow},
    registry::{draw, enter},
    request_rows::{self as rows, RequestRow},
};

/// People who look like somebody, at most.
const ALIKE: u32 = 20;

#[async_trait::async_trait]
impl Requests for Sqlite {
    async fn send_request(
        &self,
        draft: RequestDraft,
        sent_at: Timestamp,
    ) -> Result<Result<RegistrationRequest, NotSent>, Outage> {
        // A first look, so that a faulty request costs no transaction.
        if let Err(refused) = self.try_request(draft.clone()).await? {
            return Ok(Err(refused));
        }
        let key = Arc::clone(&self.key);
        self.change(Lane::Common, move |change| {
            let facts = rows::facts(change.db, &draft.wanted()).map_err(outage)?;
            let sendable = match draft.judge(&facts) {
                Ok(sendable) => sendable,
                Err(refused) => return Ok(Err(refused)),
            };
            let sent = sendable.complete(RequestId(change.random.id(change.now)), sent_at);
            rows::insert(change, &sent, &key)?;
            change.journal(&entry(Event::RequestSent, &sent.request, Actor::Applicant))?;
            Ok(Ok(sent.request))
        })
        .await
    }

    async fn known(&self, wanted: RequestWanted) -> Result<RequestFacts, Outage> {
        self.read(|db| rows::facts(db, &wanted))
    }

    async fn try_request(&self, draft: RequestDraft) -> Result<Result<(), NotSent>, Outage> {
        let facts = self.read(|db| rows::facts(db, &draft.wanted()))?;
        Ok(draft.judge(&facts).map(|_| ()))
    }

    async fn requests(
        &self,
        query: RequestQuery,
        page: Page<RequestId>,
    ) -> Result<Vec<RegistrationRequest>, Outage> {
        let found = self.read(|db| rows::page(db, &query, page))?;
        found.into_iter().map(RequestRow::parse).collect()
    }

    async fn requests_to_process(&self, structures: Vec<Finess>) -> Result<u64, Outage> {
        let structures = serde_json::json!(structures).to_string();
        let count = self.read(|db| rows::to_process(db, &structures))?;
        Ok(count.cast_unsigned())
    }

    async fn request(&self, id: RequestId) -> Result<Option<RegistrationRequest>, Outage> {
        self.read(|db| rows::find(db, id))?.map(RequestRow::parse).transpose()
    }

    async fn last_request_of(&self, sub: &str) -> Result<Option<RegistrationRequest>, Outage> {
        // One that gave a number which is retired by now stands for nobody.
        let last = "r.sub = ?1 AND (r.rpps IS NULL OR EXISTS (
                SELECT 1 FROM professional p WHERE p.rpps = r.rpps AND p.retired_at IS NULL))
            ORDER BY r.seq DESC LIMIT 1";
        let found = self.read(|db| rows::requests_where(db, last, params![sub]))?;
        found.into_iter().next().map(RequestRow::parse).transpose()
    }

    async fn request_document(&self, id: RequestId) -> Result<Option<Document>, Outage> {
        let sealed = self.read(|db| {
            let lead: i64 = db
                .prepare_cached("SELECT calendar_lead FROM head")?
                .query_row([], |row| row.get(0))?;
            let calendar = Timestamp(self.clock.now().0.saturating_add(lead));
            rows::sealed_document(db, id, calendar)
        })?;
        sealed.map(|sealed| rows::unsealed(id, sealed, &self.key)).transpose()
    }

    async fn near_duplicates(&self, id: RequestId) -> Result<Vec<NearDuplicate>, Outage> {
        let Some(request) = self.request(id).await? else { return Ok(Vec::new()) };
        let found = self.read(|db| alike(db, &request))?;
        let understand = |row: ProfessionalRow| {
            let who = row.parse()?;
            Ok(NearDuplicate { rpps: who.rpps, identity: who.identity, usage_name: who.usage_name })
        };
        found.into_iter().map(understand).collect()
    }

    async fn validate_request(
        &self,
        validation: Validation,
        keep: Keep<Validated>,
    ) -> Result<Answered<Validated, NotValidated>, Outage> {
        self.change_kept(Lane::Common, keep, move |change| {
            let today = change.calendar.date();
            let facts = validation_facts(change, &validation)?;
            let decision = match validation.decide(facts, today) {
                Ok(decision) => decision,
                Err(refused) => return Ok(Err(refused)),
            };
            let (by, at) = (validation.decider.by.clone(), change.calendar);
            let registered = draw(change, decision.application, at)?;
            let rpps = registered.professional.rpps;
            let request = decision.request.validated(rpps, by.clone(), at);
            rows::settle(change, &request)?;
            let line = entry(Event::RequestValidated, &request, by.clone());
            change.journal(&Entry { person: Some(rpps), ..line })?;
            enter(change, &registered, "request", &by)?;
            Ok(Ok(Validated { request, registered }))
        })
        .await
    }

    async fn reject_request(
        &self,
        rejection: Rejection,
        keep: Keep<RegistrationRequest>,
    ) -> Result<Answered<RegistrationRequest, NotDecided>, Outage> {
        self.change_kept(Lane::Common, keep, move |change| {
            let (request, manages) = asked(change, rejection.id, &rejection.decider)?;
            let request = match rejection.decide(request, manages) {
                Ok(request) => request,
                Err(refused) => return Ok(Err(refused)),
            };
            let by = rejection.decider.by.clone();
            let request = request.rejected(rejection.reason.clone(), by.clone(), change.calendar);
            settle(change, &request, Event::RequestRejected, by)?;
            Ok(Ok(request))
        })
        .await
    }
}

/// Requests that nobody decided in time lapse, like an end that is due: a stored fact.
pub(super) fn lapse_due(change: &Change<'_>) -> Result<(), Outage> {
    let due = "r.state = 'to_process' AND r.lapses_at <= ?1 ORDER BY r.lapses_at, r.seq";
    let found = rows::requests_where(change.db, due, params![change.calendar.0]).map_err(outage)?;
    for row in found {
        let request = row.parse()?;
        let at = request.lapses_at;
        settle(change, &request.lapsed(at), Event::RequestLapsed, Actor::Gateway)?;
    }
    Ok(())
}

/// Writes what has become of a request, its line, and the mail that the person is owed.
fn settle(
    change: &Change<'_>,
    request: &RegistrationRequest,
    event: Event,
    by: Actor,
) -> Result<(), Outage> {
    rows::settle(change, request)?;
    change.journal(&entry(event, request, by))?;
    match request.letter() {
        Some(letter) => change.owe(&letter, change.random),
        None => Ok(()),
    }
}

fn entry(event: Event, request: &RegistrationRequest, by: Actor) -> Entry {
    Entry { request: Some(request.id), structure: Some(request.finess()), ..Entry::new(event, by) }
}

/// The request, and whether the person who decides manages its structure.
fn asked(
    change: &Change<'_>,
    id: RequestId,
    decider: &Decider,
) -> Result<(Option<RegistrationRequest>, bool), Outage> {
    let found = rows::find(change.db, id).map_err(outage)?;
    let request = found.map(RequestRow::parse).transpose()?;
    let manages = match (&decider.by, &request) {
        (Actor::Person(rpps), Some(request)) => manages(change, *rpps, &request.structure)?,
        (
            Actor::Person(_)
            | Actor::Client(_)
            | Actor::Operator
            | Actor::Gateway
            | Actor::Applicant
            | Actor::Stranger,
            _,
        ) => false,
    };
    Ok((request, manages))
}

fn manages(change: &Change<'_>, rpps: Rpps, structure: &Structure) -> Result<bool, Outage> {
    let managing = habilitations::managing(change.db, rpps).map_err(outage)?;
    Ok(managing.manages(structure, change.calendar.date()))
}

fn validation_facts(
    change: &Change<'_>,
    validation: &Validation,
) -> Result<ValidationFacts, Outage> {
    let (request, manages) = asked(change, validation.id, &validation.decider)?;
    let Some(request) = request else { return Ok(ValidationFacts::default()) };
    let wanted = validation.wanted(&request, change.calendar.date());
    Ok(ValidationFacts {
        known: professionals::known(change.db, &wanted).map_err(outage)?,
        sub_of: rows::sub_of(change.db, &request.verified.sub).map_err(outage)?,
        request: Some(request),
        manages,
    })
}

/// People born on the same day under the birth name of the request, or under the name in use that
/// it gives.
fn alike(
    db: &Connection,
    request: &RegistrationRequest,
) -> Result<Vec<ProfessionalRow>, rusqlite::Error> {
    let columns = professionals::COLUMNS;
    let names = [Some(&request.identity.birth_name), request.usage_name.as_ref()];
    let mut found = Vec::new();
    for name in names.into_iter().flatten().map(|name| fold(name)) {
        let mut statement = db.prepare_cached(&format!(
            "SELECT {columns} FROM professional p WHERE p.retired_at IS NULL
             AND p.identity_key >= ?1 AND p.identity_key < ?2 AND instr(p.identity_key, ?3) > 0
             AND p.rpps IS NOT ?4 ORDER BY p.rpps LIMIT ?5"
        ))?;
        // `}` follows `|`: nothing else begins with the name and its bar.
        let (from, beyond) = (format!("{name}|"), format!("{name}}}"));
        let born = format!("|{}|", request.identity.birth_date);
        let own = request.rpps.map(String::from);
        let rows = statement.query_map(params![from, beyond, born, own, ALIKE], |row| {
            ProfessionalRow::at(row, 0)
        })?;
        found.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(found)
}
