//! The software's own sessions, and the log-ins on their way to one.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use openidconnect::{AccessToken, Nonce, PkceCodeVerifier, RefreshToken};
use serde::Serialize;
use serde_json::Value;

use super::oidc::IdToken;
use crate::recent::Recent;
use crate::{clock, random};

/// A log-in that left with a browser and has not come back.
pub(super) struct Attempt {
    pub(super) browser: String,
    pub(super) nonce: Nonce,
    pub(super) verifier: Option<PkceCodeVerifier>,
    pub(super) silent: bool,
}

/// Who is logged in, and what the software holds for her.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) id: String,
    pub(super) sid: String,
    pub(super) subject: String,
    pub(super) access_token: AccessToken,
    pub(super) refresh_token: Option<RefreshToken>,
    pub(super) id_token: IdToken,
    pub(super) userinfo: Value,
    pub(super) opened_at: Timestamp,
    pub(super) closed: Option<Closed>,
}

/// The end of a session. It keeps what it held, so that one may ask whether that is dead too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Closed {
    pub(super) closed_by: Why,
    pub(super) at: Timestamp,
}

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Why {
    /// The gateway said so, by a logout token.
    Departure,
    /// The gateway refused to refresh.
    RefreshRefused,
    /// The person asked.
    Logout,
}

#[derive(Default)]
struct Inside {
    attempts: Recent<Attempt>,
    sessions: Recent<Session>,
    /// What logout tokens named: a session that opens late must find its end already written.
    ended: Recent<Timestamp>,
    /// Identifiers of logout tokens already used.
    used: Recent<()>,
}

/// All sessions of one piece of software.
#[derive(Default)]
pub(super) struct Sessions(Mutex<Inside>);

impl Sessions {
    pub(super) fn leave(&self, state: &str, attempt: Attempt) {
        self.lock().attempts.insert(state, attempt);
    }

    /// Takes the log-in that left with this state from this browser; it comes back once.
    pub(super) fn come_back(&self, state: &str, browser: &str) -> Option<Attempt> {
        let mut inside = self.lock();
        if inside.attempts.get(state)?.browser != browser {
            return None;
        }
        inside.attempts.remove(state)
    }

    /// Opens a session, unless its end came first.
    pub(super) fn open(&self, session: Session) -> Result<(), Closed> {
        let inside = &mut *self.lock();
        let ended = inside.ended.get(&session.sid);
        let closed = ended.map(|at| Closed { closed_by: Why::Departure, at: *at });
        let id = session.id.clone();
        let session = Session { closed, ..session };
        inside.sessions.insert(&id, session);
        closed.map_or(Ok(()), Err)
    }

    pub(super) fn find(&self, id: &str) -> Option<Session> {
        self.lock().sessions.get(id).cloned()
    }

    /// Puts new tokens and claims in place; a session that was closed meanwhile stays closed.
    pub(super) fn renew(&self, renewed: Session) {
        if let Some(session) = self.lock().sessions.get_mut(&renewed.id) {
            let closed = session.closed;
            *session = Session { closed, ..renewed };
        }
    }

    pub(super) fn close(&self, id: &str, why: Why) {
        if let Some(session) = self.lock().sessions.get_mut(id) {
            session.closed.get_or_insert(Closed { closed_by: why, at: clock::now() });
        }
    }

    /// Whether this logout token comes for the first time.
    pub(super) fn first_use(&self, jti: &str) -> bool {
        self.lock().used.insert(jti, ()).is_none()
    }

    /// Ends every session of this `sid`, those that are still opening too.
    pub(super) fn end(&self, sid: &str) -> usize {
        let now = clock::now();
        let inside = &mut *self.lock();
        inside.ended.insert(sid, now);
        let mut ended = 0;
        for session in inside.sessions.values_mut().filter(|session| session.sid == sid) {
            // A refused refresh only let us guess; the logout token says why.
            let is_guess = |closed: Closed| closed.closed_by == Why::RefreshRefused;
            ended += usize::from(session.closed.is_none());
            if session.closed.is_none_or(is_guess) {
                session.closed = Some(Closed { closed_by: Why::Departure, at: now });
            }
        }
        ended
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A new name for a session or a browser.
pub(super) fn new_id() -> String {
    random::token()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(browser: &str) -> Attempt {
        Attempt {
            browser: browser.to_owned(),
            nonce: Nonce::new("n".to_owned()),
            verifier: None,
            silent: false,
        }
    }

    #[test]
    fn a_log_in_comes_back_once_and_to_its_own_browser() {
        let sessions = Sessions::default();
        sessions.leave("s1", attempt("mine"));
        assert!(sessions.come_back("s1", "another").is_none());
        assert!(sessions.come_back("s2", "mine").is_none());
        assert!(sessions.come_back("s1", "mine").is_some());
        assert!(sessions.come_back("s1", "mine").is_none());
    }

    #[test]
    fn a_logout_token_is_used_once() {
        let sessions = Sessions::default();
        assert!(sessions.first_use("j1"));
        assert!(!sessions.first_use("j1"));
        assert!(sessions.first_use("j2"));
    }
}
