//! Opening the records, and the key beside them.

use std::{fs, io, path::Path, sync::Arc};

use zeroize::Zeroizing;

use crate::{
    config::Records,
    departure,
    kernel::{random::SystemRandom, seal::RecordsKey, time::SystemClock},
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

fn read_key(path: &Path) -> Result<RecordsKey, Failure> {
    let unusable = |why: &str| Failure::Usage(format!("{}: {why}", path.display()));
    let absent = "the key of the store is not there; put it back or, for a new store, make one: 32 \
                  random bytes, readable by the gateway only (head -c 32 /dev/urandom)";
    let bytes = fs::read(path).map(Zeroizing::new).map_err(|error| {
        let is_absent = error.kind() == io::ErrorKind::NotFound;
        if is_absent { unusable(absent) } else { unusable(&error.to_string()) }
    })?;
    let bytes: &[u8; 32] = bytes
        .as_slice()
        .try_into()
        .map_err(|_| unusable("a key is 32 bytes, no more and no less"))?;
    RecordsKey::new(bytes).map_err(|error| unusable(&error.to_string()))
}
