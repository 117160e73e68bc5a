//! Coming in through the authorization endpoint, and going out.

use passerelle::kernel::time::Span;

use super::world::{Browser, RIVE_CLAIRE, TILLEULS, World};

#[tokio::test]
async fn a_page_sends_to_the_log_in_and_the_log_in_comes_back_to_it() {
    let world = World::new().await;
    let who = world.manager("Vasseur", TILLEULS);
    let mut browser = Browser::default();
    let sent = world.get(&mut browser, "/portail/effectif").await.is(303);
    assert_eq!(sent.location(), "/portail/connexion?vers=%2Fportail%2Feffectif");
    let back = world.prove(&mut browser, who.rpps, &sent.location()).await;
    assert!(back.starts_with("http://localhost:8080/portail/connexion/retour?code="), "{back}");
    let welcomed = world.get(&mut browser, &back).await.is(303);
    assert_eq!(welcomed.location(), "/portail/effectif");
    world.get(&mut browser, "/portail/effectif").await.is(200);
    // No token is made on the way: the cookie names a grant, and is of no use elsewhere.
    let cookie = browser.cookie("passerelle_portail").unwrap();
    assert!(!cookie.contains('.'), "{cookie}");
    assert_eq!(world.one::<u32>("SELECT count(*) FROM grant_ WHERE client = 'portail'"), 1);
}

#[tokio::test]
async fn a_return_is_good_once_and_in_its_own_browser() {
    let world = World::new().await;
    let who = world.somebody("Vasseur", TILLEULS);
    let mut browser = Browser::default();
    let back = world.prove(&mut browser, who.rpps, "/portail/connexion").await;
    let mut thief = Browser::default();
    world.get(&mut thief, "/portail/connexion").await.is(303);
    world.get(&mut thief, &back).await.trouble(400, "requete_expiree");
    assert!(thief.cookie("passerelle_portail").is_none());
    let altered = back.replace("state=", "state=x");
    let mut twin = browser.clone();
    world.get(&mut twin, &altered).await.trouble(400, "requete_expiree");
    let before = browser.clone();
    world.get(&mut browser, &back).await.is(303);
    world.get(&mut browser, "/portail/moi").await.is(200);
    // The cookie of the log-in was taken back; put back by hand, the code is a replay: it cuts.
    world.get(&mut browser, &back).await.trouble(400, "requete_expiree");
    let mut again = before;
    world.get(&mut again, &back).await.trouble(400, "requete_expiree");
    world.get(&mut browser, "/portail/moi").await.trouble(403, "session_terminee");
}

#[tokio::test]
async fn a_refusal_and_a_head_request_open_nothing() {
    let world = World::new().await;
    let who = world.somebody("Vasseur", TILLEULS);
    let mut browser = Browser::default();
    let back = world.prove(&mut browser, who.rpps, "/portail/connexion").await;
    let state = back.split("state=").nth(1).unwrap();
    let head = axum::http::Request::head(back.strip_prefix("http://localhost:8080").unwrap());
    world.send(head.body(axum::body::Body::empty()).unwrap()).await.is(204);
    let mut twin = browser.clone();
    let refused = format!("/portail/connexion/retour?error=access_denied&state={state}");
    world.get(&mut twin, &refused).await.trouble(403, "acces_refuse");
    world.get(&mut browser, &back).await.is(303);
}

#[tokio::test]
async fn the_built_in_client_is_nobody_elses() {
    let world = World::new().await;
    let who = world.somebody("Vasseur", TILLEULS);
    let mut browser = Browser::default();
    let back = world.prove(&mut browser, who.rpps, "/portail/connexion").await;
    let code = back.split("code=").nth(1).unwrap().split('&').next().unwrap();
    let token = "/auth/realms/esante-wallet/protocol/openid-connect/token";
    for secret in ["", "x"] {
        let form = [
            ("grant_type", "authorization_code"),
            ("client_id", "portail"),
            ("client_secret", secret),
            ("code", code),
            ("redirect_uri", "http://localhost:8080/portail/connexion/retour"),
        ];
        let refused = world.post(&mut Browser::default(), token, &form).await;
        assert_eq!(refused.status.as_u16(), 401, "{}", refused.text);
    }
    world.get(&mut browser, &back).await.is(303);
}

#[tokio::test]
async fn a_session_that_is_over_opens_nothing_and_says_why() {
    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert!(text.contains(expected), "{expected}: {text}");
    }
    let world = World::new().await;
    let who = world.somebody("Vasseur", TILLEULS);
    let browser = world.visitor(who.rpps).await;
    // A page within the rest of half an hour keeps it open, up to four hours.
    let mut lively = browser.clone();
    for _ in 0..9 {
        world.advance(Span::minutes(25));
        world.get(&mut lively, "/portail/moi").await.is(200);
    }
    let rested = world.get(&mut browser.clone(), "/portail/moi").await;
    check(&rested.trouble(403, "session_terminee").text, "depuis trop longtemps");
    world.advance(Span::minutes(20));
    let expired = world.get(&mut lively, "/portail/moi").await;
    check(&expired.trouble(403, "session_terminee").text, "quatre heures");
    // The cookie is taken back: the next click leads to the log-in.
    let sent = world.get(&mut lively, "/portail/moi").await.is(303);
    assert_eq!(sent.location(), "/portail/connexion");
}

#[tokio::test]
async fn whatever_cuts_the_person_shuts_every_page() {
    let world = World::new().await;
    let manager = world.manager("Vasseur", TILLEULS);
    let other = world.situation(manager.rpps, "Vasseur", RIVE_CLAIRE, "employer");
    let browser = world.visitor(manager.rpps).await;
    let pages = [
        "/portail/moi".to_owned(),
        "/portail/effectif".to_owned(),
        "/portail/moi/e-cps/bloquer".to_owned(),
        format!("/portail/situations/{}", manager.situation),
        format!("/portail/situations/{}/depart", manager.situation),
    ];
    for page in &pages {
        world.get(&mut browser.clone(), page).await.is(200);
    }
    world.block(manager.rpps).await;
    for page in &pages {
        world.get(&mut browser.clone(), page).await.trouble(403, "session_terminee");
    }
    let token = [("jeton", "x"), ("immediat", "oui")];
    let path = format!("/portail/situations/{other}/depart/confirmer");
    world.post(&mut browser.clone(), &path, &token).await.trouble(403, "session_terminee");
    assert_eq!(world.one::<u32>("SELECT count(*) FROM departure"), 0);
}

#[tokio::test]
async fn logging_out_ends_the_session_everywhere() {
    let world = World::new().await;
    let who = world.somebody("Vasseur", TILLEULS);
    let mut browser = world.visitor(who.rpps).await;
    let held = browser.clone();
    // The same session, silently, in software.
    let silent = world.ask(&mut browser, "dui-tilleuls").await.is(303);
    assert!(silent.location().contains("code="), "{}", silent.location());
    let page = world.get(&mut browser, "/portail/moi").await.is(200);
    world.post(&mut browser, "/portail/deconnexion", &[]).await.trouble(403, "formulaire_perime");
    let form = [("jeton", page.token())];
    let form: Vec<_> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let out = world.post(&mut browser, "/portail/deconnexion", &form).await.is(303);
    assert!(world.get(&mut browser, &out.location()).await.is(200).has("#deconnecte"));
    world.get(&mut held.clone(), "/portail/moi").await.trouble(403, "session_terminee");
    let asked = world.ask(&mut browser, "dui-tilleuls").await.is(303);
    assert!(asked.location().contains("/auth/connexion"), "a new proof is wanted");
}
