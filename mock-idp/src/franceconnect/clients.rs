//! The services that may ask: those of the demo, registered as the partner portal does.

use serde_json::{Value, json};

use crate::world::file::WorldFile;

/// The gateway's own registration, and a second one that chose the other algorithm: whoever wants
/// to see single sign-on, or RS256, takes that one.
pub(crate) const KEYS: [&str; 2] = [DEMO, DEMO_RS256];
const DEMO: &str = "passerelle-demo";
const DEMO_RS256: &str = "passerelle-demo-rs256";

/// Scopes about a person.
pub(super) const IDENTITY_SCOPES: [&str; 15] = [
    "openid",
    "profile",
    "birth",
    "identite_pivot",
    "gender",
    "birthdate",
    "birthcountry",
    "birthplace",
    "given_name",
    "family_name",
    "email",
    "preferred_username",
    "idp_birthdate",
    AMR,
    "idp_id",
];
/// Scopes of data providers: known to the platform, and nobody's right here.
pub(super) const DATA_SCOPES: [&str; 4] =
    ["dgfip_rfr", "cnam_paiements_ij", "cnous_statut_bourse", "mesri_identifiant"];
const AMR: &str = "amr";

/// An algorithm that a service chose at its registration, for ID token and `UserInfo` alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Es256,
    Rs256,
}

impl Algorithm {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Es256 => "ES256",
            Self::Rs256 => "RS256",
        }
    }
}

/// A service. No `Debug`: it holds a secret.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) id: &'static str,
    pub(super) secret: String,
    /// As pages name it.
    pub(super) name: &'static str,
    pub(super) redirect_uris: Vec<String>,
    pub(super) post_logout_redirect_uris: Vec<String>,
    pub(super) algorithm: Algorithm,
    /// Whether it may learn by which means somebody was identified.
    pub(super) may_have_amr: bool,
}

impl Client {
    pub(super) fn is_entitled_to(&self, scope: &str) -> bool {
        IDENTITY_SCOPES.contains(&scope) && (scope != AMR || self.may_have_amr)
    }

    /// As `GET /demo/world` tells it.
    pub(super) fn description(&self) -> Value {
        let scopes: Vec<_> =
            IDENTITY_SCOPES.into_iter().filter(|scope| self.is_entitled_to(scope)).collect();
        json!({
            "key": self.id,
            "client_id": self.id,
            "client_secret": self.secret,
            "client_name": self.name,
            "redirect_uris": self.redirect_uris,
            "post_logout_redirect_uris": self.post_logout_redirect_uris,
            "token_endpoint_auth_method": "client_secret_post",
            "id_token_signed_response_alg": self.algorithm.name(),
            "userinfo_signed_response_alg": self.algorithm.name(),
            "scope": scopes.join(" "),
        })
    }
}

/// Both registrations of the gateway that lives at `gateway`.
pub(super) fn all(gateway: &str, file: &WorldFile) -> Vec<Client> {
    let client = |id: &'static str, name, algorithm| Client {
        id,
        secret: file.read(|saved| saved.clients.get(id).cloned()).unwrap_or_default(),
        name,
        redirect_uris: vec![format!("{gateway}/portail/franceconnect/retour")],
        post_logout_redirect_uris: vec![format!("{gateway}/portail/franceconnect/sortie")],
        algorithm,
        may_have_amr: id == DEMO,
    };
    vec![
        client(DEMO, "Passerelle", Algorithm::Es256),
        client(DEMO_RS256, "Passerelle (seconde inscription)", Algorithm::Rs256),
    ]
}
