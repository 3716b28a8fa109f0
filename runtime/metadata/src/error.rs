//! Errors of the metadata store.

use std::path::{Path, PathBuf};

use crate::types::ExecutionId;

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the metadata store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be opened or created.
    #[error("metadata store {}: cannot be opened: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// The file is a database of another program.
    #[error("{} is not a metadata store: it has tables, but not those of ML Metadata; choose another file", path.display())]
    NotAStore {
        /// The file.
        path: PathBuf,
    },
    /// The file is empty, or an ML Metadata store without the runtime's tables, opened read-only.
    #[error("{} is a metadata store in which no run of weft is recorded yet", path.display())]
    NoRuns {
        /// The file.
        path: PathBuf,
    },
    /// It lies where nothing can be written, and what was recorded last is not in the file yet.
    #[error(
        "metadata store {}: it cannot be read on a read-only file system, because its last transactions are in a log beside it; \
         copy its folder to where you can write, and read that", path.display()
    )]
    UnreadableLog {
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
        /// The schema: `ML Metadata` or `weft`.
        schema: &'static str,
        /// The version in the file.
        found: i64,
        /// The only supported version.
        expected: i64,
    },
    /// Another process held the write lock for longer than the timeout.
    #[error(
        "metadata store {}: another process has been writing to it for too long; \
         wait for it to finish or end it, then try again", path.display()
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The database failed: a full disk, a damaged file, a removed file.
    #[error("metadata store {}: {source}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// The cause.
        source: rusqlite::Error,
    },
    /// A row has a value that this program never writes.
    #[error("metadata store: {what} is damaged: {cause}")]
    Damaged {
        /// The row and the column.
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
    /// There is already a run with this id.
    #[error("run `{run}` is already in the metadata store; choose another id")]
    RunExists {
        /// The run's id.
        run: String,
    },
    /// No run matches.
    #[error("no run `{selector}` in the metadata store; `weft runs` lists them")]
    RunNotFound {
        /// The selector.
        selector: String,
    },
    /// The start of an id matches several runs.
    #[error("`{selector}` fits more than one run: {}; give more of the id", candidates.join(", "))]
    RunAmbiguous {
        /// The selector.
        selector: String,
        /// Some of the matching ids, the newest first.
        candidates: Vec<String>,
    },
    /// There is already something of this name.
    #[error("there is already {what} called `{name}`; choose another name")]
    NameTaken {
        /// What it is, with its article.
        what: &'static str,
        /// The name.
        name: String,
    },
    /// There is no such deployment, or not this version of it, or it cannot be changed so.
    #[error("{message}")]
    Deployment {
        /// What is wrong, and what to do.
        message: String,
    },
    /// A list cannot be filtered or ordered by this.
    #[error("{list} cannot be filtered or ordered by {field:?}")]
    NoSuchField {
        /// The list.
        list: &'static str,
        /// What it was to be filtered or ordered by.
        field: crate::control::Field,
    },
    /// No artifact matches.
    #[error("no artifact `{selector}` in the metadata store; `weft artifact ls` lists them")]
    ArtifactNotFound {
        /// The selector.
        selector: String,
    },
    /// The start of a URI matches several contents.
    #[error("`{selector}` fits more than one artifact: {}; give more of it", candidates.join(", "))]
    ArtifactAmbiguous {
        /// The selector.
        selector: String,
        /// Some of the matching URIs.
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
    /// The execution is not running, so it cannot be finished or restarted.
    #[error("execution {execution} is not at work: it was never started, or already finished")]
    NotRunning {
        /// Its id.
        execution: ExecutionId,
    },
}

impl Error {
    /// Sets the store's path in an error of the database, and distinguishes a held lock from other causes.
    pub(crate) fn at(self, path: &Path) -> Self {
        match self {
            Self::Database { source, .. } if is_busy(&source) => Self::Busy { path: path.into() },
            Self::Database { source, .. } => Self::Database { path: path.into(), source },
            other => other,
        }
    }

    /// The error with the path, if it occurred while opening.
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
    /// The path is set by [`Error::at`], where the store is known.
    fn from(source: rusqlite::Error) -> Self {
        Self::Database { path: PathBuf::new(), source }
    }
}

impl From<rusqlite::types::FromSqlError> for Error {
    /// A column has a value of an unexpected type.
    fn from(source: rusqlite::types::FromSqlError) -> Self {
        Self::damaged("a row", source)
    }
}

/// Whether the error is the lock of another connection.
pub(crate) fn is_busy(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(error.sqlite_error_code(), Some(DatabaseBusy | DatabaseLocked))
}

/// Whether a file cannot be read because what its write-ahead log needs cannot be made beside it.
pub(crate) fn is_without_log(error: &Error) -> bool {
    matches!(error, Error::Database { source, .. } if source.sqlite_error_code() == Some(rusqlite::ErrorCode::CannotOpen))
}

/// Whether a transaction was left half-way that only a connection which may write takes back.
pub(crate) fn is_half_written(error: &Error) -> bool {
    matches!(error, Error::Database { source, .. } if source.sqlite_error_code() == Some(rusqlite::ErrorCode::ReadOnly))
}
