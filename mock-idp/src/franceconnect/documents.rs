//! What the platform signs: the ID token and `UserInfo`, right or wrong as the scenario says.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::authorize::{LEVEL, PROVIDER};
use super::clients::Client;
use super::desk::Grant;
use super::identities::Identity;
use super::keys::Keys;
use super::scenarios::Flaw;
use crate::jws::{KeyError, compact, signing_input};

/// Codes aside, everything lives a minute.
pub(super) const LIFETIME: i64 = 60;
/// How long ago a document was made that is to be expired.
const LONG_AGO: i64 = 3600;
/// By which means people are identified here, as `amr` says it.
const MEANS: [&str; 2] = ["fc", "pwd"];

/// Everything that a document is about.
pub(super) struct Subject<'a> {
    pub(super) issuer: &'a str,
    pub(super) client: &'a Client,
    pub(super) identity: &'a Identity,
    pub(super) grant: &'a Grant,
    pub(super) now: Timestamp,
}

impl Subject<'_> {
    /// The claims of the ID token: eight, or nine with `amr`.
    pub(super) fn id_token(&self) -> Map<String, Value> {
        let mut claims = self.envelope();
        let mut say = |name: &str, value: Value| claims.insert(name.to_owned(), value);
        say("acr", LEVEL.into());
        say("auth_time", self.grant.auth_time.as_second().into());
        say("nonce", self.grant.wish.nonce.clone().into());
        if self.grant.wish.amr {
            say("amr", MEANS.as_slice().into());
        }
        claims
    }

    /// What the scopes release, in the envelope of a JWT; no nonce.
    pub(super) fn user_info(&self) -> Map<String, Value> {
        let scopes: Vec<&str> = self.grant.wish.scope.split(' ').collect();
        let mut released = self.envelope();
        for (name, value) in self.identity.claims() {
            if scopes.iter().any(|scope| releases(scope, &name)) {
                released.insert(name, value);
            }
        }
        if scopes.contains(&"amr") {
            released.insert("amr".into(), MEANS.as_slice().into());
        }
        if scopes.contains(&"idp_id") {
            released.insert("idp_id".into(), PROVIDER.into());
        }
        released
    }

    fn envelope(&self) -> Map<String, Value> {
        let now = self.now.as_second();
        let mut claims = Map::new();
        claims.insert("sub".into(), self.identity.subject(self.client.id).into());
        claims.insert("iss".into(), self.issuer.into());
        claims.insert("aud".into(), self.client.id.into());
        claims.insert("iat".into(), now.into());
        claims.insert("exp".into(), now.saturating_add(LIFETIME).into());
        claims
    }
}

/// Whether a scope releases a claim. `given_name_array` has no scope of its own.
fn releases(scope: &str, claim: &str) -> bool {
    const PROFILE: [&str; 5] =
        ["given_name", "given_name_array", "family_name", "birthdate", "gender"];
    const BIRTH: [&str; 2] = ["birthplace", "birthcountry"];
    match scope {
        "profile" => PROFILE.contains(&claim) || claim == "preferred_username",
        "birth" => BIRTH.contains(&claim),
        "identite_pivot" => PROFILE.contains(&claim) || BIRTH.contains(&claim),
        "given_name" => claim == "given_name" || claim == "given_name_array",
        of_its_name => of_its_name == claim,
    }
}

/// The claims that a page names to the person, with their labels, as far as the scopes go.
pub(super) fn released_to_people(
    scope: &str,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    const LABELS: [(&str, &str); 8] = [
        ("given_name", "Prénoms"),
        ("family_name", "Nom de naissance"),
        ("preferred_username", "Nom d'usage"),
        ("birthdate", "Date de naissance"),
        ("gender", "Sexe"),
        ("birthplace", "Commune de naissance (code)"),
        ("birthcountry", "Pays de naissance (code)"),
        ("email", "Adresse électronique"),
    ];
    let scopes: Vec<String> = scope.split(' ').map(str::to_owned).collect();
    LABELS.into_iter().filter(move |(claim, _)| scopes.iter().any(|scope| releases(scope, claim)))
}

/// Signs the claims as a JWT, with what is to be wrong.
pub(super) fn seal(
    keys: &Keys,
    client: &Client,
    mut claims: Map<String, Value>,
    flaw: Option<Flaw>,
    access_token: &str,
) -> Result<String, KeyError> {
    let algorithm = client.algorithm.name();
    let (input, mut signature) = keys.sign(client.algorithm, |kid| {
        let mut header = json!({"alg": algorithm, "kid": kid});
        if let Some(flaw) = flaw {
            spoil(flaw, &mut header, &mut claims, access_token);
        }
        signing_input(&header, &Value::Object(claims))
    })?;
    if flaw == Some(Flaw::Unsigned) {
        signature.clear();
    }
    if flaw == Some(Flaw::Symmetric) {
        let key = hmac::Key::new(hmac::HMAC_SHA256, client.secret.as_bytes());
        signature = hmac::sign(&key, input.as_bytes()).as_ref().to_vec();
    }
    if flaw == Some(Flaw::Signature)
        && let Some(last) = signature.last_mut()
    {
        *last ^= 1;
    }
    Ok(compact(&input, &signature))
}

/// Changes what a flaw changes before the signature.
fn spoil(flaw: Flaw, header: &mut Value, claims: &mut Map<String, Value>, access_token: &str) {
    let mut head = |name: &str, value: Value| {
        if let Some(members) = header.as_object_mut() {
            members.insert(name.to_owned(), value);
        }
    };
    match flaw {
        Flaw::Says(name, value) => {
            claims.insert(name.to_owned(), value.into());
        }
        Flaw::Lacks(name) => {
            claims.remove(name);
        }
        Flaw::Expired => {
            for name in ["iat", "exp", "auth_time"] {
                if let Some(at) = claims.get(name).and_then(Value::as_i64) {
                    claims.insert(name.to_owned(), at.saturating_sub(LONG_AGO).into());
                }
            }
        }
        Flaw::Unsigned => head("alg", "none".into()),
        Flaw::Symmetric => head("alg", "HS256".into()),
        Flaw::Hash(right) => {
            head("typ", "JWT".into());
            let of = if right { access_token } else { "another access token" };
            claims.insert("at_hash".into(), half_hash(of).into());
        }
        // The signature is spoilt afterwards; what is plain is never signed.
        Flaw::Signature | Flaw::Plain => {}
    }
}

/// OpenID Connect Core, section 3.1.3.6.
fn half_hash(token: &str) -> String {
    let hash = digest(&SHA256, token.as_bytes());
    URL_SAFE_NO_PAD.encode(hash.as_ref().get(..16).unwrap_or_default())
}
