//! The whole journey of the portal: from a civil identity that FranceConnect vouches for to a
//! departure that closes the page on somebody's screen.

use thirtyfour::By;
use url::Url;

use super::{
    chromium::{Chromium, DESK, MOBILE, PICTURE, Screen},
    demo::Demo,
    paper,
    scene::{Seat, play},
    world::{Person, text},
};

#[tokio::test]
async fn the_portal_on_a_desk_with_script() {
    journey(DESK).await;
}

#[tokio::test]
async fn the_portal_on_a_desk_without_script() {
    journey(DESK.without_script()).await;
}

#[tokio::test]
async fn the_portal_on_a_phones_width_with_script() {
    journey(MOBILE).await;
}

#[tokio::test]
async fn the_portal_on_a_phones_width_without_script() {
    journey(MOBILE.without_script()).await;
}

#[tokio::test]
#[ignore = "makes the pictures of the README: scripts/pictures"]
async fn pictures() {
    journey(PICTURE).await;
}

/// Two people, each before a computer of her own.
struct Scene {
    demo: Demo,
    newcomer: Seat,
    manager: Seat,
    directrice: Person,
}

async fn journey(screen: Screen) {
    let demo = Demo::start().await;
    let directrice = demo.person("directrice");
    let (newcomer, manager) = (Seat::take(screen).await, Seat::take(screen).await);
    let scene = Scene { demo, newcomer, manager, directrice };
    let acts = async {
        scene.asks().await;
        let rpps = scene.is_accepted().await;
        let nouvelle = scene.is_told(rpps).await;
        scene.activates(&nouvelle).await;
        scene.works(&nouvelle).await;
        scene.departs(&nouvelle).await;
        scene.finds_it_closed().await;
        scene.newcomer.browser.check_console().await;
        scene.manager.browser.check_console().await;
    };
    play(&[&scene.newcomer, &scene.manager], acts).await;
}

/// She asks to be registered.
impl Scene {
    async fn asks(&self) {
        let browser = &self.newcomer.browser;
        self.newcomer.at_the_desk().await;
        let card = paper::identity_card(browser).await;
        browser.goto(&format!("{}/", self.demo.gateway())).await;
        browser.look("portail-accueil").await;
        browser.follow(By::Css("a[href='/portail']")).await;
        browser.the("franceconnect").await;
        browser.look("portail-entree").await;
        self.is_identified(browser).await;
        browser.click("continuer").await;

        browser.the("piece").await;
        browser.look("portail-identite").await;
        browser.choose("civilite", "MME").await;
        browser.click("continuer").await;
        browser.the("fautes").await;
        browser.look("portail-identite-faute").await;
        browser.the("piece").await.send_keys(card.path().to_string_lossy()).await.unwrap();
        browser.click("continuer").await;

        self.proves_where_she_is_reached(browser).await;
        self.describes_her_work(browser).await;
        browser.the("envoyer").await;
        browser.look("portail-recapitulatif").await;
        browser.click("envoyer").await;
        let state = browser.attribute("demande", "data-etat").await;
        assert_eq!(state.as_deref(), Some("to_process"));
        browser.look("portail-demande").await;
    }

    async fn is_identified(&self, browser: &Chromium) {
        browser.click("franceconnect").await;
        browser.choose("identifiant", "nouvelle").await;
        browser.look("portail-franceconnect").await;
        browser.click("submit").await;
        browser.the("continuer").await;
        browser.look("portail-franceconnect-transmis").await;
        browser.click("continuer").await;
        browser.the("identite-verifiee").await;
        browser.look("portail-identite-verifiee").await;
    }

    async fn proves_where_she_is_reached(&self, browser: &Chromium) {
        let person = self.demo.person("nouvelle");
        browser.type_in("email", &person.email).await;
        browser.type_in("mobile", &person.mobile).await;
        browser.look("portail-contact").await;
        browser.click("recevoir").await;
        browser.the("code_email").await;
        browser.look("portail-contact-codes").await;
        for (field, target) in [("code_email", &person.email), ("code_mobile", &person.mobile)] {
            browser.type_in(field, &self.secret(target, 6).await).await;
        }
        browser.click("continuer").await;
    }

    async fn describes_her_work(&self, browser: &Chromium) {
        browser.the("finess").await;
        browser.look("portail-situation").await;
        browser.click("chercher").await;
        browser.the("q").await;
        browser.look("portail-etablissements").await;
        browser.follow(By::Css("a[href*='finess=019999028']")).await;
        assert_eq!(browser.the("finess").await.value().await.unwrap().unwrap(), "019999028");
        let clock = self.demo.get(&format!("{}/demo/clock", self.demo.gateway())).await.success();
        let today = text(&clock["calendar"]);
        browser.set_date("prise_de_fonction", today.split('T').next().unwrap()).await;
        browser.choose("profession", "313").await;
        browser.choose("role", "GENR11").await;
        browser.click("continuer").await;
    }

    /// The newest secret of this length that was sent to somebody.
    async fn secret(&self, to: &str, length: usize) -> String {
        let url = self.demo.at("phone", "/api/messages");
        let url = Url::parse_with_params(&url, [("to", to)]).unwrap();
        let messages = self.demo.get(url.as_str()).await.success();
        let codes = messages.as_array().unwrap().iter().flat_map(|message| {
            message["codes"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>()
        });
        let mut codes = codes.filter(|code| code.len() == length);
        codes.next().unwrap_or_else(|| panic!("no secret for {to}: {messages}"))
    }
}

/// The manager decides; two days pass; the phone becomes her means of identification.
impl Scene {
    /// Answers the RPPS number that the manager's page shows.
    async fn is_accepted(&self) -> String {
        let browser = &self.manager.browser;
        self.manager.at_the_desk().await;
        browser.goto(&format!("{}/portail/connexion", self.demo.gateway())).await;
        self.manager.log_in(&self.demo, &self.directrice).await;
        browser.follow(By::Css("nav a[href='/portail/demandes']")).await;
        browser.the("demandes").await;
        browser.look("portail-demandes").await;
        browser.follow(By::Css("#demandes a[href^='/portail/demandes/']")).await;
        browser.the("attestation").await;
        let paper = browser.first("img.document").await;
        assert_eq!(paper.prop("naturalWidth").await.unwrap().as_deref(), Some(paper::WIDTH));
        browser.look("portail-examen").await;

        browser.click("valider").await;
        let fault = browser.text("faute-attestation").await;
        assert!(!fault.is_empty());
        let described = browser.attribute("attestation", "aria-describedby").await;
        assert_eq!(described.as_deref(), Some("faute-attestation"));
        browser.look("portail-examen-faute").await;
        browser.tick("#attestation").await;
        browser.click("valider").await;
        let number = browser.first("#numero strong").await.text().await.unwrap();
        browser.look("portail-examen-valide").await;
        number
    }

    /// Her own page says so too; from here on she has a number.
    async fn is_told(&self, rpps: String) -> Person {
        let browser = &self.newcomer.browser;
        self.newcomer.at_the_desk().await;
        browser.driver.refresh().await.unwrap();
        let state = browser.attribute("demande", "data-etat").await;
        assert_eq!(state.as_deref(), Some("validated"));
        assert_eq!(browser.text("rpps").await, rpps);
        browser.look("portail-demande-validee").await;
        let known = self.demo.person("nouvelle");
        let identifier = format!("8{rpps}");
        Person { rpps, identifier, pin: "2468".to_owned(), ..known }
    }

    async fn activates(&self, nouvelle: &Person) {
        let browser = &self.newcomer.browser;
        self.demo.advance("PT48H").await;
        self.newcomer.take_the_phone(&self.demo, nouvelle).await;
        browser.type_in("identifiant", &nouvelle.identifier).await;
        browser.look("portail-telephone-neuf").await;
        browser.click("demander").await;
        browser.the("mail_secret").await;
        browser.look("portail-telephone-secrets").await;
        browser.type_in("mail_secret", &self.secret(&nouvelle.email, 8).await).await;
        browser.type_in("sms_secret", &self.secret(&nouvelle.mobile, 6).await).await;
        browser.type_in("pin", &nouvelle.pin).await;
        browser.click("activer").await;
        assert_eq!(browser.attribute("fait", "data-code").await.unwrap(), "active");
        browser.look("portail-telephone-active").await;
        browser.goto(&self.demo.at("phone", "/boite")).await;
        browser.look("portail-boite").await;
        browser.follow(By::Css("a[href^='/boite/']")).await;
        browser.first("pre").await;
        browser.look("portail-message").await;
    }

    async fn works(&self, nouvelle: &Person) {
        let (seat, browser) = (&self.newcomer, &self.newcomer.browser);
        seat.at_the_desk().await;
        browser.goto(&self.demo.at("dui-tilleuls", "/connexion")).await;
        let code = seat.identify(nouvelle).await;
        browser.look("portail-code").await;
        seat.take_the_phone(&self.demo, nouvelle).await;
        browser.the("pin").await;
        browser.look("portail-telephone").await;
        seat.choose(nouvelle, &code).await;
        seat.at_the_desk().await;
        assert_eq!(browser.text("rpps").await, nouvelle.rpps);
        browser.look("portail-dossier").await;

        browser.goto(&format!("{}/portail/moi", self.demo.gateway())).await;
        browser.the("etapes").await;
        assert_eq!(browser.text("identifiant").await, nouvelle.identifier);
        browser.look("portail-moi").await;
        browser.click("bloquer").await;
        browser.the("confirmer").await;
        browser.look("portail-bloquer").await;
        browser.goto(&self.demo.at("dui-tilleuls", "/dossier")).await;
        assert_eq!(browser.text("rpps").await, nouvelle.rpps);
    }
}

/// She leaves.
impl Scene {
    async fn departs(&self, nouvelle: &Person) {
        let browser = &self.manager.browser;
        browser.follow(By::Css("nav a[href='/portail/effectif']")).await;
        browser.the("effectif").await;
        browser.look("portail-effectif").await;
        browser.type_in("texte", &nouvelle.rpps).await;
        browser.click("filtrer").await;
        let name = format!("//tr[td[contains(., '{}')]]/th/a", nouvelle.rpps);
        browser.follow(By::XPath(name)).await;
        browser.the("titre-historique").await;
        browser.look("portail-fiche").await;
        browser.click("terminer").await;

        browser.click("apercu").await;
        browser.the("fautes").await;
        browser.look("portail-depart-faute").await;
        browser.tick("#immediat").await;
        browser.type_in("motif", "Fin de contrat").await;
        browser.look("portail-depart").await;
        browser.click("apercu").await;
        browser.the("confirmer").await;
        assert!(browser.has("ferme").await && browser.has("reste").await);
        browser.look("portail-apercu").await;
        browser.click("confirmer").await;
        let state = browser.attribute("accuse", "data-etat").await;
        assert_eq!(state.as_deref(), Some("fait"));
        // Nobody touches it: the receipt goes on by itself until each software has answered.
        browser.first("#logiciels tr[data-etat=confirmed]").await;
        browser.look("portail-accuse").await;
    }

    /// The other window, which nobody touched, opens nothing any more.
    async fn finds_it_closed(&self) {
        let browser = &self.newcomer.browser;
        self.newcomer.at_the_desk().await;
        let code = browser.attribute("erreur", "data-code").await;
        assert_eq!(code.as_deref(), Some("acces_termine"));
        assert!(!browser.has("rpps").await);
        browser.look("portail-acces-termine").await;
        browser.goto(&format!("{}/portail/moi", self.demo.gateway())).await;
        assert!(!browser.has("etapes").await);
        browser.look("portail-moi-ferme").await;
    }
}
