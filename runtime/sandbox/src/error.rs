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
    /// Compiled components cannot be written to a file, or taken from it.
    #[error("{}: {why}", path.display())]
    Transfer {
        /// The file.
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
    /// The component's binary cannot be had from the artifact store.
    #[error("its component {digest} cannot be read: {why}")]
    Stored {
        /// Its digest.
        digest: String,
        /// The cause.
        why: String,
    },
    /// Compiling the component would cost, or has cost, more than [`crate::CompileLimits`] allow.
    #[error("its component {what} is not compiled: {why}")]
    TooLarge {
        /// The file's name or the digest.
        what: String,
        /// What is too large, and the bound.
        why: String,
    },
    /// This build of weft does not compile, and nobody did so ahead.
    #[error(
        "its component {what} was not compiled for this machine ahead, and this build of weft does not compile: make a bundle of the pipeline elsewhere, \
         with `weft bundle --aot=portable` (or `--aot=pulley` for another kind of processor), and run that with `--verify KEY` or `--trust-compiled`"
    )]
    NotCompiled {
        /// The file's name or the digest.
        what: String,
    },
    /// A module that was to be initialised while an executor is built failed.
    #[error("{what} cannot be initialised: {why}")]
    Initialize {
        /// What it is called.
        what: String,
        /// The cause, and the last that it said.
        why: String,
    },
    /// The run was interrupted while the component was compiled.
    #[error("it was interrupted while its component was compiled")]
    Interrupted,
}

/// Shorthand for this crate's results.
pub type Result<T> = std::result::Result<T, Error>;
