//! The plain data of a server's records: experiments, pipelines, submitted runs, recurring runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A group of runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Experiment {
    /// Its id, a UUID.
    pub id: String,
    /// Its name, unique in the store.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// When it was made: milliseconds since the epoch.
    pub created_ms: i64,
    /// When the last of its runs was submitted.
    pub last_run_ms: Option<i64>,
    /// Whether it was put away.
    pub archived: bool,
}

/// A pipeline that was uploaded. What it executes is in its versions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PipelineEntry {
    /// Its id, a UUID.
    pub id: String,
    /// Its name, unique in the store.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// What it is about.
    pub description: String,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// When it was made: milliseconds since the epoch.
    pub created_ms: i64,
}

/// A version of a pipeline.
#[derive(Debug, Clone, PartialEq)]
pub struct VersionEntry {
    /// Its id, a UUID.
    pub id: String,
    /// The pipeline that it is a version of.
    pub pipeline: String,
    /// Its name, unique in the pipeline.
    pub name: String,
    /// Its name for people.
    pub display_name: String,
    /// What it is about.
    pub description: String,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// Where its source code lies.
    pub code_source_url: Option<String>,
    /// When it was made: milliseconds since the epoch.
    pub created_ms: i64,
    /// The pipeline itself.
    pub spec: Spec,
}

/// What is executed: a pipeline as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The text, in weft's format or in KFP's, as YAML or JSON.
    pub text: String,
    /// Where it lies on this host and what it is given from there; none for what came by the network, which names no files of this host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub local: Option<LocalSpec>,
}

impl Spec {
    /// A pipeline that lies nowhere on this host.
    #[must_use]
    pub const fn text(text: String) -> Self {
        Self { text, local: None }
    }
}

/// A pipeline's file on this host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalSpec {
    /// Its absolute path: relative paths in it begin in its folder. Empty for one that lies nowhere and is given artifacts of this host.
    pub file: String,
    /// Its input artifacts: names, and absolute paths or URIs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<(String, String)>,
}

/// Who or what asked for a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Origin {
    /// A client of the API.
    Api,
    /// A person at the page.
    Page,
    /// `weft run` on the same store; it was never queued.
    CommandLine,
    /// A recurring run.
    Recurring {
        /// Which, by its id.
        id: String,
        /// Which of its runs this is, from 1.
        index: i64,
    },
    /// A trigger.
    Trigger {
        /// Which, by its id.
        id: String,
        /// What happened: a digest of the files, an artifact, a delivery of a webhook.
        event: String,
    },
}

/// A run that was asked for, and how it is to be executed.
#[derive(Debug, Clone, PartialEq)]
pub struct Submission {
    /// Its id, a UUID, which is also the id of the run in the store once it has begun.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Its experiment.
    pub experiment: String,
    /// Name of the pipeline, as its spec has it.
    pub pipeline_name: String,
    /// The uploaded pipeline that it executes, if it is one.
    pub pipeline: Option<String>,
    /// The version of that.
    pub version: Option<String>,
    /// The pipeline as it was when the run was submitted.
    pub spec: Spec,
    /// The values of parameters that were given.
    pub parameters: BTreeMap<String, Value>,
    /// Executes every step, whatever earlier runs gave.
    pub no_cache: bool,
    /// Runs of higher priority start first; 0 unless asked for.
    pub priority: i64,
    /// Who asked for it.
    pub origin: Origin,
    /// The account that it is said to run as. Kept, and without effect.
    pub service_account: String,
}

/// The state of a run, submitted or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It waits for its turn.
    Queued,
    /// It is executed, or its process was killed and nobody has gone on with it yet.
    Running,
    /// It was asked to stop and has not yet.
    Canceling,
    /// All its tasks are complete, cached or skipped.
    Complete,
    /// A task failed, or it could not begin.
    Failed,
    /// It was stopped.
    Canceled,
}

/// A run in a list: submitted to a server, or started by `weft run` on the same store.
#[derive(Debug, Clone, PartialEq)]
pub struct RunEntry {
    /// Its id.
    pub id: String,
    /// Its name for people; the id of one that `weft run` started.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Its experiment; the default one if `weft run` started it.
    pub experiment: String,
    /// Name of the pipeline, as its spec has it.
    pub pipeline_name: String,
    /// The uploaded pipeline that it executes.
    pub pipeline: Option<String>,
    /// The version of that.
    pub version: Option<String>,
    /// Its state.
    pub status: Status,
    /// Whether it was put away.
    pub archived: bool,
    /// Who asked for it.
    pub origin: Origin,
    /// Its priority.
    pub priority: i64,
    /// When it was asked for: milliseconds since the epoch.
    pub created_ms: i64,
    /// When it was due: as `created_ms`, or the time by the schedule.
    pub scheduled_ms: i64,
    /// When it began.
    pub started_ms: Option<i64>,
    /// When it ended.
    pub ended_ms: Option<i64>,
    /// Why it failed or could not begin.
    pub error: Option<String>,
    /// Values of parameters: those given, and all once it has begun.
    pub parameters: BTreeMap<String, Value>,
}

/// A change of a run's state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// When: milliseconds since the epoch.
    pub at_ms: i64,
    /// The state from then on.
    pub status: Status,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// When a recurring run is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Schedule {
    /// By a cron expression.
    Cron {
        /// The expression, with seconds as KFP writes it.
        cron: String,
        /// Not before: milliseconds since the epoch.
        start_ms: Option<i64>,
        /// Not after.
        end_ms: Option<i64>,
    },
    /// Every so many seconds.
    Periodic {
        /// Seconds between two runs.
        seconds: i64,
        /// Not before: milliseconds since the epoch.
        start_ms: Option<i64>,
        /// Not after.
        end_ms: Option<i64>,
    },
}

/// A run that is started again and again.
#[derive(Debug, Clone, PartialEq)]
pub struct RecurringRun {
    /// Its id, a UUID.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// The experiment of its runs.
    pub experiment: String,
    /// The uploaded pipeline that it executes, if it is one; its newest version unless one is named.
    pub pipeline: Option<String>,
    /// The version of that.
    pub version: Option<String>,
    /// The pipeline, if none that was uploaded.
    pub spec: Option<Spec>,
    /// The values of parameters, with `[[ScheduledTime]]` and the like in texts.
    pub parameters: BTreeMap<String, Value>,
    /// Executes every step, whatever earlier runs gave.
    pub no_cache: bool,
    /// When it is due.
    pub schedule: Schedule,
    /// Runs of it that may be unfinished at the same time, from 1 to 10.
    pub max_concurrency: i64,
    /// Whether times that passed while it could not run are passed over, but for the last.
    pub no_catchup: bool,
    /// Whether it is on.
    pub enabled: bool,
    /// When it was made: milliseconds since the epoch.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
    /// The account that its runs are said to run as. Kept, and without effect.
    pub service_account: String,
    /// The time by the schedule that it last ran for.
    pub last_ms: Option<i64>,
    /// Runs that it has started.
    pub fired: i64,
}

/// How far a trigger has been served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggerState {
    /// Its name.
    pub name: String,
    /// Whether it is on.
    pub enabled: bool,
    /// What it has seen: a digest of files, the id of an artifact; empty for what only waits.
    pub mark: String,
    /// Runs that it has started.
    pub fired: i64,
    /// When it last started one: milliseconds since the epoch.
    pub last_ms: Option<i64>,
    /// Its runs that have not ended.
    pub unfinished: i64,
}

/// What a list is filtered by and ordered by. Not every list has every one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    /// The id.
    Id,
    /// The name.
    Name,
    /// The name for people.
    DisplayName,
    /// What it is about.
    Description,
    /// When it was made.
    CreatedAt,
    /// When it was changed.
    UpdatedAt,
    /// When it was due.
    ScheduledAt,
    /// When it ended.
    FinishedAt,
    /// When the last run was submitted.
    LastRunCreatedAt,
    /// Its state, as [`Status`] is written.
    State,
    /// `AVAILABLE` or `ARCHIVED`.
    StorageState,
    /// `ENABLED` or `DISABLED`.
    Enabled,
    /// Its experiment.
    Experiment,
    /// Its uploaded pipeline.
    Pipeline,
    /// The version of that.
    Version,
    /// The name of its pipeline.
    PipelineName,
    /// The recurring run that started it.
    RecurringRun,
}

/// How a field and a value compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// It is the value.
    Equals,
    /// It is not.
    NotEquals,
    /// It is greater.
    Greater,
    /// It is greater or the value.
    GreaterOrEqual,
    /// It is less.
    Less,
    /// It is less or the value.
    LessOrEqual,
    /// It is one of the values.
    In,
    /// The value is a part of it, whichever case its letters have.
    Substring,
}

/// A condition on the entries of a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Predicate {
    /// What is compared.
    pub field: Field,
    /// How.
    pub comparison: Comparison,
    /// With what: one value, or several for [`Comparison::In`]. Texts and integers; times are milliseconds since the epoch.
    pub values: Vec<Value>,
}

/// Which entries of a list are wanted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ListQuery {
    /// All of these hold.
    pub filter: Vec<Predicate>,
    /// What it is ordered by; the time that entries were made if not given. Ties are ordered by id.
    pub sort: Option<Field>,
    /// Whether the greatest comes first.
    pub descending: bool,
    /// Only entries after this one.
    pub after: Option<Cursor>,
    /// The maximum number of entries.
    pub limit: usize,
}

/// The place of an entry in an ordered list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// The value of the field that the list is ordered by.
    pub value: Value,
    /// Its id.
    pub id: String,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// The number of entries in the whole list.
    pub total: u64,
    /// The place of the last entry, if others follow.
    pub next: Option<Cursor>,
}
