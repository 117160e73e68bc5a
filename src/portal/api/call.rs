//! A call: who asks, under which key, with which words.

use std::{str::FromStr, sync::Arc};

use axum::{
    body::{Body, Bytes},
    extract::{FromRef, FromRequest, Request},
    http::{HeaderMap, HeaderValue, Method, StatusCode},
};
use serde_json::{Map, Value};

use crate::{
    departure::Mandate,
    kernel::{Finess, Timestamp, journal::Actor, retry::Once, secret::SecretDigest},
    registry::Page,
    web::{Problem, bearer},
};

use super::{
    super::{Caller, Callers, Denied},
    body,
    query::{Query, bad_parameter},
};

/// Bodies are no longer than that…
const LARGEST_BODY: usize = 64 << 10;
/// …but where a document may come along, in base64.
const LARGEST_REGISTRATION: usize = 6 << 20;
/// Items of a page, unless `limit` says otherwise.
const PAGE: u32 = 50;
/// Items of a page, at most.
const LONGEST_PAGE: u32 = 200;
/// The longest idempotency key.
const LONGEST_KEY: usize = 255;

/// The API's scopes that this part asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    RegistryRead,
    RegistryWrite,
    RegistryAuthority,
    SecurityRead,
    SecurityWrite,
    ClientsWrite,
}

impl Scope {
    const fn as_str(self) -> &'static str {
        match self {
            Self::RegistryRead => "registry:read",
            Self::RegistryWrite => "registry:write",
            Self::RegistryAuthority => "registry:authority",
            Self::SecurityRead => "security:read",
            Self::SecurityWrite => "security:write",
            Self::ClientsWrite => "clients:write",
        }
    }
}

/// A call whose caller was recognised before anything else of it was read.
pub(super) struct Call {
    caller: Caller,
    once: Option<Once>,
    headers: HeaderMap,
    query: Query,
    body: Bytes,
}

impl<S: Send + Sync> FromRequest<S> for Call
where
    Arc<dyn Callers>: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let token = bearer::token(&parts.headers).ok_or_else(no_token)?;
        let caller = Arc::<dyn Callers>::from_ref(state).caller(&token).await.map_err(denied)?;
        let query = Query::read(parts.uri.query().unwrap_or_default());
        let is_registration =
            parts.method == Method::POST && parts.uri.path().ends_with("/professionals");
        let limit = if is_registration { LARGEST_REGISTRATION } else { LARGEST_BODY };
        let body = read(body, limit).await?;
        let once = once(&parts.headers)?.map(|key| Once {
            client: caller.client_id.clone(),
            key,
            request: digest(&parts.method, &parts.uri.to_string(), &body),
        });
        Ok(Self { caller, once, headers: parts.headers, query, body })
    }
}

impl Call {
    /// Refuses a caller whose token lacks `scope`, and every parameter: this call has none.
    pub(super) fn needs(&self, scope: Scope) -> Result<(), Problem> {
        self.takes(scope, &[])
    }

    /// The same for a list, which takes `filters`, and where to go on.
    pub(super) fn lists(&self, scope: Scope, filters: &[&str]) -> Result<(), Problem> {
        self.takes(scope, &[filters, &["after", "limit"]].concat())
    }

    /// Refuses a caller whose token lacks `scope` (RFC 6750, section 3.1), and parameters other than
    /// `known`: a filter that is misspelt must not answer everything.
    pub(super) fn takes(&self, scope: Scope, known: &[&str]) -> Result<(), Problem> {
        if self.has(scope) {
            return self.query.holds_only(known);
        }
        let wanted = scope.as_str();
        let challenge = format!(
            "Bearer realm=\"passerelle\", error=\"insufficient_scope\", scope=\"{wanted}\""
        );
        let problem = Problem::new(
            StatusCode::FORBIDDEN,
            "insufficient_scope",
            format!("Ce jeton n'a pas la portée nécessaire : {wanted}."),
        );
        Err(challenged(problem, &challenge))
    }

    /// Whether the token has `scope`.
    pub(super) fn has(&self, scope: Scope) -> bool {
        self.caller.scopes.contains(scope.as_str())
    }

    /// Whether the token has the scope of this name.
    pub(super) fn holds(&self, scope: &str) -> bool {
        self.caller.scopes.contains(scope)
    }

    /// The structure that the caller is bound to.
    pub(super) fn structure(&self) -> Option<Finess> {
        self.caller.structure
    }

    /// Refuses a caller that is bound to another structure than `finess`.
    pub(super) fn acts_at(&self, finess: Option<Finess>) -> Result<(), Problem> {
        match (self.caller.structure, finess) {
            (Some(own), Some(other)) if own != other => Err(forbidden()),
            (Some(_) | None, _) => Ok(()),
        }
    }

    /// Refuses a caller that is bound to a structure: what it asks for concerns all.
    pub(super) fn acts_everywhere(&self) -> Result<(), Problem> {
        if self.caller.structure.is_some() { Err(forbidden()) } else { Ok(()) }
    }

    /// What the caller may end.
    pub(super) fn mandate(&self) -> Mandate {
        Mandate {
            structure: self.caller.structure,
            for_authority: self.has(Scope::RegistryAuthority),
        }
    }

    /// Who the journal names.
    pub(super) fn actor(&self) -> Actor {
        Actor::Client(self.caller.client_id.clone())
    }

    /// The calendar clock, read once.
    pub(super) fn calendar(&self) -> Timestamp {
        self.caller.now.calendar
    }

    /// The protocol clock, read once.
    pub(super) fn protocol(&self) -> Timestamp {
        self.caller.now.protocol
    }

    /// The idempotency key, if one came.
    pub(super) fn once(&self) -> Option<Once> {
        self.once.clone()
    }

    /// The body, a JSON object.
    pub(super) fn object(&self) -> Result<Map<String, Value>, Problem> {
        body::object(&self.headers, &self.body)
    }

    /// A parameter of the query.
    pub(super) fn parameter<T: FromStr>(&self, name: &str) -> Result<Option<T>, Problem> {
        self.query.get(name)
    }

    /// Where a list goes on, and how far. One more item is read, to know whether the list ends.
    pub(super) fn page<Id: FromStr>(&self) -> Result<Page<Id>, Problem> {
        let limit = self.parameter("limit")?.unwrap_or(PAGE);
        if !(1..=LONGEST_PAGE).contains(&limit) {
            return Err(bad_parameter("limit", "de 1 à 200"));
        }
        Ok(Page { after: self.parameter("after")?, limit: limit + 1 })
    }

    /// The structure that a list is about: the caller's own, or the one that it names.
    pub(super) fn listed_structure(&self) -> Result<Option<Finess>, Problem> {
        let named = self.parameter("finess")?;
        self.acts_at(named)?;
        Ok(named.or(self.caller.structure))
    }
}

async fn read(body: Body, limit: usize) -> Result<Bytes, Problem> {
    axum::body::to_bytes(body, limit).await.map_err(|_| {
        Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            format!("Corps trop long ou interrompu : {} Ko au plus.", limit >> 10),
        )
    })
}

/// The key: visible ASCII, as it came.
fn once(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default();
    if key.is_empty() || key.len() > LONGEST_KEY || !key.bytes().all(|c| c.is_ascii_graphic()) {
        return Err(bad_parameter("Idempotency-Key", "1 à 255 caractères ASCII visibles"));
    }
    Ok(Some(key.to_owned()))
}

fn digest(method: &Method, uri: &str, body: &Bytes) -> SecretDigest {
    let head = format!("{method} {uri}\n");
    SecretDigest::of(&[head.as_bytes(), body].concat())
}

fn forbidden() -> Problem {
    Problem::new(
        StatusCode::FORBIDDEN,
        "forbidden",
        "Ce client est lié à une structure et n'agit que là.",
    )
}

fn no_token() -> Problem {
    let problem = Problem::new(
        StatusCode::UNAUTHORIZED,
        "token_required",
        "Jeton absent : obtenez-en un au point token (client_credentials) et envoyez-le en \
         Authorization: Bearer.",
    );
    challenged(problem, "Bearer realm=\"passerelle\"")
}

fn denied(denied: Denied) -> Problem {
    match denied {
        Denied::Invalid => {
            let problem = Problem::new(
                StatusCode::UNAUTHORIZED,
                "invalid_token",
                "Jeton inconnu, expiré ou coupé : demandez-en un autre.",
            );
            challenged(problem, "Bearer realm=\"passerelle\", error=\"invalid_token\"")
        }
        Denied::Outage(outage) => outage.into(),
    }
}

fn challenged(problem: Problem, challenge: &str) -> Problem {
    match HeaderValue::from_str(challenge) {
        Ok(value) => problem.challenge(value),
        Err(_) => problem,
    }
}
