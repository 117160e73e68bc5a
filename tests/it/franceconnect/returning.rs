//! The way back: bound to one browser, good once, for a quarter of an hour.

use futures_util::future::join_all;
use passerelle::kernel::time::Span;

use super::{
    house::{House, attribute, says_no, text},
    stand_in::Calls,
};
use crate::oidc::browser::Browser;

const OVER: &str = "Cette identification n'est plus en cours";

#[tokio::test]
async fn who_comes_back_is_shown() {
    let (house, mut browser) = (House::new().await, Browser::default());
    let answer = house.come_back(&mut browser).await.is(303);
    assert_eq!(answer.location(), "/portail/preenregistrement");
    let page = house.get(&mut browser, "/portail/preenregistrement").await.is(200);
    let shown = |id: &str| text(&page, &format!("#identite-verifiee {id}")).unwrap_or_default();
    assert_eq!(shown("#nom-naissance"), "DUBOIS");
    assert_eq!(shown("#prenoms"), "Angela, Claire, Louise");
    assert_eq!(shown("#sexe"), "Féminin");
    assert_eq!(shown("#courriel"), "angela@courriel.example");
    assert!(shown("#date-naissance").starts_with("01/08/1962 (date présumée : le jour"));
    assert!(shown("#lieu-naissance").contains("75107"));
    assert_eq!(shown("#nom-usage"), "", "an empty usage name is none");
    assert!(page.text.contains("<dt>Nom de naissance</dt>"));
    assert!(!page.text.contains("<input id"), "nothing to edit");
    let expected = Calls { discovery: 1, keys: 1, token: 1, userinfo: 1 };
    assert_eq!(house.fc.calls(), expected);
}

#[tokio::test]
async fn a_place_of_birth_that_no_list_knows_is_told_in_words() {
    let (house, mut browser) = (House::new().await, Browser::default());
    house.fc.set(|script| script.userinfo.changes = serde_json::json!({"birthplace": "97999"}));
    house.come_back(&mut browser).await.is(303);
    let page = house.get(&mut browser, "/portail/preenregistrement").await.is(200);
    let place = text(&page, "#lieu-naissance");
    assert_eq!(place.as_deref(), Some("commune de code INSEE 97999 (France)"));
}

#[tokio::test]
async fn who_is_registered_already_is_told_so_before_any_form() {
    let (house, mut browser) = (House::new().await, Browser::default());
    house.come_back(&mut browser).await.is(303);
    let page = house.get(&mut browser, "/portail/preenregistrement").await.is(200);
    assert!(text(&page, "#deja").is_none() && text(&page, "#continuer").is_some());
    // The employer enters the same person meanwhile.
    house.register_dubois().await;
    let page = house.get(&mut browser, "/portail/preenregistrement").await.is(200);
    assert_eq!(attribute(&page, "#deja", "data-code").as_deref(), Some("deja_enregistre"));
    assert!(text(&page, "#deja").unwrap().contains("Donnez le vôtre à votre établissement"));
    assert_eq!(attribute(&page, "#deja a", "href").as_deref(), Some("/annuaire"));
    assert!(text(&page, "#identite-verifiee").is_some());
    assert!(text(&page, "#continuer").is_none(), "no form that would only be refused");
}

#[tokio::test]
async fn a_return_is_good_once() {
    let (house, mut browser) = (House::new().await, Browser::default());
    let trip = house.depart(&mut browser).await;
    let way_back = house.way_back(&trip);
    house.get(&mut browser, &way_back).await.is(303);
    let again = house.get(&mut browser, &way_back).await;
    says_no(&again, 400, OVER, "replayed");
    assert_eq!(house.fc.calls().token, 1);
    assert!(house.shown(&mut browser).await.is_some(), "who came back first stays");
}

#[tokio::test]
async fn of_many_returns_at_once_one_arrives() {
    let (house, mut browser) = (House::new().await, Browser::default());
    let trip = house.depart(&mut browser).await;
    let (way_back, cookies) = (house.way_back(&trip), browser.cookies());
    let tries = (0..20).map(|_| {
        let mut window = Browser::holding(&cookies);
        let (house, way_back) = (&house, &way_back);
        async move { house.get(&mut window, way_back).await.status.as_u16() }
    });
    let mut answers = join_all(tries).await;
    answers.sort_unstable();
    assert_eq!(answers[0], 303);
    assert!(answers[1..].iter().all(|status| *status == 400), "{answers:?}");
    assert_eq!(house.fc.calls().token, 1);
    assert_eq!(house.count("SELECT count(*) FROM preregistration"), 1);
}

#[tokio::test]
async fn a_return_in_another_browser_arrives_nowhere_and_spoils_nothing() {
    let (house, mut browser) = (House::new().await, Browser::default());
    let trip = house.depart(&mut browser).await;
    let way_back = house.way_back(&trip);
    let mut stranger = Browser::default();
    says_no(&house.get(&mut stranger, &way_back).await, 400, OVER, "without a cookie");
    house.depart(&mut stranger).await;
    says_no(&house.get(&mut stranger, &way_back).await, 400, OVER, "with a cookie of its own");
    assert_eq!(house.fc.calls().token, 0);
    house.fc.set(|script| script.nonce = trip.get("nonce"));
    house.get(&mut browser, &way_back).await.is(303);
}

#[tokio::test]
async fn two_tabs_do_not_hinder_one_another() {
    let (house, mut browser) = (House::new().await, Browser::default());
    let first = house.depart(&mut browser).await;
    house.depart(&mut browser).await;
    house.fc.set(|script| script.nonce = first.get("nonce"));
    house.get(&mut browser, &house.way_back(&first)).await.is(303);
}

#[tokio::test]
async fn a_return_may_take_a_quarter_of_an_hour() {
    async fn check(away: Span, status: u16) {
        let (house, mut browser) = (House::new().await, Browser::default());
        let trip = house.depart(&mut browser).await;
        house.advance(away);
        house.get(&mut browser, &house.way_back(&trip)).await.is(status);
    }
    check(Span::seconds(899), 303).await;
    check(Span::minutes(15), 400).await;
}

#[tokio::test]
async fn an_answer_of_somebody_else_is_not_ours() {
    async fn check(why: &str, iss: Option<&str>) {
        let (house, mut browser) = (House::new().await, Browser::default());
        let state = house.depart(&mut browser).await.get("state");
        let mut pairs = vec![("code", "un-code"), ("state", state.as_str())];
        pairs.extend(iss.map(|iss| ("iss", iss)));
        let answer = house.get(&mut browser, &House::way_back_with(&pairs)).await;
        says_no(&answer, 502, "Identité non vérifiée", why);
        assert_eq!(house.fc.calls().token, 0, "{why}");
    }
    check("another issuer", Some("https://fc.example/api/v2")).await;
    check("no issuer", None).await;
}

#[tokio::test]
async fn a_return_without_our_state_is_over() {
    let (house, mut browser) = (House::new().await, Browser::default());
    house.depart(&mut browser).await;
    for state in [None, Some("undefined"), Some(""), Some(&*"0".repeat(64))] {
        let mut pairs = vec![("code", "un-code"), ("iss", house.fc.issuer.as_str())];
        pairs.extend(state.map(|state| ("state", state)));
        let answer = house.get(&mut browser, &House::way_back_with(&pairs)).await;
        says_no(&answer, 400, OVER, "no state");
    }
    let twice = "/portail/franceconnect/retour?state=a&state=b";
    let answer = house.get(&mut browser, twice).await;
    says_no(&answer, 400, "Réponse de FranceConnect illisible", "two states");
    assert_eq!(house.fc.calls().token, 0);
}

#[tokio::test]
async fn what_franceconnect_says_through_the_browser_is_told() {
    let house = House::new().await;
    let check = async |error: &str, status: u16, title: &str| {
        let mut browser = Browser::default();
        let state = house.depart(&mut browser).await.get("state");
        let way_back = House::way_back_with(&[
            ("error", error),
            ("error_description", "<script>User auth aborted"),
            ("state", &state),
            ("iss", &house.fc.issuer),
        ]);
        let answer = house.get(&mut browser, &way_back).await;
        says_no(&answer, status, title, error);
        assert!(!answer.text.contains("aborted"), "a stranger's words are not shown");
        assert_eq!(house.fc.calls().token, 0);
        let answer = house.get(&mut browser, &way_back).await;
        says_no(&answer, 400, OVER, "a refusal ends the trip");
    };
    check("access_denied", 403, "Identification interrompue").await;
    check("server_error", 502, "FranceConnect a rencontré une erreur").await;
    let down = "FranceConnect est momentanément indisponible";
    check("temporarily_unavailable", 503, down).await;
    check("invalid_scope", 502, "FranceConnect a refusé notre demande").await;
    check("invalid_acr", 502, "FranceConnect a refusé notre demande").await;
    check("<b>", 502, "FranceConnect a refusé notre demande").await;
}

#[tokio::test]
async fn neither_code_nor_error_is_no_answer() {
    let (house, mut browser) = (House::new().await, Browser::default());
    let state = house.depart(&mut browser).await.get("state");
    let way_back = House::way_back_with(&[("state", &state), ("iss", &house.fc.issuer)]);
    let answer = house.get(&mut browser, &way_back).await;
    says_no(&answer, 400, "Réponse de FranceConnect illisible", "no code");
}

#[tokio::test]
async fn a_head_request_neither_begins_nor_ends_a_trip() {
    let (house, mut browser) = (House::new().await, Browser::default());
    let trip = house.depart(&mut browser).await;
    let way_back = house.way_back(&trip);
    house.send(&mut browser, "HEAD", "/portail/franceconnect", "").await.is(204);
    assert_eq!(house.count("SELECT count(*) FROM errand"), 1);
    house.send(&mut browser, "HEAD", &way_back, "").await.is(204);
    house.get(&mut browser, &way_back).await.is(303);
}

#[tokio::test]
async fn a_pre_registration_rests_half_an_hour_and_ends() {
    let (house, mut browser) = (House::new().await, Browser::default());
    house.come_back(&mut browser).await.is(303);
    for _ in 0..7 {
        house.advance(Span::minutes(29));
        assert!(house.shown(&mut browser).await.is_some());
    }
    house.advance(Span::minutes(30));
    let page = house.get(&mut browser, "/portail/preenregistrement").await.is(403);
    assert_eq!(attribute(&page, "#erreur", "data-code").as_deref(), Some("requete_expiree"));
    house.come_back(&mut browser).await.is(303);
    for _ in 0..8 {
        assert!(house.shown(&mut browser).await.is_some());
        house.advance(Span::minutes(29));
    }
    house.advance(Span::minutes(8));
    assert_eq!(house.shown(&mut browser).await, None, "four hours, however often it is seen");
    house.depart(&mut browser).await;
    house.advance(Span::hours(1));
    house.store.sweep(Span::hours(720)).await.unwrap();
    assert_eq!(house.count("SELECT count(*) FROM preregistration"), 0);
    assert_eq!(house.count("SELECT count(*) FROM errand"), 0);
}

#[tokio::test]
async fn a_browser_has_one_pre_registration_and_the_store_tells_nobody_who() {
    let (house, mut browser) = (House::new().await, Browser::default());
    house.come_back(&mut browser).await.is(303);
    let mut before = Browser::holding(&browser.cookies());
    house.come_back(&mut browser).await.is(303);
    assert_eq!(house.shown(&mut before).await, None, "replaced");
    assert!(house.shown(&mut browser).await.is_some());
    let has = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    let identity = house.bytes("SELECT identity FROM preregistration");
    assert!(!has(&identity, "DUBOIS"));
    let id_token = house.bytes("SELECT id_token FROM preregistration");
    let issued = house.fc.script.lock().unwrap().issued.clone();
    assert!(!has(&id_token, &issued[..20]));
}
