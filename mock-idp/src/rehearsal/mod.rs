//! The strangers rehearse: a stand-in for the gateway that does just enough for them to act.

mod franceconnect;
mod misbehaviour;
mod relying_party;
mod stand_in;

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use stand_in::StandIn;

use crate::tour::browser::Browser;
use crate::{Ports, World};

type Outcome = Result<(), Box<dyn std::error::Error>>;

const RPPS: &str = "99900000037";

struct Rehearsal {
    base: u16,
    world: World,
    gateway: Arc<StandIn>,
    http: reqwest::Client,
    _dir: tempfile::TempDir,
}

async fn rehearsal(base: u16) -> Result<Rehearsal, Box<dyn std::error::Error>> {
    let dir = tempfile::tempdir()?;
    let world = World::open(dir.path(), Ports::new(base))?;
    let gateway = StandIn::listen(base).await?;
    world.serve(std::future::pending()).await?.until_dropped();
    let http = crate::gateway::http_client(std::time::Duration::from_mins(1))?;
    Ok(Rehearsal { base, world, gateway, http, _dir: dir })
}

impl Rehearsal {
    async fn phone(
        &self,
        method: Method,
        path: &str,
        body: Value,
    ) -> Result<(u16, Value), reqwest::Error> {
        let url = format!("http://localhost:{}/api/phones/{RPPS}{path}", self.base + 4);
        let response = self.http.request(method, url).json(&body).send().await?;
        Ok((response.status().as_u16(), response.json().await.unwrap_or_default()))
    }
}

#[tokio::test]
async fn a_phone_activates_approves_and_is_lost() -> Outcome {
    let stage = rehearsal(21_480).await?;
    stage.world.registered("aide-soignante", RPPS)?;
    stage.world.registered("recent", "99900000045")?;
    stage.world.activate_all().await?;
    // A second time there is nothing to do.
    stage.world.activate_all().await?;
    assert_eq!(stage.gateway.activations(), 1);

    let (status, pending) = stage.phone(Method::GET, "/pending", json!({})).await?;
    assert_eq!((status, pending.pointer("/0/challenge")), (200, Some(&json!("c1"))));
    assert_eq!(pending.pointer("/0/binding_message"), None);
    let answers = [
        (json!({"challenge": "c1", "code": "57", "pin": "1111"}), 400, "wrong_pin"),
        (json!({"challenge": "c1", "code": "12", "pin": "2468"}), 400, "wrong_code"),
        (json!({"challenge": "c9", "code": "12", "pin": "2468"}), 410, "challenge_gone"),
        (json!({"challenge": "c1", "code": "57", "pin": "2468"}), 200, ""),
    ];
    for (body, expected, code) in answers {
        let (status, answer) = stage.phone(Method::POST, "/approve", body).await?;
        let said = answer.get("code").and_then(Value::as_str).unwrap_or_default();
        assert_eq!((status, said), (expected, code), "{answer}");
    }

    let (status, otp) = stage.phone(Method::POST, "/otp", json!({"pin": "2468"})).await?;
    assert_eq!((status, otp.get("otp").and_then(Value::as_str).map(str::len)), (200, Some(6)));
    assert_eq!(stage.phone(Method::DELETE, "", json!({})).await?.0, 204);
    let (status, lost) = stage.phone(Method::POST, "/otp", json!({"pin": "2468"})).await?;
    assert_eq!((status, lost.get("code")), (409, Some(&json!("no_device"))));
    Ok(())
}

#[tokio::test]
async fn a_phone_in_automatic_mode_takes_what_waits() -> Outcome {
    let stage = rehearsal(21_490).await?;
    stage.world.registered("aide-soignante", RPPS)?;
    stage.world.activate_all().await?;
    let mode = json!({"auto": "approve", "delay_ms": 20});
    assert_eq!(stage.phone(Method::PUT, "/mode", mode).await?.0, 200);
    tokio::time::timeout(std::time::Duration::from_mins(1), stage.gateway.approved()).await?;

    let description = stage.world.description().await;
    let people = description.get("people").and_then(Value::as_array).ok_or("people")?;
    let hers = people.iter().find(|person| person.get("rpps") == Some(&json!(RPPS)));
    let hers = hers.ok_or("the person")?;
    assert_eq!(hers.get("pin"), Some(&json!("2468")));
    assert_eq!(hers.get("state"), Some(&json!("active")));
    assert_eq!(people.len(), 8);

    assert_eq!(description.pointer("/urls/franceconnect"), Some(&json!("http://localhost:21491")));
    let listed = |list: &str, key: &str| {
        let list = description.get(list).and_then(Value::as_array);
        list.into_iter().flatten().find(|one| one.get("key") == Some(&json!(key))).cloned()
    };
    let newcomer = listed("franceconnect", "nouvelle").ok_or("nouvelle")?;
    assert_eq!(newcomer.get("birthplace"), Some(&json!("21231")));
    assert_eq!(newcomer.get("page"), Some(&Value::Null));
    let own = listed("franceconnect_clients", "passerelle-demo").ok_or("the gateway's client")?;
    assert_eq!(own.get("client_secret"), Some(&json!(stage.world.franceconnect_secret())));
    let back = "http://localhost:21490/portail/franceconnect/retour";
    assert_eq!(own.get("redirect_uris"), Some(&json!([back])));
    assert!(listed("clients", "passerelle-demo").is_none());
    Ok(())
}

#[tokio::test]
async fn a_dui_logs_in_refreshes_and_hears_of_the_end() -> Outcome {
    for (base, key, home) in [
        (21_500, "dui-tilleuls", ":21502"),
        (21_510, "dui-rive-claire", ":21513"),
        (21_520, "plateforme", ":21522/plateforme"),
    ] {
        let stage = rehearsal(base).await?;
        let home = format!("http://localhost{home}");
        visit(&stage, key, &home).await.map_err(|why| format!("{key}: {why}"))?;
    }
    Ok(())
}

async fn visit(stage: &Rehearsal, key: &str, home: &str) -> Outcome {
    let mut browser = Browser::new(&stage.http);
    let page = browser.open(&format!("{home}/connexion")).await?;
    assert_eq!(page.text("rpps").as_deref(), Some(RPPS), "{}", page.body);
    assert_eq!(stage.gateway.used_pkce(), key != "dui-rive-claire");
    let session = call(&mut browser, home, (Method::GET, "session"), None).await?;
    assert_eq!(session.1.get("role"), Some(&json!("GENR11")));
    assert_eq!(session.1.pointer("/userinfo/SubjectRole/0"), Some(&json!("99^1.2.250.1.213")));

    let active = call(&mut browser, home, (Method::POST, "verifier"), None).await?;
    assert_eq!(active.1.get("active"), Some(&json!(true)), "{active:?}");
    let refreshed = call(&mut browser, home, (Method::POST, "rafraichir"), None).await?;
    assert_eq!((refreshed.0, refreshed.1.get("identity")), (200, Some(&json!(true))));

    let told = format!("{home}/backchannel-logout");
    let down = Some(json!({"mode": "down"}));
    call(&mut browser, home, (Method::POST, "panne"), down).await?;
    assert_eq!(stage.gateway.tell(&stage.http, &told, key, "j1").await?, 503);
    call(&mut browser, home, (Method::POST, "panne"), Some(json!({"mode": "ok"}))).await?;
    assert_eq!(stage.gateway.tell(&stage.http, &told, "somebody-else", "j1").await?, 400);
    assert_eq!(stage.gateway.tell(&stage.http, &told, key, "j1").await?, 200);
    assert_eq!(stage.gateway.tell(&stage.http, &told, key, "j1").await?, 400);

    let session = call(&mut browser, home, (Method::GET, "session"), None).await?;
    assert_eq!((session.0, session.1.get("closed_by")), (401, Some(&json!("departure"))));
    let page = browser.open(&format!("{home}/dossier")).await?;
    assert!(page.body.contains("Votre accès a pris fin le"), "{}", page.body);
    stage.gateway.end();
    let refused = call(&mut browser, home, (Method::POST, "rafraichir"), None).await?;
    assert_eq!((refused.0, refused.1.get("error")), (401, Some(&json!("invalid_grant"))));
    let dead = call(&mut browser, home, (Method::POST, "verifier"), None).await?;
    assert_eq!(dead.1, json!({"active": false}));
    let silent = browser.open(&format!("{home}/connexion?silencieux=1")).await?;
    assert_eq!(silent.error_code().as_deref(), Some("login_required"));
    // The end of this session was told before it could begin again.
    stage.gateway.resume();
    let late = browser.open(&format!("{home}/connexion")).await?;
    assert_eq!(late.error_code().as_deref(), Some("acces_termine"));
    Ok(())
}

async fn call(
    browser: &mut Browser,
    home: &str,
    (method, path): (Method, &str),
    body: Option<Value>,
) -> Result<(u16, Value), String> {
    browser.call(method, &format!("{home}/api/{path}"), body.as_ref()).await
}
