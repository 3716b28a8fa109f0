//! The one internal model of a pipeline, shaped like KFP's `PipelineSpec`: components with typed interfaces,
//! whose implementation is a step or a DAG of tasks, and a root component.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::signature::Port;
use crate::types::ArtifactType;

mod command;
mod task;

pub use command::{CommandStep, Program, Volume, VolumeAction};
pub use task::{
    Binding, Condition, ConditionVariables, Items, Iteration, Mount, Retry, Task, TaskState, Trigger, Wire,
};

/// A place in a pipeline file, counted from 1.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A stretch of a line in a pipeline file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Where it begins.
    #[serde(flatten)]
    pub at: Location,
    /// How many characters it covers, at least 1.
    pub length: u32,
}

/// A pipeline: named components and the root that composes them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Its name, which is also its context's name in the metadata.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The format that it was read from, which says how it is checked and how it is spoken of.
    #[serde(default)]
    pub format: Format,
    /// Components by name; tasks refer to them.
    pub components: IndexMap<String, Component>,
    /// The longest that a run of it may take; its tasks are stopped then, and it has failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<std::time::Duration>,
    /// Whether its tasks share a directory that lives as long as the run, KFP's workspace.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub workspace: bool,
    /// The pipeline itself: its inputs are the pipeline's parameters, its implementation is a DAG.
    pub root: Component,
    /// Where things are written in the file, by a path such as `parameters.seed`, `steps.train.component`,
    /// `steps.train.with.data`, `steps.push.after.train` or `outputs.model`. Empty for a pipeline without a file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<String, Span>,
}

/// The format of a pipeline's file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// weft's own YAML.
    #[default]
    Native,
    /// KFP's `PipelineSpec`.
    Kfp,
}

/// Something with typed inputs and outputs that a task can instantiate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Inputs by name. Empty for a Wasm component until it is linked with its signature.
    pub inputs: IndexMap<String, Input>,
    /// Outputs by name. Empty for a Wasm component until it is linked with its signature.
    pub outputs: IndexMap<String, Port>,
    /// What it does.
    pub implementation: Implementation,
    /// What its format asks for and this runtime does not do, by name, such as `resources.accelerator` or
    /// `kubernetes.nodeSelector`. It is told as warnings, and written back.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub unhonoured: IndexMap<String, Value>,
}

/// An input with what a caller need not give.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Type and optionality.
    #[serde(flatten)]
    pub port: Port,
    /// Value when none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The only values that it takes; any of its type if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub literals: Vec<Value>,
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl From<Port> for Input {
    /// An input that takes every value of its type, and has no default.
    fn from(port: Port) -> Self {
        Self { port, default: None, literals: Vec::new(), description: None }
    }
}

/// What a component does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "there is one for each component, not for each task at work")]
pub enum Implementation {
    /// Runs a DAG of tasks.
    Dag(Dag),
    /// Calls a function of a Wasm component.
    Wasm(WasmStep),
    /// Runs a command, as a container of KFP does.
    Command(CommandStep),
    /// Makes or removes a directory that tasks can mount, as KFP's `createpvc` and `deletepvc` do.
    Volume(Volume),
    /// Brings something from outside into the store. One output, `artifact`.
    Import(Importer),
    /// Finds what an earlier run gave. One optional output, `artifact`.
    Latest(Latest),
}

impl Default for Implementation {
    /// A DAG without tasks.
    fn default() -> Self {
        Self::Dag(Dag::default())
    }
}

/// A function of a Wasm component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WasmStep {
    /// Path of the component file as written; relative ones are resolved against the pipeline file's folder.
    pub path: String,
    /// The exported function; none when the component has exactly one. Filled in when linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// `blake3:<hex>` of the binary. Filled in when linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// An importer: a file or directory of the host becomes an artifact. Text may hold placeholders
/// ([`Binding::Template`]) of its own inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Importer {
    /// Path on the host: a literal, an input of its own or of the DAG around it.
    pub source: Binding,
    /// Type of the artifact.
    pub kind: ArtifactType,
    /// Metadata properties of the artifact.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub properties: IndexMap<String, Value>,
}

/// A resolver: the newest artifact that an output of a task gave in any earlier run, complete or cached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latest {
    /// The pipeline whose runs are searched; this pipeline when none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// The task.
    pub task: String,
    /// Its output.
    pub output: String,
    /// Type of the artifact.
    pub kind: ArtifactType,
}

/// Tasks and what they give together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dag {
    /// Tasks by name; in the order written in the native format, in one in which they can run in that of KFP.
    pub tasks: IndexMap<String, Task>,
    /// Outputs of the DAG by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<String, Binding>,
}
