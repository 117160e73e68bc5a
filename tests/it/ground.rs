//! What the worlds of slices stand on: a store on a temporary file, a clock in the test's hands, and
//! what a phone and the command line would write.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Request, response::Parts},
};
use passerelle::{
    access::{Doors, Heads, Proof, SESSION_LIFE, Session},
    departure::plan,
    kernel::{
        Clock, Rpps, Sid, Timestamp, journal::Actor, random::SystemRandom, retry::Keep,
        seal::RecordsKey, time::Span,
    },
    oidc::{self, Provider},
    registry::{Nomenclature, Registry, Structure},
    store::sqlite::{Collaborators, Sqlite},
    web::page::Frame,
};
use rusqlite::{Connection, params};
use tempfile::TempDir;
use tower::ServiceExt;
use url::Url;
use uuid::Uuid;

/// 2026-11-21, 15:00 in Paris.
pub(crate) const NOW: Timestamp = Timestamp(1_795_269_600_000);
pub(crate) const TILLEULS: &str = "019999028";
pub(crate) const RIVE_CLAIRE: &str = "699999124";
pub(crate) const BASE: &str = "http://localhost:8080";

struct TestClock(AtomicI64);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

pub(crate) struct Ground {
    pub(crate) store: Arc<Sqlite>,
    pub(crate) doors: Doors,
    pub(crate) key: Arc<RecordsKey>,
    dir: TempDir,
    clock: Arc<TestClock>,
    serial: AtomicU64,
}

impl Ground {
    /// An empty store.
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let clock = Arc::new(TestClock(AtomicI64::new(NOW.0)));
        let key = Arc::new(RecordsKey::new(&[7; 32]).unwrap());
        let with = Collaborators {
            key: Arc::clone(&key),
            clock: Arc::clone(&clock) as _,
            random: Arc::new(SystemRandom),
            end_rule: plan,
        };
        let store = Sqlite::open(&dir.path().join("passerelle.db"), with).unwrap();
        let heads = Arc::clone(&store) as Arc<dyn Heads>;
        let doors = Doors::new(heads, Arc::clone(&clock) as _);
        Self { store, doors, key, dir, clock, serial: AtomicU64::new(1) }
    }

    /// The structures of the sample.
    pub(crate) async fn enter_sample(&self) {
        for sample in &Nomenclature::shipped().unwrap().structures {
            let structure = Structure::of_sample(sample).unwrap();
            self.store.enter_structure(structure, Actor::Operator, Keep::nothing()).await.unwrap();
        }
    }

    /// A provider on these records, as any other one is: all that it knows is there.
    pub(crate) async fn provider(&self) -> Arc<Provider> {
        let base: Url = BASE.parse().unwrap();
        let provider = Provider::open(oidc::Collaborators {
            settings: oidc::Settings::at(base.clone(), base, Frame { demo: false }),
            doors: self.doors.clone(),
            clock: self.clock(),
            random: Arc::new(SystemRandom),
            records_key: Arc::clone(&self.key),
            clients: Arc::clone(&self.store) as _,
            sessions: Arc::clone(&self.store) as _,
            logins: Arc::clone(&self.store) as _,
            grants: Arc::clone(&self.store) as _,
            subjects: Arc::clone(&self.store) as _,
            key_store: Arc::clone(&self.store) as _,
        });
        provider.await.unwrap()
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as _
    }

    pub(crate) fn advance(&self, span: Span) {
        self.clock.0.fetch_add(span.0, Ordering::SeqCst);
    }

    /// A number that was not given before.
    pub(crate) fn number(&self) -> u64 {
        self.serial.fetch_add(1, Ordering::SeqCst)
    }

    /// Another connection to the same file: what the other slices would write.
    pub(crate) fn records(&self) -> Connection {
        Connection::open(self.dir.path().join("passerelle.db")).unwrap()
    }

    pub(crate) fn one<T: rusqlite::types::FromSql>(&self, sql: &str) -> T {
        self.records().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// A session, as an approval on the phone would write it.
    pub(crate) async fn session_of(&self, rpps: Rpps) -> Session {
        let now = self.doors.barrier().await.unwrap();
        let session = Session {
            sid: Sid(Uuid::from_u128(1000 + u128::from(self.number()))),
            rpps,
            stamp: now.stamp,
            proof: Proof::Phone,
            proven_at: now.protocol,
            until: now.protocol + SESSION_LIFE,
        };
        self.records()
            .execute(
                "INSERT INTO session (sid, rpps, epoch, revision, proof, proven_at, until, seen_at)
                 VALUES (?1, ?2, ?3, ?4, 'phone', ?5, ?6, ?5)",
                params![
                    session.sid.0,
                    session.rpps.as_str(),
                    session.stamp.epoch.0,
                    session.stamp.revision.0.cast_signed(),
                    session.proven_at.0,
                    session.until.0
                ],
            )
            .unwrap();
        session
    }
}

/// What `router` answers, read whole.
pub(crate) async fn ask(router: &Router, request: Request<Body>) -> (Parts, String) {
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let bytes = to_bytes(body, 8 << 20).await.unwrap();
    (parts, String::from_utf8_lossy(&bytes).into_owned())
}
