//! The parties, as the description of the world names them.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::Instant;
use url::Url;

use super::browser::Browser;
use super::story::{Told, ensure};
use crate::gateway::http_client;

/// What is told to others arrives within this time.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(100);

/// A person with her phone.
#[derive(Clone, Debug)]
pub(super) struct Person {
    pub(super) rpps: String,
    pub(super) pin: String,
    pub(super) email: String,
    pub(super) mobile: String,
}

/// Everybody's addresses.
pub(super) struct Cast {
    pub(super) http: reqwest::Client,
    pub(super) gateway: String,
    issuer: String,
    phone: String,
    world: Value,
    token: String,
}

/// What a call answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// A client that follows nothing by itself, with time for an activation.
pub(super) fn http() -> Told<reqwest::Client> {
    // Whoever was first to install a provider installed the same one.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    http_client(Duration::from_secs(40)).map_err(|error| error.to_string())
}

impl Cast {
    /// Reads the description, and takes a token for the registry's program.
    pub(super) async fn of(world: Value) -> Told<Self> {
        let at = |pointer: &str| text(&world, pointer);
        let mut cast = Self {
            http: http()?,
            gateway: at("/urls/gateway")?,
            issuer: at("/issuer")?,
            phone: at("/urls/phone")?,
            token: String::new(),
            world,
        };
        let (id, secret) =
            (text(&cast.world, "/api/client_id")?, text(&cast.world, "/api/client_secret")?);
        let form = [("grant_type", "client_credentials")];
        let answer = cast.at_issuer("token", (&id, &secret), &form).await?;
        cast.token = text(&answer.body, "/access_token")?;
        Ok(cast)
    }

    pub(super) fn browser(&self) -> Browser {
        Browser::new(&self.http)
    }

    /// Somebody of the demo's people.
    pub(super) fn person(&self, key: &str) -> Told<Person> {
        let person = self.keyed("people", key)?;
        Ok(Person {
            rpps: text(person, "/rpps")?,
            pin: text(person, "/pin")?,
            email: text(person, "/email")?,
            mobile: text(person, "/mobile")?,
        })
    }

    /// The home of a piece of software: its return address without the last step.
    pub(super) fn home(&self, key: &str) -> Told<String> {
        let back = text(self.keyed("clients", key)?, "/redirect_uris/0")?;
        let home = back.strip_suffix("/retour").map(str::to_owned);
        home.ok_or_else(|| format!("adresse de retour inattendue : {back}"))
    }

    pub(super) fn finess(&self, key: &str) -> Told<String> {
        text(self.keyed("structures", key)?, "/finess")
    }

    /// Somebody whom FranceConnect knows.
    pub(super) fn franceconnect(&self, key: &str) -> Told<&Value> {
        self.keyed("franceconnect", key)
    }

    fn keyed(&self, list: &str, key: &str) -> Told<&Value> {
        let items = self.world.get(list).and_then(Value::as_array);
        items
            .and_then(|items| items.iter().find(|item| item.get("key") == Some(&json!(key))))
            .ok_or_else(|| format!("« {key} » n'est pas dans {list}"))
    }

    /// The registry's program calls the gateway.
    pub(super) async fn api(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Told<Answer> {
        let url = format!("{}/api/v1{path}", self.gateway);
        let request = self.http.request(method, url).bearer_auth(&self.token);
        send(request, body).await
    }

    /// The same, where only success will do.
    pub(super) async fn api_ok(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Told<Value> {
        let answer = self.api(method, path, body).await?;
        ensure((200..300).contains(&answer.status), || answer.seen())?;
        Ok(answer.body)
    }

    /// Somebody without any right opens an address of the gateway.
    pub(super) async fn public(&self, path: &str) -> Told<(u16, String)> {
        let url = format!("{}{path}", self.gateway);
        let response = self.http.get(&url).send().await.map_err(|error| error.to_string())?;
        let status = response.status().as_u16();
        Ok((status, response.text().await.map_err(|error| error.to_string())?))
    }

    /// The demo's calendar goes forward.
    pub(super) async fn advance(&self, by: &str) -> Told<()> {
        let request = self.http.post(format!("{}/demo/clock", self.gateway));
        let answer = send(request, Some(&json!({"advance": by}))).await?;
        ensure(answer.status == 200, || answer.seen())
    }

    /// The day that the demo's calendar shows.
    pub(super) async fn today(&self) -> Told<String> {
        let request = self.http.get(format!("{}/demo/clock", self.gateway));
        let answer = send(request, None).await?;
        let calendar = text(&answer.body, "/calendar")?;
        Ok(calendar.chars().take(10).collect())
    }

    /// What the owner of a phone does with it.
    pub(super) async fn phone(
        &self,
        rpps: &str,
        (method, path): (Method, &str),
        body: Option<&Value>,
    ) -> Told<Answer> {
        let request = self.http.request(method, format!("{}/api/phones/{rpps}{path}", self.phone));
        send(request, body).await
    }

    /// Messages to somebody, newest first.
    pub(super) async fn messages(&self, to: &str) -> Told<Vec<Value>> {
        let url = format!("{}/api/messages", self.phone);
        let url = Url::parse_with_params(&url, [("to", to)]).map_err(|error| error.to_string())?;
        let answer = send(self.http.get(url), None).await?;
        Ok(answer.body.as_array().cloned().unwrap_or_default())
    }

    /// Another client than the one that holds the token asks whether it is good.
    pub(super) async fn introspect(&self, client: &str, token: &str) -> Told<Value> {
        let client = self.keyed("clients", client)?;
        let (id, secret) = (text(client, "/client_id")?, text(client, "/client_secret")?);
        let form = [("token", token)];
        let answer = self.at_issuer("token/introspect", (&id, &secret), &form).await?;
        ensure(answer.status == 200, || answer.seen())?;
        Ok(answer.body)
    }

    async fn at_issuer(
        &self,
        endpoint: &str,
        (id, secret): (&str, &str),
        form: &[(&str, &str)],
    ) -> Told<Answer> {
        let url = format!("{}/protocol/openid-connect/{endpoint}", self.issuer);
        send(self.http.post(url).basic_auth(id, Some(secret)).form(form), None).await
    }
}

impl Answer {
    /// In a sentence about what was answered instead.
    pub(super) fn seen(&self) -> String {
        let word = |name: &str| self.body.get(name).and_then(Value::as_str).unwrap_or_default();
        format!("réponse {} {} {}", self.status, word("code"), word("detail"))
    }

    pub(super) fn code(&self) -> &str {
        self.body.get("code").and_then(Value::as_str).unwrap_or_default()
    }
}

async fn send(request: reqwest::RequestBuilder, body: Option<&Value>) -> Told<Answer> {
    let request = match body {
        Some(body) => request.json(body),
        None => request,
    };
    let response = request.send().await.map_err(|error| error.to_string())?;
    let status = response.status().as_u16();
    let bytes = response.bytes().await.map_err(|error| error.to_string())?;
    Ok(Answer { status, body: serde_json::from_slice(&bytes).unwrap_or_default() })
}

/// The text at this place of a JSON value.
pub(super) fn text(value: &Value, pointer: &str) -> Told<String> {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.map(str::to_owned).ok_or_else(|| format!("{pointer} manque dans la réponse"))
}

/// Looks again and again, since telling others takes a moment.
pub(super) async fn eventually<T, F>(mut look: impl FnMut() -> F + Send) -> Told<T>
where
    F: Future<Output = Told<T>> + Send,
{
    let end = Instant::now() + PATIENCE;
    loop {
        match look().await {
            Ok(found) => return Ok(found),
            Err(why) if Instant::now() > end => return Err(why),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}
