//! Pipelines that were uploaded, and their versions.

use rusqlite::{Connection, Row};

use super::check_added;
use super::list::{List, Source};
use super::types::{Field, ListQuery, Listed, PipelineEntry, VersionEntry};
use crate::error::Result;
use crate::runs::from_json;
use crate::store::Store;
use crate::write::{Tx, json};

const COLUMNS: &str = "id, name, display_name, description, tags, created_ms";
const VERSION_COLUMNS: &str = "id, pipeline, name, display_name, description, tags, code_source_url, created_ms, spec";

const LIST: List = List {
    name: "pipelines",
    sources: &[Source {
        from: "weft_pipeline",
        columns: &[
            (Field::Id, "id"),
            (Field::Name, "name"),
            (Field::DisplayName, "display_name"),
            (Field::Description, "description"),
            (Field::CreatedAt, "created_ms"),
        ],
    }],
};

const VERSIONS: List = List {
    name: "versions of pipelines",
    sources: &[Source {
        from: "weft_pipeline_version",
        columns: &[
            (Field::Id, "id"),
            (Field::Name, "name"),
            (Field::DisplayName, "display_name"),
            (Field::Description, "description"),
            (Field::CreatedAt, "created_ms"),
            (Field::Pipeline, "pipeline"),
        ],
    }],
};

impl Store {
    /// A part of the list of pipelines.
    pub fn pipelines(&self, query: &ListQuery) -> Result<Listed<PipelineEntry>> {
        self.read(|conn| LIST.page(conn, query, None, |id| find(conn, "id", id)))
    }

    /// A pipeline.
    pub fn pipeline(&self, id: &str) -> Result<Option<PipelineEntry>> {
        self.one_pipeline("id", id)
    }

    /// The pipeline of this name.
    pub fn pipeline_named(&self, name: &str) -> Result<Option<PipelineEntry>> {
        self.one_pipeline("name", name)
    }

    fn one_pipeline(&self, column: &str, value: &str) -> Result<Option<PipelineEntry>> {
        self.read(|conn| find(conn, column, value))
    }

    /// A part of the list of a pipeline's versions.
    pub fn versions(&self, of: &str, query: &ListQuery) -> Result<Listed<VersionEntry>> {
        self.read(|conn| VERSIONS.page(conn, query, Some((Field::Pipeline, of)), |id| find_version(conn, id)))
    }

    /// A version.
    pub fn version(&self, id: &str) -> Result<Option<VersionEntry>> {
        self.read(|conn| find_version(conn, id))
    }

    /// The newest version of a pipeline.
    pub fn newest_version(&self, of: &str) -> Result<Option<VersionEntry>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(&format!(
                "SELECT {VERSION_COLUMNS} FROM weft_pipeline_version WHERE pipeline = ?1 \
                 ORDER BY created_ms DESC, rowid DESC LIMIT 1"
            ))?;
            let mut rows = statement.query([of])?;
            rows.next()?.map(version).transpose()
        })
    }
}

impl Tx<'_> {
    /// Records a new pipeline.
    ///
    /// # Errors
    /// [`crate::Error::NameTaken`] if there is one of this name.
    pub fn create_pipeline(&mut self, new: &PipelineEntry) -> Result<()> {
        let PipelineEntry { id, name, display_name, description, tags, created_ms } = new;
        let added = self.conn.execute(
            "INSERT OR IGNORE INTO weft_pipeline (id, name, display_name, description, tags, created_ms) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (id, name, display_name, description, json("a pipeline's tags", tags)?, created_ms),
        )?;
        check_added(added, "a pipeline", name)
    }

    /// Changes what people read about a pipeline. False if there is none.
    pub fn update_pipeline(&mut self, changed: &PipelineEntry) -> Result<bool> {
        let PipelineEntry { id, name: _, display_name, description, tags, created_ms: _ } = changed;
        let tags = json("a pipeline's tags", tags)?;
        let changed = self.conn.execute(
            "UPDATE weft_pipeline SET display_name = ?2, description = ?3, tags = ?4 WHERE id = ?1",
            (id, display_name, description, tags),
        )?;
        Ok(changed > 0)
    }

    /// The number of a pipeline's versions.
    pub fn count_versions(&self, of: &str) -> Result<u64> {
        let count: i64 =
            self.conn
                .query_row("SELECT count(*) FROM weft_pipeline_version WHERE pipeline = ?1", [of], |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Deletes a pipeline with its versions. Runs of it stay. False if there is none.
    pub fn delete_pipeline(&mut self, id: &str) -> Result<bool> {
        self.conn.execute("DELETE FROM weft_pipeline_version WHERE pipeline = ?1", [id])?;
        Ok(self.conn.execute("DELETE FROM weft_pipeline WHERE id = ?1", [id])? > 0)
    }

    /// Records a new version.
    ///
    /// # Errors
    /// [`crate::Error::NameTaken`] if the pipeline has one of this name.
    pub fn create_version(&mut self, new: &VersionEntry) -> Result<()> {
        let added = self.conn.execute(
            "INSERT OR IGNORE INTO weft_pipeline_version (id, pipeline, name, display_name, description, tags, \
             code_source_url, created_ms, spec) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (
                &new.id,
                &new.pipeline,
                &new.name,
                &new.display_name,
                &new.description,
                json("a version's tags", &new.tags)?,
                &new.code_source_url,
                new.created_ms,
                json("a pipeline", &new.spec)?,
            ),
        )?;
        check_added(added, "a version", &new.name)
    }

    /// Changes what people read about a version. False if there is none.
    pub fn update_version(&mut self, changed: &VersionEntry) -> Result<bool> {
        let tags = json("a version's tags", &changed.tags)?;
        let changed = self.conn.execute(
            "UPDATE weft_pipeline_version SET display_name = ?2, description = ?3, tags = ?4 WHERE id = ?1",
            (&changed.id, &changed.display_name, &changed.description, tags),
        )?;
        Ok(changed > 0)
    }

    /// Deletes a version. Runs of it stay. False if there is none.
    pub fn delete_version(&mut self, id: &str) -> Result<bool> {
        Ok(self.conn.execute("DELETE FROM weft_pipeline_version WHERE id = ?1", [id])? > 0)
    }
}

fn find(conn: &Connection, column: &str, value: &str) -> Result<Option<PipelineEntry>> {
    let mut statement = conn.prepare_cached(&format!("SELECT {COLUMNS} FROM weft_pipeline WHERE {column} = ?1"))?;
    let mut rows = statement.query([value])?;
    rows.next()?.map(pipeline).transpose()
}

fn find_version(conn: &Connection, id: &str) -> Result<Option<VersionEntry>> {
    let mut statement =
        conn.prepare_cached(&format!("SELECT {VERSION_COLUMNS} FROM weft_pipeline_version WHERE id = ?1"))?;
    let mut rows = statement.query([id])?;
    rows.next()?.map(version).transpose()
}

fn pipeline(row: &Row<'_>) -> Result<PipelineEntry> {
    Ok(PipelineEntry {
        id: row.get(0)?,
        name: row.get(1)?,
        display_name: row.get(2)?,
        description: row.get(3)?,
        tags: from_json("a pipeline's tags", row.get_ref(4)?.as_str()?)?,
        created_ms: row.get(5)?,
    })
}

fn version(row: &Row<'_>) -> Result<VersionEntry> {
    Ok(VersionEntry {
        id: row.get(0)?,
        pipeline: row.get(1)?,
        name: row.get(2)?,
        display_name: row.get(3)?,
        description: row.get(4)?,
        tags: from_json("a version's tags", row.get_ref(5)?.as_str()?)?,
        code_source_url: row.get(6)?,
        created_ms: row.get(7)?,
        spec: from_json("a pipeline", row.get_ref(8)?.as_str()?)?,
    })
}
