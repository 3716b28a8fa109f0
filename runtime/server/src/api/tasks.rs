//! The tasks of runs: `run_details.task_details`, and the `tasks` of KFP's master.

use std::collections::HashMap;

use axum::extract::{Path, Query, State};
use serde_json::{Map, Value};
use weft::metadata::control::{Comparison, Field, ListQuery, Predicate};
use weft::metadata::{RunRecord, StepRecord};
use weft::pipeline::model::TaskState;
use weft::pipeline::step::{PortValue, PortValues};

use super::list::{Params, Part};
use super::runs::ids;
use super::table::{Table, about};
use super::write::{Json, failure, int64, maybe_time, object, time};
use crate::error::{Error, Result};
use crate::router::blocking;
use crate::server::Server;

/// Tasks that are listed of a run. A run may have a million.
const MAX_TASKS: usize = 10_000;

/// The tasks of a run as `PipelineTaskDetail`s.
pub(super) fn details(server: &Server, record: &RunRecord, ended: bool) -> Vec<Value> {
    let tasks = record.steps.iter().take(MAX_TASKS);
    let by_path: HashMap<&str, &StepRecord> = tasks.clone().map(|step| (step.task.as_str(), step)).collect();
    let mut children: HashMap<i64, Vec<Value>> = HashMap::new();
    for step in tasks.clone() {
        if let Some(parent) = parent(&step.task).and_then(|path| by_path.get(path)) {
            children.entry(parent.execution.0).or_default().push(object([("task_id", int64(step.execution.0))]));
        }
    }
    tasks
        .map(|step| {
            let parent = parent(&step.task).and_then(|path| by_path.get(path)).map(|parent| parent.execution.0);
            let children = children.remove(&step.execution.0).unwrap_or_default();
            detail(server, step, parent, children, ended)
        })
        .collect()
}

fn detail(server: &Server, step: &StepRecord, parent: Option<i64>, children: Vec<Value>, ended: bool) -> Value {
    // The process that executed it is gone.
    let state = if ended && step.state == TaskState::Running { TaskState::Canceled } else { step.state };
    let error = step.error.as_ref().map(|error| failure(&server.text_without_paths(&error.message)));
    let status = |at_ms: i64, state: TaskState, error: Option<&Value>| {
        object([
            ("update_time", time(at_ms)),
            ("state", task_state(state).into()),
            ("error", error.cloned().unwrap_or_default()),
        ])
    };
    let mut history = vec![status(step.started_ms, TaskState::Running, None)];
    history.extend(step.ended_ms.map(|at_ms| status(at_ms, state, error.as_ref())));
    object([
        ("run_id", step.run.as_str().into()),
        ("task_id", int64(step.execution.0)),
        ("display_name", name(&step.task).into()),
        ("create_time", time(step.started_ms)),
        ("start_time", time(step.started_ms)),
        ("end_time", maybe_time(step.ended_ms)),
        ("state", task_state(state).into()),
        ("execution_id", int64(step.execution.0)),
        ("error", error.clone().unwrap_or_default()),
        ("inputs", artifacts(&step.inputs)),
        ("outputs", artifacts(&step.outputs)),
        ("parent_task_id", parent.map(int64).unwrap_or_default()),
        ("state_history", history.into()),
        ("child_tasks", children.into()),
    ])
}

/// The artifacts on ports, by their rows.
fn artifacts(ports: &PortValues) -> Value {
    let port = |(name, value): (&String, &PortValue)| match value {
        PortValue::Parameter(_) => None,
        PortValue::Artifacts(artifacts) => {
            let rows = artifacts.iter().filter_map(|artifact| artifact.id);
            Some((name.clone(), object([("artifact_ids", ids(rows))])))
        }
    };
    ports.iter().filter_map(port).collect::<Map<_, _>>().into()
}

/// KFP's name of a task's state. As in KFP, what came from the cache is skipped.
const fn task_state(state: TaskState) -> &'static str {
    match state {
        TaskState::New => "PENDING",
        TaskState::Running => "RUNNING",
        TaskState::Complete => "SUCCEEDED",
        TaskState::Cached | TaskState::Skipped => "SKIPPED",
        TaskState::Failed => "FAILED",
        TaskState::Canceled => "CANCELED",
    }
}

/// The task that a task lies in: the loop of an iteration, the pipeline around a step.
pub(crate) fn parent(task: &str) -> Option<&str> {
    match task.strip_suffix(']').and_then(|task| task.rsplit_once('[')) {
        Some((looped, number)) if number.bytes().all(|digit| digit.is_ascii_digit()) => Some(looped),
        _ => task.rsplit_once('/').map(|(around, _)| around),
    }
}

/// The name of a task in the pipeline that it lies in.
fn name(task: &str) -> &str {
    task.rsplit('/').next().unwrap_or(task)
}

pub(super) fn table() -> Table {
    Table::default()
        .get(
            "/apis/v2beta1/tasks",
            about("list_tasks", "Lists the tasks of a run, or of the newest runs.")
                .paged()
                .texts(&[
                    ("run_id", "Only those of this run."),
                    ("parent_id", "Only those inside of this task."),
                    ("order_by", "`create_time`, perhaps with `asc` or `desc`."),
                    ("namespace", "Without effect: there are no namespaces."),
                ])
                .gives("ListTasksResponse"),
            list,
        )
        .get("/apis/v2beta1/tasks/{task_id}", about("get_task", "Gives a task.").gives("PipelineTaskDetail"), get)
}

/// The tasks of a run, or of the newest runs: `run_id` or `parent_id` say of which.
async fn list(State(server): State<Server>, Query(params): Query<Params>) -> Result<Json> {
    blocking(&server, move |server| {
        let part = Part::of(&params)?;
        let text = |name: &str| params.get(name).map(String::as_str).filter(|text| !text.is_empty());
        let descending = match text("order_by").unwrap_or_default().to_lowercase().as_str() {
            "" | "create_time" | "create_time asc" => false,
            "create_time desc" => true,
            _ => return Err(Error::invalid("tasks are ordered by `create_time`, perhaps with `asc` or `desc`")),
        };
        let parent = text("parent_id");
        let around = match parent.map(str::parse::<i64>) {
            None => None,
            Some(Ok(execution)) => server.store().metadata.run_of_execution(execution)?,
            Some(Err(_)) => Some(String::new()),
        };
        if parent.is_some() && around.is_none() {
            return Ok(Json(object([])));
        }
        let mut query = ListQuery { limit: 20, descending: true, ..ListQuery::default() };
        for run in text("run_id").map(str::to_owned).into_iter().chain(around) {
            let values = vec![Value::String(run)];
            query.filter.push(Predicate { field: Field::Id, comparison: Comparison::Equals, values });
        }
        let mut tasks = Vec::new();
        for entry in server.runs(&query)?.entries {
            let detail = server.run(&entry.id)?;
            if let Some(record) = &detail.record {
                tasks.extend(details(server, record, entry.status.has_ended()));
            }
        }
        tasks.retain(|task| parent.is_none_or(|parent| task["parent_task_id"] == parent));
        if descending {
            tasks.reverse();
        }
        let total = tasks.len();
        let (tasks, next) = part.cut(tasks);
        Ok(Json(object([("tasks", tasks.into()), ("total_size", total.into()), ("next_page_token", next.into())])))
    })
    .await
}

/// A task, by the row of its execution.
async fn get(State(server): State<Server>, Path(id): Path<String>) -> Result<Json> {
    blocking(&server, move |server| {
        let missing = || Error::not_found("there is no such task");
        let execution: i64 = id.parse().map_err(|_| missing())?;
        let run = server.store().metadata.run_of_execution(execution)?.ok_or_else(missing)?;
        let detail = server.run(&run)?;
        let record = detail.record.as_ref().ok_or_else(missing)?;
        let details = details(server, record, detail.entry.status.has_ended());
        details.into_iter().find(|task| task["task_id"] == id.as_str()).map(Json).ok_or_else(missing)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_lie_in_loops_and_pipelines() {
        for (task, around, called) in [
            ("a", None, "a"),
            ("outer/a", Some("outer"), "a"),
            ("loop[3]", Some("loop"), "loop[3]"),
            ("outer/loop[3]/a", Some("outer/loop[3]"), "a"),
            ("odd]", None, "odd]"),
        ] {
            assert_eq!((parent(task), name(task)), (around, called));
        }
    }
}
