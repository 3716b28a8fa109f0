//! The plain data that is written to and read from the store.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{Artifact, Command, ComponentRef, FailureKind, Grants, PortValues, StepFailure};

use crate::keys::Uncached;
use crate::recorded_spec::RecordedSpec;

/// The id of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExecutionId(pub i64);

impl fmt::Display for ExecutionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The kind of an execution.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExecutionKind {
    /// A step: `system.ContainerExecution`.
    Container,
    /// An importer: `system.ImporterExecution`.
    Importer,
    /// A resolver: `system.ResolverExecution`.
    Resolver,
    /// A DAG or a loop: `system.DAGExecution`.
    Dag,
}

impl ExecutionKind {
    /// The name of its execution type.
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

    /// The kind of an execution type. Unknown types are containers.
    pub(crate) fn of_type(name: &str) -> Self {
        [Self::Importer, Self::Resolver, Self::Dag]
            .into_iter()
            .find(|kind| kind.type_name() == name)
            .unwrap_or(Self::Container)
    }
}

/// The state of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RunState {
    /// Running, or its process was killed.
    Running,
    /// All its tasks are complete, cached or skipped.
    Complete,
    /// A task failed.
    Failed,
    /// It was interrupted, and can be resumed.
    Canceled,
}

/// The rows of a run, which every write about it needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunKey {
    /// The run's id.
    pub run: String,
    /// The name of the pipeline.
    pub pipeline: String,
    /// Row of the `system.Pipeline` context.
    pub pipeline_context: i64,
    /// Row of the `system.PipelineRun` context.
    pub run_context: i64,
    /// The execution of the root DAG, which is the parent of the run's tasks.
    pub dag: ExecutionId,
    /// When it first started: milliseconds since the epoch.
    pub started_ms: i64,
}

/// A new run.
#[derive(Debug, Clone, Copy)]
pub struct NewRun<'a> {
    /// Its id, unique in the store.
    pub id: &'a str,
    /// The pipeline's name.
    pub pipeline: &'a str,
    /// The linked pipeline as JSON text, so that the run can be resumed without its file.
    pub spec: &'a str,
    /// The values of the parameters, including defaults.
    pub parameters: &'a BTreeMap<String, Value>,
    /// The file of the pipeline.
    pub file: Option<&'a str>,
}

/// The start of a task.
#[derive(Debug, Clone, Copy)]
pub struct NewExecution<'a> {
    /// The task's name, unique in the run.
    pub task: &'a str,
    /// The kind of its execution.
    pub kind: ExecutionKind,
    /// The step function, if it is a step.
    pub component: Option<&'a ComponentRef>,
    /// The values of its inputs. Artifacts must be recorded already: their `id` is set.
    pub inputs: &'a PortValues,
    /// Its grants.
    pub grants: &'a Grants,
    /// Digests of content that it was given by URIs in its parameters rather than on a port.
    pub linked: &'a [String],
    /// The identity: the digest of everything that its outputs depend on. [`crate::Store::find_cached`] finds
    /// executions by it.
    pub identity: Option<[u8; 32]>,
    /// The command that it runs, which its identity is made of as well.
    pub command: Option<&'a Command>,
    /// Why no earlier execution of its identity was looked for.
    pub uncached: Option<Uncached>,
    /// The attempt, from 1.
    pub attempt: u32,
    /// The execution of its DAG, if that is not the root.
    pub parent: Option<ExecutionId>,
    /// The properties that KFP's tools display.
    pub labels: Labels<'a>,
}

/// Properties of an execution that KFP's tools display, under KFP's names.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Labels<'a> {
    /// The display name, if it differs from the task's name.
    pub display_name: Option<&'a str>,
    /// The image of the container that a command replaces. The component is what runs.
    pub image: Option<&'a str>,
    /// The index, if it is an iteration of a loop.
    pub iteration_index: Option<u32>,
    /// The number of iterations, if it is a loop.
    pub iteration_count: Option<usize>,
    /// The number of tasks in its DAG, if it runs one.
    pub total_dag_tasks: Option<usize>,
    /// Whether an importer's artifact gets a new row although the same one was imported before.
    pub reimport: bool,
}

/// The end of a task.
#[derive(Debug)]
pub struct Finished<'a> {
    /// Its final state.
    pub state: TaskState,
    /// The values of its outputs. Artifacts without `id` get a row, and their `id` is set; those with one are referred
    /// to.
    pub outputs: &'a mut PortValues,
    /// Its failure.
    pub error: Option<&'a FailureRecord>,
    /// The URI of its log.
    pub log: Option<&'a str>,
    /// Its execution time.
    pub duration: Duration,
    /// The peak of its linear memories together, in bytes.
    pub peak_memory: u64,
    /// The execution whose outputs it has, if it is cached.
    pub cached_from: Option<ExecutionId>,
}

/// The recorded failure of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailureRecord {
    /// Its kind.
    pub kind: FailureKind,
    /// The cause.
    pub message: String,
    /// What the user can do about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl From<&StepFailure> for FailureRecord {
    fn from(failure: &StepFailure) -> Self {
        Self { kind: failure.kind, message: failure.message.clone(), hint: failure.hint.clone() }
    }
}

/// An earlier execution with the same identity.
#[derive(Debug, Clone, PartialEq)]
pub struct CachedStep {
    /// The execution.
    pub execution: ExecutionId,
    /// Its run.
    pub run: String,
    /// Its outputs. The artifacts' ids are set.
    pub outputs: PortValues,
}

/// A filter for runs.
#[derive(Debug, Clone, Default)]
pub struct RunFilter<'a> {
    /// Only runs of this pipeline.
    pub pipeline: Option<&'a str>,
    /// Only runs in this state.
    pub state: Option<RunState>,
    /// The maximum number of runs, the newest first.
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
    /// The message of its failure.
    pub error: Option<String>,
    /// The number of steps in each state.
    pub counts: StepCounts,
}

/// The number of a run's steps in each state. Steps that have not started are not counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepCounts {
    /// Running.
    pub running: u64,
    /// Executed successfully.
    pub complete: u64,
    /// Cached.
    pub cached: u64,
    /// Skipped.
    pub skipped: u64,
    /// Failed.
    pub failed: u64,
    /// Canceled.
    pub canceled: u64,
}

/// A run with its steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunRecord {
    /// The run without its steps.
    #[serde(flatten)]
    pub summary: RunSummary,
    /// The file of the pipeline.
    pub file: Option<String>,
    /// The linked pipeline.
    pub spec: RecordedSpec,
    /// The values of the pipeline's outputs.
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
    /// The kind of its execution.
    pub kind: ExecutionKind,
    /// Its state.
    pub state: TaskState,
    /// The step function, if a component ran.
    pub component: Option<ComponentRef>,
    /// Its identity.
    #[serde(with = "hex_identity")]
    pub identity: Option<[u8; 32]>,
    /// The execution whose outputs it has, if it is cached.
    pub cached_from: Option<ExecutionId>,
    /// The number of attempts.
    pub attempts: u32,
    /// When it started: milliseconds since the epoch.
    pub started_ms: i64,
    /// When it ended: milliseconds since the epoch.
    pub ended_ms: Option<i64>,
    /// The time of its last attempt, in microseconds.
    pub duration_us: u64,
    /// The peak of its linear memories together, in bytes.
    pub peak_memory: u64,
    /// The URI of its log.
    pub log: Option<String>,
    /// Its grants.
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

/// The state of a run for resuming it.
#[derive(Debug, Clone, PartialEq)]
pub struct ResumeState {
    /// Its rows.
    pub key: RunKey,
    /// The run and its steps so far.
    pub run: RunRecord,
}

/// The state of an artifact in ML Metadata.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ArtifactState {
    /// It is live.
    Live,
    /// Its run was deleted, and its content may be collected.
    Deleted,
    /// A state that only other programs set.
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

/// A filter for artifacts. Those of deleted runs are always left out.
#[derive(Debug, Clone, Default)]
pub struct ArtifactFilter<'a> {
    /// Only artifacts of this type, such as `system.Model`.
    pub kind: Option<&'a str>,
    /// Only artifacts that this run produced, cached ones included.
    pub run: Option<&'a str>,
    /// Only artifacts that runs of this pipeline produced.
    pub pipeline: Option<&'a str>,
    /// The maximum number of artifacts, the newest first.
    pub limit: Option<usize>,
}

/// An artifact and its producer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactRecord {
    /// The artifact; its id is set.
    #[serde(flatten)]
    pub artifact: Artifact,
    /// Its state.
    pub state: ArtifactState,
    /// When it was recorded: milliseconds since the epoch.
    pub created_ms: i64,
    /// The execution that produced it first.
    pub producer: Option<Producer>,
}

/// The execution and the output that produced an artifact.
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

/// The direction of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EventKind {
    /// The execution read it.
    Input,
    /// The execution produced it.
    Output,
}

impl EventKind {
    /// The number of the event type in ML Metadata.
    pub(crate) const fn code(self) -> i64 {
        match self {
            Self::Input => 3,
            Self::Output => 4,
        }
    }
}

/// `(name in the weft tables, state in ML Metadata)`. As in KFP, MLMD's CANCELED means "not triggered", and is used for
/// skipped tasks.
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

/// The task state of an MLMD state. Unknown ones are new.
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
