//! Userinfo (OpenID Connect Core 1.0, section 5.3): who the bearer is, as the registry stands now.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Response},
};

use crate::{
    access::Door,
    kernel::{Outage, secret::Secret},
    web::{
        bearer,
        fields::{BadFields, Fields},
    },
};

use super::super::{
    Provider,
    bearer::Honoured,
    claims::Named,
    error::{BearerError, no_store},
    userinfo::Userinfo,
};

pub(super) async fn get(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
) -> Result<Response, BearerError> {
    let token = bearer::token(&headers).ok_or(BearerError::NoToken)?;
    provider.userinfo(&token).await
}

/// The token may be in the header or in the form (RFC 6750, section 2.2), not in both.
pub(super) async fn post(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, BearerError> {
    let posted = match Fields::from_form(&headers, &body) {
        Ok(mut fields) => fields.take_secret("access_token"),
        // No form, no token in it.
        Err(BadFields::ContentType) => None,
        Err(BadFields::Encoding | BadFields::Repeated(_)) => return Err(BearerError::TwoTokens),
    };
    let token = match (bearer::token(&headers), posted) {
        (Some(_), Some(_)) => return Err(BearerError::TwoTokens),
        (Some(token), None) | (None, Some(token)) => token,
        (None, None) => return Err(BearerError::NoToken),
    };
    provider.userinfo(&token).await
}

impl Provider {
    async fn userinfo(&self, token: &Secret) -> Result<Response, BearerError> {
        let Honoured { mut grant, scope, passed, .. } = self.honour(Door::Userinfo, token).await?;
        tracing::trace!(door = passed.door().as_str(), "userinfo");
        let bearer = grant.bearer.ok_or(BearerError::WrongBearer)?;
        let dossier = self.with.subjects.dossier(bearer.rpps).await?;
        let (subject, structures) = dossier.ok_or(BearerError::NotOurs)?;
        // What is told is what this token may tell; a refresh may have asked for less.
        grant.request.scope = scope;
        let named = Named::new(&subject, &grant, self.federation);
        let told = Userinfo::new(&grant, &subject, &named, &structures);
        let body = serde_json::to_string(&told)
            .map_err(|error| Outage::Damaged(format!("userinfo: {error}")))?;
        Ok(no_store(([(header::CONTENT_TYPE, "application/json")], body).into_response()))
    }
}
