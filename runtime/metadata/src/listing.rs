//! Lists by pages, for programs that show them: runs with their metrics, pipelines, states of steps, artifacts.
//!
//! A run's metrics are numbers: the properties of the `system.Metrics` artifacts that its steps gave, and its outputs that are
//! numbers. Of several with one name an output of the pipeline counts, else the one that was recorded last.

use std::collections::{BTreeMap, HashMap};

use rusqlite::types::Value as SqlValue;
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use serde_json::Value;
use weft_pipeline::model::TaskState;

use crate::artifacts::{self, limit};
use crate::error::Result;
use crate::runs::{
    RUN_COLUMNS, STEP_COLUMNS, from_json, from_name, record_without_steps, select, step, summary, unsigned,
};
use crate::schema;
use crate::store::Store;
use crate::types::{
    ArtifactRecord, ArtifactState, ExecutionId, ExecutionKind, RunRecord, RunState, RunSummary, StepRecord, run_state,
};

/// The comparisons of a query that are honoured; what is beyond is left out.
const MAX_TERMS: usize = 8;

/// Which runs to list, the newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunQuery<'a> {
    /// Only runs of this pipeline.
    pub pipeline: Option<&'a str>,
    /// Only runs in this state.
    pub state: Option<RunState>,
    /// Those that were put away, instead of the others.
    pub archived: bool,
    /// Texts that are all part of the id or the pipeline's name, whatever their case.
    pub texts: Vec<&'a str>,
    /// What holds of their metrics or parameters.
    pub comparisons: Vec<Comparison<'a>>,
    /// The number of runs that are passed over.
    pub offset: usize,
    /// The maximum number of runs.
    pub limit: usize,
}

/// A comparison of a metric, or of a parameter if there is no such metric.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison<'a> {
    /// Its name, in which `-` and `_` are the same.
    pub name: &'a str,
    /// How it is compared.
    pub operator: Operator,
    /// The text that it is compared with. If it is a number, only numbers fit.
    pub value: &'a str,
}

/// An operator of a [`Comparison`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// `=`
    Equal,
    /// `!=`
    Unequal,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

impl Operator {
    const fn sql(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::Unequal => "<>",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
        }
    }
}

/// A page of runs.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RunPage {
    /// The runs, each with its metrics.
    pub runs: Vec<(RunSummary, BTreeMap<String, f64>)>,
    /// Whether there are more behind them.
    pub more: bool,
    /// The number of runs that fit, on all pages. With comparisons it is not counted: that could mean to look at every run's metrics.
    pub total: Option<u64>,
}

/// A pipeline that has runs.
#[derive(Debug, Clone, PartialEq)]
pub struct PipelineSummary {
    /// Its name.
    pub name: String,
    /// The number of its runs.
    pub runs: u64,
    /// The newest of them, at most as many as were asked for: id, state, start and end in milliseconds since the epoch.
    pub latest: Vec<(String, RunState, i64, Option<i64>)>,
}

/// The state of a step, without what it read and gave.
#[derive(Debug, Clone, PartialEq)]
pub struct StepState {
    /// The execution.
    pub execution: ExecutionId,
    /// The task's name.
    pub task: String,
    /// The kind of its execution.
    pub kind: ExecutionKind,
    /// Its state.
    pub state: TaskState,
    /// The number of attempts.
    pub attempts: u32,
    /// When it started: milliseconds since the epoch.
    pub started_ms: i64,
    /// When it ended: milliseconds since the epoch.
    pub ended_ms: Option<i64>,
    /// The time of its last attempt, in microseconds.
    pub duration_us: u64,
    /// The peak of its linear memories together, in bytes.
    pub peak_memory: u64,
}

/// Which artifacts to list, the newest first. Those of deleted runs are left out.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ArtifactQuery<'a> {
    /// Only artifacts of this type.
    pub kind: Option<&'a str>,
    /// A text that is part of the name, or with which the content's digest begins.
    pub text: Option<&'a str>,
    /// The number of artifacts that are passed over.
    pub offset: usize,
    /// The maximum number of artifacts.
    pub limit: usize,
}

impl Store {
    /// A page of runs, with their metrics.
    pub fn runs_page(&self, query: &RunQuery<'_>) -> Result<RunPage> {
        self.read(|conn| {
            let mut condition = Condition::default();
            condition.runs(query);
            // A store that is only read may be from before there was the table.
            if schema::has_table(conn, "weft_submission")? {
                let not = if query.archived { "" } else { "NOT " };
                condition
                    .and(&format!("{not}EXISTS (SELECT 1 FROM weft_submission s WHERE s.id = r.id AND s.archived)"));
            }
            let sql = format!(
                "SELECT {RUN_COLUMNS} FROM weft_run r WHERE {} ORDER BY started_ms DESC, rowid DESC LIMIT {} OFFSET {}",
                condition.sql,
                limit(Some(query.limit.saturating_add(1))),
                limit(Some(query.offset)),
            );
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = statement.query(params_from_iter(&condition.values))?;
            let mut runs = Vec::new();
            while let Some(row) = rows.next()? {
                runs.push(summary(conn, row)?);
            }
            let more = runs.len() > query.limit;
            runs.truncate(query.limit);
            let mut total = None;
            if query.comparisons.is_empty() {
                let mut count =
                    conn.prepare_cached(&format!("SELECT count(*) FROM weft_run r WHERE {}", condition.sql))?;
                total = Some(count.query_row(params_from_iter(&condition.values), |row| row.get(0)).map(unsigned)?);
            }
            let ids: Vec<&str> = runs.iter().map(|run| run.id.as_str()).collect();
            let mut metrics = metrics(conn, &ids)?;
            let with_metrics = |run: RunSummary| {
                let metrics = metrics.remove(&run.id).unwrap_or_default();
                (run, metrics)
            };
            Ok(RunPage { runs: runs.into_iter().map(with_metrics).collect(), more, total })
        })
    }

    /// The metrics of a run.
    pub fn metrics_of(&self, run: &str) -> Result<BTreeMap<String, f64>> {
        self.read(|conn| Ok(metrics(conn, &[run])?.remove(run).unwrap_or_default()))
    }

    /// The pipelines that have runs, those with the newest runs first, each with its newest runs.
    pub fn pipelines_with_runs(&self, latest: usize) -> Result<Vec<PipelineSummary>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT pipeline, count(*) FROM weft_run GROUP BY pipeline ORDER BY max(started_ms) DESC, pipeline",
            )?;
            let names = statement
                .query_map([], |row| Ok((row.get(0)?, unsigned(row.get(1)?))))?
                .collect::<rusqlite::Result<Vec<(String, u64)>>>()?;
            let mut newest = conn.prepare_cached(
                "SELECT id, state, started_ms, ended_ms FROM weft_run WHERE pipeline = ?1 \
                 ORDER BY started_ms DESC, rowid DESC LIMIT ?2",
            )?;
            let mut pipelines = Vec::new();
            for (name, runs) in names {
                let mut rows = newest.query((&name, limit(Some(latest))))?;
                let mut latest = Vec::new();
                while let Some(row) = rows.next()? {
                    let state = from_name("a run's state", row.get_ref(1)?.as_str()?)?;
                    latest.push((row.get(0)?, state, row.get(2)?, row.get(3)?));
                }
                pipelines.push(PipelineSummary { name, runs, latest });
            }
            Ok(pipelines)
        })
    }

    /// A run without its steps. `selector` is as for [`Store::run`].
    pub fn run_without_steps(&self, selector: &str) -> Result<RunRecord> {
        self.read(|conn| record_without_steps(conn, &select(conn, selector)?))
    }

    /// The states of a run's steps in the order in which they were first recorded. Empty for an unknown run.
    pub fn step_states(&self, run: &str) -> Result<Vec<StepState>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT execution, task, kind, state, attempts, started_ms, ended_ms, duration_us, peak_memory \
                 FROM weft_step WHERE run = ?1 ORDER BY execution",
            )?;
            let mut rows = statement.query([run])?;
            let mut states = Vec::new();
            while let Some(row) = rows.next()? {
                states.push(StepState {
                    execution: ExecutionId(row.get(0)?),
                    task: row.get(1)?,
                    kind: from_name("an execution's kind", row.get_ref(2)?.as_str()?)?,
                    state: from_name("a step's state", row.get_ref(3)?.as_str()?)?,
                    attempts: row.get(4)?,
                    started_ms: row.get(5)?,
                    ended_ms: row.get(6)?,
                    duration_us: unsigned(row.get(7)?),
                    peak_memory: unsigned(row.get(8)?),
                });
            }
            Ok(states)
        })
    }

    /// A step of a run by its task, if it was recorded.
    pub fn step(&self, run: &str, task: &str) -> Result<Option<StepRecord>> {
        self.read(|conn| {
            let mut statement =
                conn.prepare_cached(&format!("SELECT {STEP_COLUMNS} FROM weft_step WHERE run = ?1 AND task = ?2"))?;
            let mut rows = statement.query((run, task))?;
            rows.next()?.map(step).transpose()
        })
    }

    /// The run and the task of an execution, if its run was not deleted.
    pub fn task_of(&self, execution: ExecutionId) -> Result<Option<(String, String)>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached("SELECT run, task FROM weft_step WHERE execution = ?1")?;
            Ok(statement.query_row([execution.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?)
        })
    }

    /// A page of artifacts, and whether there are more behind them.
    pub fn artifacts_page(&self, query: &ArtifactQuery<'_>) -> Result<(Vec<ArtifactRecord>, bool)> {
        self.read(|conn| {
            let mut condition = Condition { sql: "a.state = 2".to_owned(), values: Vec::new() };
            debug_assert_eq!(ArtifactState::LIVE, 2);
            if let Some(kind) = query.kind {
                let kind = condition.bind(kind.to_owned());
                condition.and(&format!("a.type_id IN (SELECT id FROM Type WHERE name = {kind} AND type_kind = 1)"));
            }
            if let Some(text) = query.text.filter(|text| !text.is_empty()) {
                let text = condition.bind(text.to_owned());
                condition.and(&format!(
                    "(EXISTS (SELECT 1 FROM ArtifactProperty p WHERE p.artifact_id = a.id AND p.name = 'display_name' \
                     AND instr(lower(p.string_value), lower({text})) > 0) OR a.uri = {text} \
                     OR substr(a.uri, instr(a.uri, ':') + 1, length({text})) = {text})"
                ));
            }
            let sql = format!(
                "SELECT a.id FROM Artifact a WHERE {} ORDER BY a.id DESC LIMIT {} OFFSET {}",
                condition.sql,
                limit(Some(query.limit.saturating_add(1))),
                limit(Some(query.offset)),
            );
            let mut ids = conn
                .prepare_cached(&sql)?
                .query_map(params_from_iter(&condition.values), |row| row.get(0))?
                .collect::<rusqlite::Result<Vec<i64>>>()?;
            let more = ids.len() > query.limit;
            ids.truncate(query.limit);
            Ok((artifacts::records(conn, &ids)?, more))
        })
    }

    /// The types of the artifacts that there are, by name.
    pub fn artifact_types(&self) -> Result<Vec<String>> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT name FROM Type WHERE type_kind = 1 AND EXISTS (SELECT 1 FROM Artifact WHERE type_id = Type.id) \
                 ORDER BY name",
            )?;
            Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
        })
    }
}

/// A condition in SQL with the values that are bound in it, in the order of their numbers.
#[derive(Default)]
struct Condition {
    sql: String,
    values: Vec<SqlValue>,
}

impl Condition {
    fn bind(&mut self, value: impl Into<SqlValue>) -> String {
        self.values.push(value.into());
        format!("?{}", self.values.len())
    }

    fn and(&mut self, sql: &str) {
        if !self.sql.is_empty() {
            self.sql.push_str(" AND ");
        }
        self.sql.push_str(sql);
    }

    fn runs(&mut self, query: &RunQuery<'_>) {
        if let Some(pipeline) = query.pipeline {
            let pipeline = self.bind(pipeline.to_owned());
            self.and(&format!("r.pipeline = {pipeline}"));
        }
        if let Some(state) = query.state {
            let state = self.bind(run_state(state).0.to_owned());
            self.and(&format!("r.state = {state}"));
        }
        for text in query.texts.iter().take(MAX_TERMS) {
            let text = self.bind((*text).to_owned());
            self.and(&format!(
                "(instr(lower(r.id), lower({text})) > 0 OR instr(lower(r.pipeline), lower({text})) > 0)"
            ));
        }
        for comparison in query.comparisons.iter().take(MAX_TERMS) {
            self.comparison(comparison);
        }
        if self.sql.is_empty() {
            self.sql.push('1');
        }
    }

    fn comparison(&mut self, comparison: &Comparison<'_>) {
        let number = comparison.value.parse::<f64>().ok();
        let name = self.bind(comparison.name.replace('_', "-"));
        let value = match number {
            Some(number) => self.bind(number),
            None => self.bind(comparison.value.to_owned()),
        };
        let types = if number.is_some() { "'integer', 'real'" } else { "'text'" };
        let operator = comparison.operator.sql();
        self.and(&format!(
            "(SELECT typeof(x) IN ({types}) AND x {operator} {value} FROM (SELECT coalesce(\
                (SELECT json_extract(o.value, '$.parameter') FROM json_each(r.outputs) o WHERE replace(o.key, '_', '-') = {name} \
                    AND json_type(o.value, '$.parameter') IN ('integer', 'real')), \
                (SELECT coalesce(p.double_value, p.int_value) FROM Attribution n CROSS JOIN Artifact a ON a.id = n.artifact_id \
                    CROSS JOIN ArtifactProperty p ON p.artifact_id = a.id WHERE n.context_id = r.run_context AND a.type_id = \
                    (SELECT id FROM Type WHERE name = 'system.Metrics' AND type_kind = 1) AND p.is_custom_property = 1 \
                    AND replace(p.name, '_', '-') = {name} AND coalesce(p.double_value, p.int_value) IS NOT NULL \
                    ORDER BY a.id DESC LIMIT 1), \
                (SELECT j.value FROM json_each(r.parameters) j WHERE replace(j.key, '_', '-') = {name})) AS x))"
        ));
    }
}

/// The metrics of runs.
fn metrics(conn: &Connection, runs: &[&str]) -> Result<HashMap<String, BTreeMap<String, f64>>> {
    let list = Value::from(runs).to_string();
    let mut found: HashMap<String, BTreeMap<String, f64>> = HashMap::new();
    // The order of the joins is fixed: from few runs to their artifacts.
    let mut statement = conn.prepare_cached(
        "SELECT r.id, p.name, coalesce(p.double_value, p.int_value) FROM json_each(?1) w \
         CROSS JOIN weft_run r ON r.id = w.value CROSS JOIN Attribution n ON n.context_id = r.run_context \
         CROSS JOIN Artifact a ON a.id = n.artifact_id CROSS JOIN ArtifactProperty p ON p.artifact_id = a.id \
         WHERE a.type_id = (SELECT id FROM Type WHERE name = 'system.Metrics' AND type_kind = 1) \
            AND p.is_custom_property = 1 AND coalesce(p.double_value, p.int_value) IS NOT NULL ORDER BY a.id",
    )?;
    let mut rows = statement.query([&list])?;
    while let Some(row) = rows.next()? {
        found.entry(row.get(0)?).or_default().insert(row.get(1)?, row.get(2)?);
    }
    let mut statement =
        conn.prepare_cached("SELECT r.id, r.outputs FROM json_each(?1) w CROSS JOIN weft_run r ON r.id = w.value")?;
    let mut rows = statement.query([&list])?;
    while let Some(row) = rows.next()? {
        let outputs: BTreeMap<String, Value> = from_json("a run's outputs", row.get_ref(1)?.as_str()?)?;
        for (name, value) in outputs {
            if let Some(number) = value.get("parameter").and_then(Value::as_f64) {
                found.entry(row.get(0)?).or_default().insert(name, number);
            }
        }
    }
    Ok(found)
}
