//! What all forms are made of: an artifact, and all that it comes from.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io;
use std::path::Path;

use serde_json::Value;
use sha2::{Digest as _, Sha256};
use weft_artifacts::{BlobReader, ContentId, Digest};
use weft_metadata::{
    Direction, EventKind, ExecutionKind, LineageQuery, LineageStart, RunState, StepRecord, Store as Metadata,
};
use weft_pipeline::step::{Grants, PortValue};

use crate::error::Result;

/// Bytes that are hashed at once: they stay in the processor's own caches from being read to being hashed.
const CHUNK: usize = 64 << 10;

/// A file of an artifact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileDigest {
    /// Its path in the directory; empty if the artifact is this one file.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256.
    pub sha256: [u8; 32],
}

impl FileDigest {
    /// The files at a path: one, or all of a directory by their paths in it. Links are not followed.
    ///
    /// # Errors
    /// They cannot be read, or there is something that is neither file nor directory.
    pub fn of(path: &Path) -> io::Result<Vec<Self>> {
        let mut files = Vec::new();
        collect(path, "", &mut files)?;
        files.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(files)
    }

    /// The SHA-256 that stands for all files together, as hex; see [`Content::sha256`].
    pub fn all(files: &[Self]) -> String {
        hex(&match files {
            [one] if one.path.is_empty() => one.sha256,
            all => combined(all),
        })
    }
}

fn collect(path: &Path, inside: &str, files: &mut Vec<FileDigest>) -> io::Result<()> {
    let kind = std::fs::symlink_metadata(path)?;
    if kind.is_dir() {
        for entry in std::fs::read_dir(path)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().ok_or_else(|| io::Error::other("a name is not UTF-8"))?;
            let inside = if inside.is_empty() { name.to_owned() } else { format!("{inside}/{name}") };
            collect(&entry.path(), &inside, files)?;
        }
        return Ok(());
    }
    if !kind.is_file() {
        return Err(io::Error::other(format!("`{inside}` is neither a file nor a directory")));
    }
    let mut hasher = Sha256::new();
    let size = io::copy(&mut std::fs::File::open(path)?, &mut hasher)?;
    files.push(FileDigest { path: inside.to_owned(), size, sha256: hasher.finalize().into() });
    Ok(())
}

/// An artifact with its content.
#[derive(Debug, Clone, PartialEq)]
pub struct Content {
    /// Its id in the metadata.
    pub id: i64,
    /// Its digest in the store.
    pub uri: String,
    /// Its name, or that of the output that gave it.
    pub name: String,
    /// Its type, as `system.Model`.
    pub kind: String,
    /// Its metadata properties.
    pub properties: BTreeMap<String, Value>,
    /// Its files, by path. Empty if the content is no longer in the store, or is neither what is attested nor a source of it.
    pub files: Vec<FileDigest>,
}

impl Content {
    /// The SHA-256 that stands for all of it: of one file its own, of a directory that of the digests of its files one after the other.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        match self.files.as_slice() {
            [] => None,
            [one] if one.path.is_empty() => Some(one.sha256),
            all => Some(combined(all)),
        }
    }

    /// Its name in letters, digits, `-`, `_` and `.` alone.
    pub fn plain_name(&self) -> String {
        self.name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect()
    }

    /// The length of all files together.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }

    /// The BLAKE3 digest as hex, which the store names it by.
    pub fn blake3(&self) -> &str {
        self.uri.rsplit(':').next().unwrap_or_default()
    }
}

/// SHA-256 of the digests of files, one after the other.
pub(crate) fn combined(files: &[FileDigest]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for file in files {
        hasher.update(file.sha256);
    }
    hasher.finalize().into()
}

/// An execution that the artifact comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// Its id in the metadata.
    pub execution: i64,
    /// Its run.
    pub run: String,
    /// Its task.
    pub task: String,
    /// What kind it is.
    pub kind: ExecutionKind,
    /// Digest and function of the component.
    pub component: Option<(String, String)>,
    /// Values of its parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Ports and ids of the artifacts that it read.
    pub inputs: Vec<(String, i64)>,
    /// Ports and ids of the artifacts that it gave.
    pub outputs: Vec<(String, i64)>,
    /// What it was granted.
    pub grants: Grants,
    /// When it started: milliseconds since the epoch.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
}

/// A run that the artifact comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its id.
    pub id: String,
    /// Its pipeline.
    pub pipeline: String,
    /// Its state.
    pub state: RunState,
    /// Values of its parameters.
    pub parameters: BTreeMap<String, Value>,
    /// When it started: milliseconds since the epoch.
    pub started_ms: i64,
    /// When it ended.
    pub ended_ms: Option<i64>,
}

/// An artifact, and all that it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// The artifact.
    pub subject: Content,
    /// It, and all artifacts that it comes from, by id.
    pub contents: BTreeMap<i64, Content>,
    /// The executions, the earliest first.
    pub steps: Vec<Step>,
    /// Their runs, by id.
    pub runs: BTreeMap<String, Run>,
    /// Numbers of metrics that steps of the same run gave.
    pub metrics: BTreeMap<String, f64>,
}

impl Evidence {
    /// Gathers the evidence of an artifact from the records. No content has its files until they are [read](Self::read).
    ///
    /// # Errors
    /// The records cannot be read.
    pub fn of(metadata: &Metadata, artifact: i64) -> Result<Self> {
        let query = LineageQuery { start: LineageStart::Artifact(artifact), direction: Direction::Up, max_depth: None };
        let graph = metadata.lineage(&query)?;
        let mut contents = BTreeMap::new();
        for node in &graph.artifacts {
            contents.insert(node.id, content(metadata, node.id)?);
        }
        let (mut steps, mut runs) = (Vec::new(), BTreeMap::new());
        for node in &graph.executions {
            let (Some(run), Some(task)) = (&node.run, &node.task) else { continue };
            let Some(record) = metadata.step(run, task)? else { continue };
            let ports = |kind: EventKind| -> Vec<(String, i64)> {
                let of = graph.edges.iter().filter(|edge| edge.execution == node.id && edge.kind == kind);
                of.map(|edge| (edge.port.clone(), edge.artifact)).collect()
            };
            steps.push(step(record, ports(EventKind::Input), ports(EventKind::Output)));
            if !runs.contains_key(run) {
                let summary = metadata.run_without_steps(run)?.summary;
                let parameters = summary.parameters.into_iter().map(|(name, value)| (name, public(value))).collect();
                runs.insert(
                    run.clone(),
                    Run {
                        id: summary.id,
                        pipeline: summary.pipeline,
                        state: summary.state,
                        parameters,
                        started_ms: summary.started_ms,
                        ended_ms: summary.ended_ms,
                    },
                );
            }
        }
        steps.sort_by_key(|step| (step.started_ms, step.execution));
        let subject = match contents.get(&artifact) {
            Some(found) => found.clone(),
            None => content(metadata, artifact)?,
        };
        let of_subject = steps.iter().find(|step| step.outputs.iter().any(|(_, id)| *id == artifact));
        let metrics = of_subject.map(|step| metadata.metrics_of(&step.run)).transpose()?.unwrap_or_default();
        Ok(Self { subject, contents, steps, runs, metrics })
    }

    /// Reads the artifact and its sources, each content once; what lies between is known by its digest.
    ///
    /// # Errors
    /// The store cannot be read. Content that is no longer there is left without files.
    pub fn read(&mut self, artifacts: &weft_artifacts::Store) -> Result<()> {
        let made = made(&self.steps);
        let mut read: HashMap<String, Vec<FileDigest>> = HashMap::new();
        let subject = self.subject.id;
        let sources = self.contents.values_mut().filter(|content| content.id == subject || !made.contains(&content.id));
        for content in sources.chain(std::iter::once(&mut self.subject)) {
            if !read.contains_key(&content.uri) {
                read.insert(content.uri.clone(), files(artifacts, &content.uri)?);
            }
            content.files = read.get(&content.uri).cloned().unwrap_or_default();
        }
        Ok(())
    }

    /// The execution that gave the artifact.
    pub fn maker(&self) -> Option<&Step> {
        self.steps.iter().rev().find(|step| step.outputs.iter().any(|(_, id)| *id == self.subject.id))
    }

    /// What was imported rather than made.
    pub fn sources(&self) -> Vec<&Content> {
        let made = made(&self.steps);
        self.contents.values().filter(|content| !made.contains(&content.id) && content.id != self.subject.id).collect()
    }

    /// Digests and functions of the components that were at work, each once.
    pub fn components(&self) -> BTreeSet<(String, String)> {
        self.steps.iter().filter_map(|step| step.component.clone()).collect()
    }
}

/// What steps gave that executed something, rather than imported or found it.
fn made(steps: &[Step]) -> BTreeSet<i64> {
    let executed = steps.iter().filter(|step| step.kind == ExecutionKind::Container);
    executed.flat_map(|step| step.outputs.iter().map(|(_, id)| *id)).collect()
}

/// An artifact whose files are not read yet.
fn content(metadata: &Metadata, id: i64) -> Result<Content> {
    let record = metadata.artifact(&id.to_string())?;
    let output = record.producer.map(|producer| producer.output);
    let artifact = record.artifact;
    Ok(Content {
        id,
        files: Vec::new(),
        name: artifact.name.or(output).unwrap_or_else(|| format!("artifact-{id}")),
        kind: artifact.kind.0,
        properties: artifact.properties.into_iter().map(|(name, value)| (name, public(value))).collect(),
        uri: artifact.uri,
    })
}

/// The files of content with their SHA-256; none if it is not in the store.
fn files(store: &weft_artifacts::Store, uri: &str) -> Result<Vec<FileDigest>> {
    let Ok(id) = uri.parse::<ContentId>() else { return Ok(Vec::new()) };
    if !store.contains(&id)? {
        return Ok(Vec::new());
    }
    match store.open_content(&id)? {
        weft_artifacts::Content::File(blob) => {
            Ok(vec![FileDigest { path: String::new(), size: blob.len(), sha256: sha256(&blob, id)? }])
        }
        weft_artifacts::Content::Tree(tree) => {
            let mut files = Vec::with_capacity(tree.entries().len());
            for entry in tree.entries() {
                let blob = tree.open(&entry.path)?;
                let sha256 = sha256(&blob, ContentId::Blob(entry.digest))?;
                files.push(FileDigest { path: entry.path.clone(), size: entry.size, sha256 });
            }
            files.sort_by(|a, b| a.path.cmp(&b.path));
            Ok(files)
        }
    }
}

/// The SHA-256 of a file, which is what its id in the store says: else it would be attested that a step made what it did not.
fn sha256(blob: &BlobReader, id: ContentId) -> Result<[u8; 32]> {
    let (mut hasher, mut own, mut buffer, mut offset) = (Sha256::new(), blake3::Hasher::new(), vec![0; CHUNK], 0);
    loop {
        let n = blob.read_at(offset, &mut buffer)?;
        if n == 0 {
            break;
        }
        hasher.update(&buffer[..n]);
        own.update(&buffer[..n]);
        offset += n as u64;
    }
    let found = Digest::from(own.finalize());
    if found != id.digest() {
        let reason = format!("its {offset} bytes hash to {found} instead");
        return Err(weft_artifacts::Error::Damaged { id, reason }.into());
    }
    Ok(hasher.finalize().into())
}

fn step(record: StepRecord, inputs: Vec<(String, i64)>, outputs: Vec<(String, i64)>) -> Step {
    let parameters = record.inputs.into_iter().filter_map(|(name, value)| match value {
        PortValue::Parameter(value) => Some((name, public(value))),
        PortValue::Artifacts(_) => None,
    });
    let mut grants = record.grants;
    for directory in grants.directories.values_mut() {
        directory.host = last_name(&directory.host);
    }
    Step {
        execution: record.execution.0,
        run: record.run,
        task: record.task,
        kind: record.kind,
        component: record.component.map(|component| (component.digest, component.function)),
        parameters: parameters.collect(),
        inputs,
        outputs,
        grants,
        started_ms: record.started_ms,
        ended_ms: record.ended_ms,
    }
}

/// A value without paths of the host: of an absolute one, the last name stays.
fn public(value: Value) -> Value {
    match value {
        Value::String(text) if text.starts_with('/') || text.starts_with("file:") => last_name(&text).into(),
        Value::Array(items) => items.into_iter().map(public).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, public(value))).collect::<serde_json::Map<_, _>>().into()
        }
        other => other,
    }
}

fn last_name(path: &str) -> String {
    path.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned()
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        _ = write!(text, "{byte:02x}");
        text
    })
}

/// A time as RFC 3339 has it.
pub(crate) fn time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map(|time| time.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn files_are_hashed_to_their_end() {
        let folder = tempfile::tempdir().unwrap();
        let store = weft_artifacts::Store::open(folder.path().join("store")).unwrap();
        for length in [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK + 1] {
            let bytes: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let file = folder.path().join("file");
            std::fs::write(&file, &bytes).unwrap();
            let id = store.import(&file, &mut |_| std::ops::ControlFlow::Continue(())).unwrap();
            let sha256 = Sha256::digest(&bytes).into();
            let whole = FileDigest { path: String::new(), size: length as u64, sha256 };
            assert_eq!(files(&store, &id.to_string()).unwrap(), std::slice::from_ref(&whole));
            assert_eq!(FileDigest::of(&file).unwrap(), [whole]);
        }
    }

    #[test]
    fn paths_of_the_host_are_left_out() {
        let given = json!({"data": "/home/me/x.csv", "list": ["file:///srv/y/", "a/b", 1], "text": "1/2"});
        assert_eq!(public(given), json!({"data": "x.csv", "list": ["y", "a/b", 1], "text": "1/2"}));
    }
}
