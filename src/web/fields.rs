//! Form bodies and query strings, read once, with our own refusals.
//!
//! axum's form answers a wrong field with 422 and plain text, where RFC 6749 wants 400 and JSON.

use std::collections::BTreeMap;

use axum::{
    body::Bytes,
    http::{HeaderMap, header},
};

use crate::kernel::secret::Secret;

/// Parameters by name. An empty value counts as absent (RFC 6749, section 3.1).
#[derive(Default)]
pub struct Fields(BTreeMap<String, String>);

/// Why parameters cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadFields {
    /// The body is not announced as a form.
    #[error("the body must be application/x-www-form-urlencoded")]
    ContentType,
    /// Percent signs or bytes that no text has.
    #[error("the parameters are not form-encoded text")]
    Encoding,
    /// A parameter came more than once (RFC 6749, section 3.1).
    #[error("a parameter is repeated")]
    Repeated(String),
}

impl Fields {
    /// From a query string, without its question mark.
    pub fn from_query(query: &str) -> Result<Self, BadFields> {
        let pairs: Vec<(String, String)> =
            serde_urlencoded::from_str(query).map_err(|_| BadFields::Encoding)?;
        let mut fields = BTreeMap::new();
        for (name, value) in pairs {
            // What the decoder puts in place of bytes that are no text: echoed, it would not be what
            // was sent.
            if [&name, &value].iter().any(|text| text.contains(char::REPLACEMENT_CHARACTER)) {
                return Err(BadFields::Encoding);
            }
            if fields.contains_key(&name) {
                return Err(BadFields::Repeated(name));
            }
            fields.insert(name, value);
        }
        fields.retain(|_, value: &mut String| !value.is_empty());
        Ok(Self(fields))
    }

    /// From a posted form.
    pub fn from_form(headers: &HeaderMap, body: &Bytes) -> Result<Self, BadFields> {
        let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media = media.and_then(|text| text.split(';').next()).map(str::trim);
        if !media.is_some_and(|m| m.eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
            return Err(BadFields::ContentType);
        }
        Self::from_query(std::str::from_utf8(body).map_err(|_| BadFields::Encoding)?)
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Takes the value of `name` out, as the secret that it is.
    pub fn take_secret(&mut self, name: &str) -> Option<Secret> {
        self.0.remove(name).map(Secret::received)
    }

    /// Whether `name` came.
    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The names that came, for messages that list them.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_once_or_refused() {
        #[track_caller]
        fn check(query: &str, name: &str, expected: Result<Option<&str>, &BadFields>) {
            let fields = Fields::from_query(query);
            assert_eq!(fields.as_ref().map(|f| f.get(name)), expected);
        }
        check("a=1&b=2", "b", Ok(Some("2")));
        check("a=1&a=2", "a", Err(&BadFields::Repeated("a".to_owned())));
        check("a=1&a=", "a", Err(&BadFields::Repeated("a".to_owned())));
        check("a=", "a", Ok(None));
        check("", "a", Ok(None));
        check("a=%ff", "a", Err(&BadFields::Encoding));
        check("%c3%28=1", "a", Err(&BadFields::Encoding));
        check("a=%zz", "a", Ok(Some("%zz")));
        check("a=b+c%20d", "a", Ok(Some("b c d")));
    }
}
