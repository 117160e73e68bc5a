//! Opening the records, and the key beside them.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
    sync::Arc,
};

use zeroize::Zeroizing;

use crate::{
    config::Records,
    departure,
    kernel::{
        random::{Random, SystemRandom},
        seal::RecordsKey,
        time::SystemClock,
    },
    store::sqlite::{Collaborators, Sqlite},
};

use super::failure::Failure;

/// Opens the store, made at first start. Its key must be there already.
pub(super) fn open(records: &Records) -> Result<Arc<Sqlite>, Failure> {
    let key = read_key(&records.key_file)?;
    if let Some(folder) = records.path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        let refused = |error| Failure::Wrong(format!("{}: {error}", folder.display()));
        fs::create_dir_all(folder).map_err(refused)?;
    }
    let with = Collaborators {
        key: Arc::new(key),
        clock: Arc::new(SystemClock),
        random: Arc::new(SystemRandom),
        end_rule: departure::plan,
    };
    Ok(Sqlite::open(&records.path, with)?)
}

/// The same for a command that works on what exists.
pub(super) fn open_existing(records: &Records) -> Result<Arc<Sqlite>, Failure> {
    if !records.path.is_file() {
        return Err(Failure::Usage(format!("{}: there is no such store", records.path.display())));
    }
    open(records)
}

/// Makes the key of a store that does not exist yet, readable by its owner only.
pub(super) fn make_key(records: &Records) -> Result<(), Failure> {
    if records.path.exists() || records.key_file.exists() {
        return Ok(());
    }
    let path = &records.key_file;
    let key = Zeroizing::new((&SystemRandom as &dyn Random).bytes::<32>());
    write_key(path, &key[..]).map_err(|error| Failure::Wrong(format!("{}: {error}", path.display())))
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

fn read_key(path: &Path) -> Result<RecordsKey, Failure> {
    let unusable = |why: &str| Failure::Usage(format!("{}: {why}", path.display()));
    let bytes = fs::read(path).map(Zeroizing::new).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => unusable(
            "the key of the store is not there; put it back or, for a new store, make one: 32 \
             random bytes, readable by the gateway only (head -c 32 /dev/urandom)",
        ),
        _ => unusable(&error.to_string()),
    })?;
    let bytes: &[u8; 32] =
        bytes.as_slice().try_into().map_err(|_| unusable("a key is 32 bytes, no more and no less"))?;
    RecordsKey::new(bytes).map_err(|error| unusable(&error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

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
        make_key(&records).unwrap();
        assert_eq!(fs::metadata(&key_file).unwrap().permissions().mode() & 0o777, 0o600);
        let made = fs::read(&key_file).unwrap();
        assert_eq!(told(open(&records)), "open");
        make_key(&records).unwrap();
        assert_eq!(fs::read(&key_file).unwrap(), made);
        fs::remove_file(&key_file).unwrap();
        make_key(&records).unwrap();
        assert!(!key_file.exists(), "a new key would not open what the old one sealed");
        fs::write(&key_file, [0; 31]).unwrap();
        assert!(told(open(&records)).contains("32 bytes"));
        fs::write(&key_file, [0; 32]).unwrap();
        assert!(told(open(&records)).contains("another records.key"));
    }
}
