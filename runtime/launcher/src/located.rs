//! Where the content of an output artifact is, by what its command told of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use weft_pipeline::command::{REMOTE_URI, uri};
use weft_pipeline::step::{Artifact, Command, PortValue, PortValues};
use weft_pipeline::types::ArtifactType;

use crate::collect::weight;
use crate::error::{Error, Result, size};
use crate::executor_output::RuntimeArtifact;
use crate::guest_path::{GuestPath, shorten};
use crate::work_dir::WorkDir;

/// The maximum size of an artifact's metadata, names and values together, in bytes; and its maximum number of entries.
const MAX_METADATA: (usize, usize) = (16 << 20, 10_000);
/// The maximum length of an artifact's name or URI, in bytes.
const MAX_NAME: usize = 1024;

/// An artifact whose content is not stored yet.
pub(crate) struct Found<'a> {
    pub(crate) port: &'a str,
    pub(crate) artifact: Artifact,
    pub(crate) content: Content<'a>,
}

/// Where an artifact's content is.
pub(crate) enum Content<'a> {
    /// The URI of stored content: an input that is passed on.
    Stored(String),
    /// The path of content to store.
    At(GuestPath<'a>),
}

impl WorkDir {
    /// An artifact of an output, as it was told of.
    pub(crate) fn artifact<'a>(
        &'a self,
        port: &'a str,
        kind: &ArtifactType,
        reported: &RuntimeArtifact<'_>,
        command: &Command,
        inputs: &PortValues,
    ) -> Result<Found<'a>> {
        let mut properties =
            reported.metadata.map(|reported| metadata(port, reported)).transpose()?.unwrap_or_default();
        let path = match reported.custom_path {
            Some(path) => Some(path.to_owned()),
            None => self.reported_path(port, reported)?,
        };
        let remote = reported.uri.filter(|uri| uri::is_remote(uri) || (path.is_none() && !is_path(uri)));
        for (what, text) in [("name", reported.name), ("URI", remote)] {
            if text.is_some_and(|text| text.len() > MAX_NAME) {
                return Err(Error::output(format!("its output `{port}` has a {what} of more than {MAX_NAME} bytes")));
            }
        }
        if let Some(uri) = remote {
            properties.insert(REMOTE_URI.to_owned(), Value::from(uri));
        }
        let passed_on = match (&path, remote) {
            (Some(path), _) => self.shown_at(path, command, inputs),
            (None, Some(uri)) if !self.is_there(port, &self.layout.output(port))? => input_called(uri, inputs),
            _ => None,
        };
        let content = match passed_on {
            Some(id) => Content::Stored(id.to_owned()),
            None => Content::At(self.guest_path(port, &path.unwrap_or_else(|| self.layout.output(port)))?),
        };
        let name = reported.name.filter(|name| *name != port).map(str::to_owned);
        let artifact = Artifact { id: None, kind: kind.clone(), uri: String::new(), name, properties };
        Ok(Found { port, artifact, content })
    }

    /// The path that a URI stands for: itself, or where the SDK has what is in another system. For the latter, and for what does not
    /// begin at the root, only if something is there: it may be no more than a name.
    fn reported_path(&self, port: &str, reported: &RuntimeArtifact<'_>) -> Result<Option<String>> {
        let Some(uri) = reported.uri else { return Ok(None) };
        if is_path(uri) {
            return Ok(Some(uri.strip_prefix("file://").unwrap_or(uri).to_owned()));
        }
        let path = match uri::mounted(uri) {
            Some(path) => format!("{}{path}", self.layout.root),
            None if uri::is_remote(uri) => return Ok(None),
            None => uri.to_owned(),
        };
        Ok(if self.is_there(port, &path)? { Some(path) } else { None })
    }

    fn is_there(&self, port: &str, path: &str) -> Result<bool> {
        let location = self.guest_path(port, path)?;
        Ok(location.dir.symlink_metadata(&location.path).is_ok())
    }

    /// The content that the command was shown at this path: it may pass on what it got.
    fn shown_at<'a>(&self, path: &str, command: &'a Command, inputs: &'a PortValues) -> Option<&'a str> {
        let input = artifacts(inputs).find(|artifact| self.layout.input(artifact) == path && !is_copy(artifact));
        let linked = || command.linked.get(path.strip_prefix(&self.layout.root)?);
        input.map(|artifact| artifact.uri.as_str()).or_else(|| linked().map(String::as_str))
    }
}

/// Whether the command had a copy of an artifact, which it may have changed.
fn is_copy(artifact: &Artifact) -> bool {
    matches!(artifact.properties.get(REMOTE_URI), Some(Value::String(uri)) if uri::mounted(uri).is_some())
}

/// The content of the input that has this URI in another system.
fn input_called<'a>(uri: &str, inputs: &'a PortValues) -> Option<&'a str> {
    let is_called = |artifact: &&Artifact| artifact.properties.get(REMOTE_URI).and_then(Value::as_str) == Some(uri);
    artifacts(inputs).find(is_called).map(|artifact| artifact.uri.as_str())
}

fn artifacts(inputs: &PortValues) -> impl Iterator<Item = &Artifact> {
    inputs.values().flat_map(PortValue::artifacts)
}

/// Whether a URI is a path that begins at the root.
fn is_path(uri: &str) -> bool {
    uri.strip_prefix("file://").unwrap_or(uri).starts_with('/')
}

/// An artifact's metadata, without what is `null`.
fn metadata(port: &str, reported: &Map<String, Value>) -> Result<BTreeMap<String, Value>> {
    let refuse = |why: String| Error::output(format!("the metadata of its output `{port}`: {why}"));
    let (most, count) = MAX_METADATA;
    if reported.len() > count {
        return Err(refuse(format!("there are more than {count} entries")));
    }
    if let Some(name) = reported.keys().find(|name| name.is_empty() || name.len() > 255) {
        return Err(refuse(format!("a name has 1 to 255 bytes, unlike {:?}", shorten(name))));
    }
    if reported.iter().map(|(name, value)| name.len() + weight(value)).sum::<usize>() > most {
        return Err(refuse(format!("it takes more than {}", size(most as u64))));
    }
    let kept = reported.iter().filter(|(name, value)| !value.is_null() && *name != REMOTE_URI);
    Ok(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}
