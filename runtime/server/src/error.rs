//! What a request can fail with: a code of `google.rpc`, from which the HTTP status follows, and words for people.

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

    /// A thing that is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(Kind::NotFound, message)
    }
}
