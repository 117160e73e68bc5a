//! The whole gateway on a temporary file, two structures, a few people, and their browsers.

use std::{collections::BTreeMap, ops::Deref, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use passerelle::{
    app::{self, Machine},
    config::{self, Sources},
    departure::{Asked, Departures, EndRequest, Mandate},
    ecps::{Cards, Decision},
    kernel::{
        Rpps, SituationId, journal::Actor, random::SystemRandom, retry::Keep, secret::Secret,
        time::Span,
    },
    oidc::{Clients, Provider, Registration, StoredClient},
    registry::habilitation::{Habilitations, Withdrawal},
};
use rusqlite::params;
use scraper::{Html, Selector};
use serde_json::{Value, json};
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::super::codes::is_documented;
use crate::ground::{BASE, Ground, ask};

pub(super) use crate::ground::{NOW, RIVE_CLAIRE, TILLEULS};

const ANYWHERE: Mandate = Mandate { structure: None, for_authority: false };

pub(super) struct World {
    router: Router,
    /// The provider, as the gateway's own: all that it knows is in the store.
    provider: Arc<Provider>,
    ground: Ground,
}

impl Deref for World {
    type Target = Ground;

    fn deref(&self) -> &Ground {
        &self.ground
    }
}

/// Somebody who works somewhere: their number and their situation.
#[derive(Clone, Debug)]
pub(super) struct Somebody {
    pub(super) rpps: Rpps,
    pub(super) situation: Uuid,
}

/// What a browser sees.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) text: String,
}

/// What one browser holds.
#[derive(Clone, Default)]
pub(super) struct Browser(BTreeMap<String, String>);

impl Browser {
    fn learn(&mut self, answer: &Answer) {
        for cookie in answer.headers.get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    fn header(&self) -> String {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        pairs.join("; ")
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    pub(super) fn put(&mut self, name: &str, value: &str) {
        self.0.insert(name.to_owned(), value.to_owned());
    }
}

impl Answer {
    #[track_caller]
    pub(super) fn is(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{} {}", self.location(), self.text);
        self
    }

    pub(super) fn location(&self) -> String {
        let value = self.headers.get(header::LOCATION).map(|value| value.to_str().unwrap());
        value.unwrap_or_default().to_owned()
    }

    /// The text of the first element that `selector` finds.
    pub(super) fn says(&self, selector: &str) -> Option<String> {
        let page = Html::parse_document(&self.text);
        let found = page.select(&Selector::parse(selector).unwrap()).next()?;
        let text: String = found.text().collect();
        Some(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// The texts of all elements that `selector` finds.
    pub(super) fn all(&self, selector: &str) -> Vec<String> {
        let page = Html::parse_document(&self.text);
        let selector = Selector::parse(selector).unwrap();
        let text = |found: scraper::ElementRef<'_>| {
            let text: String = found.text().collect();
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        page.select(&selector).map(text).collect()
    }

    pub(super) fn has(&self, selector: &str) -> bool {
        self.says(selector).is_some()
    }

    /// An attribute of the first element that `selector` finds.
    pub(super) fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let page = Html::parse_document(&self.text);
        let found = page.select(&Selector::parse(selector).unwrap()).next()?;
        found.value().attr(name).map(str::to_owned)
    }

    /// An error page of ours, with this code.
    #[track_caller]
    pub(super) fn trouble(self, status: u16, code: &str) -> Self {
        let answer = self.is(status);
        assert_eq!(answer.attribute("#erreur", "data-code").as_deref(), Some(code));
        assert!(is_documented(code), "docs/api.md does not say what {code} means");
        answer
    }

    /// The token that the forms of this page carry.
    #[track_caller]
    pub(super) fn token(&self) -> String {
        self.attribute("input[name=jeton]", "value").unwrap()
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let ground = Ground::new();
        let random = Arc::new(SystemRandom);
        let machine = Machine { clock: ground.clock(), random, metrics: None };
        let config = config::load(&Sources { demo: true, ..Sources::default() }).unwrap();
        let app = app::build(&config, Arc::clone(&ground.store), machine, None).await.unwrap();
        let provider = ground.provider().await;
        ground.enter_sample().await;
        let world = Self { router: app.router, provider, ground };
        world.client("dui-tilleuls", Some(TILLEULS)).await;
        world.client("dui-rive-claire", Some(RIVE_CLAIRE)).await;
        world.client("plateforme", None).await;
        world
    }

    async fn client(&self, id: &str, structure: Option<&str>) {
        let members = json!({
            "client_name": id,
            "redirect_uris": ["http://localhost:8082/retour"],
            "backchannel_logout_uri": "http://localhost:9/deconnexion",
            "structure": structure,
        });
        let Value::Object(members) = members else { return };
        let client = StoredClient {
            id: id.parse().unwrap(),
            registration: Registration::blank(id).change(members).unwrap().registration,
            secret: None,
        };
        self.store.enter_client(client, Actor::Operator, Keep::nothing()).await.unwrap();
    }

    /// Somebody with an employer's situation there, whose card is active.
    pub(super) fn somebody(&self, name: &str, finess: &str) -> Somebody {
        let number = self.number();
        let rpps = Rpps::from_serial(9_990_000_000 + number);
        let identity = json!({
            "civility": "MME", "birth_name": name, "first_names": ["Paule"], "sex": "F",
            "birth_date": "1990-01-02", "birth_country": "99100", "birth_commune": "69266",
            "birth_town": null,
        });
        let db = self.records();
        db.execute(
            "INSERT INTO professional VALUES (?1, ?2, ?3, NULL, ?4, ?5, ?6, ?7, NULL)",
            params![
                rpps.as_str(),
                identity.to_string(),
                format!("key {number}"),
                format!("p{number}@example.org"),
                format!("+3363998{number:04}"),
                (NOW - Span::hours(72)).0,
                Uuid::from_u128(u128::from(number)),
            ],
        )
        .unwrap();
        let device = Uuid::from_u128(500 + u128::from(number));
        db.execute(
            "INSERT INTO card (rpps, device) VALUES (?1, ?2)",
            params![rpps.as_str(), device],
        )
        .unwrap();
        let situation = self.situation(rpps, name, finess, "employer");
        Somebody { rpps, situation }
    }

    /// One more situation.
    pub(super) fn situation(&self, rpps: Rpps, name: &str, finess: &str, authority: &str) -> Uuid {
        let id = Uuid::from_u128(10_000 + u128::from(self.number()));
        self.records()
            .execute(
                "INSERT INTO situation VALUES (?1, ?2, ?3, ?4, '326', 'GENR10', 'S', '2026-01-05',
                     NULL, NULL, NULL, ?5, 'Paule', ?6)",
                params![
                    id,
                    rpps.as_str(),
                    finess,
                    authority,
                    name,
                    format!("{}|PAULE", name.to_uppercase())
                ],
            )
            .unwrap();
        id
    }

    /// A local access.
    pub(super) fn local_access(&self, rpps: Rpps, finess: &str) -> Uuid {
        let id = Uuid::from_u128(20_000 + u128::from(self.number()));
        self.records()
            .execute(
                "INSERT INTO local_access VALUES (?1, ?2, ?3, ?4, NULL, NULL)",
                params![id, rpps.as_str(), finess, NOW.0],
            )
            .unwrap();
        id
    }

    /// Somebody who works there and manages it.
    pub(super) fn manager(&self, name: &str, finess: &str) -> Somebody {
        let somebody = self.somebody(name, finess);
        self.habilitation(somebody.rpps, "gestionnaire", finess);
        somebody
    }

    pub(super) fn habilitation(&self, rpps: Rpps, kind: &str, finess: &str) {
        let id = Uuid::from_u128(30_000 + u128::from(self.number()));
        self.records()
            .execute(
                "INSERT INTO habilitation (id, rpps, kind, finess, given_at)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
                params![id, rpps.as_str(), kind, finess, NOW.0],
            )
            .unwrap();
    }

    pub(super) async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, text) = ask(&self.router, request).await;
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(super) async fn get(&self, browser: &mut Browser, path: &str) -> Answer {
        let path = path.strip_prefix(BASE).unwrap_or(path);
        let request = Request::builder().uri(path).header(header::COOKIE, browser.header());
        let answer = self.send(request.body(Body::empty()).unwrap()).await;
        browser.learn(&answer);
        answer
    }

    pub(super) async fn post(
        &self,
        browser: &mut Browser,
        path: &str,
        form: &[(&str, &str)],
    ) -> Answer {
        let request = Request::post(path)
            .header(header::COOKIE, browser.header())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let answer = self.send(request.body(Body::from(body)).unwrap()).await;
        browser.learn(&answer);
        answer
    }

    /// From our own page to the provider's, the proof, and to the address that the code goes to.
    pub(super) async fn prove(&self, browser: &mut Browser, who: Rpps, start: &str) -> String {
        let asked = self.get(browser, start).await.is(303);
        let begun = self.get(browser, &asked.location()).await.is(303);
        self.approve(browser, who, &begun).await
    }

    /// The person proves, at the page that `begun` leads to; where the code goes.
    pub(super) async fn approve(&self, browser: &mut Browser, who: Rpps, begun: &Answer) -> String {
        let at = Url::parse(&begun.location()).unwrap();
        let (_, id) = at.query_pairs().find(|(name, _)| name == "demande").unwrap();
        let known = browser.cookie("passerelle_wallet_browser").unwrap().to_owned();
        let known = Secret::received(known);
        let pending = self.provider.login(id.parse().unwrap(), Some(&known)).await.unwrap();
        let session = self.session_of(who).await;
        let concluded = self.provider.conclude(&pending, &session).await.unwrap();
        let response = self.provider.concluded(concluded);
        let headers = response.headers().clone();
        let answer = Answer { status: response.status(), headers, text: String::new() };
        browser.learn(&answer);
        answer.location()
    }

    /// A browser in which `who` is logged in to the portal.
    pub(super) async fn visitor(&self, who: Rpps) -> Browser {
        let mut browser = Browser::default();
        let back = self.prove(&mut browser, who, "/portail/connexion").await;
        self.get(&mut browser, &back).await.is(303);
        browser
    }

    /// A browser in which `who` entered software; the portal is not open in it.
    pub(super) async fn user(&self, who: Rpps, client: &str) -> Browser {
        let mut browser = Browser::default();
        let begun = self.ask(&mut browser, client).await.is(303);
        self.approve(&mut browser, who, &begun).await;
        browser
    }

    /// Asks for a code of `client`.
    pub(super) async fn ask(&self, browser: &mut Browser, client: &str) -> Answer {
        let path = format!(
            "/auth?response_type=code&client_id={client}&scope=openid&state=s\
             &redirect_uri=http%3A%2F%2Flocalhost%3A8082%2Fretour"
        );
        self.get(browser, &path).await
    }

    /// How many live grants a door would still honour is for the gate; these are the cuts.
    pub(super) fn cuts(&self) -> u32 {
        self.one("SELECT count(*) FROM cut")
    }

    /// The events of the journal whose outcome is that.
    pub(super) fn noted(&self, event: &str) -> u32 {
        self.one(&format!("SELECT count(*) FROM journal WHERE entry ->> '$.event' = '{event}'"))
    }

    /// The end of a situation, now, by somebody else.
    pub(super) async fn leave(&self, situation: Uuid) {
        let request = EndRequest {
            asked: Asked::Immediate,
            reason: None,
            by: Actor::Operator,
            mandate: ANYWHERE,
            seen: None,
        };
        let id = SituationId(situation);
        self.store.end_situation(id, request, Keep::nothing()).await.unwrap();
    }

    /// Its undoing.
    pub(super) async fn reopen(&self, situation: Uuid) {
        let id = SituationId(situation);
        let by = Actor::Operator;
        self.store.reopen_situation(id, by, ANYWHERE, Keep::nothing()).await.unwrap();
    }

    /// Security blocks a card.
    pub(super) async fn block(&self, rpps: Rpps) {
        let by = Actor::Operator;
        let blocked = Cards::decide(&*self.store, rpps, Decision::Block, by, Keep::nothing());
        blocked.await.unwrap();
    }

    /// The operator takes back what somebody holds.
    pub(super) async fn withdraw(&self, rpps: Rpps) {
        let held = self.store.habilitations_of(rpps).await.unwrap();
        let withdrawal =
            Withdrawal { id: held[0].id, structure: None, even_last: true, by: Actor::Operator };
        self.store.withdraw_habilitation(withdrawal, Keep::nothing()).await.unwrap();
    }
}
