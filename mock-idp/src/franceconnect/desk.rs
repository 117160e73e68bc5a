//! What is under way: browsers on their way through the pages, codes and tokens on their way to a
//! service. Times come in, nothing here asks for them.

use jiff::{SignedDuration, Timestamp};

use super::authorize::Wish;
use super::failures::{
    DeadEnd, EXPIRED_CODE, Failure, LOST, OTHER_ADDRESS, OTHER_CLIENT, OauthError, UNKNOWN_CODE,
    USED_CODE,
};
use super::scenarios::{Scenario, Twist};
use crate::random;
use crate::recent::Recent;

/// A person may take this long to be identified; a session lives this long after its last use.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);
const CODE: SignedDuration = SignedDuration::from_secs(30);
const ACCESS_TOKEN: SignedDuration = SignedDuration::from_secs(super::documents::LIFETIME);

/// Where a person stands in a log-in.
#[derive(Clone, Debug)]
pub(super) enum Stage {
    /// She says who she is.
    Choosing,
    /// She reads what the service will learn.
    Informed { identity: String, auth_time: Timestamp, twist: Twist },
    /// She reads why it stops here.
    Failed(&'static Failure),
    /// She has gone back to the service.
    Gone,
}

/// A log-in on its way through our pages.
#[derive(Clone)]
pub(super) struct Interaction {
    browser: String,
    until: Timestamp,
    pub(super) wish: Wish,
    pub(super) stage: Stage,
}

/// Who is known in a browser.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) identity: String,
    pub(super) auth_time: Timestamp,
    until: Timestamp,
}

/// What a code stands for.
#[derive(Clone)]
pub(super) struct Grant {
    pub(super) wish: Wish,
    pub(super) identity: String,
    pub(super) auth_time: Timestamp,
    pub(super) twist: Twist,
}

struct Code {
    grant: Grant,
    until: Timestamp,
    /// The access token that it was exchanged for.
    used_for: Option<String>,
}

struct Access {
    grant: Grant,
    until: Timestamp,
}

/// Everything under way.
#[derive(Default)]
pub(super) struct Desk {
    interactions: Recent<Interaction>,
    sessions: Recent<Session>,
    codes: Recent<Code>,
    tokens: Recent<Access>,
    /// How the next log-in misbehaves.
    pub(super) armed: Option<&'static Scenario>,
    /// `/jwks` is out of order.
    pub(super) keys_hidden: bool,
}

impl Desk {
    /// A log-in begins in a browser.
    pub(super) fn begin(&mut self, browser: &str, wish: Wish, now: Timestamp) -> String {
        let uid = random::opaque();
        let until = later(now, PATIENCE);
        let stage = Stage::Choosing;
        let interaction = Interaction { browser: browser.to_owned(), until, wish, stage };
        self.interactions.insert(&uid, interaction);
        uid
    }

    /// The log-in, for the browser in which it began.
    pub(super) fn interaction(
        &mut self,
        uid: &str,
        browser: &str,
        now: Timestamp,
    ) -> Result<&mut Interaction, DeadEnd> {
        self.interactions
            .get_mut(uid)
            .filter(|kept| kept.browser == browser && now < kept.until)
            .ok_or(LOST)
    }

    /// The open session of a browser, which lives longer for having been asked.
    pub(super) fn session(&mut self, browser: &str, now: Timestamp) -> Option<Session> {
        let session = self.sessions.get_mut(browser).filter(|session| now < session.until)?;
        session.until = later(now, PATIENCE);
        Some(session.clone())
    }

    /// Keeps who was identified in a browser, and when.
    pub(super) fn open_session(
        &mut self,
        browser: &str,
        identity: &str,
        auth_time: Timestamp,
        now: Timestamp,
    ) {
        let until = later(now, PATIENCE);
        let session = Session { identity: identity.to_owned(), auth_time, until };
        self.sessions.insert(browser, session);
    }

    pub(super) fn close_session(&mut self, browser: &str) {
        self.sessions.remove(browser);
    }

    /// A code for what was granted: good once, for half a minute.
    pub(super) fn issue_code(&mut self, grant: Grant, now: Timestamp) -> String {
        let code = random::opaque();
        self.codes.insert(&code, Code { grant, until: later(now, CODE), used_for: None });
        code
    }

    /// Exchanges a code for an access token, once. A second try also ends the token of the first.
    pub(super) fn redeem(
        &mut self,
        code: &str,
        client: &str,
        redirect_uri: &str,
        now: Timestamp,
    ) -> Result<(String, Grant), OauthError> {
        let kept = self.codes.get_mut(code).ok_or(UNKNOWN_CODE)?;
        if kept.grant.wish.client_id != client {
            return Err(OTHER_CLIENT);
        }
        if now >= kept.until {
            return Err(EXPIRED_CODE);
        }
        if kept.grant.wish.redirect_uri != redirect_uri {
            return Err(OTHER_ADDRESS);
        }
        if let Some(token) = &kept.used_for {
            self.tokens.remove(token);
            return Err(USED_CODE);
        }
        let token = random::opaque();
        kept.used_for = Some(token.clone());
        let grant = kept.grant.clone();
        let access = Access { grant: grant.clone(), until: later(now, ACCESS_TOKEN) };
        self.tokens.insert(&token, access);
        Ok((token, grant))
    }

    /// What an access token opens.
    pub(super) fn access(&self, token: &str, now: Timestamp) -> Option<Grant> {
        self.tokens.get(token).filter(|access| now < access.until).map(|one| one.grant.clone())
    }

    /// Ends a token of this client; a token that is not is none of its business (RFC 7009).
    pub(super) fn revoke(&mut self, token: &str, client: &str) {
        if self.tokens.get(token).is_some_and(|access| access.grant.wish.client_id == client) {
            self.tokens.remove(token);
        }
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.saturating_add(by).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;
    const BACK: &str = "https://service.example/retour";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(1_790_000_000 + second).unwrap_or_default()
    }

    fn wish() -> Wish {
        Wish {
            client_id: "a",
            redirect_uri: BACK.to_owned(),
            state: "s".to_owned(),
            nonce: "n".repeat(22),
            scope: "openid".to_owned(),
            amr: false,
        }
    }

    fn grant() -> Grant {
        let (identity, auth_time) = ("test".to_owned(), at(0));
        Grant { wish: wish(), identity, auth_time, twist: Twist::Nothing }
    }

    #[test]
    fn a_code_is_good_once_for_half_a_minute_for_who_asked() {
        #[track_caller]
        fn check(client: &str, redirect_uri: &str, second: i64, expected: Option<OauthError>) {
            let mut desk = Desk::default();
            let code = desk.issue_code(grant(), at(0));
            assert_eq!(code.len(), 43);
            let outcome = desk.redeem(&code, client, redirect_uri, at(second));
            assert_eq!(outcome.err(), expected);
        }
        check("a", BACK, 29, None);
        check("a", BACK, 30, Some(EXPIRED_CODE));
        check("b", BACK, 1, Some(OTHER_CLIENT));
        check("a", "https://service.example/", 1, Some(OTHER_ADDRESS));
        assert_eq!(Desk::default().redeem("x", "a", BACK, at(0)).err(), Some(UNKNOWN_CODE));
    }

    #[test]
    fn a_token_lives_a_minute_and_dies_with_a_replay_or_a_revocation() -> Outcome {
        let mut desk = Desk::default();
        let mut token = || -> Result<(String, String), Box<dyn std::error::Error>> {
            let code = desk.issue_code(grant(), at(0));
            let (token, _) = desk.redeem(&code, "a", BACK, at(10)).map_err(|error| error.error)?;
            Ok((code, token))
        };
        let (_, aged) = token()?;
        let (code, replayed) = token()?;
        let (_, revoked) = token()?;
        assert!(desk.access(&aged, at(69)).is_some());
        assert!(desk.access(&aged, at(70)).is_none());
        assert_eq!(desk.redeem(&code, "a", BACK, at(11)).err(), Some(USED_CODE));
        assert!(desk.access(&replayed, at(12)).is_none());
        desk.revoke(&revoked, "b");
        assert!(desk.access(&revoked, at(12)).is_some());
        desk.revoke(&revoked, "a");
        assert!(desk.access(&revoked, at(12)).is_none());
        Ok(())
    }

    #[test]
    fn a_session_slides_and_a_log_in_belongs_to_its_browser() {
        const MINUTE: i64 = 60;
        let mut desk = Desk::default();
        desk.open_session("b1", "test", at(0), at(0));
        assert!(desk.session("b1", at(29 * MINUTE)).is_some());
        assert!(desk.session("b1", at(58 * MINUTE)).is_some());
        assert!(desk.session("b1", at(88 * MINUTE)).is_none());
        assert!(desk.session("b2", at(1)).is_none());

        let uid = desk.begin("b1", wish(), at(0));
        assert!(desk.interaction(&uid, "b1", at(29 * MINUTE)).is_ok());
        assert_eq!(desk.interaction(&uid, "b2", at(1)).err(), Some(LOST));
        assert_eq!(desk.interaction(&uid, "b1", at(30 * MINUTE)).err(), Some(LOST));
        assert_eq!(desk.interaction("x", "b1", at(1)).err(), Some(LOST));
    }
}
