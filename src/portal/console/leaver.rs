//! Who leaves what: a situation or a local access of a structure that the visitor manages.

use axum::response::Response;

use crate::{
    departure::{Departure, Ending},
    kernel::{LocalAccessId, Outage, Rpps, SituationId},
    registry::{Authority, LocalAccess, Page, Situation, Structure},
};

use super::{
    super::PersonRecord,
    Console,
    visit::{Visit, with_parameter},
    words,
};

/// Departures of one situation that are looked at, newest first.
const DEPARTURES: u32 = 100;

/// What may end.
pub(super) enum Held {
    Situation(Situation),
    Access(LocalAccess),
}

/// Somebody, and what they hold at a structure that the visitor manages.
pub(super) struct Leaver {
    pub(super) record: PersonRecord,
    pub(super) structure: Structure,
    pub(super) held: Held,
}

impl Leaver {
    pub(super) fn rpps(&self) -> Rpps {
        self.record.professional.rpps
    }

    pub(super) fn ending(&self) -> Ending {
        match &self.held {
            Held::Situation(situation) => Ending::Situation(situation.id),
            Held::Access(access) => Ending::LocalAccess(access.id),
        }
    }

    /// The name in practice, of the situation itself where there is one.
    pub(super) fn name(&self) -> String {
        match &self.held {
            Held::Situation(situation) => words::exercise(situation),
            Held::Access(_) => words::name(&self.record),
        }
    }

    pub(super) fn is_open(&self) -> bool {
        match &self.held {
            Held::Situation(situation) => situation.is_open(),
            Held::Access(access) => access.ended_at.is_none(),
        }
    }

    /// Whether an employer may end it: what an Ordre or an ARS entered is theirs.
    pub(super) fn is_employers(&self) -> bool {
        match &self.held {
            Held::Situation(situation) => situation.authority == Authority::Employer,
            Held::Access(_) => true,
        }
    }

    /// The path of its pages.
    pub(super) fn path(&self) -> String {
        match &self.held {
            Held::Situation(situation) => format!("/portail/situations/{}", situation.id),
            Held::Access(access) => format!("/portail/acces-locaux/{}", access.id),
        }
    }

    /// Where a manager reads of it: a local access has no page of its own.
    pub(super) fn page(&self) -> String {
        match &self.held {
            Held::Situation(_) => self.path(),
            Held::Access(access) => with_parameter("/portail/effectif", "finess", access.finess),
        }
    }

    /// The end that a local access is due to have, as people read it; a situation's is on its page.
    pub(super) fn end_of_access(&self) -> Option<String> {
        match &self.held {
            Held::Situation(_) => None,
            Held::Access(access) => access
                .ends_at
                .filter(|_| access.ended_at.is_none())
                .map(|at| words::end(Some(at), None)),
        }
    }

    /// What ends, in the words of a title.
    pub(super) fn noun(&self) -> &'static str {
        match &self.held {
            Held::Situation(_) => "la situation d'exercice",
            Held::Access(_) => "l'accès local",
        }
    }
}

/// What a page is about, or the page to answer instead.
pub(super) type Found<T> = Result<Result<T, Response>, Outage>;

impl Console {
    /// The situation of this path, if the visitor manages its structure.
    pub(super) async fn situation(&self, visit: &Visit, id: &str) -> Found<Leaver> {
        let found = match id.parse::<SituationId>() {
            Ok(id) => self.with.registry.situation(id).await?,
            Err(_) => None,
        };
        let held = found.map(|(situation, at)| (situation.rpps, at, Held::Situation(situation)));
        self.leaver(visit, held).await
    }

    /// The local access of this path, if the visitor manages its structure.
    pub(super) async fn access(&self, visit: &Visit, id: &str) -> Found<Leaver> {
        let found = match id.parse::<LocalAccessId>() {
            Ok(id) => self.with.desk.access(id).await?,
            Err(_) => None,
        };
        let held = found.map(|(access, at)| (access.rpps, at, Held::Access(access)));
        self.leaver(visit, held).await
    }

    async fn leaver(&self, visit: &Visit, found: Option<(Rpps, Structure, Held)>) -> Found<Leaver> {
        let Some((rpps, structure, held)) = found else {
            return Ok(Err(visit.not_theirs(self, None).await));
        };
        if visit.manages(structure.finess).is_none() {
            return Ok(Err(visit.not_theirs(self, Some(structure.finess)).await));
        }
        match self.with.people.person(rpps).await? {
            Some(record) => Ok(Ok(Leaver { record, structure, held })),
            None => Ok(Err(visit.not_theirs(self, None).await)),
        }
    }

    /// The departures of what `leaver` holds, newest first.
    pub(super) async fn departures_of(&self, leaver: &Leaver) -> Result<Vec<Departure>, Outage> {
        let page = Page { after: None, limit: DEPARTURES };
        let (rpps, finess) = (Some(leaver.rpps()), Some(leaver.structure.finess));
        let mut departures = self.with.departures.departures(rpps, finess, page).await?;
        departures.retain(|departure| departure.ending == leaver.ending());
        Ok(departures)
    }
}
