//! Stable words are a promise: each that the sources can answer stands in `docs/api.md`.

use std::collections::BTreeSet;

use super::architecture::sources;

/// Shown beside their fields in words; their codes go nowhere.
const FAULTS_OF_A_PAGE: &str = "src/portal/console/form.rs";

const PAGE: &str = include_str!("../../docs/api.md");

/// The words that `code` answers as a problem's `code`, a page's `data-code` or a field's.
fn answered(code: &str) -> BTreeSet<&str> {
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = BTreeSet::new();
    for start in ["code: ", "at_fault(", "conflict("] {
        let literals = code.match_indices(start).map(|(at, _)| &code[at + start.len()..]);
        found.extend(literals.filter_map(first_literal));
    }
    // The word that follows a status.
    for (at, _) in code.match_indices(',') {
        let before = code[..at].trim_end_matches(|c: char| c.is_ascii_uppercase() || c == '_');
        if before.ends_with("StatusCode::") || code[..at].ends_with("status") {
            found.extend(first_literal(&code[at + 1..]));
        }
    }
    // The word that follows the name of a field at fault.
    for (at, _) in code.match_indices(".add(") {
        let after = &code[at + ".add(".len()..];
        found.extend(after.split_once(',').and_then(|(_, after)| first_literal(after)));
    }
    for start in ["let code = if ", "let code = match ", "let (code"] {
        for (at, _) in code.match_indices(start) {
            let statement = code[at..].split(';').next().unwrap_or_default();
            found.extend(statement.split('"').skip(1).step_by(2));
        }
    }
    found.retain(|word| {
        !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    });
    found
}

/// The text in quotes with which `code` begins.
fn first_literal(code: &str) -> Option<&str> {
    code.trim_start().strip_prefix('"')?.split('"').next()
}

#[test]
fn every_stable_word_is_documented() {
    let sources = sources();
    let ours = sources.iter().filter(|source| {
        source.path.starts_with("src/")
            && !source.path.contains("tests")
            && source.path != FAULTS_OF_A_PAGE
    });
    let words: BTreeSet<&str> = ours.flat_map(|source| answered(&source.code)).collect();
    assert!(words.contains("too_slow") && words.contains("annuaire_inconnu"), "{words:?}");
    let missing: Vec<_> =
        words.iter().filter(|word| !PAGE.contains(&format!("`{word}`"))).collect();
    assert!(missing.is_empty(), "docs/api.md does not say what these mean: {missing:?}");
}

#[test]
fn words_are_found_however_they_are_written() {
    #[track_caller]
    fn check(code: &str, expected: &[&str]) {
        assert_eq!(answered(code).into_iter().collect::<Vec<_>>(), expected, "{code}");
    }
    check("Trouble { code: \"a_b\", title: \"C d\" }", &["a_b"]);
    check("Problem::new(StatusCode::NOT_FOUND, \"a\", \"b\")", &["a"]);
    check("Self::new(\n    StatusCode::GONE,\n    \"a\",\n    \"b\",\n)", &["a"]);
    check("Problem::new(status, \"a\", TEXT)", &["a"]);
    check("faults.add(self.path(name), \"a\", \"b\");", &["a"]);
    check("let code = if x { \"a\" } else { \"b\" };", &["a", "b"]);
    check("let (code, t) = match s { _ => (\"a\", \"Un titre\") };", &["a"]);
    check("json!({\"code\": code})", &[]);
    check("#[cfg(test)] fn f() { x(code: \"a\") }", &[]);
}
