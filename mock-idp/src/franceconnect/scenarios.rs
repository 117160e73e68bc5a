//! How a log-in may misbehave, as data: a name for programs, a sentence for people, and what is
//! done differently in which place.

use super::failures::{BAD_TOKEN, OauthError, UNKNOWN_CODE};

/// One way in which a log-in can go.
#[derive(Debug)]
pub(super) struct Scenario {
    pub(super) name: &'static str,
    /// For the person who chooses it.
    pub(super) sentence: &'static str,
    pub(super) twist: Twist,
}

/// The place where a log-in leaves the good road.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Twist {
    Nothing,
    /// Once identified, the person reads the error page with this code.
    Page(&'static str),
    /// The browser comes back with this error and description.
    Refused(&'static str, &'static str),
    Callback(Callback),
    Keys(Keys),
    TokenAnswer(Answer),
    IdToken(Flaw),
    UserInfoAnswer(Answer),
    UserInfo(Flaw),
}

/// What is wrong with the way back to the service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Callback {
    WithoutIss,
    OtherIss,
    OtherState,
    OtherCode,
}

/// What happens to the signing keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// New keys under new names, before the ID token is signed.
    Rotated,
    /// The same, between ID token and `UserInfo`.
    RotatedHalfway,
    /// New keys under the old names.
    Replaced,
    /// New keys, and `/jwks` out of order until another log-in begins.
    Hidden,
}

/// An answer that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The right one, a minute later.
    Late,
    /// 503.
    Unavailable,
    /// The connection breaks in the middle.
    Cut,
    /// A page of some proxy, with status 200.
    Html,
    /// JSON, but not an object.
    OtherJson,
    Error(OauthError),
}

/// What is wrong with a signed document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// A claim says something else.
    Says(&'static str, &'static str),
    /// A claim is missing.
    Lacks(&'static str),
    /// Made an hour ago.
    Expired,
    /// One bit of the signature is flipped.
    Signature,
    /// `alg` is `none`.
    Unsigned,
    /// HS256, keyed with the client's secret.
    Symmetric,
    /// No JWT at all: the claims as plain JSON.
    Plain,
    /// With `typ` and `at_hash`, as the platform did until 2025; right or wrong.
    Hash(bool),
}

const fn scenario(name: &'static str, twist: Twist, sentence: &'static str) -> Scenario {
    Scenario { name, sentence, twist }
}

use Twist::{IdToken, TokenAnswer, UserInfo, UserInfoAnswer};

const STRANGER: &str = "0000000000000000000000000000000000000000000000000000000000000000v1";
/// An issuer that is not ours.
pub(super) const ELSEWHERE: &str = "https://franceconnect.example/api/v2";

/// How a log-in goes when nobody wishes otherwise.
pub(super) const USUAL: &Scenario = &scenario("success", Twist::Nothing, "Tout se passe bien.");

/// Every scenario; the first is how it should go.
pub(super) const ALL: &[Scenario] = &[
    scenario(USUAL.name, USUAL.twist, USUAL.sentence),
    scenario(
        "refused",
        Twist::Refused("access_denied", "User auth aborted"),
        "La personne renonce : le service reçoit access_denied.",
    ),
    scenario(
        "server-error",
        Twist::Refused("server_error", "authentication aborted due to a technical error"),
        "Erreur technique : le service reçoit server_error.",
    ),
    scenario(
        "temporarily-unavailable",
        Twist::Refused("temporarily_unavailable", "the service is temporarily unavailable"),
        "Le registre ne répond pas : le service reçoit temporarily_unavailable.",
    ),
    scenario("page-y010008", Twist::Page("Y010008"), "Page d'erreur Y010008 : personne inconnue."),
    scenario("page-y010015", Twist::Page("Y010015"), "Page d'erreur Y010015 : personne décédée."),
    scenario(
        "page-y600006",
        Twist::Page("Y600006"),
        "Page d'erreur Y600006 : identité incomplète.",
    ),
    scenario("missing-iss", Twist::Callback(Callback::WithoutIss), "Le retour ne porte pas iss."),
    scenario("other-iss", Twist::Callback(Callback::OtherIss), "Le retour porte un autre iss."),
    scenario(
        "wrong-state",
        Twist::Callback(Callback::OtherState),
        "Le retour porte un autre state.",
    ),
    scenario(
        "wrong-code",
        Twist::Callback(Callback::OtherCode),
        "Le retour porte un code inconnu.",
    ),
    scenario(
        "code-expired",
        TokenAnswer(Answer::Error(UNKNOWN_CODE)),
        "Le code est refusé : invalid_grant.",
    ),
    scenario("slow", TokenAnswer(Answer::Late), "L'échange du code dure une minute."),
    scenario("down", TokenAnswer(Answer::Unavailable), "L'échange du code répond 503."),
    scenario("connection-cut", TokenAnswer(Answer::Cut), "L'échange du code est coupé."),
    scenario(
        "html-instead-of-json",
        TokenAnswer(Answer::Html),
        "L'échange du code répond en HTML.",
    ),
    scenario(
        "token-other-json",
        TokenAnswer(Answer::OtherJson),
        "L'échange du code répond un JSON inattendu.",
    ),
    scenario(
        "wrong-nonce",
        IdToken(Flaw::Says("nonce", "un-autre-nonce-de-plus-de-vingt-deux-caracteres")),
        "Le jeton d'identité porte un autre nonce.",
    ),
    scenario("missing-nonce", IdToken(Flaw::Lacks("nonce")), "Le jeton d'identité est sans nonce."),
    scenario(
        "wrong-signature",
        IdToken(Flaw::Signature),
        "La signature du jeton d'identité est fausse.",
    ),
    scenario(
        "wrong-audience",
        IdToken(Flaw::Says("aud", "un-autre-service")),
        "Le jeton d'identité est destiné à un autre service.",
    ),
    scenario(
        "wrong-issuer",
        IdToken(Flaw::Says("iss", ELSEWHERE)),
        "Le jeton d'identité vient d'un autre émetteur.",
    ),
    scenario("expired-id-token", IdToken(Flaw::Expired), "Le jeton d'identité est périmé."),
    scenario(
        "low-acr",
        IdToken(Flaw::Says("acr", "eidas0")),
        "Le niveau de garantie est inférieur ou inconnu.",
    ),
    scenario("missing-acr", IdToken(Flaw::Lacks("acr")), "Le niveau de garantie est absent."),
    scenario(
        "higher-acr",
        IdToken(Flaw::Says("acr", "eidas2")),
        "Le niveau de garantie est supérieur : le service doit l'accepter.",
    ),
    scenario("alg-none", IdToken(Flaw::Unsigned), "Le jeton d'identité n'est pas signé (none)."),
    scenario(
        "alg-hs256",
        IdToken(Flaw::Symmetric),
        "Le jeton d'identité est signé avec le secret du service (HS256).",
    ),
    scenario(
        "at-hash",
        IdToken(Flaw::Hash(true)),
        "Le jeton d'identité porte typ et at_hash : le service doit l'accepter.",
    ),
    scenario(
        "wrong-at-hash",
        IdToken(Flaw::Hash(false)),
        "Le jeton d'identité porte un at_hash qui n'est pas le bon.",
    ),
    scenario("other-sub", UserInfo(Flaw::Says("sub", STRANGER)), "UserInfo décrit un autre sub."),
    scenario(
        "userinfo-unsigned",
        UserInfo(Flaw::Plain),
        "UserInfo répond en JSON, sans signature.",
    ),
    scenario(
        "userinfo-wrong-signature",
        UserInfo(Flaw::Signature),
        "La signature de UserInfo est fausse.",
    ),
    scenario("userinfo-expired", UserInfo(Flaw::Expired), "UserInfo est périmé."),
    scenario(
        "userinfo-wrong-audience",
        UserInfo(Flaw::Says("aud", "un-autre-service")),
        "UserInfo est destiné à un autre service.",
    ),
    scenario(
        "userinfo-wrong-issuer",
        UserInfo(Flaw::Says("iss", ELSEWHERE)),
        "UserInfo vient d'un autre émetteur.",
    ),
    scenario("userinfo-alg-none", UserInfo(Flaw::Unsigned), "UserInfo n'est pas signé (none)."),
    scenario(
        "userinfo-alg-hs256",
        UserInfo(Flaw::Symmetric),
        "UserInfo est signé avec le secret du service (HS256).",
    ),
    scenario(
        "userinfo-incomplete",
        UserInfo(Flaw::Lacks("birthdate")),
        "UserInfo ne dit pas la date de naissance.",
    ),
    scenario("userinfo-slow", UserInfoAnswer(Answer::Late), "UserInfo répond après une minute."),
    scenario("userinfo-down", UserInfoAnswer(Answer::Unavailable), "UserInfo répond 503."),
    scenario("userinfo-html", UserInfoAnswer(Answer::Html), "UserInfo répond en HTML."),
    scenario(
        "userinfo-refused",
        UserInfoAnswer(Answer::Error(BAD_TOKEN)),
        "UserInfo refuse le jeton d'accès : invalid_token.",
    ),
    scenario(
        "key-rotated",
        Twist::Keys(Keys::Rotated),
        "Nouvelles clés avant le jeton d'identité : le service doit les relire.",
    ),
    scenario(
        "key-rotated-halfway",
        Twist::Keys(Keys::RotatedHalfway),
        "Nouvelles clés entre le jeton d'identité et UserInfo : le service doit les relire.",
    ),
    scenario(
        "key-replaced",
        Twist::Keys(Keys::Replaced),
        "Nouvelles clés sous le même kid : le service doit les relire.",
    ),
    scenario("jwks-down", Twist::Keys(Keys::Hidden), "Nouvelles clés, et /jwks répond 503."),
];

/// The scenario that programs call by this name.
pub(super) fn of(name: &str) -> Option<&'static Scenario> {
    ALL.iter().find(|scenario| scenario.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::super::failures;
    use super::*;

    #[test]
    fn names_are_unique_pages_exist_and_the_documentation_lists_them_all() {
        let names: HashSet<_> = ALL.iter().map(|scenario| scenario.name).collect();
        assert_eq!(names.len(), ALL.len());
        let documentation = include_str!("../../../docs/api.md");
        for scenario in ALL {
            let row = format!("| `{}` |", scenario.name);
            assert!(documentation.contains(&row), "docs/api.md does not list {}", scenario.name);
            if let Twist::Page(code) = scenario.twist {
                assert!(failures::of(code).is_some(), "{code}");
            }
        }
    }
}
