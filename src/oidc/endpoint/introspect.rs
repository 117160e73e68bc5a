//! Token introspection (RFC 7662): how a departure reaches an API within seconds.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse, Response},
};
use serde_json::{Map, Value, json};

use crate::{
    access::{Door, Passed},
    kernel::{GrantId, secret::Secret},
    web::fields::Fields,
};

use super::super::{
    Provider,
    bearer::Presented,
    claims::{REFRESH, RefreshClaims},
    client::Client,
    error::{TokenError, no_store},
    grant::Grant,
    token_id::grant_of,
};

pub(super) async fn post(
    State(provider): State<Arc<Provider>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, TokenError> {
    let mut fields = Fields::from_form(&headers, &body)?;
    let client = provider.authenticate(&headers, &mut fields).await?;
    let token = fields.take_secret("token").ok_or(TokenError::Missing("token"))?;
    let told = provider.introspect(client.client(), &token).await?;
    // Section 2.2: of a token that is not active, nothing else is said.
    let told = told.unwrap_or_else(|| Map::from_iter([("active".to_owned(), false.into())]));
    Ok(no_store(Json(told).into_response()))
}

impl Provider {
    async fn introspect(
        &self,
        client: &Client,
        token: &Secret,
    ) -> Result<Option<Map<String, Value>>, TokenError> {
        let started = self.with.clock.now();
        let read = if let Some(claims) = self.keys.verify_refresh(token.expose()) {
            refresh_token(claims)
        } else {
            let signed = self.keys.verify(token.expose(), started).await?;
            signed.and_then(|signed| {
                let (presented, members) = Presented::read_whole(&signed)?;
                Some((presented.grant()?, presented.exp, members))
            })
        };
        let Some((id, exp, claims)) = read.filter(|(_, exp, _)| started.as_seconds() < *exp) else {
            return Ok(None);
        };
        let Some(grant) = self.with.grants.grant(id).await? else { return Ok(None) };
        if !client.introspects(&grant.client) {
            return Ok(None);
        }
        match self.with.doors.ask(Door::Introspection, &grant.holder()).await {
            Ok((passed, now)) if now.protocol.as_seconds() < exp => {
                Ok(Some(active(&passed, &grant, claims)))
            }
            Ok(_) => Ok(None),
            Err(refused) if refused.is_unknown() => Err(TokenError::Dead(refused)),
            Err(_) => Ok(None),
        }
    }
}

type Read = (GrantId, i64, Map<String, Value>);

fn refresh_token(claims: RefreshClaims) -> Option<Read> {
    let id = grant_of(&claims.jti).filter(|_| claims.typ == REFRESH)?;
    let exp = claims.exp;
    match serde_json::to_value(claims) {
        Ok(Value::Object(members)) => Some((id, exp, members)),
        Ok(_) | Err(_) => None,
    }
}

/// What the token itself says, and what PSC adds: `SubjectNameID` for an access token only.
fn active(_passed: &Passed, grant: &Grant, mut told: Map<String, Value>) -> Map<String, Value> {
    let is_access = told.get("typ").and_then(Value::as_str) != Some(REFRESH);
    told.insert("active".to_owned(), true.into());
    told.insert("client_id".to_owned(), grant.client.as_str().into());
    if is_access {
        told.insert("token_type".to_owned(), "Bearer".into());
    }
    if let Some(bearer) = grant.bearer {
        let id_nat = json!(crate::kernel::IdNat(bearer.rpps).to_string());
        if is_access {
            told.insert("preferred_username".to_owned(), id_nat.clone());
            told.insert("SubjectNameID".to_owned(), id_nat.clone());
        }
        told.insert("username".to_owned(), id_nat);
    }
    told
}
