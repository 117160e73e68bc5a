//! What people do together: a log-in with browser and phone, seen from both.

use std::{
    io::Read,
    process::{Command, Stdio},
    thread::JoinHandle,
};

use serde_json::{Value, json};

use super::{
    browser::{Browser, Page},
    demo::{Demo, exit_code},
    http::Answer,
    party::{Party, Tokens},
    world::{Person, text},
};

/// Calls to the phone of one person.
pub(crate) struct Phone<'a> {
    demo: &'a Demo,
    rpps: String,
}

impl<'a> Phone<'a> {
    pub(crate) fn of(demo: &'a Demo, person: &Person) -> Self {
        Self { demo, rpps: person.rpps.clone() }
    }

    pub(crate) async fn call(&self, what: &str, body: &Value) -> Answer {
        let path = format!("/api/phones/{}/{what}", self.rpps);
        self.demo.post_json(&self.demo.at("phone", &path), body).await
    }

    /// What waits, newest first.
    pub(crate) async fn pending(&self) -> Vec<Value> {
        let path = format!("/api/phones/{}/pending", self.rpps);
        let answer = self.demo.get(&self.demo.at("phone", &path)).await;
        answer.success().as_array().cloned().unwrap_or_default()
    }

    /// The challenge that waits; there must be one.
    pub(crate) async fn challenge(&self) -> String {
        let pending = self.pending().await;
        text(&pending.first().unwrap_or_else(|| panic!("nothing waits on this phone"))["challenge"])
    }

    pub(crate) async fn approve(&self, challenge: &str, code: &str, pin: &str) -> Answer {
        let body = json!({"challenge": challenge, "code": code, "pin": pin});
        self.call("approve", &body).await
    }

    pub(crate) async fn one_time_code(&self, pin: &str) -> String {
        text(&self.call("otp", &json!({ "pin": pin })).await.success()["otp"])
    }
}

/// Types the identifier on the log-in page that `start` leads to; answers the page with the code.
pub(crate) async fn identify(browser: &mut Browser, start: &str, person: &Person) -> Page {
    let page = browser.get(start).await;
    assert!(page.has("#identifier"), "no log-in page: {}", page.summary());
    let typed = [("identifier", person.identifier.as_str())];
    let page = browser.press(&page, "submit", &typed).await;
    assert!(page.has("#code-a-comparer"), "no code: {}", page.summary());
    page
}

/// The two digits that the page shows.
pub(crate) fn code_on(page: &Page) -> String {
    page.text("#code-a-comparer").unwrap_or_default()
}

/// Logs somebody in with her phone; answers where the browser ends.
pub(crate) async fn log_in(
    demo: &Demo,
    browser: &mut Browser,
    start: &str,
    person: &Person,
) -> Page {
    let page = identify(browser, start, person).await;
    let phone = Phone::of(demo, person);
    let challenge = phone.challenge().await;
    phone.approve(&challenge, &code_on(&page), &person.pin).await.success();
    browser.again(&page).await
}

/// A browser in which somebody logged in to `party`, and the tokens that came of it.
pub(crate) async fn logged_in(demo: &Demo, party: &Party, person: &Person) -> (Browser, Tokens) {
    let mut browser = Browser::new().stopping_at(&party.redirect);
    let page = log_in(demo, &mut browser, &party.start(&[]), person).await;
    let tokens = party.tokens(&page).await;
    (browser, tokens)
}

/// One more client in the same browser, without a page on the way.
pub(crate) async fn silently(browser: &mut Browser, party: &Party) -> Tokens {
    let page = browser.get(&party.silent()).await;
    party.tokens(&page).await
}

impl Browser {
    /// Stops at each of these parties' return addresses.
    pub(crate) fn for_parties(parties: &[&Party]) -> Self {
        parties.iter().fold(Self::new(), |browser, party| browser.stopping_at(&party.redirect))
    }
}

/// The error word with which a browser came back, or nothing.
pub(crate) fn refused_with(page: &Page) -> String {
    assert!(page.parameter("code").is_none(), "a code came: {}", page.summary());
    page.parameter("error").unwrap_or_default()
}

/// Runs a command of the binary on a demo's data; answers exit code, standard output and error.
pub(crate) async fn run(arguments: &[&str]) -> (Option<i32>, String, String) {
    let arguments: Vec<String> = arguments.iter().map(|one| (*one).to_owned()).collect();
    let work = tokio::task::spawn_blocking(move || {
        let mut child = Command::new(env!("CARGO_BIN_EXE_passerelle"))
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let (out, err) = (whole(out), whole(err));
        (exit_code(child), out.join().unwrap(), err.join().unwrap())
    });
    work.await.unwrap()
}

/// All that comes through a pipe, read while the process runs.
fn whole(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut text = String::new();
        pipe.read_to_string(&mut text).unwrap();
        text
    })
}

/// What `journal verify` says of a demo's journal: the number of lines of a chain that is whole.
pub(crate) async fn journal_lines(demo: &Demo) -> u64 {
    let data = demo.data();
    let (code, out, err) =
        run(&["journal", "verify", "--json", "--data", data.to_str().unwrap()]).await;
    let said: Value = serde_json::from_str(&out).unwrap_or_default();
    assert_eq!((code, &said["whole"]), (Some(0), &Value::Bool(true)), "{out}{err}");
    said["lines"].as_u64().unwrap()
}
