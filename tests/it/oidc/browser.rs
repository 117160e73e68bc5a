//! What programs and browsers see.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, StatusCode, header};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use passerelle::kernel::secret::Secret;
use serde_json::Value;
use url::Url;

use super::super::codes::is_documented;

/// An answer, read whole.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    pub(crate) fn at(&self, name: &str) -> String {
        let value = self.json()[name].clone();
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    pub(crate) fn location(&self) -> String {
        let value = self.headers.get(header::LOCATION).map(|value| value.to_str().unwrap());
        value.unwrap_or_default().to_owned()
    }

    /// A parameter of the address that the browser is sent to.
    pub(crate) fn sent(&self, name: &str) -> Option<String> {
        let url = Url::parse(&self.location()).ok()?;
        url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// The value of a hidden field of the page.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        let (_, rest) = self.text.split_once(&format!("name=\"{name}\" value=\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    }

    #[track_caller]
    pub(crate) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{} {}", self.location(), self.text);
        self
    }

    /// A refusal in the words of OAuth.
    #[track_caller]
    pub(crate) fn refused_with(self, status: u16, error: &str) {
        let answer = self.is(status);
        assert_eq!(answer.at("error"), error, "{}", answer.text);
        assert!(is_documented(error), "docs/api.md does not say what {error} means");
    }
}

/// What one browser holds.
#[derive(Default)]
pub(crate) struct Browser(BTreeMap<String, String>);

impl Browser {
    /// One more window of a browser that holds these.
    pub(crate) fn holding(cookies: &str) -> Self {
        let pairs = cookies.split("; ").filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    }

    pub(crate) fn cookies(&self) -> String {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    pub(crate) fn learn(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
            let (name, value) = pair.split_once('=').unwrap();
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    /// What the cookie of a log-in in progress carries.
    pub(crate) fn secret(&self) -> Option<Secret> {
        self.0.get("passerelle_wallet_browser").map(|text| Secret::received(text.clone()))
    }
}

/// What a JWT says, unverified.
pub(crate) fn said(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
