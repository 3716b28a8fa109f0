//! Errors outside of a running step: opening the sandbox, loading a component, reading its signature.

use std::path::PathBuf;

use thiserror::Error;

/// Errors outside of a running step. A running step fails with [`weft_pipeline::step::StepFailure`].
#[derive(Debug, Error)]
pub enum Error {
    /// wasmtime does not start on this machine.
    #[error("the WebAssembly engine does not start on this machine: {0}")]
    Engine(String),
    /// The directory for compiled components cannot be used.
    #[error("compiled components cannot be kept in {path}: {why}")]
    Cache {
        /// The directory.
        path: PathBuf,
        /// The cause.
        why: String,
    },
    /// The file cannot be read.
    #[error("{path}: {source}")]
    Read {
        /// The component file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The bytes are not a component that this runtime can compile.
    #[error("{what} is not a WebAssembly component: {why}")]
    NotAComponent {
        /// The file or digest.
        what: String,
        /// The cause, on one line.
        why: String,
    },
    /// The component imports something that the host does not provide.
    #[error("{what} cannot be linked: {why}")]
    Link {
        /// The file or digest.
        what: String,
        /// The import and the cause.
        why: String,
    },
}

/// Shorthand for this crate's results.
pub type Result<T> = std::result::Result<T, Error>;
