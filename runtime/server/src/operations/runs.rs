//! Operations on runs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use weft::PipelineFile;
use weft::metadata::control::{Change, ListQuery, Listed, Origin, RunEntry, Spec, Status, Submission};
use weft::metadata::{RunRecord, RunState};

use crate::error::{Error, Kind, Result};
use crate::ids;
use crate::server::{Server, lock_of};
use crate::time::rfc3339;

/// The longest name that people give to something, in bytes.
const MAX_NAME: usize = 255;
/// The longest description.
const MAX_DESCRIPTION: usize = 64 << 10;
/// How long the deletion of a run waits until it has stopped.
const STOP_WITHIN: Duration = Duration::from_secs(10);

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

impl Server {
    /// Puts a run into the queue, after checking that it can be executed.
    ///
    /// # Errors
    /// The pipeline or its parameters are wrong, or there is no such experiment, pipeline or version.
    pub fn submit(&self, run: NewRun, origin: Origin) -> Result<RunDetail> {
        let (submission, file) = self.submission(run, origin)?;
        let prepared = self.prepare(file, &submission)?;
        self.keep_prepared(&submission.id, prepared);
        let now = self.now_ms();
        self.metadata().transaction(|tx| tx.enqueue(&submission, now, now))?;
        self.wake();
        self.run(&submission.id)
    }

    /// A run that is to be submitted, complete, and its pipeline.
    pub(crate) fn submission(&self, run: NewRun, origin: Origin) -> Result<(Submission, PipelineFile)> {
        let experiment = self.known_experiment(run.experiment)?;
        check_text("name", &run.name, MAX_NAME)?;
        check_text("description", &run.description, MAX_DESCRIPTION)?;
        let (spec, pipeline, version) = self.source(run.spec, run.pipeline, run.version)?;
        let file = self.read_spec(&spec)?;
        let pipeline_name = file.pipeline.name.clone();
        let name =
            if run.name.trim().is_empty() { format!("{pipeline_name} {}", rfc3339(self.now_ms())) } else { run.name };
        let submission = Submission {
            id: ids::uuid()?,
            name,
            description: run.description,
            experiment,
            pipeline_name,
            pipeline,
            version,
            spec,
            parameters: run.parameters,
            no_cache: run.no_cache,
            priority: run.priority,
            origin,
            service_account: run.service_account,
        };
        Ok((submission, file))
    }

    /// What a run executes: a pipeline of its own, or a version of one that was uploaded, with both ids.
    pub(crate) fn source(
        &self,
        spec: Option<Spec>,
        pipeline: Option<String>,
        version: Option<String>,
    ) -> Result<(Spec, Option<String>, Option<String>)> {
        let pipeline = pipeline.filter(|id| !id.is_empty());
        let version = version.filter(|id| !id.is_empty());
        if let Some(spec) = spec {
            return Ok((spec, pipeline, version));
        }
        let found = match (pipeline, version) {
            (pipeline, Some(id)) => {
                let found = self.metadata().version(&id)?;
                let found = found.filter(|found| pipeline.is_none_or(|pipeline| found.pipeline == pipeline));
                found.ok_or_else(|| Error::not_found(format!("there is no pipeline version `{id}`")))?
            }
            (Some(id), None) => {
                self.pipeline(&id)?;
                self.metadata().newest_version(&id)?.ok_or_else(|| {
                    Error::new(Kind::FailedPrecondition, format!("pipeline `{id}` has no version yet"))
                })?
            }
            (None, None) => {
                return Err(Error::invalid(
                    "give a `pipeline_spec` or a `pipeline_version_reference`: what is to be run?",
                ));
            }
        };
        Ok((found.spec, Some(found.pipeline), Some(found.id)))
    }

    /// A part of the list of runs: those submitted, and those that `weft run` started.
    ///
    /// # Errors
    /// A field that runs cannot be filtered or ordered by.
    pub fn runs(&self, query: &ListQuery) -> Result<Listed<RunEntry>> {
        Ok(self.store().metadata.run_entries(query)?)
    }

    /// A run with its steps.
    ///
    /// # Errors
    /// There is none of this id.
    pub fn run(&self, id: &str) -> Result<RunDetail> {
        let store = self.store();
        let alive = store.is_alive(id);
        let entry = store.metadata.run_entry(id)?.ok_or_else(|| no_run(id))?;
        let record = match store.metadata.run(id) {
            Ok(record) if record.summary.id == id => Some(record),
            Ok(_) | Err(weft::metadata::Error::RunNotFound { .. } | weft::metadata::Error::RunAmbiguous { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        let (submission, history) = match store.metadata.submission(id)? {
            Some((submission, history)) => (Some(submission), history),
            None => (None, history_of(&entry)),
        };
        Ok(RunDetail { entry, submission, history, record, alive })
    }

    /// Stops a run: it ends as canceled, and can be resumed.
    ///
    /// # Errors
    /// There is none of this id, it has ended, or another process executes it.
    pub fn terminate(&self, id: &str) -> Result<()> {
        let entry = self.store().metadata.run_entry(id)?.ok_or_else(|| no_run(id))?;
        let now = self.now_ms();
        let told = self.metadata().transaction(|tx| {
            if tx.change_state(id, &[Status::Queued], Status::Canceled, None, now)? {
                tx.cancel_run(id)?;
                return Ok(true);
            }
            tx.change_state(id, &[Status::Running], Status::Canceling, None, now)
        })?;
        if let Some(active) = lock_of(&self.0.active).get(id) {
            active.cancel.cancel();
            return Ok(());
        }
        if told || entry.status == Status::Canceling {
            return Ok(());
        }
        let why = if entry.status == Status::Running {
            format!("run `{id}` is executed by another process; interrupt it there")
        } else {
            format!("run `{id}` has ended already")
        };
        Err(Error::new(Kind::FailedPrecondition, why))
    }

    /// Goes on with a run that failed or was canceled: what is finished is not executed again.
    ///
    /// # Errors
    /// There is none of this id, it is complete, or it has not ended.
    pub fn retry(&self, id: &str) -> Result<()> {
        self.adopt(id)?;
        let now = self.now_ms();
        if self.metadata().transaction(|tx| tx.requeue(id, &[Status::Failed, Status::Canceled], now))? {
            self.wake();
            return Ok(());
        }
        let why = format!("run `{id}` cannot be retried: only runs that failed or were canceled can");
        Err(Error::new(Kind::FailedPrecondition, why))
    }

    /// Puts a run away, or takes it back.
    ///
    /// # Errors
    /// There is none of this id, or another process executes it.
    pub fn archive(&self, id: &str, archived: bool) -> Result<()> {
        self.adopt(id)?;
        self.metadata().transaction(|tx| tx.archive_run(id, archived))?;
        Ok(())
    }

    /// Takes a run that `weft run` started into the care of this server.
    fn adopt(&self, id: &str) -> Result<()> {
        if self.metadata().submission(id)?.is_some() {
            return Ok(());
        }
        let entry = self.store().metadata.run_entry(id)?.ok_or_else(|| no_run(id))?;
        if self.store().is_alive(id) {
            let why = format!("run `{id}` is executed by another process; wait for its end");
            return Err(Error::new(Kind::FailedPrecondition, why));
        }
        let state = self.recorded_state(id)?.ok_or_else(|| no_run(id))?;
        let submission = Submission {
            id: entry.id,
            name: entry.name,
            description: String::new(),
            experiment: self.0.default_experiment.clone(),
            pipeline_name: entry.pipeline_name,
            pipeline: None,
            version: None,
            // It is resumed by its record.
            spec: Spec::text(String::new()),
            parameters: entry.parameters,
            no_cache: false,
            priority: 0,
            origin: Origin::CommandLine,
            service_account: String::new(),
        };
        let started = entry.started_ms.unwrap_or(entry.created_ms);
        self.metadata().transaction(|tx| {
            if state == RunState::Running {
                // Its process is gone.
                tx.cancel_run(id)?;
            }
            tx.adopt(&submission, state, started)
        })?;
        Ok(())
    }

    /// Forgets a run. One at work is stopped first.
    ///
    /// # Errors
    /// There is none of this id, another process executes it, or it does not stop in time.
    pub fn delete(&self, id: &str) -> Result<()> {
        let entry = self.store().metadata.run_entry(id)?.ok_or_else(|| no_run(id))?;
        if !entry.status.has_ended() && self.metadata().submission(id)?.is_some() {
            // It may end by itself in between.
            match self.terminate(id) {
                Err(error) if error.kind != Kind::FailedPrecondition => return Err(error),
                _ => {}
            }
        }
        let until = Instant::now() + STOP_WITHIN;
        let mut active = lock_of(&self.0.active);
        while active.contains_key(id) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let why = format!("run `{id}` has not stopped yet; try again");
                return Err(Error::new(Kind::Unavailable, why));
            }
            let waited = self.0.ended.wait_timeout(active, left);
            active = waited.unwrap_or_else(std::sync::PoisonError::into_inner).0;
        }
        drop(active);
        if self.store().is_alive(id) {
            let why = format!("run `{id}` is executed by another process; interrupt it there");
            return Err(Error::new(Kind::FailedPrecondition, why));
        }
        let recorded = self.recorded_state(id)?.is_some();
        self.metadata().transaction(|tx| {
            tx.delete_submission(id)?;
            if recorded { tx.delete_run(id) } else { Ok(()) }
        })?;
        lock_of(&self.0.prepared).remove(id);
        Ok(())
    }
}

/// The states of a run that `weft run` started.
fn history_of(entry: &RunEntry) -> Vec<Change> {
    let begun = Change { at_ms: entry.started_ms.unwrap_or(entry.created_ms), status: Status::Running, error: None };
    let ended = entry.ended_ms.map(|at_ms| Change { at_ms, status: entry.status, error: entry.error.clone() });
    [begun].into_iter().chain(ended).collect()
}

fn no_run(id: &str) -> Error {
    Error::not_found(format!("there is no run `{}`", id.chars().take(MAX_NAME).collect::<String>()))
}

/// That a text is not too long for what it is.
pub(crate) fn check_text(what: &str, text: &str, max: usize) -> Result<()> {
    if text.len() > max {
        return Err(Error::invalid(format!("the {what} has {} bytes, at most {max} are possible", text.len())));
    }
    Ok(())
}
