//! `ExperimentService`.

use axum::extract::{Path, Query, State};
use serde_json::Value;
use weft::metadata::control::{Experiment, Field};

use super::list::{Names, Params, page, query};
use super::message::Message;
use super::table::{Table, about};
use super::write::{Json, done, maybe_time, object, time};
use crate::error::Result;
use crate::router::blocking;
use crate::server::Server;

const NAMES: Names = &[
    ("experiment_id", Field::Id),
    ("id", Field::Id),
    ("display_name", Field::DisplayName),
    ("name", Field::DisplayName),
    ("description", Field::Description),
    ("created_at", Field::CreatedAt),
    ("last_run_created_at", Field::LastRunCreatedAt),
    ("storage_state", Field::StorageState),
];

const ALL: &str = "/apis/v2beta1/experiments";
const ONE: &str = "/apis/v2beta1/experiments/{experiment_id}";

pub(super) fn table() -> Table {
    Table::default()
        .get(
            ALL,
            about("ExperimentService_ListExperiments", "Lists experiments.").listed().gives("ListExperimentsResponse"),
            list,
        )
        .post(
            ALL,
            about("ExperimentService_CreateExperiment", "Makes an experiment.")
                .takes("NewExperiment")
                .gives("Experiment"),
            create,
        )
        .get(ONE, about("ExperimentService_GetExperiment", "Gives an experiment.").gives("Experiment"), get)
        .delete(
            ONE,
            about("ExperimentService_DeleteExperiment", "Forgets an experiment; its runs go to the default one."),
            delete,
        )
        .action(
            ONE,
            "archive",
            about("ExperimentService_ArchiveExperiment", "Puts an experiment and its runs away."),
            |server, id| server.archive_experiment(id, true),
        )
        .action(
            ONE,
            "unarchive",
            about("ExperimentService_UnarchiveExperiment", "Takes an experiment back."),
            |server, id| server.archive_experiment(id, false),
        )
}

async fn list(State(server): State<Server>, Query(params): Query<Params>) -> Result<Json> {
    blocking(&server, move |server| {
        let query = query(&params, NAMES)?;
        let listed = server.experiments(&query)?;
        Ok(Json(page("experiments", listed, query, |one| experiment(&one))))
    })
    .await
}

async fn create(State(server): State<Server>, message: Message) -> Result<Json> {
    blocking(&server, move |server| {
        let made = server.create_experiment(&message.text("display_name")?, &message.text("description")?)?;
        Ok(Json(experiment(&made)))
    })
    .await
}

async fn get(State(server): State<Server>, Path(id): Path<String>) -> Result<Json> {
    blocking(&server, move |server| Ok(Json(experiment(&server.experiment(&id)?)))).await
}

async fn delete(State(server): State<Server>, Path(id): Path<String>) -> Result<Json> {
    blocking(&server, move |server| server.delete_experiment(&id)).await?;
    Ok(done())
}

fn experiment(one: &Experiment) -> Value {
    object([
        ("experiment_id", one.id.as_str().into()),
        ("display_name", one.name.as_str().into()),
        ("description", one.description.as_str().into()),
        ("created_at", time(one.created_ms)),
        ("storage_state", if one.archived { "ARCHIVED" } else { "AVAILABLE" }.into()),
        ("last_run_created_at", maybe_time(one.last_run_ms)),
    ])
}
