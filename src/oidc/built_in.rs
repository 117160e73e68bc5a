//! Clients that are part of this gateway. They go through the authorization endpoint like any other;
//! nobody registers, changes or lists them, they have no secret, and their codes are redeemed in this
//! process and nowhere else.

use url::form_urlencoded;

use crate::kernel::{ClientId, GrantId, Outage, secret::Secret};

use super::{
    Client, Grant, GrantType, Provider, Registration, StoredClient,
    client_settings::{Overrides, Profile},
    code_grant::Presented,
    error::TokenError,
    grant::Code,
    scope::Scopes,
};

/// Names that no other client may take.
const RESERVED: [&str; 2] = ["portail", "securite"];

/// Whether only this gateway itself may have this name.
pub fn is_reserved(id: &ClientId) -> bool {
    RESERVED.contains(&id.as_str())
}

/// A client that is part of this gateway: bound to no structure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuiltIn {
    /// The pages of professionals, and of those who manage a structure.
    Portal,
}

impl BuiltIn {
    const ALL: [Self; 1] = [Self::Portal];

    /// Its identifier.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Portal => "portail",
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::Portal => "Portail RPPS+",
        }
    }

    /// Where its log-ins come back.
    pub const fn return_path(self) -> &'static str {
        match self {
            Self::Portal => "/portail/connexion/retour",
        }
    }
}

impl Provider {
    /// The built-in client of this name.
    pub(super) fn built_in(&self, id: &ClientId) -> Option<Client> {
        let which = BuiltIn::ALL.into_iter().find(|which| which.name() == id.as_str())?;
        let registration = Registration {
            redirect_uris: vec![self.return_address(which)],
            grant_types: vec![GrantType::AuthorizationCode],
            scope: Some(Scopes::read("openid")),
            profile: Profile::Oidc,
            settings: Overrides { require_pkce: Some(true), ..Overrides::default() },
            ..Registration::blank(which.title())
        };
        Some(Client::from(StoredClient { id: id.clone(), registration, secret: None }))
    }

    fn return_address(&self, which: BuiltIn) -> String {
        let base = self.with.settings.base_url.as_str().trim_end_matches('/');
        format!("{base}{}", which.return_path())
    }

    /// The authorization request of a built-in client: where to send the browser.
    pub fn built_in_request(&self, which: BuiltIn, state: &str, code_challenge: &str) -> String {
        let redirect = self.return_address(which);
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", which.name())
            .append_pair("redirect_uri", &redirect)
            .append_pair("scope", "openid")
            .append_pair("state", state)
            .append_pair("code_challenge", code_challenge)
            .append_pair("code_challenge_method", "S256")
            .finish();
        self.with.settings.wallet(&format!("/auth?{query}"))
    }

    /// Redeems the code of a built-in client, through the same gates as any other and without making
    /// tokens: what its cookie names is the grant itself.
    pub async fn redeem_built_in(
        &self,
        which: BuiltIn,
        code: &Secret,
        verifier: Secret,
    ) -> Result<Grant, TokenError> {
        let code = Code::read(code).ok_or(TokenError::UnknownCode)?;
        let id: ClientId = which.name().parse().map_err(|_| TokenError::UnknownClient)?;
        let redirect_uri = Some(self.return_address(which));
        let presented = Presented { code, redirect_uri, verifier: Some(verifier) };
        let (grant, _) = self.take(&id, presented).await?;
        Ok(*grant)
    }

    /// The grant that a built-in client's cookie names.
    pub async fn grant_of_built_in(
        &self,
        which: BuiltIn,
        id: GrantId,
    ) -> Result<Option<Grant>, Outage> {
        let grant = self.with.grants.grant(id).await?;
        Ok(grant.filter(|grant| grant.client.as_str() == which.name()))
    }

    /// How people read the name of a client, built in or registered; its id once it is forgotten.
    pub async fn client_name(&self, id: &ClientId) -> Result<String, Outage> {
        let client = self.client(id).await?;
        Ok(client.map_or_else(|| id.to_string(), |client| client.registration.client_name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_client_has_a_name_of_its_own() {
        #[track_caller]
        fn check(id: &str, expected: bool) {
            assert_eq!(is_reserved(&id.parse().unwrap()), expected, "{id}");
        }
        for which in BuiltIn::ALL {
            check(which.name(), true);
        }
        check("securite", true);
        check("dui", false);
        check("portail2", false);
    }
}
