//! Anonymous memory of the gateway: idle, and with one million live sessions.
//!
//! Sessions and grants are rows; what is in memory is the cut set and the caches. So that both are
//! warm, one session in ten more was ended within the last hours, and some of the living are asked.

use passerelle::{
    access::Scope,
    kernel::{Clock, Sid, secret::SecretDigest, time::SystemClock},
};
use rusqlite::{Connection, params};
use tokio::runtime::Runtime;
use uuid::Uuid;

use crate::{
    Measure,
    house::{House, exchange, introspection, send_all, userinfo},
    log_in::{authorize, log_in},
    world::{World, anonymous_megabytes},
};

const PEOPLE: u64 = 10_000;
const SESSIONS: u64 = 1_000_000;
const ENDED: u64 = SESSIONS / 10;
const ASKED: u64 = 2_000;

pub(crate) fn measure(runtime: &Runtime) -> Vec<Measure> {
    let (idle, full) = runtime.block_on(megabytes());
    let told = |name, value, floor| Measure { name, value, unit: "MB", floor, runs: 1 };
    vec![told("memory_idle", idle, None), told("memory_sessions", full, Some(idle))]
}

async fn megabytes() -> (f64, f64) {
    let world = World::with(PEOPLE);
    let house = House::over(&world).await;
    let one = world.people.get(..1).unwrap();
    log_in(&house, &world, one).await;
    let idle = anonymous_megabytes();
    multiply(world.records());
    ask(&house).await;
    (idle, anonymous_megabytes())
}

/// Some of the sessions: each silently opens a new grant, whose tokens are then asked about.
async fn ask(house: &House) {
    let cookies = (0..ASKED).map(|number| number * (SESSIONS / ASKED)).map(secret);
    let cookies = cookies.map(|secret| format!("passerelle_wallet_session={secret}"));
    let requests = cookies.map(|cookie| authorize(&[("prompt", "none")], Some(&cookie))).collect();
    let (answers, _) = send_all(&house.router, requests).await;
    let requests = answers.iter().map(|answer| exchange(&answer.parameter("code"))).collect();
    let (answers, _) = send_all(&house.router, requests).await;
    let tokens: Vec<String> = answers.iter().map(|a| a.member("access_token")).collect();
    for ask in [introspection, userinfo] {
        send_all(&house.router, tokens.iter().map(|token| ask(token)).collect()).await;
    }
}

fn secret(number: u64) -> String {
    format!("biscuit-{number}")
}

/// Makes the one session and the one grant that the gateway wrote into a million of each, in the
/// order of the indexes.
fn multiply(mut db: Connection) {
    db.execute_batch(
        "PRAGMA synchronous = OFF;
         CREATE TEMP TABLE one_session AS SELECT * FROM session;
         CREATE TEMP TABLE one_grant AS SELECT * FROM grant_;",
    )
    .unwrap();
    let transaction = db.transaction().unwrap();
    let mut cookies: Vec<[u8; 32]> = (0..SESSIONS)
        .map(|number| *SecretDigest::of(secret(number).as_bytes()).as_bytes())
        .collect();
    cookies.sort_unstable();
    let mut insert = transaction
        .prepare(
            "INSERT INTO session SELECT ?1, p.rpps, s.epoch, s.revision, s.proof, s.proven_at,
                 s.until, s.seen_at, ?3, NULL
             FROM one_session s, professional p WHERE p.subject = ?2",
        )
        .unwrap();
    for (number, cookie) in (0_u64..).zip(&cookies) {
        let subject = Uuid::from_u128(u128::from(number * PEOPLE / SESSIONS) + 1);
        insert.execute(params![sid(number).0, subject, cookie]).unwrap();
    }
    drop(insert);
    transaction
        .execute(
            "INSERT INTO grant_ SELECT s.sid, g.client, s.sid, s.rpps, g.structure, g.epoch,
                 g.revision, g.own, g.until, g.opened_at, g.request, NULL, g.code_until,
                 g.opened_at, g.logout_uri, 0, g.opened_at, NULL
             FROM one_grant g, session s WHERE s.sid <> g.sid ORDER BY s.sid",
            [],
        )
        .unwrap();
    end_others(&transaction);
    transaction.commit().unwrap();
}

/// Cuts of sessions that nobody holds any more, each with its revision.
fn end_others(db: &Connection) {
    let now = SystemClock.now();
    let head: i64 = db.query_row("SELECT revision FROM head", [], |row| row.get(0)).unwrap();
    let mut cut = db
        .prepare("INSERT INTO cut VALUES (?1, 0, ?2, ?3, '\"session_ended\"', NULL, 0, 1)")
        .unwrap();
    let mut current = db.prepare("INSERT INTO revision SELECT ?1, epoch, ?2 FROM head").unwrap();
    for (number, ended) in (1..).zip(SESSIONS..SESSIONS + ENDED) {
        let scope = serde_json::to_string(&Scope::Session(sid(ended))).unwrap();
        let revision = head + number;
        cut.execute(params![revision, now.0, scope]).unwrap();
        current.execute(params![revision, now.0]).unwrap();
    }
    let last = "UPDATE head SET revision = (SELECT max(revision) FROM revision)";
    db.execute(last, []).unwrap();
}

fn sid(number: u64) -> Sid {
    Sid(Uuid::from_u128((1 << 100) + u128::from(number)))
}
