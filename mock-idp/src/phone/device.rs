//! The gateway's device API, as a phone calls it.

use reqwest::Method;
use serde_json::{Value, json};

use super::key::{DeviceKey, Request};
use super::unusable_key;
use crate::clock;
use crate::gateway::answer_of;
use crate::jws::KeyError;
use crate::web::Problem;

const ROOT: &str = "/device/v1";

/// Calls to one gateway.
pub(crate) struct DeviceApi {
    base: String,
    http: reqwest::Client,
}

/// Who signs a request.
#[derive(Clone, Copy)]
pub(crate) struct Signer<'a> {
    pub(crate) key: &'a DeviceKey,
    /// The device; before it exists the activation, and before that the key's own thumbprint.
    pub(crate) kid: &'a str,
}

impl DeviceApi {
    pub(crate) fn new(base: &str, http: reqwest::Client) -> Self {
        Self { base: base.to_owned(), http }
    }

    /// Asks for an activation. The key is new and names itself.
    pub(crate) async fn ask(&self, identifier: &str, key: &DeviceKey) -> Result<Value, Problem> {
        let public_key = key.public_jwk().map_err(|error| signing_failed(&error))?;
        let kid = key.thumbprint().map_err(|error| signing_failed(&error))?;
        let body = json!({"identifier": identifier, "public_key": public_key});
        let signer = Signer { key, kid: &kid };
        self.send(Method::POST, &format!("{ROOT}/activations"), Some(&body), signer).await
    }

    pub(crate) async fn finish(
        &self,
        activation: &str,
        body: &Value,
        key: &DeviceKey,
    ) -> Result<Value, Problem> {
        let path = format!("{ROOT}/activations/{}/finish", segment(activation));
        self.send(Method::POST, &path, Some(body), Signer { key, kid: activation }).await
    }

    pub(crate) async fn challenges(&self, signer: Signer<'_>) -> Result<Value, Problem> {
        self.send(Method::GET, &format!("{ROOT}/challenges"), None, signer).await
    }

    /// `verb` is `approve` or `deny`.
    pub(crate) async fn answer(
        &self,
        (challenge, verb): (&str, &str),
        body: &Value,
        signer: Signer<'_>,
    ) -> Result<Value, Problem> {
        let path = format!("{ROOT}/challenges/{}/{verb}", segment(challenge));
        self.send(Method::POST, &path, Some(body), signer).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        signer: Signer<'_>,
    ) -> Result<Value, Problem> {
        let body = body.map(Value::to_string).unwrap_or_default();
        let covered = Request { method: method.as_str(), path, body: body.as_bytes() };
        let proof = signer
            .key
            .prove(signer.kid, &covered, clock::now())
            .map_err(|error| signing_failed(&error))?;
        let mut request =
            self.http.request(method, format!("{}{path}", self.base)).header("Device-Proof", proof);
        if !body.is_empty() {
            request = request.header("Content-Type", "application/json").body(body);
        }
        answer_of(request).await
    }
}

fn signing_failed(error: &KeyError) -> Problem {
    tracing::error!(%error, "a phone could not sign");
    unusable_key()
}

/// What a person or program typed stays one segment of the path, byte for byte what is signed.
fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
