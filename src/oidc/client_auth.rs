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
        let (readings, form) = credentials(headers, fields)?;
        let mut refusal = TokenError::UnknownClient;
        let mut proven = None;
        for (id, secret) in readings {
            match self.holder(&id, &secret).await {
                Ok(client) => proven = proven.or(Some(client)),
                Err(TokenError::Outage(outage)) => return Err(TokenError::Outage(outage)),
                Err(reason) => refusal = reason,
            }
        }
        let client = proven.ok_or(refusal)?;
        if !client.accepts(form) {
            return Err(TokenError::WrongForm);
        }
        if !client.is_enabled() {
            return Err(TokenError::DisabledClient);
        }
        Ok(AuthenticatedClient(client))
    }

    /// The client of this name, if this is its secret.
    async fn holder(&self, id: &str, secret: &Secret) -> Result<Client, TokenError> {
        let id: ClientId = id.parse().map_err(|_| TokenError::UnknownClient)?;
        let digest = self.client_secret_digest(&id, secret);
        let client = self.client(&id).await?.ok_or(TokenError::UnknownClient)?;
        if client.has_secret(&digest) { Ok(client) } else { Err(TokenError::WrongSecret) }
    }
}

/// Names and secrets as they can be meant, and the form in which they came.
fn credentials(
    headers: &HeaderMap,
    fields: &mut Fields,
) -> Result<(Vec<(String, Secret)>, SecretForm), TokenError> {
    let posted = fields.take_secret("client_secret");
    let named = fields.get("client_id").map(str::to_owned);
    if fields.has("client_assertion") || fields.has("client_assertion_type") {
        return Err(TokenError::Assertion);
    }
    if headers.contains_key(header::AUTHORIZATION) {
        let mut readings = bearer::basic(headers);
        if readings.is_empty() {
            return Err(TokenError::NoCredentials);
        }
        readings.retain(|(id, _)| named.as_ref().is_none_or(|named| named == id));
        // RFC 6749, section 2.3: not more than one method in a request.
        if posted.is_some() || readings.is_empty() {
            return Err(TokenError::TwoCredentials);
        }
        return Ok((readings, SecretForm::Basic));
    }
    let id = named.ok_or(TokenError::NoCredentials)?;
    let secret = posted.ok_or(TokenError::NoCredentials)?;
    Ok((vec![(id, secret)], SecretForm::Post))
}
