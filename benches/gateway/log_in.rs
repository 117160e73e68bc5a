//! The whole way of a log-in: the browser's requests, and the phone's.

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
};
use axum::{
    body::Body,
    http::{Method, Request, header},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use passerelle::kernel::{Clock, IdNat, time::SystemClock};
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use crate::{
    house::{Answer, DUI, House, REDIRECT, send_all},
    world::{PIN, Person, World},
};

/// Logs in everybody of `people`: their codes, and the CPU seconds of the gateway. Each step is made
/// for all before the next begins, so that what browser and phone do in between is not counted.
pub(crate) async fn log_in(house: &House, world: &World, people: &[Person]) -> (Vec<String>, f64) {
    let mut spent = 0.0;
    let mut step = async |requests| {
        let (answers, seconds) = send_all(&house.router, requests).await;
        spent += seconds;
        answers
    };
    let begun = step(people.iter().map(|_| authorize(&[], None)).collect()).await;
    let browsers: Vec<Browser> = begun.iter().map(Browser::of).collect();
    step(browsers.iter().map(|browser| browser.get("/auth/connexion")).collect()).await;
    let identified = people.iter().zip(&browsers).map(|(person, browser)| browser.identify(person));
    step(identified.collect()).await;
    let waits = || browsers.iter().map(|browser| browser.get("/auth/attente")).collect();
    let pages = step(waits()).await;
    let phones: Vec<Phone<'_>> = people.iter().map(|person| Phone { world, person }).collect();
    let asked = step(phones.iter().map(Phone::ask).collect()).await;
    let approvals = phones.iter().zip(&asked).zip(&pages);
    step(approvals.map(|((phone, asked), page)| phone.approve(asked, page)).collect()).await;
    let ended = step(waits()).await;
    (ended.iter().map(|answer| answer.parameter("code")).collect(), spent)
}

/// An authorization request of the DUI, from a browser with this cookie.
pub(crate) fn authorize(more: &[(&str, &str)], cookie: Option<&str>) -> Request<Body> {
    let query = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", DUI),
            ("redirect_uri", REDIRECT),
            ("scope", "openid scope_all"),
            ("state", "0123456789abcdef"),
            ("nonce", "0123456789abcdef0123456789abcdef"),
            ("acr_values", "eidas1"),
        ])
        .extend_pairs(more)
        .finish();
    let request = Request::get(format!("/auth?{query}"));
    let request = cookie.into_iter().fold(request, |request, c| request.header(header::COOKIE, c));
    request.body(Body::empty()).unwrap()
}

struct Browser {
    cookie: String,
    login: String,
}

impl Browser {
    fn of(begun: &Answer) -> Self {
        let cookie = begun.headers.get(header::SET_COOKIE).unwrap().to_str().unwrap();
        let cookie = cookie.split_once(';').unwrap().0.to_owned();
        Self { cookie, login: begun.parameter("demande") }
    }

    fn get(&self, path: &str) -> Request<Body> {
        Request::get(format!("{path}?demande={}", self.login))
            .header(header::COOKIE, &self.cookie)
            .body(Body::empty())
            .unwrap()
    }

    fn identify(&self, person: &Person) -> Request<Body> {
        let identifier = IdNat(person.rpps).to_string();
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("demande", self.login.as_str()), ("identifier", &identifier)])
            .finish();
        Request::post("/auth/connexion")
            .header(header::COOKIE, &self.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap()
    }
}

struct Phone<'a> {
    world: &'a World,
    person: &'a Person,
}

const CHALLENGES: &str = "/device/v1/challenges";

impl Phone<'_> {
    fn ask(&self) -> Request<Body> {
        self.signed(&Method::GET, CHALLENGES, String::new())
    }

    /// The code that the page shows, and the PIN.
    fn approve(&self, asked: &Answer, page: &Answer) -> Request<Body> {
        let asked = asked.json();
        let challenge = asked.pointer("/items/0/challenge").and_then(Value::as_str).unwrap();
        let shown = page.text().split_once("id=\"code-a-comparer\">").unwrap().1;
        let code = shown.split_once('<').unwrap().0;
        let body = json!({ "code": code, "pin": PIN, "client_id": DUI }).to_string();
        self.signed(&Method::POST, &format!("{CHALLENGES}/{challenge}/approve"), body)
    }

    fn signed(&self, method: &Method, path: &str, body: String) -> Request<Body> {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let kid = self.person.device.to_string();
        let message = format!(
            "{}.{}",
            part(&json!({ "alg": "ES256", "typ": "device-proof+jwt", "kid": kid })),
            part(&json!({
                "htm": method.as_str(), "htu": path,
                "body_sha256": URL_SAFE_NO_PAD.encode(digest(&SHA256, body.as_bytes())),
                "iat": SystemClock.now().as_seconds(), "jti": Uuid::new_v4().to_string(),
            }))
        );
        let signature = self.world.phone.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .header("device-proof", format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature)))
            .body(Body::from(body))
            .unwrap()
    }
}
