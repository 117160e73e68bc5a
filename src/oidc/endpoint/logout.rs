//! The end-session endpoint, for GET and POST, with or without a browser.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};

use crate::{
    kernel::{Outage, Sid, journal::Actor},
    web::{
        csrf::Csrf,
        fields::{BadFields, Fields},
        page::{self, Trouble},
    },
};

use super::{
    super::{
        Provider, SESSION_COOKIE, SeenSession,
        login::set,
        logout::{LogoutFault, LogoutRequest, LogoutStep},
        pages,
    },
    WALLET_LOGOUT, unavailable,
};

pub(super) async fn get(
    State(provider): State<Arc<Provider>>,
    uri: Uri,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let fields = Fields::from_query(&query.unwrap_or_default());
    answer(&provider, &uri, &headers, (fields, false)).await
}

pub(super) async fn post(
    State(provider): State<Arc<Provider>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let fields = Fields::from_form(&headers, &body);
    let confirmed = fields.as_ref().is_ok_and(|fields| fields.has("confirmer"));
    answer(&provider, &uri, &headers, (fields, confirmed)).await
}

async fn answer(
    provider: &Provider,
    uri: &Uri,
    headers: &HeaderMap,
    (fields, confirmed): (Result<Fields, BadFields>, bool),
) -> Response {
    let Ok(fields) = fields else { return refused(provider, LogoutFault::Unreadable) };
    match decide(provider, uri, headers, (&fields, confirmed)).await {
        Ok(response) => response,
        Err(outage) => unavailable(provider, &outage),
    }
}

async fn decide(
    provider: &Provider,
    uri: &Uri,
    headers: &HeaderMap,
    (fields, confirmed): (&Fields, bool),
) -> Result<Response, Outage> {
    let request = match provider.logout_request(fields).await? {
        Ok(request) => request,
        Err(fault) => return Ok(refused(provider, fault)),
    };
    let cookie = provider.cookies.read(headers, SESSION_COOKIE);
    let token = cookie.as_ref().map(|cookie| Csrf::token(cookie, "deconnexion"));
    // Only the page that asked knows the token: other sites' forms confirm nothing.
    let confirmed = confirmed && token.as_ref().is_none_or(|token| token.admits(fields));
    let is_held = cookie.is_some();
    let seen = match cookie {
        Some(cookie) => provider.with.sessions.session_of_browser(&cookie.digest()).await?,
        None => None,
    };
    let (first, second) = match request.step(seen.as_ref(), confirmed) {
        LogoutStep::End(first, second) => (first, second),
        // The cookie is the wallet's: who has not asked there cannot be asked here.
        LogoutStep::Confirm if !is_wallet(provider, uri) => return Ok(to_wallet(provider, fields)),
        LogoutStep::Confirm => {
            let frame = provider.settings().frame;
            return Ok(pages::confirm_logout(frame, WALLET_LOGOUT, fields, token.as_ref()));
        }
    };
    for sid in [first, second].into_iter().flatten() {
        let by = author(&request, seen.as_ref(), sid);
        provider.with.sessions.end_session(sid, by).await?;
    }
    let mut response = ended(provider, request.return_to);
    // A form of another site brings no cookie, and must not take it away either.
    set(&mut response, provider.cookies.clear(SESSION_COOKIE).filter(|_| is_held));
    Ok(response)
}

fn author(request: &LogoutRequest, seen: Option<&SeenSession>, sid: Sid) -> Actor {
    match (seen.filter(|seen| seen.session.sid == sid), &request.client) {
        (Some(seen), _) => Actor::Person(seen.session.rpps),
        (None, Some(client)) => Actor::Client(client.clone()),
        (None, None) => Actor::Stranger,
    }
}

fn ended(provider: &Provider, return_to: Option<String>) -> Response {
    match return_to.map(|address| HeaderValue::from_str(&address)) {
        Some(Ok(location)) => {
            let redirect = (StatusCode::SEE_OTHER, [(header::LOCATION, location)]);
            page::protected(redirect.into_response())
        }
        Some(Err(_)) | None => pages::logged_out(provider.settings().frame),
    }
}

/// Whether the request came where the wallet's cookie would come too.
fn is_wallet(provider: &Provider, uri: &Uri) -> bool {
    let settings = provider.settings();
    settings.base_url.origin() == settings.wallet_url.origin() || uri.path() == WALLET_LOGOUT
}

fn to_wallet(provider: &Provider, fields: &Fields) -> Response {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for name in fields.names() {
        query.append_pair(name, fields.get(name).unwrap_or_default());
    }
    let location = provider.settings().wallet(&format!("{WALLET_LOGOUT}?{}", query.finish()));
    ended(provider, Some(location))
}

fn refused(provider: &Provider, fault: LogoutFault) -> Response {
    let trouble = match fault {
        LogoutFault::Hint => Trouble {
            code: "indice_deconnexion",
            title: "Déconnexion refusée",
            text: "Le paramètre id_token_hint n'est pas un jeton d'identité que nous avons remis à \
                   ce service. Rien n'a été fermé. Revenez à votre logiciel et prévenez son \
                   éditeur.",
            onward: None,
        },
        LogoutFault::Address => Trouble {
            code: "adresse_deconnexion",
            title: "Adresse de retour non enregistrée",
            text: "L'adresse post_logout_redirect_uri n'est pas, caractère pour caractère, l'une \
                   de celles que ce service a enregistrées. Rien n'a été fermé. Revenez à votre \
                   logiciel et prévenez son éditeur.",
            onward: None,
        },
        LogoutFault::Unreadable => Trouble {
            code: "requete_invalide",
            title: "Demande illisible",
            text: "Les paramètres de la déconnexion ne sont pas lisibles, ou l'un d'eux est \
                   répété. Rien n'a été fermé. Revenez à votre logiciel et recommencez.",
            onward: None,
        },
    };
    page::error(provider.settings().frame, StatusCode::BAD_REQUEST, trouble)
}
