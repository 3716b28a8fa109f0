//! The tables: ML Metadata's own, and the runtime's beside them.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

use crate::error::{Error, Result};

/// The schema version of ML Metadata that is written and read.
pub(crate) const MLMD_VERSION: i64 = 10;
/// The version of the `weft_` tables.
pub(crate) const WEFT_VERSION: i64 = 1;

const MLMD_SCHEMA: &str = include_str!("schema.sql");
const WEFT_SCHEMA: &str = include_str!("weft.sql");

/// Checks that the file is a store of the right versions.
pub(crate) fn check(conn: &Connection, path: &Path) -> Result<()> {
    match version(conn, "MLMDEnv")? {
        Some(found) => expect(path, "ML Metadata", found, MLMD_VERSION)?,
        None => return Err(Error::NotAStore { path: path.into() }),
    }
    match version(conn, "weft_env")? {
        Some(found) => expect(path, "weft", found, WEFT_VERSION),
        None => Err(Error::NoRuns { path: path.into() }),
    }
}

/// Makes what is missing: all tables in an empty file, the `weft_` ones in a file that the `ml_metadata` library made.
/// To be called in a transaction, so that two processes cannot both find the file empty.
pub(crate) fn create(conn: &Connection, path: &Path) -> Result<()> {
    match version(conn, "MLMDEnv")? {
        Some(found) => expect(path, "ML Metadata", found, MLMD_VERSION)?,
        None if is_empty(conn)? => conn.execute_batch(MLMD_SCHEMA)?,
        None => return Err(Error::NotAStore { path: path.into() }),
    }
    match version(conn, "weft_env")? {
        Some(found) => expect(path, "weft", found, WEFT_VERSION),
        None => Ok(conn.execute_batch(WEFT_SCHEMA)?),
    }
}

fn expect(path: &Path, schema: &'static str, found: i64, expected: i64) -> Result<()> {
    if found == expected {
        return Ok(());
    }
    Err(Error::SchemaVersion { path: path.into(), schema, found, expected })
}

/// The version in the table of that name, if there is such a table. An empty table counts as version 0.
fn version(conn: &Connection, table: &str) -> Result<Option<i64>> {
    let exists = conn
        .query_row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?1", [table], |_| Ok(()))
        .optional()?
        .is_some();
    if !exists {
        return Ok(None);
    }
    let version: Option<i64> =
        conn.query_row(&format!("SELECT max(schema_version) FROM {table}"), [], |row| row.get(0))?;
    Ok(Some(version.unwrap_or(0)))
}

fn is_empty(conn: &Connection) -> Result<bool> {
    Ok(conn.query_row("SELECT count(*) = 0 FROM sqlite_master", [], |row| row.get(0))?)
}
