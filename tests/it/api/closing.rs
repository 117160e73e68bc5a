//! What ends, and what the security officer sees of it.

use serde_json::json;

use super::world::{NOW, RIVE_CLAIRE, TILLEULS, World, hiring, person};
use passerelle::kernel::time::Span;

#[tokio::test]
async fn an_end_answers_the_situation_and_its_departure() {
    let world = World::new().await;
    let (rpps, situation) = world.person("Vasseur", 1).await;
    let end = format!("POST /situations/{situation}/end");
    let faulty = world.call("all", &end, Some(&json!({}))).await;
    assert_eq!(faulty.problem(422, "invalid_fields").at("/fields/0/code"), "one_of");
    let before = world.call("all", &end, Some(&json!({"last_day": "2026-11-01"}))).await;
    let before = before.problem(422, "invalid_fields");
    assert_eq!(before.at("/fields/0/field"), "last_day");

    let later = json!({"last_day": "2026-11-30", "reason": "fin de contrat"});
    let later = world.call("all", &end, Some(&later)).await.is(200);
    assert_eq!(later.at("/situation/state"), "open");
    assert_eq!(later.at("/situation/last_day"), "2026-11-30");
    assert_eq!(later.at("/departure/state"), "scheduled");
    assert_eq!(later.at("/departure/due_at"), "2026-11-30T23:00:00.000Z");
    assert_eq!(later.at("/departure/reason"), "fin de contrat");

    let now = world.call("all", &end, Some(&json!({"immediate": true}))).await.is(200);
    assert_eq!(now.at("/situation/state"), "ended");
    assert_eq!(now.at("/departure/state"), "done");
    assert_eq!(now.at("/departure/situation"), situation);
    assert_eq!(now.at("/departure/cuts/0/cause"), "last_situation");
    assert_eq!(now.at("/departure/cuts/0/scope/person"), rpps);
    assert_eq!(now.at("/departure/done_at"), NOW.to_string());
    let one = format!("GET /departures/{}", now.at("/departure/id"));
    assert_eq!(world.call("all", &one, None).await.is(200).json(), now.json()["departure"]);
    let all = world.call("all", &format!("GET /departures?rpps={rpps}"), None).await.is(200);
    assert_eq!(
        (all.at("/items/0/state"), all.at("/items/1/state")),
        ("done".into(), "undone".into())
    );

    let reopen = format!("POST /situations/{situation}/reopen");
    let undone = world.call("all", &reopen, None).await.is(200);
    assert_eq!(undone.at("/situation/state"), "open");
    world.call("all", &reopen, None).await.problem(409, "not_ended");
    assert_eq!(world.call("all", &one, None).await.is(200).at("/state"), "undone");
}

/// The calendar was moved: what is due and what is done are times of the same clock.
#[tokio::test]
async fn nothing_is_done_before_it_is_due() {
    let world = World::new().await;
    let (_, situation) = world.person("Vasseur", 1).await;
    let day = Span::hours(24).0;
    world.records().execute("UPDATE head SET calendar_lead = ?1", [day]).unwrap();
    let end = format!("POST /situations/{situation}/end");
    let done = world.call("all", &end, Some(&json!({"immediate": true}))).await.is(200);
    let moved = (NOW + Span::hours(24)).to_string();
    assert_eq!(done.at("/departure/due_at"), moved);
    assert_eq!(done.at("/departure/done_at"), moved);
    assert_eq!(done.at("/departure/cuts/0/at"), NOW.to_string(), "a cut is on the real clock");
}

#[tokio::test]
async fn a_situation_is_upcoming_until_its_first_day_and_the_public_waits_for_it() {
    let world = World::new().await;
    let mut body = person("Vasseur", 1);
    body["situation"]["started_on"] = json!("2026-11-24");
    let made = world.call("all", "POST /professionals", Some(&body)).await.is(201);
    assert_eq!(made.at("/situations/0/state"), "upcoming");
    let rpps = made.at("/rpps");
    let look = |what: String| {
        let request = axum::http::Request::get(what).header("accept", "application/json");
        world.send(request.body(axum::body::Body::empty()).unwrap())
    };
    let seen = async || {
        let one = world.call("all", &format!("GET /professionals/{rpps}"), None).await.is(200);
        let entry = look(format!("/annuaire/{rpps}")).await.is(200);
        let found = look("/annuaire?nom=vasseur".to_owned()).await.is(200);
        let found = found.json()["items"].as_array().unwrap().len();
        (one.at("/situations/0/state"), entry.at("/active"), found)
    };
    // The evening before, then midnight.
    world.advance(Span::hours(2 * 24 + 8));
    assert_eq!(seen().await, ("upcoming".into(), "false".into(), 0));
    world.advance(Span::hours(1));
    assert_eq!(seen().await, ("open".into(), "true".into(), 1));
}

#[tokio::test]
async fn the_answer_to_an_end_says_who_is_owed_a_notice() {
    let world = World::new().await;
    let (rpps, situation) = world.person("Vasseur", 1).await;
    world
        .records()
        .execute_batch(&format!(
            "INSERT INTO grant_ (id, client, sid, rpps, structure, epoch, revision, own, until,
                 opened_at, request, logout_uri)
             SELECT x'00000000000000000000000000000003', 'dui',
                 x'00000000000000000000000000000001', '{rpps}', '{TILLEULS}', epoch, revision,
                 revision, {until}, {now}, '{{}}', 'http://localhost:1/adieu' FROM head",
            now = NOW.0,
            until = (NOW + Span::hours(4)).0,
        ))
        .unwrap();
    let end = format!("POST /situations/{situation}/end");
    let body = json!({"immediate": true});
    let ended = world.keyed("all", &end, Some(&body), Some("k")).await.is(200);
    let line = json!({
        "client_id": "dui", "sid": "00000000-0000-0000-0000-000000000001",
        "grant": "00000000-0000-0000-0000-000000000003",
        "opened_at": "2026-11-21T14:00:00.000Z", "state": "due", "tries": 0,
        "last_try": null, "confirmed_at": null, "problem": null,
    });
    assert_eq!(ended.json()["departure"]["relying_parties"], json!([line]));
    let again = world.keyed("all", &end, Some(&body), Some("k")).await.is(200);
    assert_eq!(again.text, ended.text);
    let one = format!("GET /departures/{}", ended.at("/departure/id"));
    assert_eq!(world.call("all", &one, None).await.json(), ended.json()["departure"]);
}

#[tokio::test]
async fn a_last_day_ends_at_midnight_by_itself() {
    let world = World::new().await;
    let (rpps, situation) = world.person("Vasseur", 1).await;
    let today = json!({"last_day": "2026-11-21"});
    let end = format!("POST /situations/{situation}/end");
    world.call("all", &end, Some(&today)).await.is(200);
    world.advance(Span::hours(10));
    let seen = world.call("all", &format!("GET /professionals/{rpps}"), None).await.is(200);
    assert_eq!(seen.at("/situations/0/state"), "ended");
    assert_eq!(seen.at("/card"), "none");
}

#[tokio::test]
async fn a_local_access_is_given_listed_and_taken_back() {
    let world = World::new().await;
    let (rpps, _) = world.person("Vasseur", 1).await;
    let body = json!({"rpps": rpps, "finess": TILLEULS});
    let refused = world.call("all", "POST /local-accesses", Some(&body)).await;
    let refused = refused.problem(422, "invalid_fields");
    assert_eq!(refused.at("/fields/0/code"), "not_registered_by_authority");
    let mut nurse = hiring(RIVE_CLAIRE);
    nurse["profession"] = json!("60");
    let hire = format!("POST /professionals/{rpps}/situations");
    world.call("all", &hire, Some(&nurse)).await.is(201);
    let given = world.call("all", "POST /local-accesses", Some(&body)).await.is(201);
    assert_eq!(given.at("/state"), "open");
    let again = world.call("all", "POST /local-accesses", Some(&body)).await;
    assert_eq!(again.problem(409, "already_open").at("/local_access"), given.at("/id"));
    let list = world.call("all", &format!("GET /local-accesses?rpps={rpps}"), None).await.is(200);
    assert_eq!(list.at("/items/0/id"), given.at("/id"));
    let take_back = format!("DELETE /local-accesses/{}", given.at("/id"));
    world.call(&format!("at:{RIVE_CLAIRE}"), &take_back, None).await.problem(404, "not_found");
    let taken = world.call("all", &take_back, None).await.is(200);
    assert_eq!(taken.at("/local_access/state"), "ended");
    assert_eq!(taken.at("/departure/local_access"), given.at("/id"));
    world.call("all", &take_back, None).await.problem(409, "already_ended");
}

/// Two live sessions, each with a grant of *dui*: what the other slices would write.
fn two_sessions(world: &World, rpps: &str) {
    world
        .records()
        .execute_batch(&format!(
            "INSERT INTO session (sid, rpps, epoch, revision, proof, proven_at, until, seen_at)
             SELECT column1, '{rpps}', epoch, revision, 'phone', {now}, {until}, {now}
             FROM head, (VALUES (x'00000000000000000000000000000001'),
                                (x'00000000000000000000000000000002'));
             INSERT INTO grant_ (id, client, sid, rpps, structure, epoch, revision, own, until,
                 opened_at, request)
             SELECT sid, 'dui', sid, rpps, '{TILLEULS}', epoch, revision, revision, until, {now},
                 '{{}}' FROM session;",
            now = NOW.0,
            until = (NOW + Span::hours(4)).0,
        ))
        .unwrap();
}

#[tokio::test]
async fn a_page_of_sessions_passes_over_the_dead() {
    let world = World::new().await;
    let (rpps, _) = world.person("Vasseur", 1).await;
    two_sessions(&world, &rpps);
    let [oldest, newest] = [1, 2].map(|n| format!("00000000-0000-0000-0000-00000000000{n}"));
    let first = world.call("all", "GET /sessions?limit=1", None).await.is(200);
    assert_eq!((first.at("/items/0/sid"), first.at("/next")), (newest.clone(), newest.clone()));
    world.call("all", &format!("DELETE /sessions/{newest}"), None).await.is(204);
    let only = world.call("all", "GET /sessions?limit=1", None).await.is(200);
    assert_eq!((only.at("/items/0/sid"), only.at("/next")), (oldest, "null".into()));
}

#[tokio::test]
async fn sessions_are_seen_while_a_door_honours_them_and_ended_by_hand() {
    let world = World::new().await;
    let (rpps, situation) = world.person("Vasseur", 1).await;
    two_sessions(&world, &rpps);
    let count = |query: String| {
        let world = &world;
        async move {
            let seen = world.call("all", &format!("GET /sessions{query}"), None).await.is(200);
            seen.json()["items"].as_array().unwrap().len()
        }
    };
    assert_eq!(count(String::new()).await, 2);
    assert_eq!(count(format!("?rpps={rpps}&client=dui")).await, 2);
    assert_eq!(count("?client=other".to_owned()).await, 0);
    assert_eq!(count("?rpps=99900000011".to_owned()).await, 0);
    let sid = "00000000-0000-0000-0000-000000000001";
    world.call("all", &format!("DELETE /sessions/{sid}"), None).await.is(204);
    assert_eq!(count(String::new()).await, 1);
    let end = format!("POST /situations/{situation}/end");
    world.call("all", &end, Some(&json!({"immediate": true}))).await.is(200);
    assert_eq!(count(String::new()).await, 0);
    world.advance(Span::hours(4));
    let gone = world.call("all", &format!("DELETE /sessions/{sid}"), None).await;
    gone.problem(404, "not_found");
    let lines = world.call("all", "GET /journal?limit=200", None).await.is(200).json();
    let events: Vec<_> = lines["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|line| line["entry"]["event"].as_str())
        .filter(|event| !event.starts_with("structure"))
        .collect();
    assert_eq!(
        events,
        [
            "epoch_taken",
            "professional_registered",
            "situation_opened",
            "session_ended",
            "doors_shut",
            "situation_ended",
            "doors_shut"
        ]
    );
}

#[tokio::test]
async fn a_deleted_identity_is_gone_for_good() {
    let world = World::new().await;
    let (rpps, situation) = world.person("Vasseur", 1).await;
    world.call("all", &format!("DELETE /professionals/{rpps}"), None).await.is(204);
    world.call("all", &format!("GET /professionals/{rpps}"), None).await.problem(410, "retired");
    let hire = format!("POST /professionals/{rpps}/situations");
    world.call("all", &hire, Some(&hiring(TILLEULS))).await.problem(410, "retired");
    let reopen = format!("POST /situations/{situation}/reopen");
    world.call("all", &reopen, None).await.problem(410, "retired");
    let seen = world.call("all", "GET /professionals", None).await.is(200);
    assert_eq!(seen.at("/items"), "[]");
    let (again, _) = world.person("Vasseur", 1).await;
    assert_ne!(again, rpps);
}
