//! One step's request and answer: the plain data between the engine and whatever runs a step.

use std::collections::BTreeMap;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::signature::Port;
use crate::types::ArtifactType;

/// An artifact as it travels between steps: what it is, where its bytes are, what is known of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// Row in the metadata store, once the artifact is recorded there. No part of its identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// Schema title of its kind.
    #[serde(rename = "type")]
    pub kind: ArtifactType,
    /// Where its content lies: `blake3:<64 hex>` for a file, `blake3-tree:<64 hex>` for a directory.
    pub uri: String,
    /// Display name, if it was given one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Metadata properties: numbers, strings, booleans, lists and structs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Value>,
}

/// What a port holds at run time. An absent optional port has no entry at all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortValue {
    /// A parameter's value, in the JSON form that [`crate::types::ParameterType`] describes.
    Parameter(Value),
    /// One artifact, or for a list port any number.
    Artifacts(Vec<Artifact>),
}

/// Values of a step's ports by name.
pub type PortValues = BTreeMap<String, PortValue>;

/// A step function inside a component, by content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ComponentRef {
    /// `blake3:<64 hex>` of the component's binary, which lies in the artifact store.
    pub digest: String,
    /// The exported function, as `inspect` shows it.
    pub function: String,
}

/// What a step may reach beyond its inputs. The default grants nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// Real wall and monotonic clocks instead of virtual ones.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub clock: bool,
    /// Real randomness instead of one seeded from the step's identity.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub random: bool,
    /// Environment variables handed to the step, by name; the values are read on the host when the step starts. A `?` after a
    /// name says that it may be unset.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Environment variables with the values that the step sees. They leave it a pure function.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// Host directories mounted in the sandbox: path inside it -> path on the host.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub directories: BTreeMap<String, DirectoryGrant>,
}

/// A host directory that a step may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryGrant {
    /// Path on the host; relative ones are resolved against the pipeline file's folder.
    pub host: String,
    /// Whether the step may write there.
    #[serde(default)]
    pub write: bool,
}

impl Grants {
    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The variables that a step sees, out of the host's: those that are granted by name and set, and those with a value of their own.
    ///
    /// # Errors
    /// The name of one that is granted and not set, and may not be.
    pub fn environment(&self, host: &BTreeMap<String, String>) -> Result<IndexMap<String, String>, &str> {
        let mut seen = IndexMap::new();
        for (name, written) in self.names().zip(&self.env) {
            match host.get(name) {
                Some(value) => _ = seen.insert(name.to_owned(), value.clone()),
                None if name != written => {}
                None => return Err(name),
            }
        }
        seen.extend(self.variables.clone());
        Ok(seen)
    }

    /// Names of the host's variables that are granted, without the `?` of those that may be unset.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.env.iter().map(|written| written.trim_end_matches('?'))
    }

    /// Whether the step stays a pure function of its inputs.
    pub fn is_pure(&self) -> bool {
        !self.clock && !self.random && self.env.is_empty() && self.directories.is_empty()
    }
}

/// Bounds on what one step may use. A missing bound is the runtime's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Limits {
    /// Bytes of linear memory, over all memories of the step. Default 4 GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Wall-clock time of one attempt. Default one hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Duration>,
    /// Bytes of all artifacts that the step writes. Default 64 GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
}

/// A program's call, as KFP's launcher makes it of a container: [`crate::command`] says which files it sees.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// What it is called with, its own name first. Placeholders of the run and the task are filled in, those of inputs and
    /// outputs are not yet.
    pub argv: Vec<String>,
    /// Environment variables, likewise.
    pub env: IndexMap<String, String>,
    /// Directories that are there, empty, when it starts: absolute paths.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<String>,
    /// The outputs that it declares.
    pub outputs: IndexMap<String, Port>,
    /// Packages that it can import, as digests in the artifact store, by file name.
    pub packages: BTreeMap<String, String>,
}

/// The function of a [`ComponentRef`] that is called for a [`Command`]: the component's `wasi:cli/run`.
pub const COMMAND_FUNCTION: &str = "wasi:cli/run";

/// What a [`ComponentRef`]'s digest starts with if no component runs it, but the host's own Python.
pub const HOST_PYTHON: &str = "host-python:";

/// "Run this step on these inputs": everything a runner needs to know.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRequest {
    /// The task's name in the pipeline, for messages.
    pub task: String,
    /// What to call.
    pub component: ComponentRef,
    /// How to call it, if it is a command rather than a step function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// Values of the inputs, already checked against the signature.
    pub inputs: PortValues,
    /// What the step may reach.
    pub grants: Grants,
    /// What the step may use.
    pub limits: Limits,
    /// The step's identity: 32 bytes that seed its randomness.
    pub identity: [u8; 32],
}

/// What a step gave.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepOutput {
    /// Values of the outputs; absent optional ones have no entry.
    pub outputs: PortValues,
    /// What it wrote and what it used, kept whether it succeeded or failed.
    pub trace: StepTrace,
}

/// What a step left behind besides its outputs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepTrace {
    /// Standard output and error and logged messages in the order written, bounded; one line each way it came.
    pub log: Vec<u8>,
    /// Highest total of its linear memories, in bytes.
    pub peak_memory: u64,
    /// Time from request to answer.
    pub duration: Duration,
}

/// Why a step failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The function returned an error.
    Returned,
    /// The guest trapped (a panic, an abort, an out-of-bounds access).
    Trapped,
    /// A limit was reached: memory, time, output or another bound.
    LimitReached,
    /// The run was interrupted; the step can be resumed.
    Interrupted,
    /// The host could not do its part (a full disk, a damaged store, a component that does not fit its request).
    Host,
}

/// A failed step: one screen for its user.
#[derive(Debug, Clone, PartialEq)]
pub struct StepFailure {
    /// What sort of failure.
    pub kind: FailureKind,
    /// The cause, without the step's name.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// What the step left behind until then.
    pub trace: StepTrace,
}

/// A log message's level, as in `weft:component/run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// Details for the author.
    Debug,
    /// What a user would like to know.
    Info,
    /// Something odd that did not stop the step.
    Warn,
    /// Something that went wrong.
    Error,
}

/// Receives what a step says while it runs, and tells it when to stop.
pub trait StepObserver: Send + Sync {
    /// A message logged through `weft:component/run`.
    fn log(&self, task: &str, level: LogLevel, message: &str);
    /// Progress: `done` of `total` units; `total` 0 means unknown.
    fn progress(&self, task: &str, done: u64, total: u64);
    /// Whether the step should be given up now. Asked every few milliseconds.
    fn interrupted(&self) -> bool;
}
