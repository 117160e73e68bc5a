//! No secret in any log, even when everything of ours is logged.

use super::{
    api::Api,
    browser::Browser,
    demo::Demo,
    party::{Party, Tokens},
    scenes::{Phone, code_on, identify},
};

#[tokio::test]
async fn no_secret_is_ever_logged() {
    let level = "debug,passerelle=trace,tower_http=trace,mock_idp=off";
    let mut demo = Demo::start_with(&[("PASSERELLE_LOG__LEVEL", level)]).await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let phone = Phone::of(&demo, &person);
    let mut browser = Browser::for_parties(&[&party]);

    let page = identify(&mut browser, &party.start(&[]), &person).await;
    let challenge = phone.challenge().await;
    phone.approve(&challenge, &code_on(&page), "1379").await;
    phone.approve(&challenge, &code_on(&page), &person.pin).await.success();
    let back = browser.again(&page).await;
    let code = back.parameter("code").unwrap();
    let first = Tokens::from(party.redeem(&code).await.success());
    let second = Tokens::from(party.refresh(&first.refresh).await.success());
    party.redeem(&code).await;
    party.introspect(&second.access).await;
    party.userinfo(&second.access).await;
    // Mistakes are what logs are full of.
    party.refresh(&format!("{}x", second.refresh)).await;
    party.call("revoke", &[("token", &second.refresh), ("token", &second.refresh)]).await;
    let otp = phone.one_time_code(&person.pin).await;
    let mut other = Browser::for_parties(&[&party]);
    super::log_in::with_one_time_code(&mut other, &party, &person, &otp).await;
    let mut thief = Browser::for_parties(&[&party]);
    super::log_in::with_one_time_code(&mut thief, &party, &person, &otp).await;
    let (_, program_secret) = demo.world.api();
    demo.stop();

    let log = demo.said();
    assert!(log.lines().count() > 20, "hardly anything was logged: {log}");
    let mut secrets = vec![code, otp, party.secret.clone(), program_secret, api.token().to_owned()];
    for tokens in [first, second] {
        secrets.extend([tokens.access, tokens.refresh, tokens.id]);
    }
    for (_, value) in browser.cookies().into_iter().chain(other.cookies()) {
        secrets.push(value);
    }
    for secret in secrets {
        assert!(secret.len() >= 6, "{secret} is too short to look for");
        let found = log.lines().find(|line| line.contains(&secret));
        assert_eq!(found, None, "a secret was logged");
    }
    for pin in ["\"2468\"", "=2468", "\"1379\"", "=1379"] {
        let found = log.lines().find(|line| line.contains(pin));
        assert_eq!(found, None, "a PIN was logged");
    }
    let line: serde_json::Value = serde_json::from_str(log.lines().next().unwrap()).unwrap();
    assert!(line.is_object(), "logs are JSON lines when nobody watches: {line}");
}
