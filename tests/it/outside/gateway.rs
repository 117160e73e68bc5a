//! `serve`, started as an operator starts it: settings, a key, and ports that the system chooses.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
};

use serde_json::Value;
use tempfile::TempDir;

use super::{demo::exit_code, http::client};

/// One gateway, killed when dropped.
pub(crate) struct Gateway {
    child: Option<Child>,
    folder: TempDir,
    port: u16,
    told: Arc<Mutex<String>>,
    pub(crate) http: reqwest::Client,
}

impl Gateway {
    /// A gateway on a new store, with these settings beside its places; it listens.
    pub(crate) fn start(settings: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("records.key"), [7; 32]).unwrap();
        let told = Arc::new(Mutex::new(String::new()));
        let mut gateway = Self { child: None, folder, port: 0, told, http: client() };
        gateway.restart(settings);
        gateway
    }

    /// Starts again on the same store, with these settings.
    pub(crate) fn restart(&mut self, settings: &str) {
        assert!(self.child.is_none(), "stop it first");
        self.configure(settings);
        self.launch();
    }

    /// Writes the settings; answers where.
    pub(crate) fn configure(&self, settings: &str) -> PathBuf {
        let (places, own) = (self.path("places.toml"), self.path("own.toml"));
        let store = self.path("passerelle.db").display().to_string();
        let text =
            format!("[server]\nlisten = [\"127.0.0.1:0\"]\n[records]\nurl = \"sqlite:{store}\"\n");
        fs::write(places, text).unwrap();
        fs::write(&own, settings).unwrap();
        own
    }

    /// Started with these settings it must fail: answers its exit code and what it said.
    pub(crate) fn fail_to_start(&self, settings: &str) -> (Option<i32>, String) {
        self.configure(settings);
        let mut child = self.spawn();
        let mut stderr = child.stderr.take().unwrap();
        let code = exit_code(child);
        let mut said = String::new();
        stderr.read_to_string(&mut said).unwrap();
        (code, said)
    }

    /// Asked to stop, it stops; answers its exit code.
    pub(crate) fn stop(&mut self) -> Option<i32> {
        let child = self.child.take()?;
        let id = child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        exit_code(child)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// What it has logged so far.
    pub(crate) fn said(&self) -> String {
        self.told.lock().unwrap().clone()
    }

    fn spawn(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_passerelle"))
            .args(["serve", "--config", "places.toml", "--config", "own.toml"])
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// Reads until it says where it listens: its own end is the only other end of that.
    fn launch(&mut self) {
        let mut child = self.spawn();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        self.child = Some(child);
        loop {
            let mut line = String::new();
            let read = stderr.read_line(&mut line).unwrap();
            assert!(read > 0, "it ended before it listened: {}", self.said());
            self.told.lock().unwrap().push_str(&line);
            let event: Value = serde_json::from_str(&line).unwrap_or_default();
            if event["message"] == "listening" {
                let address = event["address"].as_str().unwrap_or_default();
                self.port = address.rsplit(':').next().unwrap().parse().unwrap();
                break;
            }
        }
        let told = Arc::clone(&self.told);
        std::thread::spawn(move || {
            for line in stderr.lines().map_while(Result::ok) {
                told.lock().unwrap().push_str(&(line + "\n"));
            }
        });
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().unwrap();
            child.wait().unwrap();
        }
    }
}
