//! The protocol, through `openidconnect`: the one file that names it. It builds the two addresses
//! that browsers are sent to, redeems codes and judges tokens; it keeps nothing.

use std::{future::Future, pin::Pin, str::FromStr};

use chrono::{DateTime, Utc};
use openidconnect::{
    AccessToken, AccessTokenHash, AdditionalClaims, AsyncHttpClient, AuthType, AuthUrl,
    AuthenticationContextClass, AuthorizationCode, ClaimsVerificationError, Client, ClientId,
    ClientSecret, CsrfToken, EmptyExtraTokenFields, EndSessionUrl, EndpointNotSet, HttpRequest,
    HttpResponse, IdTokenClaims, IdTokenFields, IdTokenVerifier, IssuerUrl, JsonWebKeySet,
    LogoutRequest, Nonce, OAuth2TokenResponse, PostLogoutRedirectUrl, RedirectUrl,
    RequestTokenError, Scope, SignatureVerificationError, StandardErrorResponse,
    StandardTokenResponse, TokenResponse, TokenUrl,
    core::{
        CoreAuthDisplay, CoreAuthPrompt, CoreAuthenticationFlow, CoreErrorResponseType,
        CoreGenderClaim, CoreJsonWebKey, CoreJsonWebKeySet, CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
        CoreTokenIntrospectionResponse, CoreTokenType,
    },
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use url::Url;

use crate::{
    kernel::{
        Timestamp,
        secret::{Secret, SecretDigest},
        time::Span,
    },
    web::outgoing::CallError,
};

use super::{
    BadToken, Endpoints, Failure, Level, Refusal, Settings, SignedWith, http::Http, identity::Proof,
};

/// How far FranceConnect's clock may be from ours. Its tokens live 60 seconds.
const SKEW: Span = Span::seconds(10);

/// Every claim that the library has no name for, as it came.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Others {
    #[serde(flatten)]
    all: Map<String, Value>,
}
impl AdditionalClaims for Others {}

type Token = openidconnect::IdToken<
    Others,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJwsSigningAlgorithm,
>;
type Answer = StandardTokenResponse<
    IdTokenFields<
        Others,
        EmptyExtraTokenFields,
        CoreGenderClaim,
        CoreJweContentEncryptionAlgorithm,
        CoreJwsSigningAlgorithm,
    >,
    CoreTokenType,
>;
type Error = StandardErrorResponse<CoreErrorResponseType>;
type Party = Client<
    Others,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    Error,
    Answer,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
>;

/// FranceConnect's public keys.
pub(super) struct Keys(CoreJsonWebKeySet);

impl Keys {
    /// From a JWK set (RFC 7517, section 5). Keys of a kind that the library does not know are left
    /// out.
    pub(super) fn read(document: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(document).map(Self).map_err(|error| error.to_string())
    }
}

/// What a code was redeemed for. Nothing of it is believed yet.
pub(super) struct Redeemed {
    access: AccessToken,
    id_token: Token,
}

impl Redeemed {
    /// For the userinfo request; never kept.
    pub(super) fn access_token(&self) -> &str {
        self.access.secret()
    }

    /// For the log-out, sealed until then.
    pub(super) fn id_token(&self) -> Secret {
        Secret::received(self.id_token.to_string())
    }
}

/// Us, as FranceConnect knows us.
pub(super) struct Provider {
    issuer: IssuerUrl,
    client: ClientId,
    redirect: RedirectUrl,
    farewell: PostLogoutRedirectUrl,
    alg: CoreJwsSigningAlgorithm,
    level: Level,
    scopes: Vec<Scope>,
}

impl Provider {
    /// From the settings.
    pub(super) fn new(settings: &Settings) -> Result<Self, url::ParseError> {
        Ok(Self {
            issuer: IssuerUrl::new(settings.issuer.clone())?,
            client: ClientId::new(settings.client_id.clone()),
            redirect: RedirectUrl::new(settings.redirect_uri.clone())?,
            farewell: PostLogoutRedirectUrl::new(settings.farewell_uri.clone())?,
            alg: match settings.signed_with {
                SignedWith::Es256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
                SignedWith::Rs256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            },
            level: settings.level,
            scopes: settings.scopes.iter().cloned().map(Scope::new).collect(),
        })
    }

    fn party(&self) -> Party {
        Client::new(self.client.clone(), self.issuer.clone(), JsonWebKeySet::default())
            .set_redirect_uri(self.redirect.clone())
    }

    /// The authorization request. FranceConnect answers 400 to any parameter beyond these: no PKCE,
    /// no `response_mode`.
    pub(super) fn authorization(&self, at: &Endpoints, state: &Secret, nonce: &Secret) -> Url {
        let state = CsrfToken::new(state.expose().to_owned());
        let nonce = Nonce::new(nonce.expose().to_owned());
        let (url, _, _) = self
            .party()
            .set_auth_uri(AuthUrl::from_url(at.authorization.clone()))
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || state, move || nonce)
            .add_scopes(self.scopes.iter().cloned())
            .add_auth_context_value(AuthenticationContextClass::new(self.level.acr().to_owned()))
            .url();
        url
    }

    /// Where a browser logs out (OpenID Connect RP-Initiated Logout 1.0, section 2).
    pub(super) fn log_out(
        &self,
        at: &Endpoints,
        id_token: &Secret,
        state: &Secret,
    ) -> Result<Url, BadToken> {
        let hint = Token::from_str(id_token.expose()).map_err(|_| BadToken::Malformed)?;
        Ok(LogoutRequest::from(EndSessionUrl::from_url(at.end_session.clone()))
            .set_id_token_hint(&hint)
            .set_post_logout_redirect_uri(self.farewell.clone())
            .set_state(CsrfToken::new(state.expose().to_owned()))
            .http_get_url())
    }

    /// Redeems a code, with our secret in the body (`client_secret_post`).
    pub(super) async fn redeem(
        &self,
        at: &Endpoints,
        http: &Http,
        secret: &Secret,
        code: &str,
    ) -> Result<Redeemed, Failure> {
        let answer = self
            .party()
            .set_client_secret(ClientSecret::new(secret.expose().to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_token_uri(TokenUrl::from_url(at.token.clone()))
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .request_async(http)
            .await
            .map_err(not_redeemed)?;
        let id_token = answer.id_token().cloned().ok_or(Failure::IdToken(BadToken::Absent))?;
        Ok(Redeemed { access: answer.access_token().clone(), id_token })
    }

    /// Judges an ID token (OpenID Connect Core 1.0, section 3.1.3.7).
    pub(super) fn judge(
        &self,
        redeemed: &Redeemed,
        keys: &Keys,
        nonce: &SecretDigest,
        now: Timestamp,
    ) -> Result<Proof, BadToken> {
        let (token, verifier) = (&redeemed.id_token, self.verifier(keys, now));
        let is_ours = |said: Option<&Nonce>| {
            let same = said.is_some_and(|said| {
                Secret::received(said.secret().clone()).digest().matches(nonce)
            });
            if same { Ok(()) } else { Err(String::new()) }
        };
        let claims = token.claims(&verifier, is_ours).map_err(unbelieved)?;
        in_time(claims, now)?;
        let acr = claims.auth_context_ref().and_then(|acr| Level::named(acr));
        let level = acr.filter(|level| *level >= self.level).ok_or(BadToken::Level)?;
        if let Some(hash) = claims.access_token_hash() {
            let alg = token.signing_alg().map_err(unsigned)?;
            let key = token.signing_key(&verifier).map_err(unsigned)?;
            let ours = AccessTokenHash::from_token(&redeemed.access, alg, key);
            if ours.ok().as_ref() != Some(hash) {
                return Err(BadToken::AccessToken);
            }
        }
        let at = claims.auth_time().unwrap_or_else(|| claims.issue_time());
        let at = Timestamp(at.timestamp_millis());
        Ok(Proof { sub: claims.subject().to_string(), level, at })
    }

    /// Judges signed userinfo by the same rules, and hands out what it says.
    pub(super) fn judge_userinfo(
        &self,
        jwt: &str,
        keys: &Keys,
        now: Timestamp,
    ) -> Result<Value, BadToken> {
        let token = Token::from_str(jwt).map_err(|_| BadToken::Malformed)?;
        let verifier = self.verifier(keys, now);
        let claims = token.claims(&verifier, |_: Option<&Nonce>| Ok(())).map_err(unbelieved)?;
        in_time(claims, now)?;
        serde_json::to_value(claims).map_err(|_| BadToken::Malformed)
    }

    /// One algorithm, public keys only: neither `none` nor HS256 with our own secret will do.
    fn verifier(&self, keys: &Keys, now: Timestamp) -> IdTokenVerifier<'_, CoreJsonWebKey> {
        IdTokenVerifier::new_public_client(self.client.clone(), self.issuer.clone(), keys.0.clone())
            .set_allowed_algs([self.alg.clone()])
            .set_time_fn(move || moment(now - SKEW))
    }
}

/// The library checks `exp`; `iat` is left to us.
fn in_time(
    claims: &IdTokenClaims<Others, CoreGenderClaim>,
    now: Timestamp,
) -> Result<(), BadToken> {
    if claims.issue_time() > moment(now + SKEW) { Err(BadToken::Early) } else { Ok(()) }
}

/// Our clock in the library's words; a moment that it cannot hold is after everything.
fn moment(at: Timestamp) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum may grow")]
fn unbelieved(error: ClaimsVerificationError) -> BadToken {
    match error {
        ClaimsVerificationError::Expired(_) => BadToken::Expired,
        ClaimsVerificationError::InvalidAudience(_) => BadToken::Audience,
        ClaimsVerificationError::InvalidIssuer(_) => BadToken::Issuer,
        ClaimsVerificationError::InvalidNonce(_) => BadToken::Nonce,
        ClaimsVerificationError::SignatureVerification(error) => unsigned(error),
        _ => BadToken::Malformed,
    }
}

#[expect(clippy::needless_pass_by_value, reason = "handed to map_err")]
#[expect(clippy::wildcard_enum_match_arm, reason = "the library's enum may grow")]
fn unsigned(error: SignatureVerificationError) -> BadToken {
    use SignatureVerificationError as E;
    match error {
        E::DisallowedAlg(_) | E::NoSignature | E::UnsupportedAlg(_) => BadToken::Algorithm,
        E::NoMatchingKey | E::AmbiguousKeyId(_) | E::InvalidKey(_) => BadToken::UnknownKey,
        E::CryptoError(_) => BadToken::Signature,
        _ => BadToken::Malformed,
    }
}

fn not_redeemed(error: RequestTokenError<CallError, Error>) -> Failure {
    const WHAT: &str = "the code";
    let unintelligible = |why| Failure::Unintelligible { what: WHAT, why };
    match error {
        RequestTokenError::Request(error) => Failure::of_call(&error, WHAT),
        RequestTokenError::ServerResponse(said) => Failure::Rejected {
            what: WHAT,
            refusal: Refusal::new(said.error().as_ref(), said.error_uri().map(String::as_str)),
        },
        // The message itself may quote a token.
        RequestTokenError::Parse(error, _) => {
            unintelligible(format!("not the JSON that was expected, at {}", error.path()))
        }
        RequestTokenError::Other(why) => unintelligible(why),
    }
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, CallError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.carry(request))
    }
}
