//! Naming somebody: what is asked for, and whether it may be given.

use jiff::civil::Date;
use serde_json::{Map, Value};

use crate::kernel::{Finess, Rpps, journal::Actor};

use super::{
    super::{
        fault::{Fault, Faults},
        local_access::rpps,
        structure::finess,
        written::Written,
    },
    HabilitationKind,
};

/// A naming that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// Who.
    pub rpps: Rpps,
    /// As what.
    pub kind: HabilitationKind,
    /// Where.
    pub finess: Option<Finess>,
    /// The day on which they finished the training.
    pub trained_on: Option<Date>,
    /// Who asks.
    pub by: Actor,
}

/// What the records know when a naming is decided.
#[derive(Clone, Copy, Debug)]
pub struct NamingFacts {
    /// Whether somebody has this number, and it is not retired.
    pub is_person_known: bool,
    /// Whether the structure is known and open; true where none is named.
    pub is_structure_open: bool,
    /// Whether the same naming stands already.
    pub is_given: bool,
}

/// Why somebody is not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NamingRefused {
    /// Nobody has this number, or it is retired.
    #[error("no professional has this RPPS number")]
    UnknownPerson,
    /// No such structure, or it is closed.
    #[error("no open structure has this FINESS number")]
    UnknownStructure,
    /// A structure is wanted.
    #[error("this is given for one structure: name it")]
    StructureMissing,
    /// No structure is wanted.
    #[error("this is given for all structures: name none")]
    StructureUnwanted,
    /// A gestionnaire is trained first (the ANS' course, compulsory since April 2025).
    #[error("the day of the training is missing")]
    TrainingMissing,
    /// It stands already.
    #[error("this was given already")]
    AlreadyGiven,
}

impl NamingRefused {
    /// The field at fault, a stable word, and what people read.
    pub const fn told(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::UnknownPerson => {
                ("rpps", "unknown_person", "Personne n'a ce numéro RPPS : vérifiez-le.")
            }
            Self::UnknownStructure => (
                "finess",
                "unknown_structure",
                "Aucune structure ouverte n'a ce numéro : vérifiez-le.",
            ),
            Self::StructureMissing => {
                ("finess", "required", "Cette habilitation vaut pour une structure : nommez-la.")
            }
            Self::StructureUnwanted => (
                "finess",
                "unwanted",
                "Cette habilitation vaut pour toutes les structures : retirez ce champ.",
            ),
            Self::TrainingMissing => (
                "trained_on",
                "training_missing",
                "Formation non attestée : indiquez le jour où la formation a été suivie.",
            ),
            Self::AlreadyGiven => ("rpps", "already_given", "Cette habilitation est déjà donnée."),
        }
    }
}

impl Naming {
    /// Reads `{rpps, as, finess?, trained_on?}`, or all that is wrong with it.
    pub fn read(body: Map<String, Value>, today: Date, by: Actor) -> Result<Self, Vec<Fault>> {
        let mut faults = Faults::default();
        let mut written = Written::body(body);
        let rpps = rpps(&mut written, &mut faults);
        let kind = kind(&mut written, &mut faults);
        let is_somewhere = written.has("finess");
        let finess = if is_somewhere { finess(&mut written, "finess", &mut faults) } else { None };
        let trained_on = written.optional_date("trained_on", &mut faults).ok().flatten();
        if trained_on.is_some_and(|day| day > today) {
            let message = "Formation non attestée : cette date n'est pas passée.";
            faults.add("trained_on", "in_the_future", message);
        }
        written.finish(&mut faults);
        let naming = rpps.zip(kind).map(|(rpps, kind)| Self { rpps, kind, finess, trained_on, by });
        faults.or(naming)
    }

    /// May it be given? Who sits at the operator's shell vouches for the training.
    pub fn decide(&self, facts: NamingFacts) -> Result<(), NamingRefused> {
        match (self.kind.needs_structure(), self.finess) {
            (true, None) => return Err(NamingRefused::StructureMissing),
            (false, Some(_)) => return Err(NamingRefused::StructureUnwanted),
            (true, Some(_)) | (false, None) => {}
        }
        if !facts.is_person_known {
            return Err(NamingRefused::UnknownPerson);
        }
        if !facts.is_structure_open {
            return Err(NamingRefused::UnknownStructure);
        }
        let is_trained = match self.kind {
            HabilitationKind::Gestionnaire => {
                self.trained_on.is_some() || self.by == Actor::Operator
            }
            HabilitationKind::RepresentantLegal
            | HabilitationKind::Mandataire
            | HabilitationKind::Securite
            | HabilitationKind::Autorite => true,
        };
        if !is_trained {
            return Err(NamingRefused::TrainingMissing);
        }
        if facts.is_given { Err(NamingRefused::AlreadyGiven) } else { Ok(()) }
    }
}

fn kind(written: &mut Written, faults: &mut Faults) -> Option<HabilitationKind> {
    let text = written.text("as", faults)?;
    let found = HabilitationKind::ALL.into_iter().find(|kind| kind.as_str() == text);
    if found.is_none() {
        let known = HabilitationKind::ALL.map(HabilitationKind::as_str).join(", ");
        faults.add("as", "unknown_code", format!("Habilitation inconnue : indiquez {known}."));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_naming_needs_somebody_somewhere_once() {
        use HabilitationKind::{Gestionnaire, Securite};
        use NamingRefused::{
            AlreadyGiven, StructureMissing, StructureUnwanted, UnknownPerson, UnknownStructure,
        };
        #[track_caller]
        fn check(
            kind: HabilitationKind,
            at: Option<&str>,
            facts: [bool; 3],
            expected: Result<(), NamingRefused>,
        ) {
            let naming = Naming {
                rpps: Rpps::from_serial(1),
                kind,
                finess: at.map(|finess| finess.parse().unwrap()),
                trained_on: None,
                by: Actor::Operator,
            };
            let [is_person_known, is_structure_open, is_given] = facts;
            let facts = NamingFacts { is_person_known, is_structure_open, is_given };
            assert_eq!(naming.decide(facts), expected);
        }
        let tilleuls = Some("019999028");
        check(Gestionnaire, tilleuls, [true, true, false], Ok(()));
        check(Gestionnaire, None, [true, true, false], Err(StructureMissing));
        check(Gestionnaire, tilleuls, [false, true, false], Err(UnknownPerson));
        check(Gestionnaire, tilleuls, [true, false, false], Err(UnknownStructure));
        check(Gestionnaire, tilleuls, [true, true, true], Err(AlreadyGiven));
        check(Securite, None, [true, true, false], Ok(()));
        check(Securite, tilleuls, [true, true, false], Err(StructureUnwanted));
    }

    #[test]
    fn a_gestionnaire_is_trained_first() {
        use HabilitationKind::{Gestionnaire, Mandataire};
        #[track_caller]
        fn check(
            kind: HabilitationKind,
            trained_on: Option<&str>,
            by: Actor,
            expected: Result<(), NamingRefused>,
        ) {
            let naming = Naming {
                rpps: Rpps::from_serial(1),
                kind,
                finess: Some("019999028".parse().unwrap()),
                trained_on: trained_on.map(|day| day.parse().unwrap()),
                by,
            };
            let facts =
                NamingFacts { is_person_known: true, is_structure_open: true, is_given: false };
            assert_eq!(naming.decide(facts), expected);
        }
        let client = || Actor::Client("api".parse().unwrap());
        check(Gestionnaire, None, client(), Err(NamingRefused::TrainingMissing));
        check(Gestionnaire, Some("2026-01-05"), client(), Ok(()));
        check(Gestionnaire, None, Actor::Operator, Ok(()));
        check(Mandataire, None, client(), Ok(()));
    }
}
