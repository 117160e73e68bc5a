//! The pages in Chromium: with script and without, on a desk and on a phone's width, by mouse and
//! by keyboard alone, and judged by axe-core. What each page looks like is kept in `target/screenshots`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test stops where it fails, and says where"
)]

mod axe;
mod chromium;
#[expect(dead_code, reason = "the other test binary uses the rest")]
#[path = "../it/outside/demo.rs"]
mod demo;
#[expect(dead_code, reason = "the other test binary uses the rest")]
#[path = "../it/outside/http.rs"]
mod http;
mod journey;
mod paper;
mod portal_journey;
mod scene;
#[expect(dead_code, reason = "the other test binary uses the rest")]
#[path = "../it/outside/world.rs"]
mod world;
