//! Where a session manages. The registry says where somebody manages; this says what of it a session
//! that is older than a departure may still use. Pure: facts in, establishments out.

use jiff::civil::Date;

use crate::{
    kernel::Finess,
    registry::{Structure, StructureKind, habilitation::Managing},
};

/// The establishments of `candidates` that this very session may still manage.
///
/// Nothing revives: `is_alive` tells whether the session may act there, so that one which a departure
/// or a withdrawal cut at an establishment, or at its legal entity, stays without rights there after
/// that was undone; and work at a place where it was cut holds up no habilitation elsewhere.
pub(super) fn still_managed(
    candidates: Vec<Structure>,
    mut managing: Managing,
    today: Date,
    is_alive: impl Fn(Finess) -> bool,
) -> Vec<Structure> {
    let lives =
        |place: &Structure| is_alive(place.finess) && place.legal_entity.is_none_or(&is_alive);
    managing.situations.retain(|(_, place)| lives(place));
    managing.local_accesses.retain(|(_, place)| lives(place));
    let mut managed = candidates;
    managed.retain(|place| {
        place.kind == StructureKind::Establishment && lives(place) && managing.manages(place, today)
    });
    managed.sort_by(|a, b| a.name.cmp(&b.name));
    managed
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::{HabilitationId, LocalAccessId, Rpps, Timestamp},
        registry::{
            LocalAccess,
            habilitation::{Habilitation, HabilitationKind},
        },
    };

    const ENTITY: &str = "019999010";
    const TILLEULS: &str = "019999028";
    const SAAD: &str = "019999036";

    fn structure(finess: &str) -> Structure {
        let is_entity = finess == ENTITY;
        Structure {
            finess: finess.parse().unwrap(),
            kind: if is_entity { StructureKind::LegalEntity } else { StructureKind::Establishment },
            legal_entity: (!is_entity).then(|| ENTITY.parse().unwrap()),
            name: finess.to_owned(),
            address: String::new(),
            commune: String::new(),
            postal_code: String::new(),
            city: String::new(),
            sector: String::new(),
            closed_at: None,
        }
    }

    /// Somebody whom one establishment lets in, and who holds something.
    fn somebody(works_at: &str, held_at: &str) -> Managing {
        let rpps = Rpps::from_serial(1);
        let access = LocalAccess {
            id: LocalAccessId(uuid::Uuid::nil()),
            rpps,
            finess: works_at.parse().unwrap(),
            given_at: Timestamp(0),
            ends_at: None,
            ended_at: None,
        };
        let held = Habilitation {
            id: HabilitationId(uuid::Uuid::nil()),
            rpps,
            kind: HabilitationKind::Gestionnaire,
            finess: Some(held_at.parse().unwrap()),
            trained_on: None,
            given_at: Timestamp(0),
            withdrawn_at: None,
        };
        Managing {
            habilitations: vec![held],
            local_accesses: vec![(access, structure(works_at))],
            ..Managing::default()
        }
    }

    #[test]
    fn a_session_manages_nothing_where_it_was_cut() {
        #[track_caller]
        fn check((works_at, held_at): (&str, &str), cut_at: &[&str], expected: &[&str]) {
            let candidates = [ENTITY, TILLEULS, SAAD].map(structure).to_vec();
            let is_alive = |finess: Finess| !cut_at.contains(&finess.as_str());
            let today = "2026-11-21".parse().unwrap();
            let found = still_managed(candidates, somebody(works_at, held_at), today, is_alive);
            let found: Vec<_> = found.iter().map(|place| place.finess.as_str()).collect();
            assert_eq!(found, expected);
        }
        check((TILLEULS, TILLEULS), &[], &[TILLEULS]);
        check((TILLEULS, TILLEULS), &[TILLEULS], &[]);
        check((TILLEULS, TILLEULS), &[SAAD], &[TILLEULS]);
        check((SAAD, TILLEULS), &[], &[]);
        // A legal entity: work at one of its establishments is enough for all of them.
        check((SAAD, ENTITY), &[], &[TILLEULS, SAAD]);
        check((SAAD, ENTITY), &[TILLEULS], &[SAAD]);
        check((SAAD, ENTITY), &[SAAD], &[]);
        check((SAAD, ENTITY), &[ENTITY], &[]);
    }
}
