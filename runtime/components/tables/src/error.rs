//! What can be wrong with a table.

/// Why a table cannot be read or written. Places are told as a person counts: from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes could not be had, or what they are compressed with is damaged.
    #[error("{file}: {}", unreadable(source))]
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

/// Why bytes could not be had. What decompresses calls them invalid, or their end unexpected: there is a remedy then.
pub(crate) fn unreadable(source: &std::io::Error) -> String {
    use std::io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    let damaged = matches!(source.kind(), InvalidData | InvalidInput | UnexpectedEof);
    let remedy = if damaged { ": the file is cut off or damaged, get it anew" } else { "" };
    format!("it cannot be read on: {source}{remedy}")
}

/// The result of reading or writing tables.
pub type Result<T, E = Error> = std::result::Result<T, E>;
