//! A store with people in it, and the meters.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use passerelle::{
    departure,
    kernel::{Rpps, SituationId, random::SystemRandom, seal::RecordsKey, time::SystemClock},
    store::sqlite::{Collaborators, Sqlite},
};
use rusqlite::{Connection, params};
use tempfile::TempDir;
use uuid::Uuid;

/// A store on the disk of the target folder: a memory file system would flatter it.
pub(crate) struct World {
    pub(crate) store: Arc<Sqlite>,
    pub(crate) folder: TempDir,
    pub(crate) situations: Vec<SituationId>,
    pub(crate) letters: Vec<Uuid>,
}

impl World {
    /// `people` employed people, and as many letters that wait.
    pub(crate) fn with(people: u64) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let path = folder.path().join("passerelle.db");
        let store = Sqlite::open(
            &path,
            Collaborators {
                key: Arc::new(RecordsKey::new(&[7; 32]).unwrap()),
                clock: Arc::new(SystemClock),
                random: Arc::new(SystemRandom),
                end_rule: departure::plan,
            },
        )
        .unwrap();
        let mut db = Connection::open(&path).unwrap();
        let transaction = db.transaction().unwrap();
        transaction
            .execute(
                "INSERT INTO structure VALUES ('019999028', 'EG', NULL, 'n', 'a', 'c', 'p', 'c', 's', NULL)",
                [],
            )
            .unwrap();
        let (mut situations, mut letters) = (Vec::new(), Vec::new());
        for number in 0..people {
            let rpps = Rpps::from_serial(9_990_000_000 + number);
            let id = Uuid::from_u128(u128::from(number) + 1);
            insert(&transaction, rpps, id);
            situations.push(SituationId(id));
            letters.push(id);
        }
        transaction.commit().unwrap();
        Self { store, folder, situations, letters }
    }

    /// Milliseconds that this disk needs to make 4 KiB durable: the median of 50 tries.
    pub(crate) fn sync_floor(&self) -> f64 {
        let path: PathBuf = self.folder.path().join("floor");
        let mut file = fs::File::create(path).unwrap();
        let mut times: Vec<f64> = (0..50)
            .map(|_| {
                let start = now();
                std::io::Write::write_all(&mut file, &[1; 4096]).unwrap();
                file.sync_data().unwrap();
                milliseconds(start.elapsed())
            })
            .collect();
        percentile(&mut times, 50)
    }
}

fn insert(db: &Connection, rpps: Rpps, id: Uuid) {
    let name = rpps.as_str();
    db.execute(
        "INSERT INTO professional (rpps, identity, identity_key, email, mobile, validated_at, subject)
         VALUES (?1, '{}', ?1, ?1, ?1, 0, ?2)",
        params![name, id],
    )
    .unwrap();
    db.execute(
        "INSERT INTO situation (id, rpps, finess, authority, profession, role, mode, started_on,
             exercise_name, exercise_first_name, exercise_key)
         VALUES (?1, ?2, '019999028', 'employer', '313', 'GENR11', 'S', '2026-01-01', 'N', 'P', 'N P')",
        params![id, name],
    )
    .unwrap();
    let text = r#"{"to":"a@example.org","subject":"s","text":"t"}"#;
    db.execute("INSERT INTO letter (id, letter, due_at) VALUES (?1, ?2, 0)", params![id, text])
        .unwrap();
}

/// A meter's reading: the one place where the bench asks for the time.
#[expect(clippy::disallowed_methods, reason = "a bench measures real time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

pub(crate) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Seconds of CPU that this process has used (`proc(5)`: user and system time, in 1/100 s).
pub(crate) fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(')').unwrap().1;
    let ticks =
        |index: usize| fields.split_whitespace().nth(index).unwrap().parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

/// The `percent`-th percentile, nearest rank.
pub(crate) fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or(f64::NAN)
}
