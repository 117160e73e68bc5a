//! A pre-registration: somebody whom FranceConnect vouches for, and whom the registry does not know
//! yet. It holds no grant and passes no door: it opens its own pages, for a while, in one browser.

use axum::http::{HeaderMap, HeaderValue};

use crate::{
    kernel::{
        Outage, PreRegistrationId, Timestamp,
        secret::{Secret, SecretDigest},
        time::Span,
    },
    registry::VerifiedIdentity,
    web::cookie::Cookies,
};

/// However often it is looked at, it ends.
pub const LIFE: Span = Span::hours(4);
const COOKIE: &str = "preenregistrement";

/// One pre-registration in progress.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreRegistration {
    /// Its identifier, for what belongs to it.
    pub id: PreRegistrationId,
    /// Who, verified; nobody edits it (promise 8).
    pub identity: VerifiedIdentity,
    /// When FranceConnect's answer was accepted.
    pub opened_at: Timestamp,
    /// Until when it may rest.
    pub until: Timestamp,
}

/// What is kept of one that opens.
pub struct Opening {
    /// The pre-registration.
    pub opened: PreRegistration,
    /// Of the cookie that its browser holds.
    pub cookie: SecretDigest,
    /// The ID token, sealed until the log-out needs it.
    pub id_token: Secret,
    /// Of the cookie of one that this browser had before: it ends.
    pub replaces: Option<SecretDigest>,
}

/// Pre-registrations in progress. Losing one means going to FranceConnect again.
#[async_trait::async_trait]
pub trait PreRegistrations: Send + Sync {
    /// Keeps one, and ends the one that it replaces.
    async fn open_preregistration(&self, opening: Opening) -> Result<(), Outage>;

    /// The one that this cookie names, if it is still in time; it may now rest that long again.
    async fn seen_preregistration(
        &self,
        cookie: SecretDigest,
        rest: Span,
    ) -> Result<Option<PreRegistration>, Outage>;

    /// Ends the one that this cookie names. One caller gets its ID token.
    async fn close_preregistration(&self, cookie: SecretDigest) -> Result<Option<Secret>, Outage>;
}

/// How long one may rest: never beyond its life.
pub fn until(opened_at: Timestamp, seen_at: Timestamp, rest: Span) -> Timestamp {
    (seen_at + rest).min(opened_at + LIFE)
}

/// A browser's pre-registration, with the secret of its cookie, which keys the tokens of its forms.
pub struct Visitor {
    /// Who.
    pub at: PreRegistration,
    /// The cookie's secret.
    pub secret: Secret,
}

/// How pages find the pre-registration of a browser.
#[derive(Clone, Copy, Debug)]
pub struct Visits {
    /// How its cookie is named.
    pub cookies: Cookies,
    /// How long it may rest.
    pub rest: Span,
}

impl Visits {
    /// The pre-registration of the browser that sent `headers`.
    pub async fn visitor(
        self,
        store: &dyn PreRegistrations,
        headers: &HeaderMap,
    ) -> Result<Option<Visitor>, Outage> {
        let Some(secret) = self.secret(headers) else { return Ok(None) };
        let seen = store.seen_preregistration(secret.digest(), self.rest).await?;
        Ok(seen.map(|at| Visitor { at, secret }))
    }

    /// What the browser holds, whatever it is worth.
    pub fn secret(self, headers: &HeaderMap) -> Option<Secret> {
        self.cookies.read(headers, COOKIE)
    }

    /// The cookie of one that opens.
    pub fn hand_out(self, secret: &Secret) -> Option<HeaderValue> {
        self.cookies.set(COOKIE, secret, LIFE)
    }

    /// Takes it back.
    pub fn take_back(self) -> Option<HeaderValue> {
        self.cookies.clear(COOKIE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_rests_a_while_and_never_outlives_its_life() {
        #[track_caller]
        fn check(seen_after: Span, expected: Span) {
            let opened = Timestamp(1_000);
            let found = until(opened, opened + seen_after, Span::minutes(30));
            assert_eq!(found - opened, expected);
        }
        check(Span(0), Span::minutes(30));
        check(Span::hours(1), Span::minutes(90));
        check(Span::minutes(209), Span::minutes(239));
        check(Span::minutes(239), Span::hours(4));
    }
}
