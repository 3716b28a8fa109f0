//! Importers: artifacts made of files and directories of the host.

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::ops::ControlFlow;

use weft_artifacts::{Error, Store};
use weft_pipeline::step::{Artifact, FailureKind, StepFailure, StepObserver};

use crate::worker::{Import, hinted_failure, host_failure};

/// Copies a file or directory into the store, reporting progress in bytes.
pub fn execute(
    store: &Store,
    task: &str,
    import: &Import,
    observer: &dyn StepObserver,
) -> Result<Artifact, Box<StepFailure>> {
    // The size of a directory is not known in advance.
    let total = std::fs::metadata(&import.path).map_or(0, |meta| if meta.is_file() { meta.len() } else { 0 });
    let mut progress = |done| {
        observer.progress(task, done, total);
        if observer.interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let imported = store.import(&import.path, &mut progress);
    let uri = imported.map_err(|error| failure(import, &error))?.to_string();
    Ok(Artifact { uri, ..import.artifact.clone() })
}

/// The local path of an importer's URI: a plain path, or a `file://` URI with its percent-encoding decoded.
///
/// # Errors
/// A URI of another scheme: nothing is fetched over the network.
pub fn local_path(uri: &str) -> Result<Cow<'_, str>, Box<StepFailure>> {
    let Some((scheme, rest)) = uri.split_once("://") else { return Ok(Cow::Borrowed(uri)) };
    let is_scheme = scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c));
    if !is_scheme {
        return Ok(Cow::Borrowed(uri));
    }
    if scheme.eq_ignore_ascii_case("file") {
        let path = rest.strip_prefix("localhost").filter(|path| path.starts_with('/')).unwrap_or(rest);
        return Ok(decoded(path));
    }
    Err(hinted_failure(
        format!("`{uri}` is not a file of this host, and nothing is fetched over the network"),
        "download it ahead of the run, and give the path of the file or directory instead",
    )
    .into())
}

/// Decodes percent-encoding. What is not valid encoding stays as it is.
fn decoded(path: &str) -> Cow<'_, str> {
    if !path.contains('%') {
        return Cow::Borrowed(path);
    }
    let mut bytes = Vec::with_capacity(path.len());
    let mut rest = path.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        match (first, after) {
            (b'%', [high, low, after @ ..]) if let (Some(high), Some(low)) = (hex(*high), hex(*low)) => {
                bytes.push(high * 16 + low);
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&bytes).into_owned())
}

/// Names the path both as written and as resolved, since a wrong base directory shows in the difference.
fn failure(import: &Import, error: &Error) -> StepFailure {
    if let Error::Interrupted { .. } = error {
        let message = format!("importing `{}` was interrupted", import.written);
        return StepFailure { kind: FailureKind::Interrupted, ..host_failure(message, None) };
    }
    let resolved = import.path.display();
    let place = format!("`{}` (that is {resolved})", import.written);
    if let Error::Io { source, path, .. } = error
        && source.kind() == ErrorKind::NotFound
        && *path == import.path
    {
        return host_failure(
            format!("there is no file or directory {place}"),
            Some("check the path; relative ones start at the pipeline file's folder".to_owned()),
        );
    }
    let mut message = format!("{place} cannot be imported: {error}");
    let mut cause = error.source();
    while let Some(error) = cause {
        // Writing to a string does not fail.
        _ = write!(message, ": {error}");
        cause = error.source();
    }
    host_failure(message, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_are_paths_or_refused() {
        for (uri, path) in [
            ("data/x.csv", "data/x.csv"),
            ("/data/x.csv", "/data/x.csv"),
            ("file:///data/x.csv", "/data/x.csv"),
            ("FILE://localhost/data/x.csv", "/data/x.csv"),
            ("file:///my%20data/100%/%c3%A4", "/my data/100%/ä"),
            ("a b://c", "a b://c"),
            ("://c", "://c"),
        ] {
            assert_eq!(local_path(uri).unwrap(), path, "{uri}");
        }
        for uri in ["gs://b/x", "s3://b/x", "http://h/x", "https://h/x", "minio://b/x", "oci://r/x:1", "hdfs://x"] {
            let failure = local_path(uri).unwrap_err();
            assert!(failure.message.starts_with(&format!("`{uri}` is not a file of this host")), "{}", failure.message);
            assert!(failure.hint.unwrap().contains("download"));
        }
    }
}
