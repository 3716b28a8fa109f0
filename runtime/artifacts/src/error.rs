//! The one error type of the crate.

use std::io;
use std::path::PathBuf;

use crate::id::ContentId;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Whatever can go wrong with the store; each variant bears the path or the content it is about.
///
/// The text does not repeat the cause that [`std::error::Error::source`] gives: print the chain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system refused.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried, as a verb with its object where needed: `open`, `write to`.
        action: &'static str,
        /// What it was tried on.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The store does not hold this.
    #[error("the store holds no {id}; it may have been removed by garbage collection: run the step that made it again")]
    NotFound {
        /// What was asked for.
        id: ContentId,
    },
    /// The store's copy is not what it was.
    #[error("the stored {id} is damaged: {reason}; check the store with fsck, then run the step that made it again")]
    Damaged {
        /// What is damaged.
        id: ContentId,
        /// What was found.
        reason: String,
    },
    /// What one step writes went over its bound.
    #[error("the output is larger than the limit of {limit} bytes")]
    OutputLimit {
        /// The bound, in bytes, on all writers of the step together.
        limit: u64,
    },
    /// One step finished more files than it may.
    #[error("the output has more files than the limit of {limit}")]
    FileLimit {
        /// The bound on all writers of the step together.
        limit: u64,
    },
    /// One step holds more writers open than it may.
    #[error("more than {limit} outputs are being written at the same time; finish some before opening others")]
    WriterLimit {
        /// The bound on writers open at once.
        limit: u64,
    },
    /// A directory's manifest would be over its bound.
    #[error("the directory has too many entries: at most {max_entries} and {max_bytes} bytes of names are kept")]
    TooManyEntries {
        /// [`MAX_ENTRIES`](crate::MAX_ENTRIES)
        max_entries: usize,
        /// [`MAX_MANIFEST_BYTES`](crate::MAX_MANIFEST_BYTES)
        max_bytes: usize,
    },
    /// A name that no directory entry may have.
    #[error("`{path}` cannot be a name inside an artifact: {reason}")]
    InvalidPath {
        /// The name, shortened where it is long.
        path: String,
        /// Which rule it breaks.
        reason: &'static str,
    },
    /// Two entries of one directory that cannot both be.
    #[error("the directory cannot hold both `{path}` and `{other}`")]
    Conflict {
        /// The entry that was being added.
        path: String,
        /// The entry that was there already: the same name, or a file where the other needs a directory.
        other: String,
    },
    /// A directory has no such entry.
    #[error("the directory {id} has no file `{path}`")]
    NoSuchEntry {
        /// The directory.
        id: ContentId,
        /// The name asked for.
        path: String,
    },
    /// The text is not the name of content.
    #[error(
        "`{text}` is not a content digest: expected `blake3:` or `blake3-tree:` and 64 lower-case hexadecimal digits"
    )]
    InvalidId {
        /// The text, shortened where it is long.
        text: String,
    },
    /// A device, pipe, socket, or whatever else is neither file nor directory.
    #[error("`{}` is {kind}, but only plain files and directories can be stored", path.display())]
    SpecialFile {
        /// Where it was met.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// A symbolic link that is not to a plain file of the same directory.
    #[error(
        "the symbolic link `{}` does not lead to a plain file inside the directory; replace it by what it should hold",
        path.display()
    )]
    UnusableLink {
        /// The link.
        path: PathBuf,
        /// Why it could not be followed; nothing where it leads to a directory or a special file.
        source: Option<io::Error>,
    },
    /// The caller no longer wanted it.
    #[error("copying `{}` was broken off", path.display())]
    Interrupted {
        /// What was being copied.
        path: PathBuf,
    },
    /// The destination is there already.
    #[error("`{}` exists already; choose another destination or allow overwriting", path.display())]
    Exists {
        /// The destination.
        path: PathBuf,
    },
    /// The destination is of the other kind: a directory where a file should go, or the reverse.
    #[error("`{}` is there already and is {kind}; choose another destination", path.display())]
    OtherKind {
        /// The destination.
        path: PathBuf,
        /// What it is, with its article.
        kind: &'static str,
    },
    /// The directory is in use for something else.
    #[error("`{}` is not an artifact store and not empty; choose another directory", path.display())]
    NotAStore {
        /// The directory.
        path: PathBuf,
    },
    /// The store was made by another version.
    #[error("the artifact store `{}` has the layout `{found}`, but this program knows only `{known}`", path.display())]
    Version {
        /// The store's directory.
        path: PathBuf,
        /// What its `version` file says.
        found: String,
        /// What this program writes.
        known: &'static str,
    },
}

/// Gives an I/O error its place; the place is only made when there is an error.
pub(crate) trait ErrorContext<T> {
    fn context<P: Into<PathBuf>>(self, action: &'static str, path: impl FnOnce() -> P) -> Result<T>;
}

impl<T> ErrorContext<T> for io::Result<T> {
    fn context<P: Into<PathBuf>>(self, action: &'static str, path: impl FnOnce() -> P) -> Result<T> {
        self.map_err(|source| Error::Io { action, path: path().into(), source })
    }
}
