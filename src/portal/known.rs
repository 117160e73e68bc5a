//! Somebody whom FranceConnect vouches for and whom the registry knows already: what they are told
//! instead of the way to a request, as early as the gateway knows.

use crate::{
    registry::request::{RequestFacts, RequestState},
    web::page::Trouble,
};

/// What is known of somebody before they wrote anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Their own request waits.
    Asked,
    /// Their own request was validated.
    Validated,
    /// They have a number, wherever it comes from.
    Registered,
    /// A request of the same identity waits, sent with another account.
    AskedElsewhere,
}

impl Known {
    /// `own` is what has become of the person's last request. After a refusal, somebody begins anew.
    pub(super) fn of(own: Option<RequestState>, facts: &RequestFacts) -> Option<Self> {
        match own {
            Some(RequestState::ToProcess) => return Some(Self::Asked),
            Some(RequestState::Validated) => return Some(Self::Validated),
            Some(RequestState::Rejected | RequestState::Lapsed) | None => {}
        }
        if facts.sub_of.or(facts.known.same_person).is_some() {
            return Some(Self::Registered);
        }
        facts.pending.map(|_| Self::AskedElsewhere)
    }

    /// What happened, and what to do.
    pub(super) const fn words(self) -> Trouble<'static> {
        const STATE: &str = "/portail/preenregistrement/envoyee";
        match self {
            Self::Asked => Trouble {
                code: "demande_envoyee",
                title: "Votre demande est déjà envoyée",
                text: "Elle attend la décision de votre établissement, qui n'est pas averti de son \
                       arrivée : prévenez-le. Il n'y a rien d'autre à remplir.",
                onward: Some((STATE, "Suivre ma demande")),
            },
            Self::Validated => Trouble {
                code: "demande_validee",
                title: "Vous êtes déjà enregistré(e)",
                text: "Votre demande a été validée et votre numéro RPPS vous a été envoyé par \
                       courriel. Il n'y a rien à redemander : la suite est l'activation de votre \
                       e-CPS.",
                onward: Some((STATE, "Voir où en est mon enregistrement")),
            },
            Self::Registered => Trouble {
                code: "deja_enregistre",
                title: "Vous avez déjà un numéro RPPS : demandez un rattachement",
                text: "Une personne n'a qu'un numéro, pour la vie. Donnez le vôtre à votre \
                       établissement : il vous rattache en ajoutant une situation d'exercice à \
                       votre enregistrement. Votre numéro figure dans le courriel reçu à \
                       l'enregistrement, et dans l'annuaire.",
                onward: Some(("/annuaire", "Retrouver mon numéro dans l'annuaire")),
            },
            Self::AskedElsewhere => Trouble {
                code: "demande_en_cours",
                title: "Une demande est déjà en cours pour cette identité",
                text: "Mêmes noms, mêmes date et lieu de naissance : une demande attend la décision \
                       d'un établissement. Si c'est la vôtre, retrouvez-la avec le compte qui a \
                       servi à l'envoyer. Si vous êtes homonymes, demandez à votre établissement de \
                       vous enregistrer lui-même.",
                onward: None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        kernel::{RequestId, Rpps},
        registry::registration::Known as KnownToRegistry,
    };

    #[test]
    fn who_is_known_is_told_the_nearest_thing_first() {
        #[track_caller]
        fn check(own: Option<RequestState>, facts: &RequestFacts, expected: Option<Known>) {
            assert_eq!(Known::of(own, facts), expected);
        }
        let nobody = RequestFacts::default();
        let rpps = Some(Rpps::from_serial(1));
        let same = KnownToRegistry { same_person: rpps, ..KnownToRegistry::default() };
        let same = RequestFacts { known: same, ..RequestFacts::default() };
        let account = RequestFacts { sub_of: rpps, ..RequestFacts::default() };
        let id = RequestId(uuid::Uuid::nil());
        let pending = RequestFacts { pending: Some(id), ..RequestFacts::default() };
        check(None, &nobody, None);
        check(None, &same, Some(Known::Registered));
        check(None, &account, Some(Known::Registered));
        check(None, &pending, Some(Known::AskedElsewhere));
        check(Some(RequestState::ToProcess), &pending, Some(Known::Asked));
        check(Some(RequestState::Validated), &account, Some(Known::Validated));
        check(Some(RequestState::Rejected), &nobody, None);
        check(Some(RequestState::Lapsed), &same, Some(Known::Registered));
    }
}
