use serde_json::{Map, Value, json};

use super::*;
use crate::{
    access::{Proof, Stamp},
    kernel::{Epoch, Revision, Rpps, Sid},
    oidc::{Registration, StoredClient, return_address::NoReturnAddress},
};

const HERE: &str = "http://localhost:8082/retour?ecran=1";

fn client(settings: Value) -> Client {
    let mut written = Map::from_iter([("redirect_uris".to_owned(), json!([HERE]))]);
    if let Value::Object(settings) = settings {
        written.extend(settings);
    }
    let registration = Registration::blank("dui").change(written).unwrap().registration;
    Client::from(StoredClient { id: "dui".parse().unwrap(), registration, secret: None })
}

fn asked(query: &str) -> Fields {
    let base = "response_type=code&scope=openid+scope_all&state=s&";
    // What a row writes replaces what every row has.
    let own: Vec<&str> = query.split('&').filter_map(|pair| pair.split('=').next()).collect();
    let kept = base.split('&').filter(|p| p.split('=').next().is_some_and(|n| !own.contains(&n)));
    let all: Vec<&str> = kept.chain(query.split('&')).filter(|pair| !pair.is_empty()).collect();
    Fields::from_query(&all.join("&")).unwrap()
}

fn outcome(settings: Value, query: &str) -> Result<AuthorizationRequest, AuthorizationError> {
    let client = client(settings);
    let address = ReturnAddress::vet(Some(&client), Some(HERE)).unwrap();
    check(&client, address, &asked(query), false).map_err(|refusal| refusal.error)
}

#[test]
fn each_check_refuses_what_it_is_for() {
    #[track_caller]
    fn refused(settings: Value, query: &str, expected: AuthorizationError) {
        assert_eq!(outcome(settings, query).unwrap_err(), expected, "{query}");
    }
    #[track_caller]
    fn accepted(settings: Value, query: &str) {
        assert_eq!(outcome(settings, query).map(|_| ()), Ok(()), "{query}");
    }
    use AuthorizationError as E;
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
    let psc = || json!({});
    let pkce = |rest: &str| format!("code_challenge={CHALLENGE}{rest}");

    accepted(psc(), "");
    accepted(psc(), "scope=scope_all");
    accepted(psc(), "scope=openid+unknown");
    accepted(psc(), "acr_values=eidas1");
    accepted(
        psc(),
        "acr_values=eidas3+eidas2&acr=eidas1&display=page&kc_idp_hint=chu&claims=%7B%7D",
    );
    accepted(psc(), "response_mode=form_post&prompt=login&max_age=0&login_hint=899900000037");
    accepted(psc(), "prompt=consent+login");
    accepted(psc(), &pkce("&code_challenge_method=S256"));
    accepted(json!({"require_pkce": true}), &pkce("&code_challenge_method=S256"));
    accepted(json!({"required_parameters": ["state", "nonce"]}), "nonce=7");

    refused(psc(), "response_mode=fragment", E::ResponseMode);
    refused(psc(), "request=x", E::RequestObject);
    refused(psc(), "request_uri=urn:x", E::RequestUri);
    refused(psc(), "registration=x", E::Registration);
    refused(psc(), "response_type=", E::NoResponseType);
    refused(psc(), "response_type=token", E::ResponseType);
    refused(psc(), "response_type=code+id_token", E::ResponseType);
    refused(psc(), "scope=", E::Scope);
    refused(psc(), "scope=unknown", E::Scope);
    refused(psc(), "scope=registry:read", E::Scope);
    refused(psc(), "acr_values=eidas4", E::AcrValues);
    refused(psc(), "prompt=none+login", E::Prompt);
    refused(psc(), "prompt=create", E::Prompt);
    accepted(psc(), "max_age=99999999999");
    refused(psc(), "max_age=-1", E::MaxAge);
    refused(psc(), "max_age=soon", E::MaxAge);
    refused(psc(), &pkce(""), E::Challenge);
    refused(psc(), &pkce("&code_challenge_method=plain"), E::Challenge);
    refused(psc(), "code_challenge=short&code_challenge_method=S256", E::Challenge);
    refused(psc(), "code_challenge_method=S256", E::Challenge);
    refused(json!({"require_pkce": true}), "", E::Challenge);
    refused(json!({"required_parameters": ["nonce"]}), "", E::Missing);
    refused(psc(), &format!("nonce={}", "n".repeat(513)), E::Nonce);
    refused(psc(), &format!("state={}", "s".repeat(4097)), E::State);
    let machine = json!({"grant_types": ["client_credentials"], "scope": "registry:read"});
    refused(machine, "", E::NotForThisClient);
}

#[test]
fn a_repeated_parameter_is_told_to_the_client() {
    let client = client(json!({}));
    let address = ReturnAddress::vet(Some(&client), Some(HERE)).unwrap();
    let refusal = check(&client, address, &asked(""), true).unwrap_err();
    assert_eq!(refusal.error, AuthorizationError::Repeated);
    let answer = refusal.address.refuse("http://localhost/issuer", refusal.error);
    assert_eq!(
        answer.location(),
        "http://localhost:8082/retour?ecran=1&error=invalid_request&error_description=\
         a+parameter+is+repeated&state=s&iss=http%3A%2F%2Flocalhost%2Fissuer"
    );
}

#[test]
fn only_the_very_text_of_a_registered_address_is_one() {
    #[track_caller]
    fn check(
        client: Option<&Client>,
        redirect: Option<&str>,
        expected: Result<(), NoReturnAddress>,
    ) {
        assert_eq!(ReturnAddress::vet(client, redirect).map(|_| ()), expected, "{redirect:?}");
    }
    use NoReturnAddress::{UnknownClient, UnregisteredRedirect};
    let known = client(json!({}));
    let disabled = client(json!({"enabled": false}));
    check(Some(&known), Some(HERE), Ok(()));
    check(Some(&known), Some("http://localhost:8082/retour?ecran=1#"), Err(UnregisteredRedirect));
    check(Some(&known), Some("http://localhost:8082/retour"), Err(UnregisteredRedirect));
    check(Some(&known), Some("http://LOCALHOST:8082/retour?ecran=1"), Err(UnregisteredRedirect));
    check(Some(&known), None, Err(UnregisteredRedirect));
    check(Some(&disabled), Some(HERE), Err(UnknownClient));
    check(None, Some(HERE), Err(UnknownClient));
}

#[test]
fn a_session_answers_only_while_it_is_fresh_enough() {
    const MINUTE: i64 = 60_000;
    #[track_caller]
    fn check(query: &str, (proven, seen, now): (i64, i64, i64), expected: bool) {
        let request = outcome(json!({}), query).unwrap();
        let session = Session {
            sid: Sid(uuid::Uuid::nil()),
            rpps: Rpps::from_serial(1),
            stamp: Stamp { epoch: Epoch(uuid::Uuid::nil()), revision: Revision(1) },
            proof: Proof::Phone,
            proven_at: Timestamp(proven * MINUTE),
            until: Timestamp(240 * MINUTE),
        };
        let seen = SeenSession { session, seen_at: Timestamp(seen * MINUTE) };
        let now = Timestamp(now * MINUTE);
        assert_eq!(request.is_answered_by(&seen, Span::minutes(30), now), expected, "{query}");
    }
    check("", (0, 0, 29), true);
    check("", (0, 0, 30), false);
    check("", (0, 100, 129), true);
    check("", (0, 239, 240), false);
    check("max_age=600", (0, 8, 9), true);
    check("max_age=600", (0, 8, 10), false);
    check("max_age=0", (0, 0, 0), false);
    check("prompt=login", (0, 0, 1), false);
    check("prompt=none", (0, 0, 1), true);
}
