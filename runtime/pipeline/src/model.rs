//! The one internal model of a pipeline, shaped like KFP's `PipelineSpec`: components with typed interfaces,
//! whose implementation is a step or a DAG of tasks, and a root component.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::signature::Port;
use crate::step::{Grants, Limits};
use crate::types::ArtifactType;

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
    /// Components by name; tasks refer to them.
    pub components: IndexMap<String, Component>,
    /// The pipeline itself: its inputs are the pipeline's parameters, its implementation is a DAG.
    pub root: Component,
    /// Where things are written in the file, by a path such as `parameters.seed`, `steps.train.component`,
    /// `steps.train.with.data`, `steps.push.after.train` or `outputs.model`. Empty for a pipeline without a file.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<String, Span>,
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
    /// What it means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What a component does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Implementation {
    /// Runs a DAG of tasks.
    Dag(Dag),
    /// Calls a function of a Wasm component.
    Wasm(WasmStep),
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

/// An importer: a file or directory of the host becomes an artifact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Importer {
    /// Path on the host: a literal or a pipeline parameter.
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
    /// Tasks by name, in the order written.
    pub tasks: IndexMap<String, Task>,
    /// Outputs of the DAG by name.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub outputs: IndexMap<String, Binding>,
}

/// A component at work in a DAG.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Name of the component.
    pub component: String,
    /// What the component's inputs are wired to.
    #[serde(default)]
    pub inputs: IndexMap<String, Wire>,
    /// Tasks that must have succeeded before this one starts, beyond those whose outputs it reads.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub after: BTreeSet<String>,
    /// Run only if this holds; else the task is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// Attempts after the first.
    #[serde(default)]
    pub retry: Retry,
    /// Whether an earlier execution of the same identity may stand for this one.
    pub cache: bool,
    /// What the step may reach.
    #[serde(default)]
    pub grants: Grants,
    /// What the step may use.
    #[serde(default)]
    pub limits: Limits,
    /// Where it is written.
    #[serde(default)]
    pub at: Location,
}

impl Default for Task {
    /// A task of no component with nothing wired; caching is on.
    fn default() -> Self {
        Self {
            component: String::new(),
            inputs: IndexMap::new(),
            after: BTreeSet::new(),
            when: None,
            retry: Retry::default(),
            cache: true,
            grants: Grants::default(),
            limits: Limits::default(),
            at: Location::default(),
        }
    }
}

impl Task {
    /// Every task that this one waits for: those whose outputs it reads, those named in `after`, and those its
    /// condition refers to.
    pub fn dependencies(&self) -> BTreeSet<String> {
        let mut names = self.after.clone();
        for wire in self.inputs.values() {
            if let Binding::Output { task, .. } = &wire.from {
                names.insert(task.clone());
            }
        }
        if let Some(when) = &self.when {
            names.extend(when.tasks.iter().cloned());
        }
        names
    }
}

/// An input's source and where it is written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wire {
    /// The source.
    #[serde(flatten)]
    pub from: Binding,
    /// Where it is written.
    #[serde(default)]
    pub at: Location,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// A literal parameter value.
    Literal(Value),
    /// An input of the enclosing component: at the root, a pipeline parameter.
    Input(String),
    /// An output of another task in the same DAG.
    Output {
        /// The task.
        task: String,
        /// Its output; filled in when linked, where it may be left out for a task with exactly one.
        output: String,
    },
}

/// A CEL expression over the outputs of other tasks (`evaluate.accuracy`) and the parameters (`params.threshold`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The expression's text.
    pub expression: String,
    /// The tasks it refers to.
    pub tasks: BTreeSet<String>,
    /// Where it is written.
    #[serde(default)]
    pub at: Location,
}

/// Repeats a failed step.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// Attempts after the first.
    pub max: u32,
    /// Pause before the first repetition.
    pub backoff: Duration,
    /// How much longer each further pause is.
    pub factor: f64,
    /// The longest pause.
    pub max_backoff: Duration,
}

impl Default for Retry {
    /// No repetition; KFP's defaults for the rest: no pause, factor 2, at most an hour.
    fn default() -> Self {
        Self { max: 0, backoff: Duration::ZERO, factor: 2.0, max_backoff: Duration::from_hours(1) }
    }
}

/// State of a task in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskState {
    /// Not started yet.
    New,
    /// At work.
    Running,
    /// Executed with success.
    Complete,
    /// An earlier execution of the same identity stood for it.
    Cached,
    /// Its condition did not hold, or an input it needs comes from a skipped task. `CANCELED` in ML Metadata, as KFP has it.
    Skipped,
    /// All attempts failed.
    Failed,
    /// Given up because the run was interrupted.
    Canceled,
}
