//! What was probably meant by a name that nothing has.

use std::collections::BTreeSet;

/// The known setting, or section, that was probably meant.
pub(super) fn nearest<'a>(key: &str, known: &BTreeSet<&'a str>) -> Option<&'a str> {
    let sections = known.iter().filter_map(|key| key.split('.').next());
    let candidates = known.iter().copied().chain(sections);
    candidates
        .map(|candidate| (distance(key, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 5)
        .min()
        .map(|(_, candidate)| candidate)
}

/// How many slips of the pen lie between two texts: a byte more, less, another, or two swapped.
fn distance(one: &str, other: &str) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or_default();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (line, byte) in one.iter().enumerate() {
        let mut row = vec![line + 1];
        for (column, other_byte) in other.iter().enumerate() {
            let replaced = at(&above, column) + usize::from(byte != other_byte);
            let moved = at(&above, column + 1).min(at(&row, column)) + 1;
            let swaps = line > 0
                && column > 0
                && one.get(line - 1) == Some(other_byte)
                && other.get(column - 1) == Some(byte);
            let swapped = if swaps { at(&before, column - 1) + 1 } else { usize::MAX };
            row.push(replaced.min(moved).min(swapped));
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_pen_is_understood_and_a_strange_word_is_not() {
        #[track_caller]
        fn check(key: &str, expected: Option<&str>) {
            let known = ["server.base_url", "server.listen", "smtp.port"].into();
            assert_eq!(nearest(key, &known), expected, "{key}");
        }
        check("server.listn", Some("server.listen"));
        check("server.base-url", Some("server.base_url"));
        check("sever.base_url", Some("server.base_url"));
        check("sever", Some("server"));
        check("smtp.prot", Some("smtp.port"));
        check("smtp.port_number", None);
        check("database.url", None);
    }
}
