//! Undoing: what has ended, or is due to, opens again; whatever its end has cut stays cut.

use crate::registry::{
    LocalAccess,
    local_access::{LocalAccessDraft, NotGiven, Setting},
};

/// Why an end is not undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReopenRefused {
    /// No such situation or local access, or none that this asker may know of.
    #[error("situation inconnue")]
    Unknown,
    /// It neither ended nor is due to.
    #[error("aucune fin n'est faite ni prévue")]
    NotEnded,
    /// An Ordre or an ARS entered it.
    #[error("cette situation a été enregistrée par un Ordre ou une ARS")]
    OtherAuthority,
    /// The number is retired: a wrong identity was deleted.
    #[error("ce numéro RPPS a été retiré")]
    Retired,
    /// The structure has closed.
    #[error("cette structure est fermée")]
    StructureClosed,
    /// The local access was given once more in the meantime.
    #[error("un accès local lui a été donné de nouveau depuis")]
    GivenAgain,
    /// No local access could be given any more.
    #[error(
        "un accès local ne peut plus lui être donné ici : il faut qu'un Ordre ou une ARS enregistre \
         cette personne, et que la structure soit ouverte"
    )]
    NotToBeGiven,
}

/// May a local access be as if it had not been withdrawn? One that is open still is only relieved of
/// its end; one that has ended is given under the rules of today.
pub fn may_give_back(access: &LocalAccess, setting: &Setting) -> Result<(), ReopenRefused> {
    match (access.ended_at, access.ends_at) {
        (None, None) => return Err(ReopenRefused::NotEnded),
        (None, Some(_)) => return Ok(()),
        (Some(_), _) => {}
    }
    LocalAccessDraft::again(access).judge(setting).map_err(|refused| match refused {
        NotGiven::Already(_) => ReopenRefused::GivenAgain,
        NotGiven::Faults(_) => ReopenRefused::NotToBeGiven,
    })
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        kernel::{LocalAccessId, Rpps, SituationId, Timestamp},
        registry::{Authority, Situation, Structure, StructureKind},
    };

    const TILLEULS: &str = "019999028";

    fn access(ends_at: Option<i64>, ended_at: Option<i64>) -> LocalAccess {
        LocalAccess {
            id: LocalAccessId(Uuid::from_u128(1)),
            rpps: Rpps::from_serial(1),
            finess: TILLEULS.parse().unwrap(),
            given_at: Timestamp(0),
            ends_at: ends_at.map(Timestamp),
            ended_at: ended_at.map(Timestamp),
        }
    }

    fn setting(authority: Authority) -> Setting {
        let situation = Situation {
            id: SituationId(Uuid::from_u128(1)),
            rpps: Rpps::from_serial(1),
            finess: "699999124".parse().unwrap(),
            authority,
            profession: "60".to_owned(),
            role: "GENR11".to_owned(),
            mode: "S".to_owned(),
            started_on: "2026-01-01".parse().unwrap(),
            last_day: None,
            ends_at: None,
            ended_at: None,
            exercise_name: "N".to_owned(),
            exercise_first_name: "P".to_owned(),
        };
        let structure = Structure {
            finess: TILLEULS.parse().unwrap(),
            kind: StructureKind::Establishment,
            legal_entity: None,
            name: "S".to_owned(),
            address: String::new(),
            commune: String::new(),
            postal_code: String::new(),
            city: String::new(),
            sector: String::new(),
            closed_at: None,
        };
        Setting {
            is_known: true,
            situations: vec![situation],
            local_accesses: Vec::new(),
            structure: Some(structure),
        }
    }

    #[test]
    fn a_local_access_is_given_back_under_the_rules_of_today() {
        #[track_caller]
        fn check(
            (ends_at, ended_at): (Option<i64>, Option<i64>),
            change: impl Fn(&mut Setting),
            expected: Result<(), ReopenRefused>,
        ) {
            let mut setting = setting(Authority::Ordre);
            change(&mut setting);
            assert_eq!(may_give_back(&access(ends_at, ended_at), &setting), expected);
        }
        let ended = (Some(5), Some(5));
        check(ended, |_| {}, Ok(()));
        check((None, None), |_| {}, Err(ReopenRefused::NotEnded));
        check((Some(5), None), |_| {}, Ok(()));
        check(ended, |at| at.is_known = false, Err(ReopenRefused::NotToBeGiven));
        check(ended, |at| at.situations.clear(), Err(ReopenRefused::NotToBeGiven));
        check(ended, |at| at.structure = None, Err(ReopenRefused::NotToBeGiven));
        let again = |at: &mut Setting| at.local_accesses.push(access(None, None));
        check(ended, again, Err(ReopenRefused::GivenAgain));
    }
}
