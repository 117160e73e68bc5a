//! The relying parties of the mock world, in the field names of dynamic registration.

use serde_json::{Value, json};

use super::file::Saved;
use super::ports::{Party, Ports};

/// Every client of the mock world; the first four are relying parties.
pub(crate) const KEYS: [&str; 5] =
    ["dui-tilleuls", "dui-rive-claire", "plateforme", "api-territoire", "api"];

/// Everything that the API of the gateway offers.
pub(crate) const API_SCOPE: &str = "registry:read registry:write registry:authority security:read \
                                    security:write clients:write";

/// The registrations, in the order of [`KEYS`].
pub(crate) fn registrations(ports: &Ports, saved: &Saved) -> Vec<Value> {
    let secret = |key: &str| saved.clients.get(key).cloned().unwrap_or_default();
    let tilleuls = ports.origin(Party::Tilleuls);
    let rive_claire = ports.origin(Party::RiveClaire);
    vec![
        relying_party(
            "dui-tilleuls",
            ("DUI Les Grands Tilleuls", Some("019999028")),
            &secret("dui-tilleuls"),
            &tilleuls,
        ),
        relying_party(
            "dui-rive-claire",
            ("DUI Rive Claire", Some("699999124")),
            &secret("dui-rive-claire"),
            &rive_claire,
        ),
        relying_party(
            "plateforme",
            ("Plateforme nationale de coordination", None),
            &secret("plateforme"),
            &format!("{tilleuls}/plateforme"),
        ),
        json!({
            "client_id": "api-territoire",
            "client_secret": secret("api-territoire"),
            "client_name": "API du territoire",
            "redirect_uris": [],
            "post_logout_redirect_uris": [],
            "grant_types": [],
            "response_types": [],
            "token_endpoint_auth_method": "client_secret_basic",
            "profile": "psc",
            "structure": null,
            "enabled": true,
            "introspects": "any",
        }),
        json!({
            "client_id": "api",
            "client_secret": secret("api"),
            "client_name": "Programme d'administration de la démonstration",
            "redirect_uris": [],
            "post_logout_redirect_uris": [],
            "grant_types": ["client_credentials"],
            "response_types": [],
            "token_endpoint_auth_method": "client_secret_basic",
            "profile": "psc",
            "structure": null,
            "enabled": true,
            "scope": API_SCOPE,
        }),
    ]
}

fn relying_party(
    key: &str,
    (name, structure): (&str, Option<&str>),
    secret: &str,
    base: &str,
) -> Value {
    let method =
        if key == "dui-rive-claire" { "client_secret_post" } else { "client_secret_basic" };
    json!({
        "client_id": key,
        "client_secret": secret,
        "client_name": name,
        "redirect_uris": [format!("{base}/retour")],
        "post_logout_redirect_uris": [format!("{base}/deconnecte")],
        "backchannel_logout_uri": format!("{base}/backchannel-logout"),
        "backchannel_logout_session_required": true,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "scope": "openid scope_all",
        "profile": "psc",
        "structure": structure,
        "enabled": true,
        "introspects": "own",
    })
}
