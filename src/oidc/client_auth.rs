//! A client proves who it is (RFC 6749, section 2.3).

use axum::http::{HeaderMap, header};

use crate::{
    kernel::{ClientId, secret::Secret},
    web::{bearer, fields::Fields},
};

use super::{
    Provider,
    client::{Client, SecretForm},
    error::TokenError,
};

/// A client that has proven who it is. Nothing else makes one.
pub(super) struct AuthenticatedClient(Client);

impl AuthenticatedClient {
    /// The client.
    pub(super) fn client(&self) -> &Client {
        &self.0
    }
}

impl Provider {
    /// Reads the credentials, which are taken out of `fields`, and checks them.
    pub(super) async fn authenticate(
        &self,
        headers: &HeaderMap,
        fields: &mut Fields,
    ) -> Result<AuthenticatedClient, TokenError> {
        let (id, secret, form) = credentials(headers, fields)?;
        let id: ClientId = id.parse().map_err(|_| TokenError::UnknownClient)?;
        let digest = self.client_secret_digest(&id, &secret);
        let client = self.client(&id).await?.ok_or(TokenError::UnknownClient)?;
        if !client.has_secret(&digest) {
            return Err(TokenError::WrongSecret);
        }
        if !client.accepts(form) {
            return Err(TokenError::WrongForm);
        }
        if !client.is_enabled() {
            return Err(TokenError::DisabledClient);
        }
        Ok(AuthenticatedClient(client))
    }
}

fn credentials(
    headers: &HeaderMap,
    fields: &mut Fields,
) -> Result<(String, Secret, SecretForm), TokenError> {
    let posted = fields.take_secret("client_secret");
    let named = fields.get("client_id").map(str::to_owned);
    if fields.has("client_assertion") || fields.has("client_assertion_type") {
        return Err(TokenError::Assertion);
    }
    if headers.contains_key(header::AUTHORIZATION) {
        let (id, secret) = bearer::basic(headers).ok_or(TokenError::NoCredentials)?;
        // RFC 6749, section 2.3: not more than one method in a request.
        if posted.is_some() || named.is_some_and(|named| named != id) {
            return Err(TokenError::TwoCredentials);
        }
        return Ok((id, secret, SecretForm::Basic));
    }
    let id = named.ok_or(TokenError::NoCredentials)?;
    let secret = posted.ok_or(TokenError::NoCredentials)?;
    Ok((id, secret, SecretForm::Post))
}
