//! Files that are not ours to open, or not fit to be.

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
    check(|path| std::fs::create_dir(path).unwrap(), "unable to open");
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
