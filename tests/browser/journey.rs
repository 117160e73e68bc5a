//! Logging in to care-home software with the phone in a second window, and leaving again.

use serde_json::json;
use thirtyfour::{Key, WebElement};

use super::{
    chromium::{DESK, MOBILE, Screen},
    demo::Demo,
    http::send,
    scene::{self, Seat},
    world::{Person, text},
};

#[tokio::test]
async fn on_a_desk_with_script() {
    journey(DESK).await;
}

#[tokio::test]
async fn on_a_desk_without_script() {
    journey(DESK.without_script()).await;
}

#[tokio::test]
async fn on_a_phones_width_with_script() {
    journey(MOBILE).await;
}

#[tokio::test]
async fn on_a_phones_width_without_script() {
    journey(MOBILE.without_script()).await;
}

/// The computer and the phone of somebody who works at Les Grands Tilleuls.
struct Scene {
    demo: Demo,
    seat: Seat,
    person: Person,
}

impl Scene {
    async fn play(screen: Screen, scenario: impl AsyncFnOnce(&Self)) {
        let demo = Demo::start().await;
        let person = demo.person("aide-soignante");
        let scene = Self { demo, seat: Seat::take(screen).await, person };
        scene::play(&[&scene.seat], scenario(&scene)).await;
    }

    /// From the software to the page with the code.
    async fn identify(&self, looking: bool) -> String {
        let browser = &self.seat.browser;
        self.seat.at_the_desk().await;
        browser.goto(&self.demo.at("dui-tilleuls", "/connexion")).await;
        if looking {
            browser.the("identifier").await;
            browser.look("connexion").await;
        }
        let code = self.seat.identify(&self.person).await;
        if looking {
            browser.look("code").await;
        }
        code
    }

    async fn approve(&self, code: &str, looking: bool) {
        self.seat.take_the_phone(&self.demo, &self.person).await;
        self.seat.browser.the("pin").await;
        if looking {
            self.seat.browser.look("telephone").await;
        }
        self.seat.choose(&self.person, code).await;
    }

    /// Ends the person's situation, as her employer's software does.
    async fn end_situation(&self) {
        let (id, secret) = self.demo.world.api();
        let token = format!("{}/protocol/openid-connect/token", self.demo.world.issuer());
        let form = [("grant_type", "client_credentials")];
        let request = self.demo.http.post(token).basic_auth(id, Some(secret)).form(&form);
        let token = text(&send(request).await.success()["access_token"]);
        let api = format!("{}/api/v1", self.demo.gateway());
        let person = format!("{api}/professionals/{}", self.person.rpps);
        let person = send(self.demo.http.get(person).bearer_auth(&token)).await.success();
        let situation = text(&person["situations"][0]["id"]);
        let end = self.demo.http.post(format!("{api}/situations/{situation}/end"));
        let end = end.bearer_auth(&token).json(&json!({"immediate": true}));
        send(end).await.success();
    }
}

async fn journey(screen: Screen) {
    Scene::play(screen, async |scene| the_journey(scene).await).await;
}

async fn the_journey(scene: &Scene) {
    let browser = &scene.seat.browser;
    scene.seat.at_the_desk().await;
    browser.goto(&format!("{}/", scene.demo.gateway())).await;
    browser.look("accueil").await;
    browser.goto(&scene.demo.at("dui-tilleuls", "/")).await;
    browser.look("logiciel").await;

    let code = scene.identify(true).await;
    scene.approve(&code, true).await;
    browser.the("fait").await;
    browser.look("telephone-fait").await;
    // Nobody touches the first window: it moves on by itself.
    scene.seat.at_the_desk().await;
    assert_eq!(browser.text("rpps").await, scene.person.rpps);
    browser.look("dossier").await;
    scene.seat.on_the_phone().await;
    browser.goto(&scene.demo.at("phone", "/boite")).await;
    browser.look("boite").await;
    browser.goto(&scene.demo.at("phone", "/")).await;
    browser.look("telephones").await;

    scene.seat.at_the_desk().await;
    browser.click("se-deconnecter").await;
    browser.the("deconnecte").await;
    browser.look("deconnecte").await;
    let logout = format!("{}/protocol/openid-connect/logout", scene.demo.world.issuer());
    browser.goto(&logout).await;
    browser.look("deconnexion").await;

    browser.goto(&format!("{}/auth?client_id=inconnu", scene.demo.gateway())).await;
    let code = browser.attribute("erreur", "data-code").await;
    assert_eq!(code.as_deref(), Some("client_inconnu"));
    browser.look("erreur").await;

    scene.end_situation().await;
    let code = scene.identify(false).await;
    scene.approve(&code, false).await;
    scene.seat.at_the_desk().await;
    let code = browser.attribute("erreur", "data-code").await;
    assert_eq!(code.as_deref(), Some("carte_inactive"));
    browser.look("carte-inactive").await;
    browser.check_console().await;
}

#[tokio::test]
async fn by_keyboard_alone() {
    Scene::play(DESK, async |scene| without_a_mouse(scene).await).await;
}

async fn without_a_mouse(scene: &Scene) {
    let browser = &scene.seat.browser;
    scene.seat.at_the_desk().await;
    browser.goto(&scene.demo.at("dui-tilleuls", "/")).await;
    browser.tab_to_id("se-connecter").await;
    browser.keys(Key::Enter + "").await;
    browser.the("identifier").await;
    browser.tab_to_id("identifier").await;
    browser.keys(scene.person.identifier.as_str()).await;
    browser.keys(Key::Enter + "").await;
    let code = browser.text("code-a-comparer").await;

    scene.seat.on_the_phone().await;
    browser.goto(&scene.demo.at("phone", &format!("/telephone/{}", scene.person.rpps))).await;
    browser.the("pin").await;
    browser.tab_to_id("pin").await;
    browser.keys(scene.person.pin.as_str()).await;
    let right = async |focused: &WebElement| {
        focused.attr("value").await.unwrap().as_deref() == Some(code.as_str())
    };
    browser.tab_to("the right code", right).await;
    browser.keys(Key::Enter + "").await;
    browser.the("fait").await;

    scene.seat.at_the_desk().await;
    assert_eq!(browser.text("rpps").await, scene.person.rpps);
    browser.tab_to_id("se-deconnecter").await;
    browser.keys(Key::Enter + "").await;
    browser.the("deconnecte").await;
}

#[tokio::test]
async fn whoever_gives_up_is_back_in_the_software() {
    Scene::play(MOBILE, async |scene| giving_up(scene).await).await;
}

async fn giving_up(scene: &Scene) {
    let browser = &scene.seat.browser;
    scene.identify(false).await;
    browser.click("annuler").await;
    let code = browser.attribute("erreur", "data-code").await;
    assert_eq!(code.as_deref(), Some("access_denied"));
    browser.look("abandon").await;
    assert!(!browser.has("rpps").await);
}
