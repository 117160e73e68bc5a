//! Cookies: their names, and the attributes that every one of them has.

use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, SameSite};

use crate::kernel::{secret::Secret, time::Span};

/// How cookies are named here: `__Host-…` and `Secure` on https, `passerelle_…` on http.
#[derive(Clone, Copy, Debug)]
pub struct Cookies {
    secure: bool,
}

impl Cookies {
    /// For pages served from `base`.
    pub fn for_base(base: &url::Url) -> Self {
        Self { secure: base.scheme() == "https" }
    }

    /// The full name of the cookie that we call `name` (`wallet_session`, say).
    pub fn name(self, name: &str) -> String {
        if self.secure { format!("__Host-passerelle_{name}") } else { format!("passerelle_{name}") }
    }

    /// The secret that the browser holds under `name`.
    pub fn read(self, headers: &HeaderMap, name: &str) -> Option<Secret> {
        let name = self.name(name);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(Cookie::split_parse)
            .filter_map(Result::ok)
            .find(|cookie| cookie.name() == name)
            .map(|cookie| Secret::received(cookie.value().to_owned()))
    }

    /// A `Set-Cookie` that hands `secret` to the browser: for this host only, unseen by scripts, not
    /// sent by other sites' forms, gone with the browser or after `life`.
    pub fn set(self, name: &str, secret: &Secret, life: Span) -> Option<HeaderValue> {
        self.write(name, secret.expose(), life)
    }

    /// A `Set-Cookie` that takes it back.
    pub fn clear(self, name: &str) -> Option<HeaderValue> {
        self.write(name, "", Span(0))
    }

    fn write(self, name: &str, value: &str, life: Span) -> Option<HeaderValue> {
        let seconds = life.as_seconds();
        let secure = if self.secure { "; Secure" } else { "" };
        let name = self.name(name);
        let same_site = SameSite::Lax;
        let text = format!(
            "{name}={value}; Path=/; HttpOnly; SameSite={same_site}; Max-Age={seconds}{secure}"
        );
        HeaderValue::from_str(&text).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_for_one_host_and_unseen_by_scripts() {
        #[track_caller]
        fn check(base: &str, expected: &str) {
            let cookies = Cookies::for_base(&base.parse().unwrap());
            let secret = Secret::received("x".to_owned());
            let value = cookies.set("wallet_session", &secret, Span::hours(4)).unwrap();
            assert_eq!(value.to_str().unwrap(), expected);
            let mut headers = HeaderMap::new();
            let pair = value.to_str().unwrap().split(';').next().unwrap().to_owned();
            headers.insert(header::COOKIE, format!("a=b; {pair}").parse().unwrap());
            assert_eq!(cookies.read(&headers, "wallet_session").unwrap().expose(), "x");
        }
        check(
            "http://localhost:8080",
            "passerelle_wallet_session=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=14400",
        );
        check(
            "https://localhost",
            "__Host-passerelle_wallet_session=x; Path=/; HttpOnly; SameSite=Lax; Max-Age=14400; \
             Secure",
        );
    }
}
