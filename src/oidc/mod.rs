//! We are an OpenID provider in the manner of Pro Santé Connect: clients, grants, claims, keys,
//! endpoints.
//!
//! A request comes in at [`router`], passes the ordered checks of [`authorize`], and waits as a
//! [`Login`] for a proof that this slice knows nothing of: `signin` brings the session that the e-CPS
//! opened, and [`Provider::conclude`] turns it into a code. Codes become tokens, tokens are refreshed
//! and asked about; each time the door asks `access`. What a token says follows from the registry at
//! the moment of the question. This slice never decides who may enter, and never ends a situation.

pub mod authorize;
pub mod bad_member;
mod bearer;
pub mod built_in;
pub mod claims;
pub mod client;
mod client_auth;
mod client_credentials;
pub mod client_settings;
mod code_grant;
mod endpoint;
pub mod error;
pub mod grant;
mod keys;
mod keys_known;
mod keys_pair;
pub mod login;
mod logout;
pub mod pages;
pub mod ports;
mod refresh_grant;
pub mod registration;
pub mod return_address;
pub mod scope;
mod silent;
pub mod token_id;
mod tokens;
pub mod userinfo;

use std::sync::Arc;

use url::Url;
use uuid::Uuid;

use crate::{
    access::Doors,
    kernel::{
        ClientId, Clock, Outage, Sid, Timestamp, random::Random, seal::RecordsKey, secret::Secret,
        secret::SecretDigest, time::Span,
    },
    web::{cookie::Cookies, page::Frame},
};

pub use bearer::ApiCaller;
pub use built_in::BuiltIn;
pub use client::{Client, StoredClient};
pub use endpoint::router;
pub use error::{AuthorizationError, BearerError};
pub use grant::{Bearer, Grant};
pub use login::{Concluded, Login, LoginError, PendingLogin};
pub use ports::{Clients, Grants, KeyStore, Logins, SeenSession, Sessions, Subjects};
pub use registration::{GrantType, Registration, Written};
pub use return_address::AuthorizationAnswer;
pub use scope::Scopes;

use keys::Keys;

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where the issuer's endpoints are.
    pub base_url: Url,
    /// Where the authorization page is, and its cookies.
    pub wallet_url: Url,
    /// The issuer, byte for byte.
    pub issuer: String,
    /// How long a code may wait (our choice, as Keycloak's: 60 s).
    pub code_life: Span,
    /// How long a log-in may wait for its proof (our choice: 10 min).
    pub login_life: Span,
    /// Life of an access token (PSC: 120 s).
    pub access_token_life: Span,
    /// Life of a refresh token that is not used (PSC: 30 min).
    pub refresh_token_life: Span,
    /// How long a session may rest (PSC: 30 min).
    pub session_rest: Span,
    /// Life of a program's token for our own API.
    pub api_token_life: Span,
    /// How pages are framed.
    pub frame: Frame,
}

impl Settings {
    /// The defaults, for a gateway at these addresses.
    pub fn at(base_url: Url, wallet_url: Url, frame: Frame) -> Self {
        let issuer = format!("{}{ISSUER_PATH}", base_url.as_str().trim_end_matches('/'));
        Self {
            base_url,
            wallet_url,
            issuer,
            code_life: Span::seconds(60),
            login_life: Span::minutes(10),
            access_token_life: Span::seconds(120),
            refresh_token_life: Span::minutes(30),
            session_rest: Span::minutes(30),
            api_token_life: Span::hours(1),
            frame,
        }
    }

    /// An address on the wallet host.
    fn wallet(&self, path: &str) -> String {
        format!("{}{path}", self.wallet_url.as_str().trim_end_matches('/'))
    }

    /// An endpoint below the issuer.
    fn below_issuer(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }
}

/// Where the issuer is, below the base address: Keycloak's layout, as PSC has it.
pub const ISSUER_PATH: &str = "/auth/realms/esante-wallet";

/// The cookie that names a live session.
const SESSION_COOKIE: &str = "wallet_session";
/// The cookie that a log-in in progress is bound to.
const BROWSER_COOKIE: &str = "wallet_browser";

/// What the provider is built with.
pub struct Collaborators {
    /// What the operator decides.
    pub settings: Settings,
    /// The gate.
    pub doors: Doors,
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// Codes, cookies, identifiers.
    pub random: Arc<dyn Random>,
    /// Keys the digests of client secrets; seals signing keys.
    pub records_key: Arc<RecordsKey>,
    /// Relying parties.
    pub clients: Arc<dyn Clients>,
    /// Sessions.
    pub sessions: Arc<dyn Sessions>,
    /// Log-ins in progress.
    pub logins: Arc<dyn Logins>,
    /// Grants.
    pub grants: Arc<dyn Grants>,
    /// The registry.
    pub subjects: Arc<dyn Subjects>,
    /// Signing keys.
    pub key_store: Arc<dyn KeyStore>,
}

/// The provider.
pub struct Provider {
    with: Collaborators,
    keys: Keys,
    federation: Uuid,
    cookies: Cookies,
}

impl Provider {
    /// Reads the keys, or makes them at first start.
    pub async fn open(with: Collaborators) -> Result<Arc<Self>, Outage> {
        let now = with.clock.now();
        let store = Arc::clone(&with.key_store);
        let keys = Keys::open(store, Arc::clone(&with.records_key), now).await?;
        let federation = with.key_store.federation().await?;
        let cookies = Cookies::for_base(&with.settings.wallet_url);
        Ok(Arc::new(Self { with, keys, federation, cookies }))
    }

    /// What the operator decided.
    pub fn settings(&self) -> &Settings {
        &self.with.settings
    }

    /// What is kept of a client's secret.
    fn client_secret_digest(&self, id: &ClientId, secret: &Secret) -> SecretDigest {
        client_secret_digest(&self.with.records_key, id, secret)
    }

    /// The signed token that tells `client` that a session is over (OpenID Connect Back-Channel
    /// Logout 1.0, section 2.4): names the `sid`, never only a person. Each has its own `jti`.
    pub async fn logout_token(
        &self,
        client: &ClientId,
        sid: Sid,
        now: Timestamp,
    ) -> Result<String, Outage> {
        let id = self.with.random.opaque_id();
        let claims = claims::LogoutClaims::new(&self.with.settings, client, sid, id, now);
        let alg = client_settings::SigningAlg::RS256;
        self.keys.sign(alg, keys::TokenType::LogoutToken, &claims).await
    }

    /// The client with this id, enabled or not.
    async fn client(&self, id: &ClientId) -> Result<Option<Client>, Outage> {
        match self.built_in(id) {
            Some(client) => Ok(Some(client)),
            None => Ok(self.with.clients.client(id).await?.map(Client::from)),
        }
    }
}

/// What is kept of a client's secret: keyed, since a caller may have chosen a short one, and bound to
/// the client.
pub fn client_secret_digest(key: &RecordsKey, id: &ClientId, secret: &Secret) -> SecretDigest {
    key.digest(id.as_str(), secret.expose())
}
