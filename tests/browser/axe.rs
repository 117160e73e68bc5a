//! axe-core: what a program can tell of a page's accessibility.

use std::{path::Path, sync::OnceLock};

use serde_json::Value;
use thirtyfour::WebDriver;

use super::{
    chromium::DESK,
    scene::{Seat, play},
};

/// WCAG 2.2, levels A and AA, and all that they took over from their predecessors.
const RUN: &str = "
    const done = arguments[0];
    const values = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'];
    axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] })
        .then((told) => done(told.violations), (error) => done([String(error)]));";

/// No violation on the page that is open.
pub(crate) async fn check(driver: &WebDriver, page: &str) {
    let violations = violations(driver).await;
    assert!(violations.is_empty(), "{page}: {violations:#?}");
}

async fn violations(driver: &WebDriver) -> Vec<String> {
    driver.execute(source(), Vec::new()).await.unwrap();
    let told = driver.execute_async(RUN, Vec::new()).await.unwrap();
    told.json().as_array().unwrap().iter().map(in_a_sentence).collect()
}

fn source() -> &'static str {
    static SOURCE: OnceLock<String> = OnceLock::new();
    SOURCE.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/node_modules");
        let read = std::fs::read_to_string(folder.join("axe-core/axe.min.js"));
        read.unwrap_or_else(|error| panic!("axe-core: {error}; scripts/test installs it"))
    })
}

fn in_a_sentence(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    let nodes: Vec<String> =
        nodes.map(|node| format!("{} {}", node["html"], node["failureSummary"])).collect();
    format!("{}: {} {}", violation["id"], violation["help"], nodes.join(" | "))
}

#[tokio::test]
async fn what_is_wrong_with_a_page_is_found() {
    let seat = Seat::take(DESK).await;
    let found = async {
        let page = "data:text/html,<html lang=fr><title>Page</title><input><img src=a>\
                    <p style='color:%23999'>gris";
        seat.browser.goto(page).await;
        let violations = violations(&seat.browser.driver).await;
        for rule in ["color-contrast", "image-alt", "label"] {
            assert!(violations.iter().any(|told| told.contains(rule)), "{rule}: {violations:?}");
        }
    };
    play(&[&seat], found).await;
}
