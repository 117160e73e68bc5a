//! How a log-in ends: with a code for the client, with a refusal that the person understands, or by
//! the person's own wish.

use axum::response::Response;

use crate::{
    access::{NoRight, Session},
    ecps::OtpRefused,
    kernel::Outage,
    oidc::{self, AuthorizationError, LoginError, PendingLogin},
};

use super::{SignIn, Stop, pages};

impl SignIn {
    /// The proof is there: the client gets its code.
    pub(super) async fn conclude(&self, login: &PendingLogin, session: &Session) -> Response {
        match self.with.provider.conclude(login, session).await {
            Ok(concluded) => self.with.provider.concluded(concluded),
            Err(LoginError::NoRight(reason)) => self.tell_why(login, reason),
            // OpenID Connect Core 1.0, section 3.1.2.1: no answer for anybody but the person hinted at.
            Err(LoginError::OtherPerson) => {
                self.give_up(login, AuthorizationError::LoginRequired).await
            }
            Err(LoginError::Gone) => pages::gone(self.with.frame),
            Err(LoginError::Outage(outage)) => self.stopped(&Stop::Outage(outage)),
            Err(LoginError::Refused(refused)) if refused.is_unknown() => {
                self.stopped(&Stop::Outage(Outage::Unavailable(refused.to_string())))
            }
            // A departure slipped in after the approval.
            Err(LoginError::Refused(_)) => self.over(login),
        }
    }

    /// What a one-time code led to; `again` shows the form with its fault.
    pub(super) async fn with_code(
        &self,
        login: &PendingLogin,
        proven: Result<Session, OtpRefused>,
        again: impl FnOnce(&'static str) -> Response,
    ) -> Response {
        match proven {
            Ok(session) => match self.withdraw(login).await {
                Ok(()) => self.conclude(login, &session).await,
                Err(outage) => self.stopped(&Stop::Outage(outage)),
            },
            Err(OtpRefused::NoRight(reason)) => self.tell_why(login, reason),
            // The same to everybody: nobody's identifier, a wrong code, a used one, a blocked card.
            Err(OtpRefused::Wrong) => again("Identifiant ou code incorrect."),
            Err(OtpRefused::MissingEight) => again("Ajoutez le 8 devant vos onze chiffres."),
            Err(OtpRefused::Gone) => self.over(login),
            Err(OtpRefused::Outage(outage)) => self.stopped(&Stop::Outage(outage)),
        }
    }

    /// Who has proven who they are learns why this service stays shut, then goes back to it.
    /// The log-in stays until its own end, so that reading the page again says the same; it can still
    /// end well, for somebody else's card or once the right is there.
    pub(super) fn tell_why(&self, login: &PendingLogin, reason: NoRight) -> Response {
        let answer = self.with.provider.refusal(login, AuthorizationError::NoRight);
        oidc::pages::no_right(self.with.frame, &answer, reason, &login.client_name)
    }

    /// The client is told no.
    pub(super) async fn give_up(
        &self,
        login: &PendingLogin,
        error: AuthorizationError,
    ) -> Response {
        if let Err(outage) = self.withdraw(login).await {
            return self.stopped(&Stop::Outage(outage));
        }
        match self.with.provider.refuse(login, error).await {
            Ok(answer) => answer.into_response(self.with.frame),
            Err(error) => self.not_refused(error),
        }
    }

    /// The phone need not ask any more: its question was withdrawn, or another takes its place.
    pub(super) async fn withdraw(&self, login: &PendingLogin) -> Result<(), Outage> {
        match login.challenge {
            Some(challenge) => self.with.ecps.withdraw(challenge).await,
            None => Ok(()),
        }
    }

    fn not_refused(&self, error: LoginError) -> Response {
        match error {
            LoginError::Outage(outage) => self.stopped(&Stop::Outage(outage)),
            LoginError::Gone
            | LoginError::OtherPerson
            | LoginError::NoRight(_)
            | LoginError::Refused(_) => pages::gone(self.with.frame),
        }
    }
}
