//! The mailbox for people.

use std::sync::Arc;

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::{Kind, Mailbox, Message};
use crate::clock;
use crate::web::{Frame, WAITING, page};

#[derive(Template)]
#[template(path = "boite.html")]
struct ListPage {
    frame: Frame,
    messages: Vec<Row>,
}

#[derive(Template)]
#[template(path = "message.html")]
struct MessagePage {
    frame: Frame,
    message: Option<Row>,
}

/// A message as a page shows it.
struct Row {
    id: String,
    kind: &'static str,
    to: String,
    at: String,
    subject: String,
    text: String,
    html: Option<String>,
    codes: Vec<String>,
}

impl From<Message> for Row {
    fn from(message: Message) -> Self {
        let first_line = || message.text.lines().next().unwrap_or_default().chars().take(80);
        Self {
            kind: match message.kind {
                Kind::Mail => "Courriel",
                Kind::Sms => "SMS",
            },
            subject: message.subject.clone().unwrap_or_else(|| first_line().collect()),
            at: clock::in_french(message.at),
            id: message.id,
            to: message.to,
            text: message.text,
            html: message.html,
            codes: message.codes,
        }
    }
}

fn frame(title: &str, waits: bool) -> Frame {
    let refresh = waits.then_some(WAITING);
    Frame { title: title.to_owned(), party: "Téléphones et messages", base: "", refresh }
}

pub(crate) async fn list(State(mailbox): State<Arc<Mailbox>>) -> Response {
    let messages: Vec<Row> = mailbox.messages("").into_iter().map(Row::from).collect();
    let frame = frame("Messages", messages.is_empty());
    page(StatusCode::OK, &ListPage { frame, messages })
}

pub(crate) async fn message(
    State(mailbox): State<Arc<Mailbox>>,
    Path(id): Path<String>,
) -> Response {
    let message = mailbox.message(&id).map(Row::from);
    let status = if message.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    page(status, &MessagePage { frame: frame("Message", false), message })
}
