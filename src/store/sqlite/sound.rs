//! Is the file what we left there? Asked once, at opening, and cheaply: a file of millions of people
//! is not read through. What is damaged deeper down is told when it is met.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use rusqlite::Connection;

use super::OpenError;

/// How every SQLite file begins (its file format, section 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// A file up to this size is read through at opening: some 10 ms. A seeded demo is a tenth of it.
const READ_THROUGH: u64 = 4 << 20;

/// Whether there is a file at `path`. One that is there and is no database is damaged, an empty one
/// included: a new store gets its name only once it is whole.
pub(super) fn exists(path: &Path) -> Result<bool, OpenError> {
    let io = |error| OpenError::Io { path: path.to_owned(), error };
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(io(error)),
    };
    let mut start = [0; 16];
    match file.read_exact(&mut start) {
        Ok(()) if start == *MAGIC => Ok(true),
        Ok(()) => Err(damaged(path, "it does not begin as a database")),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Err(damaged(path, "it is empty, or cut short"))
        }
        Err(error) => Err(io(error)),
    }
}

/// A first look inside: all of a small file; of a large one the head, and the tips that must agree
/// with it.
pub(super) fn look(connection: &Connection, path: &Path) -> Result<(), OpenError> {
    let explain = |error| super::open::explain(path, error);
    let size = fs::metadata(path).map_or(0, |found| found.len());
    if size <= READ_THROUGH {
        let found: String =
            connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0)).map_err(explain)?;
        if found != "ok" {
            return Err(damaged(path, &found));
        }
    }
    let agrees: bool = connection
        .query_row(
            "SELECT (SELECT count(*) FROM head) = 1
                AND (SELECT max(revision) FROM revision) IS (SELECT revision FROM head)
                AND EXISTS (SELECT 1 FROM journal ORDER BY seq DESC LIMIT 1)",
            [],
            |row| row.get(0),
        )
        .map_err(explain)?;
    if agrees {
        Ok(())
    } else {
        Err(damaged(path, "its head, its revisions or its journal is lost"))
    }
}

fn damaged(path: &Path, reason: &str) -> OpenError {
    OpenError::Damaged { path: path.to_owned(), reason: reason.to_owned() }
}
