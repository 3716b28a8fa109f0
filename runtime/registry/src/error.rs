//! What can go wrong with registries and what comes from them.

use std::io;
use std::path::{Path, PathBuf};

use crate::digest::Digest;

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Every failure.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A reference is written wrongly.
    #[error("`{text}` is no reference to a registry: {why}")]
    Reference {
        /// What was written.
        text: String,
        /// What is wrong with it.
        why: String,
    },
    /// A registry cannot be reached.
    #[error("the registry {host} cannot be reached: {why}")]
    Unreachable {
        /// Its host and port.
        host: String,
        /// The cause.
        why: String,
    },
    /// A registry is reached over plain HTTP only, which is not spoken to it.
    #[error("the registry {host} speaks no TLS: {why}")]
    NoTls {
        /// Its host and port.
        host: String,
        /// The cause.
        why: String,
    },
    /// The registry has no such thing.
    #[error("{what} is not in the registry {host}")]
    NotFound {
        /// The registry.
        host: String,
        /// The manifest or blob.
        what: String,
    },
    /// The registry wants to know who asks, and what it was told does not do.
    #[error("the registry {host} does not let {what} ({why})")]
    Denied {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// What the registry says.
        why: String,
        /// Whether credentials were sent.
        known: bool,
    },
    /// The registry refuses.
    #[error("the registry {host} refuses {what} ({status}): {why}")]
    Refused {
        /// The registry.
        host: String,
        /// What was asked for.
        what: String,
        /// The status of its answer.
        status: u16,
        /// What it says.
        why: String,
    },
    /// Something is not what its digest says.
    #[error("{what} is not what its digest {expected} says: {why}")]
    Tampered {
        /// What it is, and where from.
        what: String,
        /// The digest that it should have.
        expected: Digest,
        /// How it differs.
        why: String,
    },
    /// A document has another form than it should.
    #[error("{what} is not as it should be: {why}")]
    Malformed {
        /// What it is, and where from.
        what: String,
        /// What is wrong.
        why: String,
    },
    /// Docker's configuration cannot be used.
    #[error("docker's configuration cannot be used: {0}")]
    Credentials(String),
    /// A file of ours cannot be read or written.
    #[error("cannot {action} `{}`", path.display())]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// What it was tried on.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
}

impl Error {
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::Io { action, path: path.to_owned(), source }
    }

    #[expect(clippy::needless_pass_by_value, reason = "an error or a text, whichever there is")]
    pub(crate) fn malformed(what: impl Into<String>, why: impl ToString) -> Self {
        Self::Malformed { what: what.into(), why: why.to_string() }
    }

    /// Whether asking again, or someone else, may help: nothing was wrong with the request.
    pub fn is_of_the_host(&self) -> bool {
        match self {
            Self::Unreachable { .. } => true,
            Self::Refused { status, .. } => *status >= 500 || *status == 429,
            Self::Io { source, .. } => {
                !matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::PermissionDenied)
            }
            _ => false,
        }
    }

    /// What to do about it, where the message does not say so itself.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreachable { .. } => {
                Some("see whether it is up and its name is right; with `--offline` nothing is asked that is in the cache".to_owned())
            }
            Self::NoTls { .. } => Some("if it is to be trusted without, say `--plain-http`".to_owned()),
            Self::Denied { host, known: false, .. } => Some(format!(
                "say who you are: `docker login {host}` (or `oras login`) writes the config.json that is read"
            )),
            Self::Denied { known: true, .. } => {
                Some("what docker's config.json says of this registry was sent; is it still right, and may that account do this?".to_owned())
            }
            Self::Tampered { .. } => {
                Some("nothing of it is used; someone changed it, or a disk or a proxy broke it".to_owned())
            }
            _ => None,
        }
    }
}
