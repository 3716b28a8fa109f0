//! Importers: files and directories of the host become artifacts.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::ops::ControlFlow;

use weft_artifacts::{Error, Store};
use weft_pipeline::step::{Artifact, FailureKind, StepFailure, StepObserver};

use crate::work::{Import, host_failure};

/// Copies the file or directory into the store.
pub fn perform(
    store: &Store,
    task: &str,
    import: &Import,
    observer: &dyn StepObserver,
) -> Result<Artifact, Box<StepFailure>> {
    // How much there is in a directory is known only when it was walked.
    let total = std::fs::metadata(&import.path).map_or(0, |meta| if meta.is_file() { meta.len() } else { 0 });
    let mut progress = |done| {
        observer.progress(task, done, total);
        if observer.interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let imported = store.import(&import.path, &mut progress);
    let uri = imported.map_err(|error| failure(import, &error))?.to_string();
    Ok(Artifact { uri, ..import.artifact.clone() })
}

/// Names the path as it is written and as it was resolved: often the difference is the mistake.
fn failure(import: &Import, error: &Error) -> StepFailure {
    if let Error::BrokenOff { .. } = error {
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
