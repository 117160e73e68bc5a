//! The copy of an identity document: looked at before it is kept, sealed once it is.

mod pdf;
mod picture;

use std::{fmt, panic};

use base64::{
    Engine,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use zeroize::Zeroizing;

use crate::kernel::time::Span;

use super::{fault::Faults, written::Written};

/// How long a copy is kept after the decision. Our choice: no source gives a figure.
pub const DOCUMENT_LIFE: Span = Span::hours(30 * 24);
/// The largest copy that is taken, in bytes.
pub const LARGEST: usize = 4 << 20;
/// A format that is taken: its media type, how it begins, and who looks at the rest.
type Format = (&'static str, &'static [u8], fn(&[u8]) -> Result<(), Flaw>);
const FORMATS: [Format; 3] = [
    ("application/pdf", b"%PDF-", pdf::inspect),
    ("image/jpeg", &[0xff, 0xd8, 0xff], picture::inspect_jpeg),
    ("image/png", &[0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a], picture::inspect_png),
];

/// What is wrong with a file of a format that is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flaw {
    /// It is damaged, cut off, or nothing that anybody could look at.
    Unreadable,
    /// It would take too much room once unpacked.
    TooLarge,
    /// Nobody reads it without a password.
    Encrypted,
    /// It does something when it is opened, or carries another file.
    Active,
}

impl Flaw {
    const fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::TooLarge => "too_large",
            Self::Encrypted => "encrypted",
            Self::Active => "active_content",
        }
    }

    const fn message(self) -> &'static str {
        match self {
            Self::Unreadable => {
                "Pièce illisible : le fichier est abîmé, incomplet ou sans page. Photographiez ou \
                 numérisez la pièce de nouveau, puis joignez ce nouveau fichier."
            }
            Self::TooLarge => {
                "Pièce trop grande une fois ouverte : une image a 10 000 points de côté au plus, et \
                 30 millions en tout. Réduisez-la, ou photographiez la pièce de nouveau."
            }
            Self::Encrypted => {
                "Ce PDF est protégé : personne ne peut le lire sans mot de passe. Retirez la \
                 protection, ou joignez une photo de la pièce."
            }
            Self::Active => {
                "Ce PDF contient autre chose que des pages (script, action à l'ouverture, formulaire \
                 ou fichier joint) : imprimez-le en un nouveau PDF, ou joignez une photo de la pièce."
            }
        }
    }
}

/// A copy of an identity document. Never printed; stored only sealed.
#[derive(Clone)]
pub struct Document {
    /// Its media type, as its first bytes tell it.
    pub media: &'static str,
    /// The bytes.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Document({})", self.media)
    }
}

/// Reads `document`; absent, the asker attests having seen it.
pub fn read(written: &mut Written, faults: &mut Faults) -> Option<Document> {
    let text = Zeroizing::new(written.raw("document", "un texte en base64", faults).ok()??);
    let field = written.path("document");
    let lenient =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    let Ok(bytes) = GeneralPurpose::new(&STANDARD, lenient).decode(text.trim().as_bytes()) else {
        let message = "Pièce illisible : envoyez le fichier encodé en base64.";
        faults.add(field, "bad_base64", message);
        return None;
    };
    Document::look(Zeroizing::new(bytes), &field, faults)
}

impl Document {
    /// Looks at all the bytes of a copy: what it is, they tell; a name or a label proves nothing.
    /// Takes a while: not on a thread that answers others.
    pub fn look(bytes: Zeroizing<Vec<u8>>, field: &str, faults: &mut Faults) -> Option<Self> {
        if bytes.len() > LARGEST {
            let message = format!("Pièce trop lourde : {} Mo au plus.", LARGEST >> 20);
            faults.add(field, "too_long", message);
            return None;
        }
        let format = FORMATS.iter().find(|(_, start, _)| bytes.starts_with(start));
        let Some((media, _, inspect)) = format else {
            let message = "Format non accepté : envoyez un PDF, un JPEG ou un PNG.";
            faults.add(field, "bad_format", message);
            return None;
        };
        // A file that makes a library panic is a damaged file; the request that brought it goes on.
        let inspected = panic::catch_unwind(|| inspect(&bytes)).unwrap_or(Err(Flaw::Unreadable));
        if let Err(flaw) = inspected {
            faults.add(field, flaw.code(), flaw.message());
            return None;
        }
        Some(Self { media, bytes })
    }

    /// A copy that was looked at before, as it was kept.
    pub fn kept(media: &str, bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        let (media, _, _) = FORMATS.iter().find(|(known, _, _)| *known == media)?;
        Some(Self { media, bytes })
    }
}
