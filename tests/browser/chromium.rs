//! Chromium, driven as a person would, and what it must find on every page.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use thirtyfour::{
    By, ChromiumLikeCapabilities, DesiredCapabilities, Key, LoggingPrefsLogLevel, WebDriver,
    WebElement,
    error::{WebDriverError, WebDriverErrorInner, WebDriverResult, no_such_element},
};

use super::axe;

/// How many looks a page may take to move on, and how far apart they are.
const PATIENCE: u32 = 300;
const LOOK: Duration = Duration::from_millis(100);

/// What somebody sits before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Screen {
    pub(crate) name: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) script: bool,
}

pub(crate) const DESK: Screen = Screen { name: "bureau", width: 1280, height: 900, script: true };
pub(crate) const MOBILE: Screen = Screen { name: "mobile", width: 390, height: 844, script: true };
/// A README has room for no more of a page.
const TALLEST: u32 = 900;
/// As wide as a README shows a picture.
pub(crate) const PICTURE: Screen = Screen { name: "image", width: 1000, height: 640, script: true };

impl Screen {
    /// The same without JavaScript.
    pub(crate) fn without_script(self) -> Self {
        Self { script: false, ..self }
    }
}

/// One browser and the program that drives it; both end when dropped, in this order.
pub(crate) struct Chromium {
    pub(crate) driver: WebDriver,
    screen: Screen,
    #[expect(dead_code, reason = "held until the browser is closed")]
    chromedriver: Chromedriver,
}

/// The program that drives the browser.
struct Chromedriver(Child);

impl Chromium {
    pub(crate) async fn open(screen: Screen) -> Self {
        let (chromedriver, port) = chromedriver();
        let mut wanted = DesiredCapabilities::chrome();
        for argument in [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--lang=fr",
        ] {
            wanted.add_arg(argument).unwrap();
        }
        let metrics = json!({"width": screen.width, "height": screen.height, "pixelRatio": 1.0,
                             "touch": false, "mobile": screen.width < 600});
        let emulation = json!({ "deviceMetrics": metrics });
        wanted.add_experimental_option("mobileEmulation", emulation).unwrap();
        if !screen.script {
            let refused = json!({"profile.managed_default_content_settings.javascript": 2});
            wanted.add_experimental_option("prefs", refused).unwrap();
        }
        wanted.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), wanted).await.unwrap();
        Self { driver, screen, chromedriver }
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.driver.goto(url).await.unwrap();
    }

    /// The element with this id, waited for.
    pub(crate) async fn the(&self, id: &str) -> WebElement {
        self.first(&format!("[id='{id}']")).await
    }

    /// The element that this selector finds, waited for.
    pub(crate) async fn first(&self, css: &str) -> WebElement {
        self.until(css, async || self.driver.find(By::Css(css)).await).await
    }

    pub(crate) async fn text(&self, id: &str) -> String {
        let css = format!("[id='{id}']");
        let read = async || self.driver.find(By::Css(&*css)).await?.text().await;
        self.until(&css, read).await.trim().to_owned()
    }

    /// What an attribute says, of the element with this id.
    pub(crate) async fn attribute(&self, id: &str, name: &str) -> Option<String> {
        let css = format!("[id='{id}']");
        let read = async || self.driver.find(By::Css(&*css)).await?.attr(name).await;
        self.until(&css, read).await
    }

    pub(crate) async fn has(&self, id: &str) -> bool {
        !self.driver.find_all(By::Id(id)).await.unwrap().is_empty()
    }

    pub(crate) async fn type_in(&self, id: &str, text: &str) {
        let css = format!("[id='{id}']");
        let write = async || {
            let field = self.driver.find(By::Css(&*css)).await?;
            field.clear().await?;
            field.send_keys(text).await
        };
        self.until(&css, write).await;
    }

    /// Takes one choice of a list by its value.
    pub(crate) async fn choose(&self, id: &str, value: &str) {
        self.tick(&format!("[id='{id}'] option[value='{value}']")).await;
    }

    /// A date as the field keeps it, whatever the browser's own way to type one.
    pub(crate) async fn set_date(&self, id: &str, day: &str) {
        let field = self.the(id).await.to_json().unwrap();
        let script = "arguments[0].value = arguments[1]";
        self.driver.execute(script, vec![field, day.into()]).await.unwrap();
    }

    /// Clicks what leaves the page where it is: a box, a choice.
    pub(crate) async fn tick(&self, css: &str) {
        self.until(css, async || self.driver.find(By::Css(css)).await?.click().await).await;
    }

    /// Clicks the element with this id, which leads to another page.
    pub(crate) async fn click(&self, id: &str) {
        self.follow(By::Css(format!("[id='{id}']"))).await;
    }

    /// Clicks what leads to another page, and waits until the page that was open is gone: whatever
    /// is looked for next is looked for on the new one.
    pub(crate) async fn follow(&self, by: By) {
        let what = format!("{by:?}");
        let page = async || {
            let element = self.driver.find(by.clone()).await?;
            // Between the two: still the page of the element, or the click finds it gone.
            let page = self.driver.find(By::Tag("html")).await?;
            element.click().await?;
            Ok(page)
        };
        let left = self.until(&what, page).await;
        let gone = async || match left.tag_name().await {
            Ok(_) => Err(no_such_element(format!("{what} leads nowhere"))),
            Err(error) if is_between_pages(&error) => Ok(()),
            Err(error) => Err(error),
        };
        self.until(&what, gone).await;
    }

    /// What `look` finds, as soon as it does: a page that is being replaced has nothing to say yet.
    async fn until<T>(&self, what: &str, look: impl AsyncFn() -> WebDriverResult<T>) -> T {
        let mut looks = 1;
        loop {
            match look().await {
                Ok(found) => return found,
                Err(error) if is_between_pages(&error) && looks < PATIENCE => {
                    looks += 1;
                    tokio::time::sleep(LOOK).await;
                }
                Err(error) => {
                    let url = self.driver.current_url().await.unwrap();
                    let text = self.driver.source().await.unwrap();
                    panic!("no {what} at {url}: {error}\n{text}");
                }
            }
        }
    }

    /// Keeps what the page looks like, and checks what must hold of every page.
    pub(crate) async fn look(&self, name: &str) {
        let script = if self.screen.script { "" } else { "-sans-script" };
        let file = format!("{}{script}-{name}.png", self.screen.name);
        let clip = self.clip().await;
        let wanted = json!({"format": "png", "captureBeyondViewport": true, "clip": clip});
        let devtools = self.driver.cdp();
        let shot = devtools.send_raw("Page.captureScreenshot", wanted);
        let picture = STANDARD.decode(shot.await.unwrap()["data"].as_str().unwrap()).unwrap();
        std::fs::write(screenshots().join(file), picture).unwrap();
        self.check_width(name).await;
        self.check_names(name).await;
        if self.screen.script {
            axe::check(&self.driver, name).await;
        }
    }

    /// What is kept of a page: the whole of it, or as much as a picture holds.
    async fn clip(&self) -> Value {
        let tallest = if self.screen == PICTURE { TALLEST } else { u32::MAX };
        let height = self.measure("scrollHeight").await.min(tallest);
        json!({"x": 0, "y": 0, "width": self.screen.width, "height": height, "scale": 1})
    }

    /// Nothing is wider than the screen.
    async fn check_width(&self, name: &str) {
        let wide = self.measure("scrollWidth").await;
        assert!(wide <= self.screen.width, "{name} is {wide} pixels wide on {:?}", self.screen);
    }

    /// A measure of the page that is open, in pixels.
    async fn measure(&self, property: &str) -> u32 {
        let script = format!("return document.documentElement.{property}");
        let measured = self.driver.execute(script, Vec::new()).await.unwrap();
        measured.convert().unwrap()
    }

    /// The language is said, there is one title of first rank, and every field has a label.
    async fn check_names(&self, name: &str) {
        let html = self.driver.source().await.unwrap();
        let page = scraper::Html::parse_document(&html);
        let count = |css: &str| page.select(&scraper::Selector::parse(css).unwrap()).count();
        assert_eq!(count("html[lang=fr]"), 1, "{name}: no language");
        assert_eq!(count("h1"), 1, "{name}: one title of first rank");
        assert_eq!(count("main"), 1, "{name}: one main part");
        let fields = "input:not([type=hidden]):not([type=submit])";
        for field in page.select(&scraper::Selector::parse(fields).unwrap()) {
            let id = field.attr("id").unwrap_or_default();
            let labelled = count(&format!("label[for='{id}']")) == 1;
            assert!(labelled || field.attr("aria-label").is_some(), "{name}: #{id} has no label");
        }
    }

    /// Presses Tab until the focus is where it should be, as somebody without a mouse does.
    pub(crate) async fn tab_to(&self, what: &str, is_there: impl AsyncFn(&WebElement) -> bool) {
        for _ in 0..40 {
            let focused = self.driver.active_element().await.unwrap();
            if is_there(&focused).await {
                return;
            }
            focused.send_keys(Key::Tab + "").await.unwrap();
        }
        panic!("{what} cannot be reached by keyboard");
    }

    pub(crate) async fn tab_to_id(&self, id: &str) {
        let is_there =
            async |focused: &WebElement| focused.id().await.unwrap().as_deref() == Some(id);
        self.tab_to(&format!("#{id}"), is_there).await;
    }

    /// Types with whatever has the focus.
    pub(crate) async fn keys(&self, keys: impl Into<thirtyfour::TypingData>) {
        let focused = self.driver.active_element().await.unwrap();
        focused.send_keys(keys).await.unwrap();
    }

    /// What the console complained of: a policy of ours that stops our own page, say.
    pub(crate) async fn check_console(&self) {
        let told = self.driver.browser_log().await.unwrap();
        let severe = told.iter().map(|entry| format!("{entry:?}"));
        let severe: Vec<_> = severe
            .filter(|line| line.to_lowercase().contains("severe"))
            // A refusal is a page with a status of its own: the console says so, rightly.
            .filter(|line| !line.contains("Failed to load resource"))
            .collect();
        assert!(severe.is_empty(), "the console complained: {severe:#?}");
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The element went with its page, or the next page has not brought it yet.
fn is_between_pages(error: &WebDriverError) -> bool {
    matches!(
        error.as_inner(),
        WebDriverErrorInner::NoSuchElement(_) | WebDriverErrorInner::StaleElementReference(_)
    )
    // What chromedriver says of an element whose page leaves while it is asked.
    || error.to_string().contains("does not belong to the document")
}

/// Where pictures are kept: beside what cargo builds.
fn screenshots() -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap().join("screenshots");
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// Starts the driver on a port that it chooses and tells.
fn chromedriver() -> (Chromedriver, u16) {
    let mut child = Command::new("chromedriver")
        .arg("--port=0")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| panic!("chromedriver: {error}; scripts/test installs it"));
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let started = lines.find(|line| line.contains("started successfully on port")).unwrap();
    let port = started.trim_end_matches('.').rsplit(' ').next().unwrap().parse().unwrap();
    std::thread::spawn(move || lines.for_each(drop));
    (Chromedriver(child), port)
}
