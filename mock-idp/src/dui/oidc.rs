//! The provider's side, through `openidconnect`: discovery at first use, then codes and tokens.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jsonwebtoken::jwk::JwkSet;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreClaimName, CoreClaimType,
    CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreJwsSigningAlgorithm,
    CoreResponseMode, CoreResponseType, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreSubjectIdentifierType, CoreTokenType,
};
use openidconnect::{
    AccessToken, AdditionalClaims, AdditionalProviderMetadata, AsyncHttpClient, AuthType,
    AuthenticationContextClass, Client, ClientId, ClientSecret, CsrfToken, EmptyExtraTokenFields,
    EndSessionUrl, EndpointMaybeSet, EndpointNotSet, EndpointSet, ExtraTokenFields, HttpRequest,
    HttpResponse, IdTokenFields, IntrospectionUrl, IssuerUrl, Nonce, PkceCodeChallenge,
    PkceCodeVerifier, ProviderMetadata, RedirectUrl, Scope, StandardErrorResponse,
    StandardTokenIntrospectionResponse, StandardTokenResponse,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use url::Url;

use super::Software;

/// What Pro Santé Connect announces beyond the library's own list.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Announced {
    pub(super) end_session_endpoint: Option<EndSessionUrl>,
    introspection_endpoint: Option<IntrospectionUrl>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
}
impl AdditionalProviderMetadata for Announced {}

type Metadata = ProviderMetadata<
    Announced,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

/// Every claim that the library has no name for, as it came.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Others {
    #[serde(flatten)]
    pub(super) all: Map<String, Value>,
}
impl AdditionalClaims for Others {}
impl ExtraTokenFields for Others {}

pub(super) type IdToken = openidconnect::IdToken<
    Others,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
pub(super) type Tokens = StandardTokenResponse<
    IdTokenFields<
        Others,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
pub(super) type Introspection = StandardTokenIntrospectionResponse<Others, CoreTokenType>;
pub(super) type Refusal = StandardErrorResponse<CoreErrorResponseType>;
pub(super) type PscClient = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    Refusal,
    Tokens,
    Introspection,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
    EndpointMaybeSet,
    EndpointMaybeSet,
>;

/// Carries the library's requests.
#[derive(Clone)]
pub(super) struct Http(pub(super) reqwest::Client);

/// A request that could not be carried.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    #[error(transparent)]
    Sending(#[from] reqwest::Error),
    #[error(transparent)]
    Form(#[from] axum::http::Error),
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let response = self.0.execute(request.try_into()?).await?;
            let mut answer = axum::http::Response::builder().status(response.status());
            for (name, value) in response.headers() {
                answer = answer.header(name, value);
            }
            Ok(answer.body(response.bytes().await?.to_vec())?)
        })
    }
}

/// What was read at discovery, and the client made of it.
pub(super) struct Known {
    pub(super) client: PscClient,
    pub(super) announced: Announced,
    pub(super) keys: JwkSet,
}

/// One relying party's view of the gateway.
pub(super) struct Provider {
    software: Software,
    pub(super) issuer: String,
    pub(super) home: String,
    secret: Option<String>,
    pub(super) http: Http,
    known: Mutex<Option<Arc<Known>>>,
}

/// A log-in on its way: where to send the browser, and what must come back with it.
pub(super) struct Departure {
    pub(super) url: Url,
    pub(super) state: String,
    pub(super) nonce: Nonce,
    pub(super) verifier: Option<PkceCodeVerifier>,
}

impl Provider {
    pub(super) fn new(
        software: Software,
        issuer: String,
        home: String,
        secret: Option<String>,
        http: reqwest::Client,
    ) -> Self {
        Self { software, issuer, home, secret, http: Http(http), known: Mutex::default() }
    }

    /// Discovery happens at first use, and again after a failure.
    pub(super) async fn known(&self) -> Result<Arc<Known>, String> {
        let mut known = self.known.lock().await;
        if let Some(known) = known.as_ref() {
            return Ok(Arc::clone(known));
        }
        let fresh = Arc::new(self.discover().await?);
        *known = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Keys may have changed: the next use discovers again.
    pub(super) async fn forget(&self) {
        *self.known.lock().await = None;
    }

    async fn discover(&self) -> Result<Known, String> {
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|error| error.to_string())?;
        let metadata = Metadata::discover_async(issuer, &self.http)
            .await
            .map_err(|error| format!("{error}: {error:?}"))?;
        let announced = metadata.additional_metadata().clone();
        let introspection =
            announced.introspection_endpoint.clone().ok_or("no introspection_endpoint")?;
        let keys = serde_json::to_value(metadata.jwks())
            .and_then(serde_json::from_value)
            .map_err(|error| error.to_string())?;
        let redirect =
            RedirectUrl::new(format!("{}/retour", self.home)).map_err(|error| error.to_string())?;
        let client = Client::from_provider_metadata(
            metadata,
            ClientId::new(self.software.key.to_owned()),
            self.secret.clone().map(ClientSecret::new),
        )
        .set_auth_type(if self.software.secret_in_body {
            AuthType::RequestBody
        } else {
            AuthType::BasicAuth
        })
        .set_redirect_uri(redirect)
        .set_introspection_url(introspection);
        Ok(Known { client, announced, keys })
    }
}

impl Known {
    /// The authorization request, as the guides of Pro Santé Connect have it.
    pub(super) fn depart(&self, pkce: bool, prompt: Option<CoreAuthPrompt>) -> Departure {
        let (challenge, verifier) = pkce.then(PkceCodeChallenge::new_random_sha256).unzip();
        let mut request = self
            .client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                || CsrfToken::new(crate::random::token()),
                || Nonce::new(crate::random::token()),
            )
            .add_scope(Scope::new("scope_all".to_owned()))
            .add_auth_context_value(AuthenticationContextClass::new("eidas1".to_owned()));
        if let Some(challenge) = challenge {
            request = request.set_pkce_challenge(challenge);
        }
        if let Some(prompt) = prompt {
            request = request.add_prompt(prompt);
        }
        let (url, state, nonce) = request.url();
        Departure { url, state: state.secret().clone(), nonce, verifier }
    }

    /// The answer must say who it comes from, when the gateway announced that it does (RFC 9207).
    pub(super) fn comes_from(&self, issuer: &str, said: Option<&str>) -> bool {
        said.map_or(!self.announced.authorization_response_iss_parameter_supported, |said| {
            said == issuer
        })
    }
}

/// Userinfo as it came: Pro Santé Connect's own keys among the standard ones.
pub(super) async fn identity(
    known: &Known,
    http: &Http,
    token: &AccessToken,
    subject: &str,
) -> Result<Value, String> {
    let expected = openidconnect::SubjectIdentifier::new(subject.to_owned());
    let claims: openidconnect::UserInfoClaims<Others, CoreGenderClaim> = known
        .client
        .user_info(token.clone(), Some(expected))
        .map_err(|error| error.to_string())?
        .request_async(http)
        .await
        .map_err(|error| format!("{error}: {error:?}"))?;
    serde_json::to_value(&claims).map_err(|error| error.to_string())
}
