//! A form is only obeyed when it carries what no other site can know: a token of the session that
//! the form was shown in.

use aws_lc_rs::hmac;
use axum::{http::StatusCode, response::Response};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use subtle::ConstantTimeEq;

use crate::kernel::secret::Secret;

use super::{
    fields::Fields,
    page::{self, Frame, Trouble},
};

/// The hidden field that carries the token.
pub const FIELD: &str = "jeton";

/// The token of one session, for the forms of one purpose: an HMAC under the secret that the
/// session's cookie carries, so that nothing is kept and it dies with the cookie.
pub struct Csrf(String);

impl Csrf {
    /// The token that the session of `session_secret` puts into forms of `purpose`.
    pub fn token(session_secret: &Secret, purpose: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, session_secret.expose().as_bytes());
        let tag = hmac::sign(&key, format!("passerelle form {purpose}").as_bytes());
        Self(URL_SAFE_NO_PAD.encode(tag))
    }

    /// The name of one form among those that carry this token: the same each time that the session
    /// posts the same.
    #[must_use]
    pub fn of_form(&self, told: &str) -> Self {
        Self::token(&Secret::received(self.0.clone()), told)
    }

    /// Whether a posted form carries this token, in constant time.
    pub fn admits(&self, fields: &Fields) -> bool {
        self.matches(fields.get(FIELD).unwrap_or_default())
    }

    /// Whether `presented` is this token, in constant time: for forms that are not url-encoded.
    pub fn matches(&self, presented: &str) -> bool {
        self.0.as_bytes().ct_eq(presented.as_bytes()).into()
    }

    /// The way out: into the hidden field of a form of ours, and nowhere else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// The page for a form that does not carry its session's token: 403, and nothing has changed.
/// `onward` leads to the page that shows the form anew.
pub fn refused(frame: Frame, onward: &str) -> Response {
    let trouble = Trouble {
        code: "formulaire_perime",
        title: "Ce formulaire n'est plus valable",
        text: "Il a été ouvert dans une autre session, ou il n'a pas été rempli sur ce site. Rien \
               n'a été modifié. Rouvrez la page, puis recommencez.",
        onward: Some((onward, "Rouvrir la page")),
    };
    page::error(frame, StatusCode::FORBIDDEN, trouble)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_obeyed_in_its_own_session_for_its_own_purpose() {
        #[track_caller]
        fn check(session: &str, purpose: &str, expected: bool) {
            let token = |session: &str, purpose: &str| {
                Csrf::token(&Secret::received(session.to_owned()), purpose)
            };
            let query = format!("{FIELD}={}", token(session, purpose).expose());
            let fields = Fields::from_query(&query).unwrap();
            assert_eq!(token("a", "portail").admits(&fields), expected);
        }
        check("a", "portail", true);
        check("b", "portail", false);
        check("a", "deconnexion", false);
    }

    #[test]
    fn a_form_without_a_token_is_refused() {
        #[track_caller]
        fn check(query: &str) {
            let token = Csrf::token(&Secret::received("a".to_owned()), "portail");
            assert!(!token.admits(&Fields::from_query(query).unwrap()), "{query}");
        }
        check("");
        check("jeton=");
        check("jeton=x");
    }
}
