//! The copy of an identity document: looked at before it is kept, sealed once it is.

use std::fmt;

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
/// How the formats that are taken begin.
const FORMATS: [(&str, &[u8]); 3] = [
    ("application/pdf", b"%PDF-"),
    ("image/jpeg", &[0xff, 0xd8, 0xff]),
    ("image/png", &[0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a]),
];

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
    /// Looks at the bytes of a copy: what it is, they tell; a name or a label proves nothing.
    pub fn look(bytes: Zeroizing<Vec<u8>>, field: &str, faults: &mut Faults) -> Option<Self> {
        if bytes.len() > LARGEST {
            let message = format!("Pièce trop lourde : {} Mo au plus.", LARGEST >> 20);
            faults.add(field, "too_long", message);
            return None;
        }
        let format = FORMATS.iter().find(|(_, start)| bytes.starts_with(start));
        let Some((media, _)) = format else {
            let message = "Format non accepté : envoyez un PDF, un JPEG ou un PNG.";
            faults.add(field, "bad_format", message);
            return None;
        };
        Some(Self { media, bytes })
    }

    /// A copy that was looked at before, as it was kept.
    pub fn kept(media: &str, bytes: Zeroizing<Vec<u8>>) -> Option<Self> {
        let (media, _) = FORMATS.iter().find(|(known, _)| *known == media)?;
        Some(Self { media, bytes })
    }
}
