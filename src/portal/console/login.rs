//! Coming in through the authorization endpoint, like any other client, and going out.

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::Response,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::{
    access::{Cause, Closing, Scope},
    kernel::{
        Outage,
        retry::Keep,
        secret::{Secret, SecretDigest},
    },
    oidc::{BuiltIn, Grant, error::TokenError},
    web::{csrf::Csrf, fields::Fields, page},
};

use super::{
    Console,
    cookie::{NAME, Named},
    pages::{self, LoggedOut},
    visit::{Visit, append, with_parameter},
};

/// The cookie that a log-in in progress is bound to; it is taken back at the first return.
const LOGIN_COOKIE: &str = "portail_connexion";
/// Where people arrive who asked for no page.
const HOME: &str = "/portail/moi";
/// The longest path that a log-in comes back to.
const LONGEST_PATH: usize = 200;
/// Length of a token in base64url.
const TOKEN: usize = 43;

/// Where to log in, to come back to `path` afterwards.
pub(super) fn address(path: Option<&str>) -> String {
    match path.filter(|path| is_ours(path) && *path != HOME) {
        Some(path) => with_parameter("/portail/connexion", "vers", path),
        None => "/portail/connexion".to_owned(),
    }
}

/// Whether a log-in may come back there: a page of ours, and nothing that acts.
fn is_ours(path: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'/' | b'-');
    let acts = ["/portail/connexion", "/portail/deconnexion", "/portail/deconnecte"];
    path.len() <= LONGEST_PATH
        && path.starts_with("/portail/")
        && path.bytes().all(plain)
        && !acts.iter().any(|act| path.starts_with(act))
}

/// A log-in in progress: everything follows from the secret of its cookie, so that nothing is kept.
struct Attempt(Secret);

impl Attempt {
    /// The `state` parameter (RFC 6749, section 10.12): bound to the browser and to where it wants to
    /// go.
    fn state(&self, onward: &str) -> String {
        let token = Csrf::token(&self.0, &format!("connexion {onward}"));
        format!("{}{onward}", token.expose())
    }

    /// Where the browser wanted to go, if it is the one that began.
    fn onward<'a>(&self, state: &'a str) -> Option<&'a str> {
        let (token, onward) = state.split_at_checked(TOKEN)?;
        let ours = Csrf::token(&self.0, &format!("connexion {onward}"));
        (ours.matches(token) && is_ours(onward)).then_some(onward)
    }

    /// RFC 7636, section 4.1.
    fn verifier(&self) -> Secret {
        Secret::received(Csrf::token(&self.0, "preuve").expose().to_owned())
    }

    /// RFC 7636, section 4.2.
    fn challenge(&self) -> String {
        let digest = SecretDigest::of(self.verifier().expose().as_bytes());
        URL_SAFE_NO_PAD.encode(digest.as_bytes())
    }
}

/// `GET /portail/connexion?vers=`
pub(super) async fn start(State(console): State<Console>, RawQuery(query): RawQuery) -> Response {
    let fields = Fields::from_query(&query.unwrap_or_default()).unwrap_or_default();
    let onward = fields.get("vers").filter(|path| is_ours(path)).unwrap_or(HOME);
    let attempt = Attempt(Secret::mint(console.with.random.as_ref()));
    let provider = &console.with.provider;
    let (state, challenge) = (attempt.state(onward), attempt.challenge());
    let request = provider.built_in_request(BuiltIn::Portal, &state, &challenge);
    let mut response = pages::see_other(&request);
    let life = provider.settings().login_life;
    append(&mut response, console.cookies.set(LOGIN_COOKIE, &attempt.0, life));
    response
}

/// `GET /portail/connexion/retour`: the code becomes a grant, and the cookie names it.
pub(super) async fn come_back(
    State(console): State<Console>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let mut response = match console.returned(&headers, query).await {
        Ok((grant, onward)) => console.welcome(&grant, &onward),
        Err(Back::Refused) => pages::refused(console.with.frame),
        Err(Back::Lost) => pages::lost(console.with.frame),
        Err(Back::Outage(outage)) => return pages::unavailable(console.with.frame, &outage),
    };
    append(&mut response, console.cookies.clear(LOGIN_COOKIE));
    response
}

/// Why nobody is logged in after a return.
enum Back {
    /// The person or the provider said no.
    Refused,
    /// Not begun in this browser, used already, or too late.
    Lost,
    /// 503.
    Outage(Outage),
}

impl Console {
    async fn returned(
        &self,
        headers: &HeaderMap,
        query: Option<String>,
    ) -> Result<(Grant, String), Back> {
        let mut fields = Fields::from_query(&query.unwrap_or_default()).map_err(|_| Back::Lost)?;
        let attempt = self.cookies.read(headers, LOGIN_COOKIE).map(Attempt).ok_or(Back::Lost)?;
        let onward = attempt.onward(fields.get("state").unwrap_or_default()).ok_or(Back::Lost)?;
        let onward = onward.to_owned();
        if fields.has("error") {
            return Err(Back::Refused);
        }
        let code = fields.take_secret("code").ok_or(Back::Lost)?;
        let redeemed =
            self.with.provider.redeem_built_in(BuiltIn::Portal, &code, attempt.verifier()).await;
        match redeemed {
            Ok(grant) => Ok((grant, onward)),
            Err(TokenError::Outage(outage)) => Err(Back::Outage(outage)),
            Err(TokenError::Dead(refused)) if refused.is_unknown() => {
                Err(Back::Outage(Outage::Unavailable(refused.to_string())))
            }
            Err(error) => {
                tracing::info!(%error, "a code does not open the portal");
                Err(Back::Lost)
            }
        }
    }

    fn welcome(&self, grant: &Grant, onward: &str) -> Response {
        let mut response = pages::see_other(onward);
        // The rest counts from the log-in; the grant's own opening is the reading that we have.
        let named = Named { grant: grant.id, seen_at: grant.opened_at };
        append(&mut response, self.cookie(named, grant));
        response
    }
}

/// `POST /portail/deconnexion`: the whole session, everywhere.
pub(super) async fn log_out(State(console): State<Console>, visit: Visit) -> Response {
    let closing = Closing::new(Scope::Session(visit.sid), Cause::SessionEnded, visit.actor());
    match console.with.sessions.end(visit.sid, closing, Keep::nothing()).await {
        Ok(_) => console.goodbye(None),
        Err(outage) => pages::unavailable(console.with.frame, &outage),
    }
}

/// What else there is to say to somebody who is logged out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// Their card is blocked.
    Blocked,
}

impl Farewell {
    const fn word(self) -> &'static str {
        match self {
            Self::Blocked => "e-cps-bloquee",
        }
    }
}

impl Console {
    /// To the page that says so, without the cookie.
    pub(super) fn goodbye(&self, farewell: Option<Farewell>) -> Response {
        let path = "/portail/deconnecte";
        let path = farewell.map_or_else(
            || path.to_owned(),
            |farewell| with_parameter(path, "suite", farewell.word()),
        );
        let mut response = pages::see_other(&path);
        append(&mut response, self.cookies.clear(NAME));
        response
    }
}

/// `GET /portail/deconnecte`
pub(super) async fn logged_out(
    State(console): State<Console>,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = Fields::from_query(&query.unwrap_or_default()).unwrap_or_default();
    let is_blocked = fields.get("suite") == Some(Farewell::Blocked.word());
    page::html(StatusCode::OK, &LoggedOut { frame: console.with.frame, is_blocked })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_in_comes_back_to_pages_of_ours_only() {
        #[track_caller]
        fn check(path: &str, expected: bool) {
            assert_eq!(is_ours(path), expected, "{path}");
        }
        check("/portail/moi", true);
        check("/portail/departs/0197e1c0-0000-7000-8000-000000000000", true);
        check("/portail", false);
        check("/portail/connexion", false);
        check("/portail/deconnexion", false);
        check("//evil.example/portail/", false);
        check("https://evil.example/portail/", false);
        check("/portail/moi?x=1", false);
        check("/portail/\r\nset-cookie", false);
        check("/api/v1/professionals", false);
    }

    #[test]
    fn a_state_is_good_in_its_own_browser_and_for_its_own_page() {
        let attempt = |text: &str| Attempt(Secret::received(text.to_owned()));
        let state = attempt("a").state("/portail/effectif");
        assert_eq!(attempt("a").onward(&state), Some("/portail/effectif"));
        assert_eq!(attempt("b").onward(&state), None);
        assert_eq!(attempt("a").onward(&state.replace("effectif", "moi")), None);
        assert_eq!(attempt("a").onward(""), None);
    }
}
