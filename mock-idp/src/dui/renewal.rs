//! What the software asks the gateway again while a session lasts.

use std::time::Duration;

use openidconnect::OAuth2TokenResponse;

use super::login::error_word;
use super::sessions::{Session, Why};
use super::{Dui, oidc};

/// Why a session is not renewed.
pub(super) enum NotRenewed {
    /// The gateway refuses: the session is closed here too.
    Refused,
    /// No refresh token was given.
    NoToken,
    /// The gateway does not answer as it should.
    Unreachable(String),
}

impl Dui {
    /// New tokens for the session, and how long they live.
    pub(super) async fn refresh(
        &self,
        session: Session,
    ) -> Result<(Session, Option<Duration>), NotRenewed> {
        let token = session.refresh_token.clone().ok_or(NotRenewed::NoToken)?;
        let known = self.provider.known().await.map_err(NotRenewed::Unreachable)?;
        let request = known
            .client
            .exchange_refresh_token(&token)
            .map_err(|error| NotRenewed::Unreachable(error.to_string()))?;
        let tokens = match request.request_async(&self.provider.http).await {
            Ok(tokens) => tokens,
            Err(error) if error_word(&error) == "invalid_grant" => {
                self.sessions.close(&session.id, Why::RefreshRefused);
                return Err(NotRenewed::Refused);
            }
            Err(error) => return Err(NotRenewed::Unreachable(format!("{error}: {error:?}"))),
        };
        let renewed = Session {
            access_token: tokens.access_token().clone(),
            refresh_token: tokens.refresh_token().cloned().or(Some(token)),
            ..session
        };
        self.sessions.renew(renewed.clone());
        Ok((renewed, tokens.expires_in()))
    }

    /// Who she is now, by userinfo.
    pub(super) async fn reread(&self, session: Session) -> Result<Session, String> {
        let known = self.provider.known().await?;
        let (token, subject) = (&session.access_token, &session.subject);
        let userinfo = oidc::identity(&known, &self.provider.http, token, subject).await?;
        let reread = Session { userinfo, ..session };
        self.sessions.renew(reread.clone());
        Ok(reread)
    }

    /// Who she is now, with new tokens where the old ones have expired: what a page does before it
    /// shows what a departure may have closed, or a role that she has no longer.
    pub(super) async fn look_again(&self, session: Session) -> Result<Session, NotRenewed> {
        if let Ok(reread) = self.reread(session.clone()).await {
            return Ok(reread);
        }
        let (renewed, _) = self.refresh(session).await?;
        self.reread(renewed).await.map_err(NotRenewed::Unreachable)
    }
}
