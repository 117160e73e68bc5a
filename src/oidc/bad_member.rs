//! What is wrong with a member of a registration: in English for operators, who wrote it in a file,
//! in French for callers of the API.

use std::fmt;

use crate::registry::fault::Fault;

/// A member that cannot be as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadMember {
    /// Its name.
    pub field: String,
    /// Why.
    pub flaw: Flaw,
}

/// Why a member is refused; the messages are for operators.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message is the sentence")]
pub enum Flaw {
    #[error("{0} is wanted")]
    Shape(Shape),
    #[error("no such setting of a client")]
    Unknown,
    #[error("this version does not support this value")]
    NotSupported,
    #[error(
        "this version does not support this; the profile fapi2 asks for it: give another value"
    )]
    NotSupportedYet,
    #[error("8 to 256 visible ASCII characters are wanted")]
    Secret,
    #[error("1 to 200 characters are wanted")]
    Name,
    #[error("an absolute http(s) address without a fragment is wanted, not {0}")]
    Address(String),
    #[error("at least one address is wanted, or grant_types without authorization_code")]
    NoAddress,
    #[error("refresh_token makes no sense without authorization_code")]
    RefreshAlone,
    #[error("no such scope: {0}")]
    Scope(String),
    #[error("no authorization parameter has this name: {0}")]
    Parameter(String),
    #[error("its host is not in outbound.allow, so no notice of a log-out could leave")]
    Unreachable,
    #[error("no registered structure has this FINESS number: enter it first")]
    Structure,
}

/// What a member looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// A list of texts.
    Texts,
    /// A yes or no.
    Flag,
    /// A FINESS number.
    Finess,
    /// One of these words.
    OneOf(&'static [&'static str]),
    /// A list of these words.
    ListOf(&'static [&'static str]),
    /// `own`, `any`, or a list of clients.
    Clients,
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => f.write_str("a text"),
            Self::Texts => f.write_str("a list of texts"),
            Self::Flag => f.write_str("true or false"),
            Self::Finess => f.write_str("a FINESS number with a right key"),
            Self::OneOf(words) => write!(f, "one of {}", words.join(", ")),
            Self::ListOf(words) => write!(f, "a list of {}", words.join(", ")),
            Self::Clients => f.write_str("own, any, or a list of client_id"),
        }
    }
}

impl Shape {
    fn french(self) -> String {
        match self {
            Self::Text => "un texte".to_owned(),
            Self::Texts => "une liste de textes".to_owned(),
            Self::Flag => "true ou false".to_owned(),
            Self::Finess => "un numéro FINESS de neuf caractères, à la clé juste".to_owned(),
            Self::OneOf(words) => format!("l'une de ces valeurs : {}", words.join(", ")),
            Self::ListOf(words) => format!("une liste de ces valeurs : {}", words.join(", ")),
            Self::Clients => "own, any, ou une liste de client_id".to_owned(),
        }
    }
}

impl BadMember {
    /// `flaw`, of the member `field`.
    pub fn new(field: &str, flaw: Flaw) -> Self {
        Self { field: field.to_owned(), flaw }
    }
}

impl Flaw {
    /// The stable word, and what a caller of the API reads.
    fn told(&self) -> (&'static str, String) {
        let text = str::to_owned;
        match self {
            Self::Shape(shape) => ("invalid", format!("Ce champ attend {}.", shape.french())),
            Self::Unknown => ("unknown", text("Paramètre inconnu : vérifiez son nom.")),
            Self::NotSupported => {
                ("not_supported", text("Cette version ne prend pas cette valeur en charge."))
            }
            Self::NotSupportedYet => (
                "not_supported",
                text(
                    "Cette version ne prend pas cette valeur en charge ; le profil fapi2 la \
                     demande, donnez-en une autre.",
                ),
            ),
            Self::Secret => ("invalid", text("8 à 256 caractères ASCII visibles.")),
            Self::Name => ("invalid", text("1 à 200 caractères.")),
            Self::Address(uri) => {
                ("invalid", format!("Adresse absolue http(s) attendue, sans fragment : {uri}."))
            }
            Self::NoAddress => (
                "missing",
                text("Donnez au moins une adresse, ou retirez authorization_code de grant_types."),
            ),
            Self::RefreshAlone => {
                ("invalid", text("refresh_token n'a de sens qu'avec authorization_code."))
            }
            Self::Scope(scope) => ("unknown", format!("Portée inconnue : {scope}.")),
            Self::Parameter(name) => {
                ("unknown", format!("Aucun paramètre d'autorisation ne s'appelle ainsi : {name}."))
            }
            Self::Unreachable => (
                "unreachable",
                text(
                    "La passerelle n'a pas le droit d'appeler cet hôte : aucun avis de \
                     déconnexion n'y parviendrait. Demandez à l'exploitant de l'ajouter à \
                     outbound.allow.",
                ),
            ),
            Self::Structure => {
                ("unknown", text("Aucune structure enregistrée n'a ce numéro FINESS."))
            }
        }
    }
}

impl From<BadMember> for Fault {
    fn from(bad: BadMember) -> Self {
        let (code, message) = bad.flaw.told();
        Self { field: bad.field, code, message }
    }
}
