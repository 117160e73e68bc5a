//! What can go wrong between a browser's departure for FranceConnect and an identity.

use url::Url;

use crate::kernel::Outage;

use super::{endpoints::BadEndpoints, identity::BadIdentity};

/// Why there is no identity. Precise inside; people are told what to do (`portal`), FranceConnect
/// nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Failure {
    /// The answer repeats a parameter, or is no text.
    #[error("the answer cannot be read")]
    Unreadable,
    /// No such trip in this browser: over, used, or begun in another.
    #[error("no such trip in this browser")]
    NotInProgress,
    /// The answer does not say that it comes from our FranceConnect (RFC 9207, section 2.4).
    #[error("the answer comes from another issuer, or does not say from which")]
    OtherIssuer,
    /// Neither a code nor an error.
    #[error("the answer holds neither a code nor an error")]
    NoCode,
    /// FranceConnect says no, through the browser.
    #[error("FranceConnect refused the log-in: {0}")]
    Refused(Refusal),
    /// FranceConnect says no, to us.
    #[error("FranceConnect refused {what}: {refusal}")]
    Rejected {
        /// What we came with.
        what: &'static str,
        /// What it says.
        refusal: Refusal,
    },
    /// No connection, or no answer in time.
    #[error("FranceConnect does not answer")]
    Unreachable,
    /// Its host is missing in `outbound.allow`.
    #[error("we may not call FranceConnect: its host is missing in outbound.allow")]
    Forbidden,
    /// A page, a fragment, a novel: nothing that a program could read.
    #[error("FranceConnect answered {what} with what cannot be read: {why}")]
    Unintelligible {
        /// What was asked for.
        what: &'static str,
        /// What came, in our words.
        why: String,
    },
    /// Its addresses are not to be believed.
    #[error(transparent)]
    Endpoints(#[from] BadEndpoints),
    /// The ID token is not to be believed.
    #[error("ID token: {0}")]
    IdToken(BadToken),
    /// Userinfo is not to be believed.
    #[error("userinfo: {0}")]
    Userinfo(BadToken),
    /// An identity that no rule of ours understands.
    #[error(transparent)]
    Identity(#[from] BadIdentity),
    /// Ours: the store does not answer.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// What is wrong with a token (OpenID Connect Core 1.0, section 3.1.3.7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadToken {
    /// None came.
    #[error("absent")]
    Absent,
    /// No JWS, or a claim of another type than it has.
    #[error("malformed")]
    Malformed,
    /// Signed in another way than we registered for, or not at all.
    #[error("not signed with the registered algorithm")]
    Algorithm,
    /// By a key that FranceConnect does not publish.
    #[error("signed with an unknown key")]
    UnknownKey,
    /// By nobody.
    #[error("wrong signature")]
    Signature,
    /// By somebody else.
    #[error("of another issuer")]
    Issuer,
    /// For somebody else.
    #[error("for another audience")]
    Audience,
    /// Too old.
    #[error("expired")]
    Expired,
    /// From the future.
    #[error("issued in the future")]
    Early,
    /// Of another log-in.
    #[error("of another log-in")]
    Nonce,
    /// Below the level that we asked for.
    #[error("below the level that was asked for")]
    Level,
    /// Beside another access token (`at_hash`).
    #[error("beside another access token")]
    AccessToken,
    /// About somebody else than the ID token.
    #[error("about somebody else")]
    Subject,
}

impl BadToken {
    /// Whether newer keys may judge otherwise.
    pub(super) fn may_be_old_keys(self) -> bool {
        matches!(self, Self::UnknownKey | Self::Signature)
    }
}

/// What FranceConnect says when it says no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Its `error`.
    pub error: String,
    /// The code that its support goes by, `Y` and more, from `error_uri`.
    pub code: Option<String>,
    /// The incident that its support goes by.
    pub incident: Option<String>,
}

impl Refusal {
    /// Takes in what a stranger wrote: a few plain characters, and nothing else of it.
    pub fn new(error: &str, error_uri: Option<&str>) -> Self {
        let uri = error_uri.and_then(|text| Url::parse(text).ok());
        let told = |name: &str| {
            let (_, value) = uri.as_ref()?.query_pairs().find(|(key, _)| key == name)?;
            Some(plain(&value)).filter(|text| !text.is_empty())
        };
        Self { error: plain(error), code: told("code"), incident: told("id") }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let absent = "-";
        let code = self.code.as_deref().unwrap_or(absent);
        let incident = self.incident.as_deref().unwrap_or(absent);
        write!(f, "{}, code {code}, incident {incident}", self.error)
    }
}

/// Enough for every code that FranceConnect has, and nothing that a log or a page would stumble over.
fn plain(text: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    text.chars().filter(is_plain).take(64).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_keeps_what_support_goes_by_and_nothing_a_stranger_could_slip_in() {
        #[track_caller]
        fn check(error: &str, uri: Option<&str>, expected: &str) {
            assert_eq!(Refusal::new(error, uri).to_string(), expected);
        }
        let page = "https://docs.example/erreurs?code=Y043F0A8&id=4ab1-09";
        check("invalid_grant", Some(page), "invalid_grant, code Y043F0A8, incident 4ab1-09");
        check("access_denied", None, "access_denied, code -, incident -");
        check("access_denied", Some("no address"), "access_denied, code -, incident -");
        check("a\n<b>\"c", Some("https://x?code=%0a%3C"), "abc, code -, incident -");
        check(&"x".repeat(100), None, &format!("{}, code -, incident -", "x".repeat(64)));
    }
}
