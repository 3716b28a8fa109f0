//! The types of `weft:component/types`.

use wasmtime::component::{ComponentType, Lift, Lower};
use weft_artifacts::Error as StoreError;

/// The variant `error`.
#[derive(Debug, Clone, PartialEq, ComponentType, Lift, Lower)]
#[component(variant)]
pub(crate) enum Error {
    #[component(name = "out-of-range")]
    OutOfRange((u64, u64)),
    #[component(name = "too-large")]
    TooLarge(u64),
    #[component(name = "read-only")]
    ReadOnly,
    #[component(name = "not-found")]
    NotFound(String),
    #[component(name = "conflict")]
    Conflict(String),
    #[component(name = "invalid")]
    Invalid(String),
    #[component(name = "output-limit")]
    OutputLimit(u64),
    #[component(name = "io")]
    Io(String),
}

pub(crate) type Result<T> = std::result::Result<T, Error>;

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::OutputLimit { limit } | StoreError::FileLimit { limit } => Self::OutputLimit(limit),
            StoreError::InvalidPath { .. } | StoreError::TooManyEntries { .. } => Self::Invalid(error.to_string()),
            StoreError::Conflict { .. } => Self::Conflict(error.to_string()),
            StoreError::NoSuchEntry { path, .. } => Self::NotFound(path),
            error => Self::Io(with_causes(&error)),
        }
    }
}

/// The text of an error and of its causes, on one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::OutOfRange((offset, length)) => {
                write!(f, "a read at offset {offset} is beyond the end, at {length} bytes")
            }
            Self::TooLarge(limit) => write!(f, "more than {limit} bytes in one call"),
            Self::ReadOnly => write!(f, "inputs are read-only"),
            Self::NotFound(what) => write!(f, "there is no entry `{what}`"),
            Self::Conflict(what) | Self::Invalid(what) | Self::Io(what) => f.write_str(what),
            Self::OutputLimit(limit) => write!(f, "the step may write no more than {limit}"),
        }
    }
}

/// The record `entry`.
#[derive(Debug, Clone, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct Entry {
    pub(crate) name: String,
    pub(crate) length: u64,
}

/// The record `roc-point`.
#[derive(Debug, Clone, Copy, ComponentType, Lift, Lower)]
#[component(record)]
pub(crate) struct RocPoint {
    pub(crate) threshold: f64,
    #[component(name = "true-positive-rate")]
    pub(crate) true_positive_rate: f64,
    #[component(name = "false-positive-rate")]
    pub(crate) false_positive_rate: f64,
}
