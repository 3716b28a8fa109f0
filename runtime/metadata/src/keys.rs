//! What a step's identity is made of beyond the columns of its row: the command that it runs, and why no earlier execution was looked for.

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use weft_pipeline::step::Command;

use crate::error::Result;
use crate::runs::{self, STEP_COLUMNS, from_json, from_name};
use crate::store::Store;
use crate::types::{ExecutionId, NewExecution, StepRecord};
use crate::write::{Tx, json};

/// Why an earlier execution of the same identity was not looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Uncached {
    /// The whole run was to execute every step.
    Run,
    /// The task was to be executed in this run.
    Asked,
    /// The task's caching is off in the pipeline.
    Task,
    /// It is granted what its identity leaves out: a clock, a host's directory, the environment.
    Grants,
    /// It runs outside of the sandbox.
    Unsandboxed,
}

impl Uncached {
    const fn name(self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Asked => "asked",
            Self::Task => "task",
            Self::Grants => "grants",
            Self::Unsandboxed => "unsandboxed",
        }
    }
}

/// What is kept of a step's identity beyond its row.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct StepKey {
    /// The command, if it runs one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<Command>,
    /// Why no earlier execution was looked for; none if one was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncached: Option<Uncached>,
}

impl Store {
    /// What is kept of the identity of an execution beyond its row. Empty for one of an earlier version of weft.
    pub fn step_key(&self, execution: ExecutionId) -> Result<StepKey> {
        self.read(|conn| {
            let (command, uncached) = texts(conn, execution)?;
            Ok(StepKey {
                command: command.map(|text| from_json("a step's command", &text)).transpose()?,
                uncached: uncached.map(|name| from_name("why a step was not cached", &name)).transpose()?,
            })
        })
    }

    /// The executions of a task in the runs of the same pipeline that began before this one, in the latest `limit` of them that have it;
    /// the newest first.
    pub fn earlier_executions(&self, run: &str, task: &str, limit: usize) -> Result<Vec<StepRecord>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(&format!(
                "SELECT {} FROM weft_run AS this \
                 JOIN weft_run AS earlier ON earlier.pipeline = this.pipeline \
                   AND (earlier.started_ms, earlier.rowid) < (this.started_ms, this.rowid) \
                 JOIN weft_step AS s ON s.run = earlier.id AND s.task = ?2 \
                 WHERE this.id = ?1 ORDER BY earlier.started_ms DESC, earlier.rowid DESC LIMIT ?3",
                STEP_COLUMNS.split(',').map(|column| format!("s.{}", column.trim())).collect::<Vec<_>>().join(", ")
            ))?;
            let mut rows = statement.query((run, task, i64::try_from(limit).unwrap_or(i64::MAX)))?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push(runs::step(row)?);
            }
            Ok(found)
        })
    }
}

impl Tx<'_> {
    /// Keeps what an execution's identity is made of beyond its row. Most step functions have nothing of it.
    pub(crate) fn put_key(&self, execution: ExecutionId, new: &NewExecution<'_>) -> Result<()> {
        let command = new.command.map(|command| json("a step's command", command)).transpose()?;
        put(self.conn, execution.0, command.as_deref(), new.uncached.map(Uncached::name))
    }
}

/// The command of an execution and why no earlier one was looked for, as they were recorded.
pub(crate) fn texts(conn: &Connection, execution: ExecutionId) -> Result<(Option<String>, Option<String>)> {
    let mut statement = conn.prepare_cached(
        "SELECT c.command, k.uncached FROM weft_step_key AS k \
         LEFT JOIN weft_command AS c ON c.digest = k.command WHERE k.execution = ?1",
    )?;
    let found = statement.query_row([execution.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    Ok(found.unwrap_or_default())
}

/// Keeps these of an execution.
pub(crate) fn put(conn: &Connection, execution: i64, command: Option<&str>, uncached: Option<&str>) -> Result<()> {
    if command.is_none() && uncached.is_none() {
        return Ok(());
    }
    let command = command.map(|text| keep_command(conn, text)).transpose()?;
    conn.prepare_cached("INSERT OR REPLACE INTO weft_step_key (execution, command, uncached) VALUES (?1, ?2, ?3)")?
        .execute((execution, command, uncached))?;
    Ok(())
}

/// Keeps a command once, whatever number of steps run it, and gives its digest.
fn keep_command(conn: &Connection, text: &str) -> Result<[u8; 32]> {
    let digest = *blake3::hash(text.as_bytes()).as_bytes();
    let known = conn
        .prepare_cached("SELECT 1 FROM weft_command WHERE digest = ?1")?
        .query_row([digest], |_| Ok(()))
        .optional()?;
    if known.is_none() {
        conn.prepare_cached("INSERT INTO weft_command (digest, command) VALUES (?1, ?2)")?.execute((digest, text))?;
    }
    Ok(digest)
}

/// Forgets the keys of a run's steps, and commands that no step has any more.
pub(crate) fn forget(conn: &Connection, run: &str) -> Result<()> {
    let own = "SELECT execution FROM weft_step WHERE run = ?1";
    let mut of_run = conn.prepare(&format!(
        "SELECT DISTINCT command FROM weft_step_key WHERE command IS NOT NULL AND execution IN ({own})"
    ))?;
    let commands = of_run.query_map([run], |row| row.get(0))?.collect::<rusqlite::Result<Vec<[u8; 32]>>>()?;
    conn.execute(&format!("DELETE FROM weft_step_key WHERE execution IN ({own})"), [run])?;
    let mut unused = conn.prepare(
        "DELETE FROM weft_command WHERE digest = ?1 AND NOT EXISTS (SELECT 1 FROM weft_step_key WHERE command = ?1)",
    )?;
    for command in commands {
        unused.execute([command])?;
    }
    Ok(())
}
