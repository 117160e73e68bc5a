//! The page that waits for the phone.

use axum::{
    body::Bytes,
    extract::{RawQuery, State as With},
    http::HeaderMap,
    response::{IntoResponse, Response},
};

use crate::{
    ecps::State,
    kernel::{ChallengeId, Outage},
    oidc::{AuthorizationError, PendingLogin},
    web::page::protected,
};

use super::{
    SignIn, Stop,
    pages::{self, Waiting},
    posted, query,
};

/// `GET /auth/attente?demande=…`, again and again until the phone has answered.
pub(super) async fn page(
    With(signin): With<SignIn>,
    headers: HeaderMap,
    RawQuery(text): RawQuery,
) -> Response {
    let shown = async {
        let fields = query(text)?;
        let login = signin.login(&headers, &fields).await?;
        let typing = fields.get("saisie").is_some();
        Ok(signin.look(&login, typing, None).await?)
    };
    shown.await.unwrap_or_else(|stop: Stop| signin.stopped(&stop))
}

/// `POST /auth/attente`: a one-time code instead of the phone's answer, or nothing after all.
pub(super) async fn submit(
    With(signin): With<SignIn>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = async {
        let mut fields = posted(&headers, &body)?;
        let login = signin.login(&headers, &fields).await?;
        if fields.has("annuler") {
            return Ok(signin.give_up(&login, AuthorizationError::Denied).await);
        }
        let Some(challenge) = login.challenge else {
            return Ok(pages::see_other(&start(&login)));
        };
        let Some(code) = fields.take_secret("otp") else {
            return Ok(signin.look(&login, true, Some("Saisissez les six chiffres.")).await?);
        };
        let proven = signin.with.ecps.prove_otp_instead(challenge, code).await;
        let waiting = signin.waiting(challenge).await?;
        Ok(signin
            .with_code(&login, proven, |fault| {
                waiting.map_or_else(
                    || signin.over(&login),
                    |waiting| signin.show(&login, &Waiting { fault: Some(fault), ..waiting }),
                )
            })
            .await)
    };
    answered.await.unwrap_or_else(|stop: Stop| signin.stopped(&stop))
}

/// `GET /auth/attente/etat?demande=…`, for the page's script: `waiting`, or something to load.
pub(super) async fn state(
    With(signin): With<SignIn>,
    headers: HeaderMap,
    RawQuery(text): RawQuery,
) -> Response {
    let told = async {
        let login = signin.login(&headers, &query(text)?).await?;
        let Some(challenge) = login.challenge else { return Ok("answered") };
        Ok(match signin.with.ecps.state(challenge).await? {
            State::Waiting { .. } => "waiting",
            State::Approved(_) | State::Denied | State::Refused(_) | State::Over => "answered",
        })
    };
    match told.await {
        Ok(word) => protected(word.into_response()),
        Err(Stop::Outage(outage)) => signin.stopped(&Stop::Outage(outage)),
        Err(Stop::Gone | Stop::Unreadable) => protected("answered".into_response()),
    }
}

impl SignIn {
    /// What the challenge has come to.
    async fn look(
        &self,
        login: &PendingLogin,
        typing: bool,
        fault: Option<&'static str>,
    ) -> Result<Response, Outage> {
        let Some(challenge) = login.challenge else {
            return Ok(pages::see_other(&start(login)));
        };
        Ok(match self.with.ecps.state(challenge).await? {
            State::Waiting { shown, until } => {
                self.show(login, &Waiting { code: shown, until, refresh: !typing, fault })
            }
            State::Approved(session) => self.conclude(login, &session).await,
            State::Refused(reason) => self.tell_why(login, reason),
            State::Denied => pages::denied(self.with.frame, login),
            State::Over => self.over(login),
        })
    }

    /// What the page shows while the phone has not answered.
    async fn waiting(&self, challenge: ChallengeId) -> Result<Option<Waiting>, Outage> {
        Ok(match self.with.ecps.state(challenge).await? {
            State::Waiting { shown, until } => {
                Some(Waiting { code: shown, until, refresh: false, fault: None })
            }
            State::Approved(_) | State::Denied | State::Refused(_) | State::Over => None,
        })
    }

    fn show(&self, login: &PendingLogin, waiting: &Waiting) -> Response {
        pages::attente(self.with.frame, login, waiting)
    }

    pub(super) fn over(&self, login: &PendingLogin) -> Response {
        pages::over(self.with.frame, login)
    }
}

fn start(login: &PendingLogin) -> String {
    format!("/auth/connexion?demande={}", login.id)
}
