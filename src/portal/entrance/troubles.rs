//! What a person is told when FranceConnect brought nobody: what happened, what to do, and two ways
//! on. Never which of our checks said no.

use askama::Template;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::Response,
};

use crate::{
    franceconnect::{BadToken, Failure, Refusal},
    web::page::{Frame, html},
};

use super::{LANDING, START};

#[derive(Template)]
#[template(path = "portail/franceconnect_erreur.html")]
struct Page<'a> {
    frame: Frame,
    code: &'static str,
    words: &'static Words,
    refusal: Option<&'a Refusal>,
    start: &'static str,
    landing: &'static str,
}

/// Words for one kind of trouble.
struct Words {
    status: StatusCode,
    title: &'static str,
    text: &'static str,
    remedy: &'static str,
}

const AGAIN: &str =
    "Recommencez depuis ce site : une nouvelle demande sera envoyée à FranceConnect.";
const LATER: &str = "Recommencez dans quelques minutes. Si cela dure, choisissez un autre moyen.";
const SUPPORT: &str = "Recommencez ; si cela se reproduit, prévenez l'assistance et choisissez un \
                       autre moyen.";

const UNREADABLE: Words = Words {
    status: StatusCode::BAD_REQUEST,
    title: "Réponse de FranceConnect illisible",
    text: "L'adresse par laquelle vous êtes revenu est incomplète ou a été modifiée.",
    remedy: AGAIN,
};
const NOT_IN_PROGRESS: Words = Words {
    status: StatusCode::BAD_REQUEST,
    title: "Cette identification n'est plus en cours",
    text: "Elle a expiré, elle a déjà servi (page rechargée, bouton précédent), ou elle a commencé \
           dans un autre navigateur.",
    remedy: AGAIN,
};
const CANCELLED: Words = Words {
    status: StatusCode::FORBIDDEN,
    title: "Identification interrompue",
    text: "Vous êtes revenu de FranceConnect sans vous identifier, ou FranceConnect n'a pas pu \
           confirmer votre identité. Rien n'a été enregistré.",
    remedy: "Vous pouvez recommencer, avec un autre compte si vous en avez un, ou choisir un autre \
             moyen.",
};
const BUSY: Words = Words {
    status: StatusCode::SERVICE_UNAVAILABLE,
    title: "FranceConnect est momentanément indisponible",
    text: "FranceConnect n'a pas pu terminer votre identification. Rien n'a été enregistré.",
    remedy: LATER,
};
const BROKEN: Words = Words {
    status: StatusCode::BAD_GATEWAY,
    title: "FranceConnect a rencontré une erreur",
    text: "FranceConnect n'a pas pu terminer votre identification. Rien n'a été enregistré.",
    remedy: LATER,
};
const MISUNDERSTOOD: Words = Words {
    status: StatusCode::BAD_GATEWAY,
    title: "FranceConnect a refusé notre demande",
    text: "Ce site et FranceConnect ne se sont pas compris. Ce n'est pas de votre fait, et rien n'a \
           été enregistré.",
    remedy: SUPPORT,
};
const EXPIRED: Words = Words {
    status: StatusCode::BAD_GATEWAY,
    title: "L'identification n'a pas pu être terminée",
    text: "FranceConnect n'accepte plus la réponse avec laquelle vous êtes revenu : elle ne vaut que \
           quelques secondes, et une seule fois.",
    remedy: AGAIN,
};
const NOT_BELIEVED: Words = Words {
    status: StatusCode::BAD_GATEWAY,
    title: "Identité non vérifiée",
    text: "La réponse reçue ne peut pas être attribuée avec certitude à FranceConnect et à votre \
           demande. Par prudence elle a été refusée, et rien n'a été enregistré.",
    remedy: SUPPORT,
};
const TOO_LOW: Words = Words {
    status: StatusCode::FORBIDDEN,
    title: "Niveau de garantie insuffisant",
    text: "Le compte choisi chez FranceConnect n'a pas le niveau de garantie demandé ici. Rien n'a \
           été enregistré.",
    remedy: "Recommencez avec un autre compte, ou choisissez un autre moyen.",
};
const INCOMPLETE: Words = Words {
    status: StatusCode::BAD_GATEWAY,
    title: "Identité incomplète",
    text: "FranceConnect n'a pas transmis toute l'identité nécessaire, ou sous une forme inattendue. \
           Rien n'a été enregistré.",
    remedy: "Recommencez avec un autre compte. Si cela se reproduit, choisissez un autre moyen.",
};
const OURS: Words = Words {
    status: StatusCode::SERVICE_UNAVAILABLE,
    title: "Service momentanément indisponible",
    text: "Nous ne pouvons pas vérifier pour le moment. Rien n'a été enregistré.",
    remedy: "Recommencez dans quelques secondes.",
};

/// The page for `failure`, which is also written to the log.
pub(super) fn page(frame: Frame, failure: &Failure) -> Response {
    write_down(failure);
    let words = words(failure);
    let is_ours = matches!(failure, Failure::Outage(_));
    let page = Page {
        frame,
        code: if is_ours { "indisponible" } else { "franceconnect" },
        words,
        refusal: refusal(failure),
        start: START,
        landing: LANDING,
    };
    let mut response = html(words.status, &page);
    if words.status == StatusCode::SERVICE_UNAVAILABLE {
        let wait = HeaderValue::from_static(if is_ours { "1" } else { "60" });
        response.headers_mut().insert(header::RETRY_AFTER, wait);
    }
    response
}

/// Tells the log what people are not told. It holds no secret and no identity.
pub(super) fn write_down(failure: &Failure) {
    match failure {
        Failure::Unreadable | Failure::NotInProgress | Failure::NoCode | Failure::Refused(_) => {
            tracing::info!(%failure, "FranceConnect brought nobody");
        }
        Failure::OtherIssuer
        | Failure::Rejected { .. }
        | Failure::Unreachable
        | Failure::Forbidden
        | Failure::Unintelligible { .. }
        | Failure::Endpoints(_)
        | Failure::IdToken(_)
        | Failure::Userinfo(_)
        | Failure::Identity(_)
        | Failure::Outage(_) => tracing::warn!(%failure, "FranceConnect brought nobody"),
    }
}

fn words(failure: &Failure) -> &'static Words {
    match failure {
        Failure::Unreadable | Failure::NoCode => &UNREADABLE,
        Failure::NotInProgress => &NOT_IN_PROGRESS,
        Failure::OtherIssuer => &NOT_BELIEVED,
        Failure::Refused(refusal) => match refusal.error.as_str() {
            "access_denied" => &CANCELLED,
            "temporarily_unavailable" => &BUSY,
            "server_error" => &BROKEN,
            _ => &MISUNDERSTOOD,
        },
        Failure::Rejected { refusal, .. } => match refusal.error.as_str() {
            "invalid_grant" | "invalid_token" => &EXPIRED,
            "temporarily_unavailable" => &BUSY,
            "server_error" => &BROKEN,
            _ => &MISUNDERSTOOD,
        },
        Failure::Unreachable => &BUSY,
        Failure::Unintelligible { .. } => &BROKEN,
        Failure::Forbidden | Failure::Endpoints(_) => &MISUNDERSTOOD,
        Failure::IdToken(BadToken::Level) => &TOO_LOW,
        Failure::IdToken(_) | Failure::Userinfo(_) => &NOT_BELIEVED,
        Failure::Identity(_) => &INCOMPLETE,
        Failure::Outage(_) => &OURS,
    }
}

/// What FranceConnect's support goes by, where FranceConnect said it.
fn refusal(failure: &Failure) -> Option<&Refusal> {
    match failure {
        Failure::Refused(refusal) | Failure::Rejected { refusal, .. } => Some(refusal),
        Failure::Unreadable
        | Failure::NotInProgress
        | Failure::OtherIssuer
        | Failure::NoCode
        | Failure::Unreachable
        | Failure::Forbidden
        | Failure::Unintelligible { .. }
        | Failure::Endpoints(_)
        | Failure::IdToken(_)
        | Failure::Userinfo(_)
        | Failure::Identity(_)
        | Failure::Outage(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Outage;

    #[test]
    fn each_trouble_has_its_page() {
        #[track_caller]
        fn check(failure: &Failure, status: u16, title: &str) {
            let words = words(failure);
            assert_eq!((words.status.as_u16(), words.title), (status, title), "{failure}");
        }
        let refused = |error| Failure::Refused(Refusal::new(error, None));
        let rejected =
            |error| Failure::Rejected { what: "the code", refusal: Refusal::new(error, None) };
        let down = "FranceConnect est momentanément indisponible";
        check(&Failure::NotInProgress, 400, "Cette identification n'est plus en cours");
        check(&refused("access_denied"), 403, "Identification interrompue");
        check(&refused("temporarily_unavailable"), 503, down);
        check(&refused("server_error"), 502, "FranceConnect a rencontré une erreur");
        check(&refused("invalid_scope"), 502, "FranceConnect a refusé notre demande");
        check(&rejected("invalid_grant"), 502, "L'identification n'a pas pu être terminée");
        check(&rejected("invalid_client"), 502, "FranceConnect a refusé notre demande");
        check(&Failure::Unreachable, 503, down);
        check(&Failure::OtherIssuer, 502, "Identité non vérifiée");
        check(&Failure::IdToken(BadToken::Nonce), 502, "Identité non vérifiée");
        check(&Failure::IdToken(BadToken::Level), 403, "Niveau de garantie insuffisant");
        check(&Failure::Outage(Outage::Busy), 503, "Service momentanément indisponible");
    }

    #[test]
    fn a_page_shows_the_code_and_two_ways_on() {
        let uri = "https://docs.example/?code=Y010011&id=4ab1";
        let refusal = Refusal::new("temporarily_unavailable", Some(uri));
        let failure = Failure::Refused(refusal);
        let page = Page {
            frame: Frame { demo: false },
            code: "franceconnect",
            words: words(&failure),
            refusal: super::refusal(&failure),
            start: START,
            landing: LANDING,
        };
        let page = page.render().unwrap();
        for words in [
            "data-code=\"franceconnect\"",
            "Y010011",
            "4ab1",
            "href=\"/portail/franceconnect\"",
            "href=\"/portail\"",
        ] {
            assert!(page.contains(words), "{words}: {page}");
        }
    }
}
