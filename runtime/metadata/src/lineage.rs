//! Lineage queries: upstream to sources, and downstream to uses.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use weft_pipeline::model::TaskState;
use weft_pipeline::types::ArtifactType;

use crate::artifacts::{id_list, limit};
use crate::error::{Error, Result};
use crate::runs;
use crate::store::Store;
use crate::types::{ArtifactState, EventKind, ExecutionId, ExecutionKind, task_state_of};

/// The maximum number of artifacts and executions in a graph together. A graph that is cut off says so.
pub const MAX_LINEAGE_NODES: usize = 20_000;

/// The start of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineageStart {
    /// The artifact with this id.
    Artifact(i64),
    /// All steps of a run, by its id or another selector of [`Store::run`].
    Run(String),
}

/// The direction of a query.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Direction {
    /// Upstream, to sources.
    Up,
    /// Downstream, to uses.
    Down,
    /// Both, but without other uses of the sources.
    #[default]
    Both,
}

/// A lineage query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineageQuery {
    /// The start.
    pub start: LineageStart,
    /// The direction.
    pub direction: Direction,
    /// The maximum number of executions along a path, in each direction; `None` for all.
    pub max_depth: Option<usize>,
}

/// A lineage graph: artifacts, executions, and the events between them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LineageGraph {
    /// Artifacts by id.
    pub artifacts: Vec<ArtifactNode>,
    /// Executions by id.
    pub executions: Vec<ExecutionNode>,
    /// Events, ordered by execution, direction, port and index.
    pub edges: Vec<LineageEdge>,
    /// Whether it was cut off at [`MAX_LINEAGE_NODES`].
    pub truncated: bool,
}

/// An artifact of a graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArtifactNode {
    /// Its id.
    pub id: i64,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: ArtifactType,
    /// The id of its content.
    pub uri: String,
    /// Its name, or that of the output that produced it.
    pub name: Option<String>,
    /// Its state.
    pub state: ArtifactState,
}

/// An execution of a graph.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecutionNode {
    /// Its id.
    pub id: ExecutionId,
    /// Its kind.
    pub kind: ExecutionKind,
    /// The task's name, if it has one.
    pub task: Option<String>,
    /// Its state. Skipped executions are not part of a graph, as they have no events.
    pub state: TaskState,
    /// Its run, if it belongs to one. The run may have been deleted.
    pub run: Option<String>,
    /// The step function: `weft:<digest>#<function>`.
    pub image: Option<String>,
}

/// An event: an execution read or produced an artifact.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LineageEdge {
    /// The execution.
    pub execution: ExecutionId,
    /// Its direction.
    pub kind: EventKind,
    /// The name of the port.
    pub port: String,
    /// The index on a list port.
    pub index: Option<i64>,
    /// The artifact.
    pub artifact: i64,
}

impl Store {
    /// Queries the lineage. Each artifact and execution is visited once, so that cycles end (a step may return its
    /// input).
    ///
    /// Upstream, the producers of an artifact are the executions that made it. Cached executions and resolvers are
    /// followed if the query starts at their run, or if no other producer is known.
    pub fn lineage(&self, query: &LineageQuery) -> Result<LineageGraph> {
        self.read(|conn| {
            let depth = query.max_depth.unwrap_or(usize::MAX);
            let mut walk = Traversal { conn, graph: Nodes::default(), own: BTreeSet::new() };
            let (sources, results) = match &query.start {
                LineageStart::Artifact(id) => {
                    let known = "SELECT EXISTS (SELECT 1 FROM Artifact WHERE id = ?1)";
                    if !conn.query_row(known, [id], |row| row.get(0))? {
                        return Err(Error::ArtifactNotFound { selector: id.to_string() });
                    }
                    walk.graph.artifacts.insert(*id);
                    (vec![*id], vec![*id])
                }
                LineageStart::Run(selector) => walk.start_at_run(&runs::select(conn, selector)?)?,
            };
            if query.direction != Direction::Down {
                walk.traverse(EventKind::Output, sources, depth)?;
            }
            if query.direction != Direction::Up {
                walk.traverse(EventKind::Input, results, depth)?;
            }
            describe(conn, walk.graph)
        })
    }
}

/// The artifacts, executions and events that were found.
#[derive(Default)]
struct Nodes {
    artifacts: BTreeSet<i64>,
    executions: BTreeSet<i64>,
    events: BTreeSet<(i64, i64, EventKind)>,
    truncated: bool,
}

struct Traversal<'c> {
    conn: &'c Connection,
    graph: Nodes,
    /// Executions of the run where the query starts.
    own: BTreeSet<i64>,
}

/// An event, and the kind and state of its execution.
#[derive(Clone, Copy)]
struct Event {
    artifact: i64,
    execution: i64,
    cached: bool,
    resolver: bool,
}

impl Traversal<'_> {
    /// Adds the steps of a run with their events. Returns the artifacts from which to go upstream, and those from which
    /// to go downstream.
    fn start_at_run(&mut self, run: &str) -> Result<(Vec<i64>, Vec<i64>)> {
        let mut statement =
            self.conn.prepare_cached("SELECT execution FROM weft_step WHERE run = ?1 AND state <> 'SKIPPED'")?;
        self.own = statement.query_map([run], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        self.graph.executions.extend(&self.own);
        let own: Vec<i64> = self.own.iter().copied().collect();
        let read = self.events("execution_id", EventKind::Input, &own)?;
        let gave = self.events("execution_id", EventKind::Output, &own)?;
        self.take(EventKind::Input, &read);
        self.take(EventKind::Output, &gave);
        // The artifact of a resolver was produced elsewhere, so the query goes upstream from its output.
        let sources = read.iter().chain(gave.iter().filter(|event| event.resolver)).map(|event| event.artifact);
        Ok((unique(sources), unique(gave.iter().map(|event| event.artifact))))
    }

    /// Traverses from artifacts: upstream through their producers (`Output`) to the inputs of these, or downstream
    /// through their readers (`Input`) to the outputs of these.
    fn traverse(&mut self, through: EventKind, start: Vec<i64>, depth: usize) -> Result<()> {
        let beyond = match through {
            EventKind::Output => EventKind::Input,
            EventKind::Input => EventKind::Output,
        };
        let mut met: BTreeSet<i64> = start.iter().copied().collect();
        let mut passed: BTreeSet<i64> = BTreeSet::new();
        let mut frontier = start;
        for _ in 0..depth {
            if frontier.is_empty() || self.graph.truncated {
                break;
            }
            let mut events = self.events("artifact_id", through, &frontier)?;
            if through == EventKind::Output {
                events = self.producers_of(events);
            }
            self.take(through, &events);
            let next: Vec<i64> = unique(events.iter().map(|event| event.execution))
                .into_iter()
                .filter(|id| passed.insert(*id))
                .collect();
            let events = self.events("execution_id", beyond, &next)?;
            self.take(beyond, &events);
            frontier =
                unique(events.iter().map(|event| event.artifact)).into_iter().filter(|id| met.insert(*id)).collect();
        }
        Ok(())
    }

    /// The events whose executions count as producers.
    fn producers_of(&self, events: Vec<Event>) -> Vec<Event> {
        let mut by_artifact: BTreeMap<i64, Vec<Event>> = BTreeMap::new();
        for event in events {
            by_artifact.entry(event.artifact).or_default().push(event);
        }
        let choose = |events: Vec<Event>| {
            let own = |event: &Event| self.own.contains(&event.execution) && !event.resolver;
            let original = |event: &Event| !event.cached && !event.resolver;
            if events.iter().any(|event| event.cached && own(event)) {
                events.into_iter().filter(own).collect()
            } else if events.iter().any(original) {
                events.into_iter().filter(original).collect()
            } else {
                events
            }
        };
        by_artifact.into_values().flat_map(choose).collect()
    }

    /// The events of one kind whose `column` is one of the ids, as many as the graph may still grow by.
    fn events(&mut self, column: &str, kind: EventKind, ids: &[i64]) -> Result<Vec<Event>> {
        let room = MAX_LINEAGE_NODES.saturating_sub(self.graph.artifacts.len() + self.graph.executions.len());
        // Most events lead to known nodes, so a multiple of the rest is read; even the densest graphs stay bounded.
        let most = room.saturating_mul(4).max(1);
        let mut statement = self.conn.prepare_cached(&format!(
            "SELECT e.artifact_id, e.execution_id, x.last_known_state IS 5, t.name = ?4 FROM Event e \
             JOIN Execution x ON x.id = e.execution_id JOIN Type t ON t.id = x.type_id \
             WHERE e.{column} IN (SELECT value FROM json_each(?1)) AND e.type = ?2 ORDER BY e.id LIMIT ?3"
        ))?;
        let resolver = ExecutionKind::Resolver.type_name();
        let events = statement
            .query_map((id_list(ids), kind.code(), limit(Some(most)), resolver), |row| {
                Ok(Event { artifact: row.get(0)?, execution: row.get(1)?, cached: row.get(2)?, resolver: row.get(3)? })
            })?
            .collect::<rusqlite::Result<Vec<_>>>()?;
        if events.len() >= most || room == 0 {
            self.graph.truncated = true;
        }
        Ok(events)
    }

    fn take(&mut self, kind: EventKind, events: &[Event]) {
        for event in events {
            self.graph.artifacts.insert(event.artifact);
            self.graph.executions.insert(event.execution);
            self.graph.events.insert((event.execution, event.artifact, kind));
        }
    }
}

fn unique(ids: impl Iterator<Item = i64>) -> Vec<i64> {
    ids.collect::<BTreeSet<_>>().into_iter().collect()
}

/// Reads the names, states and ports of a graph's nodes.
fn describe(conn: &Connection, nodes: Nodes) -> Result<LineageGraph> {
    let artifacts: Vec<i64> = nodes.artifacts.into_iter().collect();
    let executions: Vec<i64> = nodes.executions.into_iter().collect();
    Ok(LineageGraph {
        artifacts: describe_artifacts(conn, &artifacts)?,
        edges: describe_events(conn, &executions, &nodes.events)?,
        executions: describe_executions(conn, &executions)?,
        truncated: nodes.truncated,
    })
}

fn describe_artifacts(conn: &Connection, ids: &[i64]) -> Result<Vec<ArtifactNode>> {
    let mut statement = conn.prepare_cached(
        "SELECT a.id, t.name, coalesce(a.uri, ''), n.string_value, a.state FROM Artifact a \
         JOIN Type t ON t.id = a.type_id \
         LEFT JOIN ArtifactProperty n ON n.artifact_id = a.id AND n.name = 'display_name' AND n.is_custom_property = 1 \
         WHERE a.id IN (SELECT value FROM json_each(?1)) ORDER BY a.id",
    )?;
    let nodes = statement.query_map([id_list(ids)], |row| {
        Ok(ArtifactNode {
            id: row.get(0)?,
            kind: ArtifactType(row.get(1)?),
            uri: row.get(2)?,
            name: row.get(3)?,
            state: ArtifactState::of(row.get(4)?),
        })
    })?;
    Ok(nodes.collect::<rusqlite::Result<_>>()?)
}

/// If the run of an execution was deleted, it is taken from the name of its DAG.
fn describe_executions(conn: &Connection, ids: &[i64]) -> Result<Vec<ExecutionNode>> {
    let mut statement = conn.prepare_cached(
        "SELECT x.id, t.name, coalesce(s.task, k.string_value), x.last_known_state, \
            coalesce(s.run, substr(d.name, 5)), coalesce(w.string_value, i.string_value) \
         FROM Execution x JOIN Type t ON t.id = x.type_id \
         LEFT JOIN weft_step s ON s.execution = x.id \
         LEFT JOIN ExecutionProperty k ON k.execution_id = x.id AND k.name = 'task_name' AND k.is_custom_property = 1 \
         LEFT JOIN ExecutionProperty i ON i.execution_id = x.id AND i.name = 'image' AND i.is_custom_property = 1 \
         LEFT JOIN ExecutionProperty w ON w.execution_id = x.id AND w.name = 'program' AND w.is_custom_property = 1 \
         LEFT JOIN ExecutionProperty p ON p.execution_id = x.id AND p.name = 'parent_dag_id' AND p.is_custom_property = 1 \
         LEFT JOIN Execution d ON d.id = p.int_value AND d.name LIKE 'run/%' \
         WHERE x.id IN (SELECT value FROM json_each(?1)) ORDER BY x.id",
    )?;
    let nodes = statement.query_map([id_list(ids)], |row| {
        Ok(ExecutionNode {
            id: ExecutionId(row.get(0)?),
            kind: ExecutionKind::of_type(row.get_ref(1)?.as_str()?),
            task: row.get(2)?,
            state: task_state_of(row.get(3)?),
            run: row.get(4)?,
            image: row.get(5)?,
        })
    })?;
    Ok(nodes.collect::<rusqlite::Result<_>>()?)
}

/// An edge for each path of an event. It has no name if the event has no path.
fn describe_events(
    conn: &Connection,
    executions: &[i64],
    wanted: &BTreeSet<(i64, i64, EventKind)>,
) -> Result<Vec<LineageEdge>> {
    let mut statement = conn.prepare_cached(
        "SELECT e.id, e.execution_id, e.artifact_id, e.type, p.is_index_step, p.step_key, p.step_index FROM Event e \
         LEFT JOIN EventPath p ON p.event_id = e.id \
         WHERE e.execution_id IN (SELECT value FROM json_each(?1)) AND e.type IN (3, 4) ORDER BY e.id, p.rowid",
    )?;
    let mut rows = statement.query([id_list(executions)])?;
    let mut edges: Vec<LineageEdge> = Vec::new();
    let mut latest: HashMap<i64, usize> = HashMap::new();
    while let Some(row) = rows.next()? {
        let event: i64 = row.get(0)?;
        let (execution, artifact) = (row.get(1)?, row.get(2)?);
        let kind = if row.get::<_, i64>(3)? == EventKind::Input.code() { EventKind::Input } else { EventKind::Output };
        if !wanted.contains(&(execution, artifact, kind)) {
            continue;
        }
        let index: Option<i64> = row.get(6)?;
        match latest.get(&event) {
            // The index belongs to the port of the preceding step.
            Some(&edge) if row.get::<_, Option<bool>>(4)? == Some(true) => edges[edge].index = index,
            _ => {
                latest.insert(event, edges.len());
                let port = row.get::<_, Option<String>>(5)?.unwrap_or_default();
                edges.push(LineageEdge { execution: ExecutionId(execution), kind, port, index: None, artifact });
            }
        }
    }
    edges.sort();
    Ok(edges)
}
