//! Where somebody manages: a habilitation, honoured while its holder works there.

use jiff::civil::Date;

use crate::kernel::Finess;

use super::{
    super::{AccessAt, Authority, Situation, Structure},
    Habilitation,
};

/// What decides where one person manages, read in one snapshot.
#[derive(Clone, Debug, Default)]
pub struct Managing {
    /// What they hold, withdrawn ones left out.
    pub habilitations: Vec<Habilitation>,
    /// Their situations.
    pub situations: Vec<(Situation, Structure)>,
    /// Their local accesses.
    pub local_accesses: Vec<AccessAt>,
}

impl Managing {
    /// Whether they manage `structure` today: by a habilitation there or at the legal entity that it
    /// belongs to, for which they still work.
    pub fn manages(&self, structure: &Structure, today: Date) -> bool {
        let is_held = |held: &Habilitation| {
            held.stands()
                && held.kind.needs_structure()
                && held.finess.is_some_and(|at| belongs(structure, at) && self.works_for(at, today))
        };
        structure.closed_at.is_none() && self.habilitations.iter().any(is_held)
    }

    /// Whether something that they have opens the software of `at`, or of one of its establishments:
    /// a situation that the employer entered, or a local access.
    fn works_for(&self, at: Finess, today: Date) -> bool {
        let by_situation = |(situation, place): &(Situation, Structure)| {
            situation.is_open()
                && situation.authority == Authority::Employer
                && situation.started_on <= today
                && belongs(place, at)
        };
        let by_access =
            |(access, place): &AccessAt| access.ended_at.is_none() && belongs(place, at);
        self.situations.iter().any(by_situation) || self.local_accesses.iter().any(by_access)
    }
}

/// Whether `structure` is `at`, or one of the establishments of the legal entity `at`.
fn belongs(structure: &Structure, at: Finess) -> bool {
    structure.finess == at || structure.legal_entity == Some(at)
}

#[cfg(test)]
mod tests {
    use super::{super::HabilitationKind, *};
    use crate::{
        kernel::{HabilitationId, Rpps, SituationId, Timestamp},
        registry::StructureKind,
    };

    const ENTITY: &str = "019999010";
    const TILLEULS: &str = "019999028";
    const RIVE_CLAIRE: &str = "699999124";

    fn structure(finess: &str) -> Structure {
        Structure {
            finess: finess.parse().unwrap(),
            kind: StructureKind::Establishment,
            legal_entity: (finess == TILLEULS).then(|| ENTITY.parse().unwrap()),
            name: String::new(),
            address: String::new(),
            commune: String::new(),
            postal_code: String::new(),
            city: String::new(),
            sector: String::new(),
            closed_at: None,
        }
    }

    fn situation(
        at: &str,
        authority: Authority,
        first: &str,
        ended: bool,
    ) -> (Situation, Structure) {
        let situation = Situation {
            id: SituationId(uuid::Uuid::from_u128(1)),
            rpps: Rpps::from_serial(1),
            finess: at.parse().unwrap(),
            authority,
            profession: "313".to_owned(),
            role: "GENR11".to_owned(),
            mode: "S".to_owned(),
            started_on: first.parse().unwrap(),
            last_day: None,
            ends_at: None,
            ended_at: ended.then_some(Timestamp(1)),
            exercise_name: "N".to_owned(),
            exercise_first_name: "P".to_owned(),
        };
        (situation, structure(at))
    }

    fn held(kind: HabilitationKind, at: Option<&str>, withdrawn: bool) -> Habilitation {
        Habilitation {
            id: HabilitationId(uuid::Uuid::from_u128(1)),
            rpps: Rpps::from_serial(1),
            kind,
            finess: at.map(|at| at.parse().unwrap()),
            trained_on: None,
            given_at: Timestamp(0),
            withdrawn_at: withdrawn.then_some(Timestamp(1)),
        }
    }

    #[test]
    fn a_manager_manages_where_they_work_and_are_named() {
        use Authority::{Employer, Ordre};
        use HabilitationKind::{Gestionnaire, RepresentantLegal, Securite};
        #[track_caller]
        fn check(held: Habilitation, works: (Situation, Structure), at: &str, expected: bool) {
            let habilitations = vec![held];
            let managing =
                Managing { habilitations, situations: vec![works], ..Managing::default() };
            let today = "2026-11-21".parse().unwrap();
            assert_eq!(managing.manages(&structure(at), today), expected);
        }
        let first = "2026-01-01";
        let tilleuls = || situation(TILLEULS, Employer, first, false);
        let rive_claire = || situation(RIVE_CLAIRE, Employer, first, false);
        check(held(Gestionnaire, Some(TILLEULS), false), tilleuls(), TILLEULS, true);
        check(held(Gestionnaire, Some(TILLEULS), true), tilleuls(), TILLEULS, false);
        check(held(Gestionnaire, Some(TILLEULS), false), tilleuls(), RIVE_CLAIRE, false);
        check(held(Gestionnaire, Some(TILLEULS), false), rive_claire(), TILLEULS, false);
        check(held(RepresentantLegal, Some(ENTITY), false), tilleuls(), TILLEULS, true);
        check(held(RepresentantLegal, Some(ENTITY), false), rive_claire(), TILLEULS, false);
        check(held(RepresentantLegal, Some(ENTITY), false), tilleuls(), RIVE_CLAIRE, false);
        check(held(Securite, None, false), tilleuls(), TILLEULS, false);
        let here = || held(Gestionnaire, Some(TILLEULS), false);
        check(here(), situation(TILLEULS, Employer, first, true), TILLEULS, false);
        check(here(), situation(TILLEULS, Employer, "2026-11-22", false), TILLEULS, false);
        check(here(), situation(TILLEULS, Ordre, first, false), TILLEULS, false);

        let closed = Structure { closed_at: Some(Timestamp(1)), ..structure(TILLEULS) };
        let managing = Managing {
            habilitations: vec![here()],
            situations: vec![tilleuls()],
            ..Managing::default()
        };
        assert!(!managing.manages(&closed, "2026-11-21".parse().unwrap()));
    }
}
