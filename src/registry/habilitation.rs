//! What lets a professional manage a structure, or watch over all of them.

use uuid::Uuid;

use crate::kernel::{Finess, Outage, Rpps, journal::Actor};

/// What somebody is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HabilitationKind {
    /// Head of a structure, answerable for what is entered there.
    RepresentantLegal,
    /// Named by the head; may name managers.
    Mandataire,
    /// Enters and ends situations.
    Gestionnaire,
    /// Security officer: sees and cuts access everywhere.
    Securite,
    /// Speaks for the authority that keeps the registry.
    Autorite,
}

impl HabilitationKind {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::RepresentantLegal,
        Self::Mandataire,
        Self::Gestionnaire,
        Self::Securite,
        Self::Autorite,
    ];

    /// Its stable name, as written and stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RepresentantLegal => "representant-legal",
            Self::Mandataire => "mandataire",
            Self::Gestionnaire => "gestionnaire",
            Self::Securite => "securite",
            Self::Autorite => "autorite",
        }
    }

    /// Whether it is given for one structure; the others are for all.
    pub const fn needs_structure(self) -> bool {
        match self {
            Self::RepresentantLegal | Self::Mandataire | Self::Gestionnaire => true,
            Self::Securite | Self::Autorite => false,
        }
    }
}

/// A naming that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Naming {
    /// Who.
    pub rpps: Rpps,
    /// As what.
    pub kind: HabilitationKind,
    /// Where.
    pub finess: Option<Finess>,
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
    /// It stands already.
    #[error("this was given already")]
    AlreadyGiven,
}

impl Naming {
    /// May it be given?
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
        if facts.is_given { Err(NamingRefused::AlreadyGiven) } else { Ok(()) }
    }
}

/// The storage verb: facts, decision, row and journal line in one transaction.
#[async_trait::async_trait]
pub trait Habilitations: Send + Sync {
    /// Gives it, if [`Naming::decide`] says so.
    async fn give_habilitation(
        &self,
        naming: Naming,
    ) -> Result<Result<Uuid, NamingRefused>, Outage>;
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
}
