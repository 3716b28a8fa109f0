//! The request and the result of one step: the data between the engine and a runner.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use crate::port_values::PortValues;
use crate::signature::Port;
use crate::types::ArtifactType;

/// An artifact that is passed between steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Artifact {
    /// Its row in the metadata store, once recorded. Not part of any identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<i64>,
    /// The schema title of its kind.
    #[serde(rename = "type")]
    pub kind: ArtifactType,
    /// The id of its content: `blake3:<64 hex>` for a file, `blake3-tree:<64 hex>` for a directory.
    pub uri: String,
    /// Its display name, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Metadata properties: numbers, strings, booleans, lists and structs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub properties: BTreeMap<String, Value>,
}

/// The value of a port. An absent optional port has no entry.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PortValue {
    /// The value of a parameter, in the JSON form that [`crate::types::ParameterType`] describes.
    Parameter(Value),
    /// One artifact, or for a list port any number of them.
    Artifacts(Vec<Artifact>),
}

impl PortValue {
    /// Its artifacts: none if it is a parameter.
    pub fn artifacts(&self) -> &[Artifact] {
        match self {
            Self::Artifacts(artifacts) => artifacts,
            Self::Parameter(_) => &[],
        }
    }
}

/// A step function of a component, by content.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ComponentRef {
    /// `blake3:<64 hex>` of the component's binary, which is in the artifact store.
    pub digest: String,
    /// The exported function, as `weft inspect` names it.
    pub function: String,
}

/// The access of a step beyond its inputs. The default grants nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grants {
    /// Real wall and monotonic clocks instead of virtual ones.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub clock: bool,
    /// Real randomness instead of one seeded by the step's identity.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub random: bool,
    /// Names of environment variables of the host, whose values are read when the step starts. A trailing `?` means
    /// that the variable may be unset.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub env: Vec<String>,
    /// Environment variables with fixed values. A step with these only is still a pure function.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// Secrets and config maps whose values the step reads, by where it finds them: the name of an environment variable, or the
    /// absolute path of a directory with a file for each key. Never a value: whoever runs the step knows those.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub secrets: BTreeMap<String, SecretGrant>,
    /// Where it may connect to by TCP: texts of [`crate::network::Destination`], in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub net: Vec<String>,
    /// Host directories mounted in the sandbox: path inside it -> path on the host.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub directories: BTreeMap<String, DirectoryGrant>,
}

/// A host directory that is mounted in the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DirectoryGrant {
    /// The path on the host. Relative paths are resolved against the pipeline file's folder.
    pub host: String,
    /// Whether the step may write there.
    #[serde(default)]
    pub write: bool,
}

/// A secret or config map that a step may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SecretGrant {
    /// Which of both.
    #[serde(default)]
    pub kind: SecretKind,
    /// Its name.
    pub name: String,
    /// The key whose value a variable gets; none for a directory, in which there are all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether the step runs without it if it is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

/// The two kinds of named values that Kubernetes keeps.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SecretKind {
    /// Nobody is to see its values.
    #[default]
    Secret,
    /// Settings, which may be seen.
    ConfigMap,
}

impl std::fmt::Display for SecretKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Secret => "secret",
            Self::ConfigMap => "config map",
        })
    }
}

impl Grants {
    /// Whether nothing is granted.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The environment variables of a step: those of the host that are granted by name and set, and those with a fixed
    /// value.
    ///
    /// # Errors
    /// The name of a granted variable that is not set and has no `?`.
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

    /// The names of the host's variables that are granted, without `?`.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.env.iter().map(|written| written.trim_end_matches('?'))
    }

    /// Whether the step stays a pure function of its inputs, and of the secrets that it reads.
    pub fn is_pure(&self) -> bool {
        !self.clock && !self.random && self.env.is_empty() && self.net.is_empty() && self.directories.is_empty()
    }
}

/// The limits of a step. A missing limit is the runtime's default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Limits {
    /// Bytes of all linear memories together. Default 4 GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Wall-clock time of one attempt. Default one hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<Duration>,
    /// Bytes of all artifacts that the step writes together. Default 64 GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output: Option<u64>,
}

/// The call of a command, as KFP's launcher makes it for a container. [`crate::command`] defines its files.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// Arguments, the program's own name first. Placeholders of the run and the task are filled in, those of inputs and
    /// outputs are not yet.
    pub argv: Vec<String>,
    /// Environment variables, with the same placeholders filled in.
    pub env: IndexMap<String, String>,
    /// Absolute paths of empty directories that exist when it starts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub directories: Vec<String>,
    /// The declared outputs.
    pub outputs: IndexMap<String, Port>,
    /// The packages that it can import: digests in the artifact store by file name.
    pub packages: BTreeMap<String, String>,
    /// Digests in the artifact store of components that it may call, by the names of the programs that they are.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub programs: BTreeMap<String, String>,
    /// Input parameters that are floats and no finite ones: their texts `NaN`, `Infinity` and `-Infinity` are shown as numbers.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub non_finite: BTreeSet<String>,
    /// Content that texts among its inputs name by its URI ([`crate::command::uri`]), as digests in the artifact store, by URI. It sees
    /// it as it does its input artifacts.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub linked: BTreeMap<String, String>,
}

/// The function of a [`ComponentRef`] whose step is a [`Command`]: the component's `wasi:cli/run`.
pub const COMMAND_FUNCTION: &str = "wasi:cli/run";

/// The name by which a command's script calls Python, in [`Command::programs`].
pub const PYTHON: &str = "python3";

/// The prefix of a [`ComponentRef`]'s digest if the executor is the host's own Python.
pub const HOST_PYTHON: &str = "host-python:";

/// The request to run a step: everything that a runner needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRequest {
    /// The name of the task, for messages.
    pub task: String,
    /// The function or program to call.
    pub component: ComponentRef,
    /// The call of a command; `None` for a step function.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// The values of the inputs, checked against the signature.
    pub inputs: PortValues,
    /// The access beyond the inputs.
    pub grants: Grants,
    /// The limits.
    pub limits: Limits,
    /// Whether it must compute the same on each architecture; see [`Pipeline::strict`](crate::model::Pipeline::strict).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// The step's identity, which seeds its randomness.
    pub identity: [u8; 32],
}

/// The result of a step that succeeded.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepOutput {
    /// The outputs; absent optional ones have no entry.
    pub outputs: PortValues,
    /// What became of the URIs that the step saw or gave before there was content: digests in the artifact store.
    pub uris: BTreeMap<String, String>,
    /// What an importer brought here from elsewhere; none for all else.
    pub fetched: Option<FetchedObject>,
    /// What is likely not meant, one line each; it kept nothing from being stored.
    pub warnings: Vec<String>,
    /// The log and the resources used.
    pub trace: StepTrace,
}

/// Content that came from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FetchedObject {
    /// Where it was: `s3://bucket/key`
    pub uri: String,
    /// Its digest in the artifact store.
    pub content: String,
    /// What its server calls the state that was read, or stands for it: equal as long as nothing changes there. None if nothing tells.
    pub tag: Option<String>,
}

/// The log and the resource usage of a step, whether it succeeded or failed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StepTrace {
    /// Standard output, standard error and logged messages in their order, bounded in size.
    pub log: Vec<u8>,
    /// The peak of all linear memories together, in bytes.
    pub peak_memory: u64,
    /// The time from request to result.
    pub duration: Duration,
}

/// The kind of a step's failure.
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
    /// A failure of the host: a full disk, a damaged store, a component that does not fit the request.
    Host,
}

/// The failure of a step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepFailure {
    /// Its kind.
    pub kind: FailureKind,
    /// The cause, without the step's name.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The log and the resource usage until then.
    pub trace: StepTrace,
}

/// A log message's level, as in `weft:component/run`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogLevel {
    /// Details for the author of the component.
    Debug,
    /// Information for users.
    Info,
    /// A problem that did not stop the step.
    Warn,
    /// A failure.
    Error,
}

/// Receives messages and progress of a running step, and tells it when to stop.
pub trait StepObserver: Send + Sync {
    /// A message logged through `weft:component/run`.
    fn log(&self, task: &str, level: LogLevel, message: &str);
    /// Progress: `done` of `total` units; `total` 0 means unknown.
    fn progress(&self, task: &str, done: u64, total: u64);
    /// The step waits for this component to be compiled, which takes a while; without one, it waits no longer.
    fn compiling(&self, _task: &str, _component: Option<&str>) {}
    /// Whether the step should stop. Polled every few milliseconds.
    fn interrupted(&self) -> bool;
}

/// An observer that passes everything over and stops nothing.
pub struct SilentObserver;

impl StepObserver for SilentObserver {
    fn log(&self, _: &str, _: LogLevel, _: &str) {}

    fn progress(&self, _: &str, _: u64, _: u64) {}

    fn interrupted(&self) -> bool {
        false
    }
}
