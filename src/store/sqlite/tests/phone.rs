//! The phone's API over HTTP, with a phone that signs.

use aws_lc_rs::{
    rand::SystemRandom as Rng,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::{
    access::NoRight,
    ecps::{Decision, PublicKey, State, http},
    kernel::secret::SecretDigest,
    web::{
        origin::Proxies,
        throttle::{Limit, Throttle},
    },
};

use super::{
    desk::{Desk, PIN, identifier},
    *,
};

/// A phone: its key, its name once it has one, and a count that makes each proof its own.
struct Phone {
    api: Router,
    key: EcdsaKeyPair,
    kid: String,
    proofs: u32,
}

impl Phone {
    fn new(desk: &Desk) -> Self {
        let limit = Limit {
            throttle: Arc::new(Throttle::new(0)),
            clock: Arc::clone(&desk.world.clock) as Arc<dyn Clock>,
            proxies: Proxies::default(),
            refuse: Arc::new(http::too_many),
        };
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let api = http::router(desk.ecps.clone(), &limit);
        Self { api, key, kid: String::new(), proofs: 0 }
    }

    fn jwk(&self) -> Value {
        let point = self.key.public_key().as_ref();
        let part = |range| URL_SAFE_NO_PAD.encode(&point[range]);
        json!({"kty": "EC", "crv": "P-256", "x": part(1..33), "y": part(33..65)})
    }

    fn proof(&mut self, method: &str, path: &str, body: &str) -> String {
        self.proofs += 1;
        let part = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let header = part(json!({"alg": "ES256", "typ": "device-proof+jwt", "kid": self.kid}));
        let payload = part(json!({
            "htm": method,
            "htu": path,
            "body_sha256": URL_SAFE_NO_PAD.encode(SecretDigest::of(body.as_bytes()).as_bytes()),
            "iat": NOW.as_seconds(),
            "jti": self.proofs.to_string(),
        }));
        let signed = format!("{header}.{payload}");
        let signature = self.key.sign(&Rng::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    async fn send(
        &self,
        (method, path): (&str, &str),
        body: &str,
        proof: Option<&str>,
    ) -> (u16, Value) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(proof) = proof {
            request = request.header("Device-Proof", proof);
        }
        let request = request.body(Body::from(body.to_owned())).unwrap();
        let response = self.api.clone().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        (status.as_u16(), serde_json::from_slice(&bytes).unwrap_or_default())
    }

    async fn call(&mut self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let proof = self.proof(method, path, &body);
        self.send((method, path), &body, Some(&proof)).await
    }

    fn thumbprint(&self) -> String {
        serde_json::from_value::<PublicKey>(self.jwk()).unwrap().thumbprint()
    }

    /// Starts an activation with this key, signed by our own.
    async fn ask(&mut self, key: Value) -> (u16, Value) {
        self.kid = self.thumbprint();
        let asked = json!({"identifier": identifier(), "public_key": key});
        self.call("POST", "/device/v1/activations", asked).await
    }

    /// Answers the device's name.
    async fn activate(&mut self, desk: &Desk) -> String {
        let (status, started) = {
            let key = self.jwk();
            self.ask(key).await
        };
        assert_eq!(status, 201, "{started}");
        assert_eq!(started["reference"].as_str().unwrap().len(), 3);
        assert!(started["expires_at"].as_str().unwrap().ends_with('Z'));
        self.kid = started["activation"].as_str().unwrap().to_owned();
        let (mail, sms) = desk.secrets();
        let path = format!("/device/v1/activations/{}/finish", self.kid);
        let body = |sms: &str| json!({"mail_secret": mail.expose(), "sms_secret": sms, "pin": PIN});
        let (status, refused) = self.call("POST", &path, body("000000x")).await;
        assert_eq!((status, &refused["code"]), (400, &json!("wrong_secret")));
        assert_eq!(refused["attempts_left"], 4);
        let weak = json!({"mail_secret": "a", "sms_secret": "b", "pin": "1234"});
        let (status, refused) = self.call("POST", &path, weak).await;
        assert_eq!((status, &refused["code"]), (400, &json!("bad_pin")));
        let (status, new) = self.call("POST", &path, body(sms.expose())).await;
        assert_eq!(status, 200, "{new}");
        assert_eq!((&new["otp"]["digits"], &new["otp"]["period"]), (&json!(6), &json!(30)));
        let seed = URL_SAFE_NO_PAD.decode(new["otp"]["seed"].as_str().unwrap()).unwrap();
        assert_eq!(seed.len(), 32);
        let (status, refused) = self.call("POST", &path, body(sms.expose())).await;
        assert_eq!((status, &refused["code"]), (410, &json!("expired")));
        self.kid = new["device"].as_str().unwrap().to_owned();
        self.kid.clone()
    }
}

#[tokio::test]
async fn a_phone_activates_looks_and_approves() {
    let desk = Desk::new().await;
    let mut phone = Phone::new(&desk);
    phone.activate(&desk).await;
    let challenge = desk.open(Some(TILLEULS)).await;
    let (status, listed) = phone.call("GET", "/device/v1/challenges", Value::Null).await;
    assert_eq!(status, 200);
    let item = &listed["items"][0];
    assert_eq!(item["challenge"], challenge.id.to_string());
    assert_eq!((&item["kind"], &item["client_id"]), (&json!("web"), &json!("dui")));
    assert_eq!((&item["service"], &item["binding_message"]), (&json!("DUI"), &Value::Null));
    assert_eq!(item["codes"].as_array().unwrap().len(), 3);
    assert_eq!(item.as_object().unwrap().len(), 7, "never which code is right");

    let path = format!("/device/v1/challenges/{}/approve", challenge.id);
    let said = |code: &str, pin: &str| json!({"code": code, "pin": pin, "client_id": "dui"});
    let shown = challenge.codes.shown.as_str();
    let (status, refused) = phone.call("POST", &path, said(shown, "1357")).await;
    assert_eq!((status, &refused["code"]), (400, &json!("wrong_pin")));
    assert_eq!(refused["attempts_left"], 2);
    let (status, answer) = phone.call("POST", &path, said(shown, PIN)).await;
    assert_eq!((status, answer), (200, json!({})));
    let (status, refused) = phone.call("POST", &path, said(shown, PIN)).await;
    assert_eq!((status, &refused["code"]), (410, &json!("challenge_gone")));

    let challenge = desk.open(Some(RIVE_CLAIRE)).await;
    let path = format!("/device/v1/challenges/{}/approve", challenge.id);
    let answer = phone.call("POST", &path, said(&challenge.codes.shown, PIN)).await;
    assert_eq!(answer, (200, json!({})), "the card did its part; the page says why it stays shut");
    let told = desk.state(challenge.id).await;
    assert_eq!(told, State::Refused(NoRight::NoSituationHere));

    let challenge = desk.open(None).await;
    let path = format!("/device/v1/challenges/{}/approve", challenge.id);
    let (status, refused) = phone.call("POST", &path, said("xx", PIN)).await;
    assert_eq!((status, &refused["code"]), (400, &json!("wrong_code")));
    let challenge = desk.open(None).await;
    let path = format!("/device/v1/challenges/{}/deny", challenge.id);
    let (status, answer) = phone.call("POST", &path, json!({})).await;
    assert_eq!((status, answer), (200, json!({})));
    let (status, refused) = phone.call("POST", &path, json!({})).await;
    assert_eq!((status, &refused["code"]), (410, &json!("challenge_gone")));
    let (status, _) = phone.call("POST", "/device/v1/challenges/nonsense/deny", json!({})).await;
    assert_eq!(status, 410);
}

#[tokio::test]
async fn every_request_carries_its_own_proof_once() {
    let desk = Desk::new().await;
    let mut phone = Phone::new(&desk);
    phone.activate(&desk).await;
    let list = ("GET", "/device/v1/challenges");
    let proof = phone.proof(list.0, list.1, "");
    let refused = |answer: (u16, Value)| {
        assert_eq!((answer.0, &answer.1["code"]), (401, &json!("bad_proof")), "{}", answer.1);
    };
    assert_eq!(phone.send(list, "", Some(&proof)).await.0, 200);
    refused(phone.send(list, "", Some(&proof)).await);
    refused(phone.send(list, "", None).await);
    let fresh = phone.proof(list.0, list.1, "");
    refused(phone.send(("GET", "/device/v1/challenges?x=1"), "", Some(&fresh)).await);
    let fresh = phone.proof(list.0, list.1, "");
    refused(phone.send(list, "{}", Some(&fresh)).await);
    let mut thief = Phone::new(&desk);
    thief.kid.clone_from(&phone.kid);
    refused(thief.call("GET", list.1, Value::Null).await);
    thief.kid = uuid::Uuid::nil().to_string();
    refused(thief.call("GET", list.1, Value::Null).await);
    let (status, bad) =
        phone.send(("POST", "/device/v1/activations"), "{\"identifier\":1}", None).await;
    assert_eq!((status, &bad["code"]), (400, &json!("bad_request")));
    let odd = phone.call("POST", "/device/v1/challenges/%ff/deny", json!({})).await;
    assert_eq!((odd.0, &odd.1["code"]), (410, &json!("challenge_gone")));
    let odd = phone.call("PUT", "/device/v1/challenges", Value::Null).await;
    assert_eq!((odd.0, &odd.1["code"]), (405, &json!("method_not_allowed")));
    let long = "x".repeat(20_000);
    let (status, _) = phone.send(("POST", "/device/v1/activations"), &long, None).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE.as_u16());
}

#[tokio::test]
async fn a_phone_whose_card_is_gone_is_told_why() {
    let desk = Desk::new().await;
    let mut old = Phone::new(&desk);
    old.activate(&desk).await;
    let mut new = Phone::new(&desk);
    new.activate(&desk).await;
    let list = "/device/v1/challenges";
    let inactive = |answer: (u16, Value), words: &str| {
        assert_eq!((answer.0, &answer.1["code"]), (403, &json!("card_inactive")));
        assert!(answer.1["detail"].as_str().unwrap().contains(words), "{}", answer.1);
    };
    inactive(old.call("GET", list, Value::Null).await, "plus sur ce téléphone");
    let challenge = desk.open(None).await;
    desk.decide(Decision::Block).await;
    inactive(new.call("GET", list, Value::Null).await, "bloquée");
    let path = format!("/device/v1/challenges/{}/approve", challenge.id);
    let said = json!({"code": challenge.codes.shown, "pin": PIN, "client_id": "dui"});
    let (status, refused) = new.call("POST", &path, said).await;
    assert_eq!((status, &refused["code"]), (410, &json!("challenge_gone")), "it was cut");
    let challenge = desk.open(None).await;
    let path = format!("/device/v1/challenges/{}/approve", challenge.id);
    let said = json!({"code": challenge.codes.shown, "pin": "0000", "client_id": "dui"});
    inactive(new.call("POST", &path, said).await, "bloquée");
    let challenge = desk.open(None).await;
    let path = format!("/device/v1/challenges/{}/deny", challenge.id);
    assert_eq!(new.call("POST", &path, json!({})).await.0, 200, "a no is always good to hear");
    let (status, refused) = new.call("POST", &path, json!({})).await;
    assert_eq!((status, &refused["code"]), (410, &json!("challenge_gone")));
    inactive(
        {
            let key = new.jwk();
            new.ask(key).await
        },
        "bloquée",
    );
}

#[tokio::test]
async fn an_activation_starts_with_a_key_that_the_phone_holds() {
    let desk = Desk::new().await;
    let (mut phone, other) = (Phone::new(&desk), Phone::new(&desk));
    let told = |answer: (u16, Value)| (answer.0, answer.1["code"].as_str().unwrap().to_owned());
    let nowhere = "A".repeat(43);
    for bad in [
        json!({"kty": "EC", "crv": "P-256", "x": nowhere, "y": nowhere}),
        json!({"kty": "EC", "crv": "P-384", "x": nowhere, "y": nowhere}),
        json!({"kty": "RSA"}),
        json!("key"),
        json!(null),
    ] {
        assert_eq!(told(phone.ask(bad).await), (400, "bad_key".to_owned()));
    }
    assert_eq!(told(phone.ask(other.jwk()).await), (401, "bad_proof".to_owned()));
    phone.kid = other.thumbprint();
    let asked = json!({"identifier": identifier(), "public_key": other.jwk()});
    let path = "/device/v1/activations";
    let answer = phone.call("POST", path, asked.clone()).await;
    assert_eq!(told(answer), (401, "bad_proof".to_owned()));
    let answer = phone.send(("POST", path), &asked.to_string(), None).await;
    assert_eq!(told(answer), (401, "bad_proof".to_owned()));
    assert_eq!(
        {
            let key = phone.jwk();
            phone.ask(key).await
        }
        .0,
        201
    );
}
