//! Where somebody manages. Pure: facts in, establishments out.

use crate::{
    access::{Standing, opens_bound_clients},
    kernel::Finess,
    registry::{Structure, habilitation::HabilitationKind},
};

use super::ports::Office;

/// The establishments that a person manages now.
///
/// A habilitation alone does not do: whoever has left no longer manages, so one of the
/// establishments that it covers must be open to them as its software is. And nothing revives:
/// `is_alive` tells whether this very session may still act at an establishment, so that a session
/// which a departure cut there stays without rights there after the departure is undone.
pub(super) fn managed(
    standing: &Standing,
    offices: &[Office],
    is_alive: impl Fn(Finess) -> bool,
) -> Vec<Structure> {
    let mut managed: Vec<Structure> = Vec::new();
    for office in offices.iter().filter(|office| manages(office.kind)) {
        let here = |structure: &&Structure| is_alive(structure.finess);
        let works = |structure: &Structure| opens_bound_clients(standing, structure.finess);
        if !office.covers.iter().filter(here).any(works) {
            continue;
        }
        for structure in office.covers.iter().filter(here) {
            if managed.iter().all(|known| known.finess != structure.finess) {
                managed.push(structure.clone());
            }
        }
    }
    managed.sort_by(|a, b| a.name.cmp(&b.name));
    managed
}

const fn manages(kind: HabilitationKind) -> bool {
    match kind {
        HabilitationKind::RepresentantLegal
        | HabilitationKind::Mandataire
        | HabilitationKind::Gestionnaire => true,
        HabilitationKind::Securite | HabilitationKind::Autorite => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::CardStanding,
        kernel::{LocalAccessId, Rpps, Timestamp},
        registry::{LocalAccess, StructureKind},
    };

    const TILLEULS: &str = "019999028";
    const RIVE_CLAIRE: &str = "699999124";

    fn structure(finess: &str) -> Structure {
        Structure {
            finess: finess.parse().unwrap(),
            kind: StructureKind::Establishment,
            legal_entity: None,
            name: finess.to_owned(),
            address: String::new(),
            commune: String::new(),
            postal_code: String::new(),
            city: String::new(),
            sector: String::new(),
            closed_at: None,
        }
    }

    /// Somebody whom these establishments let in.
    fn somebody(at: &[&str]) -> Standing {
        let rpps = Rpps::from_serial(1);
        let access = |finess: &&str| LocalAccess {
            id: LocalAccessId(uuid::Uuid::nil()),
            rpps,
            finess: finess.parse().unwrap(),
            given_at: Timestamp(0),
            ends_at: None,
            ended_at: None,
        };
        Standing {
            rpps,
            card: CardStanding::Active,
            situations: Vec::new(),
            upcoming: Vec::new(),
            local_accesses: at.iter().map(access).collect(),
        }
    }

    #[test]
    fn who_has_left_no_longer_manages() {
        use HabilitationKind::{Gestionnaire, Mandataire, RepresentantLegal, Securite};
        #[track_caller]
        fn check(
            works_at: &[&str],
            (kind, covers): (HabilitationKind, &[&str]),
            cut_at: &[&str],
            expected: &[&str],
        ) {
            let covers = covers.iter().map(|finess| structure(finess)).collect();
            let offices = [Office { kind, covers }];
            let is_alive = |finess: Finess| !cut_at.contains(&finess.as_str());
            let found = managed(&somebody(works_at), &offices, is_alive);
            let found: Vec<_> = found.iter().map(|structure| structure.finess.as_str()).collect();
            assert_eq!(found, expected);
        }
        let (t, r) = (TILLEULS, RIVE_CLAIRE);
        check(&[t], (Gestionnaire, &[t]), &[], &[t]);
        check(&[t], (Mandataire, &[t]), &[], &[t]);
        check(&[t], (RepresentantLegal, &[t]), &[], &[t]);
        check(&[t], (Securite, &[t]), &[], &[]);
        check(&[r], (Gestionnaire, &[t]), &[], &[]);
        check(&[t], (Gestionnaire, &[t]), &[t], &[]);
        // A legal entity: working at one of its establishments is enough for all of them.
        check(&[r], (Gestionnaire, &[t, r]), &[], &[t, r]);
        check(&[r], (Gestionnaire, &[t, r]), &[t], &[r]);
        check(&[r], (Gestionnaire, &[t, r]), &[r], &[]);
    }

    #[test]
    fn an_establishment_is_managed_once() {
        let office = |kind| Office { kind, covers: vec![structure(TILLEULS)] };
        let offices =
            [office(HabilitationKind::Mandataire), office(HabilitationKind::RepresentantLegal)];
        assert_eq!(managed(&somebody(&[TILLEULS]), &offices, |_| true).len(), 1);
    }
}
