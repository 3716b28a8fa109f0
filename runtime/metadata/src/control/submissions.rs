//! Runs that were asked for: the queue, and the list of all runs.
//!
//! A submission is in one of these states. `QUEUED`: it waits, to begin or to go on. `RUNNING`: a server has claimed it. `CANCELING`: it
//! was claimed and is to stop. The others are ends. Only a server changes them, and a store has one server at a time, so that after a kill
//! every claimed submission is one that nobody is at work on.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::experiments::STORAGE_STATE;
use super::list::{List, Source};
use super::types::{Change, Field, ListQuery, Listed, Origin, RunEntry, Status, Submission};
use crate::error::Result;
use crate::runs::{from_json, from_name};
use crate::store::Store;
use crate::types::{RunState, run_state};
use crate::write::{Tx, json};

/// The state of a run: that of the queue until it has ended, then that of its record, which `weft resume` may change.
macro_rules! status {
    () => {
        "CASE WHEN s.state IN ('QUEUED', 'RUNNING', 'CANCELING') THEN s.state \
         ELSE ifnull((SELECT r.state FROM weft_run AS r WHERE r.id = s.id), s.state) END"
    };
}

/// When a run ended.
macro_rules! ended {
    () => {
        "CASE WHEN s.state IN ('QUEUED', 'RUNNING', 'CANCELING') THEN NULL \
         ELSE ifnull((SELECT r.ended_ms FROM weft_run AS r WHERE r.id = s.id), s.ended_ms) END"
    };
}

/// The runs that only `weft run` knows.
const ALONE: &str = "weft_run AS r WHERE r.id NOT IN (SELECT s.id FROM weft_submission AS s)";

/// The experiment that these belong to.
const DEFAULT: &str = "ifnull((SELECT e.id FROM weft_experiment AS e WHERE e.name = 'Default'), '')";

const SUBMITTED: Source = Source {
    from: "weft_submission AS s",
    columns: &[
        (Field::Id, "s.id"),
        (Field::Name, "s.name"),
        (Field::DisplayName, "s.name"),
        (Field::Description, "s.description"),
        (Field::CreatedAt, "s.created_ms"),
        (Field::ScheduledAt, "s.scheduled_ms"),
        (Field::FinishedAt, concat!("ifnull(", ended!(), ", '')")),
        (Field::State, status!()),
        (Field::StorageState, STORAGE_STATE),
        (Field::Experiment, "s.experiment"),
        (Field::Pipeline, "ifnull(s.pipeline, '')"),
        (Field::Version, "ifnull(s.version, '')"),
        (Field::PipelineName, "s.pipeline_name"),
        (Field::RecurringRun, "ifnull(s.recurring, '')"),
    ],
};

const OTHERS: Source = Source {
    from: ALONE,
    columns: &[
        (Field::Id, "r.id"),
        (Field::Name, "r.id"),
        (Field::DisplayName, "r.id"),
        (Field::Description, "''"),
        (Field::CreatedAt, "r.started_ms"),
        (Field::ScheduledAt, "r.started_ms"),
        (Field::FinishedAt, "ifnull(r.ended_ms, '')"),
        (Field::State, "r.state"),
        (Field::StorageState, "'AVAILABLE'"),
        (Field::Experiment, DEFAULT),
        (Field::Pipeline, "''"),
        (Field::Version, "''"),
        (Field::PipelineName, "r.pipeline"),
        (Field::RecurringRun, "''"),
    ],
};

const LIST: List = List { name: "runs", sources: &[SUBMITTED, OTHERS] };

/// A run as lists have it, by its id: submitted, or not.
const ENTRY: &str = concat!(
    "SELECT s.id, s.name, s.experiment, s.pipeline_name, s.pipeline, s.version, ",
    status!(),
    ", s.archived, s.priority, s.created_ms, s.scheduled_ms, (SELECT r.started_ms FROM weft_run AS r WHERE r.id = s.id), ",
    ended!(),
    ", s.description FROM weft_submission AS s WHERE s.id = ?1 \
     UNION ALL \
     SELECT r.id, r.id, (SELECT e.id FROM weft_experiment AS e WHERE e.name = 'Default'), r.pipeline, NULL, NULL, r.state, 0, 0, \
     r.started_ms, r.started_ms, r.started_ms, r.ended_ms, '' FROM weft_run AS r WHERE r.id = ?1 LIMIT 1"
);

impl Store {
    /// A part of the list of runs.
    pub fn run_entries(&self, query: &ListQuery) -> Result<Listed<RunEntry>> {
        self.read(|conn| LIST.page(conn, query, None, |id| find(conn, id)))
    }

    /// A run as lists have it.
    pub fn run_entry(&self, id: &str) -> Result<Option<RunEntry>> {
        self.read(|conn| find(conn, id))
    }

    /// How a run was submitted, and its states, the oldest first.
    pub fn submission(&self, id: &str) -> Result<Option<(Submission, Vec<Change>)>> {
        self.read(|conn| submission(conn, id))
    }

    /// Submissions in these states of the queue, those of the highest priority first, then the oldest.
    pub fn queued(&self, states: &[Status], limit: usize) -> Result<Vec<(String, Status)>> {
        self.read(|conn| {
            let names: Vec<String> = states.iter().map(|state| format!("'{}'", state.name())).collect();
            let mut statement = conn.prepare_cached(&format!(
                "SELECT id, state FROM weft_submission WHERE state IN ({}) ORDER BY priority DESC, created_ms, rowid LIMIT ?1",
                names.join(", ")
            ))?;
            let mut rows = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push((row.get(0)?, from_name("a submission's state", row.get_ref(1)?.as_str()?)?));
            }
            Ok(found)
        })
    }

    /// The submissions that have not ended, counted by pipeline and state.
    pub fn open_runs(&self) -> Result<Vec<(String, Status, u64)>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT pipeline_name, state, count(*) FROM weft_submission \
                 WHERE state IN ('QUEUED', 'RUNNING', 'CANCELING') GROUP BY pipeline_name, state",
            )?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                let state = from_name("a submission's state", row.get_ref(1)?.as_str()?)?;
                found.push((row.get(0)?, state, u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0)));
            }
            Ok(found)
        })
    }

    /// The number of submissions in each state of the queue, those that ended left out: `(queued, running, canceling)`.
    pub fn queue_length(&self) -> Result<(u64, u64, u64)> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT state, count(*) FROM weft_submission WHERE state IN ('QUEUED', 'RUNNING', 'CANCELING') GROUP BY state",
            )?;
            let mut rows = statement.query([])?;
            let mut counts = (0, 0, 0);
            while let Some(row) = rows.next()? {
                let count = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0);
                match row.get_ref(0)?.as_str()? {
                    "QUEUED" => counts.0 = count,
                    "RUNNING" => counts.1 = count,
                    _ => counts.2 = count,
                }
            }
            Ok(counts)
        })
    }
}

impl Tx<'_> {
    /// Puts a run into the queue, due at `scheduled_ms`.
    pub fn enqueue(&mut self, new: &Submission, now_ms: i64, scheduled_ms: i64) -> Result<()> {
        self.put_submission(new, Status::Queued, now_ms, scheduled_ms)?;
        self.conn.execute("UPDATE weft_experiment SET last_run_ms = ?2 WHERE id = ?1", (&new.experiment, now_ms))?;
        Ok(())
    }

    /// Takes a run of `weft run` into the care of a server, in the state that it is in. Does nothing if it is already.
    pub fn adopt(&mut self, new: &Submission, state: RunState, started_ms: i64) -> Result<()> {
        let state = match state {
            RunState::Running | RunState::Canceled => Status::Canceled,
            RunState::Complete => Status::Complete,
            RunState::Failed => Status::Failed,
        };
        self.put_submission(new, state, started_ms, started_ms)
    }

    fn put_submission(&mut self, new: &Submission, state: Status, created_ms: i64, scheduled_ms: i64) -> Result<()> {
        let (recurring, trigger) = match &new.origin {
            Origin::Recurring { id, .. } => (Some(id), None),
            Origin::Trigger { id, .. } => (None, Some(id)),
            _ => (None, None),
        };
        self.conn
            .prepare_cached(
                "INSERT OR IGNORE INTO weft_submission (id, name, experiment, pipeline_name, pipeline, version, state, recurring, trigger, \
                 priority, created_ms, scheduled_ms, no_cache, service_account, origin, history, description, parameters, spec) \
                 VALUES (:id, :name, :experiment, :pipeline_name, :pipeline, :version, :state, :recurring, :trigger, :priority, \
                 :created_ms, :scheduled_ms, :no_cache, :service_account, :origin, :history, :description, :parameters, :spec)",
            )?
            .execute(named_params! {
                ":id": new.id,
                ":name": new.name,
                ":experiment": new.experiment,
                ":pipeline_name": new.pipeline_name,
                ":pipeline": new.pipeline,
                ":version": new.version,
                ":state": state.name(),
                ":recurring": recurring,
                ":trigger": trigger,
                ":priority": new.priority,
                ":created_ms": created_ms,
                ":scheduled_ms": scheduled_ms,
                ":no_cache": new.no_cache,
                ":service_account": new.service_account,
                ":origin": json("a run's origin", &new.origin)?,
                ":history": json("a run's states", &[Change { at_ms: created_ms, status: state, error: None }])?,
                ":description": new.description,
                ":parameters": json("a run's parameters", &new.parameters)?,
                ":spec": json("a pipeline", &new.spec)?,
            })?;
        Ok(())
    }

    /// Brings a submission from one of these states into another, and adds that to its history. False if it is in none of them: two that
    /// try this cannot both succeed.
    pub fn change_state(
        &mut self,
        id: &str,
        from: &[Status],
        to: Status,
        error: Option<&str>,
        now_ms: i64,
    ) -> Result<bool> {
        let found: Option<(String, String)> = self
            .conn
            .prepare_cached("SELECT state, history FROM weft_submission WHERE id = ?1")?
            .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((state, history)) = found else { return Ok(false) };
        if !from.iter().any(|from| from.name() == state) {
            return Ok(false);
        }
        let mut history: Vec<Change> = from_json("a run's states", &history)?;
        history.push(Change { at_ms: now_ms, status: to, error: error.map(str::to_owned) });
        self.conn
            .prepare_cached(
                "UPDATE weft_submission SET state = ?2, history = ?3, error = ?4, ended_ms = ?5 WHERE id = ?1",
            )?
            .execute((id, to.name(), json("a run's states", &history)?, error, to.has_ended().then_some(now_ms)))?;
        Ok(true)
    }

    /// Puts a run in one of these states back into the queue, to go on with. What is recorded of it is again that of a run at work. False if
    /// it is in none of them or complete.
    pub fn requeue(&mut self, id: &str, from: &[Status], now_ms: i64) -> Result<bool> {
        let state: Option<String> =
            self.conn.query_row("SELECT state FROM weft_run WHERE id = ?1", [id], |row| row.get(0)).optional()?;
        if state.as_deref() == Some(run_state(RunState::Complete).0) {
            return Ok(false);
        }
        if !self.change_state(id, from, Status::Queued, None, now_ms)? {
            return Ok(false);
        }
        if state.is_some() {
            let key = self.run_key(id)?;
            self.resume_run(&key)?;
        }
        Ok(true)
    }

    /// Records that a run which nobody is at work on, and which has not ended, was canceled. Does nothing if it has not begun.
    pub fn cancel_run(&mut self, id: &str) -> Result<()> {
        let running = run_state(RunState::Running).0;
        let at_work: Option<i64> = self
            .conn
            .query_row("SELECT 1 FROM weft_run WHERE id = ?1 AND state = ?2", (id, running), |row| row.get(0))
            .optional()?;
        if at_work.is_some() {
            let key = self.run_key(id)?;
            self.end_run(&key, RunState::Canceled)?;
        }
        Ok(())
    }

    /// Puts a run away, or takes it back. False if it was not submitted.
    pub fn archive_run(&mut self, id: &str, archived: bool) -> Result<bool> {
        Ok(self.conn.execute("UPDATE weft_submission SET archived = ?2 WHERE id = ?1", (id, archived))? > 0)
    }

    /// Forgets how a run was submitted. False if it was not.
    pub fn delete_submission(&mut self, id: &str) -> Result<bool> {
        Ok(self.conn.execute("DELETE FROM weft_submission WHERE id = ?1", [id])? > 0)
    }
}

impl Status {
    /// Its name in the store, which is its serde name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Running => "RUNNING",
            Self::Canceling => "CANCELING",
            Self::Complete => "COMPLETE",
            Self::Failed => "FAILED",
            Self::Canceled => "CANCELED",
        }
    }

    /// Whether nothing more happens by itself.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Complete | Self::Failed | Self::Canceled)
    }
}

fn find(conn: &Connection, id: &str) -> Result<Option<RunEntry>> {
    let mut statement = conn.prepare_cached(ENTRY)?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(|row| entry(conn, row)).transpose()
}

/// A row of [`ENTRY`], and what lists are not filtered by.
fn entry(conn: &Connection, row: &Row<'_>) -> Result<RunEntry> {
    let id: String = row.get(0)?;
    let submitted = conn
        .prepare_cached("SELECT origin, error, parameters FROM weft_submission WHERE id = ?1")?
        .query_row([&id], |row| Ok((row.get::<_, String>(0)?, row.get(1)?, row.get::<_, String>(2)?)))
        .optional()?;
    let recorded: Option<(Option<String>, String)> = conn
        .prepare_cached("SELECT error, parameters FROM weft_run WHERE id = ?1")?
        .query_row([&id], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (origin, refused, given) = match submitted {
        Some((origin, error, given)) => (from_json("a run's origin", &origin)?, error, Some(given)),
        None => (Origin::CommandLine, None, None),
    };
    let (failed, all) = recorded.map_or((None, None), |(error, all)| (error, Some(all)));
    let parameters = all.or(given).map(|text| from_json("a run's parameters", &text)).transpose()?.unwrap_or_default();
    let status: Status = from_name("a run's state", row.get_ref(6)?.as_str()?)?;
    Ok(RunEntry {
        id,
        name: row.get(1)?,
        experiment: row.get::<_, Option<String>>(2)?.unwrap_or_default(),
        pipeline_name: row.get(3)?,
        pipeline: row.get(4)?,
        version: row.get(5)?,
        status,
        archived: row.get(7)?,
        origin,
        priority: row.get(8)?,
        created_ms: row.get(9)?,
        scheduled_ms: row.get(10)?,
        started_ms: row.get(11)?,
        ended_ms: row.get(12)?,
        description: row.get(13)?,
        error: if status == Status::Failed { failed.or(refused) } else { None },
        parameters,
    })
}

fn submission(conn: &Connection, id: &str) -> Result<Option<(Submission, Vec<Change>)>> {
    let mut statement = conn.prepare_cached(
        "SELECT name, description, experiment, pipeline_name, pipeline, version, spec, parameters, no_cache, priority, origin, \
         service_account, history FROM weft_submission WHERE id = ?1",
    )?;
    let mut rows = statement.query([id])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let submission = Submission {
        id: id.to_owned(),
        name: row.get(0)?,
        description: row.get(1)?,
        experiment: row.get(2)?,
        pipeline_name: row.get(3)?,
        pipeline: row.get(4)?,
        version: row.get(5)?,
        spec: from_json("a pipeline", row.get_ref(6)?.as_str()?)?,
        parameters: from_json("a run's parameters", row.get_ref(7)?.as_str()?)?,
        no_cache: row.get(8)?,
        priority: row.get(9)?,
        origin: from_json("a run's origin", row.get_ref(10)?.as_str()?)?,
        service_account: row.get(11)?,
    };
    Ok(Some((submission, from_json("a run's states", row.get_ref(12)?.as_str()?)?)))
}
