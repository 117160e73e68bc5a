//! Somebody whom FranceConnect vouched for, and their browser.

use std::{
    ops::Deref,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    http::{Request, header},
};
use futures_util::stream;
use passerelle::{
    ecps::{Post, post::Undelivered},
    kernel::{PreRegistrationId, letter::Letter, random::SystemRandom, secret::Secret, time::Span},
    portal::{
        applying::{Applying, Collaborators},
        preregistration::{Opening, PreRegistration, PreRegistrations, Visits},
    },
    registry::{Nomenclature, VerifiedIdentity, verified::Presumed},
    web::{
        cookie::Cookies,
        page::Frame,
        throttle::{Limit, Throttle},
    },
};
use scraper::{Html, Selector};
use url::form_urlencoded;

use crate::{
    ground::{Ground, ask},
    oidc::browser::Answer,
};

pub(super) use crate::ground::{NOW, TILLEULS};

pub(super) const HOME: &str = "/portail/preenregistrement";

/// What left, oldest first: where to, and the words.
#[derive(Default)]
struct Remembered(Mutex<Vec<(String, String)>>);

#[async_trait::async_trait]
impl Post for Remembered {
    async fn mail(&self, letter: &Letter) -> Result<(), Undelivered> {
        self.0.lock().unwrap().push((letter.to.clone(), letter.text.clone()));
        Ok(())
    }

    async fn mail_secret(&self, to: &str, _: &str, text: &Secret) -> Result<(), Undelivered> {
        self.0.lock().unwrap().push((to.to_owned(), text.expose().to_owned()));
        Ok(())
    }

    async fn sms(&self, to: &str, text: &Secret) -> Result<(), Undelivered> {
        self.0.lock().unwrap().push((to.to_owned(), text.expose().to_owned()));
        Ok(())
    }
}

pub(super) struct World {
    post: Arc<Remembered>,
    router: Router,
    ground: Ground,
}

impl Deref for World {
    type Target = Ground;

    fn deref(&self) -> &Ground {
        &self.ground
    }
}

/// A browser with a pre-registration.
pub(super) struct Browser {
    cookie: String,
}

pub(super) fn identity(name: &str, sub: u32) -> VerifiedIdentity {
    VerifiedIdentity {
        sub: format!("sub-{sub}"),
        birth_name: name.to_owned(),
        first_names: vec!["Inès".to_owned(), "Jeanne".to_owned()],
        usage_name: None,
        sex: Some("F".to_owned()),
        birth_date: "1998-08-08".parse().unwrap(),
        presumed: Presumed::Nothing,
        birth_country: "99100".to_owned(),
        birth_commune: Some("21231".to_owned()),
        email: Some("ines@example.org".to_owned()),
        acr: "eidas1".to_owned(),
        authenticated_at: NOW,
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let ground = Ground::new();
        ground.enter_sample().await;
        let store = &ground.store;
        let post = Arc::new(Remembered::default());
        let applying = Applying::new(Collaborators {
            preregistrations: Arc::clone(store) as _,
            visits: visits(),
            applications: Arc::clone(store) as _,
            requests: Arc::clone(store) as _,
            registry: Arc::clone(store) as _,
            people: Arc::clone(store) as _,
            doors: ground.doors.clone(),
            post: Arc::clone(&post) as _,
            key: store.key(),
            random: Arc::new(SystemRandom),
            nomenclature: Arc::new(Nomenclature::shipped().unwrap()),
            frame: Frame { demo: false },
        });
        let limit = Limit {
            throttle: Arc::new(Throttle::new(0)),
            clock: ground.clock(),
            proxies: passerelle::web::origin::Proxies::default(),
            refuse: Arc::new(|_| panic!("nothing is held back here")),
        };
        let router = applying.router(&limit);
        Self { post, router, ground }
    }

    /// Somebody comes back from FranceConnect.
    pub(super) async fn arrives(&self, identity: VerifiedIdentity) -> Browser {
        let secret = Secret::mint(&SystemRandom);
        let opened_at = self.clock().now();
        let number = self.number();
        let id = PreRegistrationId(uuid::Uuid::from_u128(number.into()));
        let until = opened_at + Span::minutes(30);
        let opening = Opening {
            opened: PreRegistration { id, identity, opened_at, until },
            cookie: secret.digest(),
            id_token: Secret::received("id-token".to_owned()),
            replaces: None,
        };
        self.store.open_preregistration(opening).await.unwrap();
        let cookie = visits().hand_out(&secret).unwrap();
        let cookie = cookie.to_str().unwrap().split(';').next().unwrap().to_owned();
        Browser { cookie }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, text) = ask(&self.router, request).await;
        Answer { status: parts.status, headers: parts.headers, text }
    }

    pub(super) async fn get(&self, browser: &Browser, step: &str) -> Answer {
        let request =
            Request::get(format!("{HOME}/{step}")).header(header::COOKIE, &browser.cookie);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Fills in the form of `step`: the fields that the page has keep the values that it gives them.
    pub(super) async fn post(
        &self,
        browser: &Browser,
        step: &str,
        fields: &[(&str, &str)],
    ) -> Answer {
        let shown = match step {
            "envoyer" => self.get(browser, "recapitulatif").await,
            _ => self.get(browser, step).await,
        };
        let mut all = vec![("jeton", value(&shown.text, "jeton"))];
        all.extend(fields.iter().map(|(name, value)| (*name, (*value).to_owned())));
        self.form(browser, step, &all).await
    }

    pub(super) async fn form(
        &self,
        browser: &Browser,
        step: &str,
        fields: &[(&str, String)],
    ) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        let request = Request::post(format!("{HOME}/{step}"))
            .header(header::COOKIE, &browser.cookie)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(Body::from(body)).unwrap()).await
    }

    /// The first step, with a file of this name, announced type and content.
    pub(super) async fn identity(
        &self,
        browser: &Browser,
        fields: &[(&str, &str)],
        file: Option<(&str, &str, &[u8])>,
    ) -> Answer {
        let shown = self.get(browser, "identite?nouvelle=oui").await;
        let token = value(&shown.text, "jeton");
        let mut body = Vec::new();
        let texts = fields.iter().copied().chain([("jeton", token.as_str())]);
        for (name, value) in texts {
            body.extend_from_slice(
                format!(
                    "--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                )
                .as_bytes(),
            );
        }
        let (name, media, bytes) = file.unwrap_or(("", "application/octet-stream", b""));
        let head = format!(
            "--x\r\nContent-Disposition: form-data; name=\"piece\"; filename=\"{name}\"\r\n\
             Content-Type: {media}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n--x--\r\n");
        let request = Request::post(format!("{HOME}/identite"))
            .header(header::COOKIE, &browser.cookie)
            .header(header::CONTENT_TYPE, "multipart/form-data; boundary=x");
        let pieces: Vec<_> = body.chunks(64 << 10).map(|piece| Ok(piece.to_vec())).collect();
        let body = Body::from_stream(stream::iter(pieces as Vec<Result<_, std::io::Error>>));
        self.send(request.body(body).unwrap()).await
    }

    /// The code that was last sent to that address.
    pub(super) fn code(&self, to: &str) -> String {
        let sent = self.post.0.lock().unwrap();
        let (_, text) = sent.iter().rev().find(|(known, _)| known == to).unwrap();
        let mut words = text.split(|c: char| !c.is_alphanumeric());
        let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|c| c.is_ascii_digit());
        words.find(is_code).unwrap().to_owned()
    }

    pub(super) fn sent(&self) -> usize {
        self.post.0.lock().unwrap().len()
    }

    /// Everything but the last button.
    pub(super) async fn ready(&self, browser: &Browser, email: &str, mobile: &str) {
        let pdf = Some(("piece.pdf", "application/pdf", PDF));
        self.identity(browser, &[("civilite", "MME")], pdf).await.is(303);
        self.proven(browser, email, mobile).await;
        self.post(browser, "situation", SITUATION).await.is(303);
    }

    pub(super) async fn proven(&self, browser: &Browser, email: &str, mobile: &str) {
        let contact = [("email", email), ("mobile", mobile)];
        let asked = [&contact[..], &[("recevoir", "oui")]].concat();
        self.post(browser, "contact", &asked).await.is(303);
        let (by_mail, by_sms) = (self.code(email), self.code(mobile));
        let codes = [("code_email", &*by_mail), ("code_mobile", &*by_sms)];
        let answer = self.post(browser, "contact", &[&contact[..], &codes].concat()).await;
        assert_eq!(answer.is(303).location(), format!("{HOME}/situation"));
    }
}

pub(super) const PDF: &[u8] = include_bytes!("../../pieces/piece.pdf");
pub(super) const SITUATION: &[(&str, &str)] = &[
    ("nom_exercice", "Carbonnel"),
    ("prenom_exercice", "Jeanne"),
    ("finess", TILLEULS),
    ("prise_de_fonction", "02/11/2026"),
    ("profession", "313"),
    ("role", "GENR11"),
    ("mode", "S"),
];

fn visits() -> Visits {
    let base = "http://localhost:8080".parse().unwrap();
    Visits { cookies: Cookies::for_base(&base), rest: Span::minutes(30) }
}

/// The value of a field of the page.
pub(super) fn value(page: &str, name: &str) -> String {
    let page = Html::parse_document(page);
    let field = Selector::parse(&format!("[name={name}]")).unwrap();
    let Some(field) = page.select(&field).next() else { return String::new() };
    let chosen = Selector::parse("option[selected]").unwrap();
    let chosen = field.select(&chosen).next().and_then(|option| option.attr("value"));
    chosen.or_else(|| field.attr("value")).unwrap_or_default().to_owned()
}

/// What the page says at `#id`.
pub(super) fn text(page: &str, id: &str) -> String {
    let page = Html::parse_document(page);
    let found = Selector::parse(&format!("#{id}")).unwrap();
    let text = page.select(&found).next().map(|found| found.text().collect::<String>());
    text.unwrap_or_default().trim().to_owned()
}

/// The fields that the page finds at fault, in their order; each is told beside it and in the
/// summary, and described by it.
#[track_caller]
pub(super) fn faults(answer: &Answer) -> Vec<String> {
    let page = Html::parse_document(&answer.text);
    let all = Selector::parse("[aria-invalid=true]").unwrap();
    let fields: Vec<String> =
        page.select(&all).map(|field| field.attr("name").unwrap().to_owned()).collect();
    for name in &fields {
        assert!(!text(&answer.text, &format!("faute-{name}")).is_empty(), "{name}");
        let field = Selector::parse(&format!("#{name}")).unwrap();
        let field = page.select(&field).next().unwrap();
        assert!(field.attr("aria-describedby").unwrap().contains(&format!("faute-{name}")));
        let link = Selector::parse(&format!("#fautes a[href=\"#{name}\"]")).unwrap();
        assert!(page.select(&link).next().is_some(), "{name}");
    }
    fields
}
