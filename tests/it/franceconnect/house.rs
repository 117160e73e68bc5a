//! The gateway as `serve` builds it, its clock in our hands, and a browser.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
};
use passerelle::{
    app::{self, Machine},
    config::{self, Sources},
    departure::plan,
    kernel::{
        Clock, Timestamp,
        journal::Actor,
        random::SystemRandom,
        retry::{Answered, Keep},
        seal::RecordsKey,
        time::Span,
    },
    registry::{Nomenclature, Registry, Structure, registration::Draft},
    store::sqlite::{Collaborators, Sqlite},
};
use rusqlite::Connection;
use scraper::{Html, Selector};
use serde_json::json;
use tempfile::TempDir;
use tower::ServiceExt;
use url::form_urlencoded;

use super::stand_in::{CLIENT, SECRET, StandIn};
use crate::oidc::browser::{Answer, Browser};

const NOW: Timestamp = Timestamp(1_795_269_600_000);

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

pub(super) struct House {
    pub(super) router: Router,
    pub(super) store: Arc<Sqlite>,
    pub(super) fc: Arc<StandIn>,
    clock: Arc<TestClock>,
    dir: TempDir,
}

/// A log-in on its way: what the browser carried to FranceConnect.
pub(super) struct Trip {
    pub(super) query: Vec<(String, String)>,
}

impl Trip {
    pub(super) fn get(&self, name: &str) -> String {
        let mut found = self.query.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

impl House {
    pub(super) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// With settings that differ.
    pub(super) async fn with(settings: &[(&'static str, &str)]) -> Self {
        let fc = StandIn::start(NOW).await;
        let mut command_line = vec![
            ("franceconnect.issuer", fc.issuer.clone()),
            ("franceconnect.client_id", CLIENT.to_owned()),
            ("franceconnect.client_secret", SECRET.to_owned()),
            ("franceconnect.timeout_seconds", "10".to_owned()),
            ("outbound.allow", "localhost,127.0.0.1".to_owned()),
        ];
        command_line.extend(settings.iter().map(|(key, text)| (*key, (*text).to_owned())));
        Self::build(fc, command_line).await
    }

    /// As the program is without a file of settings.
    pub(super) async fn without_franceconnect() -> Self {
        Self::build(StandIn::start(NOW).await, Vec::new()).await
    }

    async fn build(fc: Arc<StandIn>, command_line: Vec<(&'static str, String)>) -> Self {
        // Whoever was first to install a provider installed the same one.
        drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
        let dir = TempDir::new().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(NOW.0)));
        let time = || Arc::clone(&clock) as Arc<dyn Clock>;
        let config = config::load(&Sources { command_line, ..Sources::default() }).unwrap();
        let with = Collaborators {
            key: Arc::new(RecordsKey::new(&[7; 32]).unwrap()),
            clock: time(),
            random: Arc::new(SystemRandom),
            end_rule: plan,
        };
        let store = Sqlite::open(&dir.path().join("passerelle.db"), with).unwrap();
        let machine = Machine { clock: time(), random: Arc::new(SystemRandom), metrics: None };
        let app = app::build(&config, Arc::clone(&store), machine, None).await.unwrap();
        Self { router: app.router, store, fc, clock, dir }
    }

    pub(super) fn advance(&self, span: Span) {
        let now = self.clock.0.fetch_add(span.0, Ordering::SeqCst) + span.0;
        self.fc.set(|script| script.now = Timestamp(now));
    }

    pub(super) fn count(&self, sql: &str) -> i64 {
        let db = Connection::open(self.dir.path().join("passerelle.db")).unwrap();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// Every byte of one column.
    pub(super) fn bytes(&self, sql: &str) -> Vec<u8> {
        let db = Connection::open(self.dir.path().join("passerelle.db")).unwrap();
        db.query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// The employer enters the person whom the stand-in vouches for.
    pub(super) async fn register_dubois(&self) {
        let nomenclature = Arc::new(Nomenclature::shipped().unwrap());
        for sample in &nomenclature.structures {
            let structure = Structure::of_sample(sample).unwrap();
            self.store.enter_structure(structure, Actor::Operator, Keep::nothing()).await.unwrap();
        }
        let body = json!({
            "civility": "MME", "birth_name": "Dubois", "sex": "F", "birth_date": "1962-08-01",
            "first_names": ["Angela", "Claire", "Louise"], "birth_country": "99100",
            "birth_commune": "75107", "email": "a@courriel.example", "mobile": "+33639980001",
            "situation": {"finess": "019999028", "profession": "313", "role": "GENR11",
                          "mode": "S", "started_on": "2026-11-02"},
        });
        let body = body.as_object().unwrap().clone();
        let draft = Draft::read(body, nomenclature, NOW.date(), false);
        let registered = self.store.register(draft, NOW, Actor::Operator, Keep::nothing()).await;
        let registered = registered.unwrap();
        assert!(matches!(registered, Answered::Done(_)), "{registered:?}");
    }

    pub(super) async fn get(&self, browser: &mut Browser, path: &str) -> Answer {
        self.send(browser, "GET", path, "").await
    }

    pub(super) async fn send(
        &self,
        browser: &mut Browser,
        method: &str,
        path: &str,
        form: &str,
    ) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::COOKIE, browser.cookies())
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()))
            .unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        let answer = Answer { status, headers, text: String::from_utf8(body.to_vec()).unwrap() };
        browser.learn(&answer);
        answer
    }

    /// To FranceConnect: the stand-in learns the nonce, as it would.
    pub(super) async fn depart(&self, browser: &mut Browser) -> Trip {
        let answer = self.get(browser, "/portail/franceconnect").await.is(303);
        let url = url::Url::parse(&answer.location()).unwrap();
        assert_eq!(url.as_str().split('?').next(), Some(&*format!("{}/authorize", self.fc.issuer)));
        let trip = Trip { query: url.query_pairs().into_owned().collect() };
        self.fc.set(|script| script.nonce = trip.get("nonce"));
        trip
    }

    /// The way back with a code.
    pub(super) fn way_back(&self, trip: &Trip) -> String {
        Self::way_back_with(&[
            ("code", "un-code"),
            ("state", &trip.get("state")),
            ("iss", &self.fc.issuer),
        ])
    }

    pub(super) fn way_back_with(pairs: &[(&str, &str)]) -> String {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        format!("/portail/franceconnect/retour?{query}")
    }

    /// There and back.
    pub(super) async fn come_back(&self, browser: &mut Browser) -> Answer {
        let trip = self.depart(browser).await;
        self.get(browser, &self.way_back(&trip)).await
    }

    /// Who the page says came back; nothing if nobody did.
    pub(super) async fn shown(&self, browser: &mut Browser) -> Option<String> {
        let page = self.get(browser, "/portail/preenregistrement").await;
        text(&page, "#identite-verifiee #nom-naissance")
    }
}

/// The text of the first element that fits.
pub(super) fn text(page: &Answer, selector: &str) -> Option<String> {
    let html = Html::parse_document(&page.text);
    let found = html.select(&Selector::parse(selector).unwrap()).next()?;
    Some(found.text().collect::<String>().split_whitespace().collect::<Vec<_>>().join(" "))
}

pub(super) fn attribute(page: &Answer, selector: &str, name: &str) -> Option<String> {
    let html = Html::parse_document(&page.text);
    html.select(&Selector::parse(selector).unwrap()).next()?.attr(name).map(str::to_owned)
}

/// A page of ours that says that FranceConnect brought nobody, and leaves two ways on.
#[track_caller]
pub(super) fn says_no(page: &Answer, status: u16, title: &str, why: &str) {
    assert_eq!(text(page, "#erreur h1").as_deref(), Some(title), "{why}: {}", page.text);
    assert_eq!(page.status.as_u16(), status, "{why}");
    assert_eq!(attribute(page, "#erreur", "data-code").as_deref(), Some("franceconnect"), "{why}");
    let way = |id: &str| attribute(page, id, "href").unwrap_or_default();
    assert_eq!(
        (&*way("#recommencer"), &*way("#autre-moyen")),
        ("/portail/franceconnect", "/portail")
    );
    assert!(!page.headers.contains_key(header::REFRESH) && page.location().is_empty(), "{why}");
}
