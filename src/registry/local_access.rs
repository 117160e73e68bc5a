//! What a structure gives to staff whose situation it may not end, and may take back.

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::kernel::{Finess, LocalAccessId, Rpps, Timestamp};

use super::{
    Authority, Situation, Structure, StructureKind,
    fault::{Fault, Faults},
    structure::finess,
    written::Written,
};

/// A local access. It has the same life as a situation, and opens the clients bound to its
/// structure as an employer's situation does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalAccess {
    /// Our own identifier.
    pub id: LocalAccessId,
    /// Who.
    pub rpps: Rpps,
    /// Where.
    pub finess: Finess,
    /// Since when, on the calendar clock.
    pub given_at: Timestamp,
    /// When it is due to end, on the calendar clock.
    pub ends_at: Option<Timestamp>,
    /// When it ended, on the calendar clock.
    pub ended_at: Option<Timestamp>,
}

/// A local access that somebody wants to give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalAccessDraft {
    /// To whom.
    pub rpps: Rpps,
    /// Where.
    pub finess: Finess,
    /// Until the end of which day, if it is known.
    pub last_day: Option<Date>,
}

/// Why a local access is not given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NotGiven {
    /// Faults, all of them.
    Faults(Vec<Fault>),
    /// It was given before.
    Already(LocalAccessId),
}

/// What the records know of the person and the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Whether the number is somebody's, and not retired.
    pub is_known: bool,
    /// Their open situations.
    pub situations: Vec<Situation>,
    /// Their open local accesses.
    pub local_accesses: Vec<LocalAccess>,
    /// The structure.
    pub structure: Option<Structure>,
}

impl LocalAccessDraft {
    /// The same as one that has ended, without an end.
    pub fn again(access: &LocalAccess) -> Self {
        Self { rpps: access.rpps, finess: access.finess, last_day: None }
    }

    /// Reads what was written, or all that is wrong with it.
    pub fn read(body: Map<String, Value>, today: Date) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut written = Written::body(body);
        let rpps = rpps(&mut written, &mut faults);
        let finess = finess(&mut written, "finess", &mut faults);
        let last_day = written.optional_date("last_day", &mut faults).ok().flatten();
        if last_day.is_some_and(|day| day < today || Timestamp::end_of_day(day).is_none()) {
            let message = "Le dernier jour est passé, ou hors du calendrier : vérifiez l'année.";
            faults.add("last_day", "in_the_past", message);
        }
        written.finish(&mut faults);
        let draft = rpps.zip(finess).map(|(rpps, finess)| Self { rpps, finess, last_day });
        faults.or(draft)
    }

    /// May it be given? Only to somebody whom an Ordre or an ARS registers, since for anybody else
    /// the employer enters a situation, and its end closes everything by itself.
    pub fn judge(&self, setting: &Setting) -> Result<(), NotGiven> {
        let mut faults = Faults::default();
        let by_authority = |situation: &Situation| match situation.authority {
            Authority::Ordre | Authority::Ars => true,
            Authority::Employer => false,
        };
        if !setting.is_known {
            let message = "Personne n'a ce numéro RPPS : vérifiez-le.";
            faults.add("rpps", "unknown_person", message);
        } else if !setting.situations.iter().any(by_authority) {
            let message = "Aucun Ordre ni ARS n'enregistre cette personne : ajoutez plutôt une \
                           situation d'exercice.";
            faults.add("rpps", "not_registered_by_authority", message);
        }
        match &setting.structure {
            None => faults.add(
                "finess",
                "unknown_structure",
                "Établissement inconnu : vérifiez le numéro.",
            ),
            Some(found) if found.closed_at.is_some() => {
                faults.add("finess", "structure_closed", "Cette structure est fermée.");
            }
            Some(found) if found.kind == StructureKind::LegalEntity => {
                let message =
                    "Ce numéro est celui d'une entité juridique : indiquez l'établissement.";
                faults.add("finess", "not_an_establishment", message);
            }
            Some(_) => {}
        }
        let same = setting.local_accesses.iter().find(|access| access.finess == self.finess);
        match (faults.is_empty(), same) {
            (false, _) => Err(NotGiven::Faults(faults.into_vec())),
            (true, Some(access)) => Err(NotGiven::Already(access.id)),
            (true, None) => Ok(()),
        }
    }
}

/// Reads an RPPS number that must be there.
pub(super) fn rpps(written: &mut Written, faults: &mut Faults) -> Option<Rpps> {
    let text = written.text("rpps", faults)?;
    match text.parse::<Rpps>() {
        Ok(rpps) => Some(rpps),
        Err(bad) => {
            let message = format!("Numéro RPPS incorrect ({}) : onze chiffres.", bad.told());
            faults.add(written.path("rpps"), "bad_rpps", message);
            None
        }
    }
}
