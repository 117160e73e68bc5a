//! A program of the API: it may do everything, with a token of its own.

use serde_json::{Value, json};

use super::{
    demo::Demo,
    http::{Answer, send},
    world::text,
};

/// A program that holds a token with every scope.
#[derive(Clone)]
pub(crate) struct Api {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Api {
    pub(crate) async fn of(demo: &Demo) -> Self {
        let (id, secret) = demo.world.api();
        let url = format!("{}/protocol/openid-connect/token", demo.world.issuer());
        let form = [("grant_type", "client_credentials")];
        let request = demo.http.post(url).basic_auth(id, Some(secret)).form(&form);
        let token = text(&send(request).await.success()["access_token"]);
        Self { http: demo.http.clone(), base: format!("{}/api/v1", demo.gateway()), token }
    }

    fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, format!("{}{path}", self.base)).bearer_auth(&self.token)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(reqwest::Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        send(self.request(reqwest::Method::POST, path).json(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        send(self.request(reqwest::Method::PUT, path).json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        send(self.request(reqwest::Method::DELETE, path)).await
    }

    /// A write that may be asked again.
    pub(crate) async fn post_once(&self, key: &str, path: &str, body: &Value) -> Answer {
        let request = self.request(reqwest::Method::POST, path);
        send(request.header("idempotency-key", key).json(body)).await
    }

    /// A body of one's own, whatever it is.
    pub(crate) async fn post_text(&self, path: &str, kind: &str, body: &str) -> Answer {
        let request = self.request(reqwest::Method::POST, path).header("content-type", kind);
        // A body that nobody wants is not read to its end: the connection is of no use afterwards.
        send(request.header("connection", "close").body(body.to_owned())).await
    }

    /// The token itself, for requests that are made otherwise.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    pub(crate) async fn person(&self, rpps: &str) -> Value {
        self.get(&format!("/professionals/{rpps}")).await.success()
    }

    /// The state of somebody's card, in one word.
    pub(crate) async fn card(&self, rpps: &str) -> String {
        let person = self.person(rpps).await;
        let card = &person["card"];
        text(card.get("state").unwrap_or(card))
    }

    /// The identifier of somebody's situation at a structure, the newest if there are several.
    pub(crate) async fn situation(&self, rpps: &str, finess: &str) -> String {
        let person = self.person(rpps).await;
        let situations = person["situations"].as_array().cloned().unwrap_or_default();
        let here = |situation: &&Value| situation["finess"] == finess;
        let found = situations.iter().filter(here).max_by_key(|situation| text(&situation["id"]));
        text(&found.unwrap_or_else(|| panic!("no situation at {finess}: {person}"))["id"])
    }

    /// Ends a situation with immediate effect; answers the departure's identifier.
    pub(crate) async fn end_now(&self, situation: &str) -> String {
        let path = format!("/situations/{situation}/end");
        let answer = self.post(&path, &json!({"immediate": true})).await.success();
        departure_in(&answer)
    }

    pub(crate) async fn reopen(&self, situation: &str) {
        self.post(&format!("/situations/{situation}/reopen"), &json!({})).await.success();
    }

    /// The lines of a departure's ledger.
    pub(crate) async fn ledger(&self, departure: &str) -> Vec<Value> {
        let answer = self.get(&format!("/departures/{departure}")).await.success();
        answer["relying_parties"]
            .as_array()
            .cloned()
            .unwrap_or_else(|| panic!("no ledger: {answer}"))
    }

    /// Asks for the ledger until it satisfies, a bounded number of times.
    pub(crate) async fn ledger_until(
        &self,
        departure: &str,
        satisfies: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        let mut ledger = Vec::new();
        for _ in 0..LOOKS {
            ledger = self.ledger(departure).await;
            if satisfies(&ledger) {
                return ledger;
            }
            tokio::task::yield_now().await;
        }
        panic!("asked {LOOKS} times, the ledger still says {ledger:?}");
    }
}

/// How often a ledger is looked at: each look takes the gateway's own time.
const LOOKS: u32 = 30_000;

/// The departure's identifier in the answer to an end: an object, or the identifier alone.
pub(crate) fn departure_in(answer: &Value) -> String {
    let departure = &answer["departure"];
    let id = text(departure.get("id").unwrap_or(departure));
    assert!(!id.is_empty(), "no departure in {answer}");
    id
}

/// Whether there is at least one line, and each is in this state.
pub(crate) fn all_in(state: &str) -> impl Fn(&[Value]) -> bool {
    move |ledger| !ledger.is_empty() && ledger.iter().all(|line| line["state"] == state)
}
