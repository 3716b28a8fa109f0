//! Collecting the outputs of a command.

use std::collections::{BTreeMap, HashMap};
use std::io::Read as _;

use serde_json::Value;
use weft_artifacts::{Budget, ContentId};
use weft_pipeline::command::{REMOTE_URI, uri};
use weft_pipeline::step::{Artifact, Command, PortValue, PortValues};
use weft_pipeline::types::{ArtifactType, ParameterType, PortType};

use crate::error::{Error, ErrorContext, Result, size};
use crate::executor_output::{ExecutorOutput, RuntimeArtifact};
use crate::guest_path::{GuestPath, is_absent};
use crate::located::{Content, Found};
use crate::parameter::{from_executor_output, from_file};
use crate::python_json::Unkept;
use crate::stray;
use crate::work_dir::WorkDir;

/// Where KFP's own back end has the `ExecutorOutput`, which some images know without being told.
const KFPS_EXECUTOR_OUTPUT: &str = "/tmp/kfp_outputs/output_metadata.json";
/// The maximum size of KFP's `ExecutorOutput`, in bytes.
const MAX_EXECUTOR_OUTPUT: u64 = 64 << 20;
/// The maximum size of an output parameter, in bytes: parameters are stored in the metadata.
const MAX_PARAMETER: u64 = 4 << 20;
/// The maximum number of artifacts of an output.
const MAX_ARTIFACTS: usize = 10_000;

/// What a command left.
#[derive(Debug, Default)]
pub struct Collected {
    /// Values of its outputs.
    pub outputs: PortValues,
    /// Digests of what is at the URIs of its outputs, which it saw before there was content, by URI.
    pub uris: BTreeMap<String, String>,
    /// What is likely not meant, one line each.
    pub warnings: Vec<String>,
}

impl WorkDir {
    /// Collects the outputs of a command that has ended, and stores its artifacts. `budget` limits their size.
    ///
    /// # Errors
    /// An output is missing or not of its declared type, a limit is exceeded, or the host or the store failed.
    pub fn collect(&self, command: &Command, inputs: &PortValues, budget: &Budget) -> Result<Collected> {
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
                    found.extend(self.artifacts(name, kind, *list, &reported, command, inputs)?);
                }
            }
        }
        if let Some(first) = missing.first() {
            return Err(self.missing(first, &missing));
        }
        let mut warnings = stray::undeclared(command, &reported);
        warnings.extend(self.beside(command, &found));
        // Only what is its own: the URIs of other steps' outputs are theirs.
        let own = format!("{}/", self.inside(self.layout.outputs()));
        let mut uris = BTreeMap::new();
        for (port, artifact, location) in self.store_all(found, budget, &mut warnings)? {
            if let Some(location) = location.filter(|location| location.starts_with(&own)) {
                uris.insert(location, artifact.uri.clone());
            }
            if let Some(PortValue::Artifacts(artifacts)) = outputs.get_mut(port) {
                artifacts.push(artifact);
            }
        }
        for (port, value) in &outputs {
            // Wherever the command said that the artifact is: this is what it was shown.
            if let PortValue::Artifacts(artifacts) = value
                && let [one] = artifacts.as_slice()
            {
                uris.entry(self.inside(self.layout.output(port))).or_insert_with(|| one.uri.clone());
            }
        }
        self.settle(&mut outputs, &uris);
        Ok(Collected { outputs, uris, warnings })
    }

    /// Replaces the URIs of the command's own outputs in what it gave as text: these have content now.
    fn settle(&self, outputs: &mut PortValues, uris: &BTreeMap<String, String>) {
        let mut known = |uri: &str| uris.get(uri).cloned();
        let mut settled = |text: &str| {
            let settled = uri::settled(&self.inside(text.to_owned()), &mut known).into_owned();
            (settled != text).then_some(settled)
        };
        for value in outputs.values_mut() {
            match value {
                PortValue::Parameter(value) if self.is_host || uri::is_in(value) => uri::map_texts(value, &mut settled),
                PortValue::Parameter(_) => {}
                PortValue::Artifacts(artifacts) => {
                    let properties = artifacts.iter_mut().flat_map(|artifact| &mut artifact.properties);
                    for (_, value) in properties.filter(|(name, value)| *name != REMOTE_URI && uri::is_in(value)) {
                        uri::map_texts(value, &mut settled);
                    }
                }
            }
        }
    }

    /// A text with the paths of inputs and outputs as they are in the sandbox.
    fn inside(&self, text: String) -> String {
        let root = &self.layout.root;
        if root.is_empty() || !text.contains(root) {
            return text;
        }
        ["/in/", "/out/"].iter().fold(text, |text, at| text.replace(&format!("{root}{at}"), at))
    }

    fn executor_output(&self) -> Result<ExecutorOutput> {
        for path in [self.layout.executor_output(), format!("{}{KFPS_EXECUTOR_OUTPUT}", self.layout.root)] {
            let location = self.guest_path("executor output", &path)?;
            if let Some(bytes) = read(&location, "executor output", MAX_EXECUTOR_OUTPUT)? {
                return ExecutorOutput::parse(&bytes);
            }
        }
        Ok(ExecutorOutput::default())
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
        command: &Command,
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
        reported.iter().map(|reported| self.artifact(port, kind, reported, command, inputs)).collect()
    }

    /// Stores the contents, each place once, and answers with each artifact and the place it was at. What lies in another's directory
    /// is copied before that is moved.
    fn store_all<'a>(
        &self,
        found: Vec<Found<'a>>,
        budget: &Budget,
        warnings: &mut Vec<String>,
    ) -> Result<Vec<(&'a str, Artifact, Option<String>)>> {
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
            let (content, location) = match content {
                Content::Stored(content) => (content, None),
                Content::At(location) => {
                    if let Some(id) = stored.get(&location.shown).copied().flatten() {
                        (id.to_string(), Some(location.shown))
                    } else {
                        if location.shown != self.inside(self.layout.output(port)) {
                            warnings.push(stray::nothing_there(port, &location.shown));
                        }
                        // As in KFP, an artifact exists even if nothing was written to its path.
                        (self.empty(port)?.to_string(), Some(location.shown))
                    }
                }
            };
            artifact.uri = content;
            all.push((port, artifact, location));
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

/// About the memory that a value takes; its nesting is bounded by the parser's.
pub(crate) fn weight(value: &Value) -> usize {
    16 + match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(weight).sum(),
        Value::Object(fields) => fields.iter().map(|(name, value)| name.len() + weight(value)).sum(),
        _ => 0,
    }
}
