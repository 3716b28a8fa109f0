//! What a request can fail with: a code of `google.rpc`, from which the HTTP status follows, and words for people.

use weft::metadata::Error as M;

/// Problems of a pipeline that are told at once.
const MAX_PROBLEMS: usize = 20;

/// Result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What sort of failure it is, by the names of `google.rpc.Code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The request is wrong, whatever the state of the server is: 400.
    InvalidArgument,
    /// There is no such thing: 404.
    NotFound,
    /// There is already one of this name: 409.
    AlreadyExists,
    /// The thing is not in a state in which this can be done: 400.
    FailedPrecondition,
    /// Nobody has shown who asks: 401.
    Unauthenticated,
    /// This may not be asked: 403.
    PermissionDenied,
    /// A bound was passed: 429.
    ResourceExhausted,
    /// The server does not do this: 501.
    Unimplemented,
    /// The server is ending: 503.
    Unavailable,
    /// The server's own part failed: 500.
    Internal,
}

impl Kind {
    /// The number of `google.rpc.Code`.
    pub const fn code(self) -> i32 {
        match self {
            Self::InvalidArgument => 3,
            Self::NotFound => 5,
            Self::AlreadyExists => 6,
            Self::PermissionDenied => 7,
            Self::ResourceExhausted => 8,
            Self::FailedPrecondition => 9,
            Self::Unimplemented => 12,
            Self::Internal => 13,
            Self::Unavailable => 14,
            Self::Unauthenticated => 16,
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidArgument | Self::FailedPrecondition => 400,
            Self::Unauthenticated => 401,
            Self::PermissionDenied => 403,
            Self::NotFound => 404,
            Self::AlreadyExists => 409,
            Self::ResourceExhausted => 429,
            Self::Internal => 500,
            Self::Unimplemented => 501,
            Self::Unavailable => 503,
        }
    }
}

/// A failed request.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// Its sort.
    pub kind: Kind,
    /// What is wrong and what to do, in words. It names no path of the host.
    pub message: String,
}

impl Error {
    /// A failure of this sort.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// A request that is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(Kind::InvalidArgument, message)
    }

    /// A request whose document is not what it should be.
    pub(crate) fn unreadable(error: &serde_json::Error) -> Self {
        Self::invalid(format!("the request cannot be read: {error}"))
    }

    /// A thing that is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }
}

impl From<weft::Error> for Error {
    /// What a request asks for wrongly is told with the places in the pipeline; what the host could not do, without its paths.
    fn from(error: weft::Error) -> Self {
        match &error {
            weft::Error::Pipeline(findings) => Self::invalid(problems(findings)),
            weft::Error::Metadata(source) => match source.as_ref() {
                M::NameTaken { .. } | M::RunExists { .. } => Self::new(Kind::AlreadyExists, source.to_string()),
                M::RunNotFound { .. } | M::ArtifactNotFound { .. } => Self::new(Kind::NotFound, source.to_string()),
                M::Deployment { message } if message.starts_with("nothing is deployed") => {
                    Self::not_found(message.as_str())
                }
                M::Deployment { .. } => Self::new(Kind::FailedPrecondition, source.to_string()),
                M::NoSuchField { .. } => Self::invalid(source.to_string()),
                M::Busy { .. } => Self::new(Kind::Unavailable, "the store is busy; try again"),
                _ => Self::internal(&error),
            },
            weft::Error::Artifacts(source) if matches!(**source, weft::artifacts::Error::NotFound { .. }) => {
                Self::not_found(source.to_string())
            }
            weft::Error::Request { message, hint } => {
                let hint = hint.as_ref().map(|hint| format!("; {hint}")).unwrap_or_default();
                Self::invalid(format!("{message}{hint}"))
            }
            weft::Error::Engine(source) if error.is_request() => {
                Self::new(Kind::FailedPrecondition, source.to_string())
            }
            _ => Self::internal(&error),
        }
    }
}

impl From<M> for Error {
    fn from(error: M) -> Self {
        weft::Error::from(error).into()
    }
}

impl Error {
    /// A failure of the server's own part: its cause, which may name paths, goes to the log.
    pub(crate) fn internal(error: &dyn std::error::Error) -> Self {
        tracing::error!(%error, causes = ?weft::causes(error), "a request failed");
        Self::new(Kind::Internal, "the server could not do its part; its log tells more")
    }
}

/// Findings as one text, a line each.
pub(crate) fn problems(findings: &[weft::Finding]) -> String {
    let errors = findings.iter().filter(|finding| finding.diagnostic.is_error()).take(MAX_PROBLEMS);
    let lines = errors.map(|finding| {
        let problem = &finding.diagnostic;
        let at = problem.at.map(|at| format!("line {}: ", at.line)).unwrap_or_default();
        let task = problem.task.as_ref().map(|task| format!("task `{task}`: ")).unwrap_or_default();
        let hint = problem.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
        format!("{at}{task}{}{hint}", problem.message)
    });
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() { "the pipeline cannot be executed".to_owned() } else { lines.join("\n") }
}
