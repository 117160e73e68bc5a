//! The phone's API, with a phone of the test's own: what each request proves, it proves once.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    browser::Browser,
    demo::Demo,
    http::{Answer, send},
    party::{Doors, Party},
    scenes::{code_on, identify},
    world::text,
};

fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A phone that we hold: its key, and what the gateway calls it.
struct OwnPhone<'a> {
    demo: &'a Demo,
    key: EcdsaKeyPair,
    kid: String,
}

/// What one request says of itself; a test changes one thing.
struct Claims {
    header: Value,
    payload: Value,
}

impl<'a> OwnPhone<'a> {
    fn new(demo: &'a Demo) -> Self {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { demo, key, kid: String::new() }
    }

    fn public_key(&self) -> Value {
        let point = self.key.public_key().as_ref();
        json!({"kty": "EC", "crv": "P-256", "x": base64url(&point[1..33]),
               "y": base64url(&point[33..65])})
    }

    /// RFC 7638: what names a key that the gateway does not know yet.
    fn thumbprint(&self) -> String {
        let key = self.public_key();
        let canonical =
            format!(r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#, key["x"], key["y"]);
        base64url(digest(&SHA256, canonical.as_bytes()))
    }

    async fn now(&self) -> i64 {
        let clock = self.demo.get(&format!("{}/demo/clock", self.demo.gateway())).await.success();
        text(&clock["protocol"]).parse::<jiff::Timestamp>().unwrap().as_second()
    }

    async fn claims(&self, method: &Method, path: &str, body: &str) -> Claims {
        Claims {
            header: json!({"alg": "ES256", "typ": "device-proof+jwt", "kid": self.kid}),
            payload: json!({
                "htm": method.as_str(), "htu": path,
                "body_sha256": base64url(digest(&SHA256, body.as_bytes())),
                "iat": self.now().await, "jti": uuid::Uuid::new_v4().to_string(),
            }),
        }
    }

    fn sign(&self, claims: &Claims) -> String {
        let part = |value: &Value| base64url(value.to_string());
        let signed = format!("{}.{}", part(&claims.header), part(&claims.payload));
        let signature = self.key.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", base64url(signature.as_ref()))
    }

    async fn send(&self, method: Method, path: &str, body: &str, proofs: &[&str]) -> Answer {
        let url = format!("{}{path}", self.demo.gateway());
        let mut request = self.demo.http.request(method, url).body(body.to_owned());
        for proof in proofs {
            request = request.header("device-proof", *proof);
        }
        send(request.header("content-type", "application/json")).await
    }

    async fn call(&self, method: Method, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let proof = self.sign(&self.claims(&method, path, &body).await);
        self.send(method, path, &body, &[&proof]).await
    }

    /// Activates the card of `key` on this phone, by the gateway's own API.
    async fn activate(mut self, key: &str) -> Self {
        let person = self.demo.person(key);
        let body = json!({"identifier": person.identifier, "public_key": self.public_key()});
        self.kid = self.thumbprint();
        let asked = self.call(Method::POST, "/device/v1/activations", &body).await.success();
        let activation = text(&asked["activation"]);
        let secret = async |to: &str, length: usize| loop {
            let mut url = url::Url::parse(&self.demo.at("phone", "/api/messages")).unwrap();
            url.query_pairs_mut().append_pair("to", to);
            let messages = self.demo.get(url.as_str()).await.success();
            let codes = messages[0]["codes"].as_array().cloned().unwrap_or_default();
            if let Some(code) = codes.iter().map(text).find(|code| code.len() == length) {
                return code;
            }
        };
        let (mail, sms) = (secret(&person.email, 8).await, secret(&person.mobile, 6).await);
        let body = json!({"mail_secret": mail, "sms_secret": sms, "pin": "1357"});
        self.kid.clone_from(&activation);
        let path = format!("/device/v1/activations/{activation}/finish");
        let answer = self.call(Method::POST, &path, &body).await.success();
        self.kid = text(&answer["device"]);
        self
    }
}

const CHALLENGES: &str = "/device/v1/challenges";

#[tokio::test]
async fn a_proof_is_good_for_one_request_and_for_nobody_else() {
    let demo = Demo::start().await;
    demo.advance("PT48H").await;
    let phone = OwnPhone::new(&demo).activate("recent").await;
    let get = Method::GET;
    phone.call(get.clone(), CHALLENGES, &Value::Null).await.success();

    let once = phone.sign(&phone.claims(&get, CHALLENGES, "").await);
    phone.send(get.clone(), CHALLENGES, "", &[&once]).await.success();
    let again = phone.send(get.clone(), CHALLENGES, "", &[&once]).await;
    assert_eq!(again.told(), (401, "bad_proof".into()), "used twice");

    let now = phone.now().await;
    let device = phone.kid.clone();
    let changes: Vec<(&str, &str, &str, Value)> = vec![
        ("another method", "payload", "htm", json!("POST")),
        ("another path", "payload", "htu", json!("/device/v1/challenges?x=1")),
        ("another body", "payload", "body_sha256", json!(base64url(digest(&SHA256, b"x")))),
        ("too old", "payload", "iat", json!(now - 120)),
        ("of tomorrow", "payload", "iat", json!(now + 120)),
        ("a date in words", "payload", "iat", json!("now")),
        ("no name of its own", "payload", "jti", Value::Null),
        ("an endless name", "payload", "jti", json!("j".repeat(65))),
        ("unsigned", "header", "alg", json!("none")),
        ("a shared secret", "header", "alg", json!("HS256")),
        ("another kind", "header", "typ", json!("JWT")),
        ("no key", "header", "kid", Value::Null),
        ("another key", "header", "kid", json!("019a0000-0000-7000-8000-000000000000")),
        ("a path for a key", "header", "kid", json!(format!("../{device}"))),
    ];
    for (what, part, member, value) in changes {
        let mut claims = phone.claims(&get, CHALLENGES, "").await;
        let object = if part == "header" { &mut claims.header } else { &mut claims.payload };
        object[member] = value;
        let answer = phone.send(get.clone(), CHALLENGES, "", &[&phone.sign(&claims)]).await;
        assert_eq!(answer.told(), (401, "bad_proof".into()), "{what}: {}", answer.body);
    }
    let mut thief = OwnPhone::new(&demo);
    thief.kid.clone_from(&phone.kid);
    let answer = thief.call(get.clone(), CHALLENGES, &Value::Null).await;
    assert_eq!(answer.told(), (401, "bad_proof".into()), "another phone's key");
    let fresh = phone.sign(&phone.claims(&get, CHALLENGES, "").await);
    let other = phone.sign(&phone.claims(&get, CHALLENGES, "").await);
    for proofs in [&[][..], &["x"], &["a.b.c"], &["...."], &[&fresh, &other]] {
        let answer = phone.send(get.clone(), CHALLENGES, "", proofs).await;
        assert_eq!(answer.told(), (401, "bad_proof".into()), "{proofs:?}");
    }
}

#[tokio::test]
async fn an_approval_covers_challenge_client_and_code() {
    let demo = Demo::start().await;
    demo.advance("PT48H").await;
    let phone = OwnPhone::new(&demo).activate("recent").await;
    let person = demo.person("recent");
    let party = Party::of(&demo, "dui-tilleuls");
    let mut browser = Browser::for_parties(&[&party]);
    let page = identify(&mut browser, &party.start(&[]), &person).await;
    let listed = phone.call(Method::GET, CHALLENGES, &Value::Null).await.success();
    let challenge = text(&listed["items"][0]["challenge"]);
    assert!(!listed.to_string().contains("shown"), "never which code is right");
    let path = format!("{CHALLENGES}/{challenge}/approve");
    let approval =
        |client: &str| json!({"code": code_on(&page), "pin": "1357", "client_id": client});

    let other = phone.call(Method::POST, &path, &approval("plateforme")).await;
    assert_eq!(other.status / 100, 4, "another client: {}", other.body);
    for body in [json!({}), json!([]), json!({"code": 1, "pin": 2}), json!("x")] {
        let answer = phone.call(Method::POST, &path, &body).await;
        assert_eq!(answer.told(), (400, "bad_request".into()), "{body}");
    }
    let page_after = browser.again(&page).await;
    assert!(page_after.parameter("code").is_none(), "{}", page_after.summary());

    let page = identify(&mut browser, &party.start(&[]), &person).await;
    let listed = phone.call(Method::GET, CHALLENGES, &Value::Null).await.success();
    let challenge = text(&listed["items"][0]["challenge"]);
    let path = format!("{CHALLENGES}/{challenge}/approve");
    let right = json!({"code": code_on(&page), "pin": "1357", "client_id": "dui-tilleuls"});
    phone.call(Method::POST, &path, &right).await.success();
    let page = browser.again(&page).await;
    assert_eq!(party.doors(&party.tokens(&page).await).await, Doors::open());
    let unknown = format!("{CHALLENGES}/x/approve");
    let gone = phone.call(Method::POST, &unknown, &right).await;
    assert_eq!(gone.told(), (410, "challenge_gone".into()), "{}", gone.body);
}
