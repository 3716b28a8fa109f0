//! What can be wrong with statistics and schemas.

/// Why a table cannot be described or checked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A table cannot be read.
    #[error(transparent)]
    Table(#[from] tables::Error),
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
