//! One key, parsed once, as the JWT library wants to see it.

use aws_lc_rs::{
    encoding::AsDer,
    hmac,
    rand::SystemRandom,
    rsa::KeySize,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
        ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RSA_PSS_2048_8192_SHA256,
        RSA_PSS_SHA256, RsaEncoding, RsaKeyPair, RsaParameters, RsaPublicKeyComponents,
    },
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, EncodingKey, Header,
    crypto::{JwtSigner, JwtVerifier},
    jwk::{
        AlgorithmParameters, CommonParameters, Jwk, PublicKeyUse, RSAKeyParameters, RSAKeyType,
        ThumbprintHash,
    },
    signature::{Error, Signer, Verifier},
};
use zeroize::Zeroizing;

use crate::kernel::Outage;

use super::{client_settings::SigningAlg, keys::broken};

/// A private key of ours and its public half.
pub(super) struct Pair {
    alg: SigningAlg,
    kid: String,
    jwk: Jwk,
    signer: Box<dyn JwtSigner + Send + Sync>,
    verifier: Box<dyn JwtVerifier + Send + Sync>,
}

impl Pair {
    /// Makes a key, and hands out its PKCS#8 once.
    pub(super) fn generate(alg: SigningAlg) -> Result<(Self, Zeroizing<Vec<u8>>), Outage> {
        let private = match alg {
            SigningAlg::RS256 | SigningAlg::PS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(broken)?;
                pair.as_der().map_err(broken)?.as_ref().to_vec()
            }
            SigningAlg::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
                .and_then(|pair| pair.to_pkcs8v1())
                .map_err(broken)?
                .as_ref()
                .to_vec(),
        };
        let private = Zeroizing::new(private);
        Ok((Self::parse(alg, &private)?, private))
    }

    /// Reads a key from its PKCS#8.
    pub(super) fn parse(alg: SigningAlg, private: &[u8]) -> Result<Self, Outage> {
        let (signer, verifier): (
            Box<dyn JwtSigner + Send + Sync>,
            Box<dyn JwtVerifier + Send + Sync>,
        ) = match alg {
            SigningAlg::RS256 => {
                rsa(Algorithm::RS256, &RSA_PKCS1_SHA256, &RSA_PKCS1_2048_8192_SHA256, private)?
            }
            SigningAlg::PS256 => {
                rsa(Algorithm::PS256, &RSA_PSS_SHA256, &RSA_PSS_2048_8192_SHA256, private)?
            }
            SigningAlg::ES256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, private)
                    .map_err(broken)?;
                let public =
                    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref())
                        .map_err(broken)?;
                (Box::new(P256(pair)), Box::new(Public(Algorithm::ES256, public)))
            }
        };
        let (kid, jwk) = public_half(alg, signer.algorithm(), private)?;
        Ok(Self { alg, kid, jwk, signer, verifier })
    }

    /// What it signs with.
    pub(super) fn alg(&self) -> SigningAlg {
        self.alg
    }

    /// Its RFC 7638 thumbprint.
    pub(super) fn kid(&self) -> &str {
        &self.kid
    }

    /// Its public half.
    pub(super) fn jwk(&self) -> &Jwk {
        &self.jwk
    }

    /// The encoded header of a token of type `typ` that it signs.
    pub(super) fn header(&self, typ: &str) -> Result<String, Outage> {
        let mut header = Header::new(self.signer.algorithm());
        header.typ = Some(typ.to_owned());
        header.kid = Some(self.kid.clone());
        Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(broken)?))
    }

    /// Signs.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Outage> {
        self.signer.try_sign(message).map_err(broken)
    }

    /// Whether `signature` is ours over `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        self.verifier.verify(message, &signature.to_vec()).is_ok()
    }
}

/// The published half: `use`, `alg`, and as `kid` the thumbprint of RFC 7638.
fn public_half(
    alg: SigningAlg,
    algorithm: Algorithm,
    private: &[u8],
) -> Result<(String, Jwk), Outage> {
    let mut jwk = match alg {
        SigningAlg::RS256 | SigningAlg::PS256 => rsa_jwk(algorithm, private)?,
        SigningAlg::ES256 => {
            let key = EncodingKey::from_ec_der(private);
            Jwk::from_encoding_key(&key, algorithm).map_err(broken)?
        }
    };
    let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(broken)?;
    jwk.common.public_key_use = Some(PublicKeyUse::Signature);
    jwk.common.key_id = Some(kid.clone());
    Ok((kid, jwk))
}

/// The library derives it from a PKCS#1 key only; ours is PKCS#8.
fn rsa_jwk(algorithm: Algorithm, private: &[u8]) -> Result<Jwk, Outage> {
    let pair = RsaKeyPair::from_pkcs8(private).map_err(broken)?;
    let components = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let parameters = RSAKeyParameters {
        key_type: RSAKeyType::RSA,
        n: URL_SAFE_NO_PAD.encode(components.n),
        e: URL_SAFE_NO_PAD.encode(components.e),
    };
    let name = format!("{algorithm:?}").parse().map_err(broken)?;
    let common = CommonParameters { key_algorithm: Some(name), ..CommonParameters::default() };
    Ok(Jwk { common, algorithm: AlgorithmParameters::RSA(parameters) })
}

type Halves = (Box<dyn JwtSigner + Send + Sync>, Box<dyn JwtVerifier + Send + Sync>);

fn rsa(
    algorithm: Algorithm,
    encoding: &'static dyn RsaEncoding,
    parameters: &'static RsaParameters,
    private: &[u8],
) -> Result<Halves, Outage> {
    let pair = RsaKeyPair::from_pkcs8(private).map_err(broken)?;
    let components = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    let public = components.to_parsed_public_key(parameters).map_err(broken)?;
    Ok((Box::new(Rsa { algorithm, encoding, pair }), Box::new(Public(algorithm, public))))
}

struct Rsa {
    algorithm: Algorithm,
    encoding: &'static dyn RsaEncoding,
    pair: RsaKeyPair,
}

impl Signer<Vec<u8>> for Rsa {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(self.encoding, &SystemRandom::new(), message, &mut signature)
            .map_err(Error::from_source)?;
        Ok(signature)
    }
}

impl JwtSigner for Rsa {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

struct P256(EcdsaKeyPair);

impl Signer<Vec<u8>> for P256 {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let signature = self.0.sign(&SystemRandom::new(), message).map_err(Error::from_source)?;
        Ok(signature.as_ref().to_vec())
    }
}

impl JwtSigner for P256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::ES256
    }
}

struct Public(Algorithm, ParsedPublicKey);

impl Verifier<Vec<u8>> for Public {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), Error> {
        self.1.verify_sig(message, signature).map_err(Error::from_source)
    }
}

impl JwtVerifier for Public {
    fn algorithm(&self) -> Algorithm {
        self.0
    }
}

/// The secret key of refresh tokens, derived from `records.key`.
pub(super) struct Shared {
    key: hmac::Key,
    header: String,
}

impl Shared {
    /// From 32 bytes.
    pub(super) fn new(bytes: &[u8; 32]) -> Result<Self, Outage> {
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("refresh".to_owned());
        let header = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&header).map_err(broken)?);
        Ok(Self { key: hmac::Key::new(hmac::HMAC_SHA256, bytes), header })
    }

    /// The encoded header of every refresh token.
    pub(super) fn header(&self) -> &str {
        &self.header
    }

    /// HMAC-SHA-256.
    pub(super) fn sign(&self, message: &[u8]) -> Vec<u8> {
        hmac::sign(&self.key, message).as_ref().to_vec()
    }

    /// Whether `signature` is ours over `message`, in constant time.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        hmac::verify(&self.key, message, signature).is_ok()
    }
}
