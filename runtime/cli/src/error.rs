//! Everything that ends a command early, with its exit code and what to do about it.

use std::io;
use std::path::Path;

use serde_json::{Value, json};
use weft::Finding;

use crate::render::diagnostic::finding;

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
    /// The library refused.
    #[error(transparent)]
    Weft(Box<weft::Error>),
    /// A component could not be made or built; with the places of the author's mistakes.
    #[error("{source}")]
    Author {
        /// The cause.
        source: Box<weft_author::Error>,
        /// What is wrong in the author's files.
        findings: Vec<Finding>,
    },
    /// A server could not be started, or broke.
    #[error(transparent)]
    Server(#[from] weft_server::Error),
    /// The results could not be written.
    #[error("cannot write the output")]
    Output(#[from] io::Error),
}

impl Error {
    /// A wrong request without advice.
    pub fn request(message: impl Into<String>) -> Self {
        weft::Error::request(message).into()
    }

    /// A wrong request with what to do instead.
    pub fn advised(message: impl Into<String>, hint: impl Into<String>) -> Self {
        weft::Error::advised(message, hint).into()
    }

    /// A wrong request, perhaps with what to do instead.
    pub fn hinted(message: impl Into<String>, hint: Option<String>) -> Self {
        weft::Error::Request { message: message.into(), hint }.into()
    }

    /// The system's refusal to do something with a path.
    pub fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        weft::Error::io(action, path, source).into()
    }

    /// Whether whoever read the output has gone away, which is no one's mistake.
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// The exit code that it leads to.
    pub fn exit(&self) -> Exit {
        let wrong = match self {
            Self::Weft(error) => error.is_request(),
            Self::Author { source, .. } => source.is_request(),
            Self::Server(error) => !matches!(error.kind, weft_server::Kind::Internal | weft_server::Kind::Unavailable),
            Self::Output(_) => false,
        };
        if wrong { Exit::Wrong } else { Exit::Failed }
    }

    /// What to do about it, where the message does not say so itself.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Weft(error) => error.hint(),
            Self::Author { source, .. } => source.hint(),
            Self::Server(_) | Self::Output(_) => None,
        }
    }

    /// Problems with their places in files.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Weft(error) => match error.as_ref() {
                weft::Error::Pipeline(findings) => findings,
                _ => &[],
            },
            Self::Author { findings, .. } => findings,
            Self::Server(_) | Self::Output(_) => &[],
        }
    }

    /// What led to it, nearest first.
    pub fn causes(&self) -> Vec<String> {
        weft::causes(self)
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
        let with_findings = match self {
            Self::Weft(error) => matches!(error.as_ref(), weft::Error::Pipeline(_)),
            Self::Author { .. } => true,
            Self::Server(_) | Self::Output(_) => false,
        };
        if with_findings {
            error["diagnostics"] = self.findings().iter().map(Finding::to_json).collect();
        }
        json!({ "error": error })
    }
}

impl From<weft_author::Error> for Error {
    fn from(error: weft_author::Error) -> Self {
        let findings = match &error {
            weft_author::Error::Problems(problems) => problems.iter().map(finding).collect(),
            _ => Vec::new(),
        };
        Self::Author { source: Box::new(error), findings }
    }
}

impl From<weft::Error> for Error {
    fn from(error: weft::Error) -> Self {
        Self::Weft(Box::new(error))
    }
}

impl From<weft::metadata::Error> for Error {
    fn from(error: weft::metadata::Error) -> Self {
        weft::Error::from(error).into()
    }
}

impl From<weft::artifacts::Error> for Error {
    fn from(error: weft::artifacts::Error) -> Self {
        weft::Error::from(error).into()
    }
}
