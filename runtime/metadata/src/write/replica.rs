//! Recording runs that were carried here from another store.

use std::collections::HashMap;

use rusqlite::OptionalExtension;
use weft_pipeline::step::{PortValue, PortValues};

use super::steps::StepColumns;
use super::{Tx, json};
use crate::error::{Error, Result};
use crate::events;
use crate::keys;
use crate::properties::{Property, Writer};
use crate::replica::{ArtifactRow, ExecutionRow, PropertyRow, PropertyValue, RunCopy, StepCopy, is_run, replica};
use crate::store::TypeKind;
use crate::types::{ArtifactState, EventKind, ExecutionId, RunKey, run_state};

/// What rows of another store are here, by their ids there.
type Here = HashMap<i64, i64>;

impl Tx<'_> {
    /// Records a run of another store with all its rows, or what has changed of it since it was brought. `host` is what the other store's host calls
    /// itself; `whole` says that the content that it needs is here. Nothing is taken from the cache of such a run, and its artifacts are not the
    /// latest of any pipeline here: those are of runs of this store.
    ///
    /// # Errors
    /// A run of this id ran here.
    pub fn put_replica(&mut self, copy: &RunCopy, host: &str, whole: bool) -> Result<()> {
        let id = copy.stamp.id.as_str();
        if replica(self.conn, id)?.is_none() && is_run(self.conn, id)? {
            return Err(Error::RunExists { run: id.into() });
        }
        let pipeline_context = self.context("system.Pipeline", &copy.pipeline)?.0;
        let run_context = self.context("system.PipelineRun", id)?.0;
        self.conn
            .prepare_cached("INSERT OR IGNORE INTO ParentContext (context_id, parent_context_id) VALUES (?1, ?2)")?
            .execute([run_context, pipeline_context])?;
        let artifacts: Here =
            copy.artifacts.iter().map(|row| Ok((row.id, self.put_artifact(row)?))).collect::<Result<_>>()?;
        let tasks: HashMap<i64, &str> =
            copy.steps.iter().map(|step| (step.row.execution.0, step.row.task.as_str())).collect();
        let executions: Here = copy
            .executions
            .iter()
            .map(|row| Ok((row.id, self.put_execution(row, id, tasks.get(&row.id).copied())?)))
            .collect::<Result<_>>()?;
        let Some(dag) = executions.get(&copy.dag).copied().map(ExecutionId) else {
            return Err(Error::damaged("a run's copy", "it lacks the execution of the run itself"));
        };
        let key = RunKey {
            run: id.to_owned(),
            pipeline: copy.pipeline.clone(),
            pipeline_context,
            run_context,
            dag,
            started_ms: copy.started_ms,
        };
        for row in &copy.executions {
            self.fill_execution(row, &key, &executions, &artifacts)?;
        }
        for step in &copy.steps {
            self.put_step_copy(step, &key, &executions, &artifacts)?;
        }
        self.put_run_copy(copy, &key, &artifacts)?;
        for (uri, content) in &copy.uris {
            // What a run of this store has named so stays.
            self.conn
                .prepare_cached("INSERT OR IGNORE INTO weft_uri (uri, content) VALUES (?1, ?2)")?
                .execute([uri, content])?;
        }
        self.conn
            .prepare_cached(
                "INSERT OR REPLACE INTO weft_replica (run, host, state, ended_ms, whole) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((id, host, run_state(copy.stamp.state).0, copy.stamp.ended_ms, whole))?;
        Ok(())
    }

    /// The row of an artifact, made unless it was brought before.
    fn put_artifact(&mut self, row: &ArtifactRow) -> Result<i64> {
        let known: Option<i64> = self
            .conn
            .prepare_cached("SELECT artifact FROM weft_replica_artifact WHERE origin = ?1")?
            .query_row([&row.origin], |row| row.get(0))
            .optional()?;
        if let Some(known) = known {
            // It was deleted here with a run, and another needs it.
            if row.state != Some(ArtifactState::DELETED) {
                self.conn.prepare_cached("UPDATE Artifact SET state = ?2 WHERE id = ?1 AND state = ?3")?.execute((
                    known,
                    row.state,
                    ArtifactState::DELETED,
                ))?;
            }
            return Ok(known);
        }
        let type_id = self.type_id(TypeKind::Artifact, &row.kind)?;
        self.conn
            .prepare_cached(
                "INSERT INTO Artifact (type_id, uri, state, create_time_since_epoch, last_update_time_since_epoch) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute((type_id, &row.uri, row.state, row.times[0], row.times[1]))?;
        let id = self.conn.last_insert_rowid();
        let mut writer = Writer::artifact(self.conn, id)?;
        for PropertyRow { name, value } in &row.properties {
            writer.put(name, &property(value))?;
        }
        self.conn
            .prepare_cached("INSERT INTO weft_replica_artifact (origin, artifact) VALUES (?1, ?2)")?
            .execute((&row.origin, id))?;
        Ok(id)
    }

    /// The row of an execution, with nothing of what belongs to it. `task` is none for the run's own.
    fn put_execution(&mut self, row: &ExecutionRow, run: &str, task: Option<&str>) -> Result<i64> {
        let type_id = self.type_id(TypeKind::Execution, &row.kind)?;
        let name = task.is_none().then(|| format!("run/{run}"));
        let known: Option<i64> = match task {
            Some(task) => self.execution_of(run, task)?,
            None => self
                .conn
                .prepare_cached("SELECT id FROM Execution WHERE type_id = ?1 AND name = ?2")?
                .query_row((type_id, &name), |row| row.get(0))
                .optional()?,
        };
        let id = if let Some(known) = known {
            events::clear(self.conn, known)?;
            self.conn.prepare_cached("DELETE FROM ExecutionProperty WHERE execution_id = ?1")?.execute([known])?;
            known
        } else {
            self.conn
                .prepare_cached("INSERT INTO Execution (type_id, name) VALUES (?1, ?2)")?
                .execute((type_id, &name))?;
            self.conn.last_insert_rowid()
        };
        self.conn
            .prepare_cached(
                "UPDATE Execution SET type_id = ?2, last_known_state = ?3, create_time_since_epoch = ?4, \
                 last_update_time_since_epoch = ?5 WHERE id = ?1",
            )?
            .execute((id, type_id, row.state, row.times[0], row.times[1]))?;
        Ok(id)
    }

    /// Contexts, properties and events of an execution. Ids in them become those of this store.
    fn fill_execution(&self, row: &ExecutionRow, run: &RunKey, executions: &Here, artifacts: &Here) -> Result<()> {
        let Some(&id) = executions.get(&row.id) else { return Ok(()) };
        self.conn
            .prepare_cached("INSERT OR IGNORE INTO Association (context_id, execution_id) VALUES (?1, ?3), (?2, ?3)")?
            .execute([run.pipeline_context, run.run_context, id])?;
        let mut writer = Writer::execution(self.conn, id)?;
        for PropertyRow { name, value } in &row.properties {
            match (name.as_str(), value) {
                ("parent_dag_id", PropertyValue::Int(theirs)) => {
                    writer.put(name, &Property::Int(executions.get(theirs).copied().unwrap_or(run.dag.0)))?;
                }
                // It is written with the step, which knows whose it is.
                ("cached_execution_id", _) => {}
                _ => writer.put(name, &property(value))?,
            }
        }
        for event in &row.events {
            let Some(&artifact) = artifacts.get(&event.artifact) else {
                return Err(Error::damaged("a run's copy", "it lacks an artifact of an event"));
            };
            let paths: Vec<events::EventPath<'_>> =
                event.paths.iter().map(|(port, place)| (port.as_str(), *place)).collect();
            events::write(self.conn, event.kind, id, artifact, &paths, event.at_ms)?;
            if event.kind == EventKind::Output {
                self.attribute(run, artifact)?;
            }
        }
        Ok(())
    }

    fn put_step_copy(&self, copy: &StepCopy, run: &RunKey, executions: &Here, artifacts: &Here) -> Result<()> {
        let step = &copy.row;
        let Some(&id) = executions.get(&step.execution.0) else {
            return Err(Error::damaged("a run's copy", format!("it lacks the execution of `{}`", step.task)));
        };
        let cached_from: Option<i64> = match &copy.cached_task {
            Some((run, task)) => self.execution_of(run, task)?,
            None => None,
        };
        if let Some(from) = cached_from {
            Writer::execution(self.conn, id)?.put("cached_execution_id", &Property::Made(from.to_string()))?;
        }
        let error = step.error.as_ref().map(|error| json("a step's error", error)).transpose()?;
        let columns = StepColumns {
            execution: id,
            task: &step.task,
            kind: step.kind,
            state: step.state,
            component: step.component.as_ref(),
            identity: step.identity,
            cached_from,
            attempts: step.attempts,
            started_ms: step.started_ms,
            ended_ms: step.ended_ms,
            duration_us: i64::try_from(step.duration_us).unwrap_or(i64::MAX),
            peak_memory: i64::try_from(step.peak_memory).unwrap_or(i64::MAX),
            log: step.log.as_deref(),
            grants: &step.grants,
            inputs: json("a step's inputs", &here(&step.inputs, artifacts))?,
            outputs: &json("a step's outputs", &here(&step.outputs, artifacts))?,
            error: error.as_deref(),
            skipped: step.skipped.as_deref(),
        };
        self.insert_step(run, &columns)?;
        keys::put(self.conn, id, copy.command.as_deref(), copy.uncached.as_deref())
    }

    fn put_run_copy(&self, copy: &RunCopy, run: &RunKey, artifacts: &Here) -> Result<()> {
        let spec = self.keep_spec(&copy.spec)?;
        self.conn
            .prepare_cached(
                "INSERT INTO weft_run (id, pipeline, state, started_ms, ended_ms, file, spec, parameters, outputs, error, \
                 pipeline_context, run_context, dag_execution) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
                 ON CONFLICT (id) DO UPDATE SET state = excluded.state, ended_ms = excluded.ended_ms, spec = excluded.spec, \
                 parameters = excluded.parameters, outputs = excluded.outputs, error = excluded.error",
            )?
            .execute((
                &run.run,
                &run.pipeline,
                run_state(copy.stamp.state).0,
                run.started_ms,
                copy.stamp.ended_ms,
                &copy.file,
                spec,
                json("a pipeline's parameters", &copy.parameters)?,
                json("a run's outputs", &here(&copy.outputs, artifacts))?,
                &copy.error,
                run.pipeline_context,
                run.run_context,
                run.dag.0,
            ))?;
        Ok(())
    }
}

/// Values whose artifacts have the ids that they have here.
fn here(values: &PortValues, artifacts: &Here) -> PortValues {
    let mut values = values.clone();
    for value in values.values_mut() {
        let PortValue::Artifacts(listed) = value else { continue };
        for artifact in listed {
            artifact.id = artifact.id.and_then(|theirs| artifacts.get(&theirs).copied());
        }
    }
    values
}

fn property(value: &PropertyValue) -> Property<'_> {
    match value {
        PropertyValue::Int(value) => Property::Int(*value),
        PropertyValue::Double(value) => Property::Double(*value),
        // Text that is a struct already must not be wrapped again.
        PropertyValue::Text(value) => Property::Text(value),
        PropertyValue::Bool(value) => Property::Bool(*value),
    }
}
