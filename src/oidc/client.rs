//! A relying party, as it stands when a request comes.

use crate::kernel::{ClientId, Finess, secret::SecretDigest};

use super::{
    client_settings::{AuthMethod, ClientSettings, Introspects, Profile},
    registration::{GrantType, Registration},
};

/// A client as it is stored.
#[derive(Clone, Debug)]
pub struct StoredClient {
    /// Its name in the protocol.
    pub id: ClientId,
    /// What was written.
    pub registration: Registration,
    /// Keyed digest of its secret.
    pub secret: Option<SecretDigest>,
}

/// A client, with its effective settings.
#[derive(Clone, Debug)]
pub struct Client {
    /// Its name in the protocol.
    pub id: ClientId,
    /// What was written.
    pub registration: Registration,
    /// What it means.
    pub settings: ClientSettings,
    secret: Option<SecretDigest>,
}

impl From<StoredClient> for Client {
    fn from(stored: StoredClient) -> Self {
        let settings = stored.registration.effective();
        let StoredClient { id, registration, secret } = stored;
        Self { id, registration, settings, secret }
    }
}

/// The two forms in which a secret arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretForm {
    /// In the `Authorization` header.
    Basic,
    /// In the body.
    Post,
}

impl Client {
    /// The structure that it is bound to; `None`: national.
    pub fn structure(&self) -> Option<Finess> {
        self.registration.structure
    }

    /// Whether it may do anything.
    pub fn is_enabled(&self) -> bool {
        self.registration.enabled
    }

    /// Whether it may ask for this at the token endpoint.
    pub fn may(&self, grant_type: GrantType) -> bool {
        self.registration.grant_types.contains(&grant_type)
    }

    /// Whether its secret may come in this form: either one in PSC's profile, exactly the registered
    /// one in the others.
    pub fn accepts(&self, form: SecretForm) -> bool {
        match (self.registration.profile, self.settings.token_endpoint_auth_method, form) {
            (Profile::Psc, AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost, _) => true,
            (_, AuthMethod::ClientSecretBasic, SecretForm::Basic) => true,
            (_, AuthMethod::ClientSecretPost, SecretForm::Post) => true,
            (_, AuthMethod::ClientSecretBasic, SecretForm::Post) => false,
            (_, AuthMethod::ClientSecretPost, SecretForm::Basic) => false,
            (
                _,
                AuthMethod::PrivateKeyJwt
                | AuthMethod::TlsClientAuth
                | AuthMethod::SelfSignedTlsClientAuth,
                SecretForm::Basic | SecretForm::Post,
            ) => false,
        }
    }

    /// Whether `digest` is that of its secret, in constant time.
    pub fn has_secret(&self, digest: &SecretDigest) -> bool {
        self.secret.as_ref().is_some_and(|known| known.matches(digest))
    }

    /// Whether it may ask about tokens of `other`.
    pub fn introspects(&self, other: &ClientId) -> bool {
        match &self.settings.introspects {
            Introspects::Any => true,
            Introspects::Own => self.id == *other,
            Introspects::Clients(clients) => self.id == *other || clients.contains(other),
        }
    }
}
