//! Recording runs.

use weft_pipeline::model::TaskState;
use weft_pipeline::step::PortValues;

use super::{Tx, json, parameters, put_parameters};
use crate::error::{Error, Result};
use crate::properties::{Property, Writer};
use crate::types::{ExecutionKind, NewRun, RunKey, RunState, run_state};

impl Tx<'_> {
    /// Records the start of a new run: its contexts, and the execution of its root DAG.
    pub fn create_run(&mut self, new: &NewRun<'_>) -> Result<RunKey> {
        let pipeline_context = self.context("system.Pipeline", new.pipeline)?.0;
        let (run_context, made) = self.context("system.PipelineRun", new.id)?;
        if !made {
            return Err(Error::RunExists { run: new.id.into() });
        }
        self.conn
            .prepare_cached("INSERT INTO ParentContext (context_id, parent_context_id) VALUES (?1, ?2)")?
            .execute([run_context, pipeline_context])?;
        let dag = self.execution_row(ExecutionKind::Dag, TaskState::Running, Some(&format!("run/{}", new.id)))?;
        let key = RunKey {
            run: new.id.into(),
            pipeline: new.pipeline.into(),
            pipeline_context,
            run_context,
            dag,
            started_ms: self.now_ms,
        };
        self.associate(&key, dag)?;
        let mut properties = Writer::execution(self.conn, dag.0)?;
        properties.put("display_name", &Property::text(new.pipeline))?;
        properties.put("task_name", &Property::Text(""))?;
        let parameters = new.parameters.iter().map(|(name, value)| (name.as_str(), value));
        put_parameters(&mut properties, "input", parameters)?;
        let spec = self.keep_spec(new.spec)?;
        self.conn
            .prepare_cached(
                "INSERT INTO weft_run (id, pipeline, state, started_ms, file, spec, parameters, \
                 pipeline_context, run_context, dag_execution) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute((
                new.id,
                new.pipeline,
                run_state(RunState::Running).0,
                self.now_ms,
                new.file,
                spec,
                json("a pipeline's parameters", new.parameters)?,
                pipeline_context,
                run_context,
                dag.0,
            ))?;
        Ok(key)
    }

    /// Keeps a linked pipeline once, whatever number of runs it has, and gives its digest.
    pub(super) fn keep_spec(&self, spec: &str) -> Result<String> {
        let digest = blake3::hash(spec.as_bytes()).to_hex().to_string();
        self.conn
            .prepare_cached("INSERT OR IGNORE INTO weft_spec (digest, spec) VALUES (?1, ?2)")?
            .execute((&digest, spec))?;
        Ok(digest)
    }

    /// The rows of a run that is recorded.
    pub(crate) fn run_key(&self, id: &str) -> Result<RunKey> {
        Ok(crate::runs::key(self.conn, id)?)
    }

    /// Records that a run is resumed.
    pub fn resume_run(&mut self, run: &RunKey) -> Result<()> {
        self.set_run_state(run, RunState::Running, None, None)
    }

    /// Records that a run has ended in a state, and nothing else of it.
    pub(crate) fn end_run(&mut self, run: &RunKey, state: RunState) -> Result<()> {
        self.set_run_state(run, state, None, None)
    }

    /// Records the end of a run, with its outputs.
    pub fn finish_run(
        &mut self,
        run: &RunKey,
        state: RunState,
        error: Option<&str>,
        outputs: &PortValues,
    ) -> Result<()> {
        let mut properties = Writer::execution(self.conn, run.dag.0)?;
        put_parameters(&mut properties, "output", parameters(outputs))?;
        if let Some(error) = error {
            properties.put("error", &Property::text(error))?;
        }
        self.set_run_state(run, state, error, Some(outputs))
    }

    fn set_run_state(
        &mut self,
        run: &RunKey,
        state: RunState,
        error: Option<&str>,
        outputs: Option<&PortValues>,
    ) -> Result<()> {
        let (name, code) = run_state(state);
        let changed = self
            .conn
            .prepare_cached(
                "UPDATE weft_run SET state = ?2, ended_ms = ?3, error = ?4, outputs = coalesce(?5, outputs) WHERE id = ?1",
            )?
            .execute((
                &run.run,
                name,
                (state != RunState::Running).then_some(self.now_ms),
                error,
                outputs.map(|outputs| json("a run's outputs", outputs)).transpose()?,
            ))?;
        if changed == 0 {
            return Err(Error::RunNotFound { selector: run.run.clone() });
        }
        if error.is_none() {
            self.conn
                .prepare_cached("DELETE FROM ExecutionProperty WHERE execution_id = ?1 AND name = 'error'")?
                .execute([run.dag.0])?;
        }
        self.set_execution_state(run.dag, code)
    }
}
