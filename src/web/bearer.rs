//! Credentials in the `Authorization` header.

use axum::http::{HeaderMap, header};
use base64::{Engine, engine::general_purpose::STANDARD};

use crate::kernel::secret::Secret;

/// The token of `Authorization: Bearer …` (RFC 6750, section 2.1).
pub fn token(headers: &HeaderMap) -> Option<Secret> {
    credentials(headers, "bearer").map(Secret::received)
}

/// Client id and secret of `Authorization: Basic …` (RFC 6749, section 2.3.1): each is form-encoded
/// before it is joined, though many clients forget it; decoding leaves those unharmed.
pub fn basic(headers: &HeaderMap) -> Option<(String, Secret)> {
    let bytes = STANDARD.decode(credentials(headers, "basic")?).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    let (id, secret) = text.split_once(':')?;
    Some((form_decoded(id), Secret::received(form_decoded(secret))))
}

fn credentials(headers: &HeaderMap, scheme: &str) -> Option<String> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
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
    fn basic_credentials_survive_encoding_or_its_absence() {
        #[track_caller]
        fn check(plain: &str, expected: Option<(&str, &str)>) {
            let mut headers = HeaderMap::new();
            let value = format!("Basic {}", STANDARD.encode(plain));
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            let found = basic(&headers);
            let found = found.as_ref().map(|(id, secret)| (id.as_str(), secret.expose()));
            assert_eq!(found, expected);
        }
        check("dui:s3cret", Some(("dui", "s3cret")));
        check("dui:a%3Ab", Some(("dui", "a:b")));
        check("dui:a:b", Some(("dui", "a:b")));
        check("dui:a&b", Some(("dui", "a&b")));
        check("dui", None);
    }
}
