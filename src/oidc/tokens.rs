//! The answer of the token endpoint.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use crate::kernel::{Outage, Sid, Timestamp};

use super::{
    Provider,
    claims::{AccessClaims, IdClaims, Life, Named, REFRESH, RefreshClaims},
    client_settings::{AccessTokenFormat, RefreshTokenMode},
    error::no_store,
    grant::Grant,
    keys::TokenType,
    scope::Scopes,
    token_id::TokenId,
};

/// PSC's nine members; a program's token has no session to refresh.
#[derive(Serialize)]
pub(super) struct Tokens {
    access_token: String,
    expires_in: i64,
    refresh_expires_in: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    token_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(rename = "not-before-policy")]
    not_before_policy: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_state: Option<Sid>,
    scope: Scopes,
}

impl IntoResponse for Tokens {
    fn into_response(self) -> Response {
        no_store(Json(self).into_response())
    }
}

/// What the refresh token of an answer is.
#[derive(Clone, Copy)]
pub(super) enum RefreshToken<'a> {
    /// None: this client may not refresh.
    None,
    /// A new one with this number, made then.
    New(u32, Timestamp),
    /// The one that came, again.
    Same(&'a str),
}

/// For whom tokens are made, and when.
pub(super) struct Minting<'a> {
    /// The grant.
    pub(super) grant: &'a Grant,
    /// Its person.
    pub(super) named: &'a Named,
    /// What these tokens may tell: the grant's scope, or less.
    pub(super) scope: &'a Scopes,
    /// When.
    pub(super) now: Timestamp,
    /// Whether this is the first answer of the grant.
    pub(super) first: bool,
}

impl Provider {
    /// Signs the tokens of a person's grant.
    pub(super) async fn tokens(
        &self,
        minting: &Minting<'_>,
        refresh: RefreshToken<'_>,
    ) -> Result<Tokens, Outage> {
        let Minting { grant, named, scope, now, first } = *minting;
        let settings = &self.with.settings;
        let life = Life::new(now, settings.access_token_life, grant.until);
        let access_token = self.access_token(grant, Some(named), scope, life).await?;
        let id_token = if scope.has("openid") {
            let id = self.with.random.opaque_id();
            let claims = IdClaims::new(settings, grant, named, &access_token, (id, life));
            let claims = if first { claims } else { claims.refreshed() };
            let alg = grant.request.tokens.id_token_signed_response_alg;
            Some(self.keys.sign(alg, TokenType::Jwt, &claims).await?)
        } else {
            None
        };
        let (refresh_token, refresh_life) = match refresh {
            RefreshToken::None => (None, None),
            RefreshToken::Same(token) => {
                let life = Life::new(now, settings.refresh_token_life, grant.until);
                (Some(token.to_owned()), Some(life))
            }
            RefreshToken::New(number, made_at) => {
                let (token, life) = self.refresh_token(grant, named, number, made_at)?;
                (Some(token), Some(life))
            }
        };
        Ok(Tokens {
            expires_in: life.seconds(),
            refresh_expires_in: refresh_life.map_or(0, |life| life.exp - now.as_seconds()),
            access_token,
            refresh_token,
            token_type: "Bearer",
            id_token,
            not_before_policy: 0,
            session_state: grant
                .bearer
                .filter(|_| grant.request.tokens.session_state)
                .map(|bearer| bearer.sid),
            scope: scope.clone(),
        })
    }

    /// Signs the token of a program.
    pub(super) async fn program_token(
        &self,
        grant: &Grant,
        now: Timestamp,
    ) -> Result<Tokens, Outage> {
        let life = Life::new(now, self.with.settings.api_token_life, grant.until);
        let access_token = self.access_token(grant, None, &grant.request.scope, life).await?;
        Ok(Tokens {
            access_token,
            expires_in: life.seconds(),
            refresh_expires_in: 0,
            refresh_token: None,
            token_type: "Bearer",
            id_token: None,
            not_before_policy: 0,
            session_state: None,
            scope: grant.request.scope.clone(),
        })
    }

    async fn access_token(
        &self,
        grant: &Grant,
        named: Option<&Named>,
        scope: &Scopes,
        life: Life,
    ) -> Result<String, Outage> {
        let id = TokenId { grant: grant.id, serial: self.with.random.opaque_id() };
        let claims = AccessClaims::new(&self.with.settings, grant, named, scope, (id, life));
        let tokens = &grant.request.tokens;
        let token_type = match tokens.access_token_format {
            AccessTokenFormat::Psc => TokenType::Jwt,
            AccessTokenFormat::Rfc9068 => TokenType::AccessToken,
        };
        self.keys.sign(tokens.id_token_signed_response_alg, token_type, &claims).await
    }

    /// The same number made at the same moment gives the same token, byte for byte.
    fn refresh_token(
        &self,
        grant: &Grant,
        named: &Named,
        number: u32,
        made_at: Timestamp,
    ) -> Result<(String, Life), Outage> {
        let settings = &self.with.settings;
        let bearer = grant.bearer.ok_or_else(|| Outage::Damaged("no session".to_owned()))?;
        // A token that stays the same cannot slide: it lives with its session, which may not rest.
        let stable = grant.request.tokens.refresh_token_mode == RefreshTokenMode::Stable;
        let span = if stable { crate::access::SESSION_LIFE } else { settings.refresh_token_life };
        let life = Life::new(made_at, span, grant.until);
        let claims = RefreshClaims {
            exp: life.exp,
            iat: life.iat,
            jti: format!("{}.{number}", grant.id),
            iss: settings.issuer.clone(),
            aud: settings.issuer.clone(),
            sub: named.sub.clone(),
            typ: REFRESH.to_owned(),
            azp: grant.client.clone(),
            session_state: Some(bearer.sid).filter(|_| grant.request.tokens.session_state),
            sid: bearer.sid,
            scope: grant.request.scope.clone(),
        };
        Ok((self.keys.sign_refresh(&claims)?, life))
    }
}
