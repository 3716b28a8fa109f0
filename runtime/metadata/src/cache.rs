//! Results of earlier runs: cached executions, and the latest artifact of a task.

use rusqlite::{Connection, OptionalExtension};
use weft_pipeline::step::{Artifact, PortValue, PortValues};

use crate::error::Result;
use crate::runs;
use crate::store::Store;
use crate::types::{CachedStep, EventKind, ExecutionId};
use crate::write::Tx;

impl Store {
    /// The newest successful execution of this identity. A cached execution is only used if the run of the execution
    /// that it refers to was deleted. What came from other stores is not looked at.
    pub fn find_cached(&self, identity: &[u8; 32]) -> Result<Option<CachedStep>> {
        self.read(|conn| find_cached(conn, identity))
    }

    /// The latest artifact of a task's output in any run of the pipeline except `current`. Runs that failed later are
    /// included; executions without that output, deleted runs, and those that came from other stores are not.
    pub fn latest_artifact(
        &self,
        pipeline: &str,
        task: &str,
        output: &str,
        current: Option<&str>,
    ) -> Result<Option<Artifact>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT outputs FROM weft_step WHERE pipeline = ?1 AND task = ?2 AND state IN ('COMPLETE', 'CACHED') \
                 AND run IS NOT ?3 AND run NOT IN (SELECT run FROM weft_replica) ORDER BY ended_ms DESC, execution DESC",
            )?;
            let mut rows = statement.query((pipeline, task, current))?;
            while let Some(row) = rows.next()? {
                let mut outputs: PortValues = runs::from_json("a step's outputs", row.get_ref(0)?.as_str()?)?;
                if let Some(PortValue::Artifacts(mut artifacts)) = outputs.remove(output)
                    && !artifacts.is_empty()
                {
                    return Ok(Some(artifacts.swap_remove(0)));
                }
            }
            Ok(None)
        })
    }
}

impl Tx<'_> {
    /// Takes what was made from this content out of the cache, as it may have been damaged when it was read. The executions stay. Returns how many.
    pub fn forget_results_of(&mut self, content: &str) -> Result<usize> {
        let mut forget = self.conn.prepare_cached(
            "UPDATE weft_step SET identity = NULL WHERE identity IS NOT NULL AND execution IN (SELECT e.execution_id FROM Artifact AS a \
             JOIN Event AS e ON e.artifact_id = a.id WHERE a.uri = ?1 AND e.type = ?2)",
        )?;
        Ok(forget.execute((content, EventKind::Input.code()))?)
    }
}

pub(crate) fn find_cached(conn: &Connection, identity: &[u8; 32]) -> Result<Option<CachedStep>> {
    let found: Option<(i64, String, String)> = conn
        .prepare_cached(
            "SELECT execution, run, outputs FROM weft_step WHERE identity = ?1 AND state IN ('COMPLETE', 'CACHED') \
             AND NOT EXISTS (SELECT 1 FROM weft_replica AS r WHERE r.run = weft_step.run) ORDER BY state = 'CACHED', execution DESC LIMIT 1",
        )?
        .query_row([identity], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((execution, run, outputs)) = found else { return Ok(None) };
    let outputs = runs::from_json("a step's outputs", &outputs)?;
    Ok(Some(CachedStep { execution: ExecutionId(execution), run, outputs }))
}
