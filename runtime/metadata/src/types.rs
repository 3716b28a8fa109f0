//! The plain data that goes into the store and comes out of it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{Artifact, ComponentRef, FailureKind, Grants, PortValues, StepFailure};

/// An execution's row in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExecutionId(pub i64);

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What sort of work an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExecutionKind {
    /// A step function of a component: `system.ContainerExecution`.
    Container,
    /// Brings something from outside into the store: `system.ImporterExecution`.
    Importer,
    /// Finds what an earlier run gave: `system.ResolverExecution`.
    Resolver,
    /// A DAG of tasks: `system.DAGExecution`.
    Dag,
}

impl ExecutionKind {
    /// Name of its execution type.
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Container => "system.ContainerExecution",
            Self::Importer => "system.ImporterExecution",
            Self::Resolver => "system.ResolverExecution",
            Self::Dag => "system.DAGExecution",
        }
    }

    /// Its name in the `weft_` tables, which is its serde name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Importer => "importer",
            Self::Resolver => "resolver",
            Self::Dag => "dag",
        }
    }

    /// The kind whose execution type has this name; every other type counts as a container.
    pub(crate) fn of_type(name: &str) -> Self {
        [Self::Importer, Self::Resolver, Self::Dag]
            .into_iter()
            .find(|kind| kind.type_name() == name)
            .unwrap_or(Self::Container)
    }
}

/// State of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunState {
    /// At work, or its process ended without a word.
    Running,
    /// All its tasks are complete, cached or skipped.
    Complete,
    /// A task failed.
    Failed,
    /// It was interrupted and can be resumed.
    Canceled,
}

/// Where a run is recorded: what every write about it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunKey {
    /// The run's id.
    pub run: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// Row of the `system.Pipeline` context.
    pub pipeline_context: i64,
    /// Row of the `system.PipelineRun` context.
    pub run_context: i64,
    /// The root DAG's execution, parent of the run's tasks.
    pub dag: ExecutionId,
    /// When it started first: milliseconds since the epoch.
    pub started_ms: i64,
}

/// A run about to start.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// Its id, unique in the store.
    pub id: &'a str,
    /// The pipeline's name.
    pub pipeline: &'a str,
    /// The pipeline as it was linked, so that the run can be resumed and explained without its file.
    pub spec: &'a Value,
    /// Values of the pipeline's parameters, defaults included.
    pub parameters: &'a BTreeMap<String, Value>,
    /// The file that it was read from.
    pub file: Option<&'a str>,
}

/// A task about to start.
#[derive(Debug, Clone, Copy)]
pub struct NewExecution<'a> {
    /// The task's name, unique in the run.
    pub task: &'a str,
    /// What sort of work it is.
    pub kind: ExecutionKind,
    /// The step function, if a component runs.
    pub component: Option<&'a ComponentRef>,
    /// Values of its inputs. Artifacts must have been recorded: their `id` is set.
    pub inputs: &'a PortValues,
    /// What it may reach.
    pub grants: &'a Grants,
    /// Digest of everything that decides its results; what is recorded with one can be found by [`crate::Store::find_cached`].
    pub identity: Option<[u8; 32]>,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// The DAG it belongs to, if that is not the run's root.
    pub parent: Option<ExecutionId>,
    /// What tools for KFP show of it.
    pub labels: Labels<'a>,
}

/// What tools for KFP show of an execution, under KFP's names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Labels<'a> {
    /// The name that is shown, if it is another than the task's.
    pub display_name: Option<&'a str>,
    /// The image of the container that a command stands for. What runs is the component.
    pub image: Option<&'a str>,
    /// Its number, if it is an iteration of a loop.
    pub iteration_index: Option<u32>,
    /// How many iterations it has, if it is a loop.
    pub iteration_count: Option<usize>,
    /// How many tasks there are in its DAG, if it runs one.
    pub total_dag_tasks: Option<usize>,
    /// Whether an importer's artifacts get rows of their own though the same were imported before.
    pub reimport: bool,
}

/// How a task ended.
#[derive(Debug)]
pub struct Finished<'a> {
    /// Its final state.
    pub state: TaskState,
    /// Values of its outputs. Artifacts without an `id` get a row, and their `id` is set; those with one are referred to.
    pub outputs: &'a mut PortValues,
    /// Why it failed.
    pub error: Option<&'a FailureRecord>,
    /// URI of what it wrote and logged.
    pub log: Option<&'a str>,
    /// Time it took.
    pub duration: Duration,
    /// Highest total of its linear memories, in bytes.
    pub peak_memory: u64,
    /// The execution whose results stand for this one's.
    pub cached_from: Option<ExecutionId>,
}

/// Why a task failed, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// What sort of failure.
    pub kind: FailureKind,
    /// The cause.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl From<&StepFailure> for FailureRecord {
    fn from(failure: &StepFailure) -> Self {
        Self { kind: failure.kind, message: failure.message.clone(), hint: failure.hint.clone() }
    }
}

/// An earlier execution of the same identity.
#[derive(Debug, Clone, PartialEq)]
pub struct CachedStep {
    /// The execution.
    pub execution: ExecutionId,
    /// Its run.
    pub run: String,
    /// What it gave; the artifacts' ids are set.
    pub outputs: PortValues,
}

/// Which runs to list.
#[derive(Debug, Clone, Default)]
pub struct RunFilter<'a> {
    /// Only runs of this pipeline.
    pub pipeline: Option<&'a str>,
    /// Only runs in this state.
    pub state: Option<RunState>,
    /// At most so many, the newest.
    pub limit: Option<usize>,
}

/// A run without its steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSummary {
    /// Its id.
    pub id: String,
    /// The pipeline's name.
    pub pipeline: String,
    /// Its state.
    pub state: RunState,
    /// When it started: milliseconds since the epoch.
    pub started_ms: i64,
    /// When it ended: milliseconds since the epoch.
    pub ended_ms: Option<i64>,
    /// Values of the pipeline's parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Why it failed.
    pub error: Option<String>,
    /// How many of its steps are in which state.
    pub counts: StepCounts,
}

/// How many steps of a run are in which state. Steps that have not started are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepCounts {
    /// At work.
    pub running: u64,
    /// Executed with success.
    pub complete: u64,
    /// Taken from the cache.
    pub cached: u64,
    /// Skipped.
    pub skipped: u64,
    /// Failed.
    pub failed: u64,
    /// Given up.
    pub canceled: u64,
}

/// A run with its steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// What there is to say in a line.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// The file that the pipeline was read from.
    pub file: Option<String>,
    /// The pipeline as it was linked.
    pub spec: Value,
    /// Values of the pipeline's outputs.
    pub outputs: PortValues,
    /// Its steps in the order in which they were first recorded.
    pub steps: Vec<StepRecord>,
}

/// A step of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepRecord {
    /// Its execution.
    pub execution: ExecutionId,
    /// Its run.
    pub run: String,
    /// The task's name.
    pub task: String,
    /// What sort of work it is.
    pub kind: ExecutionKind,
    /// Its state.
    pub state: TaskState,
    /// The step function, if a component ran.
    pub component: Option<ComponentRef>,
    /// Digest of everything that decides its results.
    #[serde(with = "hex_identity")]
    pub identity: Option<[u8; 32]>,
    /// The execution whose results stand for this one's.
    pub cached_from: Option<ExecutionId>,
    /// Attempts made.
    pub attempts: u32,
    /// When it started: milliseconds since the epoch.
    pub started_ms: i64,
    /// When it ended: milliseconds since the epoch.
    pub ended_ms: Option<i64>,
    /// Time of its last attempt, in microseconds.
    pub duration_us: u64,
    /// Highest total of its linear memories, in bytes.
    pub peak_memory: u64,
    /// URI of what it wrote and logged.
    pub log: Option<String>,
    /// What it might reach.
    pub grants: Grants,
    /// Values of its inputs.
    pub inputs: PortValues,
    /// Values of its outputs.
    pub outputs: PortValues,
    /// Why it failed.
    pub error: Option<FailureRecord>,
    /// Why it was skipped.
    pub skipped: Option<String>,
}

/// What is needed to go on with a run.
#[derive(Debug, Clone, PartialEq)]
pub struct ResumeState {
    /// Where it is recorded.
    pub key: RunKey,
    /// The run and its steps so far.
    pub run: RunRecord,
}

/// An artifact's state in ML Metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ArtifactState {
    /// Its content is kept.
    Live,
    /// Its run was deleted; its content may be gone.
    Deleted,
    /// A state that only other programs write.
    Other,
}

impl ArtifactState {
    pub(crate) const LIVE: i64 = 2;
    pub(crate) const DELETED: i64 = 4;

    pub(crate) fn of(state: Option<i64>) -> Self {
        match state {
            Some(Self::LIVE) => Self::Live,
            Some(Self::DELETED) => Self::Deleted,
            _ => Self::Other,
        }
    }
}

/// Which artifacts to list. Those whose run was deleted are left out.
#[derive(Debug, Clone, Default)]
pub struct ArtifactFilter<'a> {
    /// Only artifacts of this type, such as `system.Model`.
    pub kind: Option<&'a str>,
    /// Only artifacts that this run gave, from the cache or not.
    pub run: Option<&'a str>,
    /// Only artifacts that runs of this pipeline gave.
    pub pipeline: Option<&'a str>,
    /// At most so many, the newest.
    pub limit: Option<usize>,
}

/// An artifact and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactRecord {
    /// The artifact; its id is set.
    #[serde(flatten)]
    pub artifact: Artifact,
    /// Its state.
    pub state: ArtifactState,
    /// When it was recorded: milliseconds since the epoch.
    pub created_ms: i64,
    /// What gave it first.
    pub producer: Option<Producer>,
}

/// The output that gave an artifact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Producer {
    /// The execution.
    pub execution: ExecutionId,
    /// Its run, if it belongs to one.
    pub run: Option<String>,
    /// Its task, if it has a name.
    pub task: Option<String>,
    /// The output.
    pub output: String,
}

/// Which way an artifact passed an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventKind {
    /// The execution read it.
    Input,
    /// The execution gave it.
    Output,
}

impl EventKind {
    /// The event type's number in ML Metadata.
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Input => 3,
            Self::Output => 4,
        }
    }
}

/// `(name in the weft tables, state in ML Metadata)`. MLMD's CANCELED means "not triggered" in KFP, hence it for skipped tasks.
pub(crate) const fn task_state(state: TaskState) -> (&'static str, i64) {
    match state {
        TaskState::New => ("NEW", 1),
        TaskState::Running => ("RUNNING", 2),
        TaskState::Complete => ("COMPLETE", 3),
        TaskState::Failed => ("FAILED", 4),
        TaskState::Cached => ("CACHED", 5),
        TaskState::Skipped => ("SKIPPED", 6),
        TaskState::Canceled => ("CANCELED", 6),
    }
}

/// The task state of an MLMD state's number; unknown ones count as new.
pub(crate) const fn task_state_of(code: Option<i64>) -> TaskState {
    match code {
        Some(2) => TaskState::Running,
        Some(3) => TaskState::Complete,
        Some(4) => TaskState::Failed,
        Some(5) => TaskState::Cached,
        Some(6) => TaskState::Canceled,
        _ => TaskState::New,
    }
}

/// `(name in the weft tables, state of the DAG's execution in ML Metadata)`.
pub(crate) const fn run_state(state: RunState) -> (&'static str, i64) {
    match state {
        RunState::Running => ("RUNNING", 2),
        RunState::Complete => ("COMPLETE", 3),
        RunState::Failed => ("FAILED", 4),
        RunState::Canceled => ("CANCELED", 6),
    }
}

/// Bytes as lower-case hex.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// An identity as 64 hex digits.
mod hex_identity {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    #[expect(clippy::ref_option, reason = "serde hands over a reference to the field")]
    pub(super) fn serialize<S: Serializer>(identity: &Option<[u8; 32]>, to: S) -> Result<S::Ok, S::Error> {
        identity.map(|bytes| super::hex(&bytes)).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<[u8; 32]>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let mut identity = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return Err(D::Error::custom("an identity has 64 hex digits"));
        }
        for (byte, digits) in identity.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(D::Error::custom)?;
            *byte = u8::from_str_radix(digits, 16).map_err(D::Error::custom)?;
        }
        Ok(Some(identity))
    }
}
