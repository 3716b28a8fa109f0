//! Recurring runs.

use rusqlite::{Connection, Row, named_params};

use super::list::{List, Source};
use super::types::{Field, ListQuery, Listed, RecurringRun, Submission};
use crate::error::Result;
use crate::runs::from_json;
use crate::store::Store;
use crate::write::{Tx, json};

const COLUMNS: &str = "id, name, description, experiment, pipeline, version, spec, parameters, no_cache, schedule, \
    max_concurrency, no_catchup, enabled, created_ms, updated_ms, service_account, last_ms, fired";

const LIST: List = List {
    name: "recurring runs",
    sources: &[Source {
        from: "weft_recurring",
        columns: &[
            (Field::Id, "id"),
            (Field::Name, "name"),
            (Field::DisplayName, "name"),
            (Field::Description, "description"),
            (Field::CreatedAt, "created_ms"),
            (Field::UpdatedAt, "updated_ms"),
            (Field::Experiment, "experiment"),
            (Field::Pipeline, "ifnull(pipeline, '')"),
            (Field::Version, "ifnull(version, '')"),
            (Field::Enabled, "CASE enabled WHEN 0 THEN 'DISABLED' ELSE 'ENABLED' END"),
        ],
    }],
};

impl Store {
    /// A part of the list of recurring runs.
    pub fn recurring_runs(&self, query: &ListQuery) -> Result<Listed<RecurringRun>> {
        self.read(|conn| LIST.page(conn, query, None, |id| find(conn, id)))
    }

    /// A recurring run.
    pub fn recurring_run(&self, id: &str) -> Result<Option<RecurringRun>> {
        self.read(|conn| find(conn, id))
    }

    /// The recurring runs that are on, each with the number of its runs that have not ended.
    pub fn enabled_recurring_runs(&self) -> Result<Vec<(RecurringRun, i64)>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(&format!(
                "SELECT {COLUMNS}, (SELECT count(*) FROM weft_submission AS s WHERE s.recurring = weft_recurring.id \
                 AND s.state IN ('QUEUED', 'RUNNING', 'CANCELING')) FROM weft_recurring WHERE enabled <> 0 ORDER BY id"
            ))?;
            let mut rows = statement.query([])?;
            let mut found = Vec::new();
            while let Some(row) = rows.next()? {
                found.push((recurring(row)?, row.get(18)?));
            }
            Ok(found)
        })
    }
}

impl Tx<'_> {
    /// Records a new recurring run.
    pub fn create_recurring_run(&mut self, new: &RecurringRun) -> Result<()> {
        self.conn.execute(
            "INSERT INTO weft_recurring (id, name, description, experiment, pipeline, version, spec, parameters, no_cache, \
             schedule, max_concurrency, no_catchup, enabled, created_ms, updated_ms, service_account, last_ms, fired) VALUES \
             (:id, :name, :description, :experiment, :pipeline, :version, :spec, :parameters, :no_cache, :schedule, \
             :max_concurrency, :no_catchup, :enabled, :created_ms, :updated_ms, :service_account, :last_ms, :fired)",
            named_params! {
                ":id": new.id,
                ":name": new.name,
                ":description": new.description,
                ":experiment": new.experiment,
                ":pipeline": new.pipeline,
                ":version": new.version,
                ":spec": new.spec.as_ref().map(|spec| json("a pipeline", spec)).transpose()?,
                ":parameters": json("a run's parameters", &new.parameters)?,
                ":no_cache": new.no_cache,
                ":schedule": json("a schedule", &new.schedule)?,
                ":max_concurrency": new.max_concurrency,
                ":no_catchup": new.no_catchup,
                ":enabled": new.enabled,
                ":created_ms": new.created_ms,
                ":updated_ms": new.updated_ms,
                ":service_account": new.service_account,
                ":last_ms": new.last_ms,
                ":fired": new.fired,
            },
        )?;
        Ok(())
    }

    /// Puts a run of a recurring run into the queue, and records with it that this time has been served. False, and nothing is recorded, if
    /// the recurring run is off or has been served otherwise since `before` was read.
    pub fn fire(&mut self, before: &RecurringRun, run: &Submission, due_ms: i64, now_ms: i64) -> Result<bool> {
        let changed = self.conn.execute(
            "UPDATE weft_recurring SET last_ms = ?2, fired = fired + 1 \
             WHERE id = ?1 AND enabled <> 0 AND fired = ?3 AND last_ms IS ?4",
            (&before.id, due_ms, before.fired, before.last_ms),
        )?;
        if changed == 0 {
            return Ok(false);
        }
        self.enqueue(run, now_ms, due_ms)?;
        Ok(true)
    }

    /// Switches a recurring run on or off. False if there is none.
    pub fn enable_recurring_run(&mut self, id: &str, enabled: bool, now_ms: i64) -> Result<bool> {
        let changed = self
            .conn
            .execute("UPDATE weft_recurring SET enabled = ?2, updated_ms = ?3 WHERE id = ?1", (id, enabled, now_ms))?;
        Ok(changed > 0)
    }

    /// Deletes a recurring run. Its runs stay. False if there is none.
    pub fn delete_recurring_run(&mut self, id: &str) -> Result<bool> {
        Ok(self.conn.execute("DELETE FROM weft_recurring WHERE id = ?1", [id])? > 0)
    }
}

fn find(conn: &Connection, id: &str) -> Result<Option<RecurringRun>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM weft_recurring WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(recurring).transpose()
}

fn recurring(row: &Row<'_>) -> Result<RecurringRun> {
    let spec: Option<String> = row.get(6)?;
    Ok(RecurringRun {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        experiment: row.get(3)?,
        pipeline: row.get(4)?,
        version: row.get(5)?,
        spec: spec.map(|text| from_json("a pipeline", &text)).transpose()?,
        parameters: from_json("a run's parameters", row.get_ref(7)?.as_str()?)?,
        no_cache: row.get(8)?,
        schedule: from_json("a schedule", row.get_ref(9)?.as_str()?)?,
        max_concurrency: row.get(10)?,
        no_catchup: row.get(11)?,
        enabled: row.get(12)?,
        created_ms: row.get(13)?,
        updated_ms: row.get(14)?,
        service_account: row.get(15)?,
        last_ms: row.get(16)?,
        fired: row.get(17)?,
    })
}
