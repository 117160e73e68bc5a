//! What a bearer token opens: the grant behind it, through its door.

use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    access::{Door, Now, Passed},
    kernel::{ClientId, Finess, secret::Secret},
};

use super::{
    Provider,
    claims::BEARER,
    error::BearerError,
    grant::Grant,
    keys::{Signed, TokenType},
    scope::Scopes,
    token_id::grant_of,
};

/// A program that calls our own API.
#[derive(Clone, Debug)]
pub struct ApiCaller {
    /// The client.
    pub client: ClientId,
    /// The one structure at which it may act; `None`: all.
    pub structure: Option<Finess>,
    /// What it may do.
    pub scopes: Scopes,
    /// The reading that its token passed the gate on.
    pub now: Now,
}

/// What of an access token matters at a door.
#[derive(Debug, Deserialize)]
pub(super) struct Presented {
    jti: String,
    /// When it ends.
    pub(super) exp: i64,
    #[serde(default)]
    typ: Option<String>,
    /// What this very token may tell: a refresh may have asked for less than was granted.
    pub(super) scope: Scopes,
}

impl Presented {
    /// The claims of `signed`, if that is an access token: ID and logout tokens are signed with the
    /// same keys, and open nothing.
    pub(super) fn read(signed: &Signed) -> Option<Self> {
        signed.claims().and_then(|claims: Self| claims.of_access(signed.token_type))
    }

    /// The same, with all that the token says.
    pub(super) fn read_whole(signed: &Signed) -> Option<(Self, Map<String, Value>)> {
        let members: Map<String, Value> = signed.claims()?;
        let claims = Self::deserialize(&members).ok()?;
        Some((claims.of_access(signed.token_type)?, members))
    }

    fn of_access(self, token_type: TokenType) -> Option<Self> {
        let is_access = match token_type {
            TokenType::AccessToken => true,
            TokenType::Jwt => self.typ.as_deref() == Some(BEARER),
            TokenType::LogoutToken => false,
        };
        is_access.then_some(self)
    }

    /// The grant that it names.
    pub(super) fn grant(&self) -> Option<crate::kernel::GrantId> {
        grant_of(&self.jti)
    }
}

/// A grant honoured at a door, and what of it this token may tell.
pub(super) struct Honoured {
    /// The grant.
    pub(super) grant: Grant,
    /// The token's scope.
    pub(super) scope: Scopes,
    /// That the door asked.
    pub(super) passed: Passed,
    now: Now,
}

impl Provider {
    /// Honours an access token at `door`.
    pub(super) async fn honour(&self, door: Door, token: &Secret) -> Result<Honoured, BearerError> {
        let started = self.with.clock.now();
        let signed = self.keys.verify(token.expose(), started).await?;
        let presented = signed.as_ref().and_then(Presented::read).ok_or(BearerError::NotOurs)?;
        if started.as_seconds() >= presented.exp {
            return Err(BearerError::Expired);
        }
        let id = presented.grant().ok_or(BearerError::NotOurs)?;
        let grant = self.with.grants.grant(id).await?.ok_or(BearerError::NotOurs)?;
        let (passed, now) = self.with.doors.ask(door, &grant.holder()).await?;
        Ok(Honoured { grant, scope: presented.scope, passed, now })
    }

    /// The program behind a token for our own API.
    pub async fn api_caller(&self, token: &Secret) -> Result<ApiCaller, BearerError> {
        let Honoured { grant, scope, now, passed: _ } = self.honour(Door::Api, token).await?;
        if grant.bearer.is_some() {
            return Err(BearerError::WrongBearer);
        }
        Ok(ApiCaller { client: grant.client, structure: grant.structure, scopes: scope, now })
    }
}
