//! The reference and the code agree; layers win in order; every mistake is told at once.

use std::collections::BTreeSet;

use super::{layers::Layers, reading::Reader, *};
use crate::kernel::secret::Secret;

const REFERENCE: &str = include_str!("../../config/gateway.toml");
const DEMO: &str = include_str!("../../config/demo.toml");

/// Settings that a file of ours documents: written, or shown in a comment as `# key = …`.
fn documented(text: &str) -> Vec<(String, bool)> {
    let mut section = "";
    let mut found = Vec::new();
    let mut explained = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        }
        let setting = line.trim_start_matches("# ").split_once(" = ").map(|(key, _)| key);
        match setting.filter(|key| key.chars().all(|c| c.is_ascii_lowercase() || c == '_')) {
            Some(key) if !section.is_empty() => found.push((format!("{section}.{key}"), explained)),
            Some(_) | None => {}
        }
        explained = line.starts_with("# ");
    }
    found
}

#[test]
fn the_reference_documents_every_setting_and_no_other() {
    let layers = Layers::read(&Sources::default(), &mut Vec::new());
    let mut reader = Reader::new(&layers, Vec::new());
    drop(Config::read(&mut reader));
    let known: BTreeSet<String> = reader.asked().iter().map(|key| (*key).to_owned()).collect();
    let written: BTreeSet<String> = documented(REFERENCE).into_iter().map(|(key, _)| key).collect();
    assert_eq!(written, known);
    let unexplained: Vec<_> = documented(REFERENCE).into_iter().filter(|(_, told)| !told).collect();
    assert_eq!(unexplained, [], "each setting has its sentence");
    let demo: BTreeSet<String> = documented(DEMO).into_iter().map(|(key, _)| key).collect();
    assert!(demo.is_subset(&known), "{demo:?}");
}

#[test]
fn the_defaults_are_those_of_the_reference() {
    let config = load(&Sources::default()).unwrap();
    let server = &config.server;
    assert_eq!(server.listen, ["127.0.0.1:8080".parse().unwrap(), "[::1]:8080".parse().unwrap()]);
    assert_eq!(server.wallet_url, server.base_url);
    assert_eq!(server.issuer, "http://localhost:8080/auth/realms/esante-wallet");
    assert_eq!(config.records.path, PathBuf::from("data/passerelle.db"));
    assert_eq!(config.records.key_file, PathBuf::from("data/records.key"));
    assert_eq!(config.retention.refused_requests, crate::kernel::time::Span::hours(720));
    assert!(config.smtp.user.is_none() && config.smtp.password.is_none());
    // What the commented lines show is what absence means.
    let shown =
        REFERENCE.replace("# wallet_url", "wallet_url").replacen("# issuer =", "issuer =", 1);
    let shown = shown.replace("# key_file", "key_file");
    let same = load(&with_file(&shown).1).unwrap();
    assert_eq!(same.server.issuer, server.issuer);
    assert_eq!(same.server.wallet_url, server.wallet_url);
    assert_eq!(same.records.key_file, config.records.key_file);
    let demo = load(&Sources { demo: true, ..Sources::default() }).unwrap();
    assert_eq!(demo.throttle.logins_per_minute_per_address, 600);
}

fn with_file(text: &str) -> (tempfile::TempDir, Sources) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("own.toml");
    std::fs::write(&path, text).unwrap();
    (folder, Sources { files: vec![path], ..Sources::default() })
}

#[test]
fn stronger_layers_win() {
    let tries = |sources: &Sources| load(sources).unwrap().logout.tries;
    let (folder, mut sources) = with_file("[logout]\ntries = 2\nfirst_wait_seconds = 7\n");
    assert_eq!(tries(&sources), 2);
    sources.computed = vec![("logout.tries", "1".to_owned())];
    assert_eq!(tries(&sources), 2);
    let later = folder.path().join("later.toml");
    std::fs::write(&later, "[logout]\ntries = 3\n").unwrap();
    sources.files.push(later);
    assert_eq!(tries(&sources), 3);
    sources.environment = vec![("PASSERELLE_LOGOUT__TRIES".to_owned(), "4".to_owned())];
    assert_eq!(tries(&sources), 4);
    sources.command_line = vec![("logout.tries", "5".to_owned())];
    assert_eq!(tries(&sources), 5);
    assert_eq!(load(&sources).unwrap().logout.first_wait.as_seconds(), 7);
}

#[test]
fn the_environment_holds_texts_numbers_and_lists() {
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let environment = vec![
        own("PASSERELLE_SERVER__LISTEN", "127.0.0.1:1, [::1]:2"),
        own("PASSERELLE_SERVER__BASE_URL", "https://passerelle.example"),
        own("PASSERELLE_SMTP__HOST", "mail.example"),
        own("PASSERELLE_SMTP__TLS", "starttls"),
        own("PASSERELLE_SMTP__USER", "u"),
        own("PASSERELLE_SMTP__PASSWORD", "0123"),
        own("PATH", "/bin"),
    ];
    let config = load(&Sources { environment, ..Sources::default() }).unwrap();
    assert_eq!(config.server.listen.len(), 2);
    assert_eq!(config.server.issuer, "https://passerelle.example/auth/realms/esante-wallet");
    assert_eq!(config.smtp.password.as_ref().map(Secret::expose), Some("0123"));
    assert!(!format!("{config:?}").contains("0123"));
}

#[test]
fn every_mistake_is_told_at_once_with_its_place() {
    let (_folder, mut sources) = with_file(
        "[server]\nlisten = [\"localhost\", \"127.0.0.1:99999\"]\nbase_url = \"http://a.example\"\n\
         [smtp]\nhost = \"mail.example\"\nport = \"25\"\ntls = \"tls\"\nuser = \"u\"\n\
         from = \"nobody\"\nprot = 25\n\
         [ecps]\nchallenge_seconds = 121\npin_attempts = 0\n\
         [records]\nurl = \"postgres://x\"\n[sms]\nurl = \"https://sms.example\"\n\
         [log]\nlevel = 3\n[outbound]\nallow = \"sms.example\"\n[data]\npath = \"x\"\n",
    );
    sources.environment = vec![
        ("PASSERELLE_SESSION__HOURS".to_owned(), "many".to_owned()),
        ("PASSERELLE_SESION__HOURS".to_owned(), "3".to_owned()),
        ("PASSERELLE_PORT".to_owned(), "3".to_owned()),
    ];
    let told = load(&sources).unwrap_err().to_string();
    let folder = sources.files[0].parent().unwrap().display().to_string();
    let told: Vec<_> = told.lines().map(|line| line.replace(&format!("{folder}/"), "")).collect();
    let expected = [
        "own.toml:2: server.listen: 127.0.0.1:99999 is no address and port, such as 127.0.0.1:8080 or [::1]:8080",
        "own.toml:2: server.listen: localhost is no address and port, such as 127.0.0.1:8080 or [::1]:8080",
        "own.toml:3: server.base_url: http://a.example: http is for localhost only, elsewhere https",
        "own.toml:6: smtp.port: a whole number from 1 to 65535 is wanted",
        "own.toml:7: smtp.tls: none, starttls or wrapped is wanted, not tls",
        "own.toml:8: smtp.user: an account and a password go together: password is missing",
        "own.toml:9: smtp.from: nobody is no mail address",
        "own.toml:10: smtp.prot: no such setting; did you mean smtp.port?",
        "own.toml:12: ecps.challenge_seconds: a whole number from 1 to 120 is wanted",
        "own.toml:13: ecps.pin_attempts: a whole number from 1 to 10 is wanted",
        "own.toml:15: records.url: postgres://x: sqlite: and the path of a file is wanted",
        "own.toml:19: log.level: a text in quotes is wanted, not a number",
        "own.toml:21: outbound.allow: a list of texts is wanted: [\"…\", \"…\"]",
        "own.toml:22: data: no such setting",
        "environment, PASSERELLE_PORT: port: no such setting",
        "environment, PASSERELLE_SESION__HOURS: sesion: no such setting; did you mean session?",
        "environment, PASSERELLE_SESSION__HOURS: session.hours: a whole number from 1 to 4 is wanted",
    ];
    assert_eq!(told, expected);
}

#[test]
fn files_that_cannot_be_read_are_told_beside_the_rest() {
    let (folder, mut sources) = with_file("[server]\nlisten = [\nbase_url =\n");
    sources.files.push(folder.path().join("absent.toml"));
    sources.environment = vec![("PASSERELLE_LOGOUT__TRIES".to_owned(), "-1".to_owned())];
    let mistakes = load(&sources).unwrap_err();
    let places: Vec<_> = mistakes.0.iter().map(|mistake| mistake.place.clone()).collect();
    assert_eq!(
        places,
        [
            Place::File(sources.files[1].clone(), None),
            Place::File(sources.files[0].clone(), Some(3)),
            Place::Environment("PASSERELLE_LOGOUT__TRIES".to_owned()),
        ]
    );
}

#[test]
fn how_much_is_logged_is_a_level_or_that_of_a_target() {
    #[track_caller]
    fn check(text: &str, right: bool) {
        let command_line = vec![("log.level", text.to_owned())];
        let loaded = load(&Sources { command_line, ..Sources::default() });
        assert_eq!(loaded.is_ok(), right, "{text}");
    }
    check("info", true);
    check("warn,passerelle=debug,passerelle::oidc=trace", true);
    check("loud", false);
    check("warning", false);
    check("", false);
    check("passerelle=", false);
    check("info,passerelle=lod", false);
}

#[test]
fn a_stylesheet_stands_alone() {
    let (folder, mut sources) = with_file("");
    let stylesheet = folder.path().join("theme.css");
    let path = stylesheet.display().to_string();
    sources.command_line = vec![("server.stylesheet", path.clone())];
    let told = |sources: &Sources| load(sources).unwrap_err().to_string();
    assert!(told(&sources).contains("theme.css cannot be read"));
    std::fs::write(&stylesheet, "@import url(https://elsewhere.example/theme.css);").unwrap();
    assert!(told(&sources).contains("theme.css imports another stylesheet"));
    std::fs::write(&stylesheet, ".top { color: green; }").unwrap();
    assert_eq!(load(&sources).unwrap().server.stylesheet, ".top { color: green; }");
}

#[test]
fn a_password_is_never_told() {
    let (folder, mut sources) = with_file("");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "hunter2\n").unwrap();
    let mut check = |lines: &str, expected: &[&str]| {
        std::fs::write(&sources.files[0], lines).unwrap();
        sources.command_line.clear();
        let told = match load(&sources) {
            Ok(config) => {
                let password = config.smtp.password;
                password.map_or_else(String::new, |secret| secret.expose().to_owned())
            }
            Err(mistakes) => {
                assert!(!format!("{mistakes:?}").contains("hunter2"));
                mistakes.to_string()
            }
        };
        for words in expected {
            assert!(told.contains(words), "{told}");
        }
    };
    let file = format!("[smtp]\nuser = \"u\"\npassword_file = \"{}\"\n", secret.display());
    check(&file, &["hunter2"]);
    check(&format!("{file}password = \"hunter2\"\n"), &["smtp.password: written here and in"]);
    check("[smtp]\npassword = \"hunter2\"\n", &["smtp.password: an account", "user is missing"]);
    check("[smtp]\nuser = \"u\"\npassword_file = \"absent\"\n", &["password_file: absent cannot"]);
    let clear = "[smtp]\nhost = \"mail.example\"\nuser = \"u\"\npassword = \"hunter2\"\n";
    check(clear, &["smtp.tls: a password would travel in clear"]);
}
