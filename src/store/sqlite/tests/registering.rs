//! Registrations: one person, one number, whoever asks at the same time, and however often.

use base64::Engine;
use futures_util::future::join_all;
use serde_json::{Map, Value, json};

use super::*;
use crate::{
    access::{Cause, Closing, Scope},
    kernel::{
        ClientId,
        journal::Actor,
        retry::{Answered, Keep, Kept, Once},
        secret::SecretDigest,
        time::Span,
    },
    portal::{NotDeleted, People, Removals},
    registry::{
        AccessAt, Nomenclature, Page, Registry, Structure,
        directory::{Directory, DirectoryQuery},
        hiring::{Hired, Hiring, NotHired},
        local_access::{LocalAccessDraft, NotGiven},
        registration::{Draft, NotRegistered, Registered},
    },
};

/// What a race or a repetition ends with.
type Outcome = Answered<Registered, NotRegistered>;

fn body(name: &str, line: u32) -> Map<String, Value> {
    let body = json!({
        "civility": "M", "birth_name": name, "first_names": ["Paul"], "sex": "M",
        "birth_date": "1990-01-02", "birth_country": "99100", "birth_commune": "69266",
        "email": format!("paul.{line}@example.org"), "mobile": format!("+3363998{line:04}"),
        "situation": {"finess": TILLEULS, "profession": "313", "role": "GENR11", "mode": "S",
                      "started_on": "2026-11-02"}
    });
    body.as_object().unwrap().clone()
}

fn nomenclature() -> Arc<Nomenclature> {
    Arc::new(Nomenclature::shipped().unwrap())
}

fn once(key: &str, request: &str) -> Once {
    let client: ClientId = "api".parse().unwrap();
    let request = SecretDigest::of(request.as_bytes());
    Once { client, key: key.to_owned(), request }
}

/// Keeps the number, so that a replay can be told from another registration.
fn keep(once: Once) -> Keep<Registered> {
    let words = |registered: &Registered| Kept {
        status: 201,
        body: registered.professional.rpps.to_string(),
    };
    Keep::under(Some(once), Arc::new(words))
}

impl World {
    pub(super) async fn with_structures(self) -> Self {
        for sample in nomenclature().structures.iter().rev() {
            let structure =
                Structure { legal_entity: None, ..Structure::of_sample(sample).unwrap() };
            let entered = self.store.enter_structure(structure, Actor::Operator, Keep::nothing());
            assert!(matches!(entered.await.unwrap(), Answered::Done(_)));
        }
        self
    }

    async fn register(&self, body: Map<String, Value>, keep: Keep<Registered>) -> Outcome {
        let draft = Draft::read(body, nomenclature(), NOW.date(), true);
        self.store.register(draft, NOW, Actor::Operator, keep).await.unwrap()
    }

    async fn number(&self, name: &str, line: u32) -> Rpps {
        done(self.register(body(name, line), Keep::nothing()).await).professional.rpps
    }

    async fn hire(&self, rpps: Rpps, body: Value) -> Answered<Hired, NotHired> {
        let body = body.as_object().unwrap().clone();
        let hiring = Hiring::read(rpps, body, nomenclature(), (NOW.date(), true));
        self.store.hire(hiring, Actor::Operator, Keep::nothing()).await.unwrap()
    }

    pub(super) async fn delete(&self, rpps: Rpps) -> Answered<Rpps, NotDeleted> {
        let closing = Closing::new(Scope::Person(rpps), Cause::IdentityDeleted, Actor::Operator);
        self.store.delete_identity(rpps, closing, Keep::nothing()).await.unwrap()
    }

    pub(super) fn count(&self, table: &str) -> i64 {
        self.one(&format!("SELECT count(*) FROM {table}"))
    }
}

/// What was done now.
fn done<T, E>(outcome: Answered<T, E>) -> T {
    let Answered::Done(done) = outcome else { panic!("it was not done") };
    done
}

fn faults(outcome: &Outcome) -> Vec<&'static str> {
    let Answered::Refused(NotRegistered::Faults(faults)) = outcome else { panic!("{outcome:?}") };
    faults.iter().map(|fault| fault.code).collect()
}

#[tokio::test]
async fn a_registration_is_one_write_with_the_mail_that_is_owed() {
    let world = World::new().with_structures().await;
    let (revision, lines) = (world.one::<i64>("SELECT revision FROM head"), world.count("journal"));
    let rpps = world.number("Vasseur", 1).await;
    assert!(rpps.as_str().starts_with("999"));
    assert_eq!(world.one::<i64>("SELECT revision FROM head"), revision + 1);
    assert_eq!((world.count("professional"), world.count("situation")), (1, 1));
    assert_eq!((world.count("letter"), world.count("card")), (1, 0));
    let events: String = world.one(&format!(
        "SELECT group_concat(json_extract(entry, '$.event'), ' ' ORDER BY seq) FROM journal
         WHERE seq > {lines}"
    ));
    assert_eq!(events, "professional_registered situation_opened");
    let journal: String = world.one("SELECT group_concat(entry) FROM journal");
    for secret in ["Vasseur", "example.org", "+336", "1990"] {
        assert!(!journal.contains(secret), "{secret} has no place in the journal");
    }
    world.journal_is_whole();
}

#[tokio::test]
async fn of_twenty_registrations_of_one_person_at_once_one_wins() {
    let world = World::new().with_structures().await;
    let asked = (0..20).map(|line| world.register(body("Vasseur", line), Keep::nothing()));
    let outcomes = join_all(asked).await;
    let (won, lost): (Vec<_>, Vec<_>) =
        outcomes.into_iter().partition(|outcome| matches!(outcome, Answered::Done(_)));
    assert_eq!((won.len(), lost.len()), (1, 19));
    let rpps = done(won.into_iter().next().unwrap()).professional.rpps;
    let is_told = |outcome: &Outcome| matches!(outcome, Answered::Refused(NotRegistered::Already(known)) if *known == rpps);
    assert!(lost.iter().all(is_told), "{lost:?}");
    assert_eq!((world.count("professional"), world.count("letter")), (1, 1));
}

#[tokio::test]
async fn of_twenty_people_with_one_address_at_once_one_wins() {
    let world = World::new().with_structures().await;
    let asked = (0..20).map(|line| {
        let mut body = body(&format!("Vasseur{}", ["a", "b"].concat().repeat(line)), 1);
        let mobile = format!("+3363998{line:04}");
        body.insert("mobile".to_owned(), mobile.into());
        let email = if line % 2 == 0 { "same@example.org" } else { "SAME@example.org" };
        body.insert("email".to_owned(), email.into());
        world.register(body, Keep::nothing())
    });
    let outcomes = join_all(asked).await;
    let done = outcomes.iter().filter(|outcome| matches!(outcome, Answered::Done(_))).count();
    assert_eq!(done, 1);
    for outcome in outcomes.iter().filter(|outcome| !matches!(outcome, Answered::Done(_))) {
        assert_eq!(faults(outcome), ["email_taken"]);
    }
}

#[tokio::test]
async fn a_key_stands_for_one_request_and_answers_as_the_first_time() {
    let world = World::new().with_structures().await;
    let ask = |key: &'static str, request: &'static str, name: &'static str| {
        world.register(body(name, 1), keep(once(key, request)))
    };
    let asked = join_all((0..10).map(|_| ask("k1", "r1", "Vasseur"))).await;
    let done: Vec<_> = asked
        .iter()
        .filter_map(|outcome| match outcome {
            Answered::Done(registered) => Some(registered.professional.rpps.to_string()),
            Answered::Replayed(_) | Answered::Refused(_) | Answered::KeyReused => None,
        })
        .collect();
    assert_eq!(done.len(), 1);
    let replayed = |outcome: &&Outcome| {
        matches!(outcome, Answered::Replayed(kept)
            if *kept == Kept { status: 201, body: done[0].clone() })
    };
    assert_eq!(asked.iter().filter(replayed).count(), 9);
    assert!(matches!(ask("k1", "r2", "Morel").await, Answered::KeyReused));
    assert_eq!((world.count("professional"), world.count("letter")), (1, 1));

    // What was refused changed nothing and is asked anew.
    assert!(matches!(
        ask("k2", "r1", "Vasseur").await,
        Answered::Refused(NotRegistered::Already(_))
    ));
    assert!(matches!(
        ask("k2", "r3", "Vasseur").await,
        Answered::Refused(NotRegistered::Already(_))
    ));
    world.advance(Span::hours(24).0);
    assert!(matches!(
        ask("k1", "r2", "Vasseur").await,
        Answered::Refused(NotRegistered::Already(_))
    ));
}

#[tokio::test]
async fn a_faulty_registration_writes_nothing_and_moves_no_head() {
    let world = World::new().with_structures().await;
    let revision = world.one::<i64>("SELECT revision FROM head");
    let mut wrong = body("Vasseur", 1);
    wrong.insert("sex".to_owned(), "?".into());
    assert_eq!(faults(&world.register(wrong, Keep::nothing()).await), ["unknown_code"]);
    assert_eq!(world.one::<i64>("SELECT revision FROM head"), revision);
    assert_eq!((world.count("professional"), world.count("letter")), (0, 0));
}

#[tokio::test]
async fn a_document_is_kept_sealed_and_erased_after_thirty_days() {
    let world = World::new().with_structures().await;
    let mut with_document = body("Vasseur", 1);
    let piece = include_bytes!("../../../../tests/pieces/piece.pdf");
    let piece = base64::engine::general_purpose::STANDARD.encode(piece);
    with_document.insert("document".to_owned(), piece.into());
    world.register(with_document, Keep::nothing()).await;
    let sealed: Vec<u8> = world.one("SELECT sealed FROM document");
    assert!(!sealed.windows(4).any(|bytes| bytes == b"%PDF"));
    world.advance(Span::hours(30 * 24 - 1).0);
    world.store.sweep(REFUSED_KEPT).await.unwrap();
    assert_eq!(world.count("document"), 1);
    world.advance(Span::hours(2).0);
    world.store.sweep(REFUSED_KEPT).await.unwrap();
    assert_eq!(world.count("document"), 0);
}

#[tokio::test]
async fn hired_again_somebody_keeps_the_number_and_the_card_resumes() {
    let world = World::new().with_structures().await;
    let rpps = world.number("Vasseur", 1).await;
    world
        .store
        .write(move |write| {
            let sql = "INSERT INTO card (rpps, device, suspended) VALUES (?1, zeroblob(16), 1)";
            write.execute(sql, params![rpps.as_str()]).map(|_| ())
        })
        .await
        .unwrap();
    let elsewhere = json!({"finess": RIVE_CLAIRE, "profession": "326", "role": "GENR10",
                           "mode": "S", "started_on": "2026-11-21"});
    let hired = done(world.hire(rpps, elsewhere.clone()).await);
    assert_eq!(hired.situation.rpps, rpps);
    assert_eq!(world.one::<i64>("SELECT suspended FROM card"), 0);
    assert_eq!(world.count("letter"), 2);
    let again = world.hire(rpps, elsewhere).await;
    assert!(matches!(again, Answered::Refused(NotHired::Already(id)) if id == hired.situation.id));
    let nobody = world.hire(Rpps::from_serial(1), json!({})).await;
    assert!(matches!(nobody, Answered::Refused(NotHired::Unknown)));
    let people = world.store.people(Some(finess(RIVE_CLAIRE)), Page { after: None, limit: 10 });
    assert_eq!(people.await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_deleted_identity_frees_its_address_and_never_its_number() {
    let world = World::new().with_structures().await;
    let rpps = world.number("Vasseur", 1).await;
    assert!(matches!(world.delete(rpps).await, Answered::Done(_)));
    assert!(matches!(world.delete(rpps).await, Answered::Refused(NotDeleted::Already)));
    let unknown = world.delete(Rpps::from_serial(1)).await;
    assert!(matches!(unknown, Answered::Refused(NotDeleted::Unknown)));
    let cut: String = world.one("SELECT scope || cause FROM cut");
    assert_eq!(cut, format!("{{\"person\":\"{rpps}\"}}\"identity_deleted\""));
    assert_eq!(world.one::<i64>("SELECT count(*) FROM situation WHERE ended_at IS NULL"), 0);
    assert!(world.store.listed(rpps).await.unwrap().is_none());
    let again = world.number("Vasseur", 1).await;
    assert_ne!(again, rpps);
    let hired = world.hire(rpps, json!({})).await;
    assert!(matches!(hired, Answered::Refused(NotHired::Retired)));
    world.journal_is_whole();
}

#[tokio::test]
async fn a_local_access_is_given_once_to_whom_an_ordre_registers() {
    let world = World::new().with_structures().await;
    let rpps = world.number("Vasseur", 1).await;
    let draft = LocalAccessDraft { rpps, finess: finess(TILLEULS), last_day: None };
    let give = || async {
        let keep: Keep<AccessAt> = Keep::nothing();
        world.store.give_local_access(draft, Actor::Operator, keep).await.unwrap()
    };
    let refused = give().await;
    assert!(matches!(refused, Answered::Refused(NotGiven::Faults(_))), "{refused:?}");
    let by_ordre = json!({"finess": RIVE_CLAIRE, "profession": "60", "role": "GENR01",
                          "mode": "S", "started_on": "2026-11-21"});
    assert!(matches!(world.hire(rpps, by_ordre).await, Answered::Done(_)));
    let given = join_all((0..5).map(|_| give())).await;
    let done = given.iter().filter(|outcome| matches!(outcome, Answered::Done(_))).count();
    assert_eq!((done, world.count("local_access")), (1, 1));
}

#[tokio::test]
async fn the_directory_finds_names_by_their_beginning_after_a_day() {
    let world = World::new().with_structures().await;
    for (line, name) in ["Étang", "Étanville", "Le Goff"].into_iter().enumerate() {
        world.number(name, u32::try_from(line).unwrap()).await;
    }
    let found = |name: &'static str, first: Option<&'static str>, finess, hours| {
        let store = Arc::clone(&world.store);
        async move {
            let calendar = NOW + Span::hours(hours);
            let query = DirectoryQuery::new(Some(name), first, finess, calendar).unwrap();
            store.search(DirectoryQuery { limit: 10, ..query }).await.unwrap().len()
        }
    };
    assert_eq!(found("etan", None, None, 24).await, 2);
    assert_eq!(found("etan", None, None, 23).await, 0);
    assert_eq!(found("ÉTANG", Some("pa"), None, 24).await, 1);
    assert_eq!(found("etan", Some("jean"), None, 24).await, 0);
    assert_eq!(found("le-goff", None, None, 24).await, 1);
    assert_eq!(found("goff", None, None, 24).await, 0);
    assert_eq!(found("", None, Some(finess(TILLEULS)), 24).await, 3);
    assert_eq!(found("etan", None, Some(finess(RIVE_CLAIRE)), 24).await, 0);
    assert_eq!(found("%", None, Some(finess(TILLEULS)), 24).await, 3);
}
