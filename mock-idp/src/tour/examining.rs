//! Act A, second half: her manager finds the request, compares, and decides.

use reqwest::Method;
use serde_json::json;

use super::applying::{Applicant, through_franceconnect};
use super::browser::Browser;
use super::cast::{Cast, Person, eventually, text};
use super::page::{Page, form_of};
use super::proving::{choose, identify, log_in, look};
use super::story::{Story, Told, ensure};

const PIN: &str = "2580";

/// The manager at her desk, and the professional whom she validated.
pub(super) struct Validated {
    pub(super) desk: Browser,
    pub(super) person: Person,
    pub(super) asking: Applicant,
    /// Her own browser, logged in to the software of her structure.
    pub(super) browser: Browser,
    /// The page of it that is open.
    pub(super) open: Page,
}

pub(super) async fn play(
    story: &mut Story<'_>,
    cast: &Cast,
    mut asking: Applicant,
) -> Option<Validated> {
    let mut desk = story
        .step(
            "A.6 La directrice entre par notre fournisseur, avec sa propre e-CPS",
            enter(cast, "directrice"),
        )
        .await?;
    let request = story
        .step(
            "A.7 Elle trouve la demande et la pièce ; sans attestation, rien n'est validé",
            examine(cast, &mut desk, &asking),
        )
        .await?;
    let person = story
        .step(
            "A.8 Elle valide : le numéro RPPS est attribué",
            validate(&mut desk, request, &asking),
        )
        .await?;
    story
        .step(
            "A.9 Le numéro arrive par courriel ; un compte à rebours mène à l'e-CPS",
            waits(cast, &mut asking, &person),
        )
        .await;
    story.step("A.10 T+48 h : elle active son e-CPS", activate(cast, &person)).await?;
    let (browser, open) =
        story.step("A.11 Elle entre dans le DUI de sa structure", at_work(cast, &person)).await?;
    story.step("A.12 Son espace : numéro, étapes, situation", own_page(cast, &person)).await;
    Some(Validated { desk, person, asking, browser, open })
}

/// Logs in to the portal with the phone.
pub(super) async fn log_in_to_portal(cast: &Cast, person: &Person) -> Told<(Browser, Page)> {
    let mut browser = cast.browser();
    let start = format!("{}/portail/connexion", cast.gateway);
    let waiting = identify(&mut browser, &start, person).await?;
    let shown = look(cast, person, &waiting.code).await?;
    let answer = choose(cast, person, &shown, (&waiting.code, &person.pin)).await?;
    ensure(answer.status == 200, || answer.seen())?;
    let there =
        |page: &Page| page.url.path().starts_with("/portail/") || page.error_code().is_some();
    let page = browser.wait(waiting.page, there).await?;
    ensure(page.text("connecte").is_some(), || page.seen())?;
    Ok((browser, page))
}

async fn enter(cast: &Cast, key: &str) -> Told<Browser> {
    let (browser, page) = log_in_to_portal(cast, &cast.person(key)?).await?;
    ensure(page.link("nav a[href='/portail/demandes']").is_some(), || page.seen())?;
    Ok(browser)
}

async fn examine(cast: &Cast, desk: &mut Browser, asking: &Applicant) -> Told<Page> {
    let told = cast.messages(&cast.person("directrice")?.email).await?;
    let told = told.iter().any(|mail| mail.to_string().contains(&asking.birth_name));
    ensure(!told, || "la directrice a reçu un courriel".to_owned())?;
    let list = desk.open(&format!("{}/portail/demandes", cast.gateway)).await?;
    let request = list.link_of(&asking.birth_name, "/portail/demandes/");
    let request = request.ok_or_else(|| format!("la demande n'y est pas, {}", list.seen()))?;
    let page = desk.open(request.as_str()).await?;
    let document = desk.follow(&page, "#piece").await?;
    ensure(document.status == 200, || document.seen())?;
    let unattested = form_of(&page, "attestation")?.fill("valider", "oui");
    let page = desk.submit(unattested).await?;
    let fault = page.text("faute-attestation").unwrap_or_default();
    ensure(fault.contains("attestation"), || page.seen())?;
    Ok(page)
}

async fn validate(desk: &mut Browser, request: Page, asking: &Applicant) -> Told<Person> {
    let form = form_of(&request, "attestation")?.fill("attestation", "oui").fill("valider", "oui");
    let page = desk.submit(form).await?;
    let shown = page.text("numero").ok_or_else(|| page.seen())?;
    let rpps: String = shown.chars().filter(char::is_ascii_digit).collect();
    ensure(rpps.len() == 11, || format!("« {shown} »"))?;
    let (email, mobile) = (asking.email.clone(), asking.mobile.clone());
    Ok(Person { rpps, pin: PIN.to_owned(), email, mobile })
}

async fn waits(cast: &Cast, asking: &mut Applicant, person: &Person) -> Told<()> {
    eventually(|| async {
        let messages = cast.messages(&person.email).await?;
        let told = messages.iter().any(|mail| mail.to_string().contains(&person.rpps));
        ensure(told, || "aucun courriel ne porte le numéro".to_owned())
    })
    .await?;
    through_franceconnect_again(cast, asking).await?;
    let page = asking.step("envoyee").await?;
    ensure(page.attribute("demande", "data-etat").as_deref() == Some("validated"), || page.seen())?;
    let next = page.text("prochaine-etape").unwrap_or_default();
    let counts_down = page.text("compte-a-rebours").is_some_and(|left| left.starts_with("dans "));
    ensure(next.contains("annuaire") && counts_down, || format!("la suite est « {next} »"))?;
    let body = json!({"pin": person.pin});
    let answer = cast.phone(&person.rpps, (Method::POST, "/activate"), Some(&body)).await?;
    ensure(answer.code() == "too_early", || answer.seen())?;
    cast.advance("PT24H").await?;
    let page = asking.step("envoyee").await?;
    let next = page.text("prochaine-etape").unwrap_or_default();
    ensure(next.contains("e-CPS activable"), || format!("la suite est « {next} »"))
}

/// Comes back another day, in another browser.
pub(super) async fn through_franceconnect_again(cast: &Cast, asking: &mut Applicant) -> Told<()> {
    asking.browser = cast.browser();
    through_franceconnect(cast, &mut asking.browser).await.map(|_| ())
}

async fn activate(cast: &Cast, person: &Person) -> Told<()> {
    cast.advance("PT24H").await?;
    let body = json!({"pin": person.pin});
    let answer = cast.phone(&person.rpps, (Method::POST, "/activate"), Some(&body)).await?;
    ensure(answer.status == 200 || answer.status == 201, || answer.seen())?;
    let known = cast.api_ok(Method::GET, &format!("/professionals/{}", person.rpps), None).await?;
    let card = text(&known, "/card")?;
    ensure(card == "active", || format!("la carte est « {card} »"))
}

async fn at_work(cast: &Cast, person: &Person) -> Told<(Browser, Page)> {
    let (mut browser, home) = (cast.browser(), cast.home("dui-tilleuls")?);
    log_in(&mut browser, cast, person, &home).await?;
    let open = browser.open(&format!("{home}/dossier")).await?;
    ensure(open.text("rpps").as_deref() == Some(person.rpps.as_str()), || open.seen())?;
    Ok((browser, open))
}

async fn own_page(cast: &Cast, person: &Person) -> Told<()> {
    let (mut browser, _) = log_in_to_portal(cast, person).await?;
    let page = browser.open(&format!("{}/portail/moi", cast.gateway)).await?;
    ensure(page.text("rpps").as_deref() == Some(person.rpps.as_str()), || page.seen())?;
    let past = page.texts("#etapes .past");
    ensure(past.iter().any(|step| step.contains("e-CPS activable")), || past.join(" ; "))?;
    ensure(page.link("nav a[href='/portail/effectif']").is_none(), || "elle gère".to_owned())
}
