//! Somebody before a computer, with a phone in a second window.

use std::panic::{AssertUnwindSafe, resume_unwind};

use futures_util::FutureExt;
use thirtyfour::{By, WindowHandle};

use super::{
    chromium::{Chromium, Screen},
    demo::Demo,
    world::Person,
};

/// The computer, and the phone in a second window.
pub(crate) struct Seat {
    pub(crate) browser: Chromium,
    desk: WindowHandle,
    phone: WindowHandle,
}

impl Seat {
    pub(crate) async fn take(screen: Screen) -> Self {
        let browser = Chromium::open(screen).await;
        let desk = browser.driver.window().await.unwrap();
        let phone = browser.driver.new_window().await.unwrap();
        Self { browser, desk, phone }
    }

    pub(crate) async fn at_the_desk(&self) {
        self.browser.driver.switch_to_window(self.desk.clone()).await.unwrap();
    }

    pub(crate) async fn on_the_phone(&self) {
        self.browser.driver.switch_to_window(self.phone.clone()).await.unwrap();
    }

    /// Says who she is on the log-in page that is open; answers the code that the screen shows.
    pub(crate) async fn identify(&self, person: &Person) -> String {
        self.browser.type_in("identifier", &person.identifier).await;
        self.browser.click("submit").await;
        self.browser.text("code-a-comparer").await
    }

    pub(crate) async fn take_the_phone(&self, demo: &Demo, person: &Person) {
        self.on_the_phone().await;
        self.browser.goto(&demo.at("phone", &format!("/telephone/{}", person.rpps))).await;
    }

    /// The PIN, then the code that the other window shows.
    pub(crate) async fn choose(&self, person: &Person, code: &str) {
        self.browser.type_in("pin", &person.pin).await;
        let button = By::Css(format!("button[name=code][value='{code}']"));
        self.browser.follow(button).await;
    }

    /// From the log-in page to what lies behind it.
    pub(crate) async fn log_in(&self, demo: &Demo, person: &Person) {
        let code = self.identify(person).await;
        self.take_the_phone(demo, person).await;
        self.choose(person, &code).await;
        self.at_the_desk().await;
    }
}

/// Plays something to its end; however it ends, the browsers are closed.
pub(crate) async fn play(seats: &[&Seat], scenario: impl Future<Output = ()>) {
    let played = AssertUnwindSafe(scenario).catch_unwind().await;
    for seat in seats {
        seat.browser.driver.clone().quit().await.unwrap();
    }
    if let Err(panic) = played {
        resume_unwind(panic);
    }
}
