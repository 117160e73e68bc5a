//! A refresh token becomes new tokens (RFC 6749, section 6).

use crate::{
    access::{Door, Now, Passed, admits},
    kernel::{Timestamp, secret::Secret},
    web::fields::Fields,
};

use super::{
    Provider,
    claims::{Named, REFRESH, RefreshClaims},
    client::Client,
    client_auth::AuthenticatedClient,
    client_settings::RefreshTokenMode,
    error::TokenError,
    grant::{Bearer, Grant, RefreshTurn, Refreshed},
    scope::Scopes,
    tokens::{Minting, RefreshToken, Tokens},
};

impl Provider {
    /// Gate, card and situations, one transaction, gate again, new tokens.
    pub(super) async fn refresh(
        &self,
        client: &AuthenticatedClient,
        mut fields: Fields,
    ) -> Result<Tokens, TokenError> {
        let client = client.client();
        let presented = fields.take_secret("refresh_token");
        let presented = presented.ok_or(TokenError::Missing("refresh_token"))?;
        let (grant, number, exp) = self.presented(client, &presented).await?;
        let bearer = grant.bearer.ok_or(TokenError::UnknownRefresh)?;
        let scope = narrowed(&grant.request.scope, fields.get("scope"))?;
        let mode = grant.request.tokens.refresh_token_mode;
        let write = async |passed: Passed, now: Now| {
            if now.protocol.as_seconds() >= exp {
                return Err(TokenError::RefreshExpired);
            }
            let subject = self.with.subjects.subject(bearer.rpps).await?;
            let subject = subject.ok_or(TokenError::UnknownRefresh)?;
            admits(&subject.standing, grant.structure)?;
            let turn = self.turn(&grant, bearer, (mode, number), now.protocol);
            let done = match self.with.grants.refresh(passed, turn).await? {
                Refreshed::Done { generation, made_at } => (generation, made_at),
                Refreshed::Rested => return Err(TokenError::Rested),
                Refreshed::Replayed => return Err(TokenError::RefreshReplayed),
                Refreshed::Unknown => return Err(TokenError::UnknownRefresh),
            };
            Ok(((subject, done, now.protocol), grant.holder()))
        };
        let refreshed: Result<_, TokenError> =
            self.with.doors.mint(Door::Refresh, &grant.holder(), write).await;
        let (subject, (generation, made_at), now) = refreshed?;
        let named = Named::new(&subject, &grant, self.federation);
        let minting = Minting { grant: &grant, named: &named, scope: &scope, now, first: false };
        let refresh = match mode {
            RefreshTokenMode::Stable => RefreshToken::Same(presented.expose()),
            RefreshTokenMode::Rotate => RefreshToken::New(generation, made_at),
            // A drawn number tells it from its siblings of the same second.
            RefreshTokenMode::Reissue => {
                let drawn = self.with.random.below(1 << 32);
                RefreshToken::New(u32::try_from(drawn).unwrap_or(number), now)
            }
        };
        Ok(self.tokens(&minting, refresh).await?)
    }

    async fn presented(
        &self,
        client: &Client,
        presented: &Secret,
    ) -> Result<(Grant, u32, i64), TokenError> {
        let claims: Option<RefreshClaims> = self.keys.verify_refresh(presented.expose());
        let claims = claims.filter(|claims| claims.typ == REFRESH);
        let claims = claims.ok_or(TokenError::UnknownRefresh)?;
        if claims.azp != client.id {
            return Err(TokenError::OthersToken);
        }
        let (id, number) = claims.read().ok_or(TokenError::UnknownRefresh)?;
        let grant = self.with.grants.grant(id).await?.ok_or(TokenError::UnknownRefresh)?;
        Ok((grant, number, claims.exp))
    }

    fn turn(
        &self,
        grant: &Grant,
        bearer: Bearer,
        (mode, number): (RefreshTokenMode, u32),
        now: Timestamp,
    ) -> RefreshTurn {
        RefreshTurn {
            grant: grant.id,
            bearer,
            client: grant.client.clone(),
            generation: (mode == RefreshTokenMode::Rotate).then_some(number),
            seen_since: now - self.with.settings.session_rest,
        }
    }
}

/// RFC 6749, section 6: a refresh may ask for less, never for more.
fn narrowed(granted: &Scopes, asked: Option<&str>) -> Result<Scopes, TokenError> {
    let Some(asked) = asked.map(Scopes::read) else { return Ok(granted.clone()) };
    if granted.covers(&asked) { Ok(asked) } else { Err(TokenError::Scope) }
}
