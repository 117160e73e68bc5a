//! Layers of settings, each remembering where it was written.

use std::path::{Path, PathBuf};

use figment::{
    Error, Figment, Metadata, Profile, Provider, Source,
    providers::{Format, Toml},
    value::{Dict, Map, Tag, Value},
};

use super::{
    Sources,
    mistake::{Mistake, Place},
};

/// What the names of our environment variables begin with.
const PREFIX: &str = "PASSERELLE_";

/// One layer, as figment merges it.
struct Layer {
    origin: &'static str,
    file: Option<PathBuf>,
    settings: Dict,
}

const BUILT_IN: &str = "built in";
const FILE: &str = "file";
const ENVIRONMENT: &str = "environment";
const COMMAND_LINE: &str = "command line";

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        let metadata = Metadata::named(self.origin);
        match &self.file {
            Some(path) => metadata.source(Source::File(path.clone())),
            None => metadata,
        }
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        Ok(Profile::Default.collect(self.settings.clone()))
    }
}

/// All layers merged, and the texts of the files, to find lines in.
pub(super) struct Layers {
    figment: Figment,
    texts: Vec<(PathBuf, String)>,
    environment: Vec<(String, String)>,
    pub(super) settings: Dict,
}

/// A value as it was written.
pub(super) struct Written<'a> {
    pub(super) value: &'a Value,
    pub(super) place: Place,
    /// Whether it is a text whatever it means, because the environment and the command line hold
    /// nothing else.
    pub(super) is_text: bool,
}

impl Layers {
    /// Reads and merges: built-in defaults, then files in order, then the environment, then the
    /// command line. Files that cannot be read add to `mistakes`.
    pub(super) fn read(sources: &Sources, mistakes: &mut Vec<Mistake>) -> Self {
        let mut layers = Self {
            figment: Figment::new(),
            texts: Vec::new(),
            environment: sources.environment.clone(),
            settings: Dict::new(),
        };
        layers.built_in(include_str!("../../config/gateway.toml"), mistakes);
        if sources.demo {
            layers.built_in(include_str!("../../config/demo.toml"), mistakes);
        }
        layers.merge(BUILT_IN, None, texts(&sources.computed));
        for path in &sources.files {
            if let Some(settings) = layers.file(path, mistakes) {
                layers.merge(FILE, Some(path.clone()), settings);
            }
        }
        let variables: Vec<(String, String)> =
            sources.environment.iter().filter_map(setting_of_variable).collect();
        layers.merge(ENVIRONMENT, None, texts(&variables));
        layers.merge(COMMAND_LINE, None, texts(&sources.command_line));
        let merged = layers.figment.data().ok();
        layers.settings =
            merged.and_then(|mut data| data.remove(&Profile::Default)).unwrap_or_default();
        layers
    }

    fn merge(&mut self, origin: &'static str, file: Option<PathBuf>, settings: Dict) {
        let figment = std::mem::take(&mut self.figment);
        self.figment = figment.merge(Layer { origin, file, settings });
    }

    fn built_in(&mut self, text: &str, mistakes: &mut Vec<Mistake>) {
        match Toml::from_str(text) {
            Ok(settings) => self.merge(BUILT_IN, None, settings),
            Err(error) => mistakes.push(Mistake {
                place: Place::Default,
                setting: None,
                problem: error.message().to_owned(),
            }),
        }
    }

    fn file(&mut self, path: &Path, mistakes: &mut Vec<Mistake>) -> Option<Dict> {
        let mut wrong = |line, problem| {
            let place = Place::File(path.to_owned(), line);
            mistakes.push(Mistake { place, setting: None, problem });
        };
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                wrong(None, format!("cannot be read: {error}"));
                return None;
            }
        };
        match Toml::from_str(&text) {
            Ok(settings) => {
                self.texts.push((path.to_owned(), text));
                Some(settings)
            }
            Err(error) => {
                let before = error.span().and_then(|span| text.get(..span.start));
                let line = before.map(|before| before.matches('\n').count() + 1);
                wrong(line, error.message().replace('\n', ", "));
                None
            }
        }
    }

    /// The value of `section.key`, if it was written anywhere.
    pub(super) fn find(&self, key: &str) -> Option<Written<'_>> {
        let (section, name) = key.split_once('.')?;
        let value = self.settings.get(section)?.as_dict()?.get(name)?;
        let (place, is_text) = self.origin(key, value.tag());
        Some(Written { value, place, is_text })
    }

    /// The value of a variable of the environment, whoever named it.
    pub(super) fn variable(&self, name: &str) -> Option<&str> {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Where the value with this tag was written, and whether only text can be written there.
    pub(super) fn origin(&self, key: &str, tag: Tag) -> (Place, bool) {
        let metadata = self.figment.get_metadata(tag);
        match metadata.map(|metadata| (metadata.name.as_ref(), metadata.source.as_ref())) {
            Some((FILE, Some(Source::File(path)))) => {
                let text = self.texts.iter().find(|(known, _)| known == path);
                let line = text.and_then(|(_, text)| line_of(text, key));
                (Place::File(path.clone(), line), false)
            }
            Some((ENVIRONMENT, _)) => (Place::Environment(variable_of_setting(key)), true),
            Some((COMMAND_LINE, _)) => (Place::CommandLine, true),
            Some(_) | None => (Place::Default, true),
        }
    }
}

/// Settings given as texts.
fn texts<K: AsRef<str>>(settings: &[(K, String)]) -> Dict {
    let mut dict = Dict::new();
    for (key, text) in settings {
        let value = Value::from(text.clone());
        match key.as_ref().split_once('.') {
            None => {
                dict.insert(key.as_ref().to_owned(), value);
            }
            Some((section, name)) => {
                let section = dict.entry(section.to_owned()).or_insert_with(|| Dict::new().into());
                if let Value::Dict(_, section) = section {
                    section.insert(name.to_owned(), value);
                }
            }
        }
    }
    dict
}

fn setting_of_variable((name, value): &(String, String)) -> Option<(String, String)> {
    let key = name.strip_prefix(PREFIX)?.to_lowercase().replacen("__", ".", 1);
    Some((key, value.clone()))
}

fn variable_of_setting(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "__"))
}

/// The line, from 1, on which `section.key` (or a section, which may have a dot) is written in the plain manner of our own
/// files.
fn line_of(text: &str, key: &str) -> Option<usize> {
    let (section, name) = key.rsplit_once('.').unwrap_or((key, ""));
    let mut current = String::new();
    for (line, number) in text.lines().zip(1..) {
        let line = line.trim();
        if let Some(header) = line.strip_prefix('[') {
            current = header.split(']').next().unwrap_or_default().trim().replace('"', "");
            if current == key {
                return Some(number);
            }
            continue;
        }
        let written = line.split('=').next().unwrap_or_default().trim().trim_matches('"');
        let here = if current.is_empty() { key } else { name };
        if (current == section || current.is_empty()) && written == here && line.contains('=') {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_is_found_on_its_line() {
        #[track_caller]
        fn check(key: &str, expected: Option<usize>) {
            let text = "top = 1\nsmtp.port = 25\n\n[server]\n# base_url = 1\nbase_url = 2\n\
                        \"listen\" = []\n[ odd ] # why\nkey=1\n\
                        [clients.a]\nscope = 1\n[clients.\"b.c\"]\nscope = 2\n";
            assert_eq!(line_of(text, key), expected, "{key}");
        }
        check("top", Some(1));
        check("smtp.port", Some(2));
        check("server", Some(4));
        check("server.base_url", Some(6));
        check("server.listen", Some(7));
        check("odd.key", Some(9));
        check("odd.base_url", None);
        check("clients.a", Some(10));
        check("clients.a.scope", Some(11));
        check("clients.b.c", Some(12));
        check("clients.b.c.scope", Some(13));
        check("clients.b.scope", None);
    }
}
