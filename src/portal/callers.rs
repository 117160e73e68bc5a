//! The provider recognises the API's callers: it issued their tokens.

use crate::{
    access::Refused,
    kernel::{Outage, secret::Secret},
    oidc::{BearerError, Provider},
};

use super::{Caller, Callers, Denied};

#[async_trait::async_trait]
impl Callers for Provider {
    async fn caller(&self, bearer: &Secret) -> Result<Caller, Denied> {
        let caller = self.api_caller(bearer).await.map_err(denied)?;
        Ok(Caller {
            client_id: caller.client,
            structure: caller.structure,
            scopes: caller.scopes.iter().map(str::to_owned).collect(),
            now: caller.now,
        })
    }
}

fn denied(error: BearerError) -> Denied {
    match error {
        BearerError::Outage(outage) | BearerError::Dead(Refused::Outage(outage)) => {
            Denied::Outage(outage)
        }
        BearerError::Dead(refused) if refused.is_unknown() => {
            Denied::Outage(Outage::Unavailable(refused.to_string()))
        }
        BearerError::NoToken
        | BearerError::TwoTokens
        | BearerError::NotOurs
        | BearerError::Expired
        | BearerError::Dead(_)
        | BearerError::WrongBearer => Denied::Invalid,
    }
}
