//! A form that carries a file.

use std::collections::BTreeMap;

use axum::{
    extract::{
        FromRequest, Multipart, Request,
        multipart::{Field, MultipartError},
    },
    http::StatusCode,
};
use zeroize::Zeroizing;

use crate::registry::document::LARGEST;

/// The field that carries the file.
const FILE: &str = "piece";
/// Bodies are read that far, so that a copy that is too large is told beside its field; beyond,
/// nothing of the form is read.
pub(super) const LONGEST_BODY: usize = 32 << 20;
/// The longest text of one field, in bytes.
const LONGEST_TEXT: usize = 4 << 10;
/// A form has no more fields than that.
const MOST_FIELDS: usize = 32;

/// What came.
#[derive(Default)]
pub(super) struct Upload {
    /// The texts, by the names of their fields.
    pub(super) texts: BTreeMap<String, String>,
    /// The file, where one was chosen. One byte more than allowed stands for all that was too much.
    pub(super) file: Option<Zeroizing<Vec<u8>>>,
}

/// No form that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unreadable {
    /// It has another shape.
    Shape,
    /// It is longer than [`LONGEST_BODY`].
    TooLong,
}

impl From<MultipartError> for Unreadable {
    fn from(error: MultipartError) -> Self {
        match error.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLong,
            _ => Self::Shape,
        }
    }
}

impl Upload {
    /// Reads the form in `request`. The file's name and announced type are not looked at: its bytes
    /// tell what it is.
    pub(super) async fn read(request: Request) -> Result<Self, Unreadable> {
        let form = Multipart::from_request(request, &()).await;
        let mut form = form.map_err(|_| Unreadable::Shape)?;
        let mut upload = Self::default();
        for _ in 0..MOST_FIELDS {
            match form.next_field().await? {
                Some(field) if field.name() == Some(FILE) => upload.take_file(field).await?,
                Some(field) => upload.take_text(field).await?,
                None => return Ok(upload),
            }
        }
        Err(Unreadable::Shape)
    }

    async fn take_text(&mut self, field: Field<'_>) -> Result<(), Unreadable> {
        let name = field.name().ok_or(Unreadable::Shape)?.to_owned();
        let bytes = field.bytes().await?;
        let text = std::str::from_utf8(&bytes).map_err(|_| Unreadable::Shape)?;
        // A field that comes twice is ambiguous.
        if bytes.len() > LONGEST_TEXT || self.texts.insert(name, text.to_owned()).is_some() {
            return Err(Unreadable::Shape);
        }
        Ok(())
    }

    /// Reads all of it and keeps no more than may be kept.
    async fn take_file(&mut self, mut field: Field<'_>) -> Result<(), Unreadable> {
        let mut bytes = Zeroizing::new(Vec::new());
        let mut is_too_much = false;
        while let Some(chunk) = field.chunk().await? {
            if bytes.len() + chunk.len() <= LARGEST {
                bytes.extend_from_slice(&chunk);
            } else {
                is_too_much = true;
            }
        }
        if self.file.is_some() {
            return Err(Unreadable::Shape);
        }
        let bytes = if is_too_much { too_much() } else { bytes };
        self.file = Some(bytes).filter(|bytes| !bytes.is_empty());
        Ok(())
    }
}

fn too_much() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(vec![0; LARGEST + 1])
}
