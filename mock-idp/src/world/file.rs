//! `world.json`: what the strangers must still know after a restart.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::random;
use crate::world::WorldError;

const VERSION: u32 = 1;

/// The mock world's own secrets. No `Debug`: a log is no place for them.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Saved {
    pub(crate) version: u32,
    /// Client secrets by client key.
    pub(crate) clients: BTreeMap<String, String>,
    /// RPPS numbers by person key.
    pub(crate) registered: BTreeMap<String, String>,
    /// Phones by RPPS number.
    pub(crate) phones: BTreeMap<String, SavedPhone>,
    /// `FranceConnect`'s signing keys in pairs, ES256 then RS256, newest pair first.
    pub(crate) franceconnect_keys: Vec<SavedKey>,
}

/// A signing key.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SavedKey {
    pub(crate) kid: String,
    /// The private key: PKCS#8 in base64url.
    pub(crate) key: String,
}

/// A phone that holds an active card.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct SavedPhone {
    /// The identifier that the gateway gave to this device.
    pub(crate) device: String,
    /// The private key: PKCS#8 in base64url.
    pub(crate) key: String,
    /// Seed of the one-time codes, in base64url.
    pub(crate) seed: String,
    pub(crate) digits: u8,
    pub(crate) period: u64,
    /// The PIN that the person chose; the demo's pages show it.
    pub(crate) pin: String,
}

/// The file, and what it holds.
pub(crate) struct WorldFile {
    path: PathBuf,
    saved: Mutex<Saved>,
}

impl WorldFile {
    /// Loads the file, or begins a new world, with a secret for each client.
    pub(crate) fn open(dir: &Path, client_keys: &[&str]) -> Result<Self, WorldError> {
        let io = |path: &Path| {
            let path = path.to_owned();
            move |source| WorldError::File { path, source }
        };
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(io(dir))?;
        let path = dir.join("world.json");
        let saved = match std::fs::read(&path) {
            Ok(bytes) => parse(&path, &bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                Saved { version: VERSION, ..Saved::default() }
            }
            Err(error) => return Err(io(&path)(error)),
        };
        let file = Self { path, saved: Mutex::new(saved) };
        file.change(|saved| {
            for key in client_keys {
                saved.clients.entry((*key).to_owned()).or_insert_with(random::token);
            }
        })?;
        Ok(file)
    }

    pub(crate) fn read<T>(&self, look: impl FnOnce(&Saved) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the world; what could not be written did not happen.
    pub(crate) fn change(&self, edit: impl FnOnce(&mut Saved)) -> Result<(), WorldError> {
        let mut saved = self.lock();
        let mut next = saved.clone();
        edit(&mut next);
        write(&self.path, &next)
            .map_err(|source| WorldError::File { path: self.path.clone(), source })?;
        *saved = next;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Saved> {
        self.saved.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<Saved, WorldError> {
    let damaged = |source| WorldError::Damaged { path: path.to_owned(), source };
    // The version first: a newer file may differ in everything else.
    let members: Map<String, Value> = serde_json::from_slice(bytes).map_err(damaged)?;
    let version = members.get("version").and_then(Value::as_u64).unwrap_or_default();
    if version > u64::from(VERSION) {
        return Err(WorldError::Newer { path: path.to_owned(), version });
    }
    let saved: Saved = serde_json::from_value(Value::Object(members)).map_err(damaged)?;
    Ok(Saved { version: VERSION, ..saved })
}

/// Either the old file or the new one is there, whatever happens meanwhile.
fn write(path: &Path, saved: &Saved) -> std::io::Result<()> {
    let beside = path.with_extension("json.new");
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)?;
    file.write_all(&serde_json::to_vec_pretty(saved)?)?;
    file.sync_all()?;
    std::fs::rename(&beside, path)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    #[test]
    fn what_was_kept_is_found_again_and_only_its_owner_reads_it() -> Outcome {
        let dir = tempfile::tempdir()?;
        let world = WorldFile::open(&dir.path().join("demo"), &["dui", "api"])?;
        let secret = world.read(|saved| saved.clients.get("dui").cloned());
        world.change(|saved| {
            saved.registered.insert("recent".into(), "99900000037".into());
        })?;
        drop(world);

        let again = WorldFile::open(&dir.path().join("demo"), &["dui", "api"])?;
        assert_eq!(again.read(|saved| saved.clients.get("dui").cloned()), secret);
        assert_eq!(
            again.read(|saved| saved.registered.get("recent").cloned()).as_deref(),
            Some("99900000037")
        );
        let mode = std::fs::metadata(dir.path().join("demo/world.json"))?.permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        Ok(())
    }

    #[test]
    fn a_file_that_cannot_be_understood_is_named() -> Outcome {
        #[track_caller]
        fn check(content: &str, expected: &str) -> Outcome {
            let dir = tempfile::tempdir()?;
            std::fs::write(dir.path().join("world.json"), content)?;
            let said = WorldFile::open(dir.path(), &[]).err().map(|error| error.to_string());
            assert!(said.as_ref().is_some_and(|text| text.contains(expected)), "{said:?}");
            Ok(())
        }
        check("{", "damaged")?;
        check("[]", "damaged")?;
        check(r#"{"phones": 7}"#, "damaged")?;
        check(r#"{"version": 7}"#, "version 7")
    }
}
