//! The log-in pages, driven as a simple browser would.

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, header},
};
use serde_json::json;
use tower::ServiceExt;

use crate::{
    ecps::Device,
    kernel::{journal::Actor, retry::Keep, time::Span},
    oidc::{self, Clients, Provider, Registration, StoredClient},
    signin::{self, SignIn},
    web::{
        origin::Proxies,
        page::Frame,
        throttle::{Limit, Throttle},
    },
};

use super::{
    desk::{Desk, PIN, identifier, otp},
    *,
};

const RETURN: &str = "http://localhost:8082/retour";

/// A browser without JavaScript, with one cookie jar.
struct Browser {
    app: Router,
    cookies: Vec<(String, String)>,
}

/// What came back.
struct Page {
    status: u16,
    location: String,
    html: String,
}

impl Page {
    /// What stands between `before` and the next `"` or `<`.
    fn after(&self, before: &str) -> &str {
        let (_, rest) = self.html.split_once(before).unwrap_or_else(|| panic!("{}", self.html));
        rest.split(['"', '<']).next().unwrap()
    }

    fn error(&self) -> (u16, &str) {
        (self.status, self.after("data-code=\""))
    }

    fn fault(&self) -> &str {
        self.after("role=\"alert\">")
    }
}

impl Browser {
    async fn send(&mut self, request: axum::http::request::Builder, body: String) -> Page {
        let jar: Vec<_> = self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
        let request = request.header(header::COOKIE, jar.join("; ")).body(Body::from(body));
        let response = self.app.clone().oneshot(request.unwrap()).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let pair = cookie.to_str().unwrap().split(';').next().unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            self.cookies.push((name.to_owned(), value.to_owned()));
        }
        let location = response.headers().get(header::LOCATION).map(|l| l.to_str().unwrap());
        let location = location.unwrap_or_default().replace("http://localhost:8080", "");
        let status = response.status().as_u16();
        let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
        Page { status, location, html: String::from_utf8(bytes.to_vec()).unwrap() }
    }

    async fn get(&mut self, path: &str) -> Page {
        self.send(Request::get(path), String::new()).await
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let form = "application/x-www-form-urlencoded";
        let body = serde_urlencoded::to_string(fields).unwrap();
        self.send(Request::post(path).header(header::CONTENT_TYPE, form), body).await
    }

    /// Begins a log-in; answers its name.
    async fn start(&mut self) -> String {
        let query = serde_urlencoded::to_string([
            ("client_id", "dui"),
            ("response_type", "code"),
            ("scope", "openid scope_all"),
            ("redirect_uri", RETURN),
            ("state", "s"),
            ("prompt", "login"),
        ]);
        let page = self.get(&format!("/auth?{}", query.unwrap())).await;
        let (to, demande) = page.location.split_once("?demande=").unwrap();
        assert_eq!((page.status, to), (303, "/auth/connexion"), "{}", page.html);
        demande.to_owned()
    }

    /// Gives the identifier; answers the address of the page that waits.
    async fn identify(&mut self, demande: &str) -> String {
        let fields = [("demande", demande), ("identifier", &identifier()), ("submit", "oui")];
        let page = self.post("/auth/connexion", &fields).await;
        assert_eq!(page.status, 303, "{}", page.html);
        page.location
    }
}

async fn browser(desk: &Desk, per_minute: u32) -> Browser {
    let world = &desk.world;
    let members = json!({
        "redirect_uris": [RETURN], "scope": "openid scope_all", "structure": TILLEULS,
        "client_name": "DUI <Les Tilleuls>",
    });
    let members = members.as_object().unwrap().clone();
    let registration = Registration::blank("dui").change(members).unwrap().registration;
    let client = StoredClient { id: "dui".parse().unwrap(), registration, secret: None };
    world.store.enter_client(client, Actor::Operator, Keep::nothing()).await.unwrap();
    let (store, clock) = (&world.store, Arc::clone(&world.clock) as Arc<dyn Clock>);
    let frame = Frame { demo: true };
    let base: url::Url = "http://localhost:8080".parse().unwrap();
    let provider = Provider::open(oidc::Collaborators {
        settings: oidc::Settings::at(base.clone(), base, frame),
        doors: desk.doors.clone(),
        clock: Arc::clone(&clock),
        random: Arc::new(SystemRandom),
        records_key: Arc::new(RecordsKey::new(&[7; 32]).unwrap()),
        clients: Arc::clone(store) as _,
        sessions: Arc::clone(store) as _,
        logins: Arc::clone(store) as _,
        grants: Arc::clone(store) as _,
        subjects: Arc::clone(store) as _,
        key_store: Arc::clone(store) as _,
    });
    let provider = provider.await.unwrap();
    let limit = Limit {
        throttle: Arc::new(Throttle::new(per_minute)),
        clock,
        proxies: Proxies::default(),
        refuse: Arc::new(move |_| signin::too_many(frame)),
    };
    let ecps = desk.ecps.clone();
    let pages = SignIn::new(signin::Collaborators { provider: Arc::clone(&provider), ecps, frame });
    let app = oidc::router(provider).merge(signin::router(pages, &limit));
    Browser { app, cookies: Vec::new() }
}

async fn approve(desk: &Desk, device: &Device, page: &Page) {
    let waiting = desk.ecps.pending(device, desk.now().await).await.unwrap();
    let challenge = waiting.first().unwrap();
    assert_eq!(page.after("id=\"code-a-comparer\">"), challenge.codes.shown);
    desk.approve(device, challenge, PIN).await.unwrap();
}

#[tokio::test]
async fn a_person_logs_in_with_the_phone_and_without_javascript() {
    let desk = Desk::new().await;
    let (device, _) = desk.activate().await;
    let mut tab = browser(&desk, 0).await;
    let demande = tab.start().await;
    let form = tab.get(&format!("/auth/connexion?demande={demande}")).await;
    for field in ["identifier", "otp", "submit", "annuler"] {
        assert!(form.html.contains(&format!("id=\"{field}\" name=\"{field}\"")), "{field}");
    }
    assert!(form.html.contains("DUI &#60;Les Tilleuls&#62;") && form.html.contains("lang=\"fr\""));
    let wait = tab.identify(&demande).await;
    let page = tab.get(&wait).await;
    assert!(page.html.contains("<meta http-equiv=\"refresh\" content=\"2\">"));
    let state = wait.replace("attente?", "attente/etat?");
    assert_eq!(tab.get(&state).await.html, "waiting");
    approve(&desk, &device, &page).await;
    assert_eq!(tab.get(&state).await.html, "answered");
    let head = tab.send(Request::head(&wait), String::new()).await;
    assert_eq!(head.status, 204, "a HEAD request concludes nothing");
    let back = tab.get(&wait).await;
    assert_eq!(back.status, 303);
    assert!(back.location.starts_with(&format!("{RETURN}?code=")), "{}", back.location);
    assert_eq!(tab.get(&wait).await.error(), (400, "requete_expiree"), "concluded once");
}

#[tokio::test]
async fn the_pages_say_the_same_to_everybody_until_a_proof_is_made() {
    let desk = Desk::new().await;
    desk.activate().await;
    let mut tab = browser(&desk, 0).await;
    let demande = tab.start().await;
    let typed = async |tab: &mut Browser, identifier: &str, otp: &str| {
        let fields = [("demande", demande.as_str()), ("identifier", identifier), ("otp", otp)];
        tab.post("/auth/connexion", &fields).await
    };
    let eleven = rpps(1).to_string();
    let nobody = format!("8{}", rpps(2));
    assert_eq!(
        typed(&mut tab, &eleven, "").await.fault(),
        "Ajoutez le 8 devant vos onze chiffres."
    );
    assert_eq!(typed(&mut tab, " ", "").await.fault(), "Saisissez votre identifiant.");
    let wrong = typed(&mut tab, &identifier(), "000000").await;
    assert_eq!(wrong.fault(), "Identifiant ou code incorrect.");
    for (who, code) in [(nobody.as_str(), "000000"), ("x", "000000"), (&identifier(), "12")] {
        let page = typed(&mut tab, who, code).await;
        assert_eq!((page.status, page.fault()), (wrong.status, wrong.fault()), "{who}");
    }
    for who in [nobody.as_str(), "nonsense", &identifier()] {
        let page = typed(&mut tab, who, "").await;
        assert_eq!(page.status, 303, "{who}");
        assert_eq!(tab.get(&page.location).await.after("id=\"code-a-comparer\">").len(), 2);
    }
}

#[tokio::test]
async fn a_one_time_code_does_it_before_or_while_the_page_waits() {
    let desk = Desk::new().await;
    let (device, seed) = desk.activate().await;
    let mut tab = browser(&desk, 0).await;
    let demande = tab.start().await;
    let code = otp(&seed, PIN, desk.world.clock.now());
    let (who, now) = (identifier(), code.expose());
    let fields = [("demande", demande.as_str()), ("identifier", who.as_str()), ("otp", now)];
    let page = tab.post("/auth/connexion", &fields).await;
    assert!(page.location.starts_with(&format!("{RETURN}?code=")), "{}", page.html);

    let demande = tab.start().await;
    let wait = tab.identify(&demande).await;
    let calm = tab.get(&format!("{wait}&saisie=otp")).await;
    assert!(!calm.html.contains("http-equiv"), "no reload while somebody types");
    let fields = [("demande", demande.as_str()), ("otp", now)];
    let used = tab.post("/auth/attente", &fields).await;
    assert_eq!((used.status, used.fault()), (200, "Identifiant ou code incorrect."));
    assert!(!used.html.contains("http-equiv"));
    desk.world.advance(30_000);
    let code = otp(&seed, PIN, desk.world.clock.now());
    let fields = [("demande", demande.as_str()), ("otp", code.expose())];
    let page = tab.post("/auth/attente", &fields).await;
    assert!(page.location.starts_with(&format!("{RETURN}?code=")), "{}", page.html);
    let waiting = desk.ecps.pending(&device, desk.now().await).await.unwrap();
    assert!(waiting.is_empty(), "the phone need not ask any more");
}

#[tokio::test]
async fn a_log_in_that_ends_badly_says_why_and_how_to_go_on() {
    let desk = Desk::new().await;
    let (device, _) = desk.activate().await;
    let mut tab = browser(&desk, 0).await;

    let demande = tab.start().await;
    let wait = tab.identify(&demande).await;
    let now = desk.now().await;
    let waiting = desk.ecps.pending(&device, now).await.unwrap();
    desk.ecps.deny(&device, waiting[0].id, now).await.unwrap();
    let denied = tab.get(&wait).await;
    assert_eq!(denied.error(), (403, "demande_refusee"));
    let again = denied.after("id=\"recommencer\" class=\"button\" href=\"").to_owned();
    assert_eq!(tab.get(&again).await.status, 200);
    let wait = tab.identify(&demande).await;
    desk.world.advance(Span::minutes(2).0);
    assert_eq!(tab.get(&wait).await.error(), (410, "requete_expiree"));
    let page = tab.post("/auth/attente", &[("demande", &demande), ("annuler", "oui")]).await;
    assert!(page.location.starts_with(&format!("{RETURN}?error=access_denied")));
    assert_eq!(tab.get(&wait).await.error(), (400, "requete_expiree"));

    let demande = tab.start().await;
    let wait = tab.identify(&demande).await;
    let page = tab.get(&wait).await;
    approve(&desk, &device, &page).await;
    desk.leave().await;
    assert_eq!(tab.get(&wait).await.error(), (410, "requete_expiree"), "cut after the approval");
    let wait = tab.identify(&demande).await;
    let waiting = desk.ecps.pending(&device, desk.now().await).await.unwrap();
    desk.approve(&device, &waiting[0], PIN).await.unwrap_err();
    let told = tab.get(&wait).await;
    assert_eq!(told.error(), (403, "carte_inactive"));
    assert!(told.after("href=\"http").contains("error=access_denied"), "{}", told.html);
}

#[tokio::test]
async fn a_log_in_belongs_to_one_browser_and_forms_are_read_strictly() {
    let desk = Desk::new().await;
    let mut tab = browser(&desk, 0).await;
    let demande = tab.start().await;
    let mut other = Browser { app: tab.app.clone(), cookies: Vec::new() };
    let form = format!("/auth/connexion?demande={demande}");
    assert_eq!(other.get(&form).await.error(), (400, "requete_expiree"));
    other.start().await;
    assert_eq!(other.get(&form).await.error(), (400, "requete_expiree"));
    let fields = [("demande", demande.as_str()), ("annuler", "oui")];
    assert_eq!(other.post("/auth/connexion", &fields).await.error(), (400, "requete_expiree"));
    assert_eq!(tab.get(&form).await.status, 200, "a stranger's form ended nothing");

    let twice = [("demande", demande.as_str()), ("identifier", "1"), ("identifier", "2")];
    assert_eq!(tab.post("/auth/connexion", &twice).await.error(), (400, "requete_invalide"));
    let plain = Request::post("/auth/connexion").header(header::CONTENT_TYPE, "text/plain");
    let page = tab.send(plain, format!("demande={demande}")).await;
    assert_eq!(page.error(), (400, "requete_invalide"));
    assert_eq!(tab.get("/auth/connexion").await.error(), (400, "requete_expiree"));
    let early = tab.get(&format!("/auth/attente?demande={demande}")).await;
    assert_eq!(early.location, form, "nothing waits yet");
}

#[tokio::test]
async fn too_many_tries_from_one_address_are_held_back() {
    let desk = Desk::new().await;
    let mut tab = browser(&desk, 2).await;
    let demande = tab.start().await;
    let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 1));
    let app = tab.app.clone();
    let from_peer = axum::Extension(axum::extract::ConnectInfo(peer));
    tab.app = app.layer(from_peer);
    let fields = [("demande", demande.as_str()), ("identifier", "1")];
    for expected in [303, 303, 429] {
        assert_eq!(tab.post("/auth/connexion", &fields).await.status, expected);
    }
    let form = format!("/auth/connexion?demande={demande}");
    assert_eq!(tab.get(&form).await.status, 200, "looking is free");
    desk.world.advance(Span::minutes(1).0);
    assert_eq!(tab.post("/auth/connexion", &fields).await.status, 303);
}
