//! What anybody may know.

use axum::{
    body::Body,
    http::{Request, header},
};
use passerelle::kernel::time::Span;

use super::world::{Answer, TILLEULS, World};

impl World {
    async fn look(&self, path: &str, accept: &str) -> Answer {
        let request = Request::get(path).header(header::ACCEPT, accept).body(Body::empty());
        self.send(request.unwrap()).await
    }
}

#[tokio::test]
async fn a_person_appears_after_a_day_with_what_is_public() {
    let world = World::new().await;
    let (rpps, _) = world.person("Vasseur", 1).await;
    let path = format!("/annuaire/{rpps}");
    world.advance(Span(Span::hours(24).0 - 1));
    world.look(&path, "application/json").await.problem(404, "not_found");
    let page = world.look(&path, "text/html").await.is(404);
    assert!(page.text.contains("data-code=\"annuaire_inconnu\""), "{}", page.text);
    world.advance(Span(1));
    let page = world.look(&path, "text/html,*/*").await.is(200);
    assert!(page.headers.contains_key(header::CONTENT_SECURITY_POLICY));
    let json = world.look(&path, "application/json").await.is(200);
    for shown in ["Vasseur", "Paul", "Aide-soignant", "EHPAD LES GRANDS TILLEULS", &rpps] {
        assert!(page.text.contains(shown) && json.text.contains(shown), "{shown}");
    }
    for hidden in ["1990", "2026-", "example.org", "+336", "Marie", "69266"] {
        assert!(!page.text.contains(hidden) && !json.text.contains(hidden), "{hidden}");
    }
    world.look("/annuaire/99900000038", "application/json").await.problem(404, "not_found");
}

#[tokio::test]
async fn a_search_wants_a_name_or_a_place() {
    let world = World::new().await;
    let (rpps, _) = world.person("D'Étang-Noir", 1).await;
    world.advance(Span::hours(24));
    let json = "application/json";
    for query in ["nom=d+etang", "nom=D%27%C3%89TANG&prenom=paul", &format!("finess={TILLEULS}")] {
        let found = world.look(&format!("/annuaire?{query}"), json).await.is(200);
        assert_eq!(found.at("/items/0/rpps"), rpps, "{query}");
        let page = world.look(&format!("/annuaire?{query}"), "text/html").await.is(200);
        assert!(page.text.contains(&format!("/annuaire/{rpps}")), "{query}");
    }
    let none = world.look("/annuaire?nom=etang&prenom=jean", json).await.is(200);
    assert_eq!((none.at("/items"), none.at("/next")), ("[]".into(), "null".into()));
    for query in ["", "?nom=d", "?prenom=paul", "?finess=1", "?nom=ab&nom=cd", "?nom=ab&after=1"] {
        let refused = world.look(&format!("/annuaire{query}"), json).await;
        refused.problem(400, "invalid_parameter");
    }
    world.look("/annuaire", "text/html").await.is(200);
    world.look("/annuaire?nom=d", "text/html").await.is(400);
    let page = world.look("/annuaire?nom=%3Cscript%3Ealert(1)", "text/html").await.is(200);
    assert!(!page.text.contains("<script>"), "{}", page.text);
}
