//! The token endpoint (RFC 6749, section 3.2).

use std::sync::Arc;

use axum::{body::Bytes, extract::State, http::HeaderMap};

use crate::web::fields::Fields;

use super::super::{Provider, error::TokenError, registration::GrantType, tokens::Tokens};

pub(super) async fn post(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Tokens, TokenError> {
    let mut fields = Fields::from_form(&headers, &body)?;
    let grant_type = match fields.get("grant_type") {
        None => return Err(TokenError::Missing("grant_type")),
        Some("authorization_code") => GrantType::AuthorizationCode,
        Some("refresh_token") => GrantType::RefreshToken,
        Some("client_credentials") => GrantType::ClientCredentials,
        Some(_) => {
            provider.authenticate(&headers, &mut fields).await?;
            return Err(TokenError::GrantType);
        }
    };
    // A program's grant counts from a reading older than the client's `enabled`; the others carry
    // the revisions of their own beginning.
    let arrival = match grant_type {
        GrantType::ClientCredentials => Some(provider.with.doors.barrier().await?),
        GrantType::AuthorizationCode | GrantType::RefreshToken => None,
    };
    let client = provider.authenticate(&headers, &mut fields).await?;
    if !client.client().may(grant_type) {
        return Err(TokenError::GrantTypeNotAllowed);
    }
    let tokens = match (grant_type, arrival) {
        (GrantType::ClientCredentials, Some(arrival)) => {
            provider.stand_alone(&client, &fields, arrival).await
        }
        (GrantType::RefreshToken, _) => provider.refresh(&client, fields).await,
        (GrantType::AuthorizationCode | GrantType::ClientCredentials, _) => {
            provider.redeem(&client, fields).await
        }
    }?;
    metrics::counter!("passerelle_oidc_tokens_total").increment(1);
    Ok(tokens)
}
