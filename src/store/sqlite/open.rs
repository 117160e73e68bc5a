//! Opening the file: who it belongs to, which version it is, and how SQLite is tuned.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, Weak},
    thread,
    time::Duration,
};

use rusqlite::{Connection, OpenFlags, config::DbConfig, params};

use crate::kernel::{Outage, journal};

use super::{Change, Collaborators, Sqlite, Writer, head::FloorCache, outage, sound};

/// "PASS" in the file's header: another program's database is not opened by mistake.
const APPLICATION: i32 = 0x5041_5353;
/// The version of the schema below.
const VERSION: i32 = 1;
const SCHEMA: &str = concat!(
    include_str!("schema/core.sql"),
    include_str!("schema/registry.sql"),
    include_str!("schema/ecps.sql"),
    include_str!("schema/oidc.sql"),
    include_str!("schema/departure.sql"),
    include_str!("schema/franceconnect.sql"),
);
/// What `records.key` must open, sealed at first start.
const KEY_PROOF: &[u8] = b"this store belongs to this key";
/// Beyond this size of the log, the writer pauses for a checkpoint that starts it anew.
const LONGEST_LOG: u64 = 64 << 20;

/// Why a store does not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or the thread could not be made.
    #[error("{path}: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A database of another program.
    #[error("{0}: this SQLite file belongs to another program")]
    Foreign(PathBuf),
    /// Written by a later version of this program.
    #[error(
        "{path}: written by a newer version (schema {found}, this program knows {VERSION}); install that version or restore a backup"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i32,
    },
    /// Not a database, or a damaged one.
    #[error("{path}: the file is damaged or is no SQLite database ({reason}); restore a backup")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
    /// The key beside the store is not the one that it was made with.
    #[error(
        "{0}: sealed with another records.key; put back the key file that belongs to this store"
    )]
    WrongKey(PathBuf),
    /// Anything else that SQLite refuses: no space, no permission.
    #[error("{path}: {reason}")]
    Refused {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        reason: String,
    },
}

impl Sqlite {
    /// Opens the file at `path`, made and set up if absent.
    pub fn open(path: &Path, with: Collaborators) -> Result<Arc<Self>, OpenError> {
        let io = |error| OpenError::Io { path: path.to_owned(), error };
        if !sound::exists(path)? {
            make_new(path, &with)?;
        }
        let connection = writer(path).map_err(|error| explain(path, error))?;
        check_owner(&connection, path)?;
        sound::look(&connection, path)?;
        check_key(&connection, &with, path)?;
        let writer = Writer::start(connection).map_err(io)?;
        let Collaborators { key, clock, random, end_rule } = with;
        let store = Arc::new(Self {
            path: path.to_owned(),
            writer,
            readers: Mutex::new(Vec::new()),
            floor: Mutex::new(FloorCache::default()),
            key,
            clock,
            random,
            end_rule,
            changed: Arc::default(),
        });
        let checkpoints = tuned(path).map_err(|error| explain(path, error))?;
        keep_log_short(&store, checkpoints).map_err(io)?;
        Ok(store)
    }
}

fn check_owner(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let pragma = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, i32>(0));
    let explain = |error| explain(path, error);
    let application = pragma("application_id").map_err(explain)?;
    let found = pragma("user_version").map_err(explain)?;
    let empty = connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |r| r.get(0));
    if application != APPLICATION {
        let path = path.to_owned();
        return Err(if empty.map_err(explain)? {
            OpenError::Damaged { path, reason: "it holds nothing".to_owned() }
        } else {
            OpenError::Foreign(path)
        });
    }
    if found > VERSION {
        return Err(OpenError::Newer { path: path.to_owned(), found });
    }
    Ok(())
}

enum SetUp {
    Sqlite(rusqlite::Error),
    Outage(Outage),
}

/// Makes a store under another name, and gives it its own once it is whole: what bears that name and
/// is no store is damaged, and never taken for new. Of two that begin at once, one gives the name.
fn make_new(path: &Path, with: &Collaborators) -> Result<(), OpenError> {
    let io = |error| OpenError::Io { path: path.to_owned(), error };
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(format!(".new-{}", with.random.opaque_id()));
    let unfinished = PathBuf::from(unfinished);
    make_private(&unfinished).map_err(io)?;
    let made = fill(&unfinished, with).map_err(|error| match error {
        SetUp::Sqlite(error) => explain(path, error),
        SetUp::Outage(outage) => {
            OpenError::Refused { path: path.to_owned(), reason: outage.to_string() }
        }
    });
    let named = made.and_then(|()| match fs::hard_link(&unfinished, path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(io(error)),
        Ok(()) | Err(_) => Ok(()),
    });
    fs::remove_file(&unfinished).map_err(io)?;
    named?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    fs::File::open(folder.unwrap_or(Path::new("."))).and_then(|f| f.sync_all()).map_err(io)
}

fn fill(path: &Path, with: &Collaborators) -> Result<(), SetUp> {
    let connection = writer(path).map_err(SetUp::Sqlite)?;
    set_up(&connection, with)?;
    // The last connection takes the log into the file as it closes.
    connection.close().map_err(|(_, error)| SetUp::Sqlite(error))
}

/// Makes the tables of a new file, its epoch and the proof of its key, in one transaction.
fn set_up(connection: &Connection, with: &Collaborators) -> Result<(), SetUp> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(SetUp::Sqlite)?;
    let made = make(connection, with);
    let end = if made.is_ok() { "COMMIT" } else { "ROLLBACK" };
    connection.execute_batch(end).map_err(SetUp::Sqlite)?;
    made
}

fn make(connection: &Connection, with: &Collaborators) -> Result<(), SetUp> {
    let sealed = with
        .key
        .seal("constant/key", KEY_PROOF)
        .map_err(|error| SetUp::Outage(Outage::Unavailable(error.to_string())))?;
    let fill = || -> Result<(), rusqlite::Error> {
        connection.execute_batch(SCHEMA)?;
        connection.pragma_update(None, "application_id", APPLICATION)?;
        connection.pragma_update(None, "user_version", VERSION)?;
        let epoch = with.random.opaque_id();
        connection.execute(
            "INSERT INTO head (one, epoch, revision, calendar_lead) VALUES (1, ?1, 0, 0)",
            params![epoch],
        )?;
        let federation = with.random.opaque_id();
        connection.execute(
            "INSERT INTO constant (name, value) VALUES ('key', ?1), ('federation', ?2)",
            params![sealed, federation],
        )?;
        Ok(())
    };
    fill().map_err(SetUp::Sqlite)?;
    let start = || -> Result<(), Outage> {
        let now = with.clock.now();
        let change = Change::begin(connection, now, with.random.as_ref(), with.end_rule)?;
        let entry = journal::Entry::new(journal::Event::EpochTaken, journal::Actor::Gateway);
        change.journal(&journal::Entry { revision: Some(change.revision), ..entry })?;
        change.finish()
    };
    start().map_err(SetUp::Outage)
}

fn check_key(connection: &Connection, with: &Collaborators, path: &Path) -> Result<(), OpenError> {
    let sealed: Vec<u8> = connection
        .query_row("SELECT value FROM constant WHERE name = 'key'", [], |row| row.get(0))
        .map_err(|error| explain(path, error))?;
    match with.key.open("constant/key", &sealed) {
        Ok(proof) if proof.as_slice() == KEY_PROOF => Ok(()),
        Ok(_) | Err(_) => Err(OpenError::WrongKey(path.to_owned())),
    }
}

pub(super) fn explain(path: &Path, error: rusqlite::Error) -> OpenError {
    let path = path.to_owned();
    match outage(error) {
        Outage::Corrupt(reason) | Outage::Damaged(reason) => OpenError::Damaged { path, reason },
        Outage::Unavailable(reason) => OpenError::Refused { path, reason },
        Outage::Busy => {
            OpenError::Refused { path, reason: "another process keeps it locked".to_owned() }
        }
    }
}

/// Makes the file readable by its owner only: it holds births, addresses and mobiles. SQLite gives
/// the log beside it the same rights.
fn make_private(path: &Path) -> Result<(), io::Error> {
    use std::os::unix::fs::OpenOptionsExt;
    let made = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn tuned(path: &Path) -> Result<Connection, rusqlite::Error> {
    // A file that is not there is not made here: it would be taken for a store that holds nothing.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(128);
    // Plans that ignore bound values: otherwise SQLite parses a cached statement anew, at ten times
    // the cost of its run, wherever a new value might fit a partial index.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    // FULL: an answered commit survives a power cut (promise 2). The writer never checkpoints by
    // itself; a thread of its own does.
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA wal_autocheckpoint = 0;
         PRAGMA temp_store = MEMORY;
         PRAGMA foreign_keys = ON;
         PRAGMA mmap_size = 1073741824;",
    )?;
    Ok(connection)
}

fn writer(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = tuned(path)?;
    // 16 MB for the one writer: enough for its hot pages, and inside the memory bar when idle.
    connection.execute_batch("PRAGMA cache_size = -16384;")?;
    Ok(connection)
}

pub(super) fn reader(path: &Path) -> Result<Connection, rusqlite::Error> {
    let connection = tuned(path)?;
    connection.execute_batch("PRAGMA query_only = ON;")?;
    Ok(connection)
}

/// Checkpoints off the writer every 200 ms; when steady writes keep the log from being reset, asks
/// the writer for a pause and starts it anew.
fn keep_log_short(store: &Arc<Sqlite>, connection: Connection) -> Result<(), io::Error> {
    let path = store.path.clone();
    let pause = store.writer.between_transactions();
    let alive: Weak<Sqlite> = Arc::downgrade(store);
    thread::Builder::new().name("store-checkpoint".to_owned()).spawn(move || {
        let mut log = path.into_os_string();
        log.push("-wal");
        loop {
            thread::sleep(Duration::from_millis(200));
            if alive.strong_count() == 0 {
                return;
            }
            checkpoint(&connection, "PASSIVE");
            if fs::metadata(&log).is_ok_and(|log| log.len() > LONGEST_LOG) {
                pause(&mut || checkpoint(&connection, "RESTART"));
            }
        }
    })?;
    Ok(())
}

/// One at a time: SQLite refuses a second one at once, whatever its patience, and the last one of a
/// graceful stop must not be refused.
static CHECKPOINTING: Mutex<()> = Mutex::new(());

pub(super) fn checkpoint(connection: &Connection, mode: &str) {
    let _alone = CHECKPOINTING.lock().unwrap_or_else(PoisonError::into_inner);
    let sql = format!("PRAGMA wal_checkpoint({mode})");
    if let Err(error) = connection.query_row(&sql, [], |_| Ok(())) {
        tracing::debug!(%error, mode, "a checkpoint could not run");
    }
}
