//! Each check is a row.

use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp(1_795_269_600_000);

/// A public key on the curve: its generator (SEC 2, section 2.4.2).
pub(crate) fn some_key() -> PublicKey {
    let jwk = json!({
        "kty": "EC",
        "crv": "P-256",
        "x": "axfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpY",
        "y": "T-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU",
    });
    serde_json::from_value(jwk).unwrap()
}

struct Phone(EcdsaKeyPair);

impl Phone {
    fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    fn key(&self) -> PublicKey {
        let point = self.0.public_key().as_ref();
        let part = |range| URL_SAFE_NO_PAD.encode(&point[range]);
        serde_json::from_value(
            json!({"kty": "EC", "crv": "P-256", "x": part(1..33), "y": part(33..65)}),
        )
        .unwrap()
    }

    fn sign(&self, header: &Value, payload: &Value) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", part(header), part(payload));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes()).unwrap();
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }
}

fn header() -> Value {
    json!({"alg": "ES256", "typ": TYPE, "kid": "phone-1"})
}

fn payload() -> Value {
    json!({
        "htm": "POST",
        "htu": "/device/v1/challenges/abc/approve?x=1",
        "body_sha256": URL_SAFE_NO_PAD.encode(SecretDigest::of(b"{}").as_bytes()),
        "iat": NOW.as_seconds(),
        "jti": "j",
    })
}

const REQUEST: Request<'_> =
    Request { method: "POST", path: "/device/v1/challenges/abc/approve?x=1", body: b"{}" };

/// `value` with one member replaced, or removed when `with` is null.
fn but(mut value: Value, member: &str, with: Value) -> Value {
    let members = value.as_object_mut().unwrap();
    members.remove(member);
    if !with.is_null() {
        members.insert(member.to_owned(), with);
    }
    value
}

#[test]
fn a_proof_covers_the_request_that_carries_it() {
    #[track_caller]
    fn told(phone: &Phone, header: &Value, payload: &Value, expected: Result<(), BadProof>) {
        let proof = phone.sign(header, payload);
        let told = verify(&proof, &phone.key(), REQUEST, NOW).map(|_| ());
        assert_eq!(told, expected, "{header} {payload}");
    }
    let phone = Phone::new();
    macro_rules! check {
        ($header:expr, $payload:expr, $expected:expr $(,)?) => {
            told(&phone, &$header, &$payload, $expected)
        };
    }
    let seconds = |offset: i64| json!(NOW.as_seconds() + offset);
    check!(header(), payload(), Ok(()));
    check!(header(), but(payload(), "iat", seconds(60)), Ok(()));
    check!(header(), but(payload(), "iat", seconds(-60)), Ok(()));
    check!(header(), but(payload(), "iat", seconds(61)), Err(BadProof::Time));
    check!(header(), but(payload(), "iat", seconds(-61)), Err(BadProof::Time));
    check!(header(), but(payload(), "iat", json!(i64::MAX)), Err(BadProof::Time));
    check!(header(), but(payload(), "iat", Value::Null), Err(BadProof::Malformed));
    check!(header(), but(payload(), "htm", json!("GET")), Err(BadProof::OtherRequest));
    check!(
        header(),
        but(payload(), "htu", json!("/device/v1/challenges/abc/approve")),
        Err(BadProof::OtherRequest),
    );
    let other = URL_SAFE_NO_PAD.encode(SecretDigest::of(b"").as_bytes());
    check!(header(), but(payload(), "body_sha256", json!(other)), Err(BadProof::OtherBody));
    check!(header(), but(payload(), "jti", json!("")), Err(BadProof::Id));
    check!(header(), but(payload(), "jti", json!("j".repeat(64))), Ok(()));
    check!(header(), but(payload(), "jti", json!("j".repeat(65))), Err(BadProof::Id));
    check!(header(), but(payload(), "jti", Value::Null), Err(BadProof::Malformed));
    check!(but(header(), "typ", json!("JWT")), payload(), Err(BadProof::Header));
    check!(but(header(), "typ", Value::Null), payload(), Err(BadProof::Header));
    check!(but(header(), "kid", Value::Null), payload(), Err(BadProof::Header));
    check!(but(header(), "crit", json!(["b64"])), payload(), Err(BadProof::Header));
    check!(but(header(), "alg", json!("HS256")), payload(), Err(BadProof::Header));
    check!(but(header(), "alg", json!("none")), payload(), Err(BadProof::Malformed));
}

#[test]
fn only_the_key_that_signed_verifies() {
    let (phone, thief) = (Phone::new(), Phone::new());
    let proof = phone.sign(&header(), &payload());
    let told = |proof: &str, key: &PublicKey| verify(proof, key, REQUEST, NOW).map(|_| ());
    assert_eq!(told(&proof, &thief.key()), Err(BadProof::Signature));
    let stolen = thief.sign(&header(), &payload());
    assert_eq!(told(&stolen, &phone.key()), Err(BadProof::Signature));
    for malformed in ["", "a", "a.b", "a.b.c", &proof.replace('.', "")] {
        assert_eq!(told(malformed, &phone.key()), Err(BadProof::Malformed), "{malformed}");
    }
    let cut = proof.rsplit_once('.').unwrap().0;
    assert_eq!(told(&format!("{cut}."), &phone.key()), Err(BadProof::Signature));
}

#[test]
fn two_proofs_differ_by_key_and_identifier() {
    let phone = Phone::new();
    let once = |header: &Value, payload: &Value| {
        let proof = phone.sign(header, payload);
        *verify(&proof, &phone.key(), REQUEST, NOW).unwrap().once.as_bytes()
    };
    let first = once(&header(), &payload());
    assert_eq!(first, once(&header(), &payload()));
    assert_ne!(first, once(&header(), &but(payload(), "jti", json!("k"))));
    assert_ne!(first, once(&but(header(), "kid", json!("phone-2")), &payload()));
}

/// The example of RFC 7638 is an RSA key; this one was computed with another library.
#[test]
fn a_key_names_itself() {
    assert_eq!(some_key().thumbprint(), "xx0BcA-wMohw8atYDJOe6peGModklG2wRHBlXHMvl0M");
}

#[test]
fn a_public_key_is_a_point_on_p_256() {
    #[track_caller]
    fn check(jwk: &Value, expected: bool) {
        assert_eq!(serde_json::from_value::<PublicKey>(jwk.clone()).is_ok(), expected, "{jwk}");
    }
    let good = serde_json::to_value(Phone::new().key()).unwrap();
    check(&good, true);
    check(&but(good.clone(), "kty", json!("RSA")), false);
    check(&but(good.clone(), "crv", json!("P-384")), false);
    check(&but(good.clone(), "x", json!("AAAA")), false);
    check(&but(good.clone(), "y", json!("not base64!")), false);
    check(&but(good.clone(), "y", good["x"].clone()), false);
    check(&but(but(good.clone(), "x", json!("A".repeat(43))), "y", json!("A".repeat(43))), false);
    check(&but(good, "y", Value::Null), false);
}
