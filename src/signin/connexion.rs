//! Who are you? The identifier, and a one-time code for a phone without network.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::HeaderMap,
    response::Response,
};

use crate::{
    ecps::{Ask, Opened},
    kernel::{LoginId, Outage},
    oidc::{AuthorizationError, PendingLogin},
    web::fields::Fields,
};

use super::{
    SignIn, Stop,
    pages::{self, Typed},
    posted, query,
};

/// `GET /auth/connexion?demande=…`
pub(super) async fn form(
    State(signin): State<SignIn>,
    headers: HeaderMap,
    RawQuery(text): RawQuery,
) -> Response {
    let shown = async {
        let login = signin.login(&headers, &query(text)?).await?;
        let hint = login.login_hint.clone().unwrap_or_default();
        Ok(signin.ask_again(&login, Typed { identifier: &hint, fault: None, otp: false }))
    };
    shown.await.unwrap_or_else(|stop: Stop| signin.stopped(&stop))
}

/// `POST /auth/connexion`
pub(super) async fn submit(
    State(signin): State<SignIn>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = async {
        let mut fields = posted(&headers, &body)?;
        let login = signin.login(&headers, &fields).await?;
        if fields.has("annuler") {
            return Ok(signin.give_up(&login, AuthorizationError::Denied).await);
        }
        signin.identify(&login, &mut fields).await.map_err(Stop::Outage)
    };
    answered.await.unwrap_or_else(|stop: Stop| signin.stopped(&stop))
}

impl SignIn {
    async fn identify(
        &self,
        login: &PendingLogin,
        fields: &mut Fields,
    ) -> Result<Response, Outage> {
        let code = fields.take_secret("otp");
        let typed = fields.get("identifier").unwrap_or_default().trim();
        let again = |fault| {
            self.ask_again(
                login,
                Typed { identifier: typed, fault: Some(fault), otp: code.is_some() },
            )
        };
        if typed.is_empty() {
            return Ok(again("Saisissez votre identifiant."));
        }
        let ask = Ask {
            identifier: typed,
            client: &login.client,
            service: &login.client_name,
            structure: login.structure,
        };
        if let Some(code) = code {
            let proven = self.with.ecps.prove_otp(ask, code).await;
            return Ok(self
                .with_code(login, proven, |fault| {
                    self.ask_again(
                        login,
                        Typed { identifier: typed, fault: Some(fault), otp: true },
                    )
                })
                .await);
        }
        match self.with.ecps.open_challenge(ask).await? {
            Opened::MissingEight => Ok(again("Ajoutez le 8 devant vos onze chiffres.")),
            Opened::Waits(challenge) => {
                self.withdraw(login).await?;
                self.with.provider.attach_challenge(login.id, challenge).await?;
                Ok(pages::see_other(&waiting(login.id)))
            }
        }
    }

    fn ask_again(&self, login: &PendingLogin, typed: Typed<'_>) -> Response {
        pages::connexion(self.with.frame, login, typed)
    }
}

/// Where the browser waits for the phone.
fn waiting(id: LoginId) -> String {
    format!("/auth/attente?demande={id}")
}
