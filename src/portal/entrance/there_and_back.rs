//! To FranceConnect and back, and out again. Nothing here goes there by itself: a person presses a
//! button, each time.

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};

use crate::{
    franceconnect::{Arrival, Failure, FranceConnect},
    kernel::{PreRegistrationId, secret::Secret, time::Span},
    portal::preregistration::{Opening, PreRegistration, until},
    web::{
        csrf::{self, Csrf},
        fields::Fields,
    },
};

use super::{Entrance, PREREGISTRATION, pages, see_other, troubles, unavailable};

/// The cookie that a trip is bound to.
const COOKIE: &str = "franceconnect";
/// How long it is kept: longer than any trip.
const COOKIE_LIFE: Span = Span::hours(1);
/// What the token of the log-out form is for.
pub(super) const LEAVING: &str = "preenregistrement/sortie";

/// `GET /portail/franceconnect`
pub(super) async fn depart(State(entrance): State<Entrance>, headers: HeaderMap) -> Response {
    let Some(franceconnect) = &entrance.with.franceconnect else {
        return pages::not_offered(entrance.with.frame);
    };
    let browser = entrance.browser(&headers);
    match franceconnect.depart(&browser).await {
        Ok(there) => see_other(there.as_str(), [entrance.remember(&browser)]),
        Err(failure) => entrance.failed(&failure),
    }
}

/// `GET /portail/franceconnect/retour`
pub(super) async fn arrive(
    State(entrance): State<Entrance>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(franceconnect) = &entrance.with.franceconnect else {
        return pages::not_offered(entrance.with.frame);
    };
    let browser = entrance.with.cookies.read(&headers, COOKIE);
    let arrived = franceconnect.arrive(&query.unwrap_or_default(), browser.as_ref()).await;
    match entrance.admitted(&headers, arrived).await {
        Ok(cookie) => see_other(PREREGISTRATION, [cookie]),
        Err(failure) => entrance.failed(&failure),
    }
}

/// `POST /portail/franceconnect/sortie`: the session here is over before FranceConnect hears of it.
pub(super) async fn leave(
    State(entrance): State<Entrance>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let with = &entrance.with;
    let Some(secret) = with.visits.secret(&headers) else {
        return entrance.gone(pages::left(with.frame, false));
    };
    let token = Csrf::token(&secret, LEAVING);
    if !Fields::from_form(&headers, &body).is_ok_and(|fields| token.admits(&fields)) {
        return csrf::refused(with.frame, PREREGISTRATION);
    }
    let id_token = match with.preregistrations.close_preregistration(secret.digest()).await {
        Ok(id_token) => id_token,
        Err(outage) => return unavailable(&entrance, &outage),
    };
    let (Some(franceconnect), Some(id_token)) = (&with.franceconnect, id_token) else {
        return entrance.gone(pages::left(with.frame, false));
    };
    entrance.sent_away(franceconnect, &headers, &id_token).await
}

/// `GET /portail/franceconnect/sortie`
pub(super) async fn left(
    State(entrance): State<Entrance>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let Some(franceconnect) = &entrance.with.franceconnect else {
        return pages::not_offered(entrance.with.frame);
    };
    let browser = entrance.with.cookies.read(&headers, COOKIE);
    match franceconnect.left(&query.unwrap_or_default(), browser.as_ref()).await {
        Ok(()) => pages::left(entrance.with.frame, true),
        Err(Failure::Outage(outage)) => unavailable(&entrance, &outage),
        Err(failure) => {
            troubles::write_down(&failure);
            pages::not_confirmed(entrance.with.frame)
        }
    }
}

impl Entrance {
    /// The secret that this browser's trips are bound to: the one that it has, so that two tabs do
    /// not hinder one another.
    fn browser(&self, headers: &HeaderMap) -> Secret {
        let known = self.with.cookies.read(headers, COOKIE);
        let known = known.filter(|secret| secret.expose().len() == 43);
        known.unwrap_or_else(|| Secret::mint(self.with.random.as_ref()))
    }

    fn remember(&self, browser: &Secret) -> Option<HeaderValue> {
        self.with.cookies.set(COOKIE, browser, COOKIE_LIFE)
    }

    /// Opens a pre-registration for who arrived; the cookie of it. A browser has one at a time.
    async fn admitted(
        &self,
        headers: &HeaderMap,
        arrived: Result<Arrival, Failure>,
    ) -> Result<Option<HeaderValue>, Failure> {
        let Arrival { identity, id_token } = arrived?;
        let (with, now) = (&self.with, self.with.clock.now());
        let secret = Secret::mint(with.random.as_ref());
        let opened = PreRegistration {
            id: PreRegistrationId(with.random.id(now)),
            identity,
            opened_at: now,
            until: until(now, now, with.visits.rest),
        };
        let replaces = with.visits.secret(headers).map(|secret| secret.digest());
        let opening = Opening { opened, cookie: secret.digest(), id_token, replaces };
        with.preregistrations.open_preregistration(opening).await?;
        Ok(with.visits.hand_out(&secret))
    }

    /// To FranceConnect's log-out; where that cannot be, the person is told.
    async fn sent_away(
        &self,
        franceconnect: &FranceConnect,
        headers: &HeaderMap,
        id_token: &Secret,
    ) -> Response {
        let browser = self.browser(headers);
        match franceconnect.leave(&browser, id_token).await {
            Ok(there) => {
                let cookies = [self.with.visits.take_back(), self.remember(&browser)];
                see_other(there.as_str(), cookies)
            }
            Err(failure) => {
                troubles::write_down(&failure);
                self.gone(pages::left(self.with.frame, false))
            }
        }
    }

    /// The same page, and the cookie taken back.
    fn gone(&self, mut page: Response) -> Response {
        if let Some(cookie) = self.with.visits.take_back() {
            page.headers_mut().append(header::SET_COOKIE, cookie);
        }
        page
    }
}
