//! The folder of a demo: what it holds, who uses it, and how it is emptied.

use std::{
    fs::{self, File, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::super::{failure::Failure, settings::STORE};

/// Held while a demo uses the folder.
const LOCK: &str = "demo.lock";
/// There once the demo world was seeded, whole.
const SEEDED: &str = "seeded";
/// What `--fresh` keeps: certificates that somebody may have trusted.
const KEPT: &str = "pki";
/// A folder with files but none of these is not a demo's.
const MARKS: [&str; 3] = [STORE, LOCK, "world.json"];

/// A demo's folder, in use by this process.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Unlocked when dropped.
    _lock: File,
}

impl Folder {
    /// Takes the folder, made if absent. A folder of something else, or one that another demo uses,
    /// is left as it is.
    pub(super) fn take(path: &Path) -> Result<Self, Failure> {
        let failed = |error| failed(path, &error);
        fs::create_dir_all(path).map_err(failed)?;
        let names = names_in(path).map_err(failed)?;
        let is_ours = MARKS.iter().any(|mark| names.iter().any(|name| name == mark));
        if !is_ours && names.iter().any(|name| name != KEPT) {
            return Err(Failure::Usage(format!(
                "{}: this folder holds something else than a demo; choose another with --data",
                path.display()
            )));
        }
        let lock = File::create(path.join(LOCK)).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Failure::Usage(format!(
                "{}: another demo is using this folder; stop it, or choose another with --data",
                path.display()
            ))),
            Err(TryLockError::Error(error)) => Err(failed(error)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether a demo has lived here.
    pub(super) fn is_used(&self) -> bool {
        self.path.join(STORE).exists()
    }

    /// Empties it, but for what `--fresh` keeps.
    pub(super) fn empty(&self) -> Result<(), Failure> {
        let failed = |error| failed(&self.path, &error);
        for name in names_in(&self.path).map_err(failed)? {
            if name == KEPT || name == LOCK {
                continue;
            }
            let entry = self.path.join(name);
            let removed = if entry.is_dir() && !entry.is_symlink() {
                fs::remove_dir_all(entry)
            } else {
                fs::remove_file(entry)
            };
            removed.map_err(failed)?;
        }
        Ok(())
    }

    /// Whether seeding has been done, whole, for a world that lives at `addresses`. One that was cut
    /// short is not guessed at; nor is a world whose software is registered under other addresses.
    pub(super) fn is_seeded(&self, addresses: &str) -> Result<bool, Failure> {
        let usage = |why: &str| Failure::Usage(format!("{}: {why}", self.path.display()));
        let seeded = match fs::read_to_string(self.path.join(SEEDED)) {
            Ok(seeded) => Some(seeded),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(failed(&self.path, &error)),
        };
        match (self.is_used(), seeded) {
            (false, None) => Ok(false),
            (true, Some(seeded)) if seeded == addresses => Ok(true),
            (true, Some(seeded)) => Err(usage(&format!(
                "this demo lives at {seeded}; start it there (--port, --base-url, --wallet-url), or \
                 anew with --fresh"
            ))),
            (true, None) => Err(usage(
                "an earlier start was cut short before the demo world was complete; start it anew \
                 with --fresh",
            )),
            (false, Some(_)) => {
                Err(usage("the store of this demo is gone; restore it, or start anew with --fresh"))
            }
        }
    }

    pub(super) fn mark_seeded(&self, addresses: &str) -> Result<(), Failure> {
        fs::write(self.path.join(SEEDED), addresses).map_err(|error| failed(&self.path, &error))
    }
}

fn names_in(path: &Path) -> io::Result<Vec<std::ffi::OsString>> {
    fs::read_dir(path)?.map(|entry| Ok(entry?.file_name())).collect()
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::Wrong(format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(path: &Path) -> Vec<String> {
        let names = names_in(path).unwrap().into_iter();
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn only_a_demos_folder_is_emptied_and_its_certificates_stay() {
        let outer = tempfile::tempdir().unwrap();
        let path = outer.path().join("demo");
        let folder = Folder::take(&path).unwrap();
        assert!(!folder.is_used());
        assert!(!folder.is_seeded("here").unwrap());
        for name in [STORE, "passerelle.db-wal", "world.json"] {
            fs::write(path.join(name), "x").unwrap();
        }
        fs::create_dir_all(path.join("pki")).unwrap();
        fs::create_dir_all(path.join("more/deep")).unwrap();
        assert!(folder.is_used());
        assert!(folder.is_seeded("here").is_err());
        folder.mark_seeded("here").unwrap();
        assert!(folder.is_seeded("here").unwrap());
        assert!(folder.is_seeded("there").is_err(), "its software is registered elsewhere");
        fs::rename(path.join(STORE), path.join("aside")).unwrap();
        assert!(folder.is_seeded("here").is_err(), "the store is gone");
        fs::rename(path.join("aside"), path.join(STORE)).unwrap();
        assert!(Folder::take(&path).is_err(), "another demo is using it");
        folder.empty().unwrap();
        assert_eq!(names(&path), ["demo.lock", "pki"]);
        drop(folder);
        assert!(Folder::take(&path).is_ok());

        let home = outer.path().join("home");
        fs::create_dir_all(&home).unwrap();
        fs::write(home.join("letters.txt"), "x").unwrap();
        assert!(Folder::take(&home).is_err());
        assert_eq!(names(&home), ["letters.txt"]);
    }
}
