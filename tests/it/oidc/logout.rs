//! Log-out that a relying party starts, with a browser and without.

use serde_json::json;

use super::{
    browser::{Answer, Browser},
    world::{GONE, ISSUER, World},
};

fn path(query: &[(&str, &str)]) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    format!("{ISSUER}/protocol/openid-connect/logout?{query}")
}

#[track_caller]
fn shows(answer: &Answer, status: u16, mark: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    assert!(answer.text.contains(mark), "{mark}: {}", answer.text);
}

#[tokio::test]
async fn a_fitting_hint_ends_the_session_at_once_and_an_old_one_still_fits() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    let mut browser = Browser::default();
    let tokens = world.tokens(&mut browser, "dui").await;
    world.advance(passerelle::kernel::time::Span::minutes(10));
    let refresh = tokens.at("refresh_token");
    assert!(world.is_active("dui", &refresh).await);
    let hint = tokens.at("id_token");
    let query = [("id_token_hint", &*hint), ("post_logout_redirect_uri", GONE), ("state", "s&1")];
    let gone = world.get(&mut browser, &path(&query)).await.is(303);
    assert_eq!(gone.location(), format!("{GONE}&state=s%261"));
    assert!(!world.is_active("dui", &refresh).await);
    let silent = world.authorize(&mut browser, "dui", "&prompt=none").await;
    assert_eq!(silent.sent("error").as_deref(), Some("login_required"));
    // Again: nothing left to end, and nothing more is written.
    let cuts = || world.one::<u32>("SELECT count(*) FROM cut");
    assert_eq!(cuts(), 1);
    shows(&world.get(&mut browser, &path(&[("id_token_hint", &hint)])).await, 200, "deconnecte");
    assert_eq!(cuts(), 1);
}

#[tokio::test]
async fn a_server_without_a_browser_ends_the_session_of_its_hint() {
    let world = World::new().await;
    world.client("dui", json!({"state_at_logout": false})).await;
    let tokens = world.tokens(&mut Browser::default(), "dui").await;
    let hint = tokens.at("id_token");
    let form = [("id_token_hint", hint.as_str())];
    let logout = format!("{ISSUER}/protocol/openid-connect/logout");
    shows(&world.post(&mut Browser::default(), &logout, &form).await, 200, "id=\"deconnecte\"");
    assert!(!world.is_active("dui", &tokens.at("access_token")).await);
    let query = [("id_token_hint", &*hint), ("post_logout_redirect_uri", GONE), ("state", "s")];
    let gone = world.get(&mut Browser::default(), &path(&query)).await.is(303);
    assert_eq!(gone.location(), GONE, "this client does not want its state back");
}

#[tokio::test]
async fn without_a_fitting_hint_the_person_is_asked() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    let mut browser = Browser::default();
    let own = world.tokens(&mut browser, "dui").await;
    let others = world.tokens(&mut Browser::default(), "dui").await;
    let hint = others.at("id_token");
    for query in [&[][..], &[("client_id", "dui")], &[("id_token_hint", hint.as_str())]] {
        let asked = world.get(&mut browser, &path(query)).await;
        shows(&asked, 200, "id=\"confirmer-deconnexion\"");
        assert!(world.is_active("dui", &own.at("access_token")).await);
    }
    assert!(world.is_active("dui", &others.at("access_token")).await);
    let form = [("confirmer", "oui"), ("client_id", "dui"), ("post_logout_redirect_uri", GONE)];
    // Without the token of this session, or with that of another, the person is asked again.
    for token in ["", "x"] {
        let form: Vec<_> = form.into_iter().chain([("jeton", token)]).collect();
        let asked = world.post(&mut browser, "/auth/deconnexion", &form).await;
        shows(&asked, 200, "id=\"confirmer-deconnexion\"");
    }
    assert!(world.is_active("dui", &own.at("access_token")).await);
    // A form of another site comes without the cookie, and does not take it away.
    let foreign = world.post(&mut Browser::default(), "/auth/deconnexion", &form[..1]).await;
    assert!(!foreign.headers.contains_key("set-cookie"));
    let asked = world.get(&mut browser, &path(&[])).await;
    let token = asked.field("jeton").unwrap();
    let form: Vec<_> = form.into_iter().chain([("jeton", token.as_str())]).collect();
    let gone = world.post(&mut browser, "/auth/deconnexion", &form).await.is(303);
    assert_eq!(gone.location(), GONE);
    assert!(!world.is_active("dui", &own.at("access_token")).await);
    assert!(world.is_active("dui", &others.at("access_token")).await, "another session");
}

#[tokio::test]
async fn what_is_not_ours_closes_nothing() {
    let world = World::new().await;
    world.client("dui", json!({})).await;
    world.client("autre", json!({})).await;
    let mut browser = Browser::default();
    let tokens = world.tokens(&mut browser, "dui").await;
    let (hint, access) = (tokens.at("id_token"), tokens.at("access_token"));
    let forged = format!("{hint}A");
    let cases: [(&[(&str, &str)], &str); 7] = [
        (&[("id_token_hint", &forged)], "indice_deconnexion"),
        (&[("id_token_hint", &access)], "indice_deconnexion"),
        (&[("id_token_hint", "x")], "indice_deconnexion"),
        (&[("id_token_hint", &hint), ("client_id", "autre")], "indice_deconnexion"),
        (&[("post_logout_redirect_uri", GONE)], "adresse_deconnexion"),
        (
            &[("id_token_hint", &hint), ("post_logout_redirect_uri", "http://localhost:8082/fin")],
            "adresse_deconnexion",
        ),
        (&[("client_id", "nobody"), ("post_logout_redirect_uri", GONE)], "adresse_deconnexion"),
    ];
    for (query, code) in cases {
        let mark = format!("data-code=\"{code}\"");
        shows(&world.get(&mut browser, &path(query)).await, 400, &mark);
    }
    let twice = format!("{}&state=b", path(&[("id_token_hint", &hint), ("state", "a")]));
    shows(&world.get(&mut browser, &twice).await, 400, "data-code=\"requete_invalide\"");
    let request = axum::http::Request::head(path(&[("id_token_hint", &hint)]));
    world.send(request.body(axum::body::Body::empty()).unwrap()).await.is(204);
    assert!(world.is_active("dui", &access).await);
}
