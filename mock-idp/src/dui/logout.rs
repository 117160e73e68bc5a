//! Logging out at the person's own wish (RP-initiated logout).

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use openidconnect::{ClientId, CsrfToken, LogoutRequest, PostLogoutRedirectUrl};

use super::Dui;
use super::sessions::{Session, Why};
use crate::random;
use crate::web::see_other;

/// Closes the session here, then asks the gateway to close its own.
pub(super) async fn start(State(dui): State<Arc<Dui>>, jar: CookieJar) -> Response {
    let session = dui.session(&jar);
    let jar = jar.remove(dui.cookie("session", String::new()));
    let farewell = format!("{}/deconnecte", dui.software.base);
    let Some(session) = session else {
        return (jar, see_other(&farewell)).into_response();
    };
    dui.sessions.close(&session.id, Why::Logout);
    let to = at_the_gateway(&dui, &session).await.unwrap_or(farewell);
    (jar, see_other(&to)).into_response()
}

async fn at_the_gateway(dui: &Dui, session: &Session) -> Option<String> {
    let known = dui.provider.known().await.ok()?;
    let endpoint = known.announced.end_session_endpoint.clone()?;
    let back = PostLogoutRedirectUrl::new(format!("{}/deconnecte", dui.provider.home)).ok()?;
    let request = LogoutRequest::from(endpoint)
        .set_id_token_hint(&session.id_token)
        .set_client_id(ClientId::new(dui.software.key.to_owned()))
        .set_post_logout_redirect_uri(back)
        .set_state(CsrfToken::new(random::token()));
    Some(request.http_get_url().into())
}

/// Where the gateway sends the browser afterwards.
pub(super) async fn finished(State(dui): State<Arc<Dui>>) -> Response {
    super::pages::farewell(&dui)
}
