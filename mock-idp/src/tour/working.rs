//! Step 3: what the tokens are good for while she works there.

use reqwest::Method;
use serde_json::Value;

use super::arriving::AtWork;
use super::cast::Cast;
use super::proving::{at_software, is_active, log_in_silently};
use super::story::{Story, Told, ensure};

pub(super) async fn play(story: &mut Story<'_>, cast: &Cast, at_work: &mut AtWork) {
    story.step("3.1 L'API du DUI interroge l'introspection : actif", introspected(at_work)).await;
    story
        .step("3.2 L'introspection ne répond rien d'un jeton inventé", another_introspects(cast))
        .await;
    story.step("3.3 Le DUI rafraîchit : un nouveau jeton, actif", refreshed(at_work)).await;
    let silent = async {
        log_in_silently(&mut at_work.browser, &at_work.national).await?;
        let (status, session) =
            at_software(&mut at_work.browser, &at_work.national, (Method::GET, "session")).await?;
        ensure(status == 200, || format!("pas de session ({status})"))?;
        let situations = session.get("situations").and_then(Value::as_array).map_or(0, Vec::len);
        ensure(situations == 1, || format!("{situations} situations"))
    };
    story.step("3.4 La plateforme nationale : connexion silencieuse", silent).await;
}

async fn introspected(at_work: &mut AtWork) -> Told<()> {
    let active = is_active(&mut at_work.browser, &at_work.dui).await?;
    ensure(active, || "inactif".to_owned())
}

async fn another_introspects(cast: &Cast) -> Told<()> {
    let answer = cast.introspect("api-territoire", "un-jeton-que-personne-n-a-emis").await?;
    let active = answer.get("active").and_then(Value::as_bool);
    let silent = answer.as_object().is_some_and(|members| members.len() == 1);
    ensure(active == Some(false) && silent, || format!("réponse {answer}"))
}

async fn refreshed(at_work: &mut AtWork) -> Told<()> {
    let (status, answer) =
        at_software(&mut at_work.browser, &at_work.dui, (Method::POST, "rafraichir")).await?;
    ensure(status == 200, || format!("réponse {status} {answer}"))?;
    introspected(at_work).await
}
