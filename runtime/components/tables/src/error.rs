//! What can be wrong with a table.

/// Why a table cannot be read or written. Places are told as a person counts: from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes could not be had, or what they are compressed with is damaged.
    #[error("{file}: cannot be read: {source}")]
    Read {
        /// What was read.
        file: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The file is not what its format wants, or larger than is read.
    #[error("{file}, {place}: {problem}")]
    Place {
        /// What was read.
        file: String,
        /// The line, record or part of it.
        place: String,
        /// What is wrong there.
        problem: String,
    },
    /// Bytes could not be written.
    #[error("{file}: cannot be written: {source}")]
    Write {
        /// What was written.
        file: String,
        /// Why not.
        source: std::io::Error,
    },
    /// A question that the tables have no answer to.
    #[error("{0}")]
    Request(String),
}

impl Error {
    /// A problem at a place of a file.
    pub fn at(file: &str, place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Place { file: file.to_owned(), place: place.into(), problem: problem.into() }
    }
}

/// The result of reading or writing tables.
pub type Result<T, E = Error> = std::result::Result<T, E>;
