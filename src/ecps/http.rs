//! The phone's API, `/device/v1`: outside OAuth, JSON in and out, each request signed by the phone.

use axum::{
    Json, Router,
    body::Bytes,
    extract::{
        DefaultBodyLimit, FromRequest, OriginalUri, Path, Request, State, rejection::PathRejection,
    },
    http::{HeaderMap, Method, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::{
    access::{NoRight, Now},
    kernel::{ChallengeId, secret::Secret},
    web::{Problem, throttle::Limit},
};

use super::{
    ApprovalRefused, Challenge, Ecps, FinishRefused, Pin, PublicKey,
    activation::{Activation, ActivationId},
    device_proof::{self, BadKey, BadProof},
    otp,
    ports::Device,
    proving::Said,
};

/// No request of a phone is longer.
const LONGEST_BODY: usize = 16 * 1024;

/// The routes. `limit` holds back who starts too many activations from one address.
pub fn router(ecps: Ecps, limit: &Limit) -> Router {
    Router::new()
        .route("/device/v1/activations", limit.around(post(activate)))
        .route("/device/v1/activations/{id}/finish", post(finish))
        .route("/device/v1/challenges", get(pending))
        .route("/device/v1/challenges/{id}/approve", post(approve))
        .route("/device/v1/challenges/{id}/deny", post(deny))
        .method_not_allowed_fallback(async || wrong_method())
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(ecps)
}

/// What `limit` says.
pub fn too_many(_: &HeaderMap) -> Response {
    let detail = "Trop de demandes depuis cette adresse. Patientez une minute.";
    Problem::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
        .retry_after(60)
        .into_response()
}

fn wrong_method() -> Problem {
    let detail = "Cette adresse n'accepte pas cette méthode.";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// A request, whole: its proof covers all of it.
struct Call {
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Bytes,
}

impl FromRequest<Ecps> for Call {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &Ecps) -> Result<Self, Problem> {
        let (method, headers) = (request.method().clone(), request.headers().clone());
        let uri = request.extensions().get::<OriginalUri>().map(|OriginalUri(uri)| uri.clone());
        let uri = uri.unwrap_or_else(|| request.uri().clone());
        let path = uri.path_and_query().map(ToString::to_string).unwrap_or_default();
        let body = Bytes::from_request(request, state).await.map_err(|rejection| {
            let status = rejection.status();
            let is_long = status == StatusCode::PAYLOAD_TOO_LARGE;
            let code = if is_long { "too_large" } else { "bad_request" };
            Problem::new(status, code, "Requête illisible ou trop longue.")
        })?;
        Ok(Self { method, path, headers, body })
    }
}

impl Call {
    fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_slice(&self.body).map_err(|error| {
            // The library's message may quote a value, and values are secrets here: the place only.
            let detail = format!(
                "Corps JSON incorrect, ligne {}, colonne {}.",
                error.line(),
                error.column()
            );
            Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
        })
    }

    fn proof(&self) -> Result<&str, BadProof> {
        let mut values = self.headers.get_all("device-proof").iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().map_err(|_| BadProof::Malformed),
            (_, _) => Err(BadProof::Malformed),
        }
    }

    fn request(&self) -> device_proof::Request<'_> {
        device_proof::Request { method: self.method.as_str(), path: &self.path, body: &self.body }
    }
}

impl Ecps {
    /// The phone behind a request that its card allows.
    async fn phone(&self, call: &Call) -> Result<(Device, Now), Problem> {
        let (device, now) = self.known_phone(call).await?;
        device.may_ask()?;
        Ok((device, now))
    }

    /// The phone behind a request, once its proof has been verified and taken.
    async fn known_phone(&self, call: &Call) -> Result<(Device, Now), Problem> {
        let now = self.inner.doors.barrier().await?;
        let proof = call.proof()?;
        let kid = device_proof::claimed_key(proof)?;
        let device = match kid.parse() {
            Ok(id) => self.device(id).await?,
            Err(_) => None,
        };
        let device = device.ok_or(BadProof::UnknownKey)?;
        self.take(proof, &device.public_key, call, now).await?;
        Ok((device, now))
    }

    /// The activation behind a request, once the new phone's proof has been verified and taken.
    async fn new_phone(&self, id: ActivationId, call: &Call) -> Result<(Activation, Now), Problem> {
        let now = self.inner.doors.barrier().await?;
        let proof = call.proof()?;
        if device_proof::claimed_key(proof)?.parse() != Ok(id) {
            return Err(BadProof::UnknownKey.into());
        }
        let activation = self.activation(id).await?.ok_or(FinishRefused::Expired)?;
        self.take(proof, &activation.public_key, call, now).await?;
        Ok((activation, now))
    }

    /// Who brings a key holds it: the proof names it by its thumbprint, since it has no other name.
    async fn holds(&self, key: &PublicKey, call: &Call) -> Result<(), Problem> {
        let now = self.inner.doors.barrier().await?;
        let proof = call.proof()?;
        if device_proof::claimed_key(proof)? != key.thumbprint() {
            return Err(BadProof::UnknownKey.into());
        }
        self.take(proof, key, call, now).await
    }

    async fn take(
        &self,
        proof: &str,
        key: &PublicKey,
        call: &Call,
        now: Now,
    ) -> Result<(), Problem> {
        let verified = device_proof::verify(proof, key, call.request(), now.protocol)?;
        let first = self.inner.ports.cards.take_proof(verified.once, verified.until).await?;
        if first { Ok(()) } else { Err(BadProof::Used.into()) }
    }
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
    String::deserialize(deserializer).map(Secret::received)
}

#[derive(Deserialize)]
struct Activate {
    identifier: String,
    public_key: Value,
}

async fn activate(
    State(ecps): State<Ecps>,
    call: Call,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let asked: Activate = call.json()?;
    let key: PublicKey = serde_json::from_value(asked.public_key).map_err(|_| BadKey)?;
    ecps.holds(&key, &call).await?;
    let started = ecps.activate(&asked.identifier, key).await?;
    let answer = json!({
        "activation": started.activation.to_string(),
        "expires_at": started.until,
        "reference": started.reference.to_string(),
        "already_sent": started.already_sent,
    });
    Ok((StatusCode::CREATED, Json(answer)))
}

#[derive(Deserialize)]
struct FinishBody {
    #[serde(deserialize_with = "secret")]
    mail_secret: Secret,
    #[serde(deserialize_with = "secret")]
    sms_secret: Secret,
    #[serde(deserialize_with = "secret")]
    pin: Secret,
}

async fn finish(State(ecps): State<Ecps>, id: Id, call: Call) -> Result<Json<Value>, Problem> {
    let id = text(&id).parse().map_err(|_| FinishRefused::Expired)?;
    let (activation, now) = ecps.new_phone(id, &call).await?;
    let body: FinishBody = call.json()?;
    let bad_pin =
        |bad: super::BadPin| Problem::new(StatusCode::BAD_REQUEST, "bad_pin", bad.to_string());
    let pin = Pin::choose(body.pin).map_err(bad_pin)?;
    let secrets = (body.mail_secret, body.sms_secret);
    let new = ecps.finish(&activation, secrets, pin, now.protocol).await?;
    Ok(Json(json!({
        "device": new.device,
        "otp": { "seed": new.seed.expose(), "digits": otp::DIGITS, "period": otp::PERIOD },
    })))
}

async fn pending(State(ecps): State<Ecps>, call: Call) -> Result<Json<Value>, Problem> {
    let (device, now) = ecps.phone(&call).await?;
    let item = |challenge: Challenge| {
        json!({
            "challenge": challenge.id,
            "kind": "web",
            "client_id": challenge.client,
            "service": challenge.service,
            "codes": challenge.codes.all,
            "binding_message": null,
            "expires_at": challenge.until,
        })
    };
    let items: Vec<Value> = ecps.pending(&device, now).await?.into_iter().map(item).collect();
    Ok(Json(json!({ "items": items })))
}

#[derive(Deserialize)]
struct ApproveBody {
    code: String,
    #[serde(deserialize_with = "secret")]
    pin: Secret,
    client_id: String,
}

async fn approve(State(ecps): State<Ecps>, id: Id, call: Call) -> Result<Json<Value>, Problem> {
    let (device, _) = ecps.known_phone(&call).await?;
    device.may_answer()?;
    let body: ApproveBody = call.json()?;
    let said = Said { code: body.code, pin: body.pin, client: body.client_id };
    match ecps.approve(&device, challenge(&id)?, said).await {
        // The card has done its part; that this service stays shut is told where it was asked for.
        Ok(())
        | Err(ApprovalRefused::NoRight(
            NoRight::NotBegun(_) | NoRight::NoSituation | NoRight::NoSituationHere,
        )) => Ok(Json(json!({}))),
        Err(refused) => Err(refused.into()),
    }
}

async fn deny(State(ecps): State<Ecps>, id: Id, call: Call) -> Result<Json<Value>, Problem> {
    let (device, now) = ecps.known_phone(&call).await?;
    device.may_answer()?;
    ecps.deny(&device, challenge(&id)?, now).await?;
    Ok(Json(json!({})))
}

/// The name in the path, if it is a text at all.
type Id = Result<Path<String>, PathRejection>;

/// What is no text names nothing.
fn text(id: &Id) -> &str {
    id.as_ref().map_or("", |Path(id)| id.as_str())
}

fn challenge(id: &Id) -> Result<ChallengeId, ApprovalRefused> {
    text(id).parse().map_err(|_| ApprovalRefused::Gone)
}
