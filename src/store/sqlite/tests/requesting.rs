//! Requests: one at a time, decided once, lapsed when nobody decided.

use futures_util::future::join_all;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::*;
use crate::{
    departure::{Calendar, Move},
    kernel::{
        RequestId,
        journal::Actor,
        retry::{Answered, Keep},
        time::Span,
    },
    registry::{
        Nomenclature, Page, Registry, Requests, VerifiedIdentity,
        document::Document,
        fault::Faults,
        registration::Draft,
        request::{
            Decider, NotDecided, NotSent, NotValidated, RegistrationRequest, Rejection,
            RequestDraft, RequestQuery, RequestState, Validated, Validation,
        },
        verified::Presumed,
    },
};

pub(super) const DAY: i64 = 24 * 3_600_000;

fn nomenclature() -> Arc<Nomenclature> {
    Arc::new(Nomenclature::shipped().unwrap())
}

fn verified(name: &str, line: u32) -> VerifiedIdentity {
    VerifiedIdentity {
        sub: format!("sub-{line}"),
        birth_name: name.to_owned(),
        first_names: vec!["Paul".to_owned()],
        usage_name: None,
        sex: Some("M".to_owned()),
        birth_date: "1990-01-02".parse().unwrap(),
        presumed: Presumed::Nothing,
        birth_country: "99100".to_owned(),
        birth_commune: Some("69266".to_owned()),
        email: None,
        acr: "eidas1".to_owned(),
        authenticated_at: NOW,
    }
}

pub(super) fn draft(name: &str, line: u32) -> RequestDraft {
    draft_of(verified(name, line), &json!({}), line)
}

pub(super) const PIECE: &[u8] = include_bytes!("../../../../tests/pieces/piece.pdf");

fn draft_of(verified: VerifiedIdentity, more: &Value, line: u32) -> RequestDraft {
    let mut body = json!({
        "civility": "M", "email": format!("paul.{line}@example.org"),
        "mobile": format!("+3363998{line:04}"),
        "situation": {"finess": TILLEULS, "profession": "313", "role": "GENR11", "mode": "S",
                      "started_on": "2026-11-02"}
    });
    let members = body.as_object_mut().unwrap();
    members.extend(more.as_object().unwrap().clone());
    let bytes = Zeroizing::new(PIECE.to_vec());
    let document = Document::look(bytes, "document", &mut Faults::default());
    RequestDraft::read(verified, members.clone(), document, nomenclature(), NOW.date())
}

impl World {
    pub(super) async fn send(&self, draft: RequestDraft) -> Result<RegistrationRequest, NotSent> {
        self.store.send_request(draft, NOW).await.unwrap()
    }

    pub(super) async fn validate(
        &self,
        id: RequestId,
        by: Actor,
    ) -> Result<Validated, NotValidated> {
        let decider = Decider { by, structure: None };
        let validation = Validation { id, attested: true, decider, nomenclature: nomenclature() };
        match self.store.validate_request(validation, Keep::nothing()).await.unwrap() {
            Answered::Done(done) => Ok(done),
            Answered::Refused(refused) => Err(refused),
            Answered::Replayed(_) | Answered::KeyReused => panic!("there was no key"),
        }
    }

    pub(super) async fn reject(
        &self,
        id: RequestId,
        by: Actor,
    ) -> Result<RegistrationRequest, NotDecided> {
        let decider = Decider { by, structure: None };
        let rejection = Rejection::read(id, "Contrat non signé", decider).unwrap();
        match self.store.reject_request(rejection, Keep::nothing()).await.unwrap() {
            Answered::Done(done) => Ok(done),
            Answered::Refused(refused) => Err(refused),
            Answered::Replayed(_) | Answered::KeyReused => panic!("there was no key"),
        }
    }

    async fn now_is(&self, id: RequestId) -> RequestState {
        self.store.request(id).await.unwrap().unwrap().state
    }

    fn events(&self) -> String {
        self.one(
            "SELECT group_concat(json_extract(entry, '$.event'), ' ' ORDER BY seq) FROM journal
             WHERE json_extract(entry, '$.event') <> 'structure_entered'",
        )
    }
}

#[tokio::test]
async fn a_validated_request_is_a_registration_and_nobody_is_named_in_the_journal() {
    let world = World::new().with_structures().await;
    let sent = world.send(draft("Vasseur", 1)).await.unwrap();
    assert_eq!(sent.state, RequestState::ToProcess);
    assert_eq!((world.count("professional"), world.count("letter")), (0, 0));
    let validated = world.validate(sent.id, Actor::Operator).await.unwrap();
    let who = &validated.registered.professional;
    assert_eq!(who.identity.birth_name, "Vasseur");
    assert_eq!(validated.request.rpps, Some(who.rpps));
    assert_eq!(world.store.request(sent.id).await.unwrap().unwrap(), validated.request);
    assert_eq!((world.count("professional"), world.count("situation")), (1, 1));
    let letter: String = world.one("SELECT letter FROM letter");
    assert!(letter.contains(who.rpps.as_str()) && letter.contains("paul.1@example.org"));
    assert!(
        world
            .events()
            .ends_with("request_sent request_validated professional_registered situation_opened")
    );
    let journal: String = world.one("SELECT group_concat(entry) FROM journal");
    for secret in ["Vasseur", "example.org", "+336", "1990", "sub-1"] {
        assert!(!journal.contains(secret), "{secret} has no place in the journal");
    }
    world.journal_is_whole();
    let again = world.send(draft("Vasseur", 1)).await;
    assert_eq!(again.unwrap_err(), NotSent::Already(who.rpps));
    assert!(world.store.last_request_of("sub-1").await.unwrap().is_some());

    // A wrong identity was deleted: nothing of it stands in the way of the right one.
    world.delete(who.rpps).await;
    assert_eq!(world.count("request_document"), 0);
    assert!(world.store.last_request_of("sub-1").await.unwrap().is_none());
    world.send(draft("Vasseur", 1)).await.unwrap();
}

#[tokio::test]
async fn of_many_at_once_one_is_sent_and_one_decides() {
    let world = World::new().with_structures().await;
    let sent = join_all((0..10).map(|_| world.send(draft("Vasseur", 1)))).await;
    let (won, lost): (Vec<_>, Vec<_>) = sent.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 9));
    let id = won.into_iter().next().unwrap().unwrap().id;
    assert!(lost.into_iter().all(|lost| lost == Err(NotSent::Pending(id))));

    let validations = join_all((0..5).map(|_| world.validate(id, Actor::Operator)));
    let rejections = join_all((0..5).map(|_| world.reject(id, Actor::Operator)));
    let (validated, rejected) = tokio::join!(validations, rejections);
    let decided = validated.iter().filter(|one| one.is_ok()).count()
        + rejected.iter().filter(|one| one.is_ok()).count();
    assert_eq!(decided, 1);
    let is_told = |refused: &NotDecided| {
        matches!(refused, NotDecided::AlreadyDecided(request)
            if request.decided_by == Some(Actor::Operator))
    };
    for refused in validated.into_iter().filter_map(Result::err) {
        assert!(matches!(refused, NotValidated::NotDecided(why) if is_told(&why)));
    }
    assert!(rejected.into_iter().filter_map(Result::err).all(|refused| is_told(&refused)));
    assert_eq!(world.count("letter"), 1);
}

#[tokio::test]
async fn addresses_of_pending_requests_are_taken_and_free_again_after_the_decision() {
    let world = World::new().with_structures().await;
    let first = world.send(draft("Vasseur", 1)).await.unwrap();
    let same = || draft_of(verified("Morel", 2), &json!({}), 1);
    let Err(NotSent::Faults(faults)) = world.send(same()).await else { panic!("it was sent") };
    let codes: Vec<_> = faults.iter().map(|fault| fault.code).collect();
    assert_eq!(codes, ["email_taken", "mobile_taken"]);
    // Somebody with another FranceConnect account and the same civil identity is the same person.
    let twin = draft_of(verified("VASSEUR", 9), &json!({}), 3);
    assert_eq!(world.send(twin).await.unwrap_err(), NotSent::Pending(first.id));
    world.reject(first.id, Actor::Operator).await.unwrap();
    world.send(same()).await.unwrap();
    // The rejected one may ask again, under an address that is free.
    let again = draft_of(verified("Vasseur", 1), &json!({}), 4);
    let again = world.send(again).await.unwrap();
    let last = world.store.last_request_of("sub-1").await.unwrap().unwrap();
    assert_eq!(last.id, again.id);
    assert_eq!(world.now_is(first.id).await, RequestState::Rejected);
}

#[tokio::test]
async fn a_request_that_nobody_decided_lapses_and_cannot_be_validated() {
    let world = World::new().with_structures().await;
    let sent = world.send(draft("Vasseur", 1)).await.unwrap();
    world.advance(30 * DAY - 1);
    world.store.move_calendar(Move::Advance(Span(0))).await.unwrap().unwrap();
    assert_eq!(world.now_is(sent.id).await, RequestState::ToProcess);
    world.store.move_calendar(Move::Advance(Span(1))).await.unwrap().unwrap();
    assert_eq!(world.now_is(sent.id).await, RequestState::Lapsed);
    assert!(world.events().contains("request_lapsed"));
    let letter: String = world.one("SELECT letter FROM letter");
    assert!(letter.contains("caduque"));
    let refused = world.validate(sent.id, Actor::Operator).await.unwrap_err();
    assert!(matches!(refused, NotValidated::NotDecided(NotDecided::AlreadyDecided(_))));
    assert_eq!(world.count("professional"), 0);
    world.send(draft("Vasseur", 1)).await.unwrap();
}

#[tokio::test]
async fn a_lapse_fires_before_the_decision_that_comes_too_late() {
    let world = World::new().with_structures().await;
    let sent = world.send(draft("Vasseur", 1)).await.unwrap();
    world.advance(30 * DAY);
    let refused = world.validate(sent.id, Actor::Operator).await.unwrap_err();
    assert!(matches!(refused, NotValidated::NotDecided(NotDecided::AlreadyDecided(_))));
    assert_eq!(world.now_is(sent.id).await, RequestState::Lapsed);
}

#[tokio::test]
async fn what_happened_in_the_meantime_is_read_again() {
    let world = World::new().with_structures().await;
    let sent = world.send(draft("Vasseur", 1)).await.unwrap();
    let registration = json!({
        "civility": "M", "birth_name": "VASSEUR", "first_names": ["Paul"], "sex": "M",
        "birth_date": "1990-01-02", "birth_country": "99100", "birth_commune": "69266",
        "email": "other@example.org", "mobile": "+33639989999",
        "situation": {"finess": RIVE_CLAIRE, "profession": "313", "role": "GENR11", "mode": "S",
                      "started_on": "2026-11-02"}
    });
    let body = registration.as_object().unwrap().clone();
    let case_1 = Draft::read(body, nomenclature(), NOW.date(), false);
    let registered =
        world.store.register(case_1, NOW, Actor::Operator, Keep::nothing()).await.unwrap();
    let Answered::Done(registered) = registered else { panic!("{registered:?}") };
    let known = registered.professional.rpps;
    let refused = world.validate(sent.id, Actor::Operator).await.unwrap_err();
    assert_eq!(refused, NotValidated::Already(known));

    let other = world.send(draft("Morel", 2)).await.unwrap();
    world
        .store
        .write(|write| write.execute("UPDATE structure SET closed_at = 1", []).map(|_| ()))
        .await
        .unwrap();
    let Err(NotValidated::Faults(faults)) = world.validate(other.id, Actor::Operator).await else {
        panic!("it was validated")
    };
    assert_eq!(faults[0].code, "structure_closed");
    assert_eq!(
        (world.count("professional"), world.now_is(other.id).await.label()),
        (1, "à traiter")
    );
    world.reject(other.id, Actor::Operator).await.unwrap();
}

#[tokio::test]
async fn requests_are_listed_oldest_first_where_they_were_sent() {
    let world = World::new().with_structures().await;
    let mut ids = Vec::new();
    for line in 1..=3 {
        let name = ["Vasseur", "Morel", "Petit"][line as usize - 1];
        ids.push(world.send(draft(name, line)).await.unwrap().id);
    }
    let list = async |structures: Option<&str>, state, after| -> Vec<RequestId> {
        let structures = structures.map(|at| vec![finess(at)]);
        let query = RequestQuery { structures, state };
        let found = world.store.requests(query, Page { after, limit: 2 }).await.unwrap();
        found.iter().map(|request| request.id).collect()
    };
    assert_eq!(list(None, None, None).await, ids[..2]);
    assert_eq!(list(Some(TILLEULS), None, Some(ids[1])).await, ids[2..]);
    assert!(list(Some(RIVE_CLAIRE), None, None).await.is_empty());
    world.reject(ids[0], Actor::Operator).await.unwrap();
    assert_eq!(list(None, Some(RequestState::ToProcess), None).await, ids[1..]);
    let waiting = world.store.requests_to_process(vec![finess(TILLEULS)]).await.unwrap();
    assert_eq!(waiting, 2);
}

#[tokio::test]
async fn who_looks_alike_is_shown() {
    let world = World::new().with_structures().await;
    let first = world.send(draft("Vasseur", 1)).await.unwrap();
    let first = world.validate(first.id, Actor::Operator).await.unwrap();
    let mut alike = verified("VASSEUR", 2);
    alike.first_names = vec!["Paul".to_owned(), "Émile".to_owned()];
    let alike = world.send(draft_of(alike, &json!({}), 2)).await.unwrap();
    let found = world.store.near_duplicates(alike.id).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(Some(found[0].rpps), first.request.rpps);
    let married = json!({"usage_name": "Vasseur"});
    let married = world.send(draft_of(verified("Morel", 3), &married, 3)).await.unwrap();
    assert_eq!(world.store.near_duplicates(married.id).await.unwrap().len(), 1);
    let mut other = verified("Vasseur", 4);
    other.birth_date = "1990-01-03".parse().unwrap();
    let other = world.send(draft_of(other, &json!({}), 4)).await.unwrap();
    assert!(world.store.near_duplicates(other.id).await.unwrap().is_empty());
    assert!(world.store.near_duplicates(first.request.id).await.unwrap().is_empty());
}
