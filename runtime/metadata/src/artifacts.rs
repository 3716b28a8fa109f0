//! Artifacts: their rows, and queries for them.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, OptionalExtension, named_params};
use serde_json::Value;
use weft_pipeline::step::Artifact;
use weft_pipeline::types::ArtifactType;

use crate::error::{Error, Result};
use crate::properties::{self, Property, Writer};
use crate::store::Store;
use crate::types::{ArtifactFilter, ArtifactRecord, ArtifactState, ExecutionId, ExecutionKind, Producer};

/// The property with an artifact's name. As in KFP, it is the name of the output if the artifact has none.
const DISPLAY_NAME: &str = "display_name";
/// The maximum number of rows with the same content that are compared with an imported artifact.
const EQUAL_CANDIDATES: u32 = 16;
/// The maximum number of candidates in the error of an ambiguous selector.
const MAX_SHOWN: u32 = 5;

/// Events with the run and the task of their execution. If the run was deleted, both are taken from the execution and the name of its DAG.
pub(crate) const EVENTS: &str = "FROM Event e \
         LEFT JOIN weft_step s ON s.execution = e.execution_id \
         LEFT JOIN ExecutionProperty t ON t.execution_id = e.execution_id AND t.name = 'task_name' AND t.is_custom_property = 1 \
         LEFT JOIN ExecutionProperty p ON p.execution_id = e.execution_id AND p.name = 'parent_dag_id' AND p.is_custom_property = 1 \
         LEFT JOIN Execution d ON d.id = p.int_value AND d.name LIKE 'run/%'";
/// The run and the task of [`EVENTS`].
pub(crate) const RUN_AND_TASK: &str = "coalesce(s.run, substr(d.name, 5)), coalesce(s.task, t.string_value)";

impl Store {
    /// The live artifacts, the newest first.
    pub fn artifacts(&self, filter: &ArtifactFilter<'_>) -> Result<Vec<ArtifactRecord>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT a.id FROM Artifact a WHERE a.state = :live \
                 AND (:kind IS NULL OR a.type_id IN (SELECT id FROM Type WHERE name = :kind AND type_kind = 1)) \
                 AND (:run IS NULL OR a.id IN (SELECT n.artifact_id FROM Attribution n \
                    JOIN weft_run r ON n.context_id = r.run_context WHERE r.id = :run)) \
                 AND (:pipeline IS NULL OR a.id IN (SELECT n.artifact_id FROM Attribution n \
                    JOIN Context c ON n.context_id = c.id JOIN Type t ON c.type_id = t.id \
                    WHERE c.name = :pipeline AND t.name = 'system.Pipeline')) \
                 ORDER BY a.id DESC LIMIT :limit",
            )?;
            let ids = statement
                .query_map(
                    named_params! {
                        ":live": ArtifactState::LIVE,
                        ":kind": filter.kind,
                        ":run": filter.run,
                        ":pipeline": filter.pipeline,
                        ":limit": limit(filter.limit),
                    },
                    |row| row.get(0),
                )?
                .collect::<rusqlite::Result<Vec<i64>>>()?;
            records(conn, &ids)
        })
    }

    /// The artifact with this id or URI, or the only content whose URI or digest starts so (with at least four digits).
    /// Of several artifacts with the same content it is the newest; those of deleted runs come last.
    pub fn artifact(&self, selector: &str) -> Result<ArtifactRecord> {
        self.read(|conn| {
            let id = select(conn, selector)?;
            records(conn, &[id])?.pop().ok_or_else(|| Error::ArtifactNotFound { selector: selector.into() })
        })
    }
}

/// A limit as SQL expects it; -1 for none.
pub(crate) fn limit(limit: Option<usize>) -> i64 {
    limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX))
}

fn select(conn: &Connection, selector: &str) -> Result<i64> {
    let newest = "ORDER BY state = 4, id DESC LIMIT 1";
    if let Ok(id) = selector.parse::<i64>() {
        let found = conn.query_row("SELECT id FROM Artifact WHERE id = ?1", [id], |row| row.get(0)).optional()?;
        if let Some(id) = found {
            return Ok(id);
        }
    }
    let by_uri = |uri: &str| {
        conn.query_row(&format!("SELECT id FROM Artifact WHERE uri = ?1 {newest}"), [uri], |row| row.get(0)).optional()
    };
    if let Some(id) = by_uri(selector)? {
        return Ok(id);
    }
    let prefixes = [selector.to_owned(), format!("blake3:{selector}"), format!("blake3-tree:{selector}")];
    let mut candidates: Vec<String> = Vec::new();
    if selector.len() >= 4 {
        let mut statement = conn.prepare(
            "SELECT DISTINCT uri FROM Artifact WHERE uri >= ?1 AND uri < ?1 || char(1114111) ORDER BY uri LIMIT ?2",
        )?;
        for prefix in &prefixes {
            let found = statement.query_map((prefix, MAX_SHOWN), |row| row.get::<_, String>(0))?;
            candidates.extend(found.collect::<rusqlite::Result<Vec<_>>>()?);
        }
    }
    match candidates.as_slice() {
        [only] => by_uri(only)?.ok_or_else(|| Error::ArtifactNotFound { selector: selector.into() }),
        [] => Err(Error::ArtifactNotFound { selector: selector.into() }),
        _ => Err(Error::ArtifactAmbiguous { selector: selector.into(), candidates }),
    }
}

/// Ids as a JSON list for `json_each`.
pub(crate) fn id_list(ids: &[i64]) -> String {
    Value::from(ids).to_string()
}

/// The artifacts with these ids and their producers, in the order of the ids.
pub(crate) fn records(conn: &Connection, ids: &[i64]) -> Result<Vec<ArtifactRecord>> {
    let list = id_list(ids);
    let mut properties = load_properties(conn, &list)?;
    let mut producers = load_producers(conn, &list)?;
    let mut statement = conn.prepare_cached(
        "SELECT a.id, t.name, coalesce(a.uri, ''), a.state, a.create_time_since_epoch \
         FROM json_each(?1) wanted JOIN Artifact a ON a.id = wanted.value JOIN Type t ON t.id = a.type_id \
         ORDER BY wanted.key",
    )?;
    let records = statement.query_map([&list], |row| {
        let id: i64 = row.get(0)?;
        let (name, properties) = properties.remove(&id).unwrap_or_default();
        Ok(ArtifactRecord {
            artifact: Artifact { id: Some(id), kind: ArtifactType(row.get(1)?), uri: row.get(2)?, name, properties },
            state: ArtifactState::of(row.get(3)?),
            created_ms: row.get(4)?,
            producer: producers.remove(&id),
        })
    })?;
    Ok(records.collect::<rusqlite::Result<_>>()?)
}

type Metadata = (Option<String>, BTreeMap<String, Value>);

/// The names and properties of the artifacts in the list.
fn load_properties(conn: &Connection, list: &str) -> Result<HashMap<i64, Metadata>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT artifact_id, name, {} FROM ArtifactProperty WHERE artifact_id IN (SELECT value FROM json_each(?1))",
        properties::COLUMNS
    ))?;
    let mut rows = statement.query([list])?;
    let mut found: HashMap<i64, Metadata> = HashMap::new();
    while let Some(row) = rows.next()? {
        let (name, properties) = found.entry(row.get(0)?).or_default();
        let key: String = row.get(1)?;
        match properties::read(row, 2)? {
            Some(Value::String(text)) if key == DISPLAY_NAME => *name = Some(text),
            Some(value) => _ = properties.insert(key, value),
            None => {}
        }
    }
    Ok(found)
}

/// The first producers of the artifacts in the list. If the run of an execution was deleted, it is taken from the name
/// of its DAG.
fn load_producers(conn: &Connection, list: &str) -> Result<HashMap<i64, Producer>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT e.artifact_id, e.execution_id, {RUN_AND_TASK}, \
            coalesce((SELECT step_key FROM EventPath WHERE event_id = e.id AND NOT is_index_step ORDER BY rowid LIMIT 1), '') \
         {EVENTS} \
         WHERE e.id IN (SELECT min(id) FROM Event WHERE type = 4 \
            AND artifact_id IN (SELECT value FROM json_each(?1)) GROUP BY artifact_id)"
    ))?;
    let producers = statement.query_map([list], |row| {
        let producer =
            Producer { execution: ExecutionId(row.get(1)?), run: row.get(2)?, task: row.get(3)?, output: row.get(4)? };
        Ok((row.get(0)?, producer))
    })?;
    Ok(producers.collect::<rusqlite::Result<_>>()?)
}

/// Inserts the row of an output artifact.
pub(crate) fn insert(conn: &Connection, artifact: &Artifact, port: &str, type_id: i64, now_ms: i64) -> Result<i64> {
    conn.prepare_cached(
        "INSERT INTO Artifact (type_id, uri, state, create_time_since_epoch, last_update_time_since_epoch) \
         VALUES (?1, ?2, ?3, ?4, ?4)",
    )?
    .execute((type_id, &artifact.uri, ArtifactState::LIVE, now_ms))?;
    let id = conn.last_insert_rowid();
    let mut writer = Writer::artifact(conn, id)?;
    for (name, value) in own_properties(artifact) {
        if let Some(property) = Property::of(value) {
            writer.put(name, &property)?;
        }
    }
    writer.put(DISPLAY_NAME, &Property::text(artifact.name.as_deref().unwrap_or(port)))?;
    Ok(id)
}

/// The newest artifact of the pipeline with this type, content, name and properties.
pub(crate) fn find_equal(
    conn: &Connection,
    artifact: &Artifact,
    port: &str,
    type_id: i64,
    pipeline_context: i64,
) -> Result<Option<i64>> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM Artifact WHERE uri = ?1 AND type_id = ?2 AND state = ?3 AND EXISTS \
            (SELECT 1 FROM Attribution WHERE context_id = ?4 AND artifact_id = Artifact.id) \
         ORDER BY id DESC LIMIT ?5",
    )?;
    let ids = statement
        .query_map((&artifact.uri, type_id, ArtifactState::LIVE, pipeline_context, EQUAL_CANDIDATES), |row| row.get(0))?
        .collect::<rusqlite::Result<Vec<i64>>>()?;
    if ids.is_empty() {
        return Ok(None);
    }
    let name = artifact.name.as_deref().unwrap_or(port);
    let properties: BTreeMap<_, _> = own_properties(artifact)
        .filter_map(|(name, value)| properties::as_read(value).map(|value| (name.to_owned(), value)))
        .collect();
    let known = load_properties(conn, &id_list(&ids))?;
    Ok(ids.into_iter().find(|id| {
        known.get(id).is_some_and(|(known_name, known)| known_name.as_deref() == Some(name) && *known == properties)
    }))
}

/// The artifact of this content that an execution was given by its URI: of several the newest, those of its own run first. An importer
/// was given what something else than an importer made.
pub(crate) fn named_by_uri(
    conn: &Connection,
    content: &str,
    kind: ExecutionKind,
    run_context: i64,
) -> Result<Option<i64>> {
    let mut statement = conn.prepare_cached(
        "SELECT a.id FROM Artifact a WHERE a.uri = ?1 AND a.state IS NOT ?2 AND (?3 IS NOT ?4 OR EXISTS \
            (SELECT 1 FROM Event e JOIN weft_step s ON s.execution = e.execution_id \
             WHERE e.artifact_id = a.id AND e.type = 4 AND s.kind IS NOT ?4)) \
         ORDER BY EXISTS (SELECT 1 FROM Attribution WHERE artifact_id = a.id AND context_id = ?5) DESC, a.id DESC LIMIT 1",
    )?;
    let importer = ExecutionKind::Importer.name();
    let found =
        statement.query_row((content, ArtifactState::DELETED, kind.name(), importer, run_context), |row| row.get(0));
    Ok(found.optional()?)
}

/// An artifact's properties, except for one that its name replaces.
fn own_properties(artifact: &Artifact) -> impl Iterator<Item = (&str, &Value)> {
    artifact.properties.iter().map(|(name, value)| (name.as_str(), value)).filter(|(name, _)| *name != DISPLAY_NAME)
}
