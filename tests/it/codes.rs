//! Stable words are a promise: each that the sources can answer stands in `docs/api.md`.

use std::collections::BTreeSet;

use super::architecture::sources;

/// Shown beside their fields in words; their codes go nowhere.
const FAULTS_OF_A_PAGE: &str = "src/portal/console/form.rs";

/// The kind of an input field, beside its advice.
const NO_CODE: &str = "tel";

const PAGE: &str = include_str!("../../docs/api.md");

/// Whether the page names `word`: asked of whatever a test is answered, too.
pub(crate) fn is_documented(word: &str) -> bool {
    PAGE.contains(&format!("`{word}`"))
}

/// The words that `code` answers as a problem's `code`, a page's `data-code`, a field's, or the
/// `error` of an OAuth endpoint.
fn answered(code: &str) -> BTreeSet<&str> {
    let code = code.split("#[cfg(test)]").next().unwrap_or_default();
    let mut found = BTreeSet::new();
    for start in ["code: ", "at_fault(", "conflict("] {
        let literals = code.match_indices(start).map(|(at, _)| &code[at + start.len()..]);
        found.extend(literals.filter_map(first_literal));
    }
    // The word of a challenge (RFC 6750, section 3).
    for (at, start) in code.match_indices("error=\\\"") {
        found.extend(code[at + start.len()..].split('\\').next());
    }
    // The word before the sentence that explains it, where a reason is told.
    for (at, arrow) in code.match_indices("=>") {
        let told =
            code[at + arrow.len()..].trim_start_matches(|c: char| c == '{' || c.is_whitespace());
        found.extend(told.strip_prefix('(').and_then(|told| explained(told, code)));
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
        found.extend(after.split_once(',').and_then(|(_, after)| word(after, code)));
    }
    for start in ["let code = if ", "let code = match ", "let (code", "let error = match "] {
        for (at, _) in code.match_indices(start) {
            let statement = code[at..].split(';').next().unwrap_or_default();
            found.extend(statement.split('"').skip(1).step_by(2));
        }
    }
    found.retain(|word| {
        let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        word.starts_with(|c: char| c.is_ascii_lowercase()) && word.chars().all(is_part)
    });
    found
}

/// The last word of a tuple's beginning that a text follows, or a name that stands for one.
fn explained<'a>(tuple: &'a str, code: &'a str) -> Option<&'a str> {
    let mut rest = tuple;
    loop {
        let goes_on = |(element, _): &(&str, &str)| {
            element.matches(')').count() <= element.matches('(').count()
        };
        let (_, after) = rest.split_once(',').filter(goes_on)?;
        let begins = |start: &&str| after.trim_start().starts_with(*start);
        let is_told = ["message", "format!", "text("].iter().any(begins);
        let is_last = is_told || word(after, code).is_some_and(|next| next.contains(' '));
        match word(rest, code) {
            Some(found) if is_last => return Some(found),
            Some(_) | None => rest = after,
        }
    }
}

/// The literal with which `expression` begins, or that of the constant of `code` which it names.
fn word<'a>(expression: &'a str, code: &'a str) -> Option<&'a str> {
    let expression = expression.trim_start();
    let is_name = |c: char| c.is_ascii_uppercase() || c == '_';
    let (name, _) = expression.split_at(expression.find(|c| !is_name(c)).unwrap_or(0));
    first_literal(expression).or_else(|| {
        let (_, value) = code.split_once(&format!("const {name}: &str ="))?;
        first_literal(value)
    })
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
            && !source.path.starts_with("src/store/")
            && !source.path.contains("tests")
            && source.path != FAULTS_OF_A_PAGE
    });
    let words: BTreeSet<&str> = ours.flat_map(|source| answered(&source.code)).collect();
    assert!(words.contains("too_slow") && words.contains("annuaire_inconnu"), "{words:?}");
    let missing: Vec<_> =
        words.iter().filter(|word| **word != NO_CODE && !is_documented(word)).collect();
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
    check("faults.add(self.path(name), \"a_64\", \"b\");", &["a_64"]);
    check("const WORD: &str = \"a\";\nfaults.add(field, WORD, message);", &["a"]);
    check("match s { S::A => (\"field\", \"a\", \"Une phrase.\") }", &["a"]);
    check("const PHRASE: &str = \"B c.\"; match s { S::A => (\"f\", \"a\", PHRASE) }", &["a"]);
    check("match s { S::A => (\"a\", format!(\"B c: {d}.\")) }", &["a"]);
    check("match s { S::A => (\"column\", id) }", &[]);
    check("match s { S::A(_) => {\n    (BAD, \"a\", \"one, two\")\n} }", &["a"]);
    check("match s { S::A => (\"a\", \"a sentence\"), S::B => (X, y) }", &["a"]);
    check("let error = match s { S::A => \"a\", _ => \"b\" };", &["a", "b"]);
    check("\"Bearer realm=\\\"r\\\", error=\\\"a\\\", scope=\\\"{s}\\\"\"", &["a"]);
    check("let code = if x { \"a\" } else { \"b\" };", &["a", "b"]);
    check("let (code, t) = match s { _ => (\"a\", \"Un titre\") };", &["a"]);
    check("json!({\"code\": code})", &[]);
    check("#[cfg(test)] fn f() { x(code: \"a\") }", &[]);
}
