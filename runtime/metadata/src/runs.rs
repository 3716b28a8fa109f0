//! Reading runs and their steps.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension, Row, named_params};
use serde::de::value::{Error as NameError, StrDeserializer};
use serde::de::{Deserialize, DeserializeOwned};
use serde_json::Value;
use weft_pipeline::model::TaskState;
use weft_pipeline::nested::from_nested_json;
use weft_pipeline::step::ComponentRef;

use crate::artifacts::limit;
use crate::error::{Error, Result};
use crate::recorded_spec::RecordedSpec;
use crate::store::Store;
use crate::types::{
    ExecutionId, ResumeState, RunFilter, RunKey, RunRecord, RunSummary, StepCounts, StepRecord, run_state,
};

/// The maximum number of candidates in the error of an ambiguous selector.
const MAX_SHOWN: u32 = 5;
pub(crate) const RUN_COLUMNS: &str = "id, pipeline, state, started_ms, ended_ms, parameters, error";
/// The pipeline of the run `r`, which runs of equal ones share.
pub(crate) const SPEC: &str = "coalesce((SELECT s.spec FROM weft_spec AS s WHERE s.digest = r.spec), r.spec)";
pub(crate) const STEP_COLUMNS: &str = "execution, run, task, kind, state, component, function, identity, cached_from, attempts, \
    started_ms, ended_ms, duration_us, peak_memory, log, grants, inputs, outputs, error, skipped";

impl Store {
    /// Runs, the newest first.
    pub fn runs(&self, filter: &RunFilter<'_>) -> Result<Vec<RunSummary>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(&format!(
                "SELECT {RUN_COLUMNS} FROM weft_run \
                 WHERE (:pipeline IS NULL OR pipeline = :pipeline) AND (:state IS NULL OR state = :state) \
                 ORDER BY started_ms DESC, rowid DESC LIMIT :limit"
            ))?;
            let mut rows = statement.query(named_params! {
                ":pipeline": filter.pipeline,
                ":state": filter.state.map(|state| run_state(state).0),
                ":limit": limit(filter.limit),
            })?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                runs.push(summary(conn, row)?);
            }
            Ok(runs)
        })
    }

    /// The run with this id, or the only one whose id starts so, or the newest for `latest`; with all its steps.
    pub fn run(&self, selector: &str) -> Result<RunRecord> {
        self.read(|conn| record(conn, &select(conn, selector)?))
    }

    /// The steps of a run in the order in which they were first recorded. Empty for an unknown run.
    pub fn steps_of(&self, run: &str) -> Result<Vec<StepRecord>> {
        self.read(|conn| steps(conn, run))
    }

    /// The id of a run. `selector` is as for [`Self::run`].
    pub fn run_id(&self, selector: &str) -> Result<String> {
        self.read(|conn| select(conn, selector))
    }

    /// The values of a run's parameters, which are read without all else that is known of it. `run` is its id.
    pub fn parameters_of(&self, run: &str) -> Result<BTreeMap<String, Value>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached("SELECT parameters FROM weft_run WHERE id = ?1")?;
            let mut rows = statement.query([run])?;
            let row = rows.next()?.ok_or_else(|| Error::RunNotFound { selector: run.into() })?;
            from_json("a run's parameters", row.get_ref(0)?.as_str()?)
        })
    }

    /// The pipeline of a run, as [`Self::parameters_of`] has its parameters.
    pub fn spec_of(&self, run: &str) -> Result<RecordedSpec> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(&format!("SELECT {SPEC} FROM weft_run AS r WHERE id = ?1"))?;
            let mut rows = statement.query([run])?;
            let row = rows.next()?.ok_or_else(|| Error::RunNotFound { selector: run.into() })?;
            Ok(RecordedSpec::new(row.get_ref(0)?.as_str()?))
        })
    }

    /// The run that an execution belongs to; none if there is no such execution, or its run was deleted.
    pub fn run_of_execution(&self, execution: i64) -> Result<Option<String>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached("SELECT run FROM weft_step WHERE execution = ?1")?;
            Ok(statement.query_row([execution], |row| row.get(0)).optional()?)
        })
    }

    /// The state of a run for resuming it. `selector` is as for [`Self::run`].
    pub fn resume_state(&self, selector: &str) -> Result<ResumeState> {
        self.read(|conn| {
            let id = select(conn, selector)?;
            let key = key(conn, &id)?;
            let mut run = record(conn, &id)?;
            let outdated = outdated(conn, &id)?;
            for step in run.steps.iter_mut().filter(|step| outdated.contains(&step.execution.0)) {
                step.state = TaskState::Canceled;
            }
            Ok(ResumeState { key, run })
        })
    }
}

/// The executions of a run that are to be executed again.
fn outdated(conn: &Connection, id: &str) -> Result<BTreeSet<i64>> {
    let mut statement = conn.prepare_cached(
        "SELECT o.execution FROM weft_outdated AS o JOIN weft_step AS s ON s.execution = o.execution WHERE s.run = ?1",
    )?;
    let found = statement.query_map([id], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    Ok(found)
}

/// The rows of a run.
pub(crate) fn key(conn: &Connection, id: &str) -> rusqlite::Result<RunKey> {
    conn.query_row(
        "SELECT id, pipeline, pipeline_context, run_context, dag_execution, started_ms FROM weft_run WHERE id = ?1",
        [id],
        |row| {
            Ok(RunKey {
                run: row.get(0)?,
                pipeline: row.get(1)?,
                pipeline_context: row.get(2)?,
                run_context: row.get(3)?,
                dag: ExecutionId(row.get(4)?),
                started_ms: row.get(5)?,
            })
        },
    )
}

/// The id of the selected run.
pub(crate) fn select(conn: &Connection, selector: &str) -> Result<String> {
    let not_found = || Error::RunNotFound { selector: selector.into() };
    let one = |sql: &str, values: &[&dyn ToSql]| conn.query_row(sql, values, |row| row.get(0)).optional();
    if selector == "latest" {
        return one("SELECT id FROM weft_run ORDER BY started_ms DESC, rowid DESC LIMIT 1", &[])?.ok_or_else(not_found);
    }
    if let Some(id) = one("SELECT id FROM weft_run WHERE id = ?1", &[&selector])? {
        return Ok(id);
    }
    // Ids begin with the pipeline's name: the name alone fits all its runs, and means the newest.
    let newest = "SELECT id FROM weft_run WHERE pipeline = ?1 ORDER BY started_ms DESC, rowid DESC LIMIT 1";
    if let Some(id) = one(newest, &[&selector])? {
        return Ok(id);
    }
    let mut statement = conn.prepare_cached(
        "SELECT id FROM weft_run WHERE ?1 <> '' AND substr(id, 1, length(?1)) = ?1 ORDER BY started_ms DESC LIMIT ?2",
    )?;
    let mut candidates =
        statement.query_map((selector, MAX_SHOWN), |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?;
    match candidates.len() {
        0 => Err(not_found()),
        1 => Ok(candidates.swap_remove(0)),
        _ => Err(Error::RunAmbiguous { selector: selector.into(), candidates }),
    }
}

fn record(conn: &Connection, id: &str) -> Result<RunRecord> {
    Ok(RunRecord { steps: steps(conn, id)?, ..record_without_steps(conn, id)? })
}

/// The run; its steps are not read.
pub(crate) fn record_without_steps(conn: &Connection, id: &str) -> Result<RunRecord> {
    let mut statement =
        conn.prepare_cached(&format!("SELECT {RUN_COLUMNS}, file, {SPEC}, outputs FROM weft_run AS r WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or_else(|| Error::RunNotFound { selector: id.into() })?;
    Ok(RunRecord {
        summary: summary(conn, row)?,
        file: row.get(7)?,
        spec: RecordedSpec::new(row.get_ref(8)?.as_str()?),
        outputs: from_json("a run's outputs", row.get_ref(9)?.as_str()?)?,
        steps: Vec::new(),
    })
}

pub(crate) fn summary(conn: &Connection, row: &Row<'_>) -> Result<RunSummary> {
    let id: String = row.get(0)?;
    Ok(RunSummary {
        counts: counts(conn, &id)?,
        id,
        pipeline: row.get(1)?,
        state: from_name("a run's state", row.get_ref(2)?.as_str()?)?,
        started_ms: row.get(3)?,
        ended_ms: row.get(4)?,
        parameters: from_json("a run's parameters", row.get_ref(5)?.as_str()?)?,
        error: row.get(6)?,
    })
}

fn counts(conn: &Connection, run: &str) -> Result<StepCounts> {
    let mut statement = conn.prepare_cached("SELECT state, count(*) FROM weft_step WHERE run = ?1 GROUP BY state")?;
    let mut rows = statement.query([run])?;
    let mut counts = StepCounts::default();
    while let Some(row) = rows.next()? {
        let count = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
        match from_name("a step's state", row.get_ref(0)?.as_str()?)? {
            TaskState::New => {}
            TaskState::Running => counts.running = count,
            TaskState::Complete => counts.complete = count,
            TaskState::Cached => counts.cached = count,
            TaskState::Skipped => counts.skipped = count,
            TaskState::Failed => counts.failed = count,
            TaskState::Canceled => counts.canceled = count,
        }
    }
    Ok(counts)
}

pub(crate) fn steps(conn: &Connection, run: &str) -> Result<Vec<StepRecord>> {
    let mut statement =
        conn.prepare_cached(&format!("SELECT {STEP_COLUMNS} FROM weft_step WHERE run = ?1 ORDER BY execution"))?;
    let mut rows = statement.query([run])?;
    let mut steps = Vec::new();
    while let Some(row) = rows.next()? {
        steps.push(step(row)?);
    }
    Ok(steps)
}

pub(crate) fn step(row: &Row<'_>) -> Result<StepRecord> {
    let component = match (row.get(5)?, row.get(6)?) {
        (Some(digest), Some(function)) => Some(ComponentRef { digest, function }),
        _ => None,
    };
    let optional_json = |index: usize| -> Result<Option<&str>> { Ok(row.get_ref(index)?.as_str_or_null()?) };
    Ok(StepRecord {
        execution: ExecutionId(row.get(0)?),
        run: row.get(1)?,
        task: row.get(2)?,
        kind: from_name("an execution's kind", row.get_ref(3)?.as_str()?)?,
        state: from_name("a step's state", row.get_ref(4)?.as_str()?)?,
        component,
        identity: row.get(7)?,
        cached_from: row.get::<_, Option<i64>>(8)?.map(ExecutionId),
        attempts: row.get(9)?,
        started_ms: row.get(10)?,
        ended_ms: row.get(11)?,
        duration_us: unsigned(row.get(12)?),
        peak_memory: unsigned(row.get(13)?),
        log: row.get(14)?,
        grants: optional_json(15)?.map(|text| from_json("a step's grants", text)).transpose()?.unwrap_or_default(),
        inputs: from_json("a step's inputs", row.get_ref(16)?.as_str()?)?,
        outputs: from_json("a step's outputs", row.get_ref(17)?.as_str()?)?,
        error: optional_json(18)?.map(|text| from_json("a step's error", text)).transpose()?,
        skipped: row.get(19)?,
    })
}

pub(crate) fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

/// Parses a JSON text of the store.
pub(crate) fn from_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    from_nested_json(text).map_err(|error| Error::damaged(what, error))
}

/// A case of an enum from its name in the store, which is its serde name.
pub(crate) fn from_name<'de, T: Deserialize<'de>>(what: &str, name: &'de str) -> Result<T> {
    T::deserialize(StrDeserializer::<NameError>::new(name)).map_err(|error| Error::damaged(what, error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ExecutionKind, RunState, task_state};

    #[test]
    fn names_in_the_store_are_read_back() {
        for state in [
            TaskState::New,
            TaskState::Running,
            TaskState::Complete,
            TaskState::Cached,
            TaskState::Skipped,
            TaskState::Failed,
            TaskState::Canceled,
        ] {
            assert_eq!(from_name::<TaskState>("state", task_state(state).0).unwrap(), state);
        }
        for state in [RunState::Running, RunState::Complete, RunState::Failed, RunState::Canceled] {
            assert_eq!(from_name::<RunState>("state", run_state(state).0).unwrap(), state);
        }
        for kind in [ExecutionKind::Container, ExecutionKind::Importer, ExecutionKind::Resolver, ExecutionKind::Dag] {
            assert_eq!(from_name::<ExecutionKind>("kind", kind.name()).unwrap(), kind);
        }
        assert!(from_name::<RunState>("a run's state", "GONE").unwrap_err().to_string().contains("a run's state"));
    }
}
