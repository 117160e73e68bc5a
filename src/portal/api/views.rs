//! Things as the API writes them. Names here are the contract's; the first member comes first.

use jiff::civil::Date;
use serde::Serialize;

use crate::{
    access::{CardStanding, Cause, Cut, Scope},
    departure::{Departure, DepartureState, Ending, LedgerLine},
    kernel::{
        ClientId, DepartureId, Finess, GrantId, LocalAccessId, Revision, Rpps, Sid, SituationId,
        Timestamp,
    },
    registry::{
        AccessAt, Authority, CivilIdentity, LocalAccess, Nomenclature, Professional, Situation,
        Structure, StructureKind, delays,
    },
};

use super::super::{CardState, GrantRecord, PersonRecord, SessionRecord};

#[derive(Serialize)]
pub(super) struct PersonView {
    pub(super) rpps: Rpps,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pin: Option<&'static str>,
    #[serde(flatten)]
    identity: CivilIdentity,
    usage_name: Option<String>,
    email: String,
    mobile: String,
    validated_at: Timestamp,
    visible_at: Timestamp,
    activable_at: Timestamp,
    pub(super) card: CardState,
    situations: Vec<SituationView>,
    local_accesses: Vec<LocalAccessView>,
}

impl PersonView {
    pub(super) fn new(
        record: &PersonRecord,
        nomenclature: &Nomenclature,
        calendar: Timestamp,
    ) -> Self {
        let who = record.professional.clone();
        let situation = |(situation, structure): &(Situation, Structure)| {
            SituationView::new((situation, structure), nomenclature, calendar.date())
        };
        Self {
            rpps: who.rpps,
            identifier: None,
            pin: None,
            identity: who.identity,
            usage_name: who.usage_name,
            email: who.email,
            mobile: who.mobile,
            validated_at: who.validated_at,
            visible_at: delays::visible_at(who.validated_at),
            activable_at: delays::activable_at(who.validated_at),
            card: CardState::of(record.card, record.is_employed(), who.validated_at, calendar),
            situations: record.situations.iter().map(situation).collect(),
            local_accesses: record.local_accesses.iter().map(LocalAccessView::new).collect(),
        }
    }
}

/// Somebody who has just been registered: one situation, no card.
pub(super) fn newcomer(
    professional: &Professional,
    situation: &Situation,
    structure: &Structure,
) -> PersonRecord {
    PersonRecord {
        professional: professional.clone(),
        situations: vec![(situation.clone(), structure.clone())],
        local_accesses: Vec::new(),
        card: CardStanding::NotActivated,
        activated_at: None,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum LifeState {
    Upcoming,
    Open,
    Ended,
}

impl LifeState {
    fn of_situation(situation: &Situation, today: Date) -> Self {
        match (situation.is_open(), situation.has_begun(today)) {
            (false, _) => Self::Ended,
            (true, false) => Self::Upcoming,
            (true, true) => Self::Open,
        }
    }

    fn of_access(access: &LocalAccess) -> Self {
        if access.ended_at.is_some() { Self::Ended } else { Self::Open }
    }
}

#[derive(Serialize)]
pub(super) struct SituationView {
    id: SituationId,
    rpps: Rpps,
    finess: Finess,
    structure_name: String,
    authority: Authority,
    profession: String,
    profession_label: String,
    role: String,
    role_label: String,
    mode: String,
    mode_label: String,
    started_on: Date,
    last_day: Option<Date>,
    ends_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    state: LifeState,
    exercise_name: String,
    exercise_first_name: String,
}

impl SituationView {
    pub(super) fn new(
        (situation, structure): (&Situation, &Structure),
        nomenclature: &Nomenclature,
        today: Date,
    ) -> Self {
        let of = situation.clone();
        Self {
            state: LifeState::of_situation(situation, today),
            id: of.id,
            rpps: of.rpps,
            finess: of.finess,
            structure_name: structure.name.clone(),
            authority: of.authority,
            profession_label: nomenclature.professions.label(&of.profession).to_owned(),
            profession: of.profession,
            role_label: nomenclature.roles.label(&of.role).to_owned(),
            role: of.role,
            mode_label: nomenclature.modes.label(&of.mode).to_owned(),
            mode: of.mode,
            started_on: of.started_on,
            last_day: of.last_day,
            ends_at: of.ends_at,
            ended_at: of.ended_at,
            exercise_name: of.exercise_name,
            exercise_first_name: of.exercise_first_name,
        }
    }
}

#[derive(Serialize)]
pub(super) struct LocalAccessView {
    id: LocalAccessId,
    rpps: Rpps,
    finess: Finess,
    structure_name: String,
    given_at: Timestamp,
    ends_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    state: LifeState,
}

impl LocalAccessView {
    pub(super) fn new((access, structure): &AccessAt) -> Self {
        Self {
            id: access.id,
            rpps: access.rpps,
            finess: access.finess,
            structure_name: structure.name.clone(),
            given_at: access.given_at,
            ends_at: access.ends_at,
            ended_at: access.ended_at,
            state: LifeState::of_access(access),
        }
    }
}

#[derive(Serialize)]
pub(super) struct StructureView {
    finess: Finess,
    kind: StructureKind,
    legal_entity: Option<Finess>,
    name: String,
    address: String,
    commune: String,
    postal_code: String,
    city: String,
    sector: String,
    sector_label: String,
    closed_at: Option<Timestamp>,
}

impl StructureView {
    pub(super) fn new(structure: &Structure, nomenclature: &Nomenclature) -> Self {
        let of = structure.clone();
        Self {
            finess: of.finess,
            kind: of.kind,
            legal_entity: of.legal_entity,
            name: of.name,
            address: of.address,
            commune: of.commune,
            postal_code: of.postal_code,
            city: of.city,
            sector_label: nomenclature.sectors.label(&of.sector).to_owned(),
            sector: of.sector,
            closed_at: of.closed_at,
        }
    }
}

#[derive(Serialize)]
pub(super) struct DepartureView {
    id: DepartureId,
    rpps: Rpps,
    finess: Finess,
    #[serde(skip_serializing_if = "Option::is_none")]
    situation: Option<SituationId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_access: Option<LocalAccessId>,
    state: DepartureState,
    due_at: Timestamp,
    done_at: Option<Timestamp>,
    revision: Option<Revision>,
    reason: Option<String>,
    cuts: Vec<CutView>,
    relying_parties: Vec<LedgerLine>,
}

impl DepartureView {
    pub(super) fn new(departure: &Departure, relying_parties: &[LedgerLine]) -> Self {
        let (situation, local_access) = match departure.ending {
            Ending::Situation(id) => (Some(id), None),
            Ending::LocalAccess(id) => (None, Some(id)),
        };
        Self {
            id: departure.id,
            rpps: departure.rpps,
            finess: departure.finess,
            situation,
            local_access,
            state: departure.state,
            due_at: departure.due_at,
            done_at: departure.done_at,
            revision: departure.revision,
            reason: departure.reason.clone(),
            cuts: departure.cuts.iter().map(CutView::new).collect(),
            relying_parties: relying_parties.to_vec(),
        }
    }
}

#[derive(Serialize)]
struct CutView {
    scope: Scope,
    cause: Cause,
    at: Timestamp,
    revision: Revision,
}

impl CutView {
    fn new(cut: &Cut) -> Self {
        Self { scope: cut.scope.clone(), cause: cut.cause, at: cut.at, revision: cut.revision }
    }
}

#[derive(Serialize)]
pub(super) struct SessionView {
    sid: Sid,
    rpps: Rpps,
    proof: String,
    proven_at: Timestamp,
    until: Timestamp,
    clients: Vec<GrantView>,
}

#[derive(Serialize)]
struct GrantView {
    client_id: ClientId,
    grant: GrantId,
    structure: Option<Finess>,
    opened_at: Timestamp,
    until: Timestamp,
}

impl SessionView {
    pub(super) fn new(session: &SessionRecord) -> Self {
        let grant = |grant: &GrantRecord| GrantView {
            client_id: grant.client.clone(),
            grant: grant.id,
            structure: grant.structure,
            opened_at: grant.opened_at,
            until: grant.until,
        };
        Self {
            sid: session.sid,
            rpps: session.rpps,
            proof: session.proof.clone(),
            proven_at: session.proven_at,
            until: session.until,
            clients: session.grants.iter().map(grant).collect(),
        }
    }
}
