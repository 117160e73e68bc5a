//! Act A, first half: somebody without a number, whom FranceConnect knows, asks to be registered.

use super::browser::Browser;
use super::cast::{Cast, text};
use super::page::{Attached, Page, form_of};
use super::registering::secret;
use super::story::{Story, Told, ensure};
use crate::random;

/// A picture of one pixel: what matters here is that it is a picture.
const DOCUMENT: [u8; 67] = [
    0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, 0x49, 0x48, 0x44, 0x52, 0, 0, 0,
    1, 0, 0, 0, 1, 8, 0, 0, 0, 0, 0x3a, 0x7e, 0x9b, 0x55, 0, 0, 0, 0x0a, 0x49, 0x44, 0x41, 0x54,
    0x78, 0x9c, 0x63, 0x60, 0, 0, 0, 2, 0, 1, 0x48, 0xaf, 0xa4, 0x71, 0, 0, 0, 0, 0x49, 0x45, 0x4e,
    0x44, 0xae, 0x42, 0x60, 0x82,
];

/// Who asks, with the browser in which she does.
pub(super) struct Applicant {
    pub(super) browser: Browser,
    gateway: String,
    pub(super) birth_name: String,
    pub(super) email: String,
    pub(super) mobile: String,
}

impl Applicant {
    /// Opens a page of her pre-registration.
    pub(super) async fn step(&mut self, name: &str) -> Told<Page> {
        self.browser.open(&format!("{}/portail/preenregistrement/{name}", self.gateway)).await
    }
}

pub(super) async fn play(story: &mut Story<'_>, cast: &Cast) -> Option<Applicant> {
    let mut applicant = story
        .step(
            "A.1 Le portail, FranceConnect, et retour : son identité, en lecture seule",
            arrive(cast),
        )
        .await?;
    let asking = &mut applicant;
    story
        .step("A.2 Civilité et pièce d'identité ; un faux PDF est refusé", identity(asking))
        .await?;
    story.step("A.3 Courriel et mobile, prouvés chacun par un code", contact(cast, asking)).await?;
    story
        .step("A.4 Sa situation, toutes les fautes d'un coup puis juste", post(cast, asking))
        .await?;
    story.step("A.5 La demande part ; l'établissement n'est pas prévenu", send(asking)).await?;
    Some(applicant)
}

/// Goes to FranceConnect from the portal, and comes back.
pub(super) async fn through_franceconnect(cast: &Cast, browser: &mut Browser) -> Told<Page> {
    let page = browser.open(&format!("{}/portail", cast.gateway)).await?;
    let page = browser.follow(&page, "#franceconnect").await?;
    let chosen = form_of(&page, "identifiant")?
        .fill("identifiant", "nouvelle")
        .fill("scenario", "success")
        .fill("submit", "oui");
    let page = browser.submit(chosen).await?;
    browser.submit(form_of(&page, "continuer")?.fill("continuer", "oui")).await
}

async fn arrive(cast: &Cast) -> Told<Applicant> {
    let mut browser = cast.browser();
    let page = through_franceconnect(cast, &mut browser).await?;
    let shown = page.text("identite-verifiee").ok_or_else(|| page.seen())?;
    let birth_name = page.text("nom-naissance").unwrap_or_default();
    let known = cast.franceconnect("nouvelle")?;
    let family_name = text(known, "/family_name")?;
    ensure(birth_name == family_name, || format!("le portail dit « {shown} »"))?;
    ensure(page.form("nom-naissance").is_none(), || "le nom se modifie".to_owned())?;
    let unique = random::token();
    let digits: String = unique.bytes().take(4).map(|b| char::from(b'1' + b % 9)).collect();
    Ok(Applicant {
        browser,
        gateway: cast.gateway.clone(),
        birth_name,
        email: format!("ines.{digits}@example.org"),
        mobile: format!("+3363997{digits}"),
    })
}

async fn identity(asking: &mut Applicant) -> Told<()> {
    let page = asking.step("identite").await?;
    let filled = form_of(&page, "civilite")?.fill("civilite", "MME").fill("continuer", "oui");
    let false_pdf = Attached { field: "piece", name: "piece.pdf", bytes: b"MZ\x90" };
    let page = asking.browser.submit_with(filled, &false_pdf).await?;
    let fault = page.text("faute-piece").unwrap_or_default();
    ensure(fault.contains("PDF"), || format!("un faux PDF est pris : {}", page.seen()))?;
    let filled = form_of(&page, "civilite")?.fill("civilite", "MME").fill("continuer", "oui");
    let picture = Attached { field: "piece", name: "piece.png", bytes: &DOCUMENT };
    let page = asking.browser.submit_with(filled, &picture).await?;
    ensure(page.url.path().ends_with("/contact"), || page.seen())
}

async fn contact(cast: &Cast, asking: &mut Applicant) -> Told<()> {
    let (email, mobile) = (asking.email.clone(), asking.mobile.clone());
    let typed = |page: &Page| {
        Ok::<_, String>(form_of(page, "email")?.fill("email", &email).fill("mobile", &mobile))
    };
    let page = asking.step("contact").await?;
    let page = asking.browser.submit(typed(&page)?.fill("recevoir", "oui")).await?;
    ensure(page.form("code_email").is_some(), || page.seen())?;
    let filled = typed(&page)?
        .fill("code_email", &secret(cast, &email, 6).await?)
        .fill("code_mobile", &secret(cast, &mobile, 6).await?)
        .fill("continuer", "oui");
    let page = asking.browser.submit(filled).await?;
    ensure(page.url.path().ends_with("/situation"), || page.seen())
}

async fn post(cast: &Cast, asking: &mut Applicant) -> Told<()> {
    let page = asking.step("situation").await?;
    let wrong = [("finess", "019999029"), ("profession", ""), ("continuer", "oui")];
    let page = asking.browser.submit(form_of(&page, "finess")?.fill_all(&wrong)).await?;
    let told = page.text("faute-finess").is_some() && page.text("faute-profession").is_some();
    ensure(told, || format!("les fautes ne sont pas toutes dites, {}", page.seen()))?;
    let (finess, today) = (cast.finess("tilleuls")?, cast.today().await?);
    let right = [
        ("finess", finess.as_str()),
        ("prise_de_fonction", today.as_str()),
        ("prenom_exercice", "Inès"),
        ("profession", "313"),
        ("role", "GENR11"),
        ("mode", "S"),
        ("continuer", "oui"),
    ];
    let page = asking.browser.submit(form_of(&page, "finess")?.fill_all(&right)).await?;
    ensure(page.url.path().ends_with("/recapitulatif"), || page.seen())
}

async fn send(asking: &mut Applicant) -> Told<()> {
    let page = asking.step("recapitulatif").await?;
    let page = asking.browser.submit(form_of(&page, "envoyer")?.fill("envoyer", "oui")).await?;
    let shown = page.text("etat").unwrap_or_default();
    ensure(shown == "à traiter", || format!("« {shown} », {}", page.seen()))?;
    ensure(page.text("caduque-le").is_some(), || "la page ne dit pas jusqu'à quand".to_owned())
}
