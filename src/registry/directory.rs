//! The public directory: what anybody may know of a professional.
//!
//! Neither dates, nor contact, nor the civil identity; nothing at all before the 24th hour.

use jiff::civil::Date;
use serde::Serialize;

use crate::kernel::{Finess, IdNat, Outage, Rpps, Timestamp};

use super::{Nomenclature, Professional, Situation, Structure, delays, folding::fold};

/// One person, as the public sees them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DirectoryEntry {
    /// The number.
    pub rpps: Rpps,
    /// `8` + RPPS.
    pub identifier: String,
    /// `M` or `MME`.
    pub civility: String,
    /// Whether a situation has begun and not ended.
    pub active: bool,
    /// Situations that have begun and not ended.
    pub situations: Vec<DirectorySituation>,
}

/// One situation, as the public sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names say it")]
pub struct DirectorySituation {
    pub exercise_name: String,
    pub exercise_first_name: String,
    pub profession: String,
    pub profession_label: String,
    pub role: String,
    pub role_label: String,
    pub mode: String,
    pub mode_label: String,
    pub finess: Finess,
    pub structure_name: String,
    pub city: String,
}

/// What the directory is made from: a person and all their situations, each with its structure.
#[derive(Clone, Debug)]
pub struct Listed {
    /// The person.
    pub professional: Professional,
    /// Situations, ended ones included.
    pub situations: Vec<(Situation, Structure)>,
}

/// What somebody looks for. At least a name or a structure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectoryQuery {
    /// How the name in practice begins, folded.
    pub name: Option<String>,
    /// How the first name in practice begins, folded.
    pub first_name: Option<String>,
    /// Where.
    pub finess: Option<Finess>,
    /// Only numbers after this one.
    pub after: Option<Rpps>,
    /// At most that many.
    pub limit: u32,
    /// Only people validated at this moment or before.
    pub validated_by: Timestamp,
    /// Only situations that have begun by this day.
    pub begun_by: Date,
}

impl DirectoryQuery {
    /// A query as people write it. `None`: it would list everybody.
    pub fn new(
        name: Option<&str>,
        first_name: Option<&str>,
        finess: Option<Finess>,
        calendar: Timestamp,
    ) -> Option<Self> {
        let folded = |text: Option<&str>| text.map(fold).filter(|text| !text.is_empty());
        let (name, first_name) = (folded(name), folded(first_name));
        let is_narrow = finess.is_some() || name.as_ref().is_some_and(|name| name.len() >= 2);
        is_narrow.then_some(Self {
            name,
            first_name,
            finess,
            after: None,
            limit: 0,
            validated_by: calendar - delays::VISIBLE_AFTER,
            begun_by: calendar.date(),
        })
    }
}

/// The storage verbs of the directory.
#[async_trait::async_trait]
pub trait Directory: Send + Sync {
    /// One person, if nobody retired the number.
    async fn listed(&self, rpps: Rpps) -> Result<Option<Listed>, Outage>;

    /// People with a situation of today that satisfies `query`, in the order of their numbers.
    async fn search(&self, query: DirectoryQuery) -> Result<Vec<Listed>, Outage>;
}

/// What the public sees of `listed` at `calendar`; `None` before the 24th hour.
pub fn entry(
    listed: &Listed,
    nomenclature: &Nomenclature,
    calendar: Timestamp,
) -> Option<DirectoryEntry> {
    let who = &listed.professional;
    if who.retired_at.is_some() || !delays::is_visible(who.validated_at, calendar) {
        return None;
    }
    let today = calendar.date();
    let is_current = |situation: &Situation| situation.is_open() && situation.has_begun(today);
    let current = listed.situations.iter().filter(|(situation, _)| is_current(situation));
    let shown = |(situation, structure): &(Situation, Structure)| DirectorySituation {
        exercise_name: situation.exercise_name.clone(),
        exercise_first_name: situation.exercise_first_name.clone(),
        profession: situation.profession.clone(),
        profession_label: nomenclature.professions.label(&situation.profession).to_owned(),
        role: situation.role.clone(),
        role_label: nomenclature.roles.label(&situation.role).to_owned(),
        mode: situation.mode.clone(),
        mode_label: nomenclature.modes.label(&situation.mode).to_owned(),
        finess: structure.finess,
        structure_name: structure.name.clone(),
        city: structure.city.clone(),
    };
    let situations: Vec<_> = current.map(shown).collect();
    Some(DirectoryEntry {
        rpps: who.rpps,
        identifier: IdNat(who.rpps).to_string(),
        civility: who.identity.civility.clone(),
        active: !situations.is_empty(),
        situations,
    })
}
