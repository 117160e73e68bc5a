//! Step 5: leaving one of two employers, and a local access taken back: only what should close.

use reqwest::Method;
use serde_json::Value;

use super::browser::Browser;
use super::cast::{Cast, Person, text};
use super::leaving::end_now;
use super::proving::{at_software, is_active, log_in, log_in_silently};
use super::story::{Story, Told, ensure};

/// Somebody with software open in several places.
struct Everywhere {
    browser: Browser,
    tilleuls: String,
    rive_claire: String,
    national: String,
    /// Situations that the platform shows.
    situations: usize,
}

pub(super) async fn play(story: &mut Story<'_>, cast: &Cast) {
    educator(story, cast).await;
    nurse(story, cast).await;
}

async fn educator(story: &mut Story<'_>, cast: &Cast) {
    let opened = async {
        let person = cast.person("educateur")?;
        let mut everywhere = open(cast, &person).await?;
        log_in_silently(&mut everywhere.browser, &everywhere.rive_claire).await?;
        ensure(everywhere.situations == 2, || format!("{} situations", everywhere.situations))?;
        Ok((person, everywhere))
    };
    let what = "5.1 L'éducateur a deux employeurs : deux DUI et la plateforme ouverts";
    let Some((person, mut all)) = story.step(what, opened).await else { return };
    let left = async {
        let finess = cast.finess("tilleuls")?;
        let situation = situation_at(cast, &person, &finess).await?;
        end_now(cast, &situation).await
    };
    let what = "5.2 Il quitte Les Grands Tilleuls";
    if story.step(what, left).await.is_none() {
        return;
    }
    let closed = async {
        let active = is_active(&mut all.browser, &all.tilleuls).await?;
        ensure(!active, || "le jeton des Grands Tilleuls vit encore".to_owned())
    };
    story.step("5.3 Ce DUI se ferme", closed).await;
    let open = stays_open(&mut all.browser, &all.rive_claire);
    story.step("5.4 L'autre reste ouvert", open).await;
    let fewer = shows(&mut all.browser, &all.national, all.situations.saturating_sub(1));
    story.step("5.5 La plateforme voit une situation de moins", fewer).await;
}

async fn nurse(story: &mut Story<'_>, cast: &Cast) {
    let opened = async {
        let person = cast.person("infirmiere")?;
        let everywhere = open(cast, &person).await?;
        Ok((person, everywhere))
    };
    let what = "5.6 L'infirmière, inscrite par son Ordre, entre par son accès local";
    let Some((person, mut all)) = story.step(what, opened).await else { return };
    let taken_back = async {
        let path = format!("/local-accesses?rpps={}", person.rpps);
        let found = cast.api_ok(Method::GET, &path, None).await?;
        let id = text(&found, "/items/0/id")?;
        cast.api_ok(Method::DELETE, &format!("/local-accesses/{id}"), None).await
    };
    if story.step("5.7 L'établissement retire l'accès local", taken_back).await.is_none() {
        return;
    }
    let closed = async {
        let active = is_active(&mut all.browser, &all.tilleuls).await?;
        ensure(!active, || "le jeton des Grands Tilleuls vit encore".to_owned())
    };
    story.step("5.8 Ce DUI se ferme", closed).await;
    let open = stays_open(&mut all.browser, &all.national);
    story.step("5.9 La plateforme reste ouverte : sa situation n'a pas changé", open).await;
}

async fn open(cast: &Cast, person: &Person) -> Told<Everywhere> {
    let mut all = Everywhere {
        browser: cast.browser(),
        tilleuls: cast.home("dui-tilleuls")?,
        rive_claire: cast.home("dui-rive-claire")?,
        national: cast.home("plateforme")?,
        situations: 0,
    };
    log_in(&mut all.browser, cast, person, &all.tilleuls).await?;
    log_in_silently(&mut all.browser, &all.national).await?;
    all.situations = situations(&mut all.browser, &all.national).await?;
    Ok(all)
}

async fn situations(browser: &mut Browser, home: &str) -> Told<usize> {
    let (status, session) = at_software(browser, home, (Method::GET, "session")).await?;
    ensure(status == 200, || format!("pas de session ({status})"))?;
    Ok(session.get("situations").and_then(Value::as_array).map_or(0, Vec::len))
}

async fn stays_open(browser: &mut Browser, home: &str) -> Told<()> {
    let active = is_active(browser, home).await?;
    ensure(active, || "le jeton est mort".to_owned())?;
    let (status, answer) = at_software(browser, home, (Method::POST, "rafraichir")).await?;
    ensure(status == 200, || format!("le rafraîchissement répond {status} {answer}"))
}

/// The platform asks again, and shows this many situations.
async fn shows(browser: &mut Browser, home: &str, expected: usize) -> Told<()> {
    stays_open(browser, home).await?;
    let found = situations(browser, home).await?;
    ensure(found == expected, || format!("{found} situations au lieu de {expected}"))
}

async fn situation_at(cast: &Cast, person: &Person, finess: &str) -> Told<String> {
    let path = format!("/professionals/{}", person.rpps);
    let known = cast.api_ok(Method::GET, &path, None).await?;
    let situations = known.get("situations").and_then(Value::as_array);
    let there = situations.into_iter().flatten().find(|situation| {
        let is_open = situation.get("ended_at").is_none_or(Value::is_null);
        is_open
            && text(situation, "/finess")
                .or_else(|_| text(situation, "/structure/finess"))
                .as_deref()
                == Ok(finess)
    });
    text(there.ok_or("aucune situation à cet endroit")?, "/id")
}
