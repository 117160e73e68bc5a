//! Act A, its end: the manager ends the situation with her own hand, and reads what closed.

use reqwest::Method;
use serde_json::json;

use super::applying::Applicant;
use super::browser::Browser;
use super::cast::Cast;
use super::examining::{Validated, through_franceconnect_again};
use super::leaving::refused;
use super::page::{Page, form_of};
use super::proving::at_software;
use super::story::{Story, Told, ensure};

pub(super) async fn play(story: &mut Story<'_>, cast: &Cast, mut at: Validated) {
    let preview = story
        .step(
            "A.13 Effectif, départ immédiat, aperçu : ce qui se ferme et ce qui reste",
            preview(cast, &mut at),
        )
        .await;
    let Some(preview) = preview else { return };
    story
        .step("A.14 Confirmé : l'accusé dit chaque porte et son heure", confirm(&mut at, preview))
        .await;
    let Validated { person, browser, open, mut asking, .. } = at;
    story.step("A.15 La page du DUI se ferme devant elle", closed(cast, browser, open)).await;
    story
        .step("A.16 Une nouvelle connexion est refusée, la raison dite après la preuve", async {
            refused(cast, &person, &cast.home("dui-tilleuls")?).await
        })
        .await;
    story
        .step("A.17 Par FranceConnect, elle lit ce qui s'est passé", looks_back(cast, &mut asking))
        .await;
}

async fn preview(cast: &Cast, at: &mut Validated) -> Told<Page> {
    let staff = at.desk.open(&format!("{}/portail/effectif", cast.gateway)).await?;
    let line = staff.link_of(&at.person.rpps, "/portail/situations/");
    let line = line.ok_or_else(|| format!("elle n'est pas dans l'effectif, {}", staff.seen()))?;
    let page = at.desk.open(line.as_str()).await?;
    let empty = form_of(&page, "immediat")?.fill("apercu", "oui");
    let page = at.desk.submit(empty).await?;
    ensure(page.text("fautes").is_some(), || format!("rien n'est à corriger, {}", page.seen()))?;
    let typed = [("immediat", "oui"), ("motif", "Fin de contrat"), ("apercu", "oui")];
    let page = at.desk.submit(form_of(&page, "immediat")?.fill_all(&typed)).await?;
    let (closes, stays) = (page.texts("#ferme li"), page.texts("#reste li"));
    ensure(!closes.is_empty() && !stays.is_empty(), || page.seen())?;
    Ok(page)
}

async fn confirm(at: &mut Validated, preview: Page) -> Told<()> {
    let page = at.desk.submit(form_of(&preview, "confirmer")?.fill("confirmer", "oui")).await?;
    ensure(page.attribute("accuse", "data-etat").as_deref() == Some("fait"), || page.seen())?;
    let doors = page.texts("#portes td");
    ensure(doors.iter().all(|door| door.contains("fermée à")), || doors.join(" ; "))?;
    let done = |page: &Page| {
        let told = page.texts("#logiciels tr[data-etat=confirmed]");
        told.iter().any(|line| line.contains("Tilleuls"))
    };
    let page = at.desk.wait(page, done).await?;
    ensure(!page.texts("#logiciels tr").is_empty(), || page.seen())
}

/// Nobody touches her page: it looks again by itself.
async fn closed(cast: &Cast, mut browser: Browser, open: Page) -> Told<()> {
    let home = cast.home("dui-tilleuls")?;
    let (status, answer) = at_software(&mut browser, &home, (Method::GET, "session")).await?;
    let by_departure = status == 401 && answer.get("closed_by") == Some(&json!("departure"));
    ensure(by_departure, || format!("réponse {status} {answer}"))?;
    let page = browser.wait(open, |page| page.text("erreur").is_some()).await?;
    let said = page.text("erreur").unwrap_or_default();
    ensure(said.contains("pris fin le"), || page.seen())
}

/// Her e-CPS opens nothing any more; who she is, FranceConnect still knows.
async fn looks_back(cast: &Cast, asking: &mut Applicant) -> Told<()> {
    through_franceconnect_again(cast, asking).await?;
    let page = asking.step("envoyee").await?;
    ensure(page.text("plus-de-situation").is_some(), || page.seen())?;
    let past = page.texts("#etapes .past");
    let tells = |what: &str| past.iter().any(|step| step.contains(what));
    ensure(tells("e-CPS activée") && tells("Fin de la situation"), || past.join(" ; "))
}
