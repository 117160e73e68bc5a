//! The promises of the embedded store, on a real file.

mod activating;
mod desk;
mod ending;
mod erasing;
mod managing;
mod opening;
mod phone;
mod proving;
mod registering;
mod requesting;
mod signing_in;
mod telling;
mod writing;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use rusqlite::params;
use tempfile::TempDir;

use crate::{
    departure::plan,
    kernel::{
        Clock, Finess, LocalAccessId, Rpps, SituationId, Timestamp, random::SystemRandom,
        seal::RecordsKey, time::Span,
    },
};

use super::{Collaborators, Lane, OpenError, Sqlite, outage};

/// 2026-11-21, 15:00 in Paris.
const NOW: Timestamp = Timestamp(1_795_269_600_000);
/// How long a request that was refused is kept: as long as the document that came with it.
const REFUSED_KEPT: Span = Span::hours(30 * 24);
const TILLEULS: &str = "019999028";
const RIVE_CLAIRE: &str = "699999124";

/// A clock that tests move.
struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

/// A store on a temporary file, its clock, and a few people.
struct World {
    store: Arc<Sqlite>,
    clock: Arc<TestClock>,
    dir: TempDir,
}

fn open_in(dir: &TempDir, key: u8, clock: &Arc<TestClock>) -> Result<Arc<Sqlite>, OpenError> {
    let with = Collaborators {
        key: Arc::new(RecordsKey::new(&[key; 32]).unwrap()),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        random: Arc::new(SystemRandom),
        end_rule: plan,
    };
    Sqlite::open(&dir.path().join("passerelle.db"), with)
}

fn rpps(number: u64) -> Rpps {
    Rpps::from_serial(9_990_000_000 + number)
}

fn situation_id(number: u128) -> SituationId {
    SituationId(uuid::Uuid::from_u128(number))
}

fn local_access_id(number: u128) -> LocalAccessId {
    LocalAccessId(uuid::Uuid::from_u128(number))
}

impl World {
    fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(NOW.0)));
        let store = open_in(&dir, 7, &clock).unwrap();
        Self { store, clock, dir }
    }

    fn advance(&self, millis: i64) {
        self.clock.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// Two structures and a person with an active card.
    async fn with_person(self) -> Self {
        self.store
            .change(Lane::Common, |change| {
                for finess in [TILLEULS, RIVE_CLAIRE] {
                    change.execute(
                        "INSERT INTO structure VALUES
                         (?1, 'EG', NULL, 'S', '', '', '', '', 'SA17', NULL)",
                        params![finess],
                    )?;
                }
                change.execute(
                    "INSERT INTO professional VALUES (?1, '{}', 'k', NULL, 'e', 'm', 0, ?2, NULL)",
                    params![rpps(1).as_str(), uuid::Uuid::from_u128(1)],
                )?;
                change.execute(
                    "INSERT INTO card (rpps, device) VALUES (?1, ?2)",
                    params![rpps(1).as_str(), uuid::Uuid::from_u128(2)],
                )?;
                Ok(())
            })
            .await
            .unwrap();
        self
    }

    async fn with_situation(
        self,
        number: u128,
        finess: &'static str,
        authority: &'static str,
    ) -> Self {
        self.store
            .change(Lane::Common, move |change| {
                change.execute(
                    "INSERT INTO situation VALUES
                     (?1, ?2, ?3, ?4, '313', 'GENR11', 'S', '2026-01-01', NULL, NULL, NULL, 'N', 'P',
                      'N|P')",
                    params![situation_id(number).0, rpps(1).as_str(), finess, authority],
                )?;
                Ok(())
            })
            .await
            .unwrap();
        self
    }

    async fn with_local_access(self, number: u128, finess: &'static str) -> Self {
        self.store
            .change(Lane::Common, move |change| {
                change.execute(
                    "INSERT INTO local_access VALUES (?1, ?2, ?3, 0, NULL, NULL)",
                    params![local_access_id(number).0, rpps(1).as_str(), finess],
                )?;
                Ok(())
            })
            .await
            .unwrap();
        self
    }

    /// A grant that stood at `own`, of a session stamped at `revision`.
    async fn with_grant(
        self,
        number: u128,
        finess: Option<&'static str>,
        stamp: (i64, i64),
    ) -> Self {
        self.store
            .write(move |write| {
                write.execute(
                    "INSERT INTO grant_ (id, client, sid, rpps, structure, epoch, revision, own,
                         until, opened_at, request, logout_uri)
                     VALUES (?1, 'dui', ?2, ?3, ?4, zeroblob(16), ?5, ?6, ?7, ?7, '{}', ?8)",
                    params![
                        uuid::Uuid::from_u128(number),
                        uuid::Uuid::from_u128(100),
                        rpps(1).as_str(),
                        finess,
                        stamp.0,
                        stamp.1,
                        write.now.0,
                        "http://localhost:1/backchannel-logout"
                    ],
                )?;
                Ok(())
            })
            .await
            .unwrap();
        self
    }

    fn one<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.store.read(|db| db.query_row(sql, [], |row| row.get(0))).unwrap()
    }

    fn journal_is_whole(&self) -> u64 {
        let mut verifier = crate::kernel::journal::Verifier::default();
        for line in self.store.journal_after(0, 10_000).unwrap() {
            verifier.take(&line).unwrap();
        }
        verifier.tip().0
    }
}

fn finess(text: &str) -> Finess {
    text.parse().unwrap()
}
