//! Credentials in the `Authorization` header.

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::kernel::secret::Secret;

/// The token of `Authorization: Bearer …` (RFC 6750, section 2.1).
pub fn token(headers: &HeaderMap) -> Option<Secret> {
    credentials(headers, "bearer").map(Secret::received)
}

/// Client id and secret of `Authorization: Basic …`, in the ways in which they can be meant, the right
/// one first; empty if there are none.
///
/// RFC 6749, section 2.3.1, has each form-encoded before they are joined. Many clients forget it, and
/// nothing tells which ones: `a+b` is `a b` from one and itself from another. So where decoding
/// changes something, what came undecoded is the second way.
pub fn basic(headers: &HeaderMap) -> Vec<(String, Secret)> {
    let Some((id, secret)) = joined(headers) else { return Vec::new() };
    let decoded = (form_decoded(&id), form_decoded(&secret));
    let pair = |(id, secret): (String, String)| (id, Secret::received(secret));
    if decoded.0 == id && decoded.1 == secret {
        return vec![pair(decoded)];
    }
    vec![pair(decoded), pair((id, secret))]
}

fn joined(headers: &HeaderMap) -> Option<(String, String)> {
    let bytes = STANDARD.decode(credentials(headers, "basic")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
}

fn credentials(headers: &HeaderMap, scheme: &str) -> Option<String> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    // Of two, none is meant for sure.
    let value = values.next().filter(|_| values.next().is_none())?.to_str().ok()?;
    let (found, rest) = value.split_once(' ')?;
    found.eq_ignore_ascii_case(scheme).then(|| rest.trim().to_owned())
}

fn form_decoded(text: &str) -> String {
    let pair = format!("v={}", text.replace('&', "%26"));
    serde_urlencoded::from_str::<Vec<(String, String)>>(&pair)
        .ok()
        .and_then(|pairs| pairs.into_iter().next())
        .map_or_else(|| text.to_owned(), |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn basic_credentials_are_read_as_the_rfc_says_and_as_they_came() {
        #[track_caller]
        fn check(plain: &str, expected: &[(&str, &str)]) {
            let mut headers = HeaderMap::new();
            let value = format!("Basic {}", STANDARD.encode(plain));
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            let found = basic(&headers);
            let found: Vec<_> =
                found.iter().map(|(id, secret)| (id.as_str(), secret.expose())).collect();
            assert_eq!(found, expected);
        }
        check("dui:s3cret", &[("dui", "s3cret")]);
        check("dui:a%3Ab", &[("dui", "a:b"), ("dui", "a%3Ab")]);
        check("dui:a+b", &[("dui", "a b"), ("dui", "a+b")]);
        check("dui:100%", &[("dui", "100%")]);
        check("d%2Fi:s3cret", &[("d/i", "s3cret"), ("d%2Fi", "s3cret")]);
        check("dui:a:b", &[("dui", "a:b")]);
        check("dui:a&b=c", &[("dui", "a&b=c")]);
        check("dui", &[]);
    }

    #[test]
    fn of_two_headers_none_counts() {
        let mut headers = HeaderMap::new();
        headers.append(header::AUTHORIZATION, "Bearer a".parse().unwrap());
        assert_eq!(token(&headers).map(|token| token.expose().to_owned()).as_deref(), Some("a"));
        headers.append(header::AUTHORIZATION, "Bearer b".parse().unwrap());
        assert!(token(&headers).is_none() && basic(&headers).is_empty());
    }
}
