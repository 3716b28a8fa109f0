//! What can be wrong with a table and with what is to be learned from it.

/// Why nothing can be learned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The table, or a cell of it.
    #[error(transparent)]
    Table(#[from] tabular::Error),
    /// A question that the table has no answer to, or a parameter that makes no sense.
    #[error("{0}")]
    Request(String),
}

/// The result of learning.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Ends the function with a request that cannot be met.
macro_rules! refuse {
    ($($text:tt)*) => { return Err($crate::error::Error::Request(format!($($text)*))) };
}
pub(crate) use refuse;
