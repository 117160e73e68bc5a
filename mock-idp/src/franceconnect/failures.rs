//! The platform's refusals: the pages that people read to us over the phone by their code, and the
//! JSON errors of the engine. Codes that its public pages do not tell are ours, in their form.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use uuid::Uuid;

use crate::web;

/// A page that ends a log-in, and what the service learns if the person goes back to it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: &'static str,
    pub(super) status: StatusCode,
    /// The service's part of the news.
    pub(super) error: &'static str,
    pub(super) description: &'static str,
    /// The person's part.
    pub(super) text: &'static str,
}

/// The error with which a person leaves a page that is about her.
const ABORTED: (&str, &str) = ("access_denied", "user authentication aborted");
/// The one with which she leaves a page that is about us.
const TECHNICAL: (&str, &str) =
    ("server_error", "authentication aborted due to a technical error on the authorization server");
const LATER: (&str, &str) =
    ("temporarily_unavailable", "authentication aborted, the service is temporarily unavailable");

const fn failure(
    code: &'static str,
    status: StatusCode,
    (error, description): (&'static str, &'static str),
    text: &'static str,
) -> Failure {
    Failure { code, status, error, description, text }
}

const FAILURES: &[Failure] = &[
    failure(
        "Y010004",
        StatusCode::FORBIDDEN,
        ABORTED,
        "Votre identité n'a pas été retrouvée telle quelle au registre national.",
    ),
    failure(
        "Y010006",
        StatusCode::FORBIDDEN,
        ABORTED,
        "Plusieurs personnes du registre national correspondent à votre identité.",
    ),
    failure(
        "Y010007",
        StatusCode::FORBIDDEN,
        ABORTED,
        "Le registre national ne vous connaît que sous votre nom d'usage.",
    ),
    failure(
        "Y010008",
        StatusCode::FORBIDDEN,
        ABORTED,
        "Votre identité n'a pas été retrouvée au registre national.",
    ),
    failure(
        "Y010009",
        StatusCode::BAD_GATEWAY,
        TECHNICAL,
        "Le registre national a refusé notre question.",
    ),
    failure(
        "Y010011",
        StatusCode::GATEWAY_TIMEOUT,
        LATER,
        "Le registre national n'a pas répondu à temps. Réessayez plus tard.",
    ),
    failure(
        "Y010012",
        StatusCode::GATEWAY_TIMEOUT,
        LATER,
        "Le registre national est injoignable. Réessayez plus tard.",
    ),
    failure(
        "Y010013",
        StatusCode::BAD_GATEWAY,
        TECHNICAL,
        "La réponse du registre national est incompréhensible.",
    ),
    failure(
        "Y010015",
        StatusCode::FORBIDDEN,
        ABORTED,
        "Le registre national indique que la personne est décédée.",
    ),
    failure("Y180001", StatusCode::FORBIDDEN, ABORTED, "Vous avez désactivé ce compte."),
    failure(
        "Y600006",
        StatusCode::BAD_REQUEST,
        TECHNICAL,
        "L'identité transmise par votre fournisseur d'identité est incomplète ou invalide.",
    ),
];

/// The page with this code, if a log-in can end there.
pub(super) fn of(code: &str) -> Option<&'static Failure> {
    FAILURES.iter().find(|failure| failure.code == code)
}

/// A page from which nobody goes back to a service: there is none, or it is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DeadEnd {
    pub(super) code: &'static str,
    pub(super) status: StatusCode,
    pub(super) text: &'static str,
}

const fn dead_end(code: &'static str, status: StatusCode, text: &'static str) -> DeadEnd {
    DeadEnd { code, status, text }
}

const BAD: StatusCode = StatusCode::BAD_REQUEST;
pub(super) const BAD_PARAMETERS: DeadEnd =
    dead_end("Y030007", BAD, "La demande du service est mal formée.");
pub(super) const UNKNOWN_CLIENT: DeadEnd =
    dead_end("Y04EA6EF", BAD, "Le service qui vous envoie n'est pas connu ici.");
pub(super) const UNKNOWN_ADDRESS: DeadEnd =
    dead_end("Y04C013C", BAD, "L'adresse de retour du service n'est pas enregistrée.");
pub(super) const SCOPE_AND_ADDRESS: DeadEnd =
    dead_end("Y040001", BAD, "Les données demandées et l'adresse de retour sont refusées.");
pub(super) const NO_RIGHT_TO_AMR: DeadEnd =
    dead_end("Y100009", BAD, "Le service n'a pas droit au moyen d'identification utilisé.");
pub(super) const LOST: DeadEnd = dead_end(
    "Y190001",
    StatusCode::UNAUTHORIZED,
    "Votre session a expiré. Retournez sur le service et recommencez.",
);
pub(super) const NOT_THIS_WAY: DeadEnd = dead_end(
    "Y420001",
    StatusCode::CONFLICT,
    "Cette étape est déjà passée. Retournez sur le service et recommencez.",
);
pub(super) const NOT_FOUND: DeadEnd =
    dead_end("Y000404", StatusCode::NOT_FOUND, "Cette page n'existe pas.");
pub(super) const BAD_LOGOUT: DeadEnd =
    dead_end("Y040101", BAD, "La demande de déconnexion est mal formée.");
pub(super) const BAD_HINT: DeadEnd =
    dead_end("Y040102", BAD, "La demande de déconnexion ne dit pas de quelle connexion il s'agit.");
pub(super) const UNKNOWN_LOGOUT_ADDRESS: DeadEnd =
    dead_end("Y04CFAEF", BAD, "L'adresse de retour après déconnexion n'est pas enregistrée.");

/// An error of the engine, as JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OauthError {
    pub(super) status: StatusCode,
    pub(super) error: &'static str,
    description: &'static str,
    pub(super) code: &'static str,
}

const fn refusal(
    status: StatusCode,
    error: &'static str,
    code: &'static str,
    description: &'static str,
) -> OauthError {
    OauthError { status, error, description, code }
}

const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
pub(super) const BAD_CLIENT: OauthError = refusal(
    UNAUTHORIZED,
    "invalid_client",
    "Y0434A7B",
    "client authentication failed (invalid secret provided)",
);
pub(super) const NO_AUTHENTICATION: OauthError = refusal(
    BAD,
    "invalid_request",
    "Y040103",
    "request is invalid (no client authentication mechanism provided)",
);
pub(super) const BAD_BODY: OauthError = refusal(
    BAD,
    "invalid_request",
    "Y040104",
    "request is invalid (a form with each parameter once, and only those that exist)",
);
pub(super) const OTHER_GRANT: OauthError = refusal(
    BAD,
    "unsupported_grant_type",
    "Y040105",
    "unsupported grant_type requested (authorization_code only)",
);
pub(super) const NO_CODE: OauthError = refusal(
    BAD,
    "invalid_request",
    "Y048017B",
    "request is invalid (missing required parameter(s) (code))",
);
const GRANT: &str = "invalid_grant";
pub(super) const UNKNOWN_CODE: OauthError =
    refusal(BAD, GRANT, "Y049E20B", "grant request is invalid (authorization code not found)");
pub(super) const OTHER_CLIENT: OauthError =
    refusal(BAD, GRANT, "Y040106", "grant request is invalid (client mismatch)");
pub(super) const EXPIRED_CODE: OauthError =
    refusal(BAD, GRANT, "Y043F0A8", "grant request is invalid (authorization code is expired)");
pub(super) const USED_CODE: OauthError = refusal(
    BAD,
    GRANT,
    "Y0416228",
    "grant request is invalid (authorization code already consumed)",
);
pub(super) const OTHER_ADDRESS: OauthError = refusal(
    BAD,
    GRANT,
    "Y04F8199",
    "grant request is invalid (authorization code redirect_uri mismatch)",
);
pub(super) const BAD_TOKEN: OauthError = refusal(
    UNAUTHORIZED,
    "invalid_token",
    "Y040001",
    "invalid token provided (access token not found)",
);
pub(super) const NO_TOKEN: OauthError = refusal(
    UNAUTHORIZED,
    "invalid_token",
    "Y04146A2",
    "invalid token provided (no access token provided)",
);

impl OauthError {
    /// The answer; `error_uri` leads people to a page about the code, with a number of its own.
    pub(super) fn answer(self, origin: &str) -> Response {
        let id = Uuid::new_v4();
        let body = json!({
            "error": self.error,
            "error_description": self.description,
            "error_uri": format!("{origin}/erreur?code={}&id={id}", self.code),
        });
        let mut response = web::json(self.status, &body);
        if self.error == "invalid_token"
            && let Ok(challenge) = header::HeaderValue::from_str(&format!(
                "Bearer realm=\"{origin}\", error=\"{}\"",
                self.error
            ))
        {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response.into_response()
    }
}
