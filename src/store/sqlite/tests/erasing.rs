//! What a request says of a person is erased in its time.

use super::{
    requesting::{DAY, PIECE, draft},
    *,
};
use crate::{kernel::journal::Actor, registry::Requests};

#[tokio::test]
async fn a_document_is_sealed_and_erased_thirty_days_after_the_decision() {
    let world = World::new().with_structures().await;
    let sent = world.send(draft("Vasseur", 1)).await.unwrap();
    let sealed: Vec<u8> = world.one("SELECT sealed FROM request_document");
    assert!(!sealed.windows(8).any(|bytes| bytes == b"SPECIMEN"));
    let opened = world.store.request_document(sent.id).await.unwrap().unwrap();
    assert_eq!((opened.media, opened.bytes.as_slice()), ("application/pdf", PIECE));
    world.advance(20 * DAY);
    world.reject(sent.id, Actor::Operator).await.unwrap();
    world.advance(30 * DAY - 1);
    world.store.sweep(Span(31 * DAY)).await.unwrap();
    assert!(world.store.request_document(sent.id).await.unwrap().is_some());
    world.advance(2);
    assert!(world.store.request_document(sent.id).await.unwrap().is_none());
    world.store.sweep(Span(31 * DAY)).await.unwrap();
    assert_eq!(world.count("request_document"), 0);
    assert_eq!(world.store.request(sent.id).await.unwrap().unwrap().document, None);
}

#[tokio::test]
async fn a_request_that_gave_no_number_is_erased_in_its_time_and_its_lines_stay() {
    let world = World::new().with_structures().await;
    let mut ids = Vec::new();
    for (line, name) in (1..).zip(["Vasseur", "Morel", "Petit"]) {
        ids.push(world.send(draft(name, line)).await.unwrap().id);
    }
    world.reject(ids[0], Actor::Operator).await.unwrap();
    world.validate(ids[1], Actor::Operator).await.unwrap();
    let left = async || {
        world.store.sweep(Span(DAY)).await.unwrap();
        (world.count("request"), world.count("request_document"))
    };
    world.advance(DAY - 1);
    assert_eq!(left().await, (3, 3));
    world.advance(2);
    assert_eq!(left().await, (2, 2), "before its document would have gone by itself");
    // Nobody decides on the last one.
    world.advance(29 * DAY);
    world.store.change(Lane::Common, |_| Ok(())).await.unwrap();
    assert_eq!(left().await.0, 2);
    world.advance(DAY);
    assert_eq!(left().await.0, 1);
    assert!(world.store.request(ids[1]).await.unwrap().is_some());
    let lines = "SELECT count(*) FROM journal WHERE entry ->> '$.request' IS NOT NULL";
    assert_eq!(world.one::<i64>(lines), 6);
    world.journal_is_whole();
}
