//! One authorization of a client: what it grew from, what was asked, until when it lives.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    access::{Holder, Session, Stamp},
    kernel::{
        ClientId, Finess, GrantId, LoginId, Revision, Rpps, Sid, Timestamp, secret::Secret,
        secret::SecretDigest,
    },
};

use super::{client::Client, client_settings::TokenSettings, scope::Scopes};

/// Whose grant it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bearer {
    /// The person.
    pub rpps: Rpps,
    /// The session inside which it was opened.
    pub sid: Sid,
}

/// A grant.
#[derive(Clone, Debug)]
pub struct Grant {
    /// Its identifier; the codes and tokens that it gives name it.
    pub id: GrantId,
    /// The client.
    pub client: ClientId,
    /// Whose it is; `None`: a program stands for itself.
    pub bearer: Option<Bearer>,
    /// What the client was bound to when it opened.
    pub structure: Option<Finess>,
    /// The proof's stamp, inherited.
    pub proof: Stamp,
    /// The grant's own revision.
    pub own: Revision,
    /// When it ends at the latest.
    pub until: Timestamp,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// What was asked.
    pub request: GrantRequest,
    /// Where its client wants to be told that it is over.
    pub logout_uri: Option<String>,
}

/// What of a request outlives it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantRequest {
    /// What it may tell or open.
    pub scope: Scopes,
    /// Where the code went (RFC 6749, section 4.1.3).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<String>,
    /// Echoed in the ID token, always as text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// `S256` challenge (RFC 7636).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code_challenge: Option<String>,
    /// `auth_time`, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    /// The client's settings when it opened.
    pub tokens: TokenSettings,
}

impl Grant {
    /// The grant that `session` opens for `client`. `own` is the revision that only cuts of a client
    /// or of a grant look at.
    pub fn in_session(
        id: GrantId,
        client: &Client,
        session: &Session,
        own: Revision,
        request: GrantRequest,
    ) -> Self {
        Self {
            id,
            client: client.id.clone(),
            bearer: Some(Bearer { rpps: session.rpps, sid: session.sid }),
            structure: client.structure(),
            proof: session.stamp,
            own,
            until: session.until,
            opened_at: Timestamp::default(),
            request,
            logout_uri: client.registration.backchannel_logout_uri.clone(),
        }
    }

    /// The grant of a program that stands for itself, from the reading of its token request.
    pub fn of_program(id: GrantId, client: &Client, stamp: Stamp, until: Timestamp) -> Self {
        Self {
            id,
            client: client.id.clone(),
            bearer: None,
            structure: client.structure(),
            proof: stamp,
            own: stamp.revision,
            until,
            opened_at: Timestamp::default(),
            request: GrantRequest { tokens: client.settings.tokens, ..GrantRequest::default() },
            logout_uri: None,
        }
    }

    /// What stands before a door when this grant is honoured.
    pub fn holder(&self) -> Holder {
        Holder {
            rpps: self.bearer.map(|bearer| bearer.rpps),
            structure: self.structure,
            sid: self.bearer.map(|bearer| bearer.sid),
            proof: self.proof,
            client: Some(self.client.clone()),
            grant: Some(self.id),
            own: self.own,
            until: self.until,
        }
    }
}

/// A code as it travels: the grant that it opens, in clear so that its row is found by a
/// time-ordered key, and a secret of which only the digest is kept.
pub struct Code {
    /// The grant.
    pub grant: GrantId,
    secret: Secret,
}

impl Code {
    /// The code of `grant`.
    pub fn new(grant: GrantId, secret: Secret) -> Self {
        Self { grant, secret }
    }

    /// Reads what a client presents.
    pub fn read(presented: &Secret) -> Option<Self> {
        let (grant, secret) = presented.expose().split_once('.')?;
        let grant = GrantId(Uuid::try_parse(grant).ok()?);
        Some(Self { grant, secret: Secret::received(secret.to_owned()) })
    }

    /// What is kept of it.
    pub fn digest(&self) -> SecretDigest {
        self.secret.digest()
    }

    /// As it is sent: into the answer to the client, and nowhere else.
    pub fn expose(&self) -> String {
        format!("{}.{}", self.grant, self.secret.expose())
    }
}

/// A grant that opens with a code.
#[derive(Clone, Debug)]
pub struct Opening {
    /// The grant.
    pub grant: Grant,
    /// What is kept of its code.
    pub code: SecretDigest,
    /// Until when the code may be redeemed.
    pub code_until: Timestamp,
}

/// The end of a log-in: it is consumed, its grant opens, the browser gets its session's cookie.
#[derive(Clone, Debug)]
pub struct Conclusion {
    /// The log-in.
    pub login: LoginId,
    /// Until when it would have waited.
    pub login_until: Timestamp,
    /// The grant.
    pub opening: Opening,
    /// What is kept of the browser's cookie.
    pub cookie: SecretDigest,
}

/// What became of a code.
#[derive(Debug)]
pub enum Redemption {
    /// It was good, and nobody else will have it.
    Taken(Box<Grant>),
    /// It had been used: the grant is cut.
    Replayed,
    /// Never made, expired, or another client's.
    Unknown,
}

/// A refresh, before the store takes it.
#[derive(Clone, Debug)]
pub struct RefreshTurn {
    /// The grant.
    pub grant: GrantId,
    /// Whose it is.
    pub bearer: Bearer,
    /// The client.
    pub client: ClientId,
    /// For tokens that rotate: which one was presented, from 0.
    pub generation: Option<u32>,
    /// A session not seen since then rests: it cannot be refreshed.
    pub seen_since: Timestamp,
}

/// What became of a refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refreshed {
    /// Done. For tokens that rotate: which one to hand out, and when it was first handed out, so that
    /// the same token is made again for who asks again.
    Done {
        /// Its number.
        generation: u32,
        /// When it was made.
        made_at: Timestamp,
    },
    /// The session rested for too long.
    Rested,
    /// A rotated token came after its successor had been used: the grant is cut.
    Replayed,
    /// No such grant or session, or a number never handed out.
    Unknown,
}

/// Where one rotation stands: which token was handed out last, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Number of the last token handed out.
    pub generation: u32,
    /// When.
    pub made_at: Timestamp,
}

impl Rotation {
    /// What presenting token `presented` does. The one before the last gets the last again, until the
    /// last has been used; then it is a replay.
    pub fn turn(self, presented: u32, now: Timestamp) -> Refreshed {
        if presented == self.generation {
            return Refreshed::Done { generation: self.generation.saturating_add(1), made_at: now };
        }
        if presented.checked_add(1) == Some(self.generation) {
            return Refreshed::Done { generation: self.generation, made_at: self.made_at };
        }
        if presented < self.generation { Refreshed::Replayed } else { Refreshed::Unknown }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_used_token_gets_its_successor_until_that_was_used() {
        #[track_caller]
        fn check(presented: u32, expected: Refreshed) {
            let rotation = Rotation { generation: 2, made_at: Timestamp(10) };
            assert_eq!(rotation.turn(presented, Timestamp(20)), expected);
        }
        check(2, Refreshed::Done { generation: 3, made_at: Timestamp(20) });
        check(1, Refreshed::Done { generation: 2, made_at: Timestamp(10) });
        check(0, Refreshed::Replayed);
        check(3, Refreshed::Unknown);
        check(u32::MAX, Refreshed::Unknown);
    }

    #[test]
    fn a_code_is_read_as_it_was_sent() {
        let code = Code::new(GrantId(Uuid::from_u128(7)), Secret::received("abc".to_owned()));
        let read = Code::read(&Secret::received(code.expose())).unwrap();
        assert_eq!(read.grant, code.grant);
        assert!(read.digest().matches(&code.digest()));
        for wrong in ["", "abc", ".abc", "00000000.abc"] {
            assert!(Code::read(&Secret::received(wrong.to_owned())).is_none(), "{wrong}");
        }
    }
}
