//! Entering people, situations, local accesses and structures.

use std::sync::Arc;

use rusqlite::{Connection, params};

use crate::{
    kernel::{
        Finess, LocalAccessId, Outage, Rpps, SituationId, Timestamp,
        journal::{Actor, Entry, Event},
        retry::{Answered, Keep},
    },
    registry::{
        AccessAt, LocalAccess, NotEntered, Page, Registry, Situation, Structure, StructureKind,
        fault::Faults,
        hiring::{Hired, Hiring, Judged, NotHired},
        local_access::{LocalAccessDraft, NotGiven, Setting},
        registration::{Application, Draft, Drawn, NotRegistered, Registered},
    },
};

use super::{
    Change, Lane, Sqlite,
    departures::resume_card,
    only_if, outage,
    professionals::{self, ProfessionalRow},
    standing::{access_row, card, local_accesses_where, situations_where},
    structures,
};

#[async_trait::async_trait]
impl Registry for Sqlite {
    async fn register(
        &self,
        draft: Draft,
        validated_at: Timestamp,
        by: Actor,
        keep: Keep<Registered>,
    ) -> Result<Answered<Registered, NotRegistered>, Outage> {
        // A first look, so that a faulty request costs no transaction; a sound one is judged again
        // inside its own.
        let wanted = draft.wanted();
        let known = self.read(|db| professionals::known(db, &wanted))?;
        if let Err(refused) = draft.clone().judge(&known) {
            return self.refused_unless_done(refused, &keep);
        }
        let key = Arc::clone(&self.key);
        self.change_kept(Lane::Common, keep, move |change| {
            let known = professionals::known(change.db, &wanted).map_err(outage)?;
            let application = match draft.judge(&known) {
                Ok(application) => application,
                Err(refused) => return Ok(Err(refused)),
            };
            let registered = draw(change, application, validated_at)?;
            if let Some(document) = &registered.document {
                let rpps = registered.professional.rpps;
                professionals::insert_document(change, rpps, document, &key)?;
            }
            let seen = if registered.document.is_some() { "document" } else { "attested" };
            enter(change, &registered, seen, &by)?;
            Ok(Ok(registered))
        })
        .await
    }

    async fn hire(
        &self,
        hiring: Hiring,
        by: Actor,
        keep: Keep<Hired>,
    ) -> Result<Answered<Hired, NotHired>, Outage> {
        if let Err(refused) =
            hiring_judged(self.read(|db| hiring_facts(db, &hiring))?, hiring.clone())?
        {
            return self.refused_unless_done(refused, &keep);
        }
        self.change_kept(Lane::Common, keep, move |change| {
            let rpps = hiring.rpps;
            let facts = hiring_facts(change.db, &hiring).map_err(outage)?;
            let judged = match hiring_judged(facts, hiring)? {
                Ok(judged) => judged,
                Err(refused) => return Ok(Err(refused)),
            };
            let hired = judged.complete(SituationId(change.random.id(change.now)));
            open(change, &hired.situation, &by)?;
            resume_card(change, rpps, &by)?;
            change.owe(&hired.letter, change.random)?;
            Ok(Ok(hired))
        })
        .await
    }

    async fn give_local_access(
        &self,
        draft: LocalAccessDraft,
        by: Actor,
        keep: Keep<AccessAt>,
    ) -> Result<Answered<AccessAt, NotGiven>, Outage> {
        if let Err(refused) = draft.judge(&self.read(|db| setting(db, &draft))?) {
            return self.refused_unless_done(refused, &keep);
        }
        self.change_kept(Lane::Common, keep, move |change| {
            let setting = setting(change.db, &draft).map_err(outage)?;
            if let Err(refused) = draft.judge(&setting) {
                return Ok(Err(refused));
            }
            let access = LocalAccess {
                id: LocalAccessId(change.random.id(change.now)),
                rpps: draft.rpps,
                finess: draft.finess,
                given_at: change.calendar,
                ends_at: draft.last_day.and_then(Timestamp::end_of_day),
                ended_at: None,
            };
            change.execute(
                "INSERT INTO local_access (id, rpps, finess, given_at, ends_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    access.id.0,
                    access.rpps.as_str(),
                    access.finess.as_str(),
                    access.given_at.0,
                    access.ends_at.map(|at| at.0)
                ],
            )?;
            change.journal(&Entry {
                person: Some(access.rpps),
                structure: Some(access.finess),
                local_access: Some(access.id),
                ..Entry::new(Event::LocalAccessGiven, by)
            })?;
            let structure = structures::structure(change.db, access.finess)?;
            Ok(Ok((access, structure)))
        })
        .await
    }

    async fn enter_structure(
        &self,
        structure: Structure,
        by: Actor,
        keep: Keep<Structure>,
    ) -> Result<Answered<Structure, NotEntered>, Outage> {
        self.write_kept(keep, move |write| {
            if let Some(entity) = structure.legal_entity {
                let found = structures::find(write.db, entity).map_err(outage)?;
                if found.is_none_or(|found| found.kind != StructureKind::LegalEntity) {
                    let mut faults = Faults::default();
                    let message = "Entité juridique inconnue : enregistrez-la d'abord (kind EJ).";
                    faults.add("legal_entity", "unknown_structure", message);
                    return Ok(Err(NotEntered::Faults(faults.into_vec())));
                }
            }
            if !structures::insert(write, &structure)? {
                return Ok(Err(NotEntered::Already));
            }
            let entry = Entry::new(Event::StructureEntered, by);
            write.journal(&Entry { structure: Some(structure.finess), ..entry })?;
            Ok(Ok(structure))
        })
        .await
    }

    async fn structure(&self, finess: Finess) -> Result<Option<Structure>, Outage> {
        self.read(|db| structures::find(db, finess))
    }

    async fn structures(&self, page: Page<Finess>) -> Result<Vec<Structure>, Outage> {
        self.read(|db| structures::page(db, page))
    }

    async fn establishments(&self, text: String, limit: u32) -> Result<Vec<Structure>, Outage> {
        self.read(|db| structures::establishments(db, &text, limit))
    }

    async fn situation(&self, id: SituationId) -> Result<Option<(Situation, Structure)>, Outage> {
        self.read(|db| {
            let Some(situation) = situations_where(db, "id = ?1", id.0)?.pop() else {
                return Ok(None);
            };
            Ok(structures::find(db, situation.finess)?.map(|structure| (situation, structure)))
        })
    }

    async fn local_accesses(
        &self,
        finess: Option<Finess>,
        rpps: Option<Rpps>,
        page: Page<LocalAccessId>,
    ) -> Result<Vec<AccessAt>, Outage> {
        self.read(|db| {
            let columns = structures::COLUMNS;
            let place = only_if(finess.is_some(), "a.finess", 1);
            let whose = only_if(rpps.is_some(), "a.rpps", 2);
            db.prepare_cached(&format!(
                "SELECT {columns}, a.id, a.rpps, a.finess, a.given_at, a.ends_at, a.ended_at
                 FROM local_access a JOIN structure s ON s.finess = a.finess
                 WHERE {place} AND {whose} AND (?3 IS NULL OR a.id > ?3) ORDER BY a.id LIMIT ?4"
            ))?
            .query_map(
                params![
                    finess.map(String::from),
                    rpps.map(String::from),
                    page.after.map(|id| id.0),
                    page.limit
                ],
                |row| Ok((access_row(row, structures::WIDTH)?, structures::row_at(row, 0)?)),
            )?
            .collect()
        })
    }
}

/// Gives a new person their number, and writes them.
pub(super) fn draw(
    change: &Change<'_>,
    application: Application,
    validated_at: Timestamp,
) -> Result<Registered, Outage> {
    let drawn = Drawn {
        rpps: professionals::draw_number(change, change.random)?,
        subject: change.random.opaque_id(),
        situation: SituationId(change.random.id(change.now)),
    };
    let registered = application.complete(drawn, validated_at);
    professionals::insert(change, &registered.professional, &registered.identity_key)?;
    Ok(registered)
}

/// Writes what comes with a new person: the journal, the situation, the mail owed.
pub(super) fn enter(
    change: &Change<'_>,
    registered: &Registered,
    seen: &str,
    by: &Actor,
) -> Result<(), Outage> {
    let entry = Entry::new(Event::ProfessionalRegistered, by.clone());
    let (person, outcome) = (Some(registered.professional.rpps), Some(seen.to_owned()));
    change.journal(&Entry { person, outcome, ..entry })?;
    open(change, &registered.situation, by)?;
    change.owe(&registered.letter, change.random)
}

/// Writes a situation and its line.
fn open(change: &Change<'_>, situation: &Situation, by: &Actor) -> Result<(), Outage> {
    professionals::insert_situation(change, situation)?;
    change.journal(&Entry {
        person: Some(situation.rpps),
        structure: Some(situation.finess),
        situation: Some(situation.id),
        ..Entry::new(Event::SituationOpened, by.clone())
    })
}

/// What the records know of somebody who is hired: the person, their open situations, the place.
type HiringFacts = (Option<ProfessionalRow>, Vec<Situation>, Option<Structure>);

fn hiring_facts(db: &Connection, hiring: &Hiring) -> Result<HiringFacts, rusqlite::Error> {
    let rpps = hiring.rpps;
    let structure = match hiring.finess() {
        Some(finess) => structures::find(db, finess)?,
        None => None,
    };
    let open = situations_where(db, "rpps = ?1 AND ended_at IS NULL", rpps.as_str())?;
    Ok((professionals::find(db, rpps)?, open, structure))
}

fn hiring_judged(
    (who, open, structure): HiringFacts,
    hiring: Hiring,
) -> Result<Result<Judged, NotHired>, Outage> {
    let who = who.map(ProfessionalRow::parse).transpose()?;
    Ok(hiring.judge(who, &open, structure))
}

pub(super) fn setting(
    db: &Connection,
    draft: &LocalAccessDraft,
) -> Result<Setting, rusqlite::Error> {
    let structure = structures::find(db, draft.finess)?;
    let open = "rpps = ?1 AND ended_at IS NULL";
    Ok(Setting {
        is_known: card(db, draft.rpps)?.is_some(),
        situations: situations_where(db, open, draft.rpps.as_str())?,
        local_accesses: local_accesses_where(db, open, draft.rpps.as_str())?,
        structure,
    })
}
