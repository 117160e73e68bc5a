//! Every way in which FranceConnect's answer can be wrong, played by the mock against the gateway as
//! anybody starts it: who is not believed leaves nothing behind.

use serde_json::json;

use super::{
    browser::{Browser, Page},
    demo::Demo,
    http::send,
    world::text,
};

/// The scenarios of the mock that a careful client survives.
const GOOD: [&str; 6] =
    ["success", "higher-acr", "at-hash", "key-rotated", "key-rotated-halfway", "key-replaced"];

#[tokio::test]
async fn of_all_scenarios_only_the_good_ones_bring_somebody() {
    let demo = Demo::start().await;
    let scenarios = format!("{}/api/scenario", demo.world.url("franceconnect"));
    let listed = send(demo.http.get(&scenarios)).await.success();
    let names: Vec<String> =
        listed["items"].as_array().unwrap().iter().map(|one| text(&one["name"])).collect();
    for good in GOOD {
        assert!(names.iter().any(|name| name == good), "{good} is not listed");
    }
    assert!(names.len() > 40, "only {} scenarios are listed", names.len());
    for name in &names {
        send(demo.http.put(&scenarios).json(&json!({"next": name}))).await.success();
        check(&demo, name, GOOD.contains(&name.as_str())).await;
    }
}

/// One log-in in a browser of its own.
async fn check(demo: &Demo, scenario: &str, is_good: bool) {
    let mut browser = Browser::new();
    let page = through_franceconnect(demo, &mut browser).await;
    let kept = browser.get(&format!("{}/portail/preenregistrement", demo.gateway())).await;
    assert_eq!(kept.has("#identite-verifiee"), is_good, "{scenario}: {}", kept.summary());
    if is_good {
        assert!(page.has("#identite-verifiee"), "{scenario}: {}", page.summary());
        return;
    }
    assert_eq!(page.error(), "franceconnect", "{scenario}: {}", page.summary());
    // Nor does the address that brought the refusal bring anybody later.
    let again = browser.again(&page).await;
    assert!(!again.has("#identite-verifiee"), "{scenario}: {}", again.summary());
}

async fn through_franceconnect(demo: &Demo, browser: &mut Browser) -> Page {
    let chooser = browser.get(&format!("{}/portail/franceconnect", demo.gateway())).await;
    let chosen = [("identifiant", "nouvelle"), ("scenario", "success")];
    let mut page = browser.press(&chooser, "submit", &chosen).await;
    if page.has("#continuer") {
        page = browser.press(&page, "continuer", &[]).await;
    }
    // FranceConnect shows most of its refusals itself, and leads back.
    if page.has("#revenir") {
        page = match page.attribute("#revenir", "href") {
            Some(back) => browser.get(page.url.join(&back).unwrap().as_str()).await,
            None => browser.press(&page, "revenir", &[]).await,
        };
    }
    page
}
