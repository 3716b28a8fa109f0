//! Tasks: the nodes of a DAG, with their inputs, dependencies, triggers, conditions, loops and retries.

use std::collections::BTreeSet;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Location;
use crate::step::{Grants, Limits, SecretGrant, SecretKind};

/// A node of a DAG: an instance of a component.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The name of its component.
    pub component: String,
    /// The sources of its inputs.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub inputs: IndexMap<String, Wire>,
    /// Upstream tasks in addition to those whose outputs it reads.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub after: BTreeSet<String>,
    /// The states of upstream tasks in which it runs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub trigger: Trigger,
    /// The task is skipped if this condition is false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Box<Condition>>,
    /// Makes it a loop: it runs once for each item, and its outputs are lists in the order of the items.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Box<Iteration>>,
    /// Retries of failed attempts.
    #[serde(default, skip_serializing_if = "is_default")]
    pub retry: Retry,
    /// Whether the outputs of an earlier execution with the same identity may be used.
    pub cache: bool,
    /// The access that the step has beyond its inputs.
    #[serde(default, skip_serializing_if = "is_default")]
    pub grants: Grants,
    /// The limits of the step.
    #[serde(default, skip_serializing_if = "is_default")]
    pub limits: Limits,
    /// The volumes that the step mounts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mount>,
    /// Secrets and config maps that the step reads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<Secret>,
    /// The name that is shown, if it is another than the task's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Its place in the file; not recorded.
    #[serde(skip)]
    pub at: Location,
}

impl Default for Task {
    /// A task without component and inputs. Caching is on.
    fn default() -> Self {
        Self {
            component: String::new(),
            inputs: IndexMap::new(),
            after: BTreeSet::new(),
            trigger: Trigger::default(),
            when: None,
            each: None,
            retry: Retry::default(),
            cache: true,
            grants: Grants::default(),
            limits: Limits::default(),
            mounts: Vec::new(),
            secrets: Vec::new(),
            display_name: None,
            at: Location::default(),
        }
    }
}

impl Task {
    /// All upstream tasks: those whose outputs it reads, those in `after`, and those that its condition refers to.
    pub fn dependencies(&self) -> BTreeSet<String> {
        let mut names = self.after.clone();
        for binding in self.inputs.values().map(|wire| &wire.from).chain(self.resources()) {
            binding.visit_tasks(&mut |task| _ = names.insert(task.to_owned()));
        }
        if let Some(when) = &self.when {
            names.extend(when.tasks.iter().cloned());
        }
        names
    }
}

impl Task {
    /// What names the volumes, secrets and config maps that the step sees.
    pub fn resources(&self) -> impl Iterator<Item = &Binding> {
        self.mounts.iter().map(|mount| &mount.volume).chain(self.secrets.iter().map(|secret| &secret.name))
    }
}

/// What must have become of the tasks before one, for it to run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// All succeeded. If one failed the task is not run; if one was skipped it is skipped.
    #[default]
    AllSucceeded,
    /// All have settled in any state: exit handlers, and tasks that ignore upstream failures.
    AllCompleted,
}

/// Whether a record needs no word of it.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A loop: the component runs once for each item. Iterations are named `task[0]`, `task[1]` and so on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// The items.
    pub over: Items,
    /// The input of the component that receives the item.
    pub item: String,
    /// The maximum number of iterations that run at the same time; `None` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallelism: Option<u32>,
}

/// The items of a loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Items {
    /// Written in the file.
    Literal(Vec<Value>),
    /// A list parameter, by the name of the task's wire.
    Parameter(String),
    /// A list of artifacts, by the name of the task's wire.
    Artifacts(String),
}

/// A secret or config map that a step reads.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Secret {
    /// Where the step finds it: the name of an environment variable, or the absolute path of a directory.
    pub to: String,
    /// Which of both.
    #[serde(default)]
    pub kind: SecretKind,
    /// Its name.
    pub name: Binding,
    /// The key whose value a variable gets; none for a directory, in which there are all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether the step runs without it if it is missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

impl Secret {
    /// What is granted of the secret of this name.
    pub fn grant(&self, name: String) -> SecretGrant {
        SecretGrant { kind: self.kind, name, key: self.key.clone(), optional: self.optional }
    }
}

/// A volume among a step's files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mount {
    /// The absolute path at which the step sees it.
    pub path: String,
    /// The name of the volume.
    pub volume: Binding,
    /// A subdirectory to mount instead of the whole volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_path: Option<String>,
    /// Whether it is mounted read-only.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

/// The source of an input. A task may have wires that its component has no input for: its condition, its loop and its
/// templates read them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wire {
    /// The source.
    #[serde(flatten)]
    pub from: Binding,
    /// A CEL expression that selects a part of the source's value, which is its variable `string_value`:
    /// `parseJson(string_value)["key"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<String>,
    /// Its place in the file; not recorded.
    #[serde(skip)]
    pub at: Location,
}

impl From<Binding> for Wire {
    /// A wire without a selector and a place.
    fn from(from: Binding) -> Self {
        Self { from, select: None, at: Location::default() }
    }
}

/// The source of a value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// A literal parameter value.
    Literal(Value),
    /// Text with KFP's placeholders. `{{$.inputs.parameters['x']}}` refers to another input of the same task.
    Template(String),
    /// An input of the enclosing component: at the root, a pipeline parameter.
    Input(String),
    /// An output of another task in the same DAG.
    Output {
        /// The task.
        task: String,
        /// Its output. It may be empty before linking if the task has exactly one.
        output: String,
    },
    /// The final status of a task: KFP's `PipelineTaskFinalStatus`.
    FinalStatus {
        /// The task.
        task: String,
    },
    /// The first of these that is present: the output of the branch that was taken.
    FirstOf(Vec<Binding>),
    /// All of these that are present, as one list.
    Gather(Vec<Binding>),
}

impl Binding {
    /// Calls `visit` with each task that must have settled before this has a value.
    pub fn visit_tasks(&self, visit: &mut impl FnMut(&str)) {
        match self {
            Self::Literal(_) | Self::Template(_) | Self::Input(_) => {}
            Self::Output { task, .. } | Self::FinalStatus { task } => visit(task),
            Self::FirstOf(bindings) | Self::Gather(bindings) => {
                for binding in bindings {
                    binding.visit_tasks(visit);
                }
            }
        }
    }
}

/// What the variables of a condition refer to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionVariables {
    /// The outputs of other tasks (`evaluate.accuracy`) and the parameters (`params.threshold`).
    #[default]
    Tasks,
    /// The task's own inputs, as in KFP: `inputs.parameter_values['x']`, `inputs.artifacts['x'].artifacts[0].uri`.
    Inputs,
}

/// A condition: a CEL expression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The expression's text.
    pub expression: String,
    /// The tasks that it refers to.
    pub tasks: BTreeSet<String>,
    /// What its variables refer to. Recorded as `sees`.
    #[serde(default, rename = "sees")]
    pub variables: ConditionVariables,
    /// Its place in the file; not recorded.
    #[serde(skip)]
    pub at: Location,
}

/// The retry policy of a task.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// The maximum number of retries.
    pub max: u32,
    /// The backoff before the first retry.
    pub backoff: Duration,
    /// The factor by which each further backoff is longer.
    pub factor: f64,
    /// The maximum backoff.
    pub max_backoff: Duration,
}

impl Default for Retry {
    /// No retries. Otherwise KFP's defaults: no backoff, factor 2, at most an hour.
    fn default() -> Self {
        Self { max: 0, backoff: Duration::ZERO, factor: 2.0, max_backoff: Duration::from_hours(1) }
    }
}

/// The state of a task in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum TaskState {
    /// Not started, or not run because an upstream task failed.
    New,
    /// Running.
    Running,
    /// Executed successfully.
    Complete,
    /// The outputs are those of an earlier execution with the same identity.
    Cached,
    /// Its condition is false, or a required input comes from a skipped task. ML Metadata has `CANCELED` for it, as in
    /// KFP.
    Skipped,
    /// All attempts failed.
    Failed,
    /// Canceled because the run was interrupted.
    Canceled,
}
