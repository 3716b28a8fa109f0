//! Writing: transactions, and the rows that runs and steps share.

mod replica;
mod runs;
mod steps;

use std::sync::atomic::{AtomicUsize, Ordering};

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;
use serde_json::Value;
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{PortValue, PortValues};

use crate::error::{Error, Result};
use crate::properties::{Property, Writer};
use crate::store::{TypeKind, Types};
use crate::types::{ExecutionId, ExecutionKind, RunKey, task_state};

/// A transaction on the store; see [`crate::Store::transaction`].
#[derive(Debug)]
pub struct Tx<'c> {
    pub(crate) conn: &'c Connection,
    known_types: &'c Types,
    new_types: Types,
    pub(crate) now_ms: i64,
    waiting: &'c AtomicUsize,
}

impl<'c> Tx<'c> {
    pub(crate) fn new(conn: &'c Connection, known_types: &'c Types, now_ms: i64, waiting: &'c AtomicUsize) -> Self {
        Self { conn, known_types, new_types: Types::new(), now_ms, waiting }
    }

    /// Whether another thread of this process waits for the end of this transaction.
    pub fn is_awaited(&self) -> bool {
        self.waiting.load(Ordering::Relaxed) > 0
    }

    pub(crate) fn into_new_types(self) -> Types {
        self.new_types
    }

    fn execution_row(&mut self, kind: ExecutionKind, state: TaskState, name: Option<&str>) -> Result<ExecutionId> {
        let type_id = self.type_id(TypeKind::Execution, kind.type_name())?;
        self.conn
            .prepare_cached(
                "INSERT INTO Execution (type_id, last_known_state, name, create_time_since_epoch, \
                 last_update_time_since_epoch) VALUES (?1, ?2, ?3, ?4, ?4)",
            )?
            .execute((type_id, task_state(state).1, name, self.now_ms))?;
        Ok(ExecutionId(self.conn.last_insert_rowid()))
    }

    fn associate(&self, run: &RunKey, execution: ExecutionId) -> Result<()> {
        self.conn
            .prepare_cached("INSERT INTO Association (context_id, execution_id) VALUES (?1, ?3), (?2, ?3)")?
            .execute([run.pipeline_context, run.run_context, execution.0])?;
        Ok(())
    }

    /// Notes an artifact as one that a run gave.
    fn attribute(&self, run: &RunKey, artifact: i64) -> Result<()> {
        let mut attribute =
            self.conn.prepare_cached("INSERT OR IGNORE INTO Attribution (context_id, artifact_id) VALUES (?1, ?2)")?;
        attribute.execute([run.pipeline_context, artifact])?;
        attribute.execute([run.run_context, artifact])?;
        Ok(())
    }

    fn set_execution_state(&self, id: ExecutionId, code: i64) -> Result<()> {
        self.conn
            .prepare_cached(
                "UPDATE Execution SET last_known_state = ?2, last_update_time_since_epoch = ?3 WHERE id = ?1",
            )?
            .execute((id.0, code, self.now_ms))?;
        Ok(())
    }

    /// The row of a context, and whether it is new.
    fn context(&mut self, type_name: &str, name: &str) -> Result<(i64, bool)> {
        let type_id = self.type_id(TypeKind::Context, type_name)?;
        let known = self
            .conn
            .prepare_cached("SELECT id FROM Context WHERE type_id = ?1 AND name = ?2")?
            .query_row((type_id, name), |row| row.get(0))
            .optional()?;
        if let Some(id) = known {
            return Ok((id, false));
        }
        self.conn
            .prepare_cached(
                "INSERT INTO Context (type_id, name, create_time_since_epoch, last_update_time_since_epoch) \
                 VALUES (?1, ?2, ?3, ?3)",
            )?
            .execute((type_id, name, self.now_ms))?;
        Ok((self.conn.last_insert_rowid(), true))
    }

    /// The row of a type, created if the name is new. As in KFP, types declare no properties.
    fn type_id(&mut self, kind: TypeKind, name: &str) -> Result<i64> {
        let key = (kind, name.to_owned());
        if let Some(id) = self.known_types.get(&key).or_else(|| self.new_types.get(&key)) {
            return Ok(*id);
        }
        let known: Option<i64> = self
            .conn
            .prepare_cached("SELECT id FROM Type WHERE name = ?1 AND type_kind = ?2 AND version IS NULL")?
            .query_row((name, kind as i64), |row| row.get(0))
            .optional()?;
        let id = if let Some(id) = known {
            id
        } else {
            self.conn
                .prepare_cached("INSERT INTO Type (name, type_kind) VALUES (?1, ?2)")?
                .execute((name, kind as i64))?;
            self.conn.last_insert_rowid()
        };
        self.new_types.insert(key, id);
        Ok(id)
    }
}

fn parameters(values: &PortValues) -> impl Iterator<Item = (&str, &Value)> + Clone {
    values.iter().filter_map(|(port, value)| match value {
        PortValue::Parameter(value) => Some((port.as_str(), value)),
        PortValue::Artifacts(_) => None,
    })
}

/// Inserts parameters as KFP does, in one struct property `inputs` or `outputs`. Scalars are also inserted one by one,
/// as `input:NAME` or `output:NAME`: the `ml_metadata` library can filter by these, and they keep integers exact.
fn put_parameters<'a>(
    properties: &mut Writer<'_>,
    direction: &str,
    parameters: impl Iterator<Item = (&'a str, &'a Value)> + Clone,
) -> Result<()> {
    if parameters.clone().next().is_none() {
        return Ok(());
    }
    properties.put(&format!("{direction}s"), &Property::fields(parameters.clone()))?;
    for (name, value) in parameters.filter(|(_, value)| !value.is_array() && !value.is_object()) {
        if let Some(property) = Property::of(value) {
            properties.put(&format!("{direction}:{name}"), &property)?;
        }
    }
    Ok(())
}

pub(crate) fn json(what: &'static str, value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(not_json(what))
}

fn not_json(what: &'static str) -> impl Fn(serde_json::Error) -> Error {
    move |source| Error::NotJson { what, source }
}
