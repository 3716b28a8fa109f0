//! Collecting the outputs of a command.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;

use serde_json::{Map, Value};
use weft_artifacts::{Budget, ContentId};
use weft_pipeline::command::REMOTE_URI;
use weft_pipeline::step::{Artifact, Command, PortValue, PortValues};
use weft_pipeline::types::{ArtifactType, ParameterType, PortType};

use crate::error::{Error, ErrorContext, Result, size};
use crate::executor_output::{ExecutorOutput, RuntimeArtifact};
use crate::guest_path::{GuestPath, is_absent, shorten};
use crate::parameter::{from_executor_output, from_file};
use crate::python_json::Unkept;
use crate::work_dir::WorkDir;

/// The maximum size of KFP's `ExecutorOutput`, in bytes.
const MAX_EXECUTOR_OUTPUT: u64 = 64 << 20;
/// The maximum size of an output parameter, in bytes: parameters are stored in the metadata.
const MAX_PARAMETER: u64 = 4 << 20;
/// The maximum size of an artifact's metadata, names and values together, in bytes; and its maximum number of entries.
const MAX_METADATA: (usize, usize) = (16 << 20, 10_000);
/// The maximum length of an artifact's name, in bytes.
const MAX_NAME: usize = 1024;
/// The maximum number of artifacts of an output.
const MAX_ARTIFACTS: usize = 10_000;

/// An artifact whose content is not stored yet.
struct Found<'a> {
    port: &'a str,
    artifact: Artifact,
    content: Content<'a>,
}

enum Content<'a> {
    /// The URI of stored content: an input that is passed on.
    Stored(String),
    /// The path of content to store.
    At(GuestPath<'a>),
}

impl WorkDir {
    /// Collects the outputs of a command that has ended, and stores its artifacts. `budget` limits their size.
    ///
    /// # Errors
    /// An output is missing or not of its declared type, a limit is exceeded, or the host or the store failed.
    pub fn collect(&self, command: &Command, inputs: &PortValues, budget: &Budget) -> Result<PortValues> {
        let reported = self.executor_output()?;
        let mut outputs = PortValues::new();
        let mut missing = Vec::new();
        let mut found = Vec::new();
        for (name, port) in &command.outputs {
            match &port.ty {
                PortType::Parameter(ty) => match self.parameter(name, ty, &reported)? {
                    Some(value) => _ = outputs.insert(name.clone(), PortValue::Parameter(value)),
                    None if port.optional => {}
                    None => missing.push(name.as_str()),
                },
                PortType::Artifact { kind, list } => {
                    outputs.insert(name.clone(), PortValue::Artifacts(Vec::new()));
                    found.extend(self.artifacts(name, kind, *list, &reported, inputs)?);
                }
            }
        }
        if let Some(first) = missing.first() {
            return Err(self.missing(first, &missing));
        }
        for (port, artifact) in self.store_all(found, budget)? {
            if let Some(PortValue::Artifacts(artifacts)) = outputs.get_mut(port) {
                artifacts.push(artifact);
            }
        }
        Ok(outputs)
    }

    fn executor_output(&self) -> Result<ExecutorOutput> {
        let location = self.guest_path("executor output", &self.layout.executor_output())?;
        match read(&location, "executor output", MAX_EXECUTOR_OUTPUT)? {
            Some(bytes) => ExecutorOutput::parse(&bytes),
            None => Ok(ExecutorOutput::default()),
        }
    }

    fn missing(&self, first: &str, all: &[&str]) -> Error {
        let names: Vec<String> = all.iter().map(|name| format!("`{name}`")).collect();
        let what = match names.as_slice() {
            [one] => format!("it ended without a value for its output {one}"),
            several => format!("it ended without values for its outputs {}", several.join(", ")),
        };
        let path = self.layout.parameter(first);
        Error::output(what)
            .hint(format!("each output parameter is returned, or written to its file: {path} for `{first}`"))
    }

    fn parameter(&self, name: &str, ty: &ParameterType, reported: &ExecutorOutput) -> Result<Option<Value>> {
        let refuse = |why: String| Error::output(format!("its output `{name}` is not of its type: {why}"));
        if let Some(value) = reported.parameters.get(name).filter(|value| !value.is_null()) {
            if weight(value) as u64 > MAX_PARAMETER {
                return Err(too_large(name, MAX_PARAMETER));
            }
            let value = reported.marks.settle(ty, value).map_err(|Unkept { why, hint }| {
                Error::output(format!("its output `{name}` cannot be kept: {why}")).hint(hint)
            })?;
            return from_executor_output(ty, &value).map(Some).map_err(refuse);
        }
        let location = self.guest_path(name, &self.layout.parameter(name))?;
        let Some(bytes) = read(&location, name, MAX_PARAMETER)? else { return Ok(None) };
        let text = String::from_utf8(bytes).map_err(|_| refuse("the text in its file is not UTF-8".to_owned()))?;
        from_file(ty, &text).map(Some).map_err(refuse)
    }

    /// The artifacts of an output: the first one that the command reported, or all of them if the output is a list.
    fn artifacts<'a>(
        &'a self,
        port: &'a str,
        kind: &ArtifactType,
        list: bool,
        reported: &ExecutorOutput,
        inputs: &PortValues,
    ) -> Result<Vec<Found<'a>>> {
        let mut reported = reported.runtime_artifacts(port);
        let default = self.guest_path(port, &self.layout.output(port))?;
        if !list {
            reported.truncate(1);
            reported.resize_with(1, RuntimeArtifact::default);
        } else if reported.is_empty() && default.dir.symlink_metadata(&default.path).is_ok() {
            reported.push(RuntimeArtifact::default());
        }
        if reported.len() > MAX_ARTIFACTS {
            return Err(Error::output(format!("its output `{port}` holds more than {MAX_ARTIFACTS} artifacts")));
        }
        reported.iter().map(|reported| self.artifact(port, kind, reported, inputs)).collect()
    }

    fn artifact<'a>(
        &'a self,
        port: &'a str,
        kind: &ArtifactType,
        reported: &RuntimeArtifact<'_>,
        inputs: &PortValues,
    ) -> Result<Found<'a>> {
        let mut properties =
            reported.metadata.map(|reported| metadata(port, reported)).transpose()?.unwrap_or_default();
        let content = match self.reported_path(port, reported)? {
            (Some(path), _) => match self.input_at(&path, inputs) {
                Some(uri) => Content::Stored(uri.to_owned()),
                None => Content::At(self.guest_path(port, &path)?),
            },
            (None, remote) => {
                if let Some(uri) = remote {
                    properties.insert(REMOTE_URI.to_owned(), Value::from(uri));
                }
                Content::At(self.guest_path(port, &self.layout.output(port))?)
            }
        };
        let name = reported.name.filter(|name| *name != port);
        if name.is_some_and(|name| name.len() > MAX_NAME) {
            return Err(Error::output(format!("its output `{port}` has a name of more than {MAX_NAME} bytes")));
        }
        let artifact =
            Artifact { id: None, kind: kind.clone(), uri: String::new(), name: name.map(str::to_owned), properties };
        Ok(Found { port, artifact, content })
    }

    /// The path of a reported artifact, or the URI of another system. The URI of a bucket counts as a path if the command
    /// wrote to the directory at which KFP mounts that bucket (`/gcs/...`).
    fn reported_path<'a>(
        &self,
        port: &str,
        reported: &RuntimeArtifact<'a>,
    ) -> Result<(Option<String>, Option<&'a str>)> {
        if let Some(path) = reported.custom_path {
            return Ok((Some(path.to_owned()), None));
        }
        let Some(uri) = reported.uri else { return Ok((None, None)) };
        if let Some(path) = uri.strip_prefix("file://").or(Some(uri)).filter(|path| path.starts_with('/')) {
            return Ok((Some(path.to_owned()), None));
        }
        for (scheme, shown) in [("gs://", "/gcs/"), ("s3://", "/s3/"), ("minio://", "/minio/")] {
            let Some(path) = uri.strip_prefix(scheme).filter(|path| !path.is_empty()) else { continue };
            let path = format!("{}{shown}{path}", self.layout.root);
            let location = self.guest_path(port, &path)?;
            if location.dir.symlink_metadata(&location.path).is_ok() {
                return Ok((Some(path), None));
            }
        }
        Ok((None, Some(uri)))
    }

    /// The content of the input artifact at this path: a command may return one of its inputs.
    fn input_at<'a>(&self, path: &str, inputs: &'a PortValues) -> Option<&'a str> {
        inputs.iter().find_map(|(port, value)| {
            let PortValue::Artifacts(artifacts) = value else { return None };
            let mut found = artifacts.iter().enumerate().filter(|(index, _)| self.layout.input(port, *index) == path);
            found.next().map(|(_, artifact)| artifact.uri.as_str())
        })
    }

    /// Stores the contents, each path once. An output inside of another one's directory is copied before that is moved.
    fn store_all<'a>(&self, found: Vec<Found<'a>>, budget: &Budget) -> Result<Vec<(&'a str, Artifact)>> {
        let mut paths: Vec<(&str, &GuestPath<'_>)> = found
            .iter()
            .filter_map(|found| match &found.content {
                Content::At(location) => Some((found.port, location)),
                Content::Stored(_) => None,
            })
            .collect();
        paths.sort_by_key(|(_, location)| std::cmp::Reverse(location.shown.len()));
        let mut stored: HashMap<String, Option<ContentId>> = HashMap::new();
        for (at, (port, location)) in paths.iter().enumerate() {
            if stored.contains_key(&location.shown) {
                continue;
            }
            let is_inside = paths[at + 1..].iter().any(|(_, outer)| is_below(&location.shown, &outer.shown));
            stored.insert(location.shown.clone(), self.store_output(port, location, is_inside, budget)?);
        }
        let mut all = Vec::with_capacity(found.len());
        for Found { port, mut artifact, content } in found {
            artifact.uri = match content {
                Content::Stored(uri) => uri,
                Content::At(location) => match stored.get(&location.shown).copied().flatten() {
                    Some(id) => id.to_string(),
                    // As in KFP, an artifact exists even if nothing was written to its path.
                    None => self.empty(port)?.to_string(),
                },
            };
            all.push((port, artifact));
        }
        Ok(all)
    }

    fn empty(&self, port: &str) -> Result<ContentId> {
        tracing::debug!(output = port, "nothing was written for it: it is an empty file");
        let writer = self.store.create(None).and_then(weft_artifacts::BlobWriter::finish);
        writer.context(|| format!("its output `{port}` could not be stored"))
    }
}

/// Whether one path lies below another.
fn is_below(path: &str, dir: &str) -> bool {
    path.strip_prefix(dir).is_some_and(|rest| rest.starts_with('/'))
}

/// The bytes of a file of at most `most` bytes. `None` if it does not exist.
fn read(location: &GuestPath<'_>, name: &str, most: u64) -> Result<Option<Vec<u8>>> {
    let refuse = |why: String| Error::output(format!("the file for its {name} {why}"));
    let meta = match location.dir.metadata(&location.path) {
        Ok(meta) => meta,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(refuse(format!("cannot be read: {error}"))),
    };
    // Checked before opening, since opening a pipe blocks until its other end is opened.
    if !meta.is_file() {
        return Err(refuse("is not a plain file".to_owned()));
    }
    if meta.len() > most {
        return Err(too_large(name, most));
    }
    let mut bytes = Vec::new();
    let file = location.dir.open(&location.path).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    file.take(most + 1).read_to_end(&mut bytes).map_err(|error| refuse(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > most {
        return Err(too_large(name, most));
    }
    Ok(Some(bytes))
}

fn too_large(name: &str, most: u64) -> Error {
    Error::Limit { what: format!("its output `{name}` takes more than {}", size(most)), hint: None }
        .hint("give large results as artifacts: parameters are kept in the metadata")
}

/// An artifact's metadata, checked, without `null` entries.
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

/// The approximate memory of a value, in bytes. The recursion is bounded by the parser's limit of nesting.
fn weight(value: &Value) -> usize {
    16 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + weight(value)).sum(),
        _ => 0,
    }
}
