//! A program stands for itself (RFC 6749, section 4.4): tokens for our own API.

use crate::{
    access::{Door, Now, Passed},
    kernel::GrantId,
    web::fields::Fields,
};

use super::{
    Provider,
    client_auth::AuthenticatedClient,
    error::TokenError,
    grant::Grant,
    scope::{API_SCOPES, Scopes},
    tokens::Tokens,
};

impl Provider {
    /// Without `scope`: every scope that the client may have. `arrival` is the barrier of the
    /// request, read before the client's `enabled` was: the grant's stamp.
    pub(super) async fn stand_alone(
        &self,
        client: &AuthenticatedClient,
        fields: &Fields,
        arrival: Now,
    ) -> Result<Tokens, TokenError> {
        let client = client.client();
        let allowed = client.registration.scopes().only(|scope| API_SCOPES.contains(&scope));
        let scope = match fields.get("scope").map(Scopes::read) {
            None => allowed,
            Some(asked) if allowed.covers(&asked) => asked,
            Some(_) => return Err(TokenError::Scope),
        };
        if scope.is_empty() {
            return Err(TokenError::Scope);
        }
        let id = GrantId(self.with.random.id(arrival.protocol));
        let until = arrival.protocol + self.with.settings.api_token_life;
        let mut grant = Grant::of_program(id, client, arrival.stamp, until);
        grant.opened_at = arrival.protocol;
        grant.request.scope = scope;
        let write = async |passed: Passed, _now: Now| {
            self.with.grants.open_for_program(passed, grant.clone()).await?;
            Ok::<_, TokenError>(((), grant.holder()))
        };
        self.with.doors.mint(Door::Redemption, &grant.holder(), write).await?;
        Ok(self.program_token(&grant, arrival.protocol).await?)
    }
}
