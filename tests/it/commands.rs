//! The program as an operator meets it: what it says, and with which exit code.

use std::{
    fs,
    net::TcpListener,
    path::Path,
    process::{Command, Output},
};

use tempfile::TempDir;

/// An operator's folder: a store with its key, and the settings that name them.
struct Desk {
    folder: TempDir,
}

impl Desk {
    /// Settings that place the store here and listen on `port`.
    fn new(port: u16) -> Self {
        let desk = Self { folder: tempfile::tempdir().unwrap() };
        let store = desk.path("passerelle.db").display().to_string();
        let settings = format!(
            "[server]\nlisten = [\"127.0.0.1:{port}\"]\n[records]\nurl = \"sqlite:{store}\"\n"
        );
        desk.write("own.toml", settings);
        desk.write("records.key", [7; 32]);
        desk
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Runs the program with these words; `own.toml` is found in the folder.
    fn run(&self, words: &str) -> Ended {
        let mut command = Command::new(env!("CARGO_BIN_EXE_passerelle"));
        command.current_dir(self.folder.path()).args(words.split_whitespace());
        Ended::of(&command.output().unwrap())
    }

    /// A store that is whole, made by the program itself: it fails only on what comes after.
    fn with_store(port: u16) -> Self {
        let desk = Self::new(port);
        open_store(&desk.path("passerelle.db"));
        desk
    }
}

fn open_store(path: &Path) {
    use passerelle::{
        departure,
        kernel::{random::SystemRandom, seal::RecordsKey, time::SystemClock},
        store::sqlite::{Collaborators, Sqlite},
    };
    let with = Collaborators {
        key: RecordsKey::new(&[7; 32]).unwrap().into(),
        clock: std::sync::Arc::new(SystemClock),
        random: std::sync::Arc::new(SystemRandom),
        end_rule: departure::plan,
    };
    Sqlite::open(path, with).unwrap();
}

struct Ended {
    code: Option<i32>,
    data: String,
    told: String,
}

impl Ended {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self { code: output.status.code(), data: text(&output.stdout), told: text(&output.stderr) }
    }

    #[track_caller]
    fn check(&self, code: i32, told: &[&str]) {
        assert_eq!(self.code, Some(code), "{}{}", self.told, self.data);
        for words in told {
            assert!(self.told.contains(words), "{words} is not in: {}", self.told);
        }
    }
}

#[test]
fn a_wrong_configuration_is_told_whole_and_nothing_starts() {
    let desk = Desk::new(1);
    desk.run("check-config --config own.toml").check(0, &[]);
    desk.write("bad.toml", "[server]\nlisten = [\"here\"]\n[ecps]\npin_attempt = 3\n");
    let both = ["bad.toml:2: server.listen: here", "bad.toml:4: ecps.pin_attempt: no such setting"];
    desk.run("check-config --config own.toml --config bad.toml").check(2, &both);
    desk.run("serve --config own.toml --config bad.toml").check(2, &both);
    assert!(!desk.path("passerelle.db").exists());
    desk.run("check-config --config absent.toml").check(2, &["absent.toml: cannot be read"]);
    desk.run("check-config").check(2, &["--config"]);
    desk.run("depart").check(2, &["depart"]);
}

#[test]
fn a_gateway_that_cannot_start_says_why() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let desk = Desk::new(port);
    desk.run("serve --config own.toml").check(2, &[&format!("port {port} is taken")]);
    assert!(!desk.path("passerelle.db").exists(), "nothing half done");

    let desk = Desk::new(0);
    fs::remove_file(desk.path("records.key")).unwrap();
    desk.run("serve --config own.toml").check(2, &["records.key", "is not there"]);
    assert!(!desk.path("passerelle.db").exists(), "nothing half done");

    let desk = Desk::with_store(0);
    desk.write("records.key", [8; 32]);
    desk.run("serve --config own.toml").check(2, &["sealed with another records.key"]);

    let desk = Desk::new(0);
    desk.write("passerelle.db", "this is a letter, and no database at all");
    desk.run("serve --config own.toml").check(1, &["passerelle.db", "damaged"]);

    for spoilt in [Vec::new(), vec![0; 4096]] {
        let desk = Desk::with_store(0);
        desk.write("passerelle.db", &spoilt);
        desk.run("serve --config own.toml").check(1, &["passerelle.db", "damaged", "restore"]);
        assert_eq!(fs::read(desk.path("passerelle.db")).unwrap(), spoilt, "left as it is");
    }

    let desk = Desk::with_store(0);
    let db = rusqlite::Connection::open(desk.path("passerelle.db")).unwrap();
    db.pragma_update(None, "user_version", 99).unwrap();
    drop(db);
    desk.run("serve --config own.toml").check(2, &["written by a newer version", "99"]);
}

#[test]
fn the_journal_is_verified_while_the_gateway_runs() {
    let desk = Desk::new(0);
    desk.run("journal verify --config own.toml").check(2, &["there is no such store"]);
    assert!(!desk.path("passerelle.db").exists());

    let desk = Desk::with_store(0);
    let ended = desk.run("journal verify --config own.toml --json");
    ended.check(0, &[]);
    let answer: serde_json::Value = serde_json::from_str(&ended.data).unwrap();
    assert_eq!((&answer["whole"], &answer["lines"]), (&true.into(), &1.into()));

    let db = rusqlite::Connection::open(desk.path("passerelle.db")).unwrap();
    db.execute("UPDATE journal SET at = at + 1 WHERE seq = 1", []).unwrap();
    let wrong = "line 1: the line does not match its hash";
    desk.run("journal verify --config own.toml").check(1, &[wrong]);
    let ended = desk.run("journal verify --config own.toml --json");
    ended.check(1, &[wrong]);
    let answer: serde_json::Value = serde_json::from_str(&ended.data).unwrap();
    assert_eq!((&answer["whole"], &answer["problem"]), (&false.into(), &wrong.into()));
}

#[test]
fn the_first_of_each_is_named_from_the_shell() {
    let desk = Desk::with_store(0);
    let name = |words: &str| desk.run(&format!("habilitate --config own.toml {words}"));
    name("--rpps 99900000037 --as securite").check(1, &["no professional has this RPPS number"]);
    name("--rpps 99900000038 --as securite").check(2, &["wrong check digit"]);
    name("--rpps 99900000037 --as gestionnaire").check(2, &["--finess"]);
    name("--rpps 99900000037 --as chef --finess 019999028").check(2, &["chef"]);

    let db = rusqlite::Connection::open(desk.path("passerelle.db")).unwrap();
    db.execute_batch(
        "INSERT INTO structure VALUES ('019999028', 'EG', NULL, 'n', 'a', 'c', 'p', 'c', 's', NULL);
         INSERT INTO professional (rpps, identity, identity_key, email, mobile, validated_at, subject)
         VALUES ('99900000037', '{}', 'k', 'e', 'm', 0, x'01');",
    )
    .unwrap();
    name("--rpps 99900000037 --as gestionnaire --finess 019999028").check(0, &[]);
    name("--rpps 99900000037 --as gestionnaire --finess 019999028").check(1, &["given already"]);
    name("--rpps 99900000037 --as gestionnaire --finess 699999124")
        .check(1, &["no open structure"]);
    name("--rpps 99900000037 --as autorite --finess 019999028")
        .check(2, &["--finess", "name none"]);
    name("--rpps 99900000037 --as autorite").check(0, &[]);
    desk.run("journal verify --config own.toml").check(0, &[]);
}
