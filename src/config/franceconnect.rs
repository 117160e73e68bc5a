//! FranceConnect: offered where an issuer is written, and then everything that goes with it is
//! wanted.

use std::{sync::Arc, time::Duration};

use url::Url;

use crate::{
    franceconnect::{Endpoints, Level, Settings, SignedWith, UserinfoForm, lies_under},
    kernel::time::Span,
};

use super::{
    Outbound, Server,
    limits::minutes,
    reading::{Reader, url, web_address},
};

/// FranceConnect.
#[derive(Clone, Debug)]
pub struct FranceConnect {
    /// Who we are there; `None`: not offered.
    pub settings: Option<Arc<Settings>>,
    /// How long a pre-registration may rest.
    pub session: Span,
}

/// The paths that FranceConnect sends browsers to, after our base address.
const RETURN: &str = "/portail/franceconnect/retour";
const FAREWELL: &str = "/portail/franceconnect/sortie";

/// The settings that say nothing without an issuer.
const ACCOUNT: [&str; 2] = ["franceconnect.client_id", "franceconnect.client_secret"];

/// What is read whether FranceConnect is offered or not, so that no mistake waits for the day when
/// it is.
struct Manner {
    signed_with: SignedWith,
    userinfo: UserinfoForm,
    level: Level,
    scopes: Vec<String>,
    timeout: Duration,
    cache: Span,
    keys_pause: Span,
    login_life: Span,
}

impl FranceConnect {
    pub(super) fn read(
        reader: &mut Reader<'_>,
        server: Option<&Server>,
        outbound: Option<&Outbound>,
    ) -> Option<Self> {
        let session = minutes(reader, "franceconnect.session_minutes", 30);
        let manner = Manner::read(reader);
        let issuer = reader
            .optional("franceconnect.issuer", |text| web_address(text).map(|_| text.to_owned()));
        let client_id = reader.optional(ACCOUNT[0], |text| Ok(text.to_owned()));
        if client_id.as_deref().is_some_and(|id: &str| id.trim().is_empty()) {
            reader.wrong(ACCOUNT[0], "is empty");
        }
        let client_secret = reader.secret(ACCOUNT[1], "franceconnect.client_secret_file");
        let endpoints = endpoints(reader, issuer.as_deref());
        let is_there = [client_id.is_some(), client_secret.is_some()];
        let Some(issuer) = issuer else {
            for key in ACCOUNT.iter().zip(is_there).filter_map(|(key, there)| there.then_some(key))
            {
                reader.wrong(key, "franceconnect.issuer is missing or wrong");
            }
            return Some(Self { settings: None, session: session? });
        };
        for key in ACCOUNT.iter().zip(is_there).filter_map(|(key, there)| (!there).then_some(key)) {
            reader.wrong(key, "missing: franceconnect.issuer is set");
        }
        let host = Url::parse(&issuer).ok();
        if outbound.zip(host).is_some_and(|(outbound, host)| !outbound.allow.admits(&host)) {
            reader.wrong("franceconnect.issuer", "its host is not in outbound.allow");
        }
        let base = server?.base_url.as_str().trim_end_matches('/').to_owned();
        let manner = manner?;
        let settings = Settings {
            issuer,
            client_id: client_id?,
            client_secret: client_secret?,
            redirect_uri: format!("{base}{RETURN}"),
            farewell_uri: format!("{base}{FAREWELL}"),
            signed_with: manner.signed_with,
            userinfo: manner.userinfo,
            level: manner.level,
            scopes: manner.scopes,
            endpoints,
            timeout: manner.timeout,
            cache: manner.cache,
            keys_pause: manner.keys_pause,
            login_life: manner.login_life,
        };
        Some(Self { settings: Some(Arc::new(settings)), session: session? })
    }
}

impl Manner {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let method = reader.text("franceconnect.token_endpoint_auth_method", |text| match text {
            "client_secret_post" => Ok(()),
            other => Err(format!("client_secret_post is wanted, not {other}")),
        });
        let alg = "franceconnect.id_token_signed_response_alg";
        let signed_with = reader.text(alg, |text| match text {
            "ES256" => Ok(SignedWith::Es256),
            "RS256" => Ok(SignedWith::Rs256),
            other => Err(format!("ES256 or RS256 is wanted, not {other}")),
        });
        let userinfo = reader.text("franceconnect.userinfo", |text| match text {
            "signed" => Ok(UserinfoForm::Signed),
            "json" => Ok(UserinfoForm::Json),
            other => Err(format!("signed or json is wanted, not {other}")),
        });
        let level = reader.text("franceconnect.acr_values", |text| {
            Level::named(text).ok_or_else(|| format!("eidas1, eidas2 or eidas3, not {text}"))
        });
        let scopes = reader.list("franceconnect.scopes", |text| match text {
            "openid" => Err("openid is asked for anyway: remove it".to_owned()),
            text if text.contains(char::is_whitespace) => {
                Err(format!("{text}: one scope in each pair of quotes"))
            }
            text => Ok(text.to_owned()),
        });
        let timeout = reader.number("franceconnect.timeout_seconds", 1..=10);
        let cache = minutes(reader, "franceconnect.cache_minutes", 60);
        let keys_pause = reader
            .number("franceconnect.keys_pause_seconds", 0..=3600)
            .map(|number| Span::seconds(i64::from(number)));
        let login_life = minutes(reader, "franceconnect.login_minutes", 30);
        method?;
        Some(Self {
            signed_with: signed_with?,
            userinfo: userinfo?,
            level: level?,
            scopes: scopes?,
            timeout: Duration::from_secs(u64::from(timeout?)),
            cache: cache?,
            keys_pause: keys_pause?,
            login_life: login_life?,
        })
    }
}

/// All of them or none, and all under the issuer.
fn endpoints(reader: &mut Reader<'_>, issuer: Option<&str>) -> Option<Endpoints> {
    const KEYS: [&str; 5] = [
        "franceconnect.authorization_endpoint",
        "franceconnect.token_endpoint",
        "franceconnect.userinfo_endpoint",
        "franceconnect.jwks_uri",
        "franceconnect.end_session_endpoint",
    ];
    let written = KEYS.map(|key| {
        let address = reader.optional(key, url);
        let astray = address.as_ref().zip(issuer).is_some_and(|(url, base)| !lies_under(url, base));
        if astray {
            reader.wrong(key, "it does not lie under franceconnect.issuer");
        }
        address
    });
    let count = written.iter().flatten().count();
    if count > 0 {
        for key in KEYS.iter().zip(&written).filter_map(|(key, url)| url.is_none().then_some(key)) {
            reader.wrong(key, "missing: the five addresses go together");
        }
    }
    let [authorization, token, userinfo, keys, end_session] = written;
    Some(Endpoints {
        authorization: authorization?,
        token: token?,
        userinfo: userinfo?,
        keys: keys?,
        end_session: end_session?,
    })
}

#[cfg(test)]
mod tests {
    use crate::{
        config::{Sources, load},
        franceconnect::{Level, SignedWith, UserinfoForm},
    };

    const SANDBOX: [(&str, &str); 4] = [
        ("franceconnect.issuer", "https://fc.example/api/v2"),
        ("franceconnect.client_id", "us"),
        ("franceconnect.client_secret", "hush"),
        ("outbound.allow", "fc.example"),
    ];

    fn sources(changes: &[(&'static str, &str)]) -> Sources {
        let all = SANDBOX.iter().chain(changes).chain(&[("sms.url", "https://fc.example/sms")]);
        let command_line = all.map(|(key, text)| (*key, (*text).to_owned())).collect();
        Sources { command_line, ..Sources::default() }
    }

    #[test]
    fn an_issuer_and_an_account_are_enough() {
        let config = load(&Sources::default()).unwrap();
        assert!(config.franceconnect.settings.is_none(), "not offered unless configured");
        let config = load(&sources(&[])).unwrap();
        let settings = config.franceconnect.settings.unwrap();
        assert_eq!(settings.issuer, "https://fc.example/api/v2");
        assert_eq!(settings.redirect_uri, "http://localhost:8080/portail/franceconnect/retour");
        assert_eq!(settings.farewell_uri, "http://localhost:8080/portail/franceconnect/sortie");
        assert_eq!(settings.signed_with, SignedWith::Es256);
        assert_eq!(settings.userinfo, UserinfoForm::Signed);
        assert_eq!(settings.level, Level::Low);
        assert_eq!(settings.login_life.as_seconds(), 900);
        assert!(settings.endpoints.is_none());
        assert!(!format!("{settings:?}").contains("hush"));
    }

    #[test]
    fn the_five_addresses_may_be_written_down() {
        let at = |path: &str| format!("https://fc.example/api/v2/{path}");
        let (authorize, token, userinfo) = (at("authorize"), at("token"), at("userinfo"));
        let (jwks, end) = (at("jwks"), at("session/end"));
        let config = load(&sources(&[
            ("franceconnect.authorization_endpoint", &authorize),
            ("franceconnect.token_endpoint", &token),
            ("franceconnect.userinfo_endpoint", &userinfo),
            ("franceconnect.jwks_uri", &jwks),
            ("franceconnect.end_session_endpoint", &end),
        ]));
        let settings = config.unwrap().franceconnect.settings.unwrap();
        assert_eq!(settings.endpoints.as_ref().unwrap().token.as_str(), token);
    }

    #[test]
    fn every_mistake_is_told() {
        #[track_caller]
        fn check(key: &'static str, text: &str, expected: &[&str]) {
            let told = match load(&sources(&[(key, text)])) {
                Ok(_) => String::new(),
                Err(mistakes) => mistakes.to_string(),
            };
            for words in expected {
                assert!(told.contains(words), "{key} {text}: {told}");
            }
            assert_eq!(told.lines().count(), expected.len(), "{key} {text}: {told}");
        }
        check(
            "franceconnect.issuer",
            "https://fc.example/",
            &[
                "franceconnect.issuer: https://fc.example/ ends with a slash",
                "franceconnect.client_id: franceconnect.issuer is missing or wrong",
                "franceconnect.client_secret: franceconnect.issuer is missing or wrong",
            ],
        );
        check(
            "franceconnect.issuer",
            "https://other.example/api",
            &["franceconnect.issuer: its host is not in outbound.allow"],
        );
        check("franceconnect.client_id", " ", &["client_id: is empty"]);
        check("franceconnect.token_endpoint_auth_method", "client_secret_basic", &["not client_s"]);
        check("franceconnect.id_token_signed_response_alg", "HS256", &["ES256 or RS256"]);
        check("franceconnect.id_token_signed_response_alg", "none", &["ES256 or RS256"]);
        check("franceconnect.userinfo", "plain", &["signed or json"]);
        check("franceconnect.acr_values", "eidas4", &["eidas1, eidas2 or eidas3"]);
        check("franceconnect.scopes", "openid, email", &["openid is asked for anyway"]);
        check("franceconnect.timeout_seconds", "11", &["from 1 to 10"]);
        check("franceconnect.session_minutes", "31", &["from 1 to 30"]);
        check(
            "franceconnect.jwks_uri",
            "https://fc.example/jwks",
            &[
                "authorization_endpoint: missing: the five",
                "end_session_endpoint: missing: the five",
                "jwks_uri: it does not lie under",
                "token_endpoint: missing: the five",
                "userinfo_endpoint: missing: the five",
            ],
        );
    }

    #[test]
    fn an_account_goes_with_an_issuer_and_an_issuer_with_an_account() {
        let only = |keys: &[usize]| {
            let pairs = keys.iter().filter_map(|at| SANDBOX.get(*at));
            let command_line = pairs.map(|(key, text)| (*key, (*text).to_owned())).collect();
            load(&Sources { command_line, ..Sources::default() }).unwrap_err().to_string()
        };
        assert!(only(&[1]).contains("client_id: franceconnect.issuer is missing"));
        assert!(only(&[2]).contains("client_secret: franceconnect.issuer is missing"));
        let told = only(&[0]);
        assert!(told.contains("client_id: missing: franceconnect.issuer is set"));
        assert!(told.contains("client_secret: missing: franceconnect.issuer is set"));
    }
}
