//! Where FranceConnect is spoken to. Discovery is believed only about addresses that lie under the
//! issuer that was configured: a document that names others would lead codes and secrets astray.

use serde::Deserialize;
use url::Url;

/// FranceConnect's addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoints {
    /// Where the browser is sent to log in.
    pub authorization: Url,
    /// Where a code is redeemed.
    pub token: Url,
    /// Where the identity is read.
    pub userinfo: Url,
    /// Where the public keys are.
    pub keys: Url,
    /// Where the browser is sent to log out.
    pub end_session: Url,
}

/// Why a discovery document is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEndpoints {
    /// Not JSON, or without what OpenID Connect Discovery 1.0, section 3, demands.
    #[error("the discovery document cannot be read: {0}")]
    Unreadable(String),
    /// It speaks for somebody else (OpenID Connect Discovery 1.0, section 4.3).
    #[error("the discovery document is that of another issuer")]
    OtherIssuer,
    /// An address that is not below the issuer.
    #[error("{0} does not lie under the issuer")]
    Elsewhere(&'static str),
}

#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    userinfo_endpoint: Url,
    jwks_uri: Url,
    end_session_endpoint: Url,
}

impl Endpoints {
    /// What the discovery document of `issuer` says.
    pub fn announced(document: &[u8], issuer: &str) -> Result<Self, BadEndpoints> {
        let said: Document = serde_json::from_slice(document)
            .map_err(|error| BadEndpoints::Unreadable(error.to_string()))?;
        if said.issuer != issuer {
            return Err(BadEndpoints::OtherIssuer);
        }
        let endpoints = Self {
            authorization: said.authorization_endpoint,
            token: said.token_endpoint,
            userinfo: said.userinfo_endpoint,
            keys: said.jwks_uri,
            end_session: said.end_session_endpoint,
        };
        match endpoints.elsewhere(issuer) {
            Some(name) => Err(BadEndpoints::Elsewhere(name)),
            None => Ok(endpoints),
        }
    }

    /// The first address that does not lie under `issuer`, by its name in discovery.
    pub fn elsewhere(&self, issuer: &str) -> Option<&'static str> {
        [
            ("authorization_endpoint", &self.authorization),
            ("token_endpoint", &self.token),
            ("userinfo_endpoint", &self.userinfo),
            ("jwks_uri", &self.keys),
            ("end_session_endpoint", &self.end_session),
        ]
        .into_iter()
        .find_map(|(name, url)| (!lies_under(url, issuer)).then_some(name))
    }
}

/// Whether `url` is below `issuer`, compared as parsed: dots in a path have been resolved by then.
pub fn lies_under(url: &Url, issuer: &str) -> bool {
    let Ok(base) = Url::parse(issuer) else { return false };
    let base = base.as_str().trim_end_matches('/');
    url.as_str().strip_prefix(base).is_some_and(|rest| rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    const ISSUER: &str = "https://fc.example/api/v2";

    fn document() -> Value {
        json!({
            "issuer": ISSUER,
            "authorization_endpoint": format!("{ISSUER}/authorize"),
            "token_endpoint": format!("{ISSUER}/token"),
            "userinfo_endpoint": format!("{ISSUER}/userinfo"),
            "jwks_uri": format!("{ISSUER}/jwks"),
            "end_session_endpoint": format!("{ISSUER}/session/end"),
            "dpop_signing_alg_values_supported": ["ES256"],
        })
    }

    #[test]
    fn only_addresses_under_the_issuer_are_believed() {
        #[track_caller]
        fn check(name: &str, value: &str, expected: &Result<(), BadEndpoints>) {
            let mut document = document();
            document[name] = json!(value);
            let found = Endpoints::announced(document.to_string().as_bytes(), ISSUER).map(|_| ());
            assert_eq!(&found, expected, "{name} {value}");
        }
        let elsewhere = |name| Err(BadEndpoints::Elsewhere(name));
        check("token_endpoint", "https://fc.example/api/v2/other", &Ok(()));
        check("issuer", "https://fc.example/api/v2/", &Err(BadEndpoints::OtherIssuer));
        check("issuer", "https://other.example/api/v2", &Err(BadEndpoints::OtherIssuer));
        let names = [
            "authorization_endpoint",
            "token_endpoint",
            "userinfo_endpoint",
            "jwks_uri",
            "end_session_endpoint",
        ];
        for name in names {
            check(name, "https://other.example/api/v2/x", &elsewhere(name));
        }
        for astray in [
            "http://fc.example/api/v2/token",
            "https://fc.example:444/api/v2/token",
            "https://fc.example/api/v2",
            "https://fc.example/api/v2x/token",
            "https://fc.example/api/v2/../../token",
            "https://fc.example/api/v2/%2e%2e/%2e%2e/token",
            "https://fc.example@other.example/api/v2/token",
            "https://fc.example.other.example/api/v2/token",
        ] {
            check("token_endpoint", astray, &elsewhere("token_endpoint"));
        }
    }

    #[test]
    fn a_document_without_an_address_is_unreadable() {
        #[track_caller]
        fn check(document: &str) {
            let found = Endpoints::announced(document.as_bytes(), ISSUER);
            assert!(matches!(found, Err(BadEndpoints::Unreadable(_))), "{found:?}");
        }
        check("<!doctype html>");
        check("{}");
        for (name, _) in document().as_object().unwrap() {
            let mut document = document();
            document.as_object_mut().unwrap().remove(name);
            if !name.starts_with("dpop") {
                check(&document.to_string());
            }
        }
        assert!(Endpoints::announced(document().to_string().as_bytes(), ISSUER).is_ok());
    }
}
