//! Logout tokens (Back-Channel Logout 1.0, section 2.6), judged without a socket.

use jiff::Timestamp;
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
/// Clocks may differ by this much, in seconds.
const LEEWAY: i64 = 60;
/// A token that was made longer ago than this is no news, in seconds.
const OLDEST: i64 = 300;

/// Who must have signed, for whom, and when it is now.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    pub(super) now: Timestamp,
}

/// What a good token says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Logout {
    pub(super) sid: String,
    pub(super) jti: String,
}

/// Each rule that a token can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refused {
    #[error("this is no signed token")]
    Unreadable,
    #[error("typ is neither logout+jwt nor JWT")]
    Type,
    #[error("the algorithm is not accepted")]
    Algorithm,
    #[error("the key is unknown")]
    Key,
    #[error("the signature is wrong")]
    Signature,
    #[error("iss is another issuer")]
    Issuer,
    #[error("aud is another client")]
    Audience,
    #[error("iat or exp is absent, or not of this moment")]
    Time,
    #[error("jti is absent")]
    Identifier,
    #[error("events does not tell of a logout")]
    Event,
    #[error("sid is absent")]
    Session,
    #[error("a nonce has no place here")]
    Nonce,
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    aud: Option<Audience>,
    iat: Option<i64>,
    exp: Option<i64>,
    jti: Option<String>,
    sid: Option<String>,
    events: Option<Map<String, Value>>,
    nonce: Option<Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Judges a token; single use of its `jti` is the caller's to hold.
pub(super) fn verify(
    token: &str,
    keys: &JwkSet,
    expected: &Expected<'_>,
) -> Result<Logout, Refused> {
    judge(signed_claims(token, keys)?, expected)
}

#[expect(clippy::disallowed_methods, reason = "a stranger has its own judgement; dates are below")]
fn signed_claims(token: &str, keys: &JwkSet) -> Result<Claims, Refused> {
    let header = decode_header(token).map_err(|_| Refused::Unreadable)?;
    let typ = header.typ.as_deref().unwrap_or_default();
    if !["logout+jwt", "JWT"].iter().any(|known| typ.eq_ignore_ascii_case(known)) {
        return Err(Refused::Type);
    }
    if ![Algorithm::RS256, Algorithm::PS256, Algorithm::ES256].contains(&header.alg) {
        return Err(Refused::Algorithm);
    }
    let key = header.kid.as_deref().and_then(|kid| keys.find(kid)).ok_or(Refused::Key)?;
    let key = DecodingKey::from_jwk(key).map_err(|_| Refused::Key)?;
    let mut rules = Validation::new(header.alg);
    rules.required_spec_claims.clear();
    rules.validate_exp = false;
    rules.validate_aud = false;
    let signed = decode::<Value>(token, &key, &rules).map_err(|_| Refused::Signature)?;
    serde_json::from_value(signed.claims).map_err(|_| Refused::Unreadable)
}

fn judge(claims: Claims, expected: &Expected<'_>) -> Result<Logout, Refused> {
    if claims.iss.as_deref() != Some(expected.issuer) {
        return Err(Refused::Issuer);
    }
    let ours = match claims.aud.ok_or(Refused::Audience)? {
        Audience::One(audience) => audience == expected.audience,
        Audience::Many(all) => all.iter().any(|one| one == expected.audience),
    };
    if !ours {
        return Err(Refused::Audience);
    }
    let now = expected.now.as_second();
    let age = now.saturating_sub(claims.iat.ok_or(Refused::Time)?);
    if !(-LEEWAY..=OLDEST).contains(&age) {
        return Err(Refused::Time);
    }
    if claims.exp.is_some_and(|exp| exp.saturating_add(LEEWAY) <= now) {
        return Err(Refused::Time);
    }
    let event = claims.events.as_ref().and_then(|events| events.get(EVENT));
    if !event.is_some_and(Value::is_object) {
        return Err(Refused::Event);
    }
    if claims.nonce.is_some() {
        return Err(Refused::Nonce);
    }
    let present = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(Logout {
        jti: present(claims.jti).ok_or(Refused::Identifier)?,
        sid: present(claims.sid).ok_or(Refused::Session)?,
    })
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
    use jsonwebtoken::jwk::Jwk;
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::json;

    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;
    const NOW: i64 = 1_790_000_000;

    struct Signer {
        key: EncodingKey,
        keys: JwkSet,
    }

    fn signer(kid: &str) -> Result<Signer, Box<dyn std::error::Error>> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?;
        let key = EncodingKey::from_ec_der(pair.to_pkcs8v1()?.as_ref());
        let mut jwk = Jwk::from_encoding_key(&key, Algorithm::ES256)?;
        jwk.common.key_id = Some(kid.to_owned());
        Ok(Signer { key, keys: JwkSet { keys: vec![jwk] } })
    }

    fn header(typ: &str, kid: &str) -> Header {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(typ.to_owned());
        header.kid = Some(kid.to_owned());
        header
    }

    fn good() -> Value {
        json!({"iss": "https://gw", "aud": "dui", "iat": NOW - 1, "exp": NOW + 119, "jti": "j1",
               "sid": "s1", "sub": "f:1", "events": {EVENT: {}}})
    }

    fn with(member: &str, value: Value) -> Value {
        let mut claims = good();
        if let Some(members) = claims.as_object_mut() {
            if value.is_null() {
                members.remove(member)
            } else {
                members.insert(member.into(), value)
            };
        }
        claims
    }

    fn judge_at(token: &str, keys: &JwkSet) -> Result<Logout, Refused> {
        let now = Timestamp::from_second(NOW).unwrap_or_default();
        verify(token, keys, &Expected { issuer: "https://gw", audience: "dui", now })
    }

    #[test]
    fn each_claim_has_its_rule() -> Outcome {
        let signer = signer("k1")?;
        let check = |claims: Value, expected: Option<Refused>| -> Outcome {
            let token = encode(&header("logout+jwt", "k1"), &claims, &signer.key)?;
            assert_eq!(judge_at(&token, &signer.keys).err(), expected, "{claims}");
            Ok(())
        };
        check(good(), None)?;
        check(with("aud", json!(["other", "dui"])), None)?;
        check(with("exp", Value::Null), None)?;
        check(with("iss", json!("https://other")), Some(Refused::Issuer))?;
        check(with("iss", Value::Null), Some(Refused::Issuer))?;
        check(with("aud", json!("other")), Some(Refused::Audience))?;
        check(with("aud", json!([])), Some(Refused::Audience))?;
        check(with("aud", Value::Null), Some(Refused::Audience))?;
        check(with("iat", Value::Null), Some(Refused::Time))?;
        check(with("iat", json!(NOW + LEEWAY + 1)), Some(Refused::Time))?;
        check(with("iat", json!(NOW - OLDEST - 1)), Some(Refused::Time))?;
        check(with("exp", json!(NOW - LEEWAY)), Some(Refused::Time))?;
        check(with("jti", Value::Null), Some(Refused::Identifier))?;
        check(with("jti", json!("")), Some(Refused::Identifier))?;
        check(with("events", Value::Null), Some(Refused::Event))?;
        check(with("events", json!({})), Some(Refused::Event))?;
        check(with("events", json!({EVENT: true})), Some(Refused::Event))?;
        check(with("events", json!("logout")), Some(Refused::Unreadable))?;
        check(with("sid", Value::Null), Some(Refused::Session))?;
        check(with("nonce", json!("n")), Some(Refused::Nonce))
    }

    #[test]
    fn header_and_signature_have_theirs() -> Outcome {
        let signer_one = signer("k1")?;
        let signer_two = signer("k1")?;
        let check = |header: &Header, by: &Signer, expected: Option<Refused>| -> Outcome {
            let token = encode(header, &good(), &by.key)?;
            assert_eq!(judge_at(&token, &signer_one.keys).err(), expected, "{header:?}");
            Ok(())
        };
        check(&header("logout+jwt", "k1"), &signer_one, None)?;
        check(&header("JWT", "k1"), &signer_one, None)?;
        check(&header("at+jwt", "k1"), &signer_one, Some(Refused::Type))?;
        check(&header("logout+jwt", "k2"), &signer_one, Some(Refused::Key))?;
        check(&header("logout+jwt", "k1"), &signer_two, Some(Refused::Signature))?;

        let mut symmetric = Header::new(Algorithm::HS256);
        symmetric.typ = Some("JWT".to_owned());
        symmetric.kid = Some("k1".to_owned());
        let token = encode(&symmetric, &good(), &EncodingKey::from_secret(b"x"))?;
        assert_eq!(judge_at(&token, &signer_one.keys).err(), Some(Refused::Algorithm));
        for text in ["", "a.b.c", "é"] {
            assert_eq!(judge_at(text, &signer_one.keys).err(), Some(Refused::Unreadable));
        }
        Ok(())
    }
}
