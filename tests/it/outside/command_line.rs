//! The command, given wrong things: what is wrong is said plainly, and nothing is half done.

use std::{
    fs::{self, File},
    net::TcpListener,
    os::unix::fs::FileExt,
};

use super::{
    demo::{Demo, free_base},
    gateway::Gateway,
    scenes::run,
};

#[tokio::test]
async fn every_mistake_of_a_configuration_is_told_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wrong.toml");
    let wrong = "[server]\nlisten = [\"nowhere\"]\nbase_url = \"ftp://a.example\"\n\
                 [ecps]\npin_attempts = 0\nchallenge_seconds = \"soon\"\n\
                 [tokens]\naccess_seconds = 121\n\
                 [sesion]\nhours = 4\n\
                 [session]\nhours = 5\nidle = 3\n";
    fs::write(&path, wrong).unwrap();
    let (code, out, err) = run(&["check-config", "--config", path.to_str().unwrap()]).await;
    assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
    let said = [
        ("wrong.toml:2", "listen"),
        ("wrong.toml:3", "base_url"),
        ("wrong.toml:5", "pin_attempts"),
        ("wrong.toml:6", "challenge_seconds"),
        ("wrong.toml:8", "access_seconds"),
        ("wrong.toml", "sesion"),
        ("wrong.toml:12", "hours"),
        ("wrong.toml:13", "idle"),
    ];
    for (place, setting) in said {
        let told = err.lines().any(|line| line.contains(place) && line.contains(setting));
        assert!(told, "{setting} is not told with {place}:\n{err}");
    }
    let (code, _, err) = run(&["serve", "--config", path.to_str().unwrap()]).await;
    assert_eq!((code, err.lines().count()), (Some(2), said.len()), "{err}");
}

#[tokio::test]
async fn a_file_that_is_not_there_or_not_toml_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("settings.toml");
    let name = path.to_str().unwrap();
    let (code, _, err) = run(&["check-config", "--config", name]).await;
    assert_eq!(code, Some(2));
    assert!(err.contains("settings.toml"), "{err}");
    fs::write(&path, "[server\nlisten = 3").unwrap();
    let (code, _, err) = run(&["check-config", "--config", name]).await;
    assert_eq!(code, Some(2));
    assert!(err.contains("settings.toml"), "{err}");
    fs::write(&path, "").unwrap();
    let (code, _, err) = run(&["check-config", "--config", name]).await;
    assert_eq!(code, Some(0), "{err}");
}

#[tokio::test]
async fn wrong_usage_is_exit_code_two() {
    let cases: [&[&str]; 8] = [
        &["dmo"],
        &["demo", "--port", "0"],
        &["demo", "--port", "65530"],
        &["demo", "--port", "a"],
        &["serve"],
        &["journal", "verify", "--data", "/nowhere/at/all"],
        &["habilitate", "--data", "/nowhere/at/all", "--rpps", "1", "--as", "securite"],
        &["demo", "--base-url", "not an address"],
    ];
    for arguments in cases {
        let (code, out, err) = run(arguments).await;
        assert_eq!((code, out.as_str()), (Some(2), ""), "{arguments:?}: {err}");
        assert!(!err.trim().is_empty(), "{arguments:?} says nothing");
        assert!(!err.contains("panicked"), "{arguments:?}: {err}");
    }
}

#[tokio::test]
async fn a_port_that_is_taken_is_named_and_nothing_is_written() {
    for distance in [0, 2, 3, 4, 6] {
        let base = free_base();
        let port = base + distance;
        let taken = TcpListener::bind(("127.0.0.1", port)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("demo");
        let (base, data) = (base.to_string(), data.to_str().unwrap());
        let (code, out, err) = run(&["demo", "--port", &base, "--data", data]).await;
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(err.contains(&port.to_string()), "port {port} is not named: {err}");
        assert!(!folder.path().join("demo").exists(), "something was written");
        drop(taken);
    }
}

/// Stops a demo; answers its store, which is one whole file then.
fn stopped(demo: &mut Demo) -> std::path::PathBuf {
    assert_eq!(demo.stop(), Some(0));
    let path = demo.data().join("passerelle.db");
    let log = fs::metadata(path.with_extension("db-wal")).map_or(0, |log| log.len());
    assert_eq!(log, 0, "a graceful stop leaves nothing beside the file");
    path
}

#[tokio::test]
async fn data_of_another_version_or_damaged_is_left_as_it_is() {
    let mut demo = Demo::start().await;
    let path = stopped(&mut demo);
    let whole = fs::read(&path).unwrap();
    let world = fs::read(demo.data().join("world.json")).unwrap();
    let newer = |bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes[60..64].copy_from_slice(&99_i32.to_be_bytes()); // user_version, as SQLite stores it
        bytes
    };
    let noise = |from: usize, bytes: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes[from..].iter_mut().for_each(|byte| *byte = 0xA5);
        bytes
    };
    let cases = [
        ("newer", newer(&whole), Some(2), "99"),
        ("not a database", noise(0, &whole), Some(1), "passerelle.db"),
        ("cut off", whole[..whole.len() / 2].to_vec(), Some(1), "passerelle.db"),
        ("pages of noise", noise(4096, &whole), Some(1), "passerelle.db"),
    ];
    for (what, bytes, expected, said) in cases {
        fs::write(&path, &bytes).unwrap();
        let (code, err) = demo.fail_to_restart();
        assert_eq!(code, expected, "{what}: {err}");
        assert!(err.contains(said), "{what}: {err}");
        assert!(!err.contains("panicked"), "{what}: {err}");
        assert!(fs::read(&path).unwrap() == bytes, "{what}: the file was changed");
    }
    fs::write(&path, &whole).unwrap();
    fs::write(demo.data().join("world.json"), "{\"version\": 99}").unwrap();
    let (code, err) = demo.fail_to_restart();
    assert_eq!(code, Some(2), "{err}");
    fs::write(demo.data().join("world.json"), world).unwrap();
    fs::rename(demo.data().join("records.key"), demo.data().join("away")).unwrap();
    let (code, err) = demo.fail_to_restart();
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("records.key"), "{err}");
    fs::rename(demo.data().join("away"), demo.data().join("records.key")).unwrap();
    demo.restart().await;
}

#[tokio::test]
async fn a_changed_journal_is_found() {
    let mut demo = Demo::start().await;
    let path = stopped(&mut demo);
    let bytes = fs::read(&path).unwrap();
    let old = b"\"card_activated\"";
    let file = File::options().write(true).open(&path).unwrap();
    // SQLite may keep an old copy of a page: every one is changed.
    for (place, window) in bytes.windows(old.len()).enumerate() {
        if window == old {
            file.write_all_at(b"\"card_suspended\"", place as u64).unwrap();
        }
    }
    let data = demo.data();
    let (code, out, err) = run(&["journal", "verify", "--data", data.to_str().unwrap()]).await;
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(err.contains("not whole"), "{err}");
}

#[tokio::test]
async fn the_tour_passes_leaves_nothing_behind_and_wants_a_folder_of_its_own() {
    let base = free_base().to_string();
    let (code, out, err) = run(&["demo", "--tour", "--port", &base]).await;
    let last = out.lines().last().unwrap_or_default();
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(last.ends_with(" passed, 0 failed") && !last.starts_with('0'), "{out}");
    assert!(out.lines().count() > 20, "a line a step: {out}");

    let mut demo = Demo::start().await;
    demo.stop();
    let data = demo.data();
    let used = ["demo", "--tour", "--port", &base, "--data", data.to_str().unwrap()];
    let (code, _, err) = run(&used).await;
    assert_eq!(code, Some(2), "{err}");
    assert!(err.contains("--fresh"), "{err}");
    demo.restart().await;
}

#[tokio::test]
async fn two_demos_do_not_share_a_folder() {
    let demo = Demo::start().await;
    let (data, base) = (demo.data(), free_base().to_string());
    let arguments = ["demo", "--port", &base, "--data", data.to_str().unwrap(), "--fresh"];
    let (code, _, err) = run(&arguments).await;
    assert_eq!(code, Some(2), "{err}");
    demo.get(&format!("{}/demo/world", demo.gateway())).await.success();
}

/// Nothing under `/demo/` exists in `serve`, and no side channel.
#[tokio::test]
async fn the_gateway_alone_has_no_demo_in_it() {
    let gateway = Gateway::start("");
    let mut told = Vec::new();
    for path in
        ["/demo/world", "/demo/clock", "/demo/right-code/x", "/health/live", "/health/ready"]
    {
        told.push(super::http::send(gateway.http.get(gateway.at(path))).await.status);
    }
    assert_eq!(told, [404, 404, 404, 200, 200]);
}
