//! What can go wrong with the metadata store.

use std::path::{Path, PathBuf};

use crate::types::ExecutionId;

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure of the metadata store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be opened or made.
    #[error("metadata store {}: cannot be opened: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// The file is a database of something else.
    #[error("{} is not a metadata store: it has tables, but not those of ML Metadata; choose another file", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The file is an ML Metadata store of other programs, opened for reading only.
    #[error("{} is an ML Metadata store in which no run of weft is recorded yet", path.display())]
    NoRuns {
        /// The file.
        path: PathBuf,
    },
    /// The file has the tables of another schema version.
    #[error(
        "metadata store {}: its {schema} schema has version {found}, this program reads version {expected}; \
         use a program that knows version {found}, or another store", path.display()
    )]
    SchemaVersion {
        /// The file.
        path: PathBuf,
        /// Which schema: `ML Metadata` or `weft`.
        schema: &'static str,
        /// The version in the file.
        found: i64,
        /// The only version that is read.
        expected: i64,
    },
    /// Another process held the write lock longer than the store waits.
    #[error(
        "metadata store {}: another process has been writing to it for too long; \
         wait for it to finish or end it, then try again", path.display()
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The database refused a read or a write: a full disk, a damaged file, a file that vanished.
    #[error("metadata store {}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// A row holds what this program never writes.
    #[error("metadata store: {what} is damaged: {cause}")]
    Damaged {
        /// The row and its column.
        what: String,
        /// What is wrong with it.
        cause: String,
    },
    /// A value could not be written as JSON.
    #[error("{what} cannot be recorded: {source}")]
    NotJson {
        /// The value.
        what: &'static str,
        /// The cause.
        source: serde_json::Error,
    },
    /// A run with this id was recorded before.
    #[error("run `{run}` is already in the metadata store; choose another id")]
    RunExists {
        /// The run's id.
        run: String,
    },
    /// No run fits.
    #[error("no run `{selector}` in the metadata store; `weft runs` lists them")]
    RunNotFound {
        /// What was asked for.
        selector: String,
    },
    /// The beginning of an id fits more than one run.
    #[error("`{selector}` fits more than one run: {}; give more of the id", candidates.join(", "))]
    RunAmbiguous {
        /// What was asked for.
        selector: String,
        /// Ids that fit, newest first, a few of them.
        candidates: Vec<String>,
    },
    /// No artifact fits.
    #[error("no artifact `{selector}` in the metadata store; `weft artifact ls` lists them")]
    ArtifactNotFound {
        /// What was asked for.
        selector: String,
    },
    /// The beginning of a URI fits more than one content.
    #[error("`{selector}` fits more than one artifact: {}; give more of it", candidates.join(", "))]
    ArtifactAmbiguous {
        /// What was asked for.
        selector: String,
        /// URIs that fit, a few of them.
        candidates: Vec<String>,
    },
    /// An input artifact has no row in the store.
    #[error(
        "task `{task}`: the artifact on input `{port}` was never recorded; record the step that gave it, then this one"
    )]
    UnrecordedInput {
        /// The task.
        task: String,
        /// The input.
        port: String,
    },
    /// The execution is not at work, so it cannot be finished or repeated.
    #[error("execution {execution} is not at work: it was never started, or already finished")]
    NotRunning {
        /// Its id.
        execution: ExecutionId,
    },
}

impl Error {
    /// Fills in the store's path where the failure happened too deep to know it, and tells a held lock from other causes.
    pub(crate) fn at(self, path: &Path) -> Self {
        match self {
            Self::Database { source, .. } if is_busy(&source) => Self::Busy { path: path.into() },
            Self::Database { source, .. } => Self::Database { path: path.into(), source },
            other => other,
        }
    }

    /// The same failure met while opening.
    pub(crate) fn opening(self, path: &Path) -> Self {
        match self.at(path) {
            Self::Database { path, source } => Self::Open { path, source },
            other => other,
        }
    }

    pub(crate) fn damaged(what: impl Into<String>, cause: impl std::fmt::Display) -> Self {
        Self::Damaged { what: what.into(), cause: format!("{cause}") }
    }
}

impl From<rusqlite::Error> for Error {
    /// The path is filled in where the store is known, by [`Error::at`].
    fn from(source: rusqlite::Error) -> Self {
        Self::Database { path: PathBuf::new(), source }
    }
}

impl From<rusqlite::types::FromSqlError> for Error {
    /// A column holds another type of value than is ever written there.
    fn from(source: rusqlite::types::FromSqlError) -> Self {
        Self::damaged("a row", source)
    }
}

/// Whether another connection's lock is the cause.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked))
}
