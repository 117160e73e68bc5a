//! What tokens say (reference: PSC, sections 3.2 to 3.5).

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    kernel::{ClientId, GrantId, IdNat, Rpps, Sid, Timestamp, time::Span},
    registry::Situation,
};

use super::{
    Settings,
    client_settings::{AccessTokenFormat, IdTokenClaims, SubForm},
    grant::Grant,
    ports::Subject,
    scope::Scopes,
    token_id::TokenId,
};

/// How every proof of ours reads in PSC's vocabulary.
pub const AUTH_MODE: &str = "MOBILE";
/// What an access token in PSC's form says that it is.
pub const BEARER: &str = "Bearer";
/// What an ID token in PSC's form says that it is.
pub const ID: &str = "ID";
/// What a refresh token says that it is.
pub const REFRESH: &str = "Refresh";

/// One identifier of a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OtherId {
    identifiant: String,
    origine: &'static str,
    qualite: u8,
}

impl OtherId {
    /// The RPPS, with its leading 8.
    pub fn rpps(rpps: Rpps) -> [Self; 1] {
        [Self { identifiant: IdNat(rpps).to_string(), origine: "RPPS", qualite: 1 }]
    }
}

/// The person of a token, as its claims name them.
#[derive(Clone, Debug)]
pub struct Named {
    /// `sub`.
    pub sub: String,
    /// `8` + RPPS.
    pub id_nat: String,
    /// First name in practice.
    pub given_name: String,
    /// Name in practice.
    pub family_name: String,
    rpps: Rpps,
}

impl Named {
    /// Names as they are in practice: those of the situation that comes first for this client.
    pub fn new(subject: &Subject, grant: &Grant, federation: Uuid) -> Self {
        let rpps = subject.standing.rpps;
        let id_nat = IdNat(rpps).to_string();
        let first = own_first(&subject.standing.situations, grant).into_iter().next();
        let [federated, uuid] = subs(subject, federation);
        let sub = match grant.request.tokens.sub_form {
            SubForm::Federated => federated,
            SubForm::Uuid => uuid,
        };
        Self {
            sub,
            id_nat,
            given_name: first.map(|s| s.exercise_first_name.clone()).unwrap_or_default(),
            family_name: first.map(|s| s.exercise_name.clone()).unwrap_or_default(),
            rpps,
        }
    }
}

/// Each form of `sub`.
pub fn subs(subject: &Subject, federation: Uuid) -> [String; 2] {
    let id_nat = IdNat(subject.standing.rpps);
    [format!("f:{federation}:{id_nat}"), subject.subject.to_string()]
}

/// Open situations, those at the client's own structure first, otherwise as they were entered.
pub fn own_first<'a>(situations: &'a [Situation], grant: &Grant) -> Vec<&'a Situation> {
    let mut ordered: Vec<&Situation> = situations.iter().collect();
    ordered.sort_by_key(|situation| Some(situation.finess) != grant.structure);
    ordered
}

/// When a token is made and when it ends, in whole seconds.
#[derive(Clone, Copy, Debug)]
pub struct Life {
    /// `iat`.
    pub iat: i64,
    /// `exp`.
    pub exp: i64,
}

impl Life {
    /// From `now` for `life`, and never past `end`.
    pub fn new(now: Timestamp, life: Span, end: Timestamp) -> Self {
        Self { iat: now.as_seconds(), exp: (now + life).min(end).as_seconds() }
    }

    /// `expires_in`.
    pub fn seconds(self) -> i64 {
        (self.exp - self.iat).max(0)
    }
}

/// The claims of an access token, in either form; members are left out where a form has none.
#[derive(Serialize)]
pub struct AccessClaims<'a> {
    exp: i64,
    iat: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_time: Option<i64>,
    jti: String,
    iss: &'a str,
    /// Absent in PSC's form (tokens of 2023); ourselves in RFC 9068's.
    #[serde(skip_serializing_if = "Option::is_none")]
    aud: Option<&'a str>,
    sub: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    azp: Option<&'a ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_id: Option<&'a ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_state: Option<Sid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    scope: &'a Scopes,
    #[serde(skip_serializing_if = "Option::is_none")]
    sid: Option<Sid>,
    #[serde(rename = "authMode", skip_serializing_if = "Option::is_none")]
    auth_mode: Option<&'static str>,
    #[serde(rename = "otherIds", skip_serializing_if = "Option::is_none")]
    other_ids: Option<[OtherId; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<&'a str>,
}

impl<'a> AccessClaims<'a> {
    /// Of `grant`; `named` is its person, if it has one.
    pub fn new(
        settings: &'a Settings,
        grant: &'a Grant,
        named: Option<&'a Named>,
        scope: &'a Scopes,
        (id, life): (TokenId, Life),
    ) -> Self {
        let tokens = &grant.request.tokens;
        let psc = tokens.access_token_format == AccessTokenFormat::Psc;
        let sid = grant.bearer.map(|bearer| bearer.sid);
        let of_person = psc && named.is_some();
        Self {
            exp: life.exp,
            iat: life.iat,
            auth_time: grant.request.auth_time,
            jti: id.to_string(),
            iss: &settings.issuer,
            aud: (!psc).then_some(settings.issuer.as_str()),
            sub: named.map_or(grant.client.as_str(), |named| named.sub.as_str()),
            typ: psc.then_some(BEARER),
            azp: psc.then_some(&grant.client),
            client_id: (!psc || named.is_none()).then_some(&grant.client),
            nonce: of_person.then(|| grant.request.nonce.as_deref().unwrap_or_default()),
            session_state: sid.filter(|_| tokens.session_state),
            acr: named.and_then(|_| tokens.acr.claim()),
            scope,
            sid,
            auth_mode: of_person.then_some(AUTH_MODE),
            other_ids: named.filter(|_| psc).map(|named| OtherId::rpps(named.rpps)),
            preferred_username: named.filter(|_| psc).map(|named| named.id_nat.as_str()),
        }
    }
}

/// The claims of an ID token.
#[derive(Serialize)]
pub struct IdClaims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a ClientId,
    #[serde(skip_serializing_if = "Option::is_none")]
    azp: Option<&'a ClientId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    typ: Option<&'static str>,
    exp: i64,
    iat: i64,
    auth_time: Option<i64>,
    jti: Uuid,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<&'a str>,
    at_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_state: Option<Sid>,
    sid: Option<Sid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'static str>,
    #[serde(rename = "authMode", skip_serializing_if = "Option::is_none")]
    auth_mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    given_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    preferred_username: Option<&'a str>,
    #[serde(rename = "SubjectNameID", skip_serializing_if = "Option::is_none")]
    subject_name_id: Option<&'a str>,
}

impl<'a> IdClaims<'a> {
    /// Of `grant`, beside `access_token`.
    pub fn new(
        settings: &'a Settings,
        grant: &'a Grant,
        named: &'a Named,
        access_token: &str,
        (id, life): (Uuid, Life),
    ) -> Self {
        let tokens = &grant.request.tokens;
        let psc = tokens.id_token_claims == IdTokenClaims::Psc;
        let sid = grant.bearer.map(|bearer| bearer.sid);
        let told = psc && grant.request.scope.tells("profile");
        let name = || format!("{} {}", named.given_name, named.family_name);
        Self {
            iss: &settings.issuer,
            sub: &named.sub,
            aud: &grant.client,
            azp: psc.then_some(&grant.client),
            typ: psc.then_some(ID),
            exp: life.exp,
            iat: life.iat,
            auth_time: grant.request.auth_time,
            jti: id,
            nonce: grant.request.nonce.as_deref(),
            at_hash: at_hash(access_token),
            session_state: sid.filter(|_| tokens.session_state),
            sid,
            acr: tokens.acr.claim(),
            auth_mode: psc.then_some(AUTH_MODE),
            name: told.then(name),
            given_name: told.then_some(named.given_name.as_str()),
            family_name: told.then_some(named.family_name.as_str()),
            preferred_username: told.then_some(named.id_nat.as_str()),
            subject_name_id: told.then_some(named.id_nat.as_str()),
        }
    }

    /// The same after a refresh: the nonce belongs to the log-in (OpenID Connect Core 1.0, section
    /// 12.2).
    #[must_use]
    pub fn refreshed(self) -> Self {
        Self { nonce: None, ..self }
    }
}

/// The left half of the token's SHA-256 (OpenID Connect Core 1.0, section 3.1.3.6); each of our
/// algorithms is built on that digest.
fn at_hash(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    let half = hash.as_ref().get(..16).unwrap_or_default();
    URL_SAFE_NO_PAD.encode(half)
}

/// The claims of a refresh token, which one client of PSC decodes to read `exp`.
#[derive(Debug, Serialize, Deserialize)]
pub struct RefreshClaims {
    /// When it ends.
    pub exp: i64,
    /// When it was made.
    pub iat: i64,
    /// Its grant and number.
    pub jti: String,
    /// We made it.
    pub iss: String,
    /// For ourselves.
    pub aud: String,
    /// Whose it is.
    pub sub: String,
    /// What it is.
    pub typ: String,
    /// Which client holds it.
    pub azp: ClientId,
    /// The session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_state: Option<Sid>,
    /// The session.
    pub sid: Sid,
    /// What was granted.
    pub scope: Scopes,
}

impl RefreshClaims {
    /// The grant, and the number within it: of rotation, or any other for tokens that do not rotate.
    pub fn read(&self) -> Option<(GrantId, u32)> {
        let (grant, number) = self.jti.split_once('.')?;
        Some((grant.parse().ok()?, number.parse().ok()?))
    }
}

/// The claims of a logout token.
#[derive(Serialize)]
pub struct LogoutClaims<'a> {
    iss: &'a str,
    aud: &'a ClientId,
    iat: i64,
    exp: i64,
    jti: Uuid,
    sid: Sid,
    events: serde_json::Value,
}

impl<'a> LogoutClaims<'a> {
    /// That `sid` is over for `client`.
    pub fn new(
        settings: &'a Settings,
        client: &'a ClientId,
        sid: Sid,
        jti: Uuid,
        now: Timestamp,
    ) -> Self {
        let iat = now.as_seconds();
        let events = serde_json::json!({"http://schemas.openid.net/event/backchannel-logout": {}});
        Self { iss: &settings.issuer, aud: client, iat, exp: iat + 120, jti, sid, events }
    }
}

#[cfg(test)]
#[path = "claims_tests.rs"]
mod tests;
