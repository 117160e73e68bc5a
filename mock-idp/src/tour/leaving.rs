//! Step 4: her situation ends at once, and so does everything that hung on it.

use reqwest::Method;
use serde_json::{Value, json};
use url::Url;

use super::arriving::AtWork;
use super::browser::Browser;
use super::cast::{Cast, Person, eventually, text};
use super::proving::{Shown, Waiting, at_software, choose, identify, is_active, look};
use super::registering::Newcomer;
use super::story::{Story, Told, ensure};

/// What was under way when she left.
struct UnderWay {
    /// A log-in in another browser, shown on the phone and not answered.
    challenge: Shown,
    code: String,
    /// An answer of the gateway on its way to the platform, with a code in it.
    held: Url,
}

pub(super) async fn play(
    story: &mut Story<'_>,
    cast: &Cast,
    newcomer: &Newcomer,
    at_work: &mut AtWork,
) {
    let under_way = story
        .step(
            "4.0 Une demande attend sur le téléphone, un code n'est pas encore échangé",
            begin(cast, newcomer, at_work),
        )
        .await;
    let ended = story
        .step("4.1 Sa situation se termine avec effet immédiat", end_now(cast, &newcomer.situation))
        .await;
    let Some(ended) = ended else { return };
    tokens(story, at_work).await;
    if let Some(under_way) = under_way {
        unfinished(story, cast, newcomer, (at_work, under_way)).await;
    }
    told(story, cast, at_work, &ended).await;
    let refused = refused(cast, &newcomer.person, &at_work.dui);
    story
        .step("4.9 Nouvelle connexion refusée ; la raison n'est dite qu'après la preuve", refused)
        .await;
    story.step("4.10 Le journal garde le départ", journalled(cast, &newcomer.situation)).await;
}

async fn tokens(story: &mut Story<'_>, at_work: &mut AtWork) {
    let (dui, national) = (at_work.dui.clone(), at_work.national.clone());
    let browser = &mut at_work.browser;
    let inactive = async {
        ensure(!is_active(browser, &dui).await?, || "le jeton du DUI vit encore".to_owned())?;
        let active = is_active(browser, &national).await?;
        ensure(!active, || "le jeton de la plateforme vit encore".to_owned())
    };
    story.step("4.2 Introspection : inactif, au DUI comme à la plateforme", inactive).await;
    let browser = &mut at_work.browser;
    let userinfo = async {
        let (status, _) = at_software(browser, &national, (Method::POST, "identite")).await?;
        ensure(status == 401, || format!("réponse {status}"))
    };
    story.step("4.3 Userinfo : 401", userinfo).await;
    let refresh = nothing_refreshes(&mut at_work.browser, &dui);
    story.step("4.4 Rafraîchissement : invalid_grant", refresh).await;
    let silent = no_silent_log_in(&mut at_work.browser, &national);
    story.step("4.5 Connexion silencieuse impossible", silent).await;
}

async fn unfinished(
    story: &mut Story<'_>,
    cast: &Cast,
    newcomer: &Newcomer,
    (at_work, under_way): (&mut AtWork, UnderWay),
) {
    let person = &newcomer.person;
    let gone = async {
        let choice = (under_way.code.as_str(), person.pin.as_str());
        let answer = choose(cast, person, &under_way.challenge, choice).await?;
        ensure(answer.status == 410, || answer.seen())
    };
    story.step("4.6 La demande qui attendait sur le téléphone n'existe plus", gone).await;
    let worthless = async {
        let page = at_work.browser.open(under_way.held.as_str()).await?;
        let code = page.error_code().unwrap_or_default();
        ensure(code == "invalid_grant", || page.seen())
    };
    story.step("4.7 Le code qui n'était pas échangé ne vaut plus rien", worthless).await;
}

async fn told(story: &mut Story<'_>, cast: &Cast, at_work: &mut AtWork, ended: &Value) {
    let closed = closed_by_departure(at_work);
    story.step("4.8 Le DUI a reçu un jeton de déconnexion : son cookie n'ouvre rien", closed).await;
    let ledger = async {
        let id = text(ended, "/departure/id").or_else(|_| text(ended, "/departure"))?;
        eventually(|| async {
            let departure = cast.api_ok(Method::GET, &format!("/departures/{id}"), None).await?;
            let shown = departure.to_string();
            let confirmed = shown.contains("dui-tilleuls") && shown.contains("confirmed");
            ensure(confirmed, || "le DUI n'a pas confirmé".to_owned())
        })
        .await
    };
    story.step("4.8 bis Le registre du départ : le DUI a confirmé", ledger).await;
}

async fn begin(cast: &Cast, newcomer: &Newcomer, at_work: &mut AtWork) -> Told<UnderWay> {
    let mut elsewhere = cast.browser();
    let Waiting { code, .. } =
        identify(&mut elsewhere, &format!("{}/connexion", at_work.dui), &newcomer.person).await?;
    let challenge = look(cast, &newcomer.person, &code).await?;
    let start = format!("{}/connexion?silencieux=1", at_work.national);
    let held = at_work.browser.open_until(&start, &format!("{}/retour", at_work.national)).await?;
    let has_code = held.query_pairs().any(|(name, _)| name == "code");
    ensure(has_code, || "le retour ne porte pas de code".to_owned())?;
    Ok(UnderWay { challenge, code, held })
}

/// Ends a situation with immediate effect.
pub(super) async fn end_now(cast: &Cast, situation: &str) -> Told<Value> {
    let body = json!({"immediate": true, "reason": "Départ"});
    cast.api_ok(Method::POST, &format!("/situations/{situation}/end"), Some(&body)).await
}

/// A refresh that must be refused.
pub(super) async fn nothing_refreshes(browser: &mut Browser, home: &str) -> Told<()> {
    let (status, answer) = at_software(browser, home, (Method::POST, "rafraichir")).await?;
    let refused = status == 401 && answer.get("error") == Some(&json!("invalid_grant"));
    ensure(refused, || format!("réponse {status} {answer}"))
}

/// A silent log-in that must end without a session.
pub(super) async fn no_silent_log_in(browser: &mut Browser, home: &str) -> Told<()> {
    let page = browser.open(&format!("{home}/connexion?silencieux=1")).await?;
    let code = page.error_code().unwrap_or_default();
    ensure(code == "login_required" && page.url.as_str().starts_with(home), || page.seen())
}

/// The software's own session, closed by the gateway.
pub(super) async fn closed_by_departure(at_work: &mut AtWork) -> Told<()> {
    let home = at_work.dui.clone();
    let mut last = String::new();
    for _ in 0..100 {
        let (status, answer) =
            at_software(&mut at_work.browser, &home, (Method::GET, "session")).await?;
        if status == 401 && answer.get("closed_by") == Some(&json!("departure")) {
            let page = at_work.browser.open(&format!("{home}/dossier")).await?;
            let said = page.text("erreur").unwrap_or_default();
            return ensure(said.contains("pris fin le"), || format!("la page dit « {said} »"));
        }
        last = format!("réponse {status} {answer}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Err(last)
}

/// Proves who she is, and only then learns that nothing is open to her here.
pub(super) async fn refused(cast: &Cast, person: &Person, home: &str) -> Told<()> {
    let mut browser = cast.browser();
    let waiting = identify(&mut browser, &format!("{home}/connexion"), person).await?;
    let shown = look(cast, person, &waiting.code).await?;
    let choice = (waiting.code.as_str(), person.pin.as_str());
    choose(cast, person, &shown, choice).await?;
    let there =
        |page: &super::page::Page| page.error_code().is_some() || page.text("rpps").is_some();
    let page = browser.wait(waiting.page, there).await?;
    let code = page.error_code().unwrap_or_default();
    ensure(["carte_inactive", "acces_refuse"].contains(&code.as_str()), || page.seen())?;
    let said = page.text("erreur").unwrap_or_default();
    ensure(said.split(' ').count() > 4, || format!("la page ne dit pas pourquoi : « {said} »"))
}

async fn journalled(cast: &Cast, situation: &str) -> Told<()> {
    let mut after = String::new();
    for _ in 0..1000 {
        let page = cast.api_ok(Method::GET, &format!("/journal{after}"), None).await?;
        if page.get("items").is_some_and(|items| items.to_string().contains(situation)) {
            return Ok(());
        }
        match page.get("next") {
            Some(Value::String(next)) => after = format!("?after={next}"),
            Some(Value::Number(next)) => after = format!("?after={next}"),
            Some(_) | None => return Err("le journal ne nomme pas la situation".to_owned()),
        }
    }
    Err("le journal n'en finit pas".to_owned())
}
