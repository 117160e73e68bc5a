//! Scopes: what a token may open.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a person's token may tell (reference: PSC, announced list), in the order of discovery.
pub const PERSON_SCOPES: [&str; 9] = [
    "openid",
    "profile",
    "scope_all",
    "identity",
    "interop",
    "referentiel",
    "othersIds",
    "email",
    "offline_access",
];

/// What a program's token may do at our own API.
pub const API_SCOPES: [&str; 6] = [
    "registry:read",
    "registry:write",
    "registry:authority",
    "security:read",
    "security:write",
    "clients:write",
];

/// A list of scopes, in the order in which they were asked, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// The words of `text`, each once (RFC 6749, section 3.3).
    pub fn read(text: &str) -> Self {
        let mut words: Vec<String> = Vec::new();
        for word in text.split_ascii_whitespace() {
            if !words.iter().any(|known| known == word) {
                words.push(word.to_owned());
            }
        }
        Self(words)
    }

    /// Those that `keep` accepts.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&str) -> bool) -> Self {
        Self(self.0.iter().filter(|word| keep(word)).cloned().collect())
    }

    /// Whether `scope` is among them.
    pub fn has(&self, scope: &str) -> bool {
        self.0.iter().any(|word| word == scope)
    }

    /// Whether all of `other` are among them.
    pub fn covers(&self, other: &Self) -> bool {
        other.0.iter().all(|word| self.has(word))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether what falls under `part` may be told: its own scope, or all.
    pub fn tells(&self, part: &str) -> bool {
        self.has("scope_all") || self.has(part)
    }
}

impl From<String> for Scopes {
    fn from(text: String) -> Self {
        Self::read(&text)
    }
}

impl From<Scopes> for String {
    fn from(scopes: Scopes) -> Self {
        scopes.0.join(" ")
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(word)?;
        }
        Ok(())
    }
}
