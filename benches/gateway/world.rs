//! A store with people in it, and the meters.

use std::{
    fs,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use passerelle::{
    departure,
    kernel::{Rpps, SituationId, random::SystemRandom, seal::RecordsKey, time::SystemClock},
    store::sqlite::{Collaborators, Sqlite},
};
use rusqlite::{Connection, params};
use serde_json::json;
use tempfile::TempDir;
use uuid::Uuid;

/// Where everybody works.
pub(crate) const STRUCTURE: &str = "019999028";
/// Everybody's PIN.
pub(crate) const PIN: &str = "1357";

/// A store on the disk of the target folder: a memory file system would flatter it.
pub(crate) struct World {
    pub(crate) store: Arc<Sqlite>,
    pub(crate) people: Vec<Person>,
    /// The key of every phone.
    pub(crate) phone: EcdsaKeyPair,
    folder: TempDir,
}

/// Somebody who is employed and has an active card.
#[derive(Clone, Copy)]
pub(crate) struct Person {
    pub(crate) rpps: Rpps,
    pub(crate) situation: SituationId,
    /// What the gateway calls this person's phone.
    pub(crate) device: Uuid,
}

impl World {
    pub(crate) fn with(people: u64) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let store = Sqlite::open(
            &folder.path().join("passerelle.db"),
            Collaborators {
                key: Arc::new(RecordsKey::new(&[7; 32]).unwrap()),
                clock: Arc::new(SystemClock),
                random: Arc::new(SystemRandom),
                end_rule: departure::plan,
            },
        )
        .unwrap();
        let phone = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let mut world = Self { store, people: Vec::new(), phone, folder };
        world.populate(people);
        world
    }

    /// Another connection to the same file, for what is written before a measure.
    pub(crate) fn records(&self) -> Connection {
        Connection::open(self.folder.path().join("passerelle.db")).unwrap()
    }

    fn populate(&mut self, people: u64) {
        let mut db = self.records();
        let transaction = db.transaction().unwrap();
        let structure =
            "INSERT INTO structure VALUES (?1, 'EG', NULL, 'n', 'a', 'c', 'p', 'c', 's', NULL)";
        transaction.execute(structure, [STRUCTURE]).unwrap();
        let key = self.public_key();
        for number in 0..people {
            let id = Uuid::from_u128(u128::from(number) + 1);
            let rpps = Rpps::from_serial(9_990_000_000 + number);
            let person = Person { rpps, situation: SituationId(id), device: id };
            insert(&transaction, person);
            let pin = self.store.key().digest(&id.to_string(), PIN);
            give_card(&transaction, person, pin.as_bytes(), &key);
            self.people.push(person);
        }
        transaction.commit().unwrap();
    }

    fn public_key(&self) -> String {
        let point = self.phone.public_key().as_ref();
        let (x, y) = point.get(1..).unwrap().split_at(32);
        let [x, y] = [x, y].map(|coordinate| URL_SAFE_NO_PAD.encode(coordinate));
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y }).to_string()
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

fn insert(db: &Connection, person: Person) {
    let name = person.rpps.as_str();
    db.execute(
        "INSERT INTO professional (rpps, identity, identity_key, email, mobile, validated_at, subject)
         VALUES (?1, '{}', ?1, ?1, ?1, 0, ?2)",
        params![name, person.situation.0],
    )
    .unwrap();
    db.execute(
        "INSERT INTO situation (id, rpps, finess, authority, profession, role, mode, started_on,
             exercise_name, exercise_first_name, exercise_key)
         VALUES (?1, ?2, ?3, 'employer', '313', 'GENR11', 'S', '2026-01-01', 'N', 'P', 'N P')",
        params![person.situation.0, name, STRUCTURE],
    )
    .unwrap();
}

fn give_card(db: &Connection, person: Person, pin: &[u8], key: &str) {
    let rpps = person.rpps.as_str();
    let device = "INSERT INTO device (id, rpps, public_key, since) VALUES (?1, ?2, ?3, 0)";
    db.execute(device, params![person.device, rpps, key]).unwrap();
    let card = "INSERT INTO card (rpps, device, pin, activated_at) VALUES (?1, ?2, ?3, 0)";
    db.execute(card, params![rpps, person.device, pin]).unwrap();
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

/// Anonymous memory of this process, in megabytes (`proc(5)`: `RssAnon`).
pub(crate) fn anonymous_megabytes() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap() / 1024.0
}

/// The `percent`-th percentile, nearest rank.
pub(crate) fn percentile(values: &mut [f64], percent: usize) -> f64 {
    values.sort_by(f64::total_cmp);
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).copied().unwrap_or(f64::NAN)
}
