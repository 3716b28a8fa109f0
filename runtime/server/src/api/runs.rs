//! `RunService`.

use axum::extract::{Path, Query, State};
use serde_json::Value;
use weft::metadata::control::{Change, Field, Origin, RunEntry, Spec, Status};

use super::list::{Names, Params, kfp_state, only, page, query};
use super::message::Message;
use super::table::{ParameterKind, Table, about};
use super::tasks;
use super::write::{Json, done, failure, int64, maybe_time, object, time};
use crate::error::{Error, Result};
use crate::prepare::spec_value;
use crate::router::blocking;
use crate::server::{NewRun, RunDetail, Server};

const NAMES: Names = &[
    ("run_id", Field::Id),
    ("id", Field::Id),
    ("display_name", Field::DisplayName),
    ("name", Field::DisplayName),
    ("description", Field::Description),
    ("created_at", Field::CreatedAt),
    ("scheduled_at", Field::ScheduledAt),
    ("finished_at", Field::FinishedAt),
    ("state", Field::State),
    ("status", Field::State),
    ("storage_state", Field::StorageState),
    ("experiment_id", Field::Experiment),
    ("pipeline_id", Field::Pipeline),
    ("pipeline_version_id", Field::Version),
    ("recurring_run_id", Field::RecurringRun),
];

const ALL: &str = "/apis/v2beta1/runs";
const ONE: &str = "/apis/v2beta1/runs/{run_id}";

pub(super) fn table() -> Table {
    const EXPERIMENT: (&str, &str) = ("experiment_id", "The experiment.");
    let of = |id, summary| about(id, summary).texts(&[("experiment_id", "Without effect: a run is known by its id.")]);
    Table::default()
        .get(
            ALL,
            about("RunService_ListRuns", "Lists runs: those submitted, and those that `weft run` started.")
                .listed()
                .texts(&[EXPERIMENT])
                .gives("ListRunsResponse"),
            list,
        )
        .post(
            ALL,
            about("RunService_CreateRun", "Puts a run into the queue, after checking that it can be executed.")
                .query("experiment_id", ParameterKind::Text, "The experiment, if the body names none.")
                .takes("NewRun")
                .gives("Run"),
            create,
        )
        .get(ONE, of("RunService_GetRun", "Gives a run with its tasks.").gives("Run"), get)
        .delete(ONE, of("RunService_DeleteRun", "Forgets a run. One at work is stopped first."), delete)
        .action(ONE, "archive", of("RunService_ArchiveRun", "Puts a run away."), |server, id| server.archive(id, true))
        .action(ONE, "unarchive", of("RunService_UnarchiveRun", "Takes a run back."), |server, id| {
            server.archive(id, false)
        })
        .action(
            ONE,
            "terminate",
            of("RunService_TerminateRun", "Interrupts a run; it ends as canceled."),
            Server::terminate,
        )
        .action(
            ONE,
            "retry",
            of("RunService_RetryRun", "Goes on with a run that failed or was canceled."),
            Server::retry,
        )
}

async fn list(State(server): State<Server>, Query(params): Query<Params>) -> Result<Json> {
    blocking(&server, move |server| {
        let mut query = query(&params, NAMES)?;
        only(&mut query, Field::Experiment, params.get("experiment_id"));
        let listed = server.runs(&query)?;
        Ok(Json(page("runs", listed, query, |entry| run(server, &entry, None))))
    })
    .await
}

async fn create(State(server): State<Server>, Query(params): Query<Params>, message: Message) -> Result<Json> {
    blocking(&server, move |server| {
        let mut new = new_run(&message)?;
        if new.experiment.is_none() {
            new.experiment = params.get("experiment_id").cloned().filter(|id| !id.is_empty());
        }
        let detail = server.submit(new, Origin::Api)?;
        Ok(Json(run(server, &detail.entry, Some(&detail))))
    })
    .await
}

async fn get(State(server): State<Server>, Path(id): Path<String>) -> Result<Json> {
    blocking(&server, move |server| {
        let detail = server.run(&id)?;
        Ok(Json(run(server, &detail.entry, Some(&detail))))
    })
    .await
}

async fn delete(State(server): State<Server>, Path(id): Path<String>) -> Result<Json> {
    blocking(&server, move |server| server.delete(&id)).await?;
    Ok(done())
}

/// What a `Run` or a `RecurringRun` asks to be executed.
pub(super) fn new_run(message: &Message) -> Result<NewRun> {
    let config = message.message("runtime_config")?;
    let parameters = config.as_ref().map(|config| config.values("parameters")).transpose()?.unwrap_or_default();
    let reference = message.message("pipeline_version_reference")?;
    let of = |name: &str| reference.as_ref().map_or(Ok(None), |reference| reference.id(name));
    let spec = match message.value("pipeline_spec") {
        None => None,
        Some(Value::Object(fields)) if fields.is_empty() => None,
        Some(value @ Value::Object(_)) => Some(Spec::text(value.to_string())),
        Some(_) => return Err(Error::invalid("`pipeline_spec` has to be an object")),
    };
    Ok(NewRun {
        name: message.text("display_name")?,
        description: message.text("description")?,
        experiment: message.id("experiment_id")?,
        spec,
        pipeline: of("pipeline_id")?,
        version: of("pipeline_version_id")?.or(message.id("pipeline_version_id")?),
        parameters,
        no_cache: false,
        priority: message.int("priority")?.unwrap_or(0),
        service_account: message.text("service_account")?,
    })
}

/// A run; with its tasks, if they are at hand.
fn run(server: &Server, entry: &RunEntry, detail: Option<&RunDetail>) -> Value {
    let submission = detail.and_then(|detail| detail.submission.as_ref());
    let details = detail.and_then(|detail| Some((detail, detail.record.as_ref()?))).map(|(detail, record)| {
        object([("task_details", tasks::details(server, record, detail.entry.status.has_ended()).into())])
    });
    // One of the two: what it was submitted with.
    let (spec, reference) = match (&entry.pipeline, &entry.version) {
        (Some(pipeline), Some(version)) => (
            Value::Null,
            object([("pipeline_id", pipeline.as_str().into()), ("pipeline_version_id", version.as_str().into())]),
        ),
        _ => (submission.map(|submission| spec_value(&submission.spec)).unwrap_or_default(), Value::Null),
    };
    let recurring = match &entry.origin {
        Origin::Recurring { id, .. } => id.as_str(),
        _ => "",
    };
    let error = entry.error.as_deref().filter(|_| entry.status == Status::Failed);
    let error = error.map(|message| failure(&server.text_without_paths(message)));
    let history = detail.map(|detail| history(server, &detail.history));
    object([
        ("experiment_id", entry.experiment.as_str().into()),
        ("run_id", entry.id.as_str().into()),
        ("display_name", entry.name.as_str().into()),
        ("storage_state", if entry.archived { "ARCHIVED" } else { "AVAILABLE" }.into()),
        ("description", entry.description.as_str().into()),
        ("pipeline_version_id", entry.version.as_deref().unwrap_or_default().into()),
        ("pipeline_spec", spec),
        ("pipeline_version_reference", reference),
        ("runtime_config", config(&entry.parameters)),
        ("service_account", submission.map(|one| one.service_account.as_str()).unwrap_or_default().into()),
        ("created_at", time(entry.created_ms)),
        ("scheduled_at", time(entry.scheduled_ms)),
        ("finished_at", maybe_time(entry.ended_ms)),
        ("state", kfp_state(entry.status).into()),
        ("error", error.unwrap_or_default()),
        ("run_details", details.unwrap_or_default()),
        ("recurring_run_id", recurring.into()),
        ("state_history", history.unwrap_or_default()),
    ])
}

pub(super) fn config(parameters: &std::collections::BTreeMap<String, Value>) -> Value {
    object([(
        "parameters",
        parameters.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>().into(),
    )])
}

fn history(server: &Server, changes: &[Change]) -> Value {
    let change = |change: &Change| {
        let error = change.error.as_deref().map(|message| failure(&server.text_without_paths(message)));
        object([
            ("update_time", time(change.at_ms)),
            ("state", kfp_state(change.status).into()),
            ("error", error.unwrap_or_default()),
        ])
    };
    changes.iter().map(change).collect()
}

/// Ids of rows, as texts.
pub(super) fn ids(ids: impl IntoIterator<Item = i64>) -> Value {
    ids.into_iter().map(int64).collect()
}
