//! The content that is still referenced, and the deletion of runs.

use std::collections::BTreeSet;

use rusqlite::Connection;
use serde_json::Value;

use crate::control::deployments;
use crate::error::{Error, Result};
use crate::runs::from_json;
use crate::store::Store;
use crate::types::ArtifactState;
use crate::write::Tx;
use crate::{keys, uris};

impl Store {
    /// The URIs of all content that must be kept: artifacts, logs, and components, including those that an unfinished
    /// run or a model that is deployed needs.
    pub fn referenced_uris(&self) -> Result<BTreeSet<String>> {
        self.read(|conn| {
            let mut uris = BTreeSet::new();
            let mut statement = conn.prepare(
                "SELECT uri FROM Artifact WHERE uri IS NOT NULL AND state IS NOT ?1 \
                 UNION SELECT log FROM weft_step WHERE log IS NOT NULL \
                 UNION SELECT component FROM weft_step WHERE component IS NOT NULL",
            )?;
            let mut rows = statement.query([ArtifactState::DELETED])?;
            while let Some(row) = rows.next()? {
                uris.insert(row.get(0)?);
            }
            deployments::collect_uris(conn, &mut uris)?;
            let mut statement =
                conn.prepare("SELECT spec FROM weft_spec UNION SELECT spec FROM weft_run WHERE length(spec) <> 64")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                collect_uris(&from_json("a run's pipeline", row.get_ref(0)?.as_str()?)?, &mut uris);
            }
            Ok(uris)
        })
    }

    /// The files that the pipelines of runs were read from.
    pub fn pipeline_files(&self) -> Result<BTreeSet<String>> {
        self.read(|conn| {
            let mut statement = conn.prepare("SELECT DISTINCT file FROM weft_run WHERE file IS NOT NULL")?;
            let mut rows = statement.query([])?;
            let mut files = BTreeSet::new();
            while let Some(row) = rows.next()? {
                files.insert(row.get(0)?);
            }
            Ok(files)
        })
    }

    /// Deletes a run: it is no longer listed, resumed or used for caching. Artifacts that no other run uses are marked
    /// as deleted, so that their content may be collected. The lineage through it can still be queried.
    pub fn delete_run(&self, id: &str) -> Result<()> {
        self.transaction(|tx| tx.delete_run(id))
    }
}

impl Tx<'_> {
    /// [`Store::delete_run`] within the transaction.
    pub fn delete_run(&mut self, id: &str) -> Result<()> {
        let Some(run_context) = run_context(self.conn, id)? else {
            return Err(Error::RunNotFound { selector: id.into() });
        };
        keys::forget(self.conn, id)?;
        // The steps are deleted first: executions that then still have events of an artifact are of other runs.
        self.conn.execute(
            "DELETE FROM weft_outdated WHERE execution IN (SELECT execution FROM weft_step WHERE run = ?1)",
            [id],
        )?;
        self.conn.execute("DELETE FROM weft_step WHERE run = ?1", [id])?;
        self.conn.execute(
            "UPDATE Artifact SET state = ?2, last_update_time_since_epoch = ?3 \
             WHERE id IN (SELECT artifact_id FROM Attribution WHERE context_id = ?1) AND NOT EXISTS \
                (SELECT 1 FROM Event JOIN weft_step ON weft_step.execution = Event.execution_id \
                 WHERE Event.artifact_id = Artifact.id)",
            (run_context, ArtifactState::DELETED, self.now_ms),
        )?;
        let spec: String =
            self.conn.query_row("DELETE FROM weft_run WHERE id = ?1 RETURNING spec", [id], |row| row.get(0))?;
        self.conn.execute(
            "DELETE FROM weft_spec WHERE digest = ?1 AND NOT EXISTS \
             (SELECT 1 FROM weft_run WHERE length(weft_run.spec) = 64 AND weft_run.spec = weft_spec.digest)",
            [spec],
        )?;
        uris::forget(self.conn, ArtifactState::DELETED)
    }
}

fn run_context(conn: &Connection, id: &str) -> Result<Option<i64>> {
    use rusqlite::OptionalExtension as _;
    Ok(conn.query_row("SELECT run_context FROM weft_run WHERE id = ?1", [id], |row| row.get(0)).optional()?)
}

/// Adds every content URI in the value.
pub(crate) fn collect_uris(value: &Value, uris: &mut BTreeSet<String>) {
    match value {
        Value::String(text) if text.starts_with("blake3:") || text.starts_with("blake3-tree:") => {
            uris.insert(text.clone());
        }
        Value::Array(items) => items.iter().for_each(|item| collect_uris(item, uris)),
        Value::Object(fields) => fields.values().for_each(|field| collect_uris(field, uris)),
        _ => {}
    }
}
