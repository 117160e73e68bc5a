//! A client's settings: what may be written, and the profile that says what is meant by silence.

use serde::{Deserialize, Serialize};

use crate::kernel::ClientId;

/// Which set of defaults a client starts from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// As Pro Santé Connect behaves.
    #[default]
    Psc,
    /// As OpenID Connect Core reads.
    Oidc,
    /// As FAPI 2.0 demands.
    Fapi2,
}

/// How a client proves who it is at the token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMethod {
    /// HTTP Basic (RFC 6749, section 2.3.1).
    ClientSecretBasic,
    /// Secret in the body (the same section).
    ClientSecretPost,
    /// A signed assertion (RFC 7523).
    PrivateKeyJwt,
    /// A certificate of a known authority (RFC 8705, section 2.1).
    TlsClientAuth,
    /// A certificate known by itself (RFC 8705, section 2.2).
    SelfSignedTlsClientAuth,
}

/// How tokens of a client are signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SigningAlg {
    /// RSASSA-PKCS1-v1.5 with SHA-256, the only one that many clients of PSC accept.
    #[default]
    RS256,
    /// RSASSA-PSS with SHA-256.
    PS256,
    /// ECDSA on P-256 with SHA-256.
    ES256,
}

/// What the ID token says beside what OpenID Connect demands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdTokenClaims {
    /// All that PSC's tokens carry.
    #[default]
    Psc,
    /// Only the standard.
    Minimal,
}

/// Which authentication level tokens announce.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acr {
    /// What PSC announces today.
    #[default]
    Eidas1,
    /// What it announced in production in September 2026, with a card.
    Eidas2,
    /// What it announced in 2022.
    Eidas3,
    /// Nothing, as in April 2023.
    None,
}

impl Acr {
    /// The claim, if there is one.
    pub const fn claim(self) -> Option<&'static str> {
        match self {
            Self::Eidas1 => Some("eidas1"),
            Self::Eidas2 => Some("eidas2"),
            Self::Eidas3 => Some("eidas3"),
            Self::None => None,
        }
    }
}

/// The form of `sub`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubForm {
    /// `f:` + a constant + `:8` + RPPS.
    #[default]
    Federated,
    /// Random, one a person.
    Uuid,
}

/// Which situations userinfo tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SituationsTold {
    /// All that are open, those of the client's own structure first.
    #[default]
    All,
    /// Only those of the client's own structure.
    Own,
}

/// The form of the access token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccessTokenFormat {
    /// As PSC's, without `aud`.
    #[default]
    Psc,
    /// RFC 9068.
    Rfc9068,
}

/// What a refresh does to the refresh token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefreshTokenMode {
    /// A new one each time; the old one is valid to its own end.
    #[default]
    Reissue,
    /// A new one each time; a second use of an old one is a replay.
    Rotate,
    /// The same one, to the end of the session.
    Stable,
}

/// Whose tokens a client may introspect.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Introspects {
    /// Its own.
    #[default]
    Own,
    /// Any client's.
    Any,
    /// These clients', and its own.
    #[serde(untagged)]
    Clients(Vec<ClientId>),
}

/// What of the settings outlives the request: read when a grant opens, and kept with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenSettings {
    /// How its tokens are signed.
    pub id_token_signed_response_alg: SigningAlg,
    /// What its ID tokens say.
    pub id_token_claims: IdTokenClaims,
    /// Which level they announce.
    pub acr: Acr,
    /// How they name the person.
    pub sub_form: SubForm,
    /// Which situations userinfo tells.
    pub situations: SituationsTold,
    /// The form of its access tokens.
    pub access_token_format: AccessTokenFormat,
    /// What a refresh does.
    pub refresh_token_mode: RefreshTokenMode,
    /// Whether answers and tokens carry `session_state`.
    pub session_state: bool,
}

/// The effective settings of a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a member of its own in the contract")]
pub struct ClientSettings {
    /// Whether a request without a code challenge is refused.
    pub require_pkce: bool,
    /// Parameters that its authorization requests must carry.
    pub required_parameters: Vec<String>,
    /// How it authenticates.
    pub token_endpoint_auth_method: AuthMethod,
    /// Whether requests must be pushed first.
    pub require_pushed_authorization_requests: bool,
    /// Whether its tokens are bound to a certificate.
    pub tls_client_certificate_bound_access_tokens: bool,
    /// What outlives the request.
    #[serde(flatten)]
    pub tokens: TokenSettings,
    /// Whether a log-out's return carries `state`.
    pub state_at_logout: bool,
    /// Whose tokens it may introspect.
    pub introspects: Introspects,
}

/// What was written, member by member; absent: as the profile says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the members are those of ClientSettings")]
pub struct Overrides {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pkce: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub required_parameters: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_endpoint_auth_method: Option<AuthMethod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_pushed_authorization_requests: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_certificate_bound_access_tokens: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_signed_response_alg: Option<SigningAlg>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id_token_claims: Option<IdTokenClaims>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acr: Option<Acr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_form: Option<SubForm>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub situations: Option<SituationsTold>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token_format: Option<AccessTokenFormat>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token_mode: Option<RefreshTokenMode>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_state: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state_at_logout: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub introspects: Option<Introspects>,
}

impl Profile {
    /// What silence means.
    pub fn defaults(self) -> ClientSettings {
        let fapi2 = self == Self::Fapi2;
        let (claims, format) = match self {
            Self::Psc => (IdTokenClaims::Psc, AccessTokenFormat::Psc),
            Self::Oidc | Self::Fapi2 => (IdTokenClaims::Minimal, AccessTokenFormat::Rfc9068),
        };
        ClientSettings {
            require_pkce: fapi2,
            required_parameters: Vec::new(),
            token_endpoint_auth_method: if fapi2 {
                AuthMethod::PrivateKeyJwt
            } else {
                AuthMethod::ClientSecretBasic
            },
            require_pushed_authorization_requests: fapi2,
            tls_client_certificate_bound_access_tokens: fapi2,
            tokens: TokenSettings {
                id_token_signed_response_alg: if fapi2 {
                    SigningAlg::ES256
                } else {
                    SigningAlg::RS256
                },
                id_token_claims: claims,
                access_token_format: format,
                refresh_token_mode: if fapi2 {
                    RefreshTokenMode::Stable
                } else {
                    RefreshTokenMode::Reissue
                },
                session_state: self == Self::Psc,
                ..TokenSettings::default()
            },
            state_at_logout: true,
            introspects: Introspects::Own,
        }
    }

    /// What `overrides` makes of the defaults.
    pub fn with(self, overrides: &Overrides) -> ClientSettings {
        let base = self.defaults();
        let chosen = overrides.clone();
        let tokens = TokenSettings {
            id_token_signed_response_alg: chosen
                .id_token_signed_response_alg
                .unwrap_or(base.tokens.id_token_signed_response_alg),
            id_token_claims: chosen.id_token_claims.unwrap_or(base.tokens.id_token_claims),
            acr: chosen.acr.unwrap_or(base.tokens.acr),
            sub_form: chosen.sub_form.unwrap_or(base.tokens.sub_form),
            situations: chosen.situations.unwrap_or(base.tokens.situations),
            access_token_format: chosen
                .access_token_format
                .unwrap_or(base.tokens.access_token_format),
            refresh_token_mode: chosen.refresh_token_mode.unwrap_or(base.tokens.refresh_token_mode),
            session_state: chosen.session_state.unwrap_or(base.tokens.session_state),
        };
        ClientSettings {
            require_pkce: chosen.require_pkce.unwrap_or(base.require_pkce),
            required_parameters: chosen.required_parameters.unwrap_or(base.required_parameters),
            token_endpoint_auth_method: chosen
                .token_endpoint_auth_method
                .unwrap_or(base.token_endpoint_auth_method),
            require_pushed_authorization_requests: chosen
                .require_pushed_authorization_requests
                .unwrap_or(base.require_pushed_authorization_requests),
            tls_client_certificate_bound_access_tokens: chosen
                .tls_client_certificate_bound_access_tokens
                .unwrap_or(base.tls_client_certificate_bound_access_tokens),
            tokens,
            state_at_logout: chosen.state_at_logout.unwrap_or(base.state_at_logout),
            introspects: chosen.introspects.unwrap_or(base.introspects),
        }
    }
}
