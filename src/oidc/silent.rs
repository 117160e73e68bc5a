//! A live session opens a grant for another client, without a new proof.

use crate::{
    access::{Door, Holder, NoRight, Now, Passed, Refused, admits},
    kernel::{GrantId, Outage, secret::Secret},
};

use super::{
    Provider,
    authorize::AuthorizationRequest,
    claims::subs,
    client::Client,
    grant::{Code, Grant},
    ports::SeenSession,
    return_address::AuthorizationAnswer,
};

/// What a live session is worth for a request.
pub(super) enum Silent {
    /// A code.
    Answered(AuthorizationAnswer),
    /// The person has no right to this client, and must be told so.
    NoRight(NoRight),
    /// Nothing: a new proof is needed.
    Dead,
}

enum Stop {
    NoRight(NoRight),
    Refused(Refused),
    OtherPerson,
    Outage(Outage),
}

impl From<Refused> for Stop {
    fn from(refused: Refused) -> Self {
        Self::Refused(refused)
    }
}

impl From<NoRight> for Stop {
    fn from(no_right: NoRight) -> Self {
        Self::NoRight(no_right)
    }
}

impl From<Outage> for Stop {
    fn from(outage: Outage) -> Self {
        Self::Outage(outage)
    }
}

impl Provider {
    /// Answers `request` from a session that is fresh enough for it. `arrival` is the barrier of the
    /// request, read before `client`'s `enabled` was: the grant's own revision.
    pub(super) async fn silently(
        &self,
        client: &Client,
        request: &AuthorizationRequest,
        seen: &SeenSession,
        arrival: Now,
    ) -> Result<Silent, Outage> {
        let session = &seen.session;
        let own = arrival.stamp.revision;
        let holder = Holder {
            rpps: Some(session.rpps),
            structure: client.structure(),
            sid: Some(session.sid),
            proof: session.stamp,
            client: Some(client.id.clone()),
            grant: None,
            own,
            until: session.until,
        };
        let write = async |passed: Passed, now: Now| {
            let subject = self.with.subjects.subject(session.rpps).await?;
            let subject = subject.ok_or(NoRight::NoSituation)?;
            if !request.expected.is_met_silently(&subs(&subject, self.federation)) {
                return Err(Stop::OtherPerson);
            }
            admits(&subject.standing, client.structure())?;
            let id = GrantId(self.with.random.id(now.protocol));
            let request = request.grant_in(session);
            let grant = Grant {
                opened_at: now.protocol,
                ..Grant::in_session(id, client, session, own, request)
            };
            let code = Code::new(id, Secret::mint(self.with.random.as_ref()));
            let grown = grant.holder();
            let opening = self.opening(grant, &code, now);
            self.with.grants.open_silently(passed, opening).await?;
            Ok((code, grown))
        };
        match self.with.doors.mint(Door::SilentLogin, &holder, write).await {
            Ok(code) => Ok(Silent::Answered(self.answer(request, &code, session))),
            Err(Stop::NoRight(why)) => Ok(Silent::NoRight(why)),
            Err(Stop::Refused(Refused::Outage(outage)) | Stop::Outage(outage)) => Err(outage),
            Err(Stop::Refused(refused)) if refused.is_unknown() => {
                Err(Outage::Unavailable(refused.to_string()))
            }
            Err(Stop::Refused(_) | Stop::OtherPerson) => Ok(Silent::Dead),
        }
    }
}
