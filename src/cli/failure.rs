//! How a command ends that does not end well.

use std::process::ExitCode;

use crate::{app::NotBuilt, config::Mistakes, kernel::Outage, store::sqlite::OpenError};

/// What is told on standard error, and the exit code that goes with it.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// It ran, and found something wrong.
    #[error("{0}")]
    Wrong(String),
    /// It was asked, or set up, wrongly.
    #[error("{0}")]
    Usage(String),
    /// The configuration holds mistakes.
    #[error("{0}")]
    Mistakes(#[from] Mistakes),
}

impl Failure {
    pub(super) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Wrong(_) => ExitCode::from(1),
            Self::Usage(_) | Self::Mistakes(_) => ExitCode::from(2),
        }
    }
}

impl From<Outage> for Failure {
    fn from(outage: Outage) -> Self {
        Self::Wrong(outage.to_string())
    }
}

impl From<NotBuilt> for Failure {
    fn from(error: NotBuilt) -> Self {
        match error {
            NotBuilt::Post(_) | NotBuilt::Client { .. } | NotBuilt::FranceConnect(_) => {
                Self::Usage(error.to_string())
            }
            NotBuilt::Outage(_) | NotBuilt::Outgoing(_) | NotBuilt::Nomenclature(_) => {
                Self::Wrong(error.to_string())
            }
        }
    }
}

impl From<OpenError> for Failure {
    /// A store that is not ours to open is a matter of configuration; one that fails is not.
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Foreign(_) | OpenError::Newer { .. } | OpenError::WrongKey(_) => {
                Self::Usage(error.to_string())
            }
            OpenError::Io { .. } | OpenError::Damaged { .. } | OpenError::Refused { .. } => {
                Self::Wrong(error.to_string())
            }
        }
    }
}
