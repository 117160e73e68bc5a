//! Logging in: the browser shows a code, the phone shows three, the person compares.

use reqwest::Method;
use serde_json::{Value, json};

use super::browser::Browser;
use super::cast::{Answer, Cast, Person, eventually, text};
use super::page::{Page, form_of};
use super::story::{Told, ensure};

/// A log-in that waits for the phone.
pub(super) struct Waiting {
    pub(super) page: Page,
    pub(super) code: String,
}

/// A log-in as the phone shows it.
pub(super) struct Shown {
    pub(super) challenge: String,
    pub(super) codes: Vec<String>,
}

/// Goes to the log-in page and types the identifier.
pub(super) async fn identify(browser: &mut Browser, start: &str, person: &Person) -> Told<Waiting> {
    let page = browser.open(start).await?;
    let form = form_of(&page, "identifier")?
        .fill("identifier", &format!("8{}", person.rpps))
        .fill("submit", "1");
    let page = browser.submit(form).await?;
    let shown = page.text("code-a-comparer");
    let shown = shown.ok_or_else(|| format!("pas de code à comparer, {}", page.seen()))?;
    let code: String = shown.chars().filter(char::is_ascii_digit).collect();
    ensure(code.len() == 2, || format!("le code montré est « {shown} »"))?;
    Ok(Waiting { page, code })
}

/// What the phone shows for this code.
pub(super) async fn look(cast: &Cast, person: &Person, code: &str) -> Told<Shown> {
    eventually(|| async {
        let answer = cast.phone(&person.rpps, (Method::GET, "/pending"), None).await?;
        ensure(answer.status == 200, || answer.seen())?;
        let items = answer.body.as_array().cloned().unwrap_or_default();
        items
            .iter()
            .filter_map(|item| Some((text(item, "/challenge").ok()?, codes(item))))
            .find(|(_, codes)| codes.iter().any(|one| one == code))
            .map(|(challenge, codes)| Shown { challenge, codes })
            .ok_or_else(|| "le téléphone ne montre pas ce code".to_owned())
    })
    .await
}

/// Chooses a code on the phone and types a PIN.
pub(super) async fn choose(
    cast: &Cast,
    person: &Person,
    shown: &Shown,
    (code, pin): (&str, &str),
) -> Told<Answer> {
    let body = json!({"challenge": shown.challenge, "code": code, "pin": pin});
    cast.phone(&person.rpps, (Method::POST, "/approve"), Some(&body)).await
}

/// The whole of it, until the software shows the record.
pub(super) async fn log_in(
    browser: &mut Browser,
    cast: &Cast,
    person: &Person,
    home: &str,
) -> Told<Page> {
    let waiting = identify(browser, &format!("{home}/connexion"), person).await?;
    let shown = look(cast, person, &waiting.code).await?;
    let answer = choose(cast, person, &shown, (&waiting.code, &person.pin)).await?;
    ensure(answer.status == 200, || answer.seen())?;
    arrive(browser, waiting.page, home).await
}

/// Waits until the browser is back at the software, and sees the record.
pub(super) async fn arrive(browser: &mut Browser, page: Page, home: &str) -> Told<Page> {
    let there = |page: &Page| page.url.as_str().starts_with(home) || page.error_code().is_some();
    let page = browser.wait(page, there).await?;
    ensure(page.status == 200 && page.text("rpps").is_some(), || page.seen())?;
    Ok(page)
}

/// Logs in without any page on the way.
pub(super) async fn log_in_silently(browser: &mut Browser, home: &str) -> Told<Page> {
    let page = browser.open(&format!("{home}/connexion?silencieux=1")).await?;
    ensure(page.status == 200 && page.text("rpps").is_some(), || page.seen())?;
    Ok(page)
}

/// The software's own program, with this browser's cookies.
pub(super) async fn at_software(
    browser: &mut Browser,
    home: &str,
    (method, path): (Method, &str),
) -> Told<(u16, Value)> {
    browser.call(method, &format!("{home}/api/{path}"), None).await
}

/// Whether the software's access token is good, as its own API would ask.
pub(super) async fn is_active(browser: &mut Browser, home: &str) -> Told<bool> {
    let (status, body) = at_software(browser, home, (Method::POST, "verifier")).await?;
    ensure(status == 200, || format!("vérification impossible ({status})"))?;
    body.get("active").and_then(Value::as_bool).ok_or_else(|| "« active » manque".to_owned())
}

fn codes(item: &Value) -> Vec<String> {
    let codes = item.get("codes").and_then(Value::as_array);
    codes.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}
