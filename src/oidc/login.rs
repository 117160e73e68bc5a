//! A log-in in progress: an authorization request that waits for a proof, bound to one browser.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

use crate::{
    access::{Door, Holder, NoRight, Now, Passed, Refused, Session, admits},
    kernel::{
        ChallengeId, ClientId, Finess, GrantId, LoginId, Outage, Timestamp, secret::Secret,
        secret::SecretDigest,
    },
};

use super::{
    BROWSER_COOKIE, Provider, SESSION_COOKIE,
    authorize::{AuthorizationRequest, Prompt},
    claims::subs,
    client::Client,
    error::AuthorizationError,
    grant::{Code, Conclusion, Grant, Opening},
    return_address::{AuthorizationAnswer, ReturnAddress},
};

/// A log-in in progress, as it is stored.
#[derive(Clone, Debug)]
pub struct Login {
    /// Its identifier.
    pub id: LoginId,
    /// Digest of the cookie that it is bound to.
    pub browser: SecretDigest,
    /// What was asked.
    pub request: AuthorizationRequest,
    /// The challenge that it waits for.
    pub challenge: Option<ChallengeId>,
    /// Until when it waits.
    pub until: Timestamp,
}

/// A log-in that waits, for the pages that bring its proof.
#[derive(Clone, Debug)]
pub struct PendingLogin {
    /// Its identifier.
    pub id: LoginId,
    /// The client that asks.
    pub client: ClientId,
    /// How people read its name.
    pub client_name: String,
    /// The structure that it is bound to.
    pub structure: Option<Finess>,
    /// Fills the identifier field.
    pub login_hint: Option<String>,
    /// What the client wants of the person.
    pub prompt: Prompt,
    /// The challenge that it waits for, once there is one.
    pub challenge: Option<ChallengeId>,
    /// Until when it waits.
    pub until: Timestamp,
    request: AuthorizationRequest,
}

/// Why a log-in does not go on.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// Unknown, expired, already concluded, or begun in another browser.
    #[error("no such log-in in this browser")]
    Gone,
    /// The person has no right to this client. The log-in still waits: refuse it once told.
    #[error(transparent)]
    NoRight(#[from] NoRight),
    /// Somebody else has proven who they are than the client expects.
    #[error("not the person of id_token_hint")]
    OtherPerson,
    /// The proof is dead, or we cannot know.
    #[error(transparent)]
    Refused(#[from] Refused),
    /// Storage failed: 503.
    #[error(transparent)]
    Outage(#[from] Outage),
}

/// A log-in that ended well.
pub struct Concluded {
    /// What the client gets.
    pub answer: AuthorizationAnswer,
    /// What the browser gets, to log in silently next time.
    pub session_cookie: Secret,
}

impl Provider {
    /// The log-in `id`, if it waits and began in the browser that holds this cookie.
    pub async fn login(
        &self,
        id: LoginId,
        browser: Option<&Secret>,
    ) -> Result<PendingLogin, LoginError> {
        let now = self.with.clock.now();
        let login = self.with.logins.login(id).await?.ok_or(LoginError::Gone)?;
        let bound = browser.is_some_and(|secret| secret.digest().matches(&login.browser));
        if !bound || now >= login.until {
            return Err(LoginError::Gone);
        }
        let client = self.still_there(&login.request.address).await?;
        Ok(PendingLogin {
            id,
            structure: client.structure(),
            client_name: client.registration.client_name,
            client: client.id,
            login_hint: login.request.login_hint.clone(),
            prompt: login.request.prompt,
            challenge: login.challenge,
            until: login.until,
            request: login.request,
        })
    }

    /// The secret of the browser, as the log-in's cookie carries it.
    pub fn browser(&self, headers: &HeaderMap) -> Option<Secret> {
        self.cookies.read(headers, BROWSER_COOKIE)
    }

    /// Notes which challenge the log-in waits for.
    pub async fn attach_challenge(
        &self,
        login: LoginId,
        challenge: ChallengeId,
    ) -> Result<(), Outage> {
        self.with.logins.attach_challenge(login, challenge).await
    }

    /// Ends the log-in with a code: the proof is there. Consumed once, however many ask.
    pub async fn conclude(
        &self,
        pending: &PendingLogin,
        session: &Session,
    ) -> Result<Concluded, LoginError> {
        let client = self.still_there(&pending.request.address).await?;
        let holder = Holder {
            rpps: Some(session.rpps),
            structure: client.structure(),
            sid: Some(session.sid),
            proof: session.stamp,
            client: Some(client.id.clone()),
            grant: None,
            // A grant that comes from a proof counts from the proof.
            own: session.stamp.revision,
            until: session.until,
        };
        let write = async |passed: Passed, now: Now| {
            let subject = self.with.subjects.subject(session.rpps).await?;
            let subject = subject.ok_or(NoRight::NoSituation)?;
            let subs = subs(&subject, self.federation);
            if !pending.request.expected.is_met_by_proof(&subs) {
                return Err(LoginError::OtherPerson);
            }
            admits(&subject.standing, client.structure())?;
            let id = GrantId(self.with.random.id(now.protocol));
            let request = pending.request.grant_in(session);
            let own = session.stamp.revision;
            let grant = Grant {
                opened_at: now.protocol,
                ..Grant::in_session(id, &client, session, own, request)
            };
            let code = Code::new(id, Secret::mint(self.with.random.as_ref()));
            let session_cookie = Secret::mint(self.with.random.as_ref());
            let grown = grant.holder();
            let conclusion = Conclusion {
                login: pending.id,
                login_until: pending.until,
                opening: self.opening(grant, &code, now),
                cookie: session_cookie.digest(),
            };
            if !self.with.grants.conclude(passed, conclusion).await? {
                return Err(LoginError::Gone);
            }
            Ok(((code, session_cookie), grown))
        };
        let (code, session_cookie) = self.with.doors.mint(Door::Code, &holder, write).await?;
        let answer = self.answer(&pending.request, &code, session);
        Ok(Concluded { answer, session_cookie })
    }

    /// Ends the log-in without a code.
    pub async fn refuse(
        &self,
        pending: &PendingLogin,
        error: AuthorizationError,
    ) -> Result<AuthorizationAnswer, LoginError> {
        if !self.with.logins.end_login(pending.id, pending.until).await? {
            return Err(LoginError::Gone);
        }
        Ok(self.refusal(pending, error))
    }

    /// What `refuse` would answer, while the log-in still waits: the person reads why first, and may
    /// read it again.
    pub fn refusal(
        &self,
        pending: &PendingLogin,
        error: AuthorizationError,
    ) -> AuthorizationAnswer {
        pending.request.address.refuse(&self.with.settings.issuer, error)
    }

    /// Sends what a concluded log-in gives to client and browser.
    pub fn concluded(&self, concluded: Concluded) -> Response {
        let Concluded { answer, session_cookie } = concluded;
        let mut response = answer.into_response(self.with.settings.frame);
        let life = crate::access::SESSION_LIFE;
        set(&mut response, self.cookies.set(SESSION_COOKIE, &session_cookie, life));
        response
    }

    pub(super) fn opening(&self, grant: Grant, code: &Code, now: Now) -> Opening {
        let code_until = now.protocol + self.with.settings.code_life;
        Opening { grant, code: code.digest(), code_until }
    }

    pub(super) fn answer(
        &self,
        request: &AuthorizationRequest,
        code: &Code,
        session: &Session,
    ) -> AuthorizationAnswer {
        let session_state = request.grant.tokens.session_state.then_some(session.sid);
        request.address.grant(&self.with.settings.issuer, code, session_state)
    }

    /// The client, if it is enabled and still registers the address that waits: both may have been
    /// taken back since the log-in began.
    async fn still_there(&self, address: &ReturnAddress) -> Result<Client, LoginError> {
        let client = self.client(&address.client).await?;
        let vetted = ReturnAddress::vet(client.as_ref(), Some(address.redirect()));
        vetted.map_err(|_| LoginError::Gone)?;
        client.ok_or(LoginError::Gone)
    }
}

/// Adds a `Set-Cookie`.
pub(super) fn set(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
