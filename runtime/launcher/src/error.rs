//! Errors of staging and collecting a command's files, and of running it on the host.

use thiserror::Error as ThisError;
use weft_artifacts::Error as StoreError;
use weft_pipeline::step::FailureKind;

/// Failures before and after a command runs.
#[derive(Debug, ThisError)]
pub enum Error {
    /// A placeholder in the command cannot be filled in.
    #[error("its command cannot be called: {0}")]
    Placeholder(String),
    /// An output is missing, or is not what it was declared to be.
    #[error("{what}")]
    Output {
        /// What is wrong, with the output's name.
        what: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// A limit was exceeded.
    #[error("{what}")]
    Limit {
        /// What was exceeded, with its limit.
        what: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The store failed.
    #[error("{what}: {source}")]
    Store {
        /// The operation.
        what: String,
        /// Its error.
        source: StoreError,
    },
    /// The host failed.
    #[error("{what}: {source}")]
    Io {
        /// The operation.
        what: String,
        /// The system's error.
        source: std::io::Error,
    },
    /// A secret or config map is missing, or cannot be used. Holds none of its values.
    #[error("{what}")]
    Secret {
        /// Which, and what is wrong with it.
        what: String,
        /// What to do about it.
        hint: String,
    },
    /// The host's Python cannot be used.
    #[error("{what}")]
    Python {
        /// Why not.
        what: String,
        /// What to do about it.
        hint: String,
    },
}

/// Shorthand for this crate's results.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn output(what: impl Into<String>) -> Self {
        Self::Output { what: what.into(), hint: None }
    }

    pub(crate) fn hint(self, text: impl Into<String>) -> Self {
        let hint = Some(text.into());
        match self {
            Self::Output { what, .. } => Self::Output { what, hint },
            Self::Limit { what, .. } => Self::Limit { what, hint },
            other => other,
        }
    }

    /// An error of storing an output: the command's fault (output or limit), or the store's.
    pub(crate) fn of_content(port: &str, error: StoreError) -> Self {
        match error {
            StoreError::OutputLimit { limit } => output_limit(limit),
            StoreError::FileLimit { .. } | StoreError::TooManyEntries { .. } => {
                Self::Limit { what: format!("its output `{port}`: {error}"), hint: None }
            }
            StoreError::InvalidPath { .. }
            | StoreError::Conflict { .. }
            | StoreError::SpecialFile { .. }
            | StoreError::UnusableLink { .. } => Self::output(format!("its output `{port}`: {error}")),
            source => Self::Store { what: format!("its output `{port}` could not be stored"), source },
        }
    }

    /// The kind of the step's failure.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Output { .. } => FailureKind::Returned,
            Self::Limit { .. } => FailureKind::LimitReached,
            Self::Placeholder(_) | Self::Store { .. } | Self::Io { .. } | Self::Secret { .. } | Self::Python { .. } => {
                FailureKind::Host
            }
        }
    }

    /// What the user can do about it.
    pub fn advice(&self) -> Option<&str> {
        match self {
            Self::Output { hint, .. } | Self::Limit { hint, .. } => hint.as_deref(),
            Self::Secret { hint, .. } | Self::Python { hint, .. } => Some(hint),
            _ => None,
        }
    }
}

/// The error of a command that wrote more than its limit for outputs.
pub(crate) fn output_limit(limit: u64) -> Error {
    Error::Limit {
        what: format!("it wrote more than its limit of {}", size(limit)),
        hint: Some("raise its limit for outputs if it needs more".to_owned()),
    }
}

/// A number of bytes as text, exact, in the largest unit that divides it.
pub(crate) fn size(bytes: u64) -> String {
    match bytes {
        _ if bytes >= 1 << 30 && bytes.is_multiple_of(1 << 30) => format!("{} GiB", bytes >> 30),
        _ if bytes >= 1 << 20 && bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        _ if bytes >= 1 << 10 && bytes.is_multiple_of(1 << 10) => format!("{} KiB", bytes >> 10),
        _ => format!("{bytes} bytes"),
    }
}

/// Adds the operation to an error of the system or of the store.
pub(crate) trait ErrorContext<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T>;
}

impl<T> ErrorContext<T> for std::io::Result<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Io { what: what(), source })
    }
}

impl<T> ErrorContext<T> for weft_artifacts::Result<T> {
    fn context(self, what: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|source| Error::Store { what: what(), source })
    }
}
