//! The phones for people: no script needed.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use serde::Deserialize;

use super::activation::{Asked, Secrets};
use super::approval::{Approval, Pending};
use super::{Phones, rpps_of};
use crate::clock;
use crate::web::{Form, Frame, Problem, WAITING, page, see_other, style, watching};
use crate::world::people;

type Shared = State<Arc<Phones>>;

pub(super) fn routes() -> Router<Arc<Phones>> {
    Router::new()
        .route("/", get(list))
        .route("/style.css", get(style))
        .route("/suivi.js", get(watching))
        .route("/telephone", get(choose))
        .route("/telephone/{rpps}", get(show))
        .route("/telephone/{rpps}/activation", post(ask))
        .route("/telephone/{rpps}/activation/{id}", post(finish))
        .route("/telephone/{rpps}/approuver", post(approve))
        .route("/telephone/{rpps}/refuser", post(deny))
        .route("/telephone/{rpps}/otp", post(otp))
        .route("/telephone/{rpps}/perdre", post(lose))
}

#[derive(Template)]
#[template(path = "telephones.html")]
struct ListPage {
    frame: Frame,
    phones: Vec<Row>,
    fault: Option<String>,
}

struct Row {
    rpps: String,
    owner: String,
    active: bool,
}

#[derive(Template)]
#[template(path = "telephone.html")]
struct PhonePage {
    frame: Frame,
    rpps: String,
    owner: String,
    active: bool,
    pin_hint: Option<String>,
    /// Its name, and the number on its messages.
    activation: Option<(String, String)>,
    pending: Vec<PendingRow>,
    notice: Option<Notice>,
    offline: Offline,
}

/// Whether the page is about a one-time code.
enum Offline {
    No,
    Asked,
    Shown { code: String, until: String },
}

struct PendingRow {
    challenge: String,
    service: String,
    message: Option<String>,
    codes: Vec<String>,
    until: String,
}

struct Notice {
    good: bool,
    code: String,
    text: String,
}

fn frame(title: String, waits: bool) -> Frame {
    let refresh = waits.then_some(WAITING);
    Frame { title, party: "Téléphones et messages", base: "", refresh }
}

fn list_page(phones: &Phones, fault: Option<Problem>) -> Response {
    let registered = phones.file.read(|saved| saved.registered.clone());
    let holding = phones.numbers();
    let mut rows: Vec<Row> = people::all()
        .iter()
        .filter_map(|person| {
            let rpps = registered.get(person.key)?.clone();
            let active = holding.contains(&rpps);
            Some(Row { rpps, owner: person.full_name(), active })
        })
        .collect();
    for rpps in holding {
        if !rows.iter().any(|row| row.rpps == rpps) {
            rows.push(Row { rpps, owner: String::new(), active: true });
        }
    }
    let status = fault.as_ref().map_or(StatusCode::OK, |problem| problem.status);
    let fault = fault.map(|problem| say(&problem));
    page(status, &ListPage { frame: frame("Téléphones".into(), false), phones: rows, fault })
}

async fn list(State(phones): Shared) -> Response {
    list_page(&phones, None)
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    rpps: String,
}

/// A phone is whatever number one types: a new one costs nothing here.
async fn choose(State(phones): Shared, Query(choice): Query<Choice>) -> Response {
    match rpps_of(&choice.rpps) {
        Ok(rpps) => see_other(&format!("/telephone/{rpps}")),
        Err(problem) => list_page(&phones, Some(problem)),
    }
}

#[derive(Deserialize)]
struct Done {
    #[serde(default)]
    fait: String,
    /// Any text: the one-time code is wanted, and the page stays still while the PIN is typed.
    #[serde(default)]
    hors_ligne: String,
}

async fn show(
    State(phones): Shared,
    Path(rpps): Path<String>,
    Query(done): Query<Done>,
) -> Response {
    let text = match done.fait.as_str() {
        "active" => Some("Votre e-CPS est active sur ce téléphone."),
        "approuve" => Some("Connexion approuvée. Revenez à votre navigateur."),
        "refuse" => Some("Connexion refusée."),
        "perdu" => Some("Le téléphone est perdu : sa clé n'existe plus."),
        _ => None,
    };
    let notice =
        text.map(|text| Notice { good: true, code: done.fait.clone(), text: text.to_owned() });
    let offline = if done.hors_ligne.is_empty() { Offline::No } else { Offline::Asked };
    phone_page(&phones, &rpps, StatusCode::OK, notice, offline).await
}

async fn phone_page(
    phones: &Phones,
    rpps: &str,
    status: StatusCode,
    notice: Option<Notice>,
    offline: Offline,
) -> Response {
    let rpps = match rpps_of(rpps) {
        Ok(rpps) => rpps,
        Err(problem) => return list_page(phones, Some(problem)),
    };
    let saved = phones.saved(&rpps);
    let (pending, notice) = match phones.pending(&rpps).await {
        Ok(pending) => (pending.into_iter().map(PendingRow::from).collect(), notice),
        Err(problem) => (Vec::new(), notice.or_else(|| Some(Notice::of(&problem)))),
    };
    let waiting = saved.is_some() && pending.is_empty() && matches!(offline, Offline::No);
    let activation =
        phones.lock().asked.get(&rpps).and_then(|asked| asked.last()).map(Asked::shown);
    let shown = PhonePage {
        frame: frame(format!("Téléphone de {rpps}"), waiting),
        owner: owner(phones, &rpps),
        active: saved.is_some(),
        pin_hint: saved.map(|phone| phone.pin),
        activation,
        pending,
        notice,
        offline,
        rpps,
    };
    page(status, &shown)
}

fn owner(phones: &Phones, rpps: &str) -> String {
    let registered = phones.file.read(|saved| saved.registered.clone());
    let known = |key: &str| registered.get(key).is_some_and(|known| known == rpps);
    people::all()
        .iter()
        .find(|person| known(person.key))
        .map(people::PersonSeed::full_name)
        .unwrap_or_default()
}

/// After a form: the phone again, with what happened.
async fn after<T>(phones: &Phones, rpps: &str, done: Result<T, Problem>, word: &str) -> Response {
    match done {
        Ok(_) if word.is_empty() => see_other(&format!("/telephone/{rpps}")),
        Ok(_) => see_other(&format!("/telephone/{rpps}?fait={word}")),
        Err(problem) => {
            let notice = Some(Notice::of(&problem));
            phone_page(phones, rpps, problem.status, notice, Offline::No).await
        }
    }
}

/// Sends just what was typed: the gateway's hint about a forgotten 8 must be seen.
async fn ask(State(phones): Shared, Path(rpps): Path<String>, form: Form) -> Response {
    let identifier: String =
        form.get("identifiant").chars().filter(|c| !c.is_whitespace()).collect();
    let done = match rpps_of(&rpps) {
        Ok(rpps) => phones.ask(&rpps, &identifier).await,
        Err(problem) => Err(problem),
    };
    after(&phones, &rpps, done, "").await
}

async fn finish(
    State(phones): Shared,
    Path((rpps, id)): Path<(String, String)>,
    form: Form,
) -> Response {
    let secrets = Secrets {
        mail_secret: form.get("mail_secret").to_uppercase(),
        sms_secret: form.get("sms_secret").to_owned(),
        pin: form.get("pin").to_owned(),
    };
    let done = phones.finish(&rpps, &id, &secrets).await;
    after(&phones, &rpps, done, "active").await
}

async fn approve(State(phones): Shared, Path(rpps): Path<String>, form: Form) -> Response {
    let code = Some(form.get("code")).filter(|code| !code.is_empty()).map(str::to_owned);
    let approval = Approval {
        challenge: form.get("challenge").to_owned(),
        code,
        pin: form.get("pin").to_owned(),
    };
    let done = phones.approve(&rpps, &approval).await;
    after(&phones, &rpps, done, "approuve").await
}

async fn deny(State(phones): Shared, Path(rpps): Path<String>, form: Form) -> Response {
    let done = phones.deny(&rpps, form.get("challenge")).await;
    after(&phones, &rpps, done, "refuse").await
}

async fn otp(State(phones): Shared, Path(rpps): Path<String>, form: Form) -> Response {
    match phones.one_time_code(&rpps, form.get("pin")) {
        Ok(code) => {
            let until = clock::in_french(code.ends_at);
            let shown = Offline::Shown { code: code.otp, until };
            phone_page(&phones, &rpps, StatusCode::OK, None, shown).await
        }
        Err(problem) => after(&phones, &rpps, Err::<(), _>(problem), "").await,
    }
}

async fn lose(State(phones): Shared, Path(rpps): Path<String>) -> Response {
    let done = phones.lose(&rpps);
    after(&phones, &rpps, done, "perdu").await
}

impl From<Pending> for PendingRow {
    fn from(pending: Pending) -> Self {
        Self {
            service: if pending.service.is_empty() { pending.client_id } else { pending.service },
            challenge: pending.challenge,
            message: pending.binding_message,
            codes: pending.codes.unwrap_or_default(),
            until: clock::text_in_french(&pending.expires_at),
        }
    }
}

impl Notice {
    fn of(problem: &Problem) -> Self {
        Self { good: false, code: problem.code().to_owned(), text: say(problem) }
    }
}

/// A refusal in the words of a phone.
fn say(problem: &Problem) -> String {
    let left = problem.members.get("attempts_left").and_then(serde_json::Value::as_u64);
    let tries = match left {
        Some(1) => ", 1 essai".to_owned(),
        Some(left) => format!(", {left} essais"),
        None => String::new(),
    };
    match problem.code() {
        "too_early" => format!(
            "Trop tôt : activation possible le {}.",
            clock::text_in_french(problem.text("activable_at"))
        ),
        "wrong_secret" => format!("Secret incorrect{tries}."),
        "wrong_pin" => format!("PIN incorrect{tries}."),
        "wrong_code" => "Ce n'est pas le code affiché par votre navigateur.".to_owned(),
        "challenge_gone" => "Cette demande n'existe plus.".to_owned(),
        "expired" => "Ces secrets ne sont plus valables : recommencez l'activation.".to_owned(),
        "bad_pin" => "Choisissez quatre chiffres, ni tous pareils ni à la suite.".to_owned(),
        code => match problem.text("detail") {
            "" => format!("La passerelle a refusé ({code})."),
            detail => detail.to_owned(),
        },
    }
}
