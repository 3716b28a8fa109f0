//! Everything that ends a command early, with its exit code and what to do about it.

use std::error::Error as _;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::render::diagnostic::Finding;

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// How a command ended: the process's exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what it was asked to.
    Success = 0,
    /// A run failed, damage was found, or the host could not do its part.
    Failed = 1,
    /// The request was wrong.
    Wrong = 2,
    /// It was interrupted.
    Interrupted = 130,
}

/// Every failure of a command.
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
    /// A component could not be made or built; with the places of the author's mistakes.
    #[error("{source}")]
    Author {
        /// The cause.
        source: Box<weft_author::Error>,
        /// What is wrong in the author's files.
        findings: Vec<Finding>,
    },
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
    /// The results could not be written.
    #[error("cannot write the output")]
    Output(#[from] io::Error),
    /// A run that was going on broke off.
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

    /// The system's refusal to do something with a path.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    /// Whether whoever read the output has gone away, which is no one's mistake.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The exit code that it leads to.
    pub fn exit(&self) -> Exit {
        use weft_engine::Error as E;
        let wrong = match self {
            Self::Request { .. } | Self::Pipeline(_) => true,
            Self::Io { source, .. } => {
                matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
            }
            Self::Author { source, .. } => source.is_request(),
            Self::Output(_) | Self::BrokeOff { .. } => false,
            Self::Engine(error) => match error.as_ref() {
                E::Metadata(error) => is_wrong_selector(error),
                E::Artifacts(error) => is_wrong_place(error),
                E::Lock { .. } => false,
                _ => true,
            },
            Self::Metadata(error) => is_wrong_selector(error),
            Self::Artifacts(error) => is_wrong_place(error),
            Self::Sandbox(error) => !matches!(error, weft_sandbox::Error::Engine(_)),
        };
        if wrong { Exit::Wrong } else { Exit::Failed }
    }

    /// What to do about it, where the message does not say so itself.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Request { hint, .. } => hint.clone(),
            Self::Author { source, .. } => source.hint(),
            Self::BrokeOff { run, .. } => Some(format!("what is finished is kept: `weft resume {run}` goes on")),
            Self::Engine(error) => match error.as_ref() {
                weft_engine::Error::Metadata(weft_metadata::Error::RunExists { run }) => {
                    Some(format!("if it is to go on, say `weft resume {run}`"))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// What led to it, nearest first; causes whose text the message repeats are left out.
    pub fn causes(&self) -> Vec<String> {
        let mut told = self.to_string();
        let mut causes = Vec::new();
        let mut next = self.source();
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

    /// The same for programs.
    pub fn to_json(&self) -> Value {
        let mut error = json!({ "message": self.to_string() });
        if let Some(hint) = self.hint() {
            error["hint"] = hint.into();
        }
        let causes = self.causes();
        if !causes.is_empty() {
            error["causes"] = causes.into();
        }
        if let Self::Pipeline(findings) | Self::Author { findings, .. } = self {
            error["diagnostics"] = findings.iter().map(Finding::to_json).collect();
        }
        json!({ "error": error })
    }
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

impl From<weft_author::Error> for Error {
    fn from(error: weft_author::Error) -> Self {
        let findings = match &error {
            weft_author::Error::Problems(problems) => problems.iter().map(Finding::from).collect(),
            _ => Vec::new(),
        };
        Self::Author { source: Box::new(error), findings }
    }
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
