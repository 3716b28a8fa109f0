//! The error type of the crate.

use std::path::PathBuf;

/// A result with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why something elsewhere could not be brought here. The text has the URI, without what may be secret in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// It is none that can be fetched.
    #[error("`{uri}` cannot be fetched: {why}")]
    Uri {
        /// The URI.
        uri: String,
        /// The rule that it violates.
        why: &'static str,
    },
    /// There is nothing.
    #[error("there is nothing at `{uri}`: {why}")]
    NotFound {
        /// The URI.
        uri: String,
        /// What is not there.
        why: String,
    },
    /// Who asks may not read or write it.
    #[error("`{uri}` may not be {done}: {why}")]
    Denied {
        /// The URI.
        uri: String,
        /// What was to be done to it: `read`.
        done: &'static str,
        /// What the server says.
        why: String,
        /// Who asked: which credentials, without their values.
        who: String,
    },
    /// There is nobody to ask as.
    #[error("there are no credentials to read `{uri}` with; looked for: {looked}")]
    NoCredentials {
        /// The URI.
        uri: String,
        /// Where credentials were looked for.
        looked: &'static str,
        /// The variable that has it read without.
        anonymous: &'static str,
    },
    /// What is said of how to reach it cannot be used.
    #[error("`{uri}` cannot be asked for: {why}")]
    Setup {
        /// The URI.
        uri: String,
        /// What is wrong.
        why: String,
    },
    /// Plain HTTP to another machine.
    #[error("`{uri}` would be asked for without TLS, with credentials: {endpoint} is the endpoint")]
    PlainHttp {
        /// The URI.
        uri: String,
        /// The endpoint.
        endpoint: String,
    },
    /// The server cannot be reached, or falls silent.
    #[error("the server of `{uri}` cannot be reached: {why}")]
    Unreachable {
        /// The URI.
        uri: String,
        /// What the system says.
        why: String,
    },
    /// The server answers with something else than the object.
    #[error("`{uri}` could not be {done}: {why}")]
    Refused {
        /// The URI.
        uri: String,
        /// What was to be done to it: `read`.
        done: &'static str,
        /// What it says.
        why: String,
    },
    /// Another object came to lie there meanwhile.
    #[error("`{uri}` changed while it was read")]
    Changed {
        /// The URI.
        uri: String,
    },
    /// An object of an artifact store that is not what its name says.
    #[error("the object `{uri}` is not what its name says: {reason}")]
    WrongBytes {
        /// The URI.
        uri: String,
        /// What was found.
        reason: String,
    },
    /// Another store removes what it does not need from a bucket.
    #[error("`weft gc` of another store, {by}, is removing objects from `{uri}`")]
    Collecting {
        /// The bucket.
        uri: String,
        /// Where that store is.
        by: String,
        /// The object that says so.
        marker: String,
    },
    /// No network may be reached for.
    #[error("`{uri}` is not asked: no network is reached for here")]
    Offline {
        /// The URI.
        uri: String,
    },
    /// It was not read to its end.
    #[error("reading `{uri}` was interrupted")]
    Interrupted {
        /// The URI.
        uri: String,
    },
    /// A file on this machine that says how to reach it.
    #[error("cannot read `{}`", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// The system gives no threads.
    #[error("the system has no room for another connection")]
    System {
        /// The system's error.
        source: std::io::Error,
    },
    /// It cannot be kept.
    #[error("`{uri}` cannot be kept")]
    Store {
        /// The URI.
        uri: String,
        /// The artifact store's error.
        source: weft_artifacts::Error,
    },
}

impl Error {
    /// What the user can do.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Uri { .. } => "download it ahead of the run, and give the path of the file or directory instead".to_owned(),
            Self::NotFound { .. } => "check bucket and key, and that they are in the region and at the endpoint that is asked".to_owned(),
            Self::Denied { who, .. } => format!("it was asked for {who}"),
            Self::NoCredentials { anonymous, .. } => {
                format!("set one of these, or `{anonymous}=true` if anybody may read it")
            }
            Self::PlainHttp { .. } => "use `https://`, or set `AWS_ALLOW_HTTP=true`".to_owned(),
            Self::Unreachable { .. } => {
                "check the name and the network; proxies are taken from HTTPS_PROXY and NO_PROXY, S3's endpoint from AWS_ENDPOINT_URL".to_owned()
            }
            Self::Changed { .. } => "run it again when nothing writes it, or give each state a name of its own".to_owned(),
            Self::WrongBytes { .. } => "`weft fsck --repair` removes it, so that the step that made it is run again".to_owned(),
            Self::Collecting { marker, .. } => format!(
                "try again when it has ended; if it was killed, run `weft gc` there again, or remove `{marker}`"
            ),
            Self::Offline { .. } => "leave `--offline` out".to_owned(),
            _ => return None,
        };
        Some(hint)
    }

    /// Whether it was ended from outside.
    pub fn is_interruption(&self) -> bool {
        matches!(self, Self::Interrupted { .. })
    }
}

/// The beginning of what a server says, as one line.
pub(crate) fn one_line(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}
