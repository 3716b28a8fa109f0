//! Experiments: groups of runs.

use rusqlite::{Connection, OptionalExtension, Row};

use super::check_added;
use super::list::{List, Source};
use super::types::{Experiment, Field, ListQuery, Listed};
use crate::error::Result;
use crate::store::Store;
use crate::write::Tx;

const COLUMNS: &str = "id, name, description, created_ms, last_run_ms, archived";

/// The value of a column for [`Field::StorageState`].
pub(super) const STORAGE_STATE: &str = "CASE archived WHEN 0 THEN 'AVAILABLE' ELSE 'ARCHIVED' END";

const LIST: List = List {
    name: "experiments",
    sources: &[Source {
        from: "weft_experiment",
        columns: &[
            (Field::Id, "id"),
            (Field::Name, "name"),
            (Field::DisplayName, "name"),
            (Field::Description, "description"),
            (Field::CreatedAt, "created_ms"),
            (Field::LastRunCreatedAt, "ifnull(last_run_ms, '')"),
            (Field::StorageState, STORAGE_STATE),
        ],
    }],
};

impl Store {
    /// A part of the list of experiments.
    pub fn experiments(&self, query: &ListQuery) -> Result<Listed<Experiment>> {
        self.read(|conn| LIST.page(conn, query, None, |id| find(conn, "id", id)))
    }

    /// An experiment.
    pub fn experiment(&self, id: &str) -> Result<Option<Experiment>> {
        self.one_experiment("id", id)
    }

    /// The experiment of this name.
    pub fn experiment_named(&self, name: &str) -> Result<Option<Experiment>> {
        self.one_experiment("name", name)
    }

    fn one_experiment(&self, column: &str, value: &str) -> Result<Option<Experiment>> {
        self.read(|conn| find(conn, column, value))
    }
}

impl Tx<'_> {
    /// Records a new experiment.
    ///
    /// # Errors
    /// [`crate::Error::NameTaken`] if there is one of this name.
    pub fn create_experiment(&mut self, new: &Experiment) -> Result<()> {
        let Experiment { id, name, description, created_ms, last_run_ms, archived } = new;
        let added = self.conn.execute(
            "INSERT OR IGNORE INTO weft_experiment (id, name, description, created_ms, last_run_ms, archived) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (id, name, description, created_ms, last_run_ms, archived),
        )?;
        check_added(added, "an experiment", name)
    }

    /// Puts an experiment and its runs away, or takes it back without its runs, as KFP does. With it, its recurring runs are switched off.
    /// False if there is none.
    pub fn archive_experiment(&mut self, id: &str, archived: bool) -> Result<bool> {
        let changed = self.conn.execute("UPDATE weft_experiment SET archived = ?2 WHERE id = ?1", (id, archived))?;
        if archived {
            self.conn.execute("UPDATE weft_submission SET archived = 1 WHERE experiment = ?1", [id])?;
            self.conn.execute("UPDATE weft_recurring SET enabled = 0 WHERE experiment = ?1", [id])?;
        }
        Ok(changed > 0)
    }

    /// Deletes an experiment. Its runs and recurring runs go to another. False if there is none.
    pub fn delete_experiment(&mut self, id: &str, to: &str) -> Result<bool> {
        let changed = self.conn.execute("DELETE FROM weft_experiment WHERE id = ?1", [id])?;
        self.conn.execute("UPDATE weft_submission SET experiment = ?2 WHERE experiment = ?1", [id, to])?;
        self.conn.execute("UPDATE weft_recurring SET experiment = ?2 WHERE experiment = ?1", [id, to])?;
        Ok(changed > 0)
    }
}

fn find(conn: &Connection, column: &str, value: &str) -> Result<Option<Experiment>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM weft_experiment WHERE {column} = ?1"))?;
    Ok(statement.query_row([value], experiment).optional()?)
}

fn experiment(row: &Row<'_>) -> rusqlite::Result<Experiment> {
    Ok(Experiment {
        id: row.get(0)?,
        name: row.get(1)?,
        description: row.get(2)?,
        created_ms: row.get(3)?,
        last_run_ms: row.get(4)?,
        archived: row.get(5)?,
    })
}
