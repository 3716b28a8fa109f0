//! The server's operations, which the API and the page share.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::watch;
use weft::metadata::control::{
    Change, Experiment, ListQuery, Listed, Origin, PipelineEntry, RecurringRun, RunEntry, Schedule, Spec, Submission,
    VersionEntry,
};
use weft::metadata::RunRecord;
use weft::{Host, Store, Weft};

use crate::error::{Error, Kind, Result};
use crate::settings::Settings;

/// A run to submit. With a spec, or an uploaded pipeline (its newest version unless one is named).
#[derive(Debug, Clone, Default)]
pub struct NewRun {
    /// Its name for people; that of the pipeline with the time if empty.
    pub name: String,
    /// What it is about.
    pub description: String,
    /// Id of its experiment; the default one if not given.
    pub experiment: Option<String>,
    /// What to execute.
    pub spec: Option<Spec>,
    /// The uploaded pipeline to execute.
    pub pipeline: Option<String>,
    /// The version of that.
    pub version: Option<String>,
    /// Values of parameters.
    pub parameters: BTreeMap<String, Value>,
    /// Executes every step, whatever earlier runs gave.
    pub no_cache: bool,
    /// Runs of higher priority start first.
    pub priority: i64,
    /// The account that it is said to run as. Kept, and without effect.
    pub service_account: String,
}

/// A pipeline to upload.
#[derive(Debug, Clone, Default)]
pub struct NewPipeline {
    /// Its name; that of the spec if empty.
    pub name: String,
    /// Its name for people; its name if empty.
    pub display_name: String,
    /// What it is about.
    pub description: String,
    /// Labels.
    pub tags: BTreeMap<String, String>,
}

/// A version of a pipeline to upload.
#[derive(Debug, Clone)]
pub struct NewVersion {
    /// Its name; made of that of the pipeline and the time if empty.
    pub name: String,
    /// Its name for people; its name if empty.
    pub display_name: String,
    /// What it is about.
    pub description: String,
    /// Labels.
    pub tags: BTreeMap<String, String>,
    /// Where its source code lies.
    pub code_source_url: Option<String>,
    /// The pipeline itself.
    pub spec: Spec,
}

/// A recurring run to make.
#[derive(Debug, Clone)]
pub struct NewRecurringRun {
    /// The runs that it starts.
    pub run: NewRun,
    /// When they are due.
    pub schedule: Schedule,
    /// Runs of it that may be unfinished at the same time, from 1 to 10.
    pub max_concurrency: i64,
    /// Whether times that passed while it could not run are passed over, but for the last.
    pub no_catchup: bool,
    /// Whether it is on.
    pub enabled: bool,
}

/// All that is known of a run.
#[derive(Debug, Clone)]
pub struct RunDetail {
    /// As lists have it.
    pub entry: RunEntry,
    /// How it was submitted; none if `weft run` started it.
    pub submission: Option<Submission>,
    /// Its states, the oldest first.
    pub history: Vec<Change>,
    /// What is recorded of its execution; none while it has not begun.
    pub record: Option<RunRecord>,
    /// Whether a process is at work on it.
    pub alive: bool,
}

/// What a step that is executed by this server has told so far.
#[derive(Debug, Clone, Default)]
pub struct LiveTask {
    /// The last lines of its log, the oldest first. Bounded.
    pub lines: Vec<String>,
    /// Units done, and total units (0 if unknown).
    pub progress: Option<(u64, u64)>,
}

/// A server over an open store. Clones are the same server.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    weft: Weft,
    settings: Settings,
    changes: watch::Sender<u64>,
}

fn not_yet<T>() -> Result<T> {
    Err(Error::new(Kind::Unimplemented, "this is being built"))
}

impl Server {
    /// Opens the store in a folder, and makes it if there is none.
    pub fn open(root: &std::path::Path, host: Host, settings: Settings) -> Result<Self> {
        let weft = Weft::open(root, host).map_err(|error| Error::new(Kind::Internal, error.to_string()))?;
        Ok(Self(Arc::new(Inner { weft, settings, changes: watch::Sender::new(0) })))
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The store, for queries: artifacts, logs, lineage, sizes.
    pub fn store(&self) -> &Store {
        self.0.weft.store()
    }

    /// Changes whenever something in the store did, by this process or another.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes.subscribe()
    }

    /// Puts a run into the queue, after checking that it can be executed.
    pub fn submit(&self, _run: NewRun, _origin: Origin) -> Result<RunDetail> {
        not_yet()
    }

    /// A part of the list of runs: those submitted, and those that `weft run` started.
    pub fn runs(&self, _query: &ListQuery) -> Result<Listed<RunEntry>> {
        not_yet()
    }

    /// A run with its steps.
    pub fn run(&self, _id: &str) -> Result<RunDetail> {
        not_yet()
    }

    /// What the running steps of a run have told so far, by task. Empty unless this server executes it.
    pub fn live(&self, _run: &str) -> BTreeMap<String, LiveTask> {
        BTreeMap::new()
    }

    /// Stops a run: it ends as canceled, and can be resumed.
    pub fn terminate(&self, _id: &str) -> Result<()> {
        not_yet()
    }

    /// Goes on with a run that failed or was canceled: what is finished is not executed again.
    pub fn retry(&self, _id: &str) -> Result<()> {
        not_yet()
    }

    /// Puts a run away, or takes it back.
    pub fn archive(&self, _id: &str, _archived: bool) -> Result<()> {
        not_yet()
    }

    /// Forgets a run. One at work is stopped first.
    pub fn delete(&self, _id: &str) -> Result<()> {
        not_yet()
    }

    /// Makes an experiment.
    pub fn create_experiment(&self, _name: &str, _description: &str) -> Result<Experiment> {
        not_yet()
    }

    /// A part of the list of experiments.
    pub fn experiments(&self, _query: &ListQuery) -> Result<Listed<Experiment>> {
        not_yet()
    }

    /// An experiment.
    pub fn experiment(&self, _id: &str) -> Result<Experiment> {
        not_yet()
    }

    /// Puts an experiment and its runs away, or takes it back.
    pub fn archive_experiment(&self, _id: &str, _archived: bool) -> Result<()> {
        not_yet()
    }

    /// Forgets an experiment. Its runs go to the default one.
    pub fn delete_experiment(&self, _id: &str) -> Result<()> {
        not_yet()
    }

    /// Makes a pipeline, with its first version if one is given.
    pub fn create_pipeline(&self, _pipeline: NewPipeline, _version: Option<NewVersion>) -> Result<PipelineEntry> {
        not_yet()
    }

    /// A part of the list of pipelines.
    pub fn pipelines(&self, _query: &ListQuery) -> Result<Listed<PipelineEntry>> {
        not_yet()
    }

    /// A pipeline.
    pub fn pipeline(&self, _id: &str) -> Result<PipelineEntry> {
        not_yet()
    }

    /// Forgets a pipeline, with its versions if `cascade`; without, it must have none.
    pub fn delete_pipeline(&self, _id: &str, _cascade: bool) -> Result<()> {
        not_yet()
    }

    /// Adds a version to a pipeline.
    pub fn create_version(&self, _pipeline: &str, _version: NewVersion) -> Result<VersionEntry> {
        not_yet()
    }

    /// A part of the list of a pipeline's versions.
    pub fn versions(&self, _pipeline: &str, _query: &ListQuery) -> Result<Listed<VersionEntry>> {
        not_yet()
    }

    /// A version of a pipeline.
    pub fn version(&self, _pipeline: &str, _id: &str) -> Result<VersionEntry> {
        not_yet()
    }

    /// Forgets a version.
    pub fn delete_version(&self, _pipeline: &str, _id: &str) -> Result<()> {
        not_yet()
    }

    /// Makes a recurring run.
    pub fn create_recurring(&self, _recurring: NewRecurringRun) -> Result<RecurringRun> {
        not_yet()
    }

    /// A part of the list of recurring runs.
    pub fn recurring_runs(&self, _query: &ListQuery) -> Result<Listed<RecurringRun>> {
        not_yet()
    }

    /// A recurring run.
    pub fn recurring(&self, _id: &str) -> Result<RecurringRun> {
        not_yet()
    }

    /// When a recurring run is due next: milliseconds since the epoch, at most `count` times.
    pub fn next_times(&self, _recurring: &RecurringRun, _count: usize) -> Vec<i64> {
        Vec::new()
    }

    /// Switches a recurring run on or off.
    pub fn enable_recurring(&self, _id: &str, _enabled: bool) -> Result<()> {
        not_yet()
    }

    /// Forgets a recurring run. Runs that it has started stay.
    pub fn delete_recurring(&self, _id: &str) -> Result<()> {
        not_yet()
    }
}
