//! Files that are not ours to open, or not fit to be.

use crate::{kernel::Outage, portal::operations::Writable};

use super::*;

#[test]
fn a_file_that_cannot_be_ours_is_refused_plainly() {
    #[track_caller]
    fn check(spoil: impl FnOnce(&std::path::Path), expected: &str) {
        let dir = TempDir::new().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(NOW.0)));
        spoil(&dir.path().join("passerelle.db"));
        let refused = open_in(&dir, 7, &clock).err().unwrap().to_string();
        assert!(refused.contains(expected), "{refused}");
    }
    check(|path| std::fs::write(path, "this is no database, it is a letter").unwrap(), "damaged");
    check(
        |path| {
            let foreign = rusqlite::Connection::open(path).unwrap();
            foreign.execute_batch("CREATE TABLE theirs (a)").unwrap();
        },
        "another program",
    );
    check(
        |path| {
            let newer = rusqlite::Connection::open(path).unwrap();
            newer
                .execute_batch(
                    "PRAGMA application_id = 1346458451; PRAGMA user_version = 99;
                                CREATE TABLE head (a)",
                )
                .unwrap();
        },
        "newer version (schema 99",
    );
    check(|path| std::fs::create_dir(path).unwrap(), "directory");
    check(|path| std::fs::write(path, "").unwrap(), "damaged");
    check(|path| std::fs::write(path, [0; 8192]).unwrap(), "damaged");
    check(
        |path| drop(rusqlite::Connection::open(path).unwrap().execute_batch("VACUUM")),
        "damaged",
    );
}

#[test]
fn another_key_does_not_open_the_store() {
    let dir = TempDir::new().unwrap();
    let clock = Arc::new(TestClock(AtomicI64::new(NOW.0)));
    drop(open_in(&dir, 7, &clock).unwrap());
    assert!(matches!(open_in(&dir, 8, &clock), Err(OpenError::WrongKey(_))));
    assert!(open_in(&dir, 7, &clock).is_ok());
}

#[tokio::test]
async fn what_was_answered_is_there_after_the_store_was_closed() {
    let world = World::new().with_person().await;
    let head = world.one::<i64>("SELECT revision FROM head");
    let World { store, clock, dir } = world;
    drop(store);
    let store = open_in(&dir, 7, &clock).unwrap();
    let again = World { store, clock, dir };
    assert_eq!(again.one::<i64>("SELECT revision FROM head"), head);
    assert_eq!(again.one::<i64>("SELECT count(*) FROM professional"), 1);
}

/// A store that was closed, with something done to its file.
#[track_caller]
fn spoilt(spoil: impl FnOnce(&std::path::Path)) -> Result<Arc<Sqlite>, OpenError> {
    let World { store, clock, dir } = World::new();
    drop(store);
    spoil(&dir.path().join("passerelle.db"));
    open_in(&dir, 7, &clock)
}

#[test]
fn a_file_that_is_not_what_we_left_is_damaged_and_never_new() {
    let damaged = |spoil: fn(&std::path::Path)| {
        assert!(matches!(spoilt(spoil), Err(OpenError::Damaged { .. })));
    };
    let sql = |path: &std::path::Path, sql: &str| {
        rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
    };
    assert!(spoilt(|_| {}).is_ok());
    damaged(|path| std::fs::write(path, "").unwrap());
    damaged(|path| {
        let size = std::fs::metadata(path).unwrap().len();
        std::fs::write(path, vec![0; usize::try_from(size).unwrap()]).unwrap();
    });
    damaged(|path| {
        let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
        file.set_len(4096 * 3).unwrap();
    });
    // One page among others, as a bad block leaves it.
    damaged(|path| {
        let mut bytes = std::fs::read(path).unwrap();
        let page = 4096 * 20;
        bytes[page..page + 4096].fill(0xa5);
        std::fs::write(path, bytes).unwrap();
    });
    for lost in ["DELETE FROM journal", "DELETE FROM head", "DELETE FROM revision"] {
        let opened = spoilt(|path| sql(path, lost));
        assert!(matches!(opened, Err(OpenError::Damaged { .. })), "{lost}");
    }
}

#[tokio::test]
async fn a_page_that_goes_bad_is_told_plainly_and_stays_told() {
    let world = World::new().with_person().await;
    world.store.writable().await.unwrap();
    let root: i64 = world.one("SELECT rootpage FROM sqlite_schema WHERE name = 'structure'");
    let path = world.dir.path().join("passerelle.db");
    let other = rusqlite::Connection::open(&path).unwrap();
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let page = usize::try_from((root - 1) * 4096).unwrap();
    bytes[page..page + 4096].fill(0xa5);
    std::fs::write(&path, bytes).unwrap();
    let look =
        |db: &rusqlite::Connection| db.query_row("SELECT name FROM structure", [], |_| Ok(()));
    let refused = world.store.read(look);
    assert!(matches!(refused, Err(Outage::Corrupt(_))), "{refused:?}");
    let unfit = world.store.writable().await;
    assert!(matches!(unfit, Err(Outage::Corrupt(_))), "{unfit:?}");
    let written = world.store.write(|write| write.once("a", b"1", NOW)).await;
    assert!(written.is_ok(), "what is not damaged still answers: {written:?}");
    assert!(world.store.writable().await.is_err(), "no write heals a file");
}

#[tokio::test]
async fn a_store_that_refused_a_write_is_unfit_until_one_succeeds() {
    let world = World::new();
    let run = |sql: &'static str| {
        world.store.write(move |write| write.db.execute_batch(sql).map_err(outage))
    };
    run("CREATE TRIGGER full BEFORE UPDATE ON head BEGIN SELECT RAISE(ABORT, 'no room'); END")
        .await
        .unwrap();
    let refused = run("UPDATE head SET one = one").await;
    assert!(matches!(refused, Err(Outage::Unavailable(_))), "{refused:?}");
    assert!(world.store.writable().await.is_err());
    assert!(world.store.writable().await.is_err(), "asked again, tried again");
    let other = rusqlite::Connection::open(world.dir.path().join("passerelle.db")).unwrap();
    other.execute_batch("DROP TRIGGER full").unwrap();
    assert!(world.store.writable().await.is_ok());
}
