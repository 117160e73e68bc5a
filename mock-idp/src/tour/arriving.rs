//! Step 2: logging in to the software of the structure, with the phone and without its network.

use reqwest::Method;
use serde_json::{Value, json};

use super::browser::Browser;
use super::cast::{Cast, Person, text};
use super::page::{Page, form_of};
use super::proving::{arrive, at_software, choose, identify, look};
use super::registering::Newcomer;
use super::story::{Story, Told, ensure};

/// What Pro Santé Connect's clients read in userinfo.
const USERINFO_KEYS: [&str; 10] = [
    "sub",
    "SubjectNameID",
    "preferred_username",
    "given_name",
    "family_name",
    "otherIds",
    "SubjectRefPro",
    "SubjectOrganization",
    "SubjectRole",
    "Secteur_Activite",
];

/// The newcomer's browser, and what it has open.
pub(super) struct AtWork {
    pub(super) browser: Browser,
    /// Home of the software of her structure.
    pub(super) dui: String,
    /// Home of the national platform.
    pub(super) national: String,
}

pub(super) async fn play(
    story: &mut Story<'_>,
    cast: &Cast,
    newcomer: &Newcomer,
) -> Option<AtWork> {
    let mut at_work = story
        .step(
            "2.1 Le navigateur montre un code, le téléphone en montre trois ; PIN faux, puis juste",
            with_the_phone(cast, &newcomer.person),
        )
        .await?;
    story
        .step(
            "2.2 Le DUI dit qui elle est, dans quel rôle, et ce que ce rôle lit dans le DMP",
            record(&mut at_work, newcomer),
        )
        .await;
    story
        .step(
            "2.3 Userinfo porte les clés de Pro Santé Connect",
            userinfo(&mut at_work, &newcomer.person),
        )
        .await;
    story
        .step(
            "2.4 Téléphone sans réseau : le code à usage unique ouvre aussi",
            with_a_one_time_code(cast, &newcomer.person, &at_work.dui),
        )
        .await;
    Some(at_work)
}

async fn with_the_phone(cast: &Cast, person: &Person) -> Told<AtWork> {
    let mut browser = cast.browser();
    let dui = cast.home("dui-tilleuls")?;
    let waiting = identify(&mut browser, &format!("{dui}/connexion"), person).await?;
    let shown = look(cast, person, &waiting.code).await?;
    ensure(shown.codes.len() == 3, || format!("{} codes sur le téléphone", shown.codes.len()))?;

    let answer = choose(cast, person, &shown, (&waiting.code, "1379")).await?;
    let left = answer.body.get("attempts_left").and_then(Value::as_u64);
    ensure(answer.code() == "wrong_pin" && left.is_some(), || answer.seen())?;
    let answer = choose(cast, person, &shown, (&waiting.code, &person.pin)).await?;
    ensure(answer.status == 200, || answer.seen())?;

    arrive(&mut browser, waiting.page, &dui).await?;
    Ok(AtWork { browser, dui, national: cast.home("plateforme")? })
}

async fn record(at_work: &mut AtWork, newcomer: &Newcomer) -> Told<()> {
    let page = at_work.browser.open(&format!("{}/dossier", at_work.dui)).await?;
    let name = page.text("utilisateur").unwrap_or_default().to_lowercase();
    ensure(name.contains(&newcomer.name.to_lowercase()), || format!("le DUI dit « {name} »"))?;
    let rpps = page.text("rpps").unwrap_or_default();
    ensure(rpps == newcomer.person.rpps, || format!("le DUI dit « {rpps} »"))?;
    let role = page.text("role").unwrap_or_default();
    ensure(role.contains("soin"), || format!("le rôle est « {role} »"))?;

    let (_, session) =
        at_software(&mut at_work.browser, &at_work.dui, (Method::GET, "session")).await?;
    let documents = session.get("dmp").and_then(Value::as_array).map_or(0, Vec::len);
    ensure(documents == 26, || format!("{documents} types de documents au lieu de 26"))
}

async fn userinfo(at_work: &mut AtWork, person: &Person) -> Told<()> {
    let (status, session) =
        at_software(&mut at_work.browser, &at_work.dui, (Method::GET, "session")).await?;
    ensure(status == 200, || format!("pas de session ({status})"))?;
    let userinfo = session.get("userinfo").cloned().unwrap_or_default();
    let missing: Vec<&str> =
        USERINFO_KEYS.into_iter().filter(|key| userinfo.get(key).is_none()).collect();
    ensure(missing.is_empty(), || format!("il y manque {}", missing.join(", ")))?;
    let identifier = text(&userinfo, "/SubjectNameID")?;
    ensure(identifier == format!("8{}", person.rpps), || format!("SubjectNameID = {identifier}"))?;
    text(&userinfo, "/SubjectRefPro/exercices/0/activities/0/numeroFinessSite").map(|_| ())
}

async fn with_a_one_time_code(cast: &Cast, person: &Person, dui: &str) -> Told<()> {
    let mut browser = cast.browser();
    let body = json!({"pin": person.pin});
    let answer = cast.phone(&person.rpps, (Method::POST, "/otp"), Some(&body)).await?;
    let code = text(&answer.body, "/otp")?;
    let identifier = format!("8{}", person.rpps);

    let mut page = browser.open(&format!("{dui}/connexion")).await?;
    if page.form("otp").is_none() {
        let form =
            form_of(&page, "identifier")?.fill("identifier", &identifier).fill("submit", "1");
        page = browser.submit(form).await?;
    }
    let mut form = form_of(&page, "otp")?.fill("otp", &code).fill("submit", "1");
    if page_asks_identifier(&page) {
        form = form.fill("identifier", &identifier);
    }
    let page = browser.submit(form).await?;
    arrive(&mut browser, page, dui).await.map(|_| ())
}

fn page_asks_identifier(page: &Page) -> bool {
    page.form("otp").is_some_and(|form| form.fields.iter().any(|(name, _)| name == "identifier"))
}
