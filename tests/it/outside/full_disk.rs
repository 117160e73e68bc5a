//! A disk on which nothing more can be written: said plainly, nothing half done, and nothing lost
//! once there is room again.

use serde_json::json;

use super::{
    api::Api,
    demo::Demo,
    party::{Doors, Party},
    scenes::{journal_lines, logged_in},
};

/// Limits the size of the files that the process writes: `EFBIG` in place of `ENOSPC`.
fn limit(demo: &Demo, bytes: &str) {
    let (process, size) = (demo.process_id().to_string(), format!("--fsize={bytes}"));
    let limited = std::process::Command::new("prlimit").args(["--pid", &process, &size]).status();
    assert!(limited.unwrap().success());
}

#[tokio::test]
async fn on_a_full_disk_an_end_is_refused_whole_and_works_once_there_is_room() {
    let demo = Demo::start().await;
    let api = Api::of(&demo).await;
    let person = demo.person("aide-soignante");
    let party = Party::of(&demo, "dui-tilleuls");
    let (_, tokens) = logged_in(&demo, &party, &person).await;
    let situation = api.situation(&person.rpps, &demo.world.finess("tilleuls")).await;
    let end = json!({"immediate": true});
    let path = format!("/situations/{situation}/end");

    limit(&demo, "512:unlimited");
    for _ in 0..3 {
        let refused = api.post(&path, &end).await;
        assert_eq!((refused.status, refused.header("retry-after")), (503, "1"), "{}", refused.body);
    }
    let refresh = party.refresh(&tokens.refresh).await;
    assert!(refresh.status == 503 || refresh.status == 200, "{}", refresh.body);
    let health = format!("{}/health/ready", demo.gateway());
    let ready = demo.get(&health).await;
    assert_eq!((ready.status, ready.header("retry-after")), (503, "1"), "{}", ready.body);

    limit(&demo, "unlimited:unlimited");
    assert_eq!(demo.get(&health).await.status, 200, "it recovers by itself");
    assert_eq!(api.card(&person.rpps).await, "active", "nothing was half done");
    assert_eq!(party.doors(&tokens).await, Doors::open());
    api.post(&path, &end).await.success();
    assert_eq!(party.doors(&tokens).await, Doors::shut());
    assert!(journal_lines(&demo).await > 0);
    assert!(!demo.said().contains("panicked"), "{}", demo.said());
}
