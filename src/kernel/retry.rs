//! Asking again is safe: a write, its key and the words of its answer are one transaction.

use std::sync::Arc;

use super::{ClientId, secret::SecretDigest};

/// What makes two requests the same request.
#[derive(Clone, Debug)]
pub struct Once {
    /// Who asks.
    pub client: ClientId,
    /// The key that they chose (`Idempotency-Key`).
    pub key: String,
    /// The digest of method, path and body: a key stands for one request only.
    pub request: SecretDigest,
}

/// An answer in the words in which it left, kept to be given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The status.
    pub status: u16,
    /// The body, byte for byte.
    pub body: String,
}

/// How a write's answer reads.
pub type Wording<T> = Arc<dyn Fn(&T) -> Kept + Send + Sync>;

/// Whether, and under which key, a write keeps its answer.
#[derive(Clone)]
pub struct Keep<T>(Option<(Once, Wording<T>)>);

impl<T> Keep<T> {
    /// Nothing is kept: asking again does it again.
    pub fn nothing() -> Self {
        Self(None)
    }

    /// Keeps what `wording` says of the outcome, if there is a key. Refusals are not kept: they
    /// changed nothing, and asking again may succeed.
    pub fn under(once: Option<Once>, wording: Wording<T>) -> Self {
        Self(once.map(|once| (once, wording)))
    }

    /// The key.
    pub fn once(&self) -> Option<&Once> {
        self.0.as_ref().map(|(once, _)| once)
    }

    /// The key, and what to keep under it.
    pub fn words(&self, outcome: &T) -> Option<(&Once, Kept)> {
        self.0.as_ref().map(|(once, wording)| (once, wording(outcome)))
    }
}

/// What became of a write that may be asked again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answered<T, E> {
    /// It was done now.
    Done(T),
    /// It was refused now, and nothing changed.
    Refused(E),
    /// It was done before under the same key: this is what was answered.
    Replayed(Kept),
    /// The key was used for another request.
    KeyReused,
}

impl<T, E> Answered<T, E> {
    /// The same, of a part of what was done.
    pub fn map<U>(self, part: impl FnOnce(T) -> U) -> Answered<U, E> {
        match self {
            Self::Done(done) => Answered::Done(part(done)),
            Self::Refused(refused) => Answered::Refused(refused),
            Self::Replayed(kept) => Answered::Replayed(kept),
            Self::KeyReused => Answered::KeyReused,
        }
    }
}

impl<T, E> From<Result<T, E>> for Answered<T, E> {
    fn from(outcome: Result<T, E>) -> Self {
        match outcome {
            Ok(done) => Self::Done(done),
            Err(refused) => Self::Refused(refused),
        }
    }
}
