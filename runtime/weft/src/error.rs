//! Everything that ends a request early, and what to do about it.

use std::error::Error as StdError;
use std::io;
use std::path::{Path, PathBuf};

use crate::finding::Finding;

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure. Steps that fail are none: they are part of a run's outcome.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// What was asked for cannot be.
    #[error("{message}")]
    Request {
        /// Why.
        message: String,
        /// What to do instead.
        hint: Option<String>,
    },
    /// A pipeline or its parameters are wrong.
    #[error("{}", refused(.0))]
    Pipeline(Vec<Finding>),
    /// The system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// What it was tried on.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A run that was going on broke off. What is finished is kept.
    #[error("run `{run}` broke off")]
    BrokeOff {
        /// The run.
        run: String,
        /// The cause.
        source: Box<weft_engine::Error>,
    },
    /// The engine refused.
    #[error(transparent)]
    Engine(Box<weft_engine::Error>),
    /// The metadata store failed.
    #[error(transparent)]
    Metadata(Box<weft_metadata::Error>),
    /// The artifact store failed.
    #[error(transparent)]
    Artifacts(Box<weft_artifacts::Error>),
    /// Evidence cannot be made, or is not what it should be.
    #[error(transparent)]
    Provenance(#[from] weft_provenance::Error),
    /// A registry, or what came from one, is not as it should be.
    #[error(transparent)]
    Registry(#[from] weft_registry::Error),
    /// Steps cannot be handed to an engine.
    #[error(transparent)]
    Remote(#[from] weft_workers::Error),
    /// The sandbox failed before any step ran.
    #[error(transparent)]
    Sandbox(#[from] weft_sandbox::Error),
}

impl Error {
    /// A wrong request without advice.
    pub fn request(message: impl Into<String>) -> Self {
        Self::Request { message: message.into(), hint: None }
    }

    /// A wrong request with what to do instead.
    pub fn advised(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Request { message: message.into(), hint: Some(hint.into()) }
    }

    /// A bucket's failure.
    pub(crate) fn bucket(error: weft_remote::Error) -> Self {
        Self::Artifacts(Box::new(error.into()))
    }

    /// The system's refusal to do something with a path.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// Whether the request was wrong: the same request fails again. Else the host could not do its part.
    pub fn is_request(&self) -> bool {
        use weft_engine::Error as E;
        match self {
            Self::Request { .. } | Self::Pipeline(_) | Self::Provenance(_) => true,
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
            }
            Self::BrokeOff { .. } => false,
            Self::Registry(error) => !error.is_of_the_host(),
            Self::Remote(error) => error.is_request(),
            Self::Engine(error) => match error.as_ref() {
                E::Metadata(error) => is_wrong_selector(error),
                E::Artifacts(error) => is_wrong_place(error),
                E::Lock { .. } => false,
                _ => true,
            },
            Self::Metadata(error) => is_wrong_selector(error),
            Self::Artifacts(error) => is_wrong_place(error),
            Self::Sandbox(error) => !matches!(error, weft_sandbox::Error::Engine(_)),
        }
    }

    /// What to do about it, where the message does not say so itself.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Request { hint, .. } => hint.clone(),
            Self::Registry(error) => error.hint(),
            Self::Remote(error) => error.hint(),
            Self::BrokeOff { run, .. } => Some(format!("what is finished is kept: `weft resume {run}` goes on")),
            Self::Engine(error) => match error.as_ref() {
                weft_engine::Error::Metadata(weft_metadata::Error::RunExists { run }) => {
                    Some(format!("if it is to go on, say `weft resume {run}`"))
                }
                weft_engine::Error::Artifacts(error) => error.hint().map(str::to_owned),
                _ => None,
            },
            Self::Artifacts(error) => error.hint().map(str::to_owned),
            _ => None,
        }
    }
}

/// What led to an error, nearest first; causes whose text the message repeats are left out.
pub fn causes(error: &dyn StdError) -> Vec<String> {
    let mut told = error.to_string();
    let mut causes = Vec::new();
    let mut next = error.source();
    while let Some(cause) = next {
        let text = cause.to_string();
        if !told.contains(&text) {
            causes.push(text.clone());
            told = text;
        }
        next = cause.source();
    }
    causes
}

fn is_wrong_selector(error: &weft_metadata::Error) -> bool {
    use weft_metadata::Error as E;
    matches!(
        error,
        E::RunNotFound { .. }
            | E::RunAmbiguous { .. }
            | E::RunExists { .. }
            | E::ArtifactNotFound { .. }
            | E::ArtifactAmbiguous { .. }
            | E::Deployment { .. }
            | E::NotAStore { .. }
            | E::SchemaVersion { .. }
    )
}

fn is_wrong_place(error: &weft_artifacts::Error) -> bool {
    use weft_artifacts::Error as E;
    matches!(
        error,
        E::Exists { .. } | E::OtherKind { .. } | E::NoSuchEntry { .. } | E::InvalidId { .. } | E::NotAStore { .. }
    )
}

impl From<weft_engine::Error> for Error {
    fn from(error: weft_engine::Error) -> Self {
        Self::Engine(Box::new(error))
    }
}

impl From<weft_metadata::Error> for Error {
    fn from(error: weft_metadata::Error) -> Self {
        Self::Metadata(Box::new(error))
    }
}

impl From<weft_artifacts::Error> for Error {
    fn from(error: weft_artifacts::Error) -> Self {
        Self::Artifacts(Box::new(error))
    }
}

/// `2 problems keep the pipeline from running`
fn refused(findings: &[Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.diagnostic.is_error()).count();
    match errors {
        1 => "one problem keeps the pipeline from running".to_owned(),
        many => format!("{many} problems keep the pipeline from running"),
    }
}
