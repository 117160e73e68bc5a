use serde_json::json;

use super::*;
use crate::oidc::client_settings::{Acr, IdTokenClaims, Introspects, RefreshTokenMode, SigningAlg};
use crate::registry::fault::Fault;

fn members(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn base() -> Registration {
    let written = json!({"redirect_uris": ["http://localhost:8082/retour"]});
    Registration::blank("dui").change(members(&written)).unwrap().registration
}

#[test]
fn every_fault_is_told_at_once() {
    #[track_caller]
    fn check(written: &Value, expected: &[&str]) {
        let faults = match base().change(members(written)) {
            Ok(_) => Vec::new(),
            Err(faults) => faults,
        };
        let fields: Vec<&str> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(fields, expected, "{faults:?}");
    }
    check(&json!({}), &[]);
    check(&json!({"acr": "eidas2", "introspects": ["a", "b"]}), &[]);
    check(&json!({"introspects": "any", "structure": "019999028", "profile": "oidc"}), &[]);
    check(&json!({"redirect_uris": ["http://127.0.0.1:1/x?y=z", "fr.exemple.app:/retour"]}), &[]);
    check(&json!({"userinfo_signed_response_alg": "none", "response_types": ["code"]}), &[]);
    check(&json!({"acr": null, "structure": null, "client_secret": null}), &[]);

    check(&json!({"colour": "blue"}), &["colour"]);
    check(&json!({"acr": "eidas4", "structure": "019999029"}), &["structure", "acr"]);
    check(&json!({"redirect_uris": []}), &["redirect_uris"]);
    check(&json!({"redirect_uris": ["/retour"]}), &["redirect_uris"]);
    check(&json!({"redirect_uris": ["https://dui.example/#x"]}), &["redirect_uris"]);
    check(&json!({"redirect_uris": ["javascript:alert(1)"]}), &["redirect_uris"]);
    check(&json!({"redirect_uris": ["https://dui.example/é"]}), &["redirect_uris"]);
    check(&json!({"backchannel_logout_uri": "fr.exemple.app:/x"}), &["backchannel_logout_uri"]);
    check(&json!({"post_logout_redirect_uris": ["x"]}), &["post_logout_redirect_uris"]);
    check(&json!({"grant_types": ["password"]}), &["grant_types"]);
    check(&json!({"grant_types": ["refresh_token"]}), &["grant_types"]);
    check(&json!({"scope": "openid everything"}), &["scope"]);
    check(&json!({"required_parameters": ["colour"]}), &["required_parameters"]);
    check(&json!({"client_secret": "short"}), &["client_secret"]);
    check(&json!({"client_name": " "}), &["client_name"]);
    check(&json!({"userinfo_signed_response_alg": "RS256"}), &["userinfo_signed_response_alg"]);
    check(
        &json!({"token_endpoint_auth_method": "private_key_jwt"}),
        &["token_endpoint_auth_method"],
    );
    check(
        &json!({"profile": "fapi2"}),
        &[
            "token_endpoint_auth_method",
            "require_pushed_authorization_requests",
            "tls_client_certificate_bound_access_tokens",
        ],
    );
}

/// Where another type stands than is wanted, both languages say what is; and every word that they
/// name is taken.
#[test]
fn what_is_wanted_is_said_and_true() {
    const TYPES: [&str; 26] = [
        "client_name",
        "redirect_uris",
        "post_logout_redirect_uris",
        "backchannel_logout_uri",
        "grant_types",
        "scope",
        "structure",
        "enabled",
        "profile",
        "require_pkce",
        "required_parameters",
        "token_endpoint_auth_method",
        "require_pushed_authorization_requests",
        "tls_client_certificate_bound_access_tokens",
        "id_token_signed_response_alg",
        "id_token_claims",
        "acr",
        "sub_form",
        "situations",
        "access_token_format",
        "refresh_token_mode",
        "session_state",
        "state_at_logout",
        "introspects",
        "client_secret",
        "colour",
    ];
    let refused = |field: &str, value: Value| {
        let bad = base().change(members(&json!({field: value}))).err().unwrap_or_default();
        bad.into_iter().find(|bad| bad.field == field)
    };
    for field in TYPES {
        for value in [json!(5), json!({}), json!([[]])] {
            let bad = refused(field, value.clone()).unwrap_or_else(|| panic!("{field} {value}"));
            let english = bad.flaw.to_string();
            let french = Fault::from(bad.clone()).message;
            assert!(
                !french.contains("wanted") && !english.contains("attend"),
                "{french} {english}"
            );
            let words = if let Flaw::Shape(Shape::OneOf(words) | Shape::ListOf(words)) = bad.flaw {
                words
            } else {
                &[]
            };
            for word in words {
                assert!(french.contains(word) && english.contains(word), "{field}: {word}");
                let taken = |value| {
                    !refused(field, value).is_some_and(|bad| matches!(bad.flaw, Flaw::Shape(_)))
                };
                assert!(taken(json!(word)) != taken(json!([word])), "{field}: {word}");
            }
        }
    }
}

#[test]
fn silence_means_what_the_profile_says() {
    #[track_caller]
    fn check(written: &Value, expected: (bool, SigningAlg, IdTokenClaims, RefreshTokenMode, bool)) {
        let settings = base().change(members(written)).unwrap().registration.effective();
        let tokens = settings.tokens;
        let found = (
            settings.require_pkce,
            tokens.id_token_signed_response_alg,
            tokens.id_token_claims,
            tokens.refresh_token_mode,
            tokens.session_state,
        );
        assert_eq!(found, expected);
    }
    use IdTokenClaims::{Minimal, Psc};
    use RefreshTokenMode::{Reissue, Rotate, Stable};
    use SigningAlg::{ES256, PS256, RS256};
    check(&json!({}), (false, RS256, Psc, Reissue, true));
    check(&json!({"profile": "oidc"}), (false, RS256, Minimal, Reissue, false));
    check(
        &json!({"profile": "oidc", "refresh_token_mode": "rotate", "session_state": true}),
        (false, RS256, Minimal, Rotate, true),
    );
    check(&json!({"id_token_signed_response_alg": "PS256"}), (false, PS256, Psc, Reissue, true));
    let lenient = json!({
        "profile": "fapi2",
        "token_endpoint_auth_method": "client_secret_basic",
        "require_pushed_authorization_requests": false,
        "tls_client_certificate_bound_access_tokens": false,
    });
    check(&lenient, (true, ES256, Minimal, Stable, false));
}

#[test]
fn a_change_keeps_what_it_does_not_name() {
    let first = json!({"acr": "eidas2", "structure": "019999028", "introspects": "any"});
    let first = base().change(members(&first)).unwrap().registration;
    let second = first.change(members(&json!({"enabled": false, "acr": null}))).unwrap();
    assert!(!second.registration.enabled);
    assert_eq!(second.registration.structure, first.structure);
    assert_eq!(second.registration.redirect_uris, first.redirect_uris);
    assert_eq!(second.registration.effective().tokens.acr, Acr::Eidas1);
    assert_eq!(second.registration.effective().introspects, Introspects::Any);
}

#[test]
fn what_is_stored_is_read_back() {
    let written =
        json!({"profile": "oidc", "acr": "none", "introspects": ["a"], "scope": "openid"});
    let registration = base().change(members(&written)).unwrap().registration;
    let text = serde_json::to_string(&registration).unwrap();
    assert_eq!(serde_json::from_str::<Registration>(&text).unwrap(), registration);
}
