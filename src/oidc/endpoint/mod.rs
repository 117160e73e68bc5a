//! The provider's endpoints, one file each: what came in, one call, what goes out.

mod authorize;
mod discovery;
mod introspect;
mod logout;
mod revoke;
mod token;
mod userinfo;

use std::sync::Arc;

use axum::{
    Router,
    http::StatusCode,
    response::Response,
    routing::{get, post},
};
use url::Url;

use crate::{
    kernel::Outage,
    web::page::{self, Trouble},
};

use super::Provider;

/// Every endpoint, at the addresses that the settings name.
pub fn router(provider: Arc<Provider>) -> Router {
    let issuer = Url::parse(&provider.settings().issuer);
    let issuer = issuer.map(|url| url.path().trim_end_matches('/').to_owned()).unwrap_or_default();
    let protocol = |name: &str| format!("{issuer}/protocol/openid-connect/{name}");
    // A HEAD request must not open a grant, nor end a session: it is answered without either.
    let pages = || get(authorize::get).post(authorize::post).head(nothing);
    // The cookies belong to the wallet host: where the issuer is another, the browser goes there first.
    let settings = provider.settings();
    let elsewhere = settings.base_url.origin() != settings.wallet_url.origin();
    let native = if elsewhere {
        get(authorize::to_wallet).post(authorize::to_wallet).head(nothing)
    } else {
        pages()
    };
    Router::new()
        .route("/auth", pages())
        .route("/auth/", pages())
        .route(&protocol("auth"), native)
        .route(&protocol("token"), post(token::post))
        .route(&protocol("token/introspect"), post(introspect::post))
        .route(&protocol("revoke"), post(revoke::post))
        .route(&protocol("userinfo"), get(userinfo::get).post(userinfo::post))
        .route(&protocol("certs"), get(discovery::keys))
        .route(&protocol("logout"), get(logout::get).post(logout::post).head(nothing))
        .route(WALLET_LOGOUT, get(logout::get).post(logout::post).head(nothing))
        .route(&format!("{issuer}/.well-known/openid-configuration"), get(discovery::metadata))
        .route(
            &format!("{issuer}/.well-known/wallet-openid-configuration"),
            get(discovery::metadata),
        )
        .route(
            &format!("/.well-known/oauth-authorization-server{issuer}"),
            get(discovery::metadata),
        )
        .with_state(provider)
}

/// Log-out where the wallet's cookie is: the confirmation belongs there.
const WALLET_LOGOUT: &str = "/auth/deconnexion";

async fn nothing() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// The page for what we cannot know (promise 6).
fn unavailable(provider: &Provider, outage: &Outage) -> Response {
    tracing::error!(%outage, "answering 503");
    let trouble = Trouble {
        code: "indisponible",
        title: "Service momentanément indisponible",
        text: "Nous ne pouvons pas vérifier vos droits pour le moment. Réessayez dans quelques \
               secondes.",
        onward: None,
    };
    let status = StatusCode::SERVICE_UNAVAILABLE;
    let mut response = page::error(provider.settings().frame, status, trouble);
    let retry = axum::http::HeaderValue::from_static("1");
    response.headers_mut().insert(axum::http::header::RETRY_AFTER, retry);
    response
}
