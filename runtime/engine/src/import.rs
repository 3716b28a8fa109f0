//! Importers: artifacts made of files and directories of the host, of content that a URI leads to, and of what is elsewhere.

use std::borrow::Cow;
use std::error::Error as _;
use std::fmt::Write as _;
use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::Path;

use weft_artifacts::Error;
use weft_metadata::Resolved;
use weft_pipeline::command::{REMOTE_URI, uri};
use weft_pipeline::step::{Artifact, FailureKind, FetchedObject, StepFailure, StepObserver};

use crate::engine::Engine;
use crate::runner::{Fetch, Fetched};
use crate::worker::{Import, hinted_failure, host_failure};

/// Copies a file or directory into the store, reporting progress in bytes, or finds the content of a URI: there, or elsewhere.
pub fn execute(
    engine: &Engine<'_>,
    task: &str,
    import: &Import,
    observer: &dyn StepObserver,
) -> Result<(Artifact, Option<FetchedObject>), Box<StepFailure>> {
    let Some(path) = &import.path else { return find(engine, task, import, observer) };
    // The size of a directory is not known in advance.
    let total = std::fs::metadata(path).map_or(0, |meta| if meta.is_file() { meta.len() } else { 0 });
    let mut progress = |done| {
        observer.progress(task, done, total);
        if observer.interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let imported = engine.artifacts.import(path, &mut progress);
    let uri = imported.map_err(|error| failure(import, path, &error))?.to_string();
    Ok((Artifact { uri, ..import.artifact.clone() }, None))
}

/// What a URI leads to that a step of this store saw or gave, or what is there elsewhere.
fn find(
    engine: &Engine<'_>,
    task: &str,
    import: &Import,
    observer: &dyn StepObserver,
) -> Result<(Artifact, Option<FetchedObject>), Box<StepFailure>> {
    let Import { written, artifact, .. } = import;
    let host = |error: String| host_failure(format!("`{written}` cannot be looked up: {error}"), None);
    let found = engine.metadata.resolve_uri(written).map_err(|error| host(error.to_string()))?;
    // What was fetched once may be another elsewhere by now; what a step gave a name is that.
    let Some(Resolved { content, inside, .. }) = found.filter(|found| !found.fetched) else {
        if !uri::is_remote(written) {
            return Err(unknown(written).into());
        }
        return fetch(engine, task, import, observer);
    };
    let id = content.parse().map_err(|error: Error| host(error.to_string()))?;
    let gone = || {
        hinted_failure(
            format!("what `{written}` leads to is not in the store any more"),
            "its run was deleted: run again what made it",
        )
    };
    let is_there = engine.artifacts.contains(&id).map_err(|error| host(error.to_string()))?;
    if !is_there {
        return Err(gone().into());
    }
    let Some(found) = engine.artifacts.inside(&id, &inside).map_err(|error| host(error.to_string()))? else {
        return Err(hinted_failure(
            format!("there is no `{inside}` in what `{written}` leads to"),
            format!("`weft artifact show {content}` lists its files"),
        )
        .into());
    };
    let mut artifact = Artifact { uri: found.to_string(), ..artifact.clone() };
    if uri::is_remote(written) {
        artifact.properties.insert(REMOTE_URI.to_owned(), written.clone().into());
    }
    Ok((artifact, None))
}

/// Brings what is elsewhere into the store, or takes what was brought before if it is still the same there.
fn fetch(
    engine: &Engine<'_>,
    task: &str,
    Import { written, artifact, reuse, .. }: &Import,
    observer: &dyn StepObserver,
) -> Result<(Artifact, Option<FetchedObject>), Box<StepFailure>> {
    let host = |error: String| host_failure(format!("`{written}` cannot be looked up: {error}"), None);
    let mut before = None;
    if *reuse {
        before = engine.metadata.fetched(written).map_err(|error| host(error.to_string()))?;
        let id = before.as_ref().map(|before| before.content.parse()).transpose();
        let id = id.map_err(|error: Error| host(error.to_string()))?;
        let is_there = id.map(|id| engine.artifacts.contains(&id)).transpose();
        before = before.filter(|_| matches!(is_there, Ok(Some(true))));
    }
    let known = before.as_ref().and_then(|before| before.tag.as_deref());
    let Fetched { content, tag } = engine.runner.fetch(&Fetch { task, uri: written, known }, observer)?;
    let Some(content) = content.or_else(|| before.map(|before| before.content)) else {
        return Err(host_failure(format!("`{written}` was not fetched"), None).into());
    };
    let mut artifact = Artifact { uri: content.clone(), ..artifact.clone() };
    // Where the SDK has no path for the name, commands see the content's own.
    if uri::mounted(written).is_some() {
        artifact.properties.insert(REMOTE_URI.to_owned(), written.clone().into());
    }
    Ok((artifact, Some(FetchedObject { uri: written.clone(), content, tag })))
}

fn unknown(written: &str) -> StepFailure {
    hinted_failure(
        format!("`{written}` is the URI of an output, but nothing is known to be there"),
        "it is known once its step has ended, and as long as its run is not deleted; let the importer come after the step",
    )
}

/// Whether an importer's text is a URI that the metadata store resolves or that leads elsewhere, rather than a path of the host.
pub fn is_uri(written: &str) -> bool {
    uri::target(written).is_some() || uri::is_remote(written) || uri::is_content_id(written)
}

/// The path that an importer's text stands for: itself, or what follows `file://`.
pub fn local_path(written: &str) -> Cow<'_, str> {
    match written.split_once("://") {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("file") => {
            let path = rest.strip_prefix("localhost").filter(|path| path.starts_with('/')).unwrap_or(rest);
            decoded(path)
        }
        _ => Cow::Borrowed(written),
    }
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
fn failure(import: &Import, path: &Path, error: &Error) -> StepFailure {
    if let Error::Interrupted { .. } = error {
        let message = format!("importing `{}` was interrupted", import.written);
        return StepFailure { kind: FailureKind::Interrupted, ..host_failure(message, None) };
    }
    let resolved = path.display();
    let place = format!("`{}` (that is {resolved})", import.written);
    if let Error::Io { source, path: at, .. } = error
        && source.kind() == ErrorKind::NotFound
        && at == path
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
    fn uris_are_paths_or_not() {
        for (uri, path) in [
            ("data/x.csv", "data/x.csv"),
            ("/data/x.csv", "/data/x.csv"),
            ("file:///data/x.csv", "/data/x.csv"),
            ("FILE://localhost/data/x.csv", "/data/x.csv"),
            ("file:///my%20data/100%/%c3%A4", "/my data/100%/ä"),
            ("a b://c", "a b://c"),
            ("://c", "://c"),
        ] {
            assert!(!is_uri(uri), "{uri}");
            assert_eq!(local_path(uri), path, "{uri}");
        }
        for uri in ["gs://b/x", "s3://b/x", "http://h/x", "https://h/x", "minio://b/x", "oci://r/x:1", "hdfs://x"] {
            assert!(is_uri(uri), "{uri}");
        }
        let digits = "0a".repeat(32);
        for uri in ["/in/blake3-", "/in/blake3-tree-", "blake3:", "blake3-tree:", "file:///in/blake3-"] {
            assert!(is_uri(&format!("{uri}{digits}")), "{uri}");
        }
        assert!(is_uri(&format!("/out/{digits}/model")) && !is_uri("/out/model") && !is_uri("blake3:0a"));
    }
}
