//! `records.key`, made for a demo. `serve` demands one and makes none.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use zeroize::Zeroizing;

use crate::{
    cli::failure::Failure,
    config::Records,
    kernel::random::{Random, SystemRandom},
};

/// Makes the key of a store that does not exist yet, readable by its owner only.
pub(super) fn make(records: &Records) -> Result<(), Failure> {
    if records.path.exists() || records.key_file.exists() {
        return Ok(());
    }
    let path = &records.key_file;
    let key = Zeroizing::new((&SystemRandom as &dyn Random).bytes::<32>());
    write_key(path, &key[..])
        .map_err(|error| Failure::Wrong(format!("{}: {error}", path.display())))
}

/// Whole or not at all: a key that is half written would seal nothing that can be opened again.
fn write_key(path: &Path, key: &[u8]) -> io::Result<()> {
    let draft = path.with_extension("draft");
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true).mode(0o600);
    let mut file = options.open(&draft)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::PermissionsExt, sync::Arc};

    use super::*;
    use crate::{
        cli::{
            failure::Failure,
            records::{open, open_existing},
        },
        store::sqlite::Sqlite,
    };

    #[test]
    fn a_key_is_made_once_and_demanded_ever_after() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("passerelle.db");
        let key_file = folder.path().join("records.key");
        let records = Records { path: path.clone(), key_file: key_file.clone() };
        let told = |result: Result<Arc<Sqlite>, Failure>| match result {
            Ok(_) => "open".to_owned(),
            Err(failure) => format!("{:?} {failure}", failure.exit_code()),
        };
        assert!(told(open(&records)).contains("is not there"));
        assert!(!path.exists());
        assert!(told(open_existing(&records)).contains("no such store"));
        make(&records).unwrap();
        assert_eq!(fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);
        let made = fs::read(&key_file).unwrap();
        assert_eq!(told(open(&records)), "open");
        make(&records).unwrap();
        assert_eq!(fs::read(&key_file).unwrap(), made);
        fs::remove_file(&key_file).unwrap();
        make(&records).unwrap();
        assert!(!key_file.exists(), "a new key would not open what the old one sealed");
        fs::write(&key_file, [0; 31]).unwrap();
        assert!(told(open(&records)).contains("32 bytes"));
        fs::write(&key_file, [0; 32]).unwrap();
        assert!(told(open(&records)).contains("another records.key"));
    }
}
