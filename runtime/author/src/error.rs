//! Errors of scaffolding and building.

use std::io;
use std::path::{Path, PathBuf};

use crate::{Language, Problem};

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of this crate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The name of a component is invalid.
    #[error("`{name}` cannot be the name of a component: {why}")]
    Name {
        /// The name.
        name: String,
        /// Why.
        why: &'static str,
    },
    /// The new folder exists already.
    #[error("`{}` exists already", path.display())]
    Exists {
        /// The folder.
        path: PathBuf,
    },
    /// The folder has no manifest of any language.
    #[error("there is no component to build in {}", dir.display())]
    NoProject {
        /// The folder.
        dir: PathBuf,
    },
    /// The folder has manifests of several languages.
    #[error("{} could be {}", dir.display(), names(languages))]
    Ambiguous {
        /// The folder.
        dir: PathBuf,
        /// The languages.
        languages: Vec<Language>,
    },
    /// The manifest lacks something.
    #[error("{}: {why}", path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// The reason.
        why: String,
        /// What the user can do about it.
        hint: Option<String>,
    },
    /// A required tool is missing.
    #[error("{tool} is missing: {why}")]
    Missing {
        /// The tool.
        tool: &'static str,
        /// What it is needed for, or what was found instead.
        why: String,
        /// The one command that installs it.
        install: String,
    },
    /// A tool could not be installed.
    #[error("{tool} could not be installed")]
    Install {
        /// The tool.
        tool: &'static str,
        /// What the user can try.
        hint: String,
    },
    /// Mistakes of the author, with their places.
    #[error("{}", count(.0))]
    Problems(Vec<Problem>),
    /// A tool failed. Its output was reported.
    #[error("{tool} failed{}", code.map_or_else(String::new, |code| format!(" with exit code {code}")))]
    Tool {
        /// The tool.
        tool: String,
        /// How it ended.
        code: Option<i32>,
        /// What the user can do, if that is known.
        hint: Option<String>,
    },
    /// The output of the tools is not a component.
    #[error("what {tool} made is no usable component: {why}")]
    Component {
        /// The tool.
        tool: &'static str,
        /// Why.
        why: String,
        /// What the user can do about it.
        hint: Option<String>,
    },
    /// The operating system returned an error.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// The operation, as a verb.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn manifest(path: &Path, why: impl Into<String>) -> Self {
        Self::Manifest { path: path.to_owned(), why: why.into(), hint: None }
    }

    /// What the user can do about it, if the message does not say it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Name { .. } => Some("use words of small letters and digits, with `-` between them: `row-filter`".to_owned()),
            Self::Exists { .. } => Some("choose another name, or move it away".to_owned()),
            Self::NoProject { .. } => Some(
                "a component has a Cargo.toml, pyproject.toml, package.json or Makefile; `weft new NAME --lang rust` makes one"
                    .to_owned(),
            ),
            Self::Ambiguous { languages, .. } => {
                languages.first().map(|first| format!("say which it is: `--lang {}`", first.name()))
            }
            Self::Missing { install, .. } => Some(install.clone()),
            Self::Install { hint, .. } => Some(hint.clone()),
            Self::Manifest { hint, .. } | Self::Tool { hint, .. } | Self::Component { hint, .. } => hint.clone(),
            Self::Problems(_) | Self::Io { .. } => None,
        }
    }

    /// Whether the author can fix it, rather than the machine being at fault.
    pub fn is_request(&self) -> bool {
        !matches!(self, Self::Io { .. } | Self::Tool { .. } | Self::Install { .. })
    }
}

fn names(languages: &[Language]) -> String {
    languages.iter().map(ToString::to_string).collect::<Vec<_>>().join(" or ")
}

fn count(problems: &[Problem]) -> String {
    match problems.iter().filter(|problem| problem.diagnostic.is_error()).count() {
        1 => "one problem keeps the component from being built".to_owned(),
        many => format!("{many} problems keep the component from being built"),
    }
}
