//! From what was written to what we understood, one setting at a time. A mistake is noted and reading
//! goes on, so that all are told at once.

use std::{collections::BTreeSet, ops::RangeInclusive, path::Path};

use figment::value::{Tag, Value};
use url::Url;

use crate::kernel::secret::Secret;

use super::{
    layers::{Layers, Written},
    mistake::{Mistake, Place},
    spelling::nearest,
};

/// Reads settings, and remembers which were asked for: what nobody asks for is a mistake.
pub(super) struct Reader<'a> {
    layers: &'a Layers,
    asked: BTreeSet<&'static str>,
    sections: BTreeSet<&'static str>,
    mistakes: Vec<Mistake>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(layers: &'a Layers, mistakes: Vec<Mistake>) -> Self {
        Self { layers, asked: BTreeSet::new(), sections: BTreeSet::new(), mistakes }
    }

    /// The settings that were asked for.
    #[cfg(test)]
    pub(super) fn asked(&self) -> &BTreeSet<&'static str> {
        &self.asked
    }

    /// All mistakes, once every setting was asked for.
    pub(super) fn finish(mut self) -> Vec<Mistake> {
        self.refuse_unknown();
        self.mistakes.sort();
        self.mistakes
    }

    /// Notes that `key`, as written, cannot be.
    pub(super) fn wrong(&mut self, key: &'static str, problem: impl Into<String>) {
        let place = self.layers.find(key).map_or(Place::Default, |written| written.place);
        self.mistakes.push(Mistake {
            place,
            setting: Some(key.to_owned()),
            problem: problem.into(),
        });
    }

    /// Notes that `value`, which is `key` or stands for where it is missing, cannot be.
    pub(super) fn wrong_at(&mut self, key: &str, value: &Value, problem: impl Into<String>) {
        let (place, _) = self.layers.origin(key, value.tag());
        // What is missing has no line of its own: its section has.
        let place = match (place, key.rsplit_once('.')) {
            (Place::File(_, None), Some((section, _))) => {
                self.layers.origin(section, value.tag()).0
            }
            (place, _) => place,
        };
        self.mistakes.push(Mistake {
            place,
            setting: Some(key.to_owned()),
            problem: problem.into(),
        });
    }

    /// What a section holds whose names are not ours.
    pub(super) fn section(&mut self, name: &'static str) -> Vec<(&'a str, &'a Value)> {
        self.sections.insert(name);
        let section = self.layers.settings.get(name).and_then(Value::as_dict);
        section.into_iter().flatten().map(|(name, value)| (name.as_str(), value)).collect()
    }

    /// A variable of the environment that a setting names.
    pub(super) fn variable(&self, name: &str) -> Option<&'a str> {
        self.layers.variable(name)
    }

    fn find(&mut self, key: &'static str) -> Option<Written<'a>> {
        self.asked.insert(key);
        self.layers.find(key)
    }

    /// A text that `parse` understands. `None` if it is absent, or wrong and noted.
    pub(super) fn optional<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let written = self.find(key)?;
        let understood = match written.value.as_str() {
            Some(text) => parse(text.trim()),
            None => Err(format!("a text in quotes is wanted, not {}", kind(written.value))),
        };
        understood.map_err(|problem| self.wrong(key, problem)).ok()
    }

    /// The same for a setting that has to be there.
    pub(super) fn text<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.find(key).is_none() {
            self.wrong(key, "missing");
        }
        self.optional(key, parse)
    }

    /// A whole number within `range`.
    pub(super) fn number(&mut self, key: &'static str, range: RangeInclusive<u32>) -> Option<u32> {
        let Some(written) = self.find(key) else {
            self.wrong(key, "missing");
            return None;
        };
        let text = written.value.as_str().filter(|_| written.is_text);
        let number = match text {
            Some(text) => text.trim().parse().ok(),
            None => written.value.to_i128(),
        };
        let within = number.and_then(|number| u32::try_from(number).ok());
        let within = within.filter(|number| range.contains(number));
        if within.is_none() {
            let (least, most) = range.into_inner();
            self.wrong(key, format!("a whole number from {least} to {most} is wanted"));
        }
        within
    }

    /// A list of texts, each understood by `parse`; one text with commas where only texts can be
    /// written. `None` if anything in it is wrong.
    pub(super) fn list<T>(
        &mut self,
        key: &'static str,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let Some(written) = self.find(key) else {
            self.wrong(key, "missing");
            return None;
        };
        let items: Vec<&str> = match (written.value.as_array(), written.value.as_str()) {
            (Some(items), _) if items.iter().all(|item| item.as_str().is_some()) => {
                items.iter().filter_map(Value::as_str).collect()
            }
            (None, Some(text)) if written.is_text => text.split(',').collect(),
            (Some(_) | None, _) => {
                self.wrong(key, "a list of texts is wanted: [\"…\", \"…\"]");
                return None;
            }
        };
        let trimmed = items.into_iter().map(str::trim).filter(|item| !item.is_empty());
        let understood: Vec<Result<T, String>> = trimmed.map(parse).collect();
        let count = understood.len();
        let mut list = Vec::with_capacity(count);
        for item in understood {
            match item {
                Ok(item) => list.push(item),
                Err(problem) => self.wrong(key, problem),
            }
        }
        (list.len() == count).then_some(list)
    }

    /// A secret, written as `key` or in the file that `file_key` names, never both.
    pub(super) fn secret(&mut self, key: &'static str, file_key: &'static str) -> Option<Secret> {
        let written = self.optional(key, |text| Ok(Secret::received(text.to_owned())));
        let from_file = self.optional(file_key, in_file);
        if written.is_some() && from_file.is_some() {
            self.wrong(key, format!("written here and in {file_key}: keep one"));
        }
        written.or(from_file)
    }

    fn refuse_unknown(&mut self) {
        for (section, value) in &self.layers.settings {
            let known = self.asked.iter().any(|key| key.split('.').next() == Some(section));
            match value {
                Value::Dict(..) if self.sections.contains(section.as_str()) => {}
                Value::Dict(_, names) if known => {
                    for (name, value) in names {
                        let key = format!("{section}.{name}");
                        if !self.asked.contains(key.as_str()) {
                            self.unknown(&key, &key, value.tag());
                        }
                    }
                }
                Value::Dict(tag, names) => {
                    // Merging leaves a section without a place: its first setting has one.
                    let first = names.iter().next();
                    let tag = first.map_or(*tag, |(_, value)| value.tag());
                    let at = first.map(|(name, _)| format!("{section}.{name}"));
                    self.unknown(section, at.as_deref().unwrap_or(section), tag);
                }
                Value::String(..)
                | Value::Char(..)
                | Value::Bool(..)
                | Value::Num(..)
                | Value::Empty(..)
                | Value::Array(..) => self.unknown(section, section, value.tag()),
            }
        }
    }

    /// Notes that nothing is named `key`; `at` is the setting by which its place is found.
    fn unknown(&mut self, key: &str, at: &str, tag: Tag) {
        // A section stands on a line of its own in a file; a variable names a setting in it.
        let (mut place, _) = self.layers.origin(key, tag);
        if !matches!(place, Place::File(_, Some(_))) {
            place = self.layers.origin(at, tag).0;
        }
        let near = nearest(key, &self.asked.union(&self.sections).copied().collect());
        let hint = near.map(|near| format!("; did you mean {near}?")).unwrap_or_default();
        let problem = format!("no such setting{hint}");
        self.mistakes.push(Mistake { place, setting: Some(key.to_owned()), problem });
    }
}

/// The secret that a file holds, and nothing else.
pub(super) fn in_file(path: &str) -> Result<Secret, String> {
    std::fs::read_to_string(Path::new(path))
        .map(|text| Secret::received(text.trim_end_matches(['\r', '\n']).to_owned()))
        .map_err(|error| format!("{path} cannot be read: {error}"))
}

/// What a value is, for people.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(..) | Value::Char(..) => "a text",
        Value::Bool(..) => "true or false",
        Value::Num(..) => "a number",
        Value::Empty(..) => "nothing",
        Value::Dict(..) => "a section",
        Value::Array(..) => "a list",
    }
}

/// An address on the web: `https`, or `http` on this very machine, and nothing but an origin and a
/// path without a final slash.
pub(super) fn web_address(text: &str) -> Result<Url, String> {
    let url = url(text)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("{text} has a query or a fragment: remove it"));
    }
    if text.ends_with('/') {
        return Err(format!("{text} ends with a slash: remove it"));
    }
    Ok(url)
}

/// The same with any path and query.
pub(super) fn url(text: &str) -> Result<Url, String> {
    let url: Url = text.parse().map_err(|error| format!("{text} is no address: {error}"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err("an address may hold neither account nor password".to_owned());
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_this_machine(&url) => Ok(url),
        "http" => Err(format!("{text}: http is for localhost only, elsewhere https")),
        other => Err(format!("{text}: https is wanted, not {other}")),
    }
}

/// Whether an address is this machine's own.
pub(super) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => is_localhost(name),
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

/// Whether a name is this machine's own (RFC 6761, section 6.3).
pub(super) fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_unless_they_stay_on_this_machine() {
        #[track_caller]
        fn check(text: &str, right: bool) {
            assert_eq!(web_address(text).is_ok(), right, "{text}");
        }
        check("https://passerelle.example", true);
        check("https://passerelle.example/base", true);
        check("http://localhost:8080", true);
        check("http://127.0.0.1:8080", true);
        check("http://gateway.localhost", true);
        check("http://[::1]:8080", true);
        check("http://passerelle.example", false);
        check("https://passerelle.example/", false);
        check("https://passerelle.example?x=1", false);
        check("https://passerelle.example#x", false);
        check("https://user:word@passerelle.example", false);
        check("ftp://passerelle.example", false);
        check("passerelle.example", false);
        check("", false);
    }
}
