//! Reads the sources, and holds the shape of the house: who may import whom, which library lives
//! where, how long a file may grow. Every violation is told at once.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Slices, low to high: each imports only what stands on a lower floor.
const FLOORS: [&[&str]; 12] = [
    &["kernel"],
    &["web"],
    &["registry"],
    &["access"],
    &["franceconnect", "ecps", "oidc"],
    &["signin"],
    &["departure"],
    &["portal"],
    &["store"],
    &["config"],
    &["app"],
    &["cli"],
];
/// Slices that stand beside the house, and the only ones that they import.
const BESIDE: [(&str, &[&str]); 1] = [("drill", &["kernel"])];

/// A library, and the only places that may name it.
const LIBRARIES: [(&str, &[&str]); 14] = [
    ("rusqlite", &["src/store/sqlite/"]),
    ("jsonwebtoken", &["src/oidc/keys", "src/ecps/device_proof.rs"]),
    ("totp_rs", &["src/ecps/otp.rs"]),
    ("reqwest", &["src/web/outgoing.rs"]),
    ("hyper_util", &["src/cli/connections.rs"]),
    ("lettre", &["src/ecps/post.rs"]),
    ("figment", &["src/config/"]),
    ("clap", &["src/cli/"]),
    ("rustls", &["src/cli/mod.rs"]),
    ("openidconnect", &["src/franceconnect/provider.rs"]),
    ("chrono", &["src/franceconnect/provider.rs"]),
    ("mock_idp", &["src/cli/demo/"]),
    ("image", &["src/registry/document/picture.rs"]),
    ("flate2", &["src/registry/document/pdf.rs"]),
];
/// Where rules and stores live, HTTP has no place.
const WITHOUT_HTTP: [&str; 6] =
    ["src/kernel/", "src/registry/", "src/access/", "src/departure/", "src/store/", "src/config/"];

const VAGUE: [&str; 10] = [
    "utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "service",
    "services",
];
const LONGEST_FILE: usize = 350;

/// A source file: its path from the root, with its comments taken out.
pub(crate) struct Source {
    pub(crate) path: String,
    lines: usize,
    begins_with_doc: bool,
    pub(crate) code: String,
}

pub(crate) fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    for folder in ["src", "mock-idp/src"] {
        collect(&root.join(folder), &mut paths);
    }
    paths.sort();
    let read = |path: PathBuf| {
        let text = fs::read_to_string(&path).unwrap();
        Source {
            path: path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(),
            lines: text.lines().count(),
            begins_with_doc: text.starts_with("//!"),
            code: without_comments(&text),
        }
    };
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, into);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            into.push(path);
        }
    }
}

fn without_comments(text: &str) -> String {
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned() + "\n";
    text.lines().map(code).collect()
}

/// The places at which `word` stands as a word of its own.
fn words<'a>(code: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    code.match_indices(word).filter_map(move |(at, _)| {
        let after = &code[at + word.len()..];
        let alone = !code[..at].ends_with(is_part) && !after.starts_with(is_part);
        alone.then_some(after)
    })
}

/// The slices that `code` names after `crate::`, one by one or in a group.
fn imports(code: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for after in words(code, "crate").filter_map(|after| after.strip_prefix("::")) {
        match after.strip_prefix('{') {
            None => found.extend(first_word(after)),
            Some(group) => found.extend(members(group).into_iter().filter_map(first_word)),
        }
    }
    found
}

/// The members of a group, up to the brace that closes it.
fn members(group: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0, 0);
    let mut found = Vec::new();
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth > 0 => depth -= 1,
            ',' | '}' if depth == 0 => {
                found.push(&group[start..at]);
                start = at + 1;
                if c == '}' {
                    break;
                }
            }
            _ => {}
        }
    }
    found
}

fn first_word(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    Some(&text[..end]).filter(|word| !word.is_empty())
}

/// The slice that a file of `src/` belongs to.
fn slice(path: &str) -> Option<&str> {
    let first = path.strip_prefix("src/")?.split('/').next()?;
    let name = first.strip_suffix(".rs").unwrap_or(first);
    (name != "lib" && name != "main").then_some(name)
}

fn floor(slice: &str) -> Option<usize> {
    FLOORS.iter().position(|names| names.contains(&slice))
}

fn judge_imports(source: &Source, wrong: &mut Vec<String>) {
    let Some(own) = slice(&source.path) else { return };
    for imported in imports(&source.code).into_iter().filter(|imported| *imported != own) {
        let beside = BESIDE.iter().find(|(name, _)| *name == own);
        let right = match (beside, floor(own), floor(imported)) {
            (Some((_, allowed)), _, _) => allowed.contains(&imported),
            (None, Some(own), Some(imported)) => imported < own,
            (None, _, _) => false,
        };
        if !right {
            wrong.push(format!("{}: {own} may not import {imported}", source.path));
        }
    }
}

fn judge_libraries(source: &Source, wrong: &mut Vec<String>) {
    let is_named = |library| words(&source.code, library).any(|after| after.starts_with("::"));
    let ours = source.path.starts_with("src/");
    for (library, places) in LIBRARIES {
        let at_home = places.iter().any(|place| source.path.starts_with(place));
        if ours && !at_home && is_named(library) {
            wrong.push(format!("{}: {library} belongs in {}", source.path, places.join(", ")));
        }
    }
    let is_test = source.path.contains("/tests/");
    let without_http = WITHOUT_HTTP.iter().any(|place| source.path.starts_with(place)) && !is_test;
    if without_http && is_named("axum") {
        wrong.push(format!("{}: no HTTP in rules and stores", source.path));
    }
    if ours && words(&source.code, "Form").next().is_some() {
        wrong.push(format!("{}: axum's Form answers a plain-text 422", source.path));
    }
    if !ours && is_named("passerelle") {
        wrong.push(format!("{}: the mock world shares nothing with the gateway", source.path));
    }
}

fn judge_file(source: &Source, wrong: &mut Vec<String>) {
    let path = &source.path;
    if source.lines > LONGEST_FILE {
        wrong.push(format!("{path}: {} lines, {LONGEST_FILE} at most", source.lines));
    }
    let names = path.trim_end_matches(".rs").split('/');
    for vague in names.filter(|name| VAGUE.contains(name)) {
        wrong.push(format!("{path}: {vague} says nothing"));
    }
    let is_door = ["mod.rs", "lib.rs", "main.rs"].iter().any(|door| path.ends_with(door));
    if is_door && !source.begins_with_doc {
        wrong.push(format!("{path}: a room begins with a sentence (//!)"));
    }
}

#[test]
fn the_house_has_the_shape_that_was_drawn() {
    let mut wrong = Vec::new();
    for source in sources() {
        judge_imports(&source, &mut wrong);
        judge_libraries(&source, &mut wrong);
        judge_file(&source, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} violations:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn each_rule_finds_what_breaks_it() {
    #[track_caller]
    fn check(path: &str, code: &str, expected: &[&str]) {
        let source = Source {
            path: path.to_owned(),
            lines: code.lines().count(),
            begins_with_doc: code.starts_with("//!"),
            code: without_comments(code),
        };
        let mut wrong = Vec::new();
        judge_imports(&source, &mut wrong);
        judge_libraries(&source, &mut wrong);
        judge_file(&source, &mut wrong);
        assert_eq!(wrong.len(), expected.len(), "{code}: {wrong:?}");
        for (found, expected) in wrong.iter().zip(expected) {
            assert!(found.contains(expected), "{found}: {expected}");
        }
    }
    check("src/oidc/a.rs", "use crate::{\n    kernel::{A, b::C},\n    access,\n};", &[]);
    check("src/oidc/a.rs", "use crate::{access, ecps::Card};", &["oidc may not import ecps"]);
    check("src/oidc/a.rs", "crate::kernel::f(crate::portal::g())", &["import portal"]);
    check("src/oidc/a.rs", "use crate::{kernel::A}; use x::{signin};", &[]);
    check("src/kernel/a.rs", "use crate::registry::X;", &["kernel may not import registry"]);
    check("src/kernel/a.rs", "// use crate::registry::X;", &[]);
    check("src/drill/a.rs", "use crate::{kernel, web};", &["drill may not import web"]);
    check("src/nook.rs", "use crate::kernel::A;", &["nook may not import kernel"]);
    check("src/app.rs", "use crate::{cli, store};", &["app may not import cli"]);
    check("src/oidc/a.rs", "rusqlite::params![]", &["rusqlite belongs in src/store/sqlite/"]);
    check("src/oidc/keys_rs.rs", "use jsonwebtoken::Header;", &[]);
    check("src/cli/serve.rs", "use mock_idp::World;", &["mock_idp belongs in src/cli/demo/"]);
    check("src/access/a.rs", "use axum::Router;", &["no HTTP"]);
    check("src/portal/a.rs", "use axum::{Form, Router};", &["Form"]);
    check("mock-idp/src/a.rs", "use passerelle::kernel;", &["shares nothing"]);
    check("mock-idp/src/a.rs", "use reqwest::Client;", &[]);
    check("src/web/utils.rs", "", &["utils says nothing"]);
    check("src/web/mod.rs", "mod a;", &["a room begins"]);
    check("src/web/a.rs", &"\n".repeat(351), &["351 lines"]);
}
