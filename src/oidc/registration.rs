//! What somebody wrote to register a client, and either what we keep of it or all its faults.
//!
//! Names are those of OpenID Connect Dynamic Client Registration 1.0, section 2, and of our own
//! settings. A change (`PUT`) names the members that change; `null` brings a default back.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    kernel::{Finess, secret::Secret},
    web::outgoing::Allow,
};

use super::{
    bad_member::{BadMember, Flaw, Shape},
    client_settings::{AuthMethod, ClientSettings, Overrides, Profile},
    scope::{API_SCOPES, PERSON_SCOPES, Scopes},
};

/// What a client may ask the token endpoint for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    /// A code becomes tokens.
    AuthorizationCode,
    /// A refresh token becomes new tokens.
    RefreshToken,
    /// A program stands for itself.
    ClientCredentials,
}

/// A registration as it is kept: as written, without the secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// How people read its name.
    pub client_name: String,
    /// Where authorization answers may go; compared byte for byte.
    pub redirect_uris: Vec<String>,
    /// Where browsers may go after log-out; compared byte for byte.
    pub post_logout_redirect_uris: Vec<String>,
    /// Where it wants to be told that a session is over.
    pub backchannel_logout_uri: Option<String>,
    /// What it may ask the token endpoint for.
    pub grant_types: Vec<GrantType>,
    /// What it may ask for; `None`: everything a person's token may tell.
    pub scope: Option<Scopes>,
    /// The structure that it is bound to; `None`: national.
    pub structure: Option<Finess>,
    /// Whether it may do anything.
    pub enabled: bool,
    /// Its defaults.
    pub profile: Profile,
    /// What it overrides.
    pub settings: Overrides,
}

/// What was written, understood: what to keep, and the secret if one was chosen.
#[derive(Debug)]
pub struct Written {
    /// What to keep.
    pub registration: Registration,
    /// The secret that the caller chose.
    pub secret: Option<Secret>,
}

impl Registration {
    /// Nothing but a name: what a new registration starts from.
    pub fn blank(client_name: &str) -> Self {
        Self {
            client_name: client_name.to_owned(),
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            backchannel_logout_uri: None,
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            scope: None,
            structure: None,
            enabled: true,
            profile: Profile::Psc,
            settings: Overrides::default(),
        }
    }

    /// Its effective settings.
    pub fn effective(&self) -> ClientSettings {
        self.profile.with(&self.settings)
    }

    /// Every scope that it may have.
    pub fn scopes(&self) -> Scopes {
        self.scope.clone().unwrap_or_else(|| Scopes::read(&PERSON_SCOPES.join(" ")))
    }

    /// What is wrong with `written` if we may not tell its client, there, that a session is over.
    /// An address that this registration had already is not held against a change of another member.
    pub fn untold(&self, written: &Map<String, Value>, allow: &Allow) -> Option<BadMember> {
        const FIELD: &str = "backchannel_logout_uri";
        let uri = written.get(FIELD)?.as_str()?;
        let url: Url = uri.parse().ok().filter(|_| is_web_address(uri))?;
        let is_new = self.backchannel_logout_uri.as_deref() != Some(uri);
        (is_new && !allow.admits(&url)).then(|| BadMember::new(FIELD, Flaw::Unreachable))
    }

    /// What `written` makes of this registration, or all that is wrong with it.
    pub fn change(&self, written: Map<String, Value>) -> Result<Written, Vec<BadMember>> {
        let mut reader = Reader { written, bad: Vec::new() };
        let addresses = &self.post_logout_redirect_uris;
        let registration = Self {
            client_name: reader.or("client_name", Shape::Text, &self.client_name),
            redirect_uris: reader.or("redirect_uris", Shape::Texts, &self.redirect_uris),
            post_logout_redirect_uris: reader.or(
                "post_logout_redirect_uris",
                Shape::Texts,
                addresses,
            ),
            backchannel_logout_uri: reader.or(
                "backchannel_logout_uri",
                Shape::Text,
                &self.backchannel_logout_uri,
            ),
            grant_types: reader.or("grant_types", GRANT_TYPES, &self.grant_types),
            scope: reader.or("scope", Shape::Text, &self.scope),
            structure: reader.or("structure", Shape::Finess, &self.structure),
            enabled: reader.or("enabled", Shape::Flag, &self.enabled),
            profile: reader.or("profile", PROFILES, &self.profile),
            settings: reader.settings(&self.settings),
        };
        let secret = reader.secret();
        reader.fixed_members();
        reader.leftovers();
        let mut bad = reader.bad;
        check(&registration, &mut bad);
        if bad.is_empty() { Ok(Written { registration, secret }) } else { Err(bad) }
    }
}

const GRANT_TYPES: Shape =
    Shape::ListOf(&["authorization_code", "refresh_token", "client_credentials"]);
const PROFILES: Shape = Shape::OneOf(&["psc", "oidc", "fapi2"]);

/// Takes members one by one, so that every fault is told and no member passes unread.
struct Reader {
    written: Map<String, Value>,
    bad: Vec<BadMember>,
}

impl Reader {
    /// The member as written; `kept` if it was not. `null` stands for an absent value where the
    /// member has one.
    fn or<T: DeserializeOwned + Clone>(&mut self, field: &str, shape: Shape, kept: &T) -> T {
        match self.written.remove(field).map(serde_json::from_value) {
            None => kept.clone(),
            Some(Ok(value)) => value,
            Some(Err(_)) => {
                self.bad.push(BadMember::new(field, Flaw::Shape(shape)));
                kept.clone()
            }
        }
    }

    fn settings(&mut self, kept: &Overrides) -> Overrides {
        use Shape::{Clients, Flag, OneOf, Texts};
        const METHODS: Shape = OneOf(&["client_secret_basic", "client_secret_post"]);
        const ALGORITHMS: Shape = OneOf(&["RS256", "PS256", "ES256"]);
        const LEVELS: Shape = OneOf(&["eidas1", "eidas2", "eidas3", "none"]);
        const MODES: Shape = OneOf(&["reissue", "rotate", "stable"]);
        Overrides {
            require_pkce: self.or("require_pkce", Flag, &kept.require_pkce),
            required_parameters: self.or("required_parameters", Texts, &kept.required_parameters),
            token_endpoint_auth_method: self.or(
                "token_endpoint_auth_method",
                METHODS,
                &kept.token_endpoint_auth_method,
            ),
            require_pushed_authorization_requests: self.or(
                "require_pushed_authorization_requests",
                Flag,
                &kept.require_pushed_authorization_requests,
            ),
            tls_client_certificate_bound_access_tokens: self.or(
                "tls_client_certificate_bound_access_tokens",
                Flag,
                &kept.tls_client_certificate_bound_access_tokens,
            ),
            id_token_signed_response_alg: self.or(
                "id_token_signed_response_alg",
                ALGORITHMS,
                &kept.id_token_signed_response_alg,
            ),
            id_token_claims: self.or(
                "id_token_claims",
                OneOf(&["psc", "minimal"]),
                &kept.id_token_claims,
            ),
            acr: self.or("acr", LEVELS, &kept.acr),
            sub_form: self.or("sub_form", OneOf(&["federated", "uuid"]), &kept.sub_form),
            situations: self.or("situations", OneOf(&["all", "own"]), &kept.situations),
            access_token_format: self.or(
                "access_token_format",
                OneOf(&["psc", "rfc9068"]),
                &kept.access_token_format,
            ),
            refresh_token_mode: self.or("refresh_token_mode", MODES, &kept.refresh_token_mode),
            session_state: self.or("session_state", Flag, &kept.session_state),
            state_at_logout: self.or("state_at_logout", Flag, &kept.state_at_logout),
            introspects: self.or("introspects", Clients, &kept.introspects),
        }
    }

    fn secret(&mut self) -> Option<Secret> {
        let written = self.written.remove("client_secret");
        let value = written.filter(|value| !value.is_null())?;
        match value {
            Value::String(text) if is_sound_secret(&text) => return Some(Secret::received(text)),
            Value::String(_)
            | Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => {}
        }
        self.bad.push(BadMember::new("client_secret", Flaw::Secret));
        None
    }

    /// Members of the standard and of the contract that have one value here.
    fn fixed_members(&mut self) {
        let only: [(&str, &[Value]); 9] = [
            ("userinfo_signed_response_alg", &["none".into()]),
            ("response_types", &[serde_json::json!(["code"]), serde_json::json!([])]),
            ("subject_type", &["public".into()]),
            ("backchannel_logout_session_required", &[true.into(), false.into()]),
            ("client_assertion_audience", &["issuer_or_endpoint".into()]),
            ("cnf_form", &["rfc8705".into()]),
            ("binding_message", &["two_digits".into()]),
            ("backchannel_token_delivery_mode", &["poll".into()]),
            ("backchannel_authentication_request_signing_alg", &[]),
        ];
        for (field, accepted) in only {
            let value = self.written.remove(field).unwrap_or_default();
            if !value.is_null() && !accepted.contains(&value) {
                self.bad.push(BadMember::new(field, Flaw::NotSupported));
            }
        }
    }

    fn leftovers(&mut self) {
        let unknown = std::mem::take(&mut self.written).into_iter();
        self.bad.extend(unknown.map(|(field, _)| BadMember::new(&field, Flaw::Unknown)));
    }
}

/// RFC 6749, appendix A.2: visible ASCII.
fn is_sound_secret(text: &str) -> bool {
    (8..=256).contains(&text.len()) && text.bytes().all(|c| c.is_ascii_graphic() || c == b' ')
}

/// Names of authorization parameters that a client may be required to send.
const REQUIRABLE: [&str; 9] = [
    "state",
    "nonce",
    "acr_values",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "response_mode",
];

fn check(registration: &Registration, bad: &mut Vec<BadMember>) {
    let mut wrong = |field: &str, flaw| bad.push(BadMember::new(field, flaw));
    if registration.client_name.trim().is_empty() || registration.client_name.len() > 200 {
        wrong("client_name", Flaw::Name);
    }
    for (field, uri) in wrong_addresses(registration) {
        wrong(field, Flaw::Address(uri.to_owned()));
    }
    let takes_codes = registration.grant_types.contains(&GrantType::AuthorizationCode);
    if takes_codes && registration.redirect_uris.is_empty() {
        wrong("redirect_uris", Flaw::NoAddress);
    }
    if !takes_codes && registration.grant_types.contains(&GrantType::RefreshToken) {
        wrong("grant_types", Flaw::RefreshAlone);
    }
    let is_known = |scope: &str| PERSON_SCOPES.contains(&scope) || API_SCOPES.contains(&scope);
    for scope in registration.scope.iter().flat_map(Scopes::iter).filter(|scope| !is_known(scope)) {
        wrong("scope", Flaw::Scope(scope.to_owned()));
    }
    let effective = registration.effective();
    let requirable = |name: &&String| !REQUIRABLE.contains(&name.as_str());
    for name in effective.required_parameters.iter().filter(requirable) {
        wrong("required_parameters", Flaw::Parameter(name.clone()));
    }
    let has_secret = match effective.token_endpoint_auth_method {
        AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost => true,
        AuthMethod::PrivateKeyJwt
        | AuthMethod::TlsClientAuth
        | AuthMethod::SelfSignedTlsClientAuth => false,
    };
    let absent = [
        ("token_endpoint_auth_method", !has_secret),
        ("require_pushed_authorization_requests", effective.require_pushed_authorization_requests),
        (
            "tls_client_certificate_bound_access_tokens",
            effective.tls_client_certificate_bound_access_tokens,
        ),
    ];
    for (field, _) in absent.into_iter().filter(|(_, wanted)| *wanted) {
        wrong(field, Flaw::NotSupportedYet);
    }
}

/// The addresses that are none, each with its member.
fn wrong_addresses(registration: &Registration) -> impl Iterator<Item = (&'static str, &str)> {
    let returns = [
        ("redirect_uris", &registration.redirect_uris),
        ("post_logout_redirect_uris", &registration.post_logout_redirect_uris),
    ];
    let returns = returns.into_iter().flat_map(|(field, uris)| {
        uris.iter().filter(|uri| !is_return_address(uri)).map(move |uri| (field, uri.as_str()))
    });
    let notices = registration.backchannel_logout_uri.as_deref().filter(|uri| !is_web_address(uri));
    returns.chain(notices.map(|uri| ("backchannel_logout_uri", uri)))
}

/// A web address, or the private scheme of a native application (RFC 8252, section 7.1); never with
/// a fragment (RFC 6749, section 3.1.2).
fn is_return_address(text: &str) -> bool {
    let private = |url: &Url| url.scheme().contains('.') && url.fragment().is_none();
    is_web_address(text) || is_plain(text) && Url::parse(text).is_ok_and(|url| private(&url))
}

fn is_web_address(text: &str) -> bool {
    let web = |url: &Url| {
        matches!(url.scheme(), "http" | "https") && url.has_host() && url.fragment().is_none()
    };
    is_plain(text) && Url::parse(text).is_ok_and(|url| web(&url))
}

/// An address goes into a header as it was registered.
fn is_plain(text: &str) -> bool {
    text.len() <= 2000 && text.bytes().all(|c| c.is_ascii_graphic())
}

#[cfg(test)]
#[path = "registration_tests.rs"]
mod tests;
