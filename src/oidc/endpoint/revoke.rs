//! Token revocation (RFC 7009): the client gives a grant back.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};

use crate::{
    access::Cause,
    kernel::{GrantId, Outage, journal::Actor, secret::Secret},
    web::fields::Fields,
};

use super::super::{
    Provider,
    bearer::Presented,
    claims::RefreshClaims,
    error::{TokenError, no_store},
};

/// Both kinds of token end the whole grant: the gate knows grants, not tokens. An unknown token is
/// not an error (section 2.2).
pub(super) async fn post(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, TokenError> {
    let mut fields = Fields::from_form(&headers, &body)?;
    let client = provider.authenticate(&headers, &mut fields).await?;
    let token = fields.take_secret("token").ok_or(TokenError::Missing("token"))?;
    let grant = match provider.named_grant(&token).await? {
        Some(id) => provider.with.grants.grant(id).await?,
        None => None,
    };
    if let Some(grant) = grant {
        let id = &client.client().id;
        if grant.client != *id {
            return Err(TokenError::OthersToken);
        }
        let by = Actor::Client(id.clone());
        provider.with.grants.close_grant(grant.id, Cause::TokenRevoked, by).await?;
    }
    Ok(no_store(StatusCode::OK.into_response()))
}

impl Provider {
    /// The grant that a token of ours names, however old the token is.
    async fn named_grant(&self, token: &Secret) -> Result<Option<GrantId>, Outage> {
        if let Some(claims) = self.keys.verify_refresh::<RefreshClaims>(token.expose()) {
            return Ok(claims.read().map(|(grant, _)| grant));
        }
        let signed = self.keys.verify(token.expose(), self.with.clock.now()).await?;
        Ok(signed.and_then(|signed| Presented::read(&signed)?.grant()))
    }
}
