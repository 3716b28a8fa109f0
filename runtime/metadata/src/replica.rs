//! Runs as they are carried from one store to another: reading all that is recorded of one, and which of another store's runs are wanted.
//!
//! Rows have other numbers in each store. A run has its id in all of them, an execution is that of a task of a run, and an artifact is told by
//! where it came from ([`ArtifactRow::origin`]). What is written of a run that came from elsewhere is in [`Tx::put_replica`](crate::Tx::put_replica).

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::{Connection, OptionalExtension};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use weft_pipeline::step::{PortValue, PortValues};

use crate::artifacts::{EVENTS, RUN_AND_TASK, id_list};
use crate::error::{Error, Result};
use crate::keys;
use crate::properties::COLUMNS;
use crate::retention::collect_uris;
use crate::runs::{self, SPEC, from_json, steps};
use crate::schema::has_table;
use crate::store::Store;
use crate::types::{ArtifactState, EventKind, RunState, StepRecord, hex};

/// What tells whether two stores know the same of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStamp {
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: RunState,
    /// When it ended: milliseconds since the epoch.
    pub ended_ms: Option<i64>,
}

/// All that is recorded of a run. Ids are those of the store that it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunCopy {
    /// Which run it is, and how it ended.
    pub stamp: RunStamp,
    /// The pipeline's name.
    pub pipeline: String,
    /// When it started: milliseconds since the epoch.
    pub started_ms: i64,
    /// The file of the pipeline, on the host that it ran on.
    pub file: Option<String>,
    /// The linked pipeline, as it was recorded: the order of its tasks is theirs.
    pub spec: String,
    /// The values of the parameters.
    pub parameters: BTreeMap<String, Value>,
    /// The values of the pipeline's outputs.
    pub outputs: PortValues,
    /// The message of its failure.
    pub error: Option<String>,
    /// The execution of its root DAG.
    pub dag: i64,
    /// Its executions, the root DAG's too.
    pub executions: Vec<ExecutionRow>,
    /// Its steps.
    pub steps: Vec<StepCopy>,
    /// What its executions read and gave.
    pub artifacts: Vec<ArtifactRow>,
    /// URIs that name content of these artifacts, and the content.
    pub uris: Vec<(String, String)>,
}

/// A row of ML Metadata's `Execution` with what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecutionRow {
    /// Its id.
    pub id: i64,
    /// The name of its type.
    pub kind: String,
    /// The number of its state.
    pub state: Option<i64>,
    /// Its name.
    pub name: Option<String>,
    /// When it was made and changed: milliseconds since the epoch.
    pub times: [i64; 2],
    /// Its custom properties.
    pub properties: Vec<PropertyRow>,
    /// Its events.
    pub events: Vec<EventRow>,
}

/// A row of `Artifact` with what belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactRow {
    /// Its id.
    pub id: i64,
    /// The same in all stores: a digest of its type, content and time, and of the output that it was first given on.
    pub origin: String,
    /// The name of its type.
    pub kind: String,
    /// Its content.
    pub uri: Option<String>,
    /// The number of its state.
    pub state: Option<i64>,
    /// When it was made and changed: milliseconds since the epoch.
    pub times: [i64; 2],
    /// Its custom properties.
    pub properties: Vec<PropertyRow>,
}

/// A custom property.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PropertyRow {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: PropertyValue,
}

/// A value, by the column that holds it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PropertyValue {
    /// An integer.
    Int(i64),
    /// A double.
    Double(f64),
    /// A text, or a struct in its text.
    Text(String),
    /// A boolean.
    Bool(bool),
}

/// An event of an execution.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EventRow {
    /// The artifact.
    pub artifact: i64,
    /// The direction.
    pub kind: EventKind,
    /// When: milliseconds since the epoch.
    pub at_ms: i64,
    /// Ports, and where there is a list the place in it.
    pub paths: Vec<(String, Option<usize>)>,
}

/// A step, with what is kept of it beyond its row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepCopy {
    /// Its row.
    #[serde(flatten)]
    pub row: StepRecord,
    /// The run and the task whose outputs it has, if it is cached. That run may be gone.
    pub cached_task: Option<(String, String)>,
    /// The command of its identity, as it was recorded.
    pub command: Option<String>,
    /// Why no earlier execution was looked for.
    pub uncached: Option<String>,
}

impl RunCopy {
    /// The content that a store needs which is to hold this run as its own does: of artifacts that are not deleted, logs, components, and what the
    /// pipeline names.
    pub fn content(&self) -> Result<BTreeSet<String>> {
        let mut uris = BTreeSet::new();
        let is_kept = |artifact: &&ArtifactRow| artifact.state != Some(ArtifactState::DELETED);
        uris.extend(self.artifacts.iter().filter(is_kept).filter_map(|artifact| artifact.uri.clone()));
        for StepCopy { row, .. } in &self.steps {
            uris.extend(row.log.clone());
            uris.extend(row.component.as_ref().map(|component| component.digest.clone()));
        }
        collect_uris(&from_json("a run's pipeline", &self.spec)?, &mut uris);
        Ok(uris)
    }
}

impl Store {
    /// The runs that have ended, the oldest first.
    pub fn run_stamps(&self) -> Result<Vec<RunStamp>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT id, state, ended_ms FROM weft_run WHERE state <> 'RUNNING' ORDER BY started_ms, rowid",
            )?;
            let mut rows = statement.query([])?;
            let mut stamps = Vec::new();
            while let Some(row) = rows.next()? {
                let state = runs::from_name("a run's state", row.get_ref(1)?.as_str()?)?;
                stamps.push(RunStamp { id: row.get(0)?, state, ended_ms: row.get(2)? });
            }
            Ok(stamps)
        })
    }

    /// The number of runs, ended or not.
    pub fn run_count(&self) -> Result<u64> {
        self.read(|conn| Ok(runs::unsigned(conn.query_row("SELECT count(*) FROM weft_run", [], |row| row.get(0))?)))
    }

    /// The runs of another store that this one lacks, or knows another end of. Own runs are never wanted, nor are replicas that were removed and did
    /// not change since. `whole` also asks for those whose content was not brought.
    pub fn wanted(&self, stamps: &[RunStamp], whole: bool) -> Result<Vec<String>> {
        self.read(|conn| {
            let has_replicas = has_table(conn, "weft_replica")?;
            let mut wanted = Vec::new();
            for stamp in stamps {
                let known = if has_replicas { replica(conn, &stamp.id)? } else { None };
                let is_wanted = match known {
                    Some((known, is_whole)) => known != *stamp || (whole && !is_whole),
                    None => !is_run(conn, &stamp.id)?,
                };
                if is_wanted {
                    wanted.push(stamp.id.clone());
                }
            }
            Ok(wanted)
        })
    }

    /// The host that a run came from, by the name that it gave itself; none if it ran here.
    pub fn replica_of(&self, run: &str) -> Result<Option<String>> {
        self.read(|conn| {
            if !has_table(conn, "weft_replica")? {
                return Ok(None);
            }
            let mut statement = conn.prepare_cached("SELECT host FROM weft_replica WHERE run = ?1")?;
            Ok(statement.query_row([run], |row| row.get(0)).optional()?)
        })
    }

    /// All that is recorded of a run, by its id.
    pub fn run_copy(&self, id: &str) -> Result<RunCopy> {
        self.read(|conn| copy(conn, id))
    }
}

/// What is known of a run that came from another store, and whether its content did too.
pub(crate) fn replica(conn: &Connection, run: &str) -> Result<Option<(RunStamp, bool)>> {
    let mut statement = conn.prepare_cached("SELECT state, ended_ms, whole FROM weft_replica WHERE run = ?1")?;
    let mut rows = statement.query([run])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let state = runs::from_name("a run's state", row.get_ref(0)?.as_str()?)?;
    Ok(Some((RunStamp { id: run.to_owned(), state, ended_ms: row.get(1)? }, row.get(2)?)))
}

pub(crate) fn is_run(conn: &Connection, id: &str) -> Result<bool> {
    let mut statement = conn.prepare_cached("SELECT 1 FROM weft_run WHERE id = ?1")?;
    Ok(statement.query_row([id], |_| Ok(())).optional()?.is_some())
}

fn copy(conn: &Connection, id: &str) -> Result<RunCopy> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT state, ended_ms, pipeline, started_ms, file, {SPEC}, parameters, outputs, error, dag_execution FROM weft_run AS r WHERE id = ?1"
    ))?;
    let mut rows = statement.query([id])?;
    let row = rows.next()?.ok_or_else(|| Error::RunNotFound { selector: id.into() })?;
    let dag = row.get(9)?;
    let steps: Vec<StepCopy> = steps(conn, id)?.into_iter().map(|row| step(conn, row)).collect::<Result<_>>()?;
    let ids: Vec<i64> = std::iter::once(dag).chain(steps.iter().map(|step| step.row.execution.0)).collect();
    let executions = executions(conn, &id_list(&ids))?;
    let mut used: BTreeSet<i64> =
        executions.iter().flat_map(|execution| &execution.events).map(|event| event.artifact).collect();
    let outputs: PortValues = from_json("a run's outputs", row.get_ref(7)?.as_str()?)?;
    used.extend(outputs.values().flat_map(PortValue::artifacts).filter_map(|artifact| artifact.id));
    let artifacts = artifacts(conn, &id_list(&used.into_iter().collect::<Vec<_>>()))?;
    Ok(RunCopy {
        stamp: RunStamp {
            id: id.to_owned(),
            state: runs::from_name("a run's state", row.get_ref(0)?.as_str()?)?,
            ended_ms: row.get(1)?,
        },
        pipeline: row.get(2)?,
        started_ms: row.get(3)?,
        file: row.get(4)?,
        spec: row.get(5)?,
        parameters: from_json("a run's parameters", row.get_ref(6)?.as_str()?)?,
        outputs,
        error: row.get(8)?,
        dag,
        uris: uris(conn, &artifacts)?,
        executions,
        steps,
        artifacts,
    })
}

fn step(conn: &Connection, row: StepRecord) -> Result<StepCopy> {
    let (command, uncached) = keys::texts(conn, row.execution)?;
    let mut cached = conn.prepare_cached("SELECT run, task FROM weft_step WHERE execution = ?1")?;
    let cached_task = match row.cached_from {
        Some(from) => cached.query_row([from.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?,
        None => None,
    };
    Ok(StepCopy { row, cached_task, command, uncached })
}

/// The executions in the list, by their ids.
fn executions(conn: &Connection, list: &str) -> Result<Vec<ExecutionRow>> {
    let mut properties = properties(conn, "ExecutionProperty", "execution_id", list)?;
    let mut events = events(conn, list)?;
    let mut statement = conn.prepare_cached(
        "SELECT x.id, t.name, x.last_known_state, x.name, x.create_time_since_epoch, x.last_update_time_since_epoch \
         FROM Execution AS x JOIN Type AS t ON t.id = x.type_id WHERE x.id IN (SELECT value FROM json_each(?1)) ORDER BY x.id",
    )?;
    let found = statement.query_map([list], |row| {
        let id = row.get(0)?;
        Ok(ExecutionRow {
            id,
            kind: row.get(1)?,
            state: row.get(2)?,
            name: row.get(3)?,
            times: [row.get(4)?, row.get(5)?],
            properties: properties.remove(&id).unwrap_or_default(),
            events: events.remove(&id).unwrap_or_default(),
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// The events of the executions in the list, by execution.
fn events(conn: &Connection, list: &str) -> Result<HashMap<i64, Vec<EventRow>>> {
    let mut statement = conn.prepare_cached(
        "SELECT id, execution_id, artifact_id, type, milliseconds_since_epoch FROM Event \
         WHERE execution_id IN (SELECT value FROM json_each(?1)) AND type IN (3, 4) ORDER BY id",
    )?;
    let mut rows = statement.query([list])?;
    let mut found: HashMap<i64, Vec<EventRow>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let kind = if row.get::<_, i64>(3)? == EventKind::Input.code() { EventKind::Input } else { EventKind::Output };
        let at_ms = row.get::<_, Option<i64>>(4)?.unwrap_or(0);
        let event = EventRow { artifact: row.get(2)?, kind, at_ms, paths: paths(conn, row.get(0)?)? };
        found.entry(row.get(1)?).or_default().push(event);
    }
    Ok(found)
}

/// The path of an event: ports, each with the place in its list if it has one.
fn paths(conn: &Connection, event: i64) -> Result<Vec<(String, Option<usize>)>> {
    let mut statement = conn.prepare_cached(
        "SELECT is_index_step, step_index, step_key FROM EventPath WHERE event_id = ?1 ORDER BY rowid",
    )?;
    let mut rows = statement.query([event])?;
    let mut paths: Vec<(String, Option<usize>)> = Vec::new();
    while let Some(row) = rows.next()? {
        if !row.get::<_, bool>(0)? {
            paths.push((row.get::<_, Option<String>>(2)?.unwrap_or_default(), None));
        } else if let Some((_, place)) = paths.last_mut() {
            *place = row.get::<_, Option<i64>>(1)?.and_then(|index| usize::try_from(index).ok());
        }
    }
    Ok(paths)
}

/// The artifacts in the list, by their ids.
fn artifacts(conn: &Connection, list: &str) -> Result<Vec<ArtifactRow>> {
    let mut properties = properties(conn, "ArtifactProperty", "artifact_id", list)?;
    let mut origins = origins(conn, list)?;
    let known = if has_table(conn, "weft_replica_artifact")? {
        "(SELECT origin FROM weft_replica_artifact WHERE artifact = a.id)"
    } else {
        "NULL"
    };
    let mut statement = conn.prepare_cached(&format!(
        "SELECT a.id, t.name, a.uri, a.state, a.create_time_since_epoch, a.last_update_time_since_epoch, {known} \
         FROM Artifact AS a JOIN Type AS t ON t.id = a.type_id WHERE a.id IN (SELECT value FROM json_each(?1)) ORDER BY a.id"
    ))?;
    let found = statement.query_map([list], |row| {
        let id = row.get(0)?;
        let (kind, uri, made): (String, Option<String>, i64) = (row.get(1)?, row.get(2)?, row.get(4)?);
        let given = json!([kind, uri, made, origins.remove(&id)]).to_string();
        Ok(ArtifactRow {
            id,
            // What came from elsewhere stays what it was there.
            origin: row.get::<_, Option<String>>(6)?.unwrap_or_else(|| hex(blake3::hash(given.as_bytes()).as_bytes())),
            kind,
            uri,
            state: row.get(3)?,
            times: [made, row.get(5)?],
            properties: properties.remove(&id).unwrap_or_default(),
        })
    })?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// By which run, task, output and place in it the artifacts in the list were first given: executions keep their numbers when they begin again, events do not. That of a run that was deleted is told by its DAG.
fn origins(conn: &Connection, list: &str) -> Result<HashMap<i64, Value>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT e.id, e.artifact_id, {RUN_AND_TASK} {EVENTS} \
         WHERE e.type = 4 AND (e.artifact_id, e.execution_id) IN (SELECT artifact_id, min(execution_id) FROM Event \
            WHERE type = 4 AND artifact_id IN (SELECT value FROM json_each(?1)) GROUP BY artifact_id)"
    ))?;
    let mut rows = statement.query([list])?;
    let mut found = HashMap::new();
    while let Some(row) = rows.next()? {
        let (run, task): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
        found.insert(row.get(1)?, json!([run, task, paths(conn, row.get(0)?)?]));
    }
    Ok(found)
}

/// The custom properties of the rows in the list, by row.
fn properties(conn: &Connection, table: &str, owner: &str, list: &str) -> Result<HashMap<i64, Vec<PropertyRow>>> {
    let mut statement = conn.prepare_cached(&format!(
        "SELECT {owner}, name, {COLUMNS} FROM {table} WHERE {owner} IN (SELECT value FROM json_each(?1)) AND is_custom_property ORDER BY {owner}, name"
    ))?;
    let mut rows = statement.query([list])?;
    let mut found: HashMap<i64, Vec<PropertyRow>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let int = row.get::<_, Option<i64>>(2)?.map(PropertyValue::Int);
        let double = row.get::<_, Option<f64>>(3)?.map(PropertyValue::Double);
        let text = row.get::<_, Option<String>>(4)?.map(PropertyValue::Text);
        let bool = row.get::<_, Option<bool>>(5)?.map(PropertyValue::Bool);
        let Some(value) = int.or(double).or(text).or(bool) else { continue };
        found.entry(row.get(0)?).or_default().push(PropertyRow { name: row.get(1)?, value });
    }
    Ok(found)
}

/// URIs that lead to content of the artifacts.
fn uris(conn: &Connection, artifacts: &[ArtifactRow]) -> Result<Vec<(String, String)>> {
    let content: Vec<&str> = artifacts.iter().filter_map(|artifact| artifact.uri.as_deref()).collect();
    if content.is_empty() || !has_table(conn, "weft_uri")? {
        return Ok(Vec::new());
    }
    let mut statement = conn.prepare_cached(
        "SELECT uri, content FROM weft_uri WHERE content IN (SELECT value FROM json_each(?1)) ORDER BY uri",
    )?;
    let found = statement.query_map([json!(content).to_string()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}
