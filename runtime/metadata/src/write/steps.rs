//! Recording the steps of a run.

use std::time::Duration;

use rusqlite::{OptionalExtension, named_params};
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{ComponentRef, Grants, PortValue, PortValues};

use super::{Tx, json, not_json, parameters, put_parameters};
use crate::error::{Error, Result};
use crate::properties::{Property, Writer};
use crate::store::TypeKind;
use crate::types::{
    CachedStep, EventKind, ExecutionId, ExecutionKind, FailureRecord, Finished, Labels, NewExecution, RunKey, hex,
    task_state,
};
use crate::{artifacts, cache, events, runs};

/// Stands for the port of what an execution was given by a URI.
const LINKED: &str = "uri";

/// The producer of outputs.
struct Origin<'a> {
    run: &'a RunKey,
    kind: ExecutionKind,
    execution: ExecutionId,
    /// Whether an imported artifact may be a recorded one.
    known: bool,
}

/// The end of a step, in the columns of `weft_step`.
struct Ending<'f> {
    ended: bool,
    state: TaskState,
    outputs: Option<String>,
    error: Option<String>,
    log: Option<&'f str>,
    skipped: Option<&'f str>,
    duration_us: i64,
    peak_memory: i64,
    cached_from: Option<i64>,
}

/// The row of a step in `weft_step`, but for its run.
pub(super) struct StepColumns<'a> {
    pub execution: i64,
    pub task: &'a str,
    pub kind: ExecutionKind,
    pub state: TaskState,
    pub component: Option<&'a ComponentRef>,
    pub identity: Option<[u8; 32]>,
    pub cached_from: Option<i64>,
    pub attempts: u32,
    pub started_ms: i64,
    pub ended_ms: Option<i64>,
    pub duration_us: i64,
    pub peak_memory: i64,
    pub log: Option<&'a str>,
    pub grants: &'a Grants,
    pub inputs: String,
    pub outputs: &'a str,
    pub error: Option<&'a str>,
    pub skipped: Option<&'a str>,
}

impl Default for Ending<'_> {
    /// A step that has not ended.
    fn default() -> Self {
        Self {
            ended: false,
            state: TaskState::Running,
            outputs: None,
            error: None,
            log: None,
            skipped: None,
            duration_us: 0,
            peak_memory: 0,
            cached_from: None,
        }
    }
}

impl Tx<'_> {
    /// Records the start of a task. A task that this run has recorded before, in any state, keeps its execution, which
    /// is reset.
    pub fn start_execution(&mut self, run: &RunKey, new: &NewExecution<'_>) -> Result<ExecutionId> {
        let id = self.begin(run, new, TaskState::Running)?;
        self.put_step(run, new, id, TaskState::Running, &Ending::default())?;
        Ok(id)
    }

    /// Records another attempt of a task with the same inputs, after a failure or an interruption.
    pub fn restart_execution(&mut self, id: ExecutionId, attempt: u32) -> Result<()> {
        let (name, code) = task_state(TaskState::Running);
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE weft_step SET state = ?2, attempts = ?3, ended_ms = NULL, error = NULL, skipped = NULL, \
                 log = NULL, duration_us = 0, peak_memory = 0 \
                 WHERE execution = ?1 AND state IN ('NEW', 'RUNNING', 'FAILED', 'CANCELED')",
            )?
            .execute((id.0, name, attempt))?;
        if changed == 0 {
            return Err(Error::NotRunning { execution: id });
        }
        self.conn
            .prepare_cached(
                "DELETE FROM ExecutionProperty WHERE execution_id = ?1 AND name IN ('error', 'log_uri') \
                 AND is_custom_property",
            )?
            .execute([id.0])?;
        self.set_execution_state(id, code)
    }

    /// Records that a task which has ended is executed again when its run goes on, as what it was given may change. Until then it
    /// stays what it is, and what it gave can be taken from the cache.
    pub fn mark_outdated(&mut self, id: ExecutionId) -> Result<()> {
        self.conn.prepare_cached("INSERT OR IGNORE INTO weft_outdated (execution) VALUES (?1)")?.execute([id.0])?;
        Ok(())
    }

    /// Records the end of a running task, with its outputs. Artifacts get their rows, and their `id` is set.
    pub fn finish_execution(&mut self, run: &RunKey, id: ExecutionId, finished: Finished<'_>) -> Result<()> {
        let kind: Option<String> = self
            .conn
            .prepare_cached("SELECT kind FROM weft_step WHERE execution = ?1 AND state = 'RUNNING'")?
            .query_row([id.0], |row| row.get(0))
            .optional()?;
        let kind = kind.ok_or(Error::NotRunning { execution: id })?;
        let kind = runs::from_name("an execution's kind", &kind)?;
        let ending = self.end(&Origin { run, kind, execution: id, known: true }, finished)?;
        let (name, code) = task_state(ending.state);
        self.conn
            .prepare_cached(
                "UPDATE weft_step SET state = ?2, ended_ms = ?3, duration_us = ?4, peak_memory = ?5, log = ?6, \
                 outputs = ?7, error = ?8, cached_from = ?9 WHERE execution = ?1",
            )?
            .execute((
                id.0,
                name,
                self.now_ms,
                ending.duration_us,
                ending.peak_memory,
                ending.log,
                ending.outputs,
                ending.error,
                ending.cached_from,
            ))?;
        self.set_execution_state(id, code)
    }

    /// Records a task that has ended already: [`Self::start_execution`] and [`Self::finish_execution`] with fewer
    /// writes.
    pub fn record_execution(
        &mut self,
        run: &RunKey,
        new: &NewExecution<'_>,
        finished: Finished<'_>,
    ) -> Result<ExecutionId> {
        let state = finished.state;
        let id = self.begin(run, new, state)?;
        let ending = self.end(&Origin { run, kind: new.kind, execution: id, known: !new.labels.reimport }, finished)?;
        self.put_step(run, new, id, state, &ending)?;
        Ok(id)
    }

    /// Records a cached task.
    pub fn record_cached(
        &mut self,
        run: &RunKey,
        new: &NewExecution<'_>,
        cached: &mut CachedStep,
    ) -> Result<ExecutionId> {
        let finished = Finished {
            state: TaskState::Cached,
            outputs: &mut cached.outputs,
            error: None,
            log: None,
            duration: Duration::ZERO,
            peak_memory: 0,
            cached_from: Some(cached.execution),
        };
        self.record_execution(run, new, finished)
    }

    /// Records a skipped task, with the reason. It has no inputs, as it used none.
    pub fn record_skipped(&mut self, run: &RunKey, new: &NewExecution<'_>, reason: &str) -> Result<ExecutionId> {
        let id = self.begin(run, new, TaskState::Skipped)?;
        Writer::execution(self.conn, id.0)?.put("skipped", &Property::text(reason))?;
        let ending = Ending { ended: true, skipped: Some(reason), ..Ending::default() };
        self.put_step(run, new, id, TaskState::Skipped, &ending)?;
        Ok(id)
    }

    /// [`crate::Store::find_cached`] within the transaction, so that the result still exists when it is recorded.
    pub fn find_cached(&self, identity: &[u8; 32]) -> Result<Option<CachedStep>> {
        cache::find_cached(self.conn, identity)
    }

    /// The execution of a task of a run, if it is recorded.
    pub(super) fn execution_of(&self, run: &str, task: &str) -> Result<Option<i64>> {
        let mut statement = self.conn.prepare_cached("SELECT execution FROM weft_step WHERE run = ?1 AND task = ?2")?;
        Ok(statement.query_row((run, task), |row| row.get(0)).optional()?)
    }

    /// Inserts an execution with its contexts, properties and inputs.
    fn begin(&mut self, run: &RunKey, new: &NewExecution<'_>, state: TaskState) -> Result<ExecutionId> {
        let id = if let Some(known) = self.execution_of(&run.run, new.task)? {
            self.clear(ExecutionId(known), new.kind, state)?;
            ExecutionId(known)
        } else {
            let id = self.execution_row(new.kind, state, None)?;
            self.associate(run, id)?;
            id
        };
        self.put_properties(run, new, id)?;
        if state != TaskState::Skipped {
            let unrecorded = |port: &str| Error::UnrecordedInput { task: new.task.into(), port: port.into() };
            let mut inputs = events::event_paths(new.inputs, unrecorded)?;
            for content in new.linked {
                let found = artifacts::named_by_uri(self.conn, content, new.kind, run.run_context)?;
                if let Some(artifact) = found.filter(|found| inputs.iter().all(|(known, _)| known != found)) {
                    inputs.push((artifact, vec![(LINKED, None)]));
                }
            }
            for (artifact, event_paths) in inputs {
                events::write(self.conn, EventKind::Input, id.0, artifact, &event_paths, self.now_ms)?;
            }
        }
        Ok(id)
    }

    /// Resets an execution to its start.
    fn clear(&mut self, id: ExecutionId, kind: ExecutionKind, state: TaskState) -> Result<()> {
        events::clear(self.conn, id.0)?;
        self.conn.prepare_cached("DELETE FROM weft_outdated WHERE execution = ?1")?.execute([id.0])?;
        self.conn.prepare_cached("DELETE FROM ExecutionProperty WHERE execution_id = ?1")?.execute([id.0])?;
        let type_id = self.type_id(TypeKind::Execution, kind.type_name())?;
        self.conn
            .prepare_cached(
                "UPDATE Execution SET type_id = ?2, last_known_state = ?3, last_update_time_since_epoch = ?4 WHERE id = ?1",
            )?
            .execute((id.0, type_id, task_state(state).1, self.now_ms))?;
        Ok(())
    }

    fn put_properties(&self, run: &RunKey, new: &NewExecution<'_>, id: ExecutionId) -> Result<()> {
        let mut properties = Writer::execution(self.conn, id.0)?;
        let Labels { display_name, image, iteration_index, iteration_count, total_dag_tasks, reimport: _ } = new.labels;
        let name = name_in_dag(new.task);
        properties.put("display_name", &Property::text(display_name.unwrap_or(name)))?;
        properties.put("task_name", &Property::text(name))?;
        properties.put("parent_dag_id", &Property::Int(new.parent.unwrap_or(run.dag).0))?;
        let counts = [
            ("iteration_index", iteration_index.map(i64::from)),
            ("iteration_count", iteration_count.and_then(|count| i64::try_from(count).ok())),
            ("total_dag_tasks", total_dag_tasks.and_then(|count| i64::try_from(count).ok())),
        ];
        for (name, count) in counts {
            if let Some(count) = count {
                properties.put(name, &Property::Int(count))?;
            }
        }
        if let Some(component) = new.component {
            let program = format!("weft:{}#{}", component.digest, component.function);
            match image {
                Some(image) => {
                    properties.put("image", &Property::text(image))?;
                    properties.put("program", &Property::Made(program))?;
                }
                None => properties.put("image", &Property::Made(program))?,
            }
        }
        if let Some(identity) = new.identity {
            properties.put("cache_fingerprint", &Property::Made(hex(&identity)))?;
        }
        if !new.grants.is_empty() {
            let grants = serde_json::to_value(new.grants).map_err(not_json("a step's grants"))?;
            let fields = grants.as_object().into_iter().flatten().map(|(name, value)| (name.as_str(), value));
            properties.put("grants", &Property::fields(fields))?;
        }
        put_parameters(&mut properties, "input", parameters(new.inputs))
    }

    /// Inserts the outputs of an execution. Returns the columns of its row of `weft_step`.
    fn end<'f>(&mut self, origin: &Origin<'_>, finished: Finished<'f>) -> Result<Ending<'f>> {
        let Finished { state, outputs, error, log, duration, peak_memory, cached_from } = finished;
        let id = origin.execution.0;
        self.put_artifacts(origin, outputs)?;
        let outputs: &PortValues = outputs;
        // Every artifact has an id at this point.
        let unrecorded = |port: &str| Error::UnrecordedInput { task: id.to_string(), port: port.into() };
        for (artifact, event_paths) in events::event_paths(outputs, unrecorded)? {
            events::write(self.conn, EventKind::Output, id, artifact, &event_paths, self.now_ms)?;
            self.attribute(origin.run, artifact)?;
        }
        let mut properties = Writer::execution(self.conn, id)?;
        put_parameters(&mut properties, "output", parameters(outputs))?;
        if let Some(error) = error {
            properties.put("error", &Property::text(&error.message))?;
        }
        if let Some(log) = log {
            properties.put("log_uri", &Property::text(log))?;
        }
        if let Some(from) = cached_from {
            // A string, as in KFP.
            properties.put("cached_execution_id", &Property::Made(from.to_string()))?;
        }
        Ok(Ending {
            ended: true,
            state,
            outputs: Some(json("a step's outputs", outputs)?),
            error: error.map(|error: &FailureRecord| json("a step's error", error)).transpose()?,
            log,
            skipped: None,
            duration_us: i64::try_from(duration.as_micros()).unwrap_or(i64::MAX),
            peak_memory: i64::try_from(peak_memory).unwrap_or(i64::MAX),
            cached_from: cached_from.map(|id| id.0),
        })
    }

    /// Inserts a row for every output artifact. As in KFP, an importer that imports the same artifact again refers to
    /// the existing row, so that a source is one node in the lineage of all runs.
    fn put_artifacts(&mut self, origin: &Origin<'_>, outputs: &mut PortValues) -> Result<()> {
        for (port, value) in outputs {
            let PortValue::Artifacts(artifacts) = value else { continue };
            for artifact in artifacts.iter_mut().filter(|artifact| artifact.id.is_none()) {
                let type_id = self.type_id(TypeKind::Artifact, &artifact.kind.0)?;
                if origin.kind == ExecutionKind::Importer && origin.known {
                    artifact.id =
                        artifacts::find_equal(self.conn, artifact, port, type_id, origin.run.pipeline_context)?;
                }
                if artifact.id.is_none() {
                    artifact.id = Some(artifacts::insert(self.conn, artifact, port, type_id, self.now_ms)?);
                }
            }
        }
        Ok(())
    }

    fn put_step(
        &self,
        run: &RunKey,
        new: &NewExecution<'_>,
        id: ExecutionId,
        state: TaskState,
        ending: &Ending<'_>,
    ) -> Result<()> {
        let columns = StepColumns {
            execution: id.0,
            task: new.task,
            kind: new.kind,
            state,
            component: new.component,
            identity: new.identity,
            cached_from: ending.cached_from,
            attempts: new.attempt,
            started_ms: self.now_ms.saturating_sub(ending.duration_us / 1000),
            ended_ms: ending.ended.then_some(self.now_ms),
            duration_us: ending.duration_us,
            peak_memory: ending.peak_memory,
            log: ending.log,
            grants: new.grants,
            inputs: json("a step's inputs", new.inputs)?,
            outputs: ending.outputs.as_deref().unwrap_or("{}"),
            error: ending.error.as_deref(),
            skipped: ending.skipped,
        };
        self.insert_step(run, &columns)?;
        self.put_key(id, new)
    }

    /// Inserts the row of a step, in place of the one of its execution if there is one.
    pub(super) fn insert_step(&self, run: &RunKey, step: &StepColumns<'_>) -> Result<()> {
        let grants = (!step.grants.is_empty()).then(|| json("a step's grants", step.grants)).transpose()?;
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO weft_step (execution, run, pipeline, task, kind, state, component, function, \
                 identity, cached_from, attempts, started_ms, ended_ms, duration_us, peak_memory, log, grants, inputs, \
                 outputs, error, skipped) VALUES (:execution, :run, :pipeline, :task, :kind, :state, :component, \
                 :function, :identity, :cached_from, :attempts, :started_ms, :ended_ms, :duration_us, :peak_memory, \
                 :log, :grants, :inputs, :outputs, :error, :skipped)",
            )?
            .execute(named_params! {
                ":execution": step.execution,
                ":run": run.run,
                ":pipeline": run.pipeline,
                ":task": step.task,
                ":kind": step.kind.name(),
                ":state": task_state(step.state).0,
                ":component": step.component.map(|component| &component.digest),
                ":function": step.component.map(|component| &component.function),
                ":identity": step.identity,
                ":cached_from": step.cached_from,
                ":attempts": step.attempts,
                ":started_ms": step.started_ms,
                ":ended_ms": step.ended_ms,
                ":duration_us": step.duration_us,
                ":peak_memory": step.peak_memory,
                ":log": step.log,
                ":grants": grants,
                ":inputs": step.inputs,
                ":outputs": step.outputs,
                ":error": step.error,
                ":skipped": step.skipped,
            })?;
        Ok(())
    }
}

/// The name of a task in its DAG, as in KFP: `outer/loop[3]` is an iteration of `loop`.
fn name_in_dag(task: &str) -> &str {
    let name = task.rsplit('/').next().unwrap_or(task);
    match name.strip_suffix(']').and_then(|name| name.rsplit_once('[')) {
        Some((name, number)) if number.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => name,
    }
}
