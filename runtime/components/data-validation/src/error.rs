//! What can be wrong with data, statistics and schemas.

/// Why a table cannot be described or checked. Places are told as a person counts: from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The bytes could not be had.
    #[error("{file}: cannot be read: {source}")]
    Read {
        /// What was read.
        file: String,
        /// Why not.
        source: std::io::Error,
    },
    /// The text is no table, or one that is larger than is read.
    #[error("{file}, line {line}: {problem}")]
    Table {
        /// What was read.
        file: String,
        /// The line in it.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// A cell that the type of its column does not hold.
    #[error("{file}, line {line}, column `{column}`: {problem}")]
    Cell {
        /// What was read.
        file: String,
        /// The line in it.
        line: u64,
        /// The column's name.
        column: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Text that is no message of the kind that is wanted.
    #[error("{what} cannot be read: {problem}")]
    Text {
        /// What was read.
        what: &'static str,
        /// What is wrong, with its place.
        problem: String,
    },
    /// Bytes that are no message of the kind that is wanted.
    #[error("{what} cannot be read: {source}")]
    Message {
        /// What was read.
        what: &'static str,
        /// What is wrong.
        source: prost::DecodeError,
    },
    /// A question that the schema or the statistics have no answer to.
    #[error("{0}")]
    Request(String),
}

/// The result of reading or checking.
pub type Result<T, E = Error> = std::result::Result<T, E>;
