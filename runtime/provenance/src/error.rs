//! What can go wrong.

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why nothing could be attested or checked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The metadata cannot be read.
    #[error(transparent)]
    Metadata(#[from] weft_metadata::Error),
    /// Content cannot be read.
    #[error(transparent)]
    Artifacts(#[from] weft_artifacts::Error),
    /// A key cannot be used.
    #[error("the key cannot be used: {0}")]
    Key(String),
    /// What is to be checked cannot be read.
    #[error("the signed file cannot be read: {0}")]
    Malformed(String),
    /// A signature is wrong.
    #[error("{0}")]
    Refused(String),
}
