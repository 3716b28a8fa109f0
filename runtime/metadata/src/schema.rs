//! The tables: those of ML Metadata, and those of the runtime.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use crate::error::{Error, Result};

/// The supported schema version of ML Metadata.
pub(crate) const MLMD_VERSION: i64 = 10;
/// The version of the `weft_` tables.
pub(crate) const WEFT_VERSION: i64 = 1;

const MLMD_SCHEMA: &str = include_str!("schema.sql");
const WEFT_SCHEMA: &str = include_str!("weft.sql");
/// Tables and indexes that came later, and that stores of this version may lack.
const LATER: &str = "\
-- Where URIs lead that do not name their content: outputs of steps, names in other systems. Who gave one last counts.
CREATE TABLE IF NOT EXISTS `weft_uri` (
  `uri` TEXT PRIMARY KEY,
  `content` TEXT NOT NULL
) WITHOUT ROWID;
-- The runs of a pipeline, by their start.
CREATE INDEX IF NOT EXISTS `weft_run_pipeline` ON `weft_run`(`pipeline`, `started_ms`);
-- What identities are made of beyond the rows of steps. A command is kept once.
CREATE TABLE IF NOT EXISTS `weft_command` (
  `digest` BLOB PRIMARY KEY,
  `command` TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS `weft_step_key` (
  `execution` INTEGER PRIMARY KEY,
  `command` BLOB,
  `uncached` TEXT
);
CREATE INDEX IF NOT EXISTS `weft_step_key_command` ON `weft_step_key`(`command`) WHERE `command` IS NOT NULL;
-- Linked pipelines, which `weft_run`.`spec` names by their digest; runs of stores that were made before have theirs in that column. Equal
-- ones are kept once, and a run's row stays small, as it is read and rewritten more often.
CREATE TABLE IF NOT EXISTS `weft_spec` (
  `digest` TEXT PRIMARY KEY,
  `spec` TEXT NOT NULL
);
-- Executions of tasks that are to be executed again when their run goes on, although they have ended: what they were given may change.
CREATE TABLE IF NOT EXISTS `weft_outdated` (
  `execution` INTEGER PRIMARY KEY
);
-- What importers brought here from elsewhere last, and the state that it had there.
CREATE TABLE IF NOT EXISTS `weft_fetch` (
  `uri` TEXT PRIMARY KEY,
  `content` TEXT NOT NULL,
  `tag` TEXT
) WITHOUT ROWID;
-- The bucket that keeps the content of artifacts, if one does: one row.
CREATE TABLE IF NOT EXISTS `weft_bucket` (
  `uri` TEXT PRIMARY KEY
) WITHOUT ROWID;
-- Runs that were carried here from other stores: the state that they had there, what that host calls itself, and whether their content came too.
-- One that is deleted stays here, so that it is not brought again.
CREATE TABLE IF NOT EXISTS `weft_replica` (
  `run` TEXT PRIMARY KEY,
  `host` TEXT NOT NULL,
  `state` TEXT NOT NULL,
  `ended_ms` INTEGER,
  `whole` BOOLEAN NOT NULL
) WITHOUT ROWID;
-- Artifacts of such runs, by what they are in all stores.
CREATE TABLE IF NOT EXISTS `weft_replica_artifact` (
  `origin` TEXT PRIMARY KEY,
  `artifact` INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS `weft_replica_artifact_here` ON `weft_replica_artifact`(`artifact`);
CREATE INDEX IF NOT EXISTS `weft_run_spec` ON `weft_run`(`spec`) WHERE length(`spec`) = 64;
";

/// The tables of servers, which came later too.
const SERVER: &str = include_str!("server.sql");
/// The tables of models that are served.
const SERVING: &str = include_str!("serving.sql");
/// The table that was added last: where it is, all others are.
const LAST: &str = "weft_replica";

/// Checks that the file is a store of the supported versions.
pub(crate) fn check(conn: &Connection, path: &Path) -> Result<()> {
    match version(conn, "MLMDEnv")? {
        Some(found) => expect(path, "ML Metadata", found, MLMD_VERSION)?,
        // Whoever began to make it was killed.
        None if is_empty(conn)? => return Err(Error::NoRuns { path: path.into() }),
        None => return Err(Error::NotAStore { path: path.into() }),
    }
    match version(conn, "weft_env")? {
        Some(found) => expect(path, "weft", found, WEFT_VERSION),
        None => Err(Error::NoRuns { path: path.into() }),
    }
}

/// Makes the tables that came later, if they are not there. Takes no lock if they are.
pub(crate) fn complete(conn: &Connection) -> rusqlite::Result<()> {
    if has_table(conn, LAST)? {
        return Ok(());
    }
    // In one transaction, which is one wait for the disk. Another process may be at the same.
    conn.execute_batch(&format!("BEGIN IMMEDIATE;\n{LATER}{SERVER}{SERVING}COMMIT;"))
}

/// Creates missing tables: all in an empty file, those of the runtime in a file of the `ml_metadata` library. It must
/// be called in a transaction, so that two processes cannot both find the file empty.
pub(crate) fn create(conn: &Connection, path: &Path) -> Result<()> {
    match version(conn, "MLMDEnv")? {
        Some(found) => expect(path, "ML Metadata", found, MLMD_VERSION)?,
        None if is_empty(conn)? => conn.execute_batch(MLMD_SCHEMA)?,
        None => return Err(Error::NotAStore { path: path.into() }),
    }
    match version(conn, "weft_env")? {
        Some(found) => expect(path, "weft", found, WEFT_VERSION),
        None => Ok(conn.execute_batch(&format!("{WEFT_SCHEMA}{LATER}{SERVER}{SERVING}"))?),
    }
}

fn expect(path: &Path, schema: &'static str, found: i64, expected: i64) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::SchemaVersion { path: path.into(), schema, found, expected })
}

/// Whether there is a table of that name.
pub(crate) fn has_table(conn: &Connection, table: &str) -> rusqlite::Result<bool> {
    let found = conn
        .query_row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1", [table], |_| Ok(()))
        .optional()?;
    Ok(found.is_some())
}

/// The version in this table, if the table exists. An empty table counts as version 0.
fn version(conn: &Connection, table: &str) -> Result<Option<i64>> {
    if !has_table(conn, table)? {
        return Ok(None);
    }
    let version: Option<i64> =
        conn.query_row(&format!("SELECT max(schema_version) FROM {table}"), [], |row| row.get(0))?;
    Ok(Some(version.unwrap_or(0)))
}

fn is_empty(conn: &Connection) -> Result<bool> {
    Ok(conn.query_row("SELECT count(*) = 0 FROM sqlite_master", [], |row| row.get(0))?)
}
