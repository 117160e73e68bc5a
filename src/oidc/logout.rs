//! Log-out started by a relying party (OpenID Connect RP-Initiated Logout 1.0).

use serde::Deserialize;

use crate::{
    kernel::{ClientId, Outage, Sid},
    web::fields::Fields,
};

use super::{
    Provider, SeenSession, authorize::Expected, claims::ID, client::Client, keys::TokenType,
};

/// Why a log-out request is refused: only ever shown as a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogoutFault {
    /// The hint is not an ID token of ours, or not this client's.
    Hint,
    /// The return address is not one that the client registered.
    Address,
    /// The parameters cannot be read, or one is repeated.
    Unreadable,
}

/// What a request asks, vetted.
#[derive(Debug)]
pub(super) struct LogoutRequest {
    /// The session that the ID token names.
    pub(super) hinted: Option<Sid>,
    /// Who asks.
    pub(super) client: Option<ClientId>,
    /// Where the browser goes afterwards, `state` included.
    pub(super) return_to: Option<String>,
}

/// What to do about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LogoutStep {
    /// Ask the person.
    Confirm,
    /// End these sessions.
    End(Option<Sid>, Option<Sid>),
}

/// What of an ID token matters here. Its end does not: it lives two minutes, sessions live hours.
#[derive(Deserialize)]
struct HintClaims {
    iss: String,
    aud: ClientId,
    sub: String,
    sid: Sid,
    #[serde(default)]
    typ: Option<String>,
    /// Access tokens of RFC 9068 are no hints.
    #[serde(default)]
    scope: Option<String>,
}

impl LogoutRequest {
    /// A hint that names the browser's own session, or comes from a server without a browser, is
    /// enough; otherwise the person is asked (section 2).
    pub(super) fn step(&self, browser: Option<&SeenSession>, confirmed: bool) -> LogoutStep {
        let own = browser.map(|seen| seen.session.sid);
        match (self.hinted, own) {
            (Some(hinted), None) => LogoutStep::End(Some(hinted), None),
            (Some(hinted), Some(own)) if hinted == own => LogoutStep::End(Some(own), None),
            (hinted, own) if confirmed => LogoutStep::End(own, hinted),
            (Some(_) | None, Some(_) | None) => LogoutStep::Confirm,
        }
    }
}

impl Provider {
    /// Vets a log-out request.
    pub(super) async fn logout_request(
        &self,
        fields: &Fields,
    ) -> Result<Result<LogoutRequest, LogoutFault>, Outage> {
        let hint = match fields.get("id_token_hint") {
            None => None,
            Some(hint) => match self.hint(hint).await? {
                Some(claims) => Some(claims),
                None => return Ok(Err(LogoutFault::Hint)),
            },
        };
        let named = fields.get("client_id").map(str::parse::<ClientId>);
        let client = match (&hint, named) {
            (Some(hint), Some(Ok(named))) if hint.aud != named => {
                return Ok(Err(LogoutFault::Hint));
            }
            (Some(_), Some(Err(_))) => return Ok(Err(LogoutFault::Hint)),
            (Some(hint), Some(Ok(_)) | None) => self.client(&hint.aud).await?,
            (None, Some(Ok(named))) => self.client(&named).await?,
            (None, Some(Err(_)) | None) => None,
        };
        let return_to = match fields.get("post_logout_redirect_uri") {
            None => None,
            Some(asked) => match return_address(client.as_ref(), asked, fields.get("state")) {
                Some(address) => Some(address),
                None => return Ok(Err(LogoutFault::Address)),
            },
        };
        let hinted = hint.map(|hint| hint.sid);
        Ok(Ok(LogoutRequest { hinted, client: client.map(|client| client.id), return_to }))
    }

    /// Whom an authorization request of `client` expects.
    pub(super) async fn expected(
        &self,
        client: &ClientId,
        fields: &Fields,
    ) -> Result<Expected, Outage> {
        let Some(hint) = fields.get("id_token_hint") else { return Ok(Expected::Anybody) };
        let claims = self.hint(hint).await?.filter(|claims| claims.aud == *client);
        Ok(claims.map_or(Expected::Newcomer, |claims| Expected::Person(claims.sub)))
    }

    async fn hint(&self, token: &str) -> Result<Option<HintClaims>, Outage> {
        let signed = self.keys.verify(token, self.with.clock.now()).await?;
        let signed = signed.filter(|signed| signed.token_type == TokenType::Jwt);
        let claims: Option<HintClaims> = signed.and_then(|signed| signed.claims());
        Ok(claims.filter(|claims| {
            claims.iss == self.with.settings.issuer
                && claims.typ.as_deref().is_none_or(|typ| typ == ID)
                && claims.scope.is_none()
        }))
    }
}

/// The registered address, compared as text, with `state` if the client wants it back.
fn return_address(client: Option<&Client>, asked: &str, state: Option<&str>) -> Option<String> {
    let client = client?;
    let mut registered = client.registration.post_logout_redirect_uris.iter();
    let address = registered.find(|known| *known == asked)?;
    let Some(state) = state.filter(|_| client.settings.state_at_logout) else {
        return Some(address.clone());
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    query.append_pair("state", state);
    let joint = if address.contains('?') { '&' } else { '?' };
    Some(format!("{address}{joint}{}", query.finish()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        access::{Proof, Session, Stamp},
        kernel::{Epoch, Revision, Rpps, Timestamp},
    };

    #[test]
    fn only_a_fitting_hint_logs_out_without_asking() {
        #[track_caller]
        fn check(hinted: Option<u128>, own: Option<u128>, confirmed: bool, expected: LogoutStep) {
            let sid = |number| Sid(uuid::Uuid::from_u128(number));
            let seen = own.map(|own| SeenSession {
                session: Session {
                    sid: sid(own),
                    rpps: Rpps::from_serial(1),
                    stamp: Stamp { epoch: Epoch(uuid::Uuid::nil()), revision: Revision(1) },
                    proof: Proof::Phone,
                    proven_at: Timestamp(0),
                    until: Timestamp(1),
                },
                seen_at: Timestamp(0),
            });
            let hinted = hinted.map(sid);
            let request = LogoutRequest { hinted, client: None, return_to: None };
            assert_eq!(request.step(seen.as_ref(), confirmed), expected);
        }
        let sid = |number| Some(Sid(uuid::Uuid::from_u128(number)));
        check(Some(1), None, false, LogoutStep::End(sid(1), None));
        check(Some(1), Some(1), false, LogoutStep::End(sid(1), None));
        check(Some(1), Some(2), false, LogoutStep::Confirm);
        check(Some(1), Some(2), true, LogoutStep::End(sid(2), sid(1)));
        check(None, Some(2), false, LogoutStep::Confirm);
        check(None, Some(2), true, LogoutStep::End(sid(2), None));
        check(None, None, false, LogoutStep::Confirm);
        check(None, None, true, LogoutStep::End(None, None));
    }
}
