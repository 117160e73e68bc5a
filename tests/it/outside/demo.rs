//! The real binary, started as anybody would start it, on ports and data of its own.

use std::{
    collections::BTreeSet,
    fs::File,
    io::{BufRead, BufReader, ErrorKind},
    net::TcpListener,
    path::PathBuf,
    process::{Child, ChildStdout, Command, Stdio},
    sync::Mutex,
    time::Duration,
};

use tempfile::TempDir;
use tokio::sync::mpsc;

use super::{
    http::{Answer, client, send, try_send},
    world::{Person, World},
};

/// A demo that says nothing for this long will never start.
const PATIENCE: Duration = Duration::from_secs(90);
/// A process that has not ended by then never will; the tour is the longest.
const LIFE: Duration = Duration::from_mins(5);
/// The gateway's port and those of the parties.
const PORTS: u16 = 7;

/// One demo, killed when dropped.
pub(crate) struct Demo {
    child: Option<Child>,
    base: u16,
    folder: TempDir,
    environment: Vec<(String, String)>,
    pub(crate) http: reqwest::Client,
    pub(crate) world: World,
}

impl Demo {
    /// A fresh demo, ready.
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// A fresh demo with settings in its environment, ready.
    pub(crate) async fn start_with(environment: &[(&str, &str)]) -> Self {
        let mut demo = Self {
            child: None,
            base: 0,
            folder: tempfile::tempdir().unwrap(),
            environment: owned(environment),
            http: client(),
            world: World::default(),
        };
        // Between our look at the ports and its own, another test may take one.
        for _ in 0..5 {
            demo.base = free_base();
            match demo.launch().await {
                Ok(()) => return demo,
                Err(said) => assert!(said.contains("taken"), "the demo did not start: {said}"),
            }
        }
        panic!("no seven free ports in a row");
    }

    /// The process dies as if the power had gone.
    pub(crate) fn kill_9(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }

    /// Asked to stop, it stops; answers its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let child = self.child.take()?;
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        exit_code(child)
    }

    /// Starts again on the same ports and data.
    pub(crate) async fn restart(&mut self) {
        assert!(self.child.is_none(), "stop it first");
        if let Err(said) = self.launch().await {
            panic!("the demo did not start again: {said}");
        }
    }

    /// Starts again with other settings in its environment.
    pub(crate) async fn restart_with(&mut self, environment: &[(&str, &str)]) {
        self.environment = owned(environment);
        self.restart().await;
    }

    /// Starts again, and must fail: answers its exit code and what it said.
    pub(crate) fn fail_to_restart(&self) -> (Option<i32>, String) {
        let before = self.said().len();
        let (child, stdout) = self.spawn();
        let _lines = lines_of(stdout);
        let code = exit_code(child);
        (code, self.said()[before..].to_owned())
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.child.as_ref().map(Child::id).unwrap()
    }

    pub(crate) fn port(&self) -> u16 {
        self.base
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("demo")
    }

    /// Everything that it wrote on standard error since it was first started.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr.log")).unwrap_or_default()
    }

    pub(crate) fn gateway(&self) -> String {
        format!("http://localhost:{}", self.base)
    }

    /// An address of a party: its name in `urls`, and a path.
    pub(crate) fn at(&self, party: &str, path: &str) -> String {
        format!("{}{path}", self.world.url(party))
    }

    pub(crate) fn person(&self, key: &str) -> Person {
        self.world.person(key)
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        send(self.http.get(url)).await
    }

    pub(crate) async fn post_json(&self, url: &str, body: &serde_json::Value) -> Answer {
        send(self.http.post(url).json(body)).await
    }

    /// Moves the calendar clock, and answers when everything due by then is done.
    pub(crate) async fn advance(&self, span: &str) {
        let body = serde_json::json!({ "advance": span });
        self.post_json(&format!("{}/demo/clock", self.gateway()), &body).await.success();
    }

    /// Sets the calendar clock.
    pub(crate) async fn set_calendar(&self, moment: &str) -> Answer {
        let body = serde_json::json!({ "set": moment });
        self.post_json(&format!("{}/demo/clock", self.gateway()), &body).await
    }

    async fn launch(&mut self) -> Result<(), String> {
        let (child, stdout) = self.spawn();
        self.child = Some(child);
        let mut lines = lines_of(stdout);
        let last_address = format!("localhost:{}", self.base + 4);
        let mut told = String::new();
        while !told.contains(&last_address) {
            let Some(line) = tokio::time::timeout(PATIENCE, lines.recv()).await.unwrap() else {
                self.kill_9();
                return Err(format!("{told}\n{}", self.said()));
            };
            told.push_str(&line);
        }
        // Whatever else it prints is read, so that it never waits for a reader.
        tokio::spawn(async move { while lines.recv().await.is_some() {} });
        self.wait_until_ready().await?;
        self.world = World(self.get(&format!("{}/demo/world", self.gateway())).await.success());
        Ok(())
    }

    fn spawn(&self) -> (Child, ChildStdout) {
        let log = self.folder.path().join("stderr.log");
        let log = File::options().append(true).create(true).open(log).unwrap();
        // A full disk is an error to be told, not the end of the process: see `full_disk`.
        let script = "trap '' XFSZ; exec \"$0\" \"$@\"";
        let mut child = Command::new("sh")
            .args(["-c", script, env!("CARGO_BIN_EXE_passerelle"), "demo"])
            .args(["--port", &self.base.to_string(), "--data"])
            .arg(self.data())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        (child, stdout)
    }

    /// Asks until it is ready, or has ended; no slow machine runs out of questions.
    async fn wait_until_ready(&mut self) -> Result<(), String> {
        let ready = format!("{}/health/ready", self.gateway());
        let ask = async {
            loop {
                let answer = try_send(self.http.get(&ready)).await;
                if answer.is_ok_and(|answer| answer.status == 200) {
                    return Ok(());
                }
                let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
                if let Some(ended) = ended {
                    return Err(format!("{ended}: {}", self.said()));
                }
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, ask).await.unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = self.said();
            let start = said.len().saturating_sub(4_000);
            let end = said.get(start..).unwrap_or(&said);
            self.tell(end);
        }
        self.kill_9();
    }
}

impl Demo {
    #[expect(clippy::print_stderr, reason = "what the process said explains a test that failed")]
    fn tell(&self, end: &str) {
        eprintln!("the demo on port {} last said:\n{end}", self.base);
    }
}

fn owned(environment: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    environment.iter().map(owned).collect()
}

fn lines_of(stdout: ChildStdout) -> mpsc::UnboundedReceiver<String> {
    let (tell, lines) = mpsc::unbounded_channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if tell.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The exit code of a process that ends by itself; one that does not is killed, and fails the test.
pub(crate) fn exit_code(mut child: Child) -> Option<i32> {
    let id = child.id().to_string();
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(child.wait()));
    if let Ok(status) = told.recv_timeout(LIFE) {
        return status.unwrap().code();
    }
    Command::new("kill").args(["-KILL", &id]).status().unwrap();
    panic!("the process does not end");
}

/// A base port whose followers are free as well, below those that the system gives out by itself.
/// None is given out twice, so that a demo that stops finds its ports again when it restarts.
pub(crate) fn free_base() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let [high, low, ..] = *uuid::Uuid::new_v4().as_bytes();
        let step = u16::from_be_bytes([high, low]) % (20_000 / PORTS);
        let base = 10_000 + step * PORTS;
        // A machine without IPv6 has no such ports to take.
        let is_taken = |host, port| {
            let taken = TcpListener::bind((host, port)).err().map(|error| error.kind());
            taken == Some(ErrorKind::AddrInUse)
        };
        let both = |port| is_taken("127.0.0.1", port) || is_taken("::1", port);
        if !(base..base + PORTS).any(both) && GIVEN.lock().unwrap().insert(base) {
            return base;
        }
    }
}
