//! Errors of handing steps to an engine.

use std::io;
use std::path::{Path, PathBuf};

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No engine has this name.
    #[error("there is no engine `{name}`")]
    UnknownEngine {
        /// As it was given.
        name: String,
    },
    /// The engine's own program is not on this machine.
    #[error("the engine `{engine}` cannot be used here: there is no program `{program}`")]
    NoProgram {
        /// The engine.
        engine: &'static str,
        /// The program that was looked for.
        program: &'static str,
    },
    /// It is not said where the engine is.
    #[error("the engine `{engine}` cannot be used here: {variable} names no URL")]
    NoAddress {
        /// The engine.
        engine: &'static str,
        /// The environment variable that was looked at.
        variable: &'static str,
        /// What it could be.
        example: &'static str,
    },
    /// The engine's own program refused.
    #[error("`{program}` failed: {message}")]
    Refused {
        /// The program.
        program: String,
        /// What it printed.
        message: String,
    },
    /// A path that the engine cannot be given.
    #[error("`{}` cannot be given to the engine, as its name is no Unicode", path.display())]
    NotUnicode {
        /// The path.
        path: PathBuf,
    },
    /// A step file or a report is not one.
    #[error("`{}` is no file of this version of weft", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
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
}

impl Error {
    /// The system's refusal to do something with a path.
    pub(crate) fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Io { action, path, source }
    }

    /// Whether the request was wrong: the same request fails again.
    pub fn is_request(&self) -> bool {
        matches!(
            self,
            Self::UnknownEngine { .. } | Self::NoProgram { .. } | Self::NoAddress { .. } | Self::NotUnicode { .. }
        )
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::UnknownEngine { .. } => Some(format!("there are {}", crate::ENGINES.join(", "))),
            Self::NoProgram { program, .. } => Some(format!(
                "run weft on a machine from which jobs are submitted, with `{program}` on its PATH; `--on process` needs no engine"
            )),
            Self::NoAddress { variable, example, .. } => {
                Some(format!("say where its dashboard is, `{variable}={example}`; `--on process` needs no engine"))
            }
            Self::Format { .. } => Some("scheduler and workers must be the same version of weft".to_owned()),
            _ => None,
        }
    }
}
