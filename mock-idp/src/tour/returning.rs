//! Step 6: undone, then hired again. Nothing old works; a new log-in does.

use reqwest::Method;

use super::arriving::AtWork;
use super::browser::Browser;
use super::cast::Cast;
use super::leaving::{end_now, no_silent_log_in, nothing_refreshes};
use super::proving::{at_software, is_active, log_in};
use super::registering::Newcomer;
use super::story::{Story, Told, ensure};

pub(super) async fn play(
    story: &mut Story<'_>,
    cast: &Cast,
    newcomer: &Newcomer,
    at_work: &mut AtWork,
) {
    let undo = async {
        let path = format!("/situations/{}/reopen", newcomer.situation);
        cast.api_ok(Method::POST, &path, None).await
    };
    if story.step("6.1 La fin est annulée", undo).await.is_none() {
        return;
    }
    let old = stays_dead(&mut at_work.browser, &at_work.dui);
    story.step("6.2 Rien d'ancien ne revit", old).await;
    let mut second = cast.browser();
    let again = log_in(&mut second, cast, &newcomer.person, &at_work.dui);
    story.step("6.3 Une nouvelle connexion ouvre", again).await;

    let hired = async {
        end_now(cast, &newcomer.situation).await?;
        let path = format!("/professionals/{}/situations", newcomer.person.rpps);
        cast.api_ok(Method::POST, &path, Some(&newcomer.hiring)).await
    };
    let what = "6.4 Elle repart, puis est embauchée de nouveau : le numéro reste le sien";
    if story.step(what, hired).await.is_none() {
        return;
    }
    let old = async {
        stays_dead(&mut at_work.browser, &at_work.dui).await?;
        stays_dead(&mut second, &at_work.dui).await
    };
    story.step("6.5 Rien d'ancien ne revit, ni de la première fois ni de la deuxième", old).await;
    let mut third = cast.browser();
    let again = async {
        log_in(&mut third, cast, &newcomer.person, &at_work.dui).await?;
        let active = is_active(&mut third, &at_work.dui).await?;
        ensure(active, || "le nouveau jeton est inactif".to_owned())
    };
    story.step("6.6 Une nouvelle connexion ouvre, avec le même téléphone", again).await;
}

/// Token, refresh, cookie, silent log-in: none opens.
async fn stays_dead(browser: &mut Browser, home: &str) -> Told<()> {
    let active = is_active(browser, home).await?;
    ensure(!active, || "un ancien jeton vit".to_owned())?;
    nothing_refreshes(browser, home).await?;
    let (status, _) = at_software(browser, home, (Method::GET, "session")).await?;
    ensure(status == 401, || format!("l'ancien cookie ouvre ({status})"))?;
    no_silent_log_in(browser, home).await
}
