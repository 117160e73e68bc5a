//! The way out: the session here first, then FranceConnect's.

use passerelle::kernel::time::Span;
use url::Url;

use super::{
    house::{House, attribute, text},
    stand_in::Instead,
};
use crate::oidc::browser::{Answer, Browser};

const EXIT: &str = "/portail/franceconnect/sortie";

/// Presses the log-out button.
async fn leave(house: &House, browser: &mut Browser) -> Answer {
    let page = house.get(browser, "/portail/preenregistrement").await.is(200);
    let action = attribute(&page, "#session form", "action");
    assert_eq!(action.as_deref(), Some(EXIT));
    let token = attribute(&page, "#session input[name=jeton]", "value").unwrap();
    house.send(browser, "POST", EXIT, &format!("jeton={token}")).await
}

#[tokio::test]
async fn leaving_ends_both_sessions() {
    let (house, mut browser) = (House::new().await, Browser::default());
    house.come_back(&mut browser).await.is(303);
    let mut window = Browser::holding(&browser.cookies());
    let answer = leave(&house, &mut browser).await.is(303);
    assert_eq!(house.shown(&mut window).await, None, "the session is dead, not only its cookie");
    let url = Url::parse(&answer.location()).unwrap();
    assert_eq!(url.as_str().split('?').next(), Some(&*format!("{}/session/end", house.fc.issuer)));
    let query: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    let names: Vec<_> = query.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["id_token_hint", "post_logout_redirect_uri", "state"]);
    assert_eq!(query[0].1, house.fc.script.lock().unwrap().issued);
    assert_eq!(query[1].1, format!("http://localhost:8080{EXIT}"));
    assert_eq!(query[2].1.len(), 64);
    let back = format!("{EXIT}?state={}", query[2].1);
    let page = house.get(&mut browser, &back).await.is(200);
    assert!(text(&page, "#deconnecte #deconnecte-la-bas").is_some());
    let page = house.get(&mut browser, &back).await.is(400);
    assert_eq!(attribute(&page, "#erreur", "data-code").as_deref(), Some("franceconnect"));
}

#[tokio::test]
async fn a_log_out_is_obeyed_only_from_its_own_form() {
    let (house, mut browser) = (House::new().await, Browser::default());
    house.come_back(&mut browser).await.is(303);
    for form in ["", "jeton=", "jeton=x", "autre=1"] {
        let page = house.send(&mut browser, "POST", EXIT, form).await.is(403);
        let code = attribute(&page, "#erreur", "data-code");
        assert_eq!(code.as_deref(), Some("formulaire_perime"));
    }
    assert!(house.shown(&mut browser).await.is_some(), "nothing changed");
    let mut stranger = Browser::default();
    house.come_back(&mut stranger).await.is(303);
    let page = house.get(&mut stranger, "/portail/preenregistrement").await;
    let token = attribute(&page, "input[name=jeton]", "value").unwrap();
    house.send(&mut browser, "POST", EXIT, &format!("jeton={token}")).await.is(403);
    assert!(house.shown(&mut browser).await.is_some());
}

#[tokio::test]
async fn the_session_here_ends_even_when_franceconnect_is_down() {
    let (house, mut browser) = (House::new().await, Browser::default());
    house.come_back(&mut browser).await.is(303);
    house.advance(Span::minutes(11));
    house.fc.set(|script| script.discovery_instead = Some(Instead::Breaks));
    let mut window = Browser::holding(&browser.cookies());
    let page = leave(&house, &mut browser).await.is(200);
    assert!(text(&page, "#deconnecte").is_some() && text(&page, "#deconnecte-la-bas").is_none());
    assert_eq!(house.shown(&mut window).await, None);
}

#[tokio::test]
async fn a_return_is_for_what_the_browser_went_for() {
    let (house, mut browser) = (House::new().await, Browser::default());
    house.come_back(&mut browser).await.is(303);
    let trip = house.depart(&mut browser).await;
    let path = format!("{EXIT}?state={}", trip.get("state"));
    house.get(&mut browser, &path).await.is(400);
    let out = leave(&house, &mut browser).await.is(303);
    let url = Url::parse(&out.location()).unwrap();
    let state = url.query_pairs().find(|(name, _)| name == "state").unwrap().1.into_owned();
    let way_back =
        House::way_back_with(&[("code", "un-code"), ("state", &state), ("iss", &house.fc.issuer)]);
    house.get(&mut browser, &way_back).await.is(400);
    assert_eq!(house.fc.calls().token, 1);
}

#[tokio::test]
async fn who_is_not_there_has_left() {
    let (house, mut browser) = (House::new().await, Browser::default());
    let page = house.send(&mut browser, "POST", EXIT, "jeton=x").await.is(200);
    assert!(text(&page, "#deconnecte").is_some());
}
