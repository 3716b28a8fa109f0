//! The error type of the crate.

use std::io;
use std::path::PathBuf;

use crate::id::ContentId;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error of the store. Each variant has the path or the content that it concerns.
///
/// The text does not include that of [`std::error::Error::source`]: print the chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system returned an error.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// The operation, as a verb with its object where needed: `open`, `write to`.
        action: &'static str,
        /// The path.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The content is not in the store.
    #[error("the store holds no {id}; it may have been removed by garbage collection: run the step that made it again")]
    NotFound {
        /// The content.
        id: ContentId,
    },
    /// The content in the store is damaged.
    #[error("the stored {id} is damaged: {reason}; check the store with fsck, then run the step that made it again")]
    Damaged {
        /// The content.
        id: ContentId,
        /// The damage.
        reason: String,
    },
    /// The outputs of a step exceed their limit.
    #[error("the output is larger than the limit of {limit} bytes")]
    OutputLimit {
        /// The limit of all writers of the step together, in bytes.
        limit: u64,
    },
    /// The step has finished too many files.
    #[error("the output has more files than the limit of {limit}")]
    FileLimit {
        /// The limit of all writers of the step together.
        limit: u64,
    },
    /// The step has too many open writers.
    #[error("more than {limit} outputs are being written at the same time; finish some before opening others")]
    WriterLimit {
        /// The limit of open writers.
        limit: u64,
    },
    /// The manifest of a directory exceeds its bounds.
    #[error("the directory has too many entries: at most {max_entries} and {max_bytes} bytes of names are kept")]
    TooManyEntries {
        /// [`MAX_ENTRIES`](crate::MAX_ENTRIES)
        max_entries: usize,
        /// [`MAX_MANIFEST_BYTES`](crate::MAX_MANIFEST_BYTES)
        max_bytes: usize,
    },
    /// A name that a directory entry cannot have.
    #[error("`{path}` cannot be a name inside an artifact: {reason}")]
    InvalidPath {
        /// The name, shortened if it is long.
        path: String,
        /// The rule that it violates.
        reason: &'static str,
    },
    /// Two entries of one directory that exclude each other.
    #[error("the directory cannot hold both `{path}` and `{other}`")]
    Conflict {
        /// The entry that was being added.
        path: String,
        /// The existing entry: the same name, or a file where the other one needs a directory.
        other: String,
    },
    /// The directory has no such entry.
    #[error("the directory {id} has no file `{path}`")]
    NoSuchEntry {
        /// The directory.
        id: ContentId,
        /// The name.
        path: String,
    },
    /// The text is not an id of content.
    #[error(
        "`{text}` is not a content digest: expected `blake3:` or `blake3-tree:` and 64 lower-case hexadecimal digits"
    )]
    InvalidId {
        /// The text, shortened if it is long.
        text: String,
    },
    /// A device, a pipe, a socket, or anything else that is neither file nor directory.
    #[error("`{}` is {kind}, but only plain files and directories can be stored", path.display())]
    SpecialFile {
        /// Its path.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// A symbolic link that does not lead to a plain file of the same directory.
    #[error(
        "the symbolic link `{}` does not lead to a plain file inside the directory; replace it by what it should hold",
        path.display()
    )]
    UnusableLink {
        /// The link.
        path: PathBuf,
        /// Why it could not be followed; `None` if it leads to a directory or a special file.
        source: Option<io::Error>,
    },
    /// What keeps content beyond the store's directory could not do its part.
    #[error("{message}")]
    Backing {
        /// Which object, and why.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The progress function ended the copy.
    #[error("copying `{}` was broken off", path.display())]
    Interrupted {
        /// The path that was being copied.
        path: PathBuf,
    },
    /// The destination exists.
    #[error("`{}` exists already; choose another destination or allow overwriting", path.display())]
    Exists {
        /// The destination.
        path: PathBuf,
    },
    /// The destination is of the other kind: a directory instead of a file, or vice versa.
    #[error("`{}` is there already and is {kind}; choose another destination", path.display())]
    OtherKind {
        /// The destination.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// The directory is not empty and not a store.
    #[error("`{}` is not an artifact store and not empty; choose another directory", path.display())]
    NotAStore {
        /// The directory.
        path: PathBuf,
    },
    /// The store is of another version.
    #[error("the artifact store `{}` has the layout `{found}`, but this program knows only `{known}`", path.display())]
    Version {
        /// The store's directory.
        path: PathBuf,
        /// The version in its `version` file.
        found: String,
        /// The supported version.
        known: &'static str,
    },
}

impl Error {
    /// What the user can do, where the message does not say so itself.
    pub fn hint(&self) -> Option<&str> {
        match self {
            Self::Backing { hint, .. } => hint.as_deref(),
            _ => None,
        }
    }
}

/// Adds the operation and the path to an I/O error. The path is only made if there is an error.
pub(crate) trait ErrorContext<T> {
    fn context<P: Into<PathBuf>>(self, action: &'static str, path: impl FnOnce() -> P) -> Result<T>;
}

impl<T> ErrorContext<T> for io::Result<T> {
    fn context<P: Into<PathBuf>>(self, action: &'static str, path: impl FnOnce() -> P) -> Result<T> {
        self.map_err(|source| Error::Io { action, path: path().into(), source })
    }
}
