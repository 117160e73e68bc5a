//! From a service's request to its answer, through two pages: who are you, and this is what the
//! service will learn.

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::cookie::CookieJar;
use jiff::Timestamp;

use super::answers::{address, broken, redirect};
use super::authorize::{Manner, Refused, Return, Wish, judge};
use super::desk::{Desk, Grant, Interaction, Stage};
use super::failures::{self, BAD_PARAMETERS, DeadEnd, NOT_THIS_WAY};
use super::identities::Identity;
use super::parameters::Parameters;
use super::scenarios::{self, Callback, Keys, Scenario, Twist};
use super::{BASE, FranceConnect, Shared, browser_of, cookie, pages};
use crate::clock;
use crate::random;
use crate::web::Form;

/// What a person who turns back says to the service.
const GIVEN_UP: (&str, &str) = ("access_denied", "User auth aborted");

pub(super) async fn authorize(
    State(me): Shared,
    jar: CookieJar,
    RawQuery(query): RawQuery,
) -> Response {
    let asked = Parameters::read(query.unwrap_or_default().as_bytes());
    begin(&me, jar, &asked, false)
}

pub(super) async fn authorize_by_form(
    State(me): Shared,
    jar: CookieJar,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match Parameters::of_form(&headers, &body) {
        Some(asked) => begin(&me, jar, &asked, true),
        None => pages::dead_end(BAD_PARAMETERS),
    }
}

fn begin(me: &FranceConnect, jar: CookieJar, asked: &Parameters, by_post: bool) -> Response {
    let now = clock::now();
    let browser = browser_of(&jar);
    let mut desk = me.desk();
    desk.keys_hidden = false;
    let session = desk.session(&browser, now);
    let manner = Manner { by_post, signed_on: session.is_some() };
    let wish = match judge(asked, manner, &me.clients) {
        Ok(wish) => wish,
        Err(Refused::Here(dead_end)) => return pages::dead_end(dead_end),
        Err(Refused::There(back)) => return return_with(me, &back),
    };
    let uid = desk.begin(&browser, wish, now);
    let mut next = format!("{BASE}/interaction/{uid}");
    if let Some(session) = session
        && let Some(identity) = me.identity(&session.identity)
    {
        let twist = taken(&mut desk, None).twist;
        if let Ok(interaction) = desk.interaction(&uid, &browser, now) {
            interaction.stage = identified(identity, session.auth_time, twist);
        }
        next.push_str("/consent");
    }
    (jar.add(cookie(browser)), redirect(StatusCode::SEE_OTHER, &next)).into_response()
}

/// The scenario of this log-in: the one that the person chose, or that a program did beforehand.
fn taken(desk: &mut Desk, chosen: Option<&'static Scenario>) -> &'static Scenario {
    let armed = desk.armed.take();
    chosen.filter(|chosen| chosen.twist != Twist::Nothing).or(armed).unwrap_or(scenarios::USUAL)
}

/// Where somebody stands who has said who she is.
fn identified(identity: &Identity, auth_time: Timestamp, twist: Twist) -> Stage {
    let by_scenario = match twist {
        Twist::Page(code) => failures::of(code),
        Twist::Nothing
        | Twist::Refused(..)
        | Twist::Callback(_)
        | Twist::Keys(_)
        | Twist::TokenAnswer(_)
        | Twist::IdToken(_)
        | Twist::UserInfoAnswer(_)
        | Twist::UserInfo(_) => None,
    };
    match by_scenario.or_else(|| identity.failure()) {
        Some(failure) => Stage::Failed(failure),
        None => Stage::Informed { identity: identity.key.clone(), auth_time, twist },
    }
}

/// The first page: who are you?
pub(super) async fn choose(State(me): Shared, jar: CookieJar, Path(uid): Path<String>) -> Response {
    let found = me.desk().interaction(&uid, &browser_of(&jar), clock::now()).cloned();
    match found {
        Ok(Interaction { stage: Stage::Choosing, wish, .. }) => pages::chooser(&me, &wish, None),
        Ok(_) => pages::dead_end(NOT_THIS_WAY),
        Err(dead_end) => pages::dead_end(dead_end),
    }
}

/// Its form.
pub(super) async fn chosen(
    State(me): Shared,
    jar: CookieJar,
    Path(uid): Path<String>,
    form: Form,
) -> Response {
    let browser = browser_of(&jar);
    let now = clock::now();
    if !form.get("revenir").is_empty() {
        return turn_back(&me, &uid, &browser, now);
    }
    let mut desk = me.desk();
    let wish = match desk.interaction(&uid, &browser, now) {
        Ok(Interaction { stage: Stage::Choosing, wish, .. }) => wish.clone(),
        Ok(_) => return pages::dead_end(NOT_THIS_WAY),
        Err(dead_end) => return pages::dead_end(dead_end),
    };
    let scenario = match form.get("scenario") {
        "" => Ok(None),
        name => scenarios::of(name).map(Some).ok_or(()),
    };
    let (Some(identity), Ok(scenario)) = (me.identity(form.get("identifiant")), scenario) else {
        drop(desk);
        return pages::chooser(&me, &wish, Some(&form));
    };
    let twist = taken(&mut desk, scenario).twist;
    if let Ok(interaction) = desk.interaction(&uid, &browser, now) {
        interaction.stage = identified(identity, now, twist);
    }
    redirect(StatusCode::SEE_OTHER, &format!("{BASE}/interaction/{uid}/consent"))
}

/// The second page: what the service will learn, or why it stops here.
pub(super) async fn inform(State(me): Shared, jar: CookieJar, Path(uid): Path<String>) -> Response {
    let found = me.desk().interaction(&uid, &browser_of(&jar), clock::now()).cloned();
    let interaction = match found {
        Ok(interaction) => interaction,
        Err(dead_end) => return pages::dead_end(dead_end),
    };
    match &interaction.stage {
        Stage::Informed { identity, .. } => pages::information(&me, &interaction.wish, identity),
        Stage::Failed(failure) => pages::failed(&me, &interaction.wish, failure),
        Stage::Choosing | Stage::Gone => pages::dead_end(NOT_THIS_WAY),
    }
}

/// Its form.
pub(super) async fn informed(
    State(me): Shared,
    jar: CookieJar,
    Path(uid): Path<String>,
    form: Form,
) -> Response {
    let browser = browser_of(&jar);
    let now = clock::now();
    if form.get("continuer").is_empty() || !form.get("revenir").is_empty() {
        return turn_back(&me, &uid, &browser, now);
    }
    let granted = {
        let mut desk = me.desk();
        let granted = desk.interaction(&uid, &browser, now).and_then(grant);
        if let Ok(grant) = &granted {
            desk.open_session(&browser, &grant.identity, grant.auth_time, now);
        }
        granted
    };
    match granted {
        Ok(grant) => answer(&me, grant, now),
        Err(dead_end) => pages::dead_end(dead_end),
    }
}

/// What a person allows who goes on; once.
fn grant(interaction: &mut Interaction) -> Result<Grant, DeadEnd> {
    match std::mem::replace(&mut interaction.stage, Stage::Gone) {
        Stage::Informed { identity, auth_time, twist } => {
            Ok(Grant { wish: interaction.wish.clone(), identity, auth_time, twist })
        }
        earlier @ (Stage::Choosing | Stage::Failed(_) | Stage::Gone) => {
            interaction.stage = earlier;
            Err(NOT_THIS_WAY)
        }
    }
}

/// The browser goes back with a code, or with what the scenario puts in its place.
fn answer(me: &FranceConnect, grant: Grant, now: Timestamp) -> Response {
    let changed = match grant.twist {
        Twist::Refused(error, description) => {
            return return_with(me, &returning(&grant.wish, (error, description)));
        }
        Twist::Keys(Keys::Rotated) => me.keys.replace(true),
        Twist::Keys(Keys::Replaced) => me.keys.replace(false),
        Twist::Keys(Keys::Hidden) => {
            me.desk().keys_hidden = true;
            me.keys.replace(true)
        }
        Twist::Keys(Keys::RotatedHalfway)
        | Twist::Nothing
        | Twist::Page(_)
        | Twist::Callback(_)
        | Twist::TokenAnswer(_)
        | Twist::IdToken(_)
        | Twist::UserInfoAnswer(_)
        | Twist::UserInfo(_) => Ok(()),
    };
    if let Err(error) = changed {
        return broken(&error);
    }
    let (wish, twist) = (grant.wish.clone(), grant.twist);
    let code = me.desk().issue_code(grant, now);
    let is = |fault| twist == Twist::Callback(fault);
    let code = if is(Callback::OtherCode) { random::opaque() } else { code };
    // The platform itself has been seen to answer this word.
    let state = if is(Callback::OtherState) { "undefined" } else { &wish.state };
    let issuer = me.issuer();
    let issuer = if is(Callback::OtherIss) { scenarios::ELSEWHERE } else { &issuer };
    let mut members = vec![("code", code.as_str()), ("state", state)];
    if !is(Callback::WithoutIss) {
        members.push(("iss", issuer));
    }
    redirect(StatusCode::SEE_OTHER, &address(&wish.redirect_uri, &members, false))
}

/// Somebody turns back, from wherever she stands.
fn turn_back(me: &FranceConnect, uid: &str, browser: &str, now: Timestamp) -> Response {
    let mut desk = me.desk();
    let interaction = match desk.interaction(uid, browser, now) {
        Ok(interaction) => interaction,
        Err(dead_end) => return pages::dead_end(dead_end),
    };
    let told = match std::mem::replace(&mut interaction.stage, Stage::Gone) {
        Stage::Choosing | Stage::Informed { .. } => GIVEN_UP,
        Stage::Failed(failure) => (failure.error, failure.description),
        Stage::Gone => return pages::dead_end(NOT_THIS_WAY),
    };
    let back = returning(&interaction.wish, told);
    redirect(StatusCode::FOUND, &error_address(me, &back))
}

fn returning(wish: &Wish, (error, description): (&'static str, &'static str)) -> Return {
    Return {
        redirect_uri: wish.redirect_uri.clone(),
        state: wish.state.clone(),
        error,
        description,
        in_fragment: false,
    }
}

fn return_with(me: &FranceConnect, back: &Return) -> Response {
    redirect(StatusCode::SEE_OTHER, &error_address(me, back))
}

fn error_address(me: &FranceConnect, back: &Return) -> String {
    let members = [
        ("error", back.error),
        ("error_description", back.description),
        ("state", &back.state),
        ("iss", &me.issuer()),
    ];
    address(&back.redirect_uri, &members, back.in_fragment)
}
