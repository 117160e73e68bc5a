//! A relying party that keeps nothing to itself: its codes and tokens are in the test's hands.

use serde_json::Value;
use url::Url;

use super::{
    browser::Page,
    demo::Demo,
    http::{Answer, send},
    world::text,
};

/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A client of the gateway.
#[derive(Clone)]
pub(crate) struct Party {
    http: reqwest::Client,
    wallet: String,
    issuer: String,
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) redirect: String,
}

/// What a code or a refresh token became.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) id: String,
    pub(crate) all: Value,
}

/// What each door says of one set of tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doors {
    /// Introspection of the access token.
    pub(crate) access: Value,
    /// Introspection of the refresh token.
    pub(crate) refresh: Value,
    pub(crate) userinfo: u16,
    /// The token endpoint's word; nothing for tokens.
    pub(crate) renewal: (u16, String),
}

impl Doors {
    /// Open everywhere.
    pub(crate) fn open() -> Self {
        let active = || serde_json::json!({"active": true});
        let renewal = (200, String::new());
        Self { access: active(), refresh: active(), userinfo: 200, renewal }
    }

    /// Shut everywhere. A dead token's introspection says nothing else (RFC 7662, section 2.2).
    pub(crate) fn shut() -> Self {
        let dead = || serde_json::json!({"active": false});
        let renewal = (400, "invalid_grant".to_owned());
        Self { access: dead(), refresh: dead(), userinfo: 401, renewal }
    }
}

impl Party {
    /// One of the demo's clients.
    pub(crate) fn of(demo: &Demo, key: &str) -> Self {
        Self::registered(demo, &demo.world.client(key))
    }

    /// A client as its registration tells it.
    pub(crate) fn registered(demo: &Demo, client: &Value) -> Self {
        Self {
            http: demo.http.clone(),
            wallet: format!("{}/auth", demo.gateway()),
            issuer: demo.world.issuer(),
            id: text(&client["client_id"]),
            secret: text(&client["client_secret"]),
            redirect: text(&client["redirect_uris"][0]),
        }
    }

    /// The address that sends a browser to log in, with parameters of one's own after ours.
    pub(crate) fn start(&self, more: &[(&str, &str)]) -> String {
        let ours = [
            ("response_type", "code"),
            ("client_id", &self.id),
            ("redirect_uri", &self.redirect),
            ("scope", "openid scope_all"),
            ("acr_values", "eidas1"),
            ("state", "an-état of mine"),
            ("nonce", "n-0S6_WzA2Mj"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let kept = ours.iter().filter(|(name, _)| more.iter().all(|(other, _)| name != other));
        let more = more.iter().filter(|(_, value)| !value.is_empty());
        let mut url = Url::parse(&self.wallet).unwrap();
        url.query_pairs_mut().extend_pairs(kept.chain(more));
        url.into()
    }

    /// The same without any page on the way.
    pub(crate) fn silent(&self) -> String {
        self.start(&[("prompt", "none")])
    }

    pub(crate) fn endpoint(&self, name: &str) -> String {
        format!("{}/protocol/openid-connect/{name}", self.issuer)
    }

    /// A call with this client's own credentials.
    pub(crate) async fn call(&self, name: &str, form: &[(&str, &str)]) -> Answer {
        let request = self.http.post(self.endpoint(name));
        send(request.basic_auth(&self.id, Some(&self.secret)).form(form)).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Answer {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &self.redirect),
            ("code_verifier", VERIFIER),
        ];
        self.call("token", &form).await
    }

    /// The tokens for a browser that came back with a code.
    pub(crate) async fn tokens(&self, page: &Page) -> Tokens {
        let code = page.parameter("code").unwrap_or_else(|| panic!("no code: {}", page.summary()));
        Tokens::from(self.redeem(&code).await.success())
    }

    pub(crate) async fn refresh(&self, token: &str) -> Answer {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.call("token", &form).await
    }

    pub(crate) async fn introspect(&self, token: &str) -> Value {
        self.call("token/introspect", &[("token", token)]).await.success()
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        send(self.http.get(self.endpoint("userinfo")).bearer_auth(token)).await
    }

    /// What every door says of these tokens now.
    pub(crate) async fn doors(&self, tokens: &Tokens) -> Doors {
        let active = serde_json::json!({"active": true});
        let brief = |said: Value| if said["active"] == true { active.clone() } else { said };
        Doors {
            access: brief(self.introspect(&tokens.access).await),
            refresh: brief(self.introspect(&tokens.refresh).await),
            userinfo: self.userinfo(&tokens.access).await.status,
            renewal: self.refresh(&tokens.refresh).await.told(),
        }
    }
}

impl From<Value> for Tokens {
    fn from(all: Value) -> Self {
        Self {
            access: text(&all["access_token"]),
            refresh: text(&all["refresh_token"]),
            id: text(&all["id_token"]),
            all,
        }
    }
}

impl Tokens {
    /// A claim of the ID token, unverified: another test verifies it.
    pub(crate) fn claim(&self, name: &str) -> Value {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        let payload = self.id.split('.').nth(1).unwrap_or_default();
        let bytes = URL_SAFE_NO_PAD.decode(payload).unwrap();
        let claims: Value = serde_json::from_slice(&bytes).unwrap();
        claims[name].clone()
    }
}
