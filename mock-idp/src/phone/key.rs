//! The phone's own key: made here, kept here, and used to sign each request.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::jws::{KeyError, compact, ec_public_jwk, signing_input};
use crate::random;

/// What a proof covers.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
}

/// An ES256 key pair.
pub(crate) struct DeviceKey(EcdsaKeyPair);

impl DeviceKey {
    pub(crate) fn generate() -> Result<Self, KeyError> {
        Ok(Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?))
    }

    pub(crate) fn from_text(text: &str) -> Result<Self, KeyError> {
        let pkcs8 = URL_SAFE_NO_PAD.decode(text)?;
        Ok(Self(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8)?))
    }

    pub(crate) fn to_text(&self) -> Result<String, KeyError> {
        Ok(URL_SAFE_NO_PAD.encode(self.0.to_pkcs8v1()?.as_ref()))
    }

    /// The public half as a JWK.
    pub(crate) fn public_jwk(&self) -> Result<Value, KeyError> {
        ec_public_jwk(&self.0)
    }

    /// The thumbprint of the public half (RFC 7638, section 3).
    pub(crate) fn thumbprint(&self) -> Result<String, KeyError> {
        let jwk = self.public_jwk()?;
        let part = |name: &str| jwk.get(name).and_then(Value::as_str).unwrap_or_default();
        let (crv, kty, x, y) = (part("crv"), part("kty"), part("x"), part("y"));
        let canonical = format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#);
        Ok(URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes())))
    }

    /// A compact JWS over the request, good once and for a minute.
    pub(crate) fn prove(
        &self,
        kid: &str,
        request: &Request<'_>,
        now: Timestamp,
    ) -> Result<String, KeyError> {
        let header = json!({"alg": "ES256", "typ": "device-proof+jwt", "kid": kid});
        let payload = json!({
            "htm": request.method,
            "htu": request.path,
            "body_sha256": URL_SAFE_NO_PAD.encode(digest(&SHA256, request.body)),
            "iat": now.as_second(),
            "jti": random::token(),
        });
        let signed = signing_input(&header, &payload);
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes())?;
        Ok(compact(&signed, signature.as_ref()))
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};

    use super::*;

    #[test]
    #[expect(clippy::disallowed_methods, reason = "another library is the point of this test")]
    fn another_library_accepts_the_proof_of_a_key_that_was_kept()
    -> Result<(), Box<dyn std::error::Error>> {
        let made = DeviceKey::generate()?;
        let jwk = serde_json::from_value(made.public_jwk()?)?;
        let key = DeviceKey::from_text(&made.to_text()?)?;
        let canonical = format!(
            r#"{{"crv":"P-256","kty":"EC","x":{},"y":{}}}"#,
            made.public_jwk()?["x"],
            made.public_jwk()?["y"]
        );
        let expected = URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()));
        assert_eq!(made.thumbprint()?, expected);
        let request = Request { method: "POST", path: "/device/v1/challenges/a/deny", body: b"{}" };
        let proof = key.prove("device-1", &request, Timestamp::from_second(1_790_000_000)?)?;

        let mut rules = Validation::new(Algorithm::ES256);
        rules.validate_exp = false;
        rules.required_spec_claims.clear();
        let token = decode::<Value>(&proof, &DecodingKey::from_jwk(&jwk)?, &rules)?;
        assert_eq!(token.header.kid.as_deref(), Some("device-1"));
        assert_eq!(token.header.typ.as_deref(), Some("device-proof+jwt"));
        assert_eq!(token.claims.get("htu"), Some(&json!("/device/v1/challenges/a/deny")));
        assert_eq!(token.claims.get("iat"), Some(&json!(1_790_000_000)));
        // SHA-256 of the two characters `{}`.
        assert_eq!(
            token.claims.get("body_sha256"),
            Some(&json!("RBNvo1WzZ4oRRq0W9-hknpT7T8If536DEMBg9hyq_4o"))
        );
        Ok(())
    }
}
