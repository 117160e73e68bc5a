use serde_json::{Value, json};

use super::*;

struct Shelf(std::sync::Mutex<Vec<StoredKey>>);

#[async_trait::async_trait]
impl KeyStore for Shelf {
    async fn signing_keys(&self) -> Result<Vec<StoredKey>, Outage> {
        Ok(self.0.lock().unwrap().clone())
    }

    async fn keep_first_keys(&self, made: Vec<StoredKey>) -> Result<Vec<StoredKey>, Outage> {
        let mut kept = self.0.lock().unwrap();
        if kept.is_empty() {
            *kept = made;
        }
        Ok(kept.clone())
    }

    async fn federation(&self) -> Result<uuid::Uuid, Outage> {
        Ok(uuid::Uuid::nil())
    }
}

const NOW: Timestamp = Timestamp(1_000_000);

#[tokio::test]
async fn what_we_sign_we_know_again_and_nothing_else() {
    let shelf = Arc::new(Shelf(std::sync::Mutex::new(Vec::new())));
    let seal = || Arc::new(RecordsKey::new(&[7; 32]).unwrap());
    let keys = Keys::open(Arc::clone(&shelf) as Arc<dyn KeyStore>, seal(), NOW).await.unwrap();
    let again = Keys::open(Arc::clone(&shelf) as Arc<dyn KeyStore>, seal(), NOW).await.unwrap();
    let claims = json!({"a": 1});
    for alg in [SigningAlg::RS256, SigningAlg::PS256, SigningAlg::ES256] {
        let token = keys.sign(alg, TokenType::AccessToken, &claims).await.unwrap();
        // A restart keeps the keys.
        let signed = again.verify(&token, NOW).await.unwrap().unwrap();
        assert_eq!(signed.token_type, TokenType::AccessToken, "{alg:?}");
        assert_eq!(signed.claims::<Value>(), Some(claims.clone()));
        let header = jsonwebtoken::decode_header(&token).unwrap();
        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&keys.published()).unwrap();
        let published = set.find(&header.kid.clone().unwrap()).unwrap();
        assert_eq!(header.kid.unwrap().len(), 43);
        let public = jsonwebtoken::DecodingKey::from_jwk(published).unwrap();
        let (message, signature) = token.rsplit_once('.').unwrap();
        let checked =
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &public, header.alg);
        assert!(checked.unwrap(), "{alg:?}");

        let mut parts: Vec<&str> = token.split('.').collect();
        parts[1] = "eyJhIjoyfQ";
        for forged in [parts.join("."), format!("{token}A"), token[..token.len() - 4].to_owned()] {
            // Neither who signed the token, nor who has checked it, takes another for it.
            assert!(keys.verify(&forged, NOW).await.unwrap().is_none());
            assert!(again.verify(&forged, NOW).await.unwrap().is_none());
        }
        assert!(again.verify(&token, NOW).await.unwrap().is_some(), "{alg:?}: a second time");
    }
    for nonsense in ["", ".", "..", "a.b.c", "é.é.é"] {
        assert!(keys.verify(nonsense, NOW).await.unwrap().is_none());
    }
    let published = keys.published();
    assert!(!published.contains(' ') && published.contains(r#""kty":"RSA""#), "{published}");
}

#[tokio::test]
async fn a_key_that_another_process_made_is_looked_for_once_in_a_while() {
    let shelf = Arc::new(Shelf(std::sync::Mutex::new(Vec::new())));
    let seal = || Arc::new(RecordsKey::new(&[7; 32]).unwrap());
    let ours = Keys::open(Arc::clone(&shelf) as Arc<dyn KeyStore>, seal(), NOW).await.unwrap();
    let elsewhere = Arc::new(Shelf(std::sync::Mutex::new(Vec::new())));
    let theirs =
        Keys::open(Arc::clone(&elsewhere) as Arc<dyn KeyStore>, seal(), NOW).await.unwrap();
    let token = theirs.sign(SigningAlg::ES256, TokenType::Jwt, &json!({})).await.unwrap();
    shelf.0.lock().unwrap().extend(elsewhere.0.lock().unwrap().clone());
    let soon = NOW + Span::seconds(9);
    assert!(ours.verify(&token, soon).await.unwrap().is_none());
    assert!(ours.verify(&token, NOW + REREAD).await.unwrap().is_some());
}

#[tokio::test]
async fn refresh_tokens_are_ours_alone() {
    let shelf = Arc::new(Shelf(std::sync::Mutex::new(Vec::new())));
    let seal = |byte| Arc::new(RecordsKey::new(&[byte; 32]).unwrap());
    let keys = Keys::open(Arc::clone(&shelf) as Arc<dyn KeyStore>, seal(7), NOW).await.unwrap();
    let token = keys.sign_refresh(&json!({"a": 1})).unwrap();
    assert_eq!(keys.verify_refresh::<Value>(&token), Some(json!({"a": 1})));
    assert_eq!(keys.sign_refresh(&json!({"a": 1})).unwrap(), token);
    assert!(keys.verify_refresh::<Value>(&format!("{token}A")).is_none());
    assert!(keys.verify_refresh::<Value>("a.b.c").is_none());
    assert!(keys.verify(&token, NOW).await.unwrap().is_none());
}
