//! Relying parties, in the field names of OpenID Connect dynamic registration.
//!
//! A change names the members that change. Answers show what a client's settings come to; its secret
//! is shown once, when it is entered.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, Path, State},
    http::StatusCode,
    response::Response,
    routing::get,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use crate::{
    kernel::{
        ClientId, Finess,
        random::Random,
        retry::{Answered, Keep, Kept, Once, Wording},
        seal::RecordsKey,
        secret::Secret,
    },
    oidc::{
        Clients, Registration, StoredClient, Written,
        bad_member::{BadMember, Flaw},
        built_in::is_reserved,
        client_secret_digest,
        client_settings::Introspects,
        ports::{ClientChange, NotWritten},
        scope::API_SCOPES,
    },
    registry::fault::Fault,
    web::{Problem, outgoing::Allow},
};

use super::{
    super::Callers,
    answer::{found, invalid, kept, not_found, page, written},
    call::{Call, Scope},
};

/// What this part of the API works with.
#[derive(Clone)]
pub struct ClientsApi {
    /// Who recognises callers.
    pub callers: Arc<dyn Callers>,
    /// Relying parties.
    pub clients: Arc<dyn Clients>,
    /// Keys the digests of secrets.
    pub records_key: Arc<RecordsKey>,
    /// Secrets and identifiers that nobody chose.
    pub random: Arc<dyn Random>,
    /// Where notices of log-outs may go.
    pub allow: Allow,
}

impl FromRef<ClientsApi> for Arc<dyn Callers> {
    fn from_ref(api: &ClientsApi) -> Self {
        Arc::clone(&api.callers)
    }
}

impl ClientsApi {
    /// The routes, for `/api/v1`.
    pub fn router(self) -> Router {
        Router::new()
            .route("/clients", get(list).post(enter))
            .route("/clients/{id}", get(one).put(change).delete(remove))
            .with_state(self)
    }

    /// What `body` makes of `before`, or all that is wrong with it.
    async fn understand(
        &self,
        before: &Registration,
        body: Map<String, Value>,
    ) -> Result<Written, Problem> {
        let named = body.get("structure").and_then(Value::as_str);
        let named: Option<Finess> = named.and_then(|text| text.parse().ok());
        let known = match named.filter(|finess| before.structure != Some(*finess)) {
            Some(finess) => self.clients.knows_structure(finess).await?,
            None => true,
        };
        let mut bad: Vec<BadMember> = before.untold(&body, &self.allow).into_iter().collect();
        if !known {
            bad.push(BadMember::new("structure", Flaw::Structure));
        }
        match before.change(body) {
            Ok(written) if bad.is_empty() => Ok(written),
            Ok(_) => Err(bad),
            Err(others) => Err([others, bad].concat()),
        }
        .map_err(|bad| invalid(bad.into_iter().map(Fault::from).collect()))
    }

    /// The secret of a new client: the one that was chosen; or, for a caller who may ask again, one
    /// that follows from what makes the two requests the same, so that it need not be kept to be told
    /// again; or a random one.
    fn secret(&self, chosen: Option<Secret>, once: Option<&Once>) -> Secret {
        match (chosen, once) {
            (Some(chosen), _) => chosen,
            (None, None) => Secret::mint(self.random.as_ref()),
            (None, Some(Once { client, key, request })) => {
                let request = URL_SAFE_NO_PAD.encode(request.as_bytes());
                let whose = format!("client secret/{client}/{key}");
                let digest = self.records_key.digest(&whose, &request);
                Secret::received(URL_SAFE_NO_PAD.encode(digest.as_bytes()))
            }
        }
    }
}

/// `GET /clients`
async fn list(State(api): State<ClientsApi>, call: Call) -> Result<Response, Problem> {
    call.lists(Scope::ClientsWrite, &["finess"])?;
    let asked = call.page::<ClientId>()?;
    let structure = call.listed_structure()?;
    let clients = api.clients.clients(structure, asked.clone()).await?;
    Ok(page(clients, &asked, |client| client.id.to_string(), |client| view(&client)))
}

/// `GET /clients/{id}`
async fn one(
    State(api): State<ClientsApi>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::ClientsWrite)?;
    Ok(found(&view(&seen(&api, &call, &id).await?)))
}

/// `POST /clients`
async fn enter(State(api): State<ClientsApi>, call: Call) -> Result<Response, Problem> {
    call.needs(Scope::ClientsWrite)?;
    let mut body = call.object()?;
    let id = match body.remove("client_id").filter(|id| !id.is_null()) {
        None => api.random.opaque_id().to_string(),
        Some(id) => id.as_str().unwrap_or_default().to_owned(),
    };
    let id: ClientId = id.parse().map_err(|_| bad_id())?;
    if is_reserved(&id) {
        return Err(not_written(NotWritten::Taken));
    }
    let mut blank = Registration::blank(id.as_str());
    blank.structure = call.structure();
    let Written { registration, secret } = api.understand(&blank, body).await?;
    within_reach(&call, &blank, &registration)?;
    let once = call.once();
    let secret = api.secret(secret, once.as_ref());
    let digest = client_secret_digest(&api.records_key, &id, &secret);
    let client = StoredClient { id, registration, secret: Some(digest) };
    // The words that are kept hold no secret; it is added to each answer.
    let wording: Wording<StoredClient> =
        Arc::new(|client| super::answer::words(StatusCode::CREATED, &view(client)));
    let keep = Keep::under(once, Arc::clone(&wording));
    let outcome = api.clients.enter_client(client, call.actor(), keep).await?;
    match outcome {
        Answered::Done(client) => Ok(kept(with_secret(wording(&client), &secret))),
        Answered::Replayed(before) => Ok(kept(with_secret(before, &secret))),
        refused @ (Answered::Refused(_) | Answered::KeyReused) => {
            written(refused, &wording, not_written)
        }
    }
}

/// `PUT /clients/{id}`: the members that change. Disabling, or another `structure`, cuts every grant;
/// enabling reopens nothing.
async fn change(
    State(api): State<ClientsApi>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::ClientsWrite)?;
    let seen = seen(&api, &call, &id).await?;
    let mut body = call.object()?;
    if body.remove("client_id").is_some_and(|named| named != seen.id.as_str()) {
        return Err(bad_id());
    }
    let Written { registration, secret } = api.understand(&seen.registration, body).await?;
    within_reach(&call, &seen.registration, &registration)?;
    let secret = secret.map(|secret| client_secret_digest(&api.records_key, &seen.id, &secret));
    let wording: Wording<StoredClient> =
        Arc::new(|client| super::answer::words(StatusCode::OK, &view(client)));
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let change = ClientChange { seen, registration, secret };
    let outcome = api.clients.change_client(change, call.actor(), keep).await?;
    written(outcome, &wording, not_written)
}

/// `DELETE /clients/{id}`
async fn remove(
    State(api): State<ClientsApi>,
    Path(id): Path<String>,
    call: Call,
) -> Result<Response, Problem> {
    call.needs(Scope::ClientsWrite)?;
    let nothing = |_: &ClientId| Kept { status: 204, body: String::new() };
    let wording: Wording<ClientId> = Arc::new(nothing);
    let keep = Keep::under(call.once(), Arc::clone(&wording));
    let id = match seen(&api, &call, &id).await {
        Ok(client) => client.id,
        // Asked again under its key, a removal is answered as it was the first time.
        Err(_) if call.once().is_some() && call.structure().is_none() => {
            id.parse().map_err(|_| unknown())?
        }
        Err(problem) => return Err(problem),
    };
    let outcome = api.clients.remove_client(id, call.actor(), keep).await?;
    written(outcome, &wording, |refused| match refused {
        NotWritten::Changed => unknown(),
        NotWritten::Taken => not_written(refused),
    })
}

/// The client, if this caller may know of it.
async fn seen(api: &ClientsApi, call: &Call, id: &str) -> Result<StoredClient, Problem> {
    let id: ClientId = id.parse().map_err(|_| unknown())?;
    let client = api.clients.client(&id).await?;
    let own = |client: &StoredClient| {
        call.structure().is_none() || client.registration.structure == call.structure()
    };
    client.filter(own).ok_or_else(unknown)
}

/// A caller gives away no more than it holds: its structure, its scopes, its view.
fn within_reach(call: &Call, before: &Registration, after: &Registration) -> Result<(), Problem> {
    if call.structure().is_some() {
        call.acts_at(after.structure)?;
        let looks_around = after.effective().introspects != Introspects::Own;
        if after.structure.is_none() || looks_around {
            return Err(beyond("Ce client est lié à une structure et n'agit que là."));
        }
    }
    let (held, given) = (before.scopes(), after.scopes());
    let beyond_caller = |scope: &&str| given.has(scope) && !held.has(scope) && !call.holds(scope);
    match API_SCOPES.iter().copied().find(|scope| beyond_caller(scope)) {
        Some(scope) => {
            Err(beyond(&format!("Votre jeton n'a pas la portée {scope} : il ne peut la donner.")))
        }
        None => Ok(()),
    }
}

/// What a registration comes to.
fn view(client: &StoredClient) -> Value {
    let registration = &client.registration;
    let mut members = Map::new();
    let mut tell = |name: &str, value: Value| members.insert(name.to_owned(), value);
    tell("client_id", json!(client.id));
    tell("client_name", json!(registration.client_name));
    tell("redirect_uris", json!(registration.redirect_uris));
    tell("post_logout_redirect_uris", json!(registration.post_logout_redirect_uris));
    tell("backchannel_logout_uri", json!(registration.backchannel_logout_uri));
    tell("grant_types", json!(registration.grant_types));
    tell("scope", json!(registration.scopes()));
    tell("structure", json!(registration.structure));
    tell("enabled", json!(registration.enabled));
    tell("profile", json!(registration.profile));
    tell("userinfo_signed_response_alg", json!("none"));
    if let Value::Object(settings) = json!(registration.effective()) {
        members.extend(settings);
    }
    Value::Object(members)
}

fn with_secret(answer: Kept, secret: &Secret) -> Kept {
    match serde_json::from_str(&answer.body) {
        Ok(Value::Object(mut members)) => {
            members.insert("client_secret".to_owned(), json!(secret.expose()));
            Kept { status: answer.status, body: Value::Object(members).to_string() }
        }
        Ok(_) | Err(_) => answer,
    }
}

fn not_written(refused: NotWritten) -> Problem {
    match refused {
        NotWritten::Taken => Problem::new(
            StatusCode::CONFLICT,
            "client_id_taken",
            "Un client porte déjà ce client_id : modifiez-le par PUT, ou choisissez-en un autre.",
        ),
        NotWritten::Changed => Problem::new(
            StatusCode::CONFLICT,
            "changed_meanwhile",
            "Ce client vient d'être modifié ou supprimé : relisez-le, puis recommencez.",
        ),
    }
}

fn unknown() -> Problem {
    not_found("Client inconnu")
}

fn bad_id() -> Problem {
    Problem::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        "invalid_client_id",
        "client_id : 1 à 128 caractères ASCII visibles, sans deux-points ; celui de l'adresse pour \
         une modification.",
    )
}

fn beyond(detail: &str) -> Problem {
    Problem::new(StatusCode::FORBIDDEN, "forbidden", detail)
}
