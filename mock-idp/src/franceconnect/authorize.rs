//! The authorization request, judged without a socket: the list of parameters is closed.

use serde_json::Value;
use url::Url;

use super::clients::{Client, DATA_SCOPES, IDENTITY_SCOPES};
use super::failures::{
    BAD_PARAMETERS, DeadEnd, NO_RIGHT_TO_AMR, SCOPE_AND_ADDRESS, UNKNOWN_ADDRESS, UNKNOWN_CLIENT,
};
use super::parameters::Parameters;

const ACCEPTED: [&str; 11] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "nonce",
    "acr_values",
    "prompt",
    "claims",
    "idp_hint",
    "ui_locales",
];
const REQUIRED: [&str; 7] =
    ["client_id", "redirect_uri", "response_type", "scope", "state", "nonce", "acr_values"];
const SHORTEST_NONCE: usize = 22;
/// The levels that the platform knows, lowest first; this one gives the first only.
const LEVELS: [&str; 3] = ["eidas1", "eidas2", "eidas3"];
pub(super) const LEVEL: &str = "eidas1";
/// The one identity provider here, as `idp_hint` and `idp_id` name it.
pub(super) const PROVIDER: &str = "simulation";

/// What a service asks for, once everything about it is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) client_id: &'static str,
    pub(super) redirect_uri: String,
    pub(super) state: String,
    pub(super) nonce: String,
    /// The scopes that it gets, in its order; unknown ones are dropped in silence.
    pub(super) scope: String,
    /// Whether the ID token is to say by which means the person was identified.
    pub(super) amr: bool,
}

/// Where a refused request ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// On a page of ours: the service's address has not been vetted, or the request is malformed.
    Here(DeadEnd),
    /// At the service, with an error.
    There(Return),
}

/// An error on its way back to a service.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Return {
    pub(super) redirect_uri: String,
    pub(super) state: String,
    pub(super) error: &'static str,
    pub(super) description: &'static str,
    /// After a `#`, for who asked for an implicit flow.
    pub(super) in_fragment: bool,
}

/// How the request came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// As a form: then `idp_hint` is not read.
    pub(super) by_post: bool,
    /// In a browser whose session is open: then `idp_hint` has no effect.
    pub(super) signed_on: bool,
}

/// Judges a request.
pub(super) fn judge(
    asked: &Parameters,
    manner: Manner,
    clients: &[Client],
) -> Result<Wish, Refused> {
    if !is_well_formed(asked) {
        return Err(Refused::Here(BAD_PARAMETERS));
    }
    let client = clients.iter().find(|client| client.id == asked.text("client_id"));
    let client = client.ok_or(Refused::Here(UNKNOWN_CLIENT))?;
    let scopes: Vec<&str> = asked.text("scope").split_whitespace().collect();
    let is_known = client.redirect_uris.iter().any(|uri| uri == asked.text("redirect_uri"));
    if !is_known {
        let scope = scopes.contains(&"openid");
        return Err(Refused::Here(if scope { UNKNOWN_ADDRESS } else { SCOPE_AND_ADDRESS }));
    }
    judge_flow(asked, manner, &scopes)?;
    let amr = judge_claims(asked, client)?;
    let scopes = granted(&scopes, client).map_err(|()| {
        back(asked, "invalid_scope", "requested scope is not allowed (requested scope not allowed)")
    })?;
    Ok(Wish {
        client_id: client.id,
        redirect_uri: asked.text("redirect_uri").to_owned(),
        state: asked.text("state").to_owned(),
        nonce: asked.text("nonce").to_owned(),
        scope: scopes.join(" "),
        amr,
    })
}

/// Whatever breaks this ends on a page, and the service never hears of it.
fn is_well_formed(asked: &Parameters) -> bool {
    asked.are_only(&ACCEPTED)
        && REQUIRED.iter().all(|name| asked.get(name).is_some())
        && !asked.text("client_id").is_empty()
        && Url::parse(asked.text("redirect_uri")).is_ok()
        && asked.text("nonce").chars().count() >= SHORTEST_NONCE
        && asked.get("prompt").is_none_or(is_accepted_prompt)
}

/// `login`, `consent`, or both in any order.
fn is_accepted_prompt(prompt: &str) -> bool {
    matches!(prompt, "login" | "consent" | "login consent" | "consent login")
}

fn judge_flow(asked: &Parameters, manner: Manner, scopes: &[&str]) -> Result<(), Refused> {
    match asked.text("response_type") {
        "code" => {}
        "" => {
            let missing = "missing required parameter(s) (response_type)";
            return Err(back(asked, "invalid_request", missing));
        }
        other => {
            let implicit =
                other.split_whitespace().any(|word| matches!(word, "token" | "id_token"));
            let error = "unsupported_response_type";
            let description = "unsupported response_type requested";
            return Err(Refused::There(Return {
                in_fragment: implicit,
                ..returning(asked, error, description)
            }));
        }
    }
    if !scopes.contains(&"openid") {
        let description = "openid scope must be requested when using the acr_values parameter";
        return Err(back(asked, "invalid_request", description));
    }
    let wanted = asked.text("acr_values").split_whitespace();
    let lowest = wanted.filter_map(|acr| LEVELS.iter().position(|level| *level == acr)).min();
    if lowest.is_some_and(|level| level > 0) {
        return Err(back(asked, "invalid_acr", "acr_value is not valid"));
    }
    let hint = asked.get("idp_hint").filter(|_| !manner.by_post && !manner.signed_on);
    if hint.is_some_and(|hint| hint != PROVIDER) {
        return Err(back(asked, "invalid_idp_hint", "An idp_hint was provided but is not allowed"));
    }
    Ok(())
}

/// Whether `claims` asks for `amr` in the ID token; nothing else in it has an effect.
fn judge_claims(asked: &Parameters, client: &Client) -> Result<bool, Refused> {
    let Some(claims) = asked.get("claims") else { return Ok(false) };
    let Ok(Value::Object(claims)) = serde_json::from_str(claims) else {
        return Err(back(asked, "invalid_request", "could not parse the claims parameter JSON"));
    };
    let amr = claims.get("id_token").and_then(|wanted| wanted.get("amr")).is_some();
    if amr && !client.may_have_amr {
        return Err(Refused::Here(NO_RIGHT_TO_AMR));
    }
    Ok(amr)
}

/// The scopes that exist; one that exists and is not this service's right refuses them all.
fn granted<'a>(scopes: &[&'a str], client: &Client) -> Result<Vec<&'a str>, ()> {
    let known: Vec<_> = scopes
        .iter()
        .copied()
        .filter(|scope| IDENTITY_SCOPES.contains(scope) || DATA_SCOPES.contains(scope))
        .collect();
    if known.iter().all(|scope| client.is_entitled_to(scope)) { Ok(known) } else { Err(()) }
}

fn returning(asked: &Parameters, error: &'static str, description: &'static str) -> Return {
    Return {
        redirect_uri: asked.text("redirect_uri").to_owned(),
        state: asked.text("state").to_owned(),
        error,
        description,
        in_fragment: false,
    }
}

fn back(asked: &Parameters, error: &'static str, description: &'static str) -> Refused {
    Refused::There(returning(asked, error, description))
}

#[cfg(test)]
mod tests {
    use super::super::clients::Algorithm;
    use super::*;

    const BACK: &str = "http://localhost:8080/portail/franceconnect/retour";
    const BY_GET: Manner = Manner { by_post: false, signed_on: false };

    fn clients() -> Vec<Client> {
        let client = |id, may_have_amr| Client {
            id,
            secret: String::new(),
            name: "Passerelle",
            redirect_uris: vec![BACK.to_owned()],
            post_logout_redirect_uris: Vec::new(),
            algorithm: Algorithm::Es256,
            may_have_amr,
        };
        vec![client("a", true), client("b", false)]
    }

    /// A good request, with some of its parameters replaced, added or left out.
    fn asked(changes: &[(&str, Option<&str>)]) -> Parameters {
        let nonce = "n".repeat(SHORTEST_NONCE);
        let mut pairs = vec![
            ("client_id", "a"),
            ("redirect_uri", BACK),
            ("response_type", "code"),
            ("scope", "openid identite_pivot made_up"),
            ("state", "s"),
            ("nonce", &nonce),
            ("acr_values", "eidas1"),
        ];
        for (name, value) in changes {
            pairs.retain(|(kept, _)| kept != name);
            pairs.extend(value.map(|value| (*name, value)));
        }
        let encoded: String =
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        Parameters::read(encoded.as_bytes())
    }

    /// The code of a page, the error sent back, or nothing.
    fn outcome(asked: &Parameters, manner: Manner) -> String {
        match judge(asked, manner, &clients()) {
            Ok(wish) => format!("{} {}", wish.scope, wish.amr),
            Err(Refused::Here(page)) => page.code.to_owned(),
            Err(Refused::There(back)) if back.in_fragment => format!("#{}", back.error),
            Err(Refused::There(back)) => back.error.to_owned(),
        }
    }

    const GOOD: &str = "openid identite_pivot false";
    const MALFORMED: &str = "Y030007";

    #[test]
    fn the_list_of_parameters_is_closed() {
        #[track_caller]
        fn check(name: &str, value: Option<&str>, expected: &str) {
            assert_eq!(outcome(&asked(&[(name, value)]), BY_GET), expected, "{name} {value:?}");
        }
        check("ui_locales", Some("fr"), GOOD);
        for required in REQUIRED {
            check(required, None, MALFORMED);
        }
        for unknown in [
            "code_challenge",
            "code_challenge_method",
            "response_mode",
            "max_age",
            "login_hint",
            "display",
            "id_token_hint",
            "request",
            "request_uri",
        ] {
            check(unknown, Some(""), MALFORMED);
        }
        check("client_id", Some(""), MALFORMED);
        check("redirect_uri", Some("retour"), MALFORMED);
        check("nonce", Some(&"n".repeat(SHORTEST_NONCE - 1)), MALFORMED);
        check("state", Some(""), GOOD);
        for good in ["login", "consent", "login consent", "consent login"] {
            check("prompt", Some(good), GOOD);
        }
        for bad in ["", "none", "select_account", "login login"] {
            check("prompt", Some(bad), MALFORMED);
        }
        let twice = Parameters::read(b"client_id=a&client_id=a");
        assert_eq!(outcome(&twice, BY_GET), MALFORMED);
    }

    #[test]
    fn each_value_has_its_rule() {
        #[track_caller]
        fn check(changes: &[(&str, Option<&str>)], expected: &str) {
            assert_eq!(outcome(&asked(changes), BY_GET), expected, "{changes:?}");
        }
        check(&[("client_id", Some("c"))], "Y04EA6EF");
        check(&[("redirect_uri", Some("http://localhost:8080/"))], "Y04C013C");
        let elsewhere = ("redirect_uri", Some("http://localhost:8080/"));
        check(&[elsewhere, ("scope", Some("email"))], "Y040001");
        check(&[("scope", Some("email"))], "invalid_request");
        check(&[("response_type", Some(""))], "invalid_request");
        check(&[("response_type", Some("none"))], "unsupported_response_type");
        check(&[("response_type", Some("id_token"))], "#unsupported_response_type");
        check(&[("scope", Some("openid dgfip_rfr"))], "invalid_scope");
        check(&[("acr_values", Some("eidas2"))], "invalid_acr");
        check(&[("acr_values", Some("eidas3 eidas1"))], GOOD);
        check(&[("acr_values", Some("eidas3 eidas2"))], "invalid_acr");
        check(&[("acr_values", Some("unheard-of"))], GOOD);
        check(&[("claims", Some("{"))], "invalid_request");
        check(&[("claims", Some("{}"))], GOOD);
        let amr = ("claims", Some(r#"{"id_token":{"amr":{"essential":true}}}"#));
        check(&[amr], "openid identite_pivot true");
        check(&[amr, ("client_id", Some("b"))], "Y100009");
        check(&[("scope", Some("openid amr")), ("client_id", Some("b"))], "invalid_scope");
    }

    #[test]
    fn a_hint_counts_in_a_query_of_somebody_unknown() {
        #[track_caller]
        fn check(hint: &str, manner: Manner, expected: &str) {
            assert_eq!(outcome(&asked(&[("idp_hint", Some(hint))]), manner), expected);
        }
        check(PROVIDER, BY_GET, GOOD);
        check("elsewhere", BY_GET, "invalid_idp_hint");
        check("elsewhere", Manner { by_post: true, ..BY_GET }, GOOD);
        check("elsewhere", Manner { signed_on: true, ..BY_GET }, GOOD);
    }
}
