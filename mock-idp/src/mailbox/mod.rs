//! The mailbox of everybody: mails that came by SMTP, and SMS that came as a JSON POST.
//!
//! It keeps the newest messages only, and finds in each the secrets that a person would copy.

mod codes;
mod mime;
mod pages;
pub(crate) mod smtp;
mod smtp_server;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use mime::Parts;
pub(crate) use smtp_server::serve as serve_smtp;

use crate::clock;
use crate::web::{self, Body};

/// Older messages are forgotten.
const KEPT: usize = 1000;

/// One message as programs read it.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) kind: Kind,
    pub(crate) to: String,
    pub(crate) at: Timestamp,
    pub(crate) subject: Option<String>,
    pub(crate) text: String,
    pub(crate) html: Option<String>,
    pub(crate) codes: Vec<String>,
}

/// How a message came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Mail,
    Sms,
}

#[derive(Default)]
struct Inside {
    last: u64,
    messages: VecDeque<(u64, Message)>,
}

/// All messages, newest last.
#[derive(Default)]
pub(crate) struct Mailbox {
    inside: Mutex<Inside>,
    arrived: Notify,
}

/// A moment in the mailbox's life: what came later is newer than this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark(u64);

/// A secret that somebody waits for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Awaited<'a> {
    pub(crate) kind: Kind,
    pub(crate) length: usize,
    /// The number on the messages of one request; any when empty.
    pub(crate) reference: &'a str,
    pub(crate) since: Mark,
}

impl Awaited<'_> {
    fn found_in(&self, message: &Message) -> Option<String> {
        let request = format!("demande n° {}", self.reference);
        let answers = self.reference.is_empty() || message.text.to_lowercase().contains(&request);
        if message.kind != self.kind || !answers {
            return None;
        }
        message.codes.iter().find(|code| code.len() == self.length).cloned()
    }
}

impl Mailbox {
    /// Takes a mail apart and keeps one copy for each recipient.
    pub(crate) fn receive_mail(&self, recipients: &[String], raw: &[u8]) {
        let parts = mime::read(raw);
        for to in recipients {
            self.keep(Kind::Mail, to, parts.clone());
        }
    }

    pub(crate) fn receive_sms(&self, to: &str, text: &str) {
        let parts = Parts { subject: String::new(), text: text.to_owned(), html: None };
        self.keep(Kind::Sms, to, parts);
    }

    fn keep(&self, kind: Kind, to: &str, parts: Parts) {
        let codes = codes::found_in(&parts.text);
        let mut inside = self.lock();
        inside.last += 1;
        let number = inside.last;
        let message = Message {
            id: number.to_string(),
            kind,
            to: to.to_owned(),
            at: clock::now(),
            subject: (kind == Kind::Mail).then_some(parts.subject),
            text: parts.text,
            html: parts.html,
            codes,
        };
        inside.messages.push_back((number, message));
        if inside.messages.len() > KEPT {
            inside.messages.pop_front();
        }
        drop(inside);
        self.arrived.notify_waiters();
    }

    /// Messages to this address or number (all when empty), newest first.
    pub(crate) fn messages(&self, to: &str) -> Vec<Message> {
        self.newer(Mark(0), to)
    }

    pub(crate) fn message(&self, id: &str) -> Option<Message> {
        self.lock().messages.iter().map(|(_, kept)| kept).find(|kept| kept.id == id).cloned()
    }

    pub(crate) fn mark(&self) -> Mark {
        Mark(self.lock().last)
    }

    fn newer(&self, mark: Mark, to: &str) -> Vec<Message> {
        self.lock()
            .messages
            .iter()
            .rev()
            .take_while(|(number, _)| *number > mark.0)
            .map(|(_, message)| message)
            .filter(|message| same_address(&message.to, to))
            .cloned()
            .collect()
    }

    /// Waits for a secret.
    pub(crate) async fn await_secret(
        &self,
        awaited: Awaited<'_>,
        to: &str,
        patience: Duration,
    ) -> Option<String> {
        let wait = async {
            loop {
                let arrival = self.arrived.notified();
                let newer = self.newer(awaited.since, to);
                let secret = newer.iter().find_map(|message| awaited.found_in(message));
                if let Some(secret) = secret {
                    return secret;
                }
                arrival.await;
            }
        };
        tokio::time::timeout(patience, wait).await.ok()
    }

    fn lock(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a message to `kept` answers a search for `wanted`. A `+` that a query string turned
/// into a blank, spaces in a number and capitals in an address make no difference.
fn same_address(kept: &str, wanted: &str) -> bool {
    let plain = |text: &str| -> String {
        let text = text.trim().trim_start_matches('+');
        text.chars().filter(|c| !c.is_whitespace()).flat_map(char::to_lowercase).collect()
    };
    wanted.trim().is_empty() || plain(kept) == plain(wanted)
}

#[derive(Deserialize)]
struct Search {
    #[serde(default)]
    to: String,
}

#[derive(Deserialize)]
struct Sms {
    to: String,
    text: String,
}

/// Pages and calls of the mailbox.
pub(crate) fn router(mailbox: Arc<Mailbox>) -> Router {
    Router::new()
        .route("/api/messages", get(list))
        .route("/api/sms", post(sms))
        .route("/boite", get(pages::list))
        .route("/boite/{id}", get(pages::message))
        .with_state(mailbox)
}

async fn list(State(mailbox): State<Arc<Mailbox>>, Query(search): Query<Search>) -> Response {
    let messages = serde_json::json!(mailbox.messages(&search.to));
    web::json(StatusCode::OK, &messages)
}

async fn sms(State(mailbox): State<Arc<Mailbox>>, Body(sms): Body<Sms>) -> Response {
    mailbox.receive_sms(&sms.to, &sms.text);
    StatusCode::NO_CONTENT.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_by_address_newest_first_and_the_oldest_are_forgotten() {
        let mailbox = Mailbox::default();
        for number in 0..KEPT + 5 {
            mailbox.receive_sms("+33639980011", &format!("Message {number}"));
        }
        mailbox.receive_sms("+33639980012", "Pour une autre");
        let found = mailbox.messages(" 33 6 39 98 00 11");
        assert_eq!(found.len(), KEPT - 1);
        assert_eq!(found.first().map(|m| m.text.as_str()), Some("Message 1004"));
        assert_eq!(mailbox.messages("").len(), KEPT);
        assert!(mailbox.messages("personne@example.org").is_empty());
    }

    #[tokio::test]
    async fn a_secret_is_waited_for_and_an_older_one_is_not_taken() {
        let mailbox = Mailbox::default();
        let to = "+33639980011";
        mailbox.receive_sms(to, "Code (demande n° 007) : 111111");
        let awaited = |reference, since| Awaited { kind: Kind::Sms, length: 6, reference, since };
        let (start, mark, short) = (Mark::default(), mailbox.mark(), Duration::from_millis(5));
        assert_eq!(mailbox.await_secret(awaited("", mark), to, short).await, None);
        assert_eq!(mailbox.await_secret(awaited("008", start), to, short).await, None);
        let known = mailbox.await_secret(awaited("007", start), to, short).await;
        assert_eq!(known.as_deref(), Some("111111"));
        let (found, ()) = tokio::join!(
            mailbox.await_secret(awaited("", mark), to, Duration::from_mins(1)),
            async { mailbox.receive_sms(to, "Code : 222222") }
        );
        assert_eq!(found.as_deref(), Some("222222"));
    }
}
