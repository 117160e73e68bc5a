//! Where an answer may be sent, and the answers that go there.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

use crate::{
    kernel::{ClientId, Sid},
    web::page::{self, Frame},
};

use super::{client::Client, error::AuthorizationError, grant::Code, pages};

/// How the answer travels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of a redirect.
    #[default]
    Query,
    /// In a form that the browser posts (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

/// Why there is no address to answer to: only ever shown as a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoReturnAddress {
    /// No such client, or a disabled one.
    #[error("unknown client")]
    UnknownClient,
    /// Not an address that this client registered, byte for byte.
    #[error("unregistered address")]
    UnregisteredRedirect,
}

/// A client we know, and an address that is really its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnAddress {
    /// The client.
    pub client: ClientId,
    redirect: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
    mode: ResponseMode,
}

impl ReturnAddress {
    /// Compares the text exactly (RFC 9700, section 2.1), and keeps our registered copy.
    pub fn vet(client: Option<&Client>, redirect: Option<&str>) -> Result<Self, NoReturnAddress> {
        let client = client.filter(|client| client.is_enabled());
        let client = client.ok_or(NoReturnAddress::UnknownClient)?;
        let mut registered = client.registration.redirect_uris.iter();
        let redirect = registered
            .find(|known| Some(known.as_str()) == redirect)
            .ok_or(NoReturnAddress::UnregisteredRedirect)?;
        Ok(Self {
            client: client.id.clone(),
            redirect: redirect.clone(),
            state: None,
            mode: ResponseMode::Query,
        })
    }

    /// Answers carry this state, and travel like that.
    #[must_use]
    pub fn answering(self, state: Option<&str>, mode: ResponseMode) -> Self {
        Self { state: state.map(str::to_owned), mode, ..self }
    }

    /// The address, as it was registered.
    pub fn redirect(&self) -> &str {
        &self.redirect
    }

    /// Sends a refusal away (RFC 6749, section 4.1.2.1; RFC 9207).
    pub fn refuse(&self, issuer: &str, error: AuthorizationError) -> AuthorizationAnswer {
        let (code, description) = error.answer();
        let fields =
            vec![("error", code.to_owned()), ("error_description", description.to_owned())];
        self.send(issuer, fields)
    }

    /// Sends a code away.
    pub fn grant(
        &self,
        issuer: &str,
        code: &Code,
        session_state: Option<Sid>,
    ) -> AuthorizationAnswer {
        let mut fields = vec![("code", code.expose())];
        fields.extend(session_state.map(|sid| ("session_state", sid.to_string())));
        self.send(issuer, fields)
    }

    fn send(&self, issuer: &str, mut fields: Vec<(&'static str, String)>) -> AuthorizationAnswer {
        fields.extend(self.state.clone().map(|state| ("state", state)));
        fields.push(("iss", issuer.to_owned()));
        AuthorizationAnswer { redirect: self.redirect.clone(), mode: self.mode, fields }
    }
}

/// An answer on its way to a client, through the browser. It may hold a code: it is never printed.
pub struct AuthorizationAnswer {
    redirect: String,
    mode: ResponseMode,
    fields: Vec<(&'static str, String)>,
}

impl AuthorizationAnswer {
    /// Where it goes: the whole address for a redirect, where to post otherwise.
    pub fn location(&self) -> String {
        match self.mode {
            ResponseMode::FormPost => self.redirect.clone(),
            ResponseMode::Query => {
                let mut query = form_urlencoded::Serializer::new(String::new());
                query.extend_pairs(&self.fields);
                let joint = if self.redirect.contains('?') { '&' } else { '?' };
                // The registered text stays as it is, byte for byte.
                format!("{}{joint}{}", self.redirect, query.finish())
            }
        }
    }

    /// What to post, for an answer that is posted; nothing for a redirect.
    pub fn posted(&self) -> &[(&'static str, String)] {
        match self.mode {
            ResponseMode::FormPost => &self.fields,
            ResponseMode::Query => &[],
        }
    }

    /// Sends it: 303, or a page that posts itself.
    pub fn into_response(self, frame: Frame) -> Response {
        match self.mode {
            ResponseMode::FormPost => pages::form_post(frame, &self),
            ResponseMode::Query => match HeaderValue::from_str(&self.location()) {
                Ok(location) => page::protected(
                    (StatusCode::SEE_OTHER, [(header::LOCATION, location)]).into_response(),
                ),
                Err(error) => {
                    tracing::error!(%error, "a registered address is no header");
                    StatusCode::INTERNAL_SERVER_ERROR.into_response()
                }
            },
        }
    }
}
