//! The model of a pipeline in either format, shaped like KFP's `PipelineSpec`: components with typed interfaces, each
//! implemented by a step or a DAG of tasks, and a root component.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::signature::Port;
use crate::types::ArtifactType;

mod command;
mod query;
mod task;

pub use command::{CalledProgram, CommandStep, Program, Volume, VolumeAction};
pub use query::{ArtifactQuery, Naming, Resolver};
pub use task::{
    Binding, Condition, ConditionVariables, Items, Iteration, Mount, Retry, Secret, Task, TaskState, Trigger, Wire,
};

/// A place in a pipeline file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Location {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// A range of characters in one line of a pipeline file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its start.
    #[serde(flatten)]
    pub at: Location,
    /// Its length in characters, at least 1.
    pub length: u32,
}

/// A pipeline: named components, and a root component that composes them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pipeline {
    /// Its name, which is also the name of its context in the metadata.
    pub name: String,
    /// A description for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The format that it was read from. It decides about the checks and about the terms in messages.
    #[serde(default)]
    pub format: Format,
    /// Components by name. Tasks refer to them.
    pub components: IndexMap<String, Component>,
    /// The maximum time of a run. At the deadline its tasks are stopped, and it fails.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<std::time::Duration>,
    /// Whether its tasks share a directory for the duration of the run: KFP's workspace.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub workspace: bool,
    /// Whether its steps are compiled so that they compute the same on each architecture, to the last bit.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub strict: bool,
    /// The root component. Its inputs are the pipeline's parameters, its implementation is a DAG.
    pub root: Component,
    /// Places in the file, by a path such as `parameters.seed`, `steps.train.component`, `steps.train.with.data`,
    /// `steps.push.after.train` or `outputs.model`. Empty for a pipeline that was not read from a file; not recorded, as
    /// the file is not either.
    #[serde(skip)]
    pub places: BTreeMap<String, Span>,
}

/// The format of a pipeline file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// The native YAML format.
    #[default]
    Native,
    /// KFP's `PipelineSpec`.
    Kfp,
}

/// A unit with typed inputs and outputs, which tasks instantiate.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Component {
    /// Inputs by name. Empty for a Wasm component that is not linked with its signature.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub inputs: IndexMap<String, Input>,
    /// Outputs by name. Empty for a Wasm component that is not linked with its signature.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<String, Port>,
    /// How it is implemented.
    pub implementation: Implementation,
    /// Features that its file requests and this runtime does not support, by name, such as `resources.accelerator` or
    /// `kubernetes.nodeSelector`. They are reported as warnings, and written back.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub unhonoured: IndexMap<String, Value>,
}

/// An input of a component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Input {
    /// Its type, and whether it is optional.
    #[serde(flatten)]
    pub port: Port,
    /// The value that is used if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// The allowed values; any value of the type if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub literals: Vec<Value>,
    /// A description for users.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl From<Port> for Input {
    /// A required input of this port's type, without default.
    fn from(port: Port) -> Self {
        Self { port, default: None, literals: Vec::new(), description: None }
    }
}

/// The implementation of a component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::large_enum_variant, reason = "there is one for each component, not for each task at work")]
pub enum Implementation {
    /// A DAG of tasks.
    Dag(Dag),
    /// A function of a Wasm component.
    Wasm(WasmStep),
    /// A command, as in a container of KFP.
    Command(CommandStep),
    /// Creates or deletes a volume, as KFP's `createpvc` and `deletepvc` do.
    Volume(Volume),
    /// Imports a file or directory into the store. It has one output, which KFP calls `artifact`.
    Import(Importer),
    /// Finds the latest artifact of earlier runs. It has one optional output, `artifact`.
    Latest(Latest),
    /// Finds artifacts of earlier runs by queries. Its outputs are optional.
    Resolve(Resolver),
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
    /// The path of the component file as written. Relative paths are resolved against the pipeline file's folder.
    pub path: String,
    /// The exported function; `None` if the component has exactly one. Set when linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// `blake3:<hex>` of the binary. Set when linked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// An importer, which makes an artifact of a file or directory of the host. Its texts may hold placeholders
/// ([`Binding::Template`]) of its own inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Importer {
    /// The path on the host: a literal, or an input of the importer or of the enclosing DAG.
    pub source: Binding,
    /// The type of the artifact.
    pub kind: ArtifactType,
    /// The metadata properties of the artifact.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub properties: IndexMap<String, Value>,
}

/// A resolver. It finds the latest artifact of a task's output in any earlier run in which the task is complete or
/// cached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Latest {
    /// The pipeline whose runs are searched; `None` for the pipeline itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pipeline: Option<String>,
    /// The task.
    pub task: String,
    /// Its output.
    pub output: String,
    /// The type of the artifact.
    pub kind: ArtifactType,
}

/// Tasks and the outputs of their DAG.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dag {
    /// Tasks by name: in the order of the file in the native format, in a topological order in KFP's.
    pub tasks: IndexMap<String, Task>,
    /// Outputs of the DAG by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<String, Binding>,
}
