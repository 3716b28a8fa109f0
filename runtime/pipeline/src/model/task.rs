//! Tasks: components at work in a DAG, and what decides when and on what they run.

use std::collections::BTreeSet;
use std::time::Duration;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Location;
use crate::step::{Grants, Limits};

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
    /// What must have become of the tasks before this one.
    #[serde(default, skip_serializing_if = "Trigger::is_default")]
    pub trigger: Trigger,
    /// Run only if this holds; else the task is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Condition>,
    /// Run once for each of these; the outputs of all are gathered into lists, in their order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Iteration>,
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
    /// Volumes that the step sees among its files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mount>,
    /// The name that is shown, if it is another than the task's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
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
            trigger: Trigger::default(),
            when: None,
            each: None,
            retry: Retry::default(),
            cache: true,
            grants: Grants::default(),
            limits: Limits::default(),
            mounts: Vec::new(),
            display_name: None,
            at: Location::default(),
        }
    }
}

impl Task {
    /// Every task that this one waits for: those whose outputs it reads, those named in `after`, and those its
    /// condition refers to.
    pub fn dependencies(&self) -> BTreeSet<String> {
        let mut names = self.after.clone();
        let mounted = self.mounts.iter().map(|mount| &mount.volume);
        for binding in self.inputs.values().map(|wire| &wire.from).chain(mounted) {
            binding.visit_tasks(&mut |task| _ = names.insert(task.to_owned()));
        }
        if let Some(when) = &self.when {
            names.extend(when.tasks.iter().cloned());
        }
        names
    }
}

/// What must have become of the tasks before one, for it to run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trigger {
    /// All succeeded. If one failed the task is not run, if one was skipped it is skipped.
    #[default]
    AllSucceeded,
    /// All have ended, however they did: exit handlers, and tasks that ignore what failed before them.
    AllCompleted,
}

impl Trigger {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// A loop: the task's component runs once for each item. Iterations are called `task[0]`, `task[1]` and so on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Iteration {
    /// What it goes over.
    pub over: Items,
    /// The input of the component that gets the item.
    pub item: String,
    /// Iterations that may be at work at the same time; any number if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parallelism: Option<u32>,
}

/// The items of a loop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Items {
    /// Written out.
    Literal(Vec<Value>),
    /// A list parameter: the name under which it is wired among the task's inputs.
    Parameter(String),
    /// A list of artifacts: the name under which it is wired among the task's inputs.
    Artifacts(String),
}

/// A volume among a step's files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Mount {
    /// Where the step sees it: an absolute path.
    pub path: String,
    /// The volume's name.
    pub volume: Binding,
    /// A directory inside it, rather than all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sub_path: Option<String>,
    /// Whether the step may only read.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
}

/// An input's source and where it is written. A task may have wires that its component has no input for: its condition, its loop
/// and templates read them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Wire {
    /// The source.
    #[serde(flatten)]
    pub from: Binding,
    /// A CEL expression that makes the value out of the source's, there called `string_value`:
    /// `parseJson(string_value)["key"]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub select: Option<String>,
    /// Where it is written.
    #[serde(default)]
    pub at: Location,
}

impl From<Binding> for Wire {
    /// A wire that is written at no place in particular.
    fn from(from: Binding) -> Self {
        Self { from, select: None, at: Location::default() }
    }
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Binding {
    /// A literal parameter value.
    Literal(Value),
    /// Text with KFP's placeholders: `{{$.inputs.parameters['x']}}` is another input of the same task.
    Template(String),
    /// An input of the enclosing component: at the root, a pipeline parameter.
    Input(String),
    /// An output of another task in the same DAG.
    Output {
        /// The task.
        task: String,
        /// Its output; filled in when linked, where it may be left out for a task with exactly one.
        output: String,
    },
    /// How a task ended: KFP's `PipelineTaskFinalStatus`.
    FinalStatus {
        /// The task.
        task: String,
    },
    /// The first of these that there is: the branch of a condition that was taken.
    FirstOf(Vec<Binding>),
    /// All of these as one list of artifacts.
    Gather(Vec<Binding>),
}

impl Binding {
    /// Calls with the name of each task that must have ended for this to have a value.
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

/// What the names in a condition mean.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionVariables {
    /// The outputs of other tasks (`evaluate.accuracy`) and the parameters (`params.threshold`).
    #[default]
    Tasks,
    /// The task's own inputs, as in KFP: `inputs.parameter_values['x']`, `inputs.artifacts['x'].artifacts[0].uri`.
    Inputs,
}

/// A CEL expression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The expression's text.
    pub expression: String,
    /// The tasks it refers to.
    pub tasks: BTreeSet<String>,
    /// What it is about.
    #[serde(default, rename = "sees")]
    pub variables: ConditionVariables,
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
