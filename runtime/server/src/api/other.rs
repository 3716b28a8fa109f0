//! What is no resource: health, metrics, and the parts of KFP's API that are about Kubernetes.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::table::{Answer, Method, Table, about};
use super::write::{Json, done};
use crate::error::{Error, Kind, Result};
use crate::router::blocking;
use crate::server::Server;

const NO_FILTER: &str = "filters are a part of lists: the parameter `filter` of `runs`, `experiments` and the like";
const NO_WORKFLOWS: &str = "there are no workflows of Kubernetes to report here: this server executes runs itself";
const NO_VISUALIZATIONS: &str = "there are no Python visualizations here; the page shows artifacts by their types";
const RECORDED_BY_RUNS: &str = "artifacts and tasks are recorded by the runs that make them, not by requests";

pub(super) fn table() -> Table {
    let authorized = about("AuthService_Authorize", "Whoever shows the token may do everything.").texts(&[
        ("namespace", "Without effect."),
        ("resources", "Without effect."),
        ("verb", "Without effect."),
    ]);
    let table = Table::default().get("/apis/v2beta1/auth", authorized, authorize);
    let refused = [
        (Method::Get, "filters", "DummyFilterService_GetFilter", NO_FILTER),
        (Method::Post, "workflows", "ReportService_ReportWorkflow", NO_WORKFLOWS),
        (Method::Post, "scheduledworkflows", "ReportService_ReportScheduledWorkflow", NO_WORKFLOWS),
        (Method::Post, "visualizations/{namespace}", "VisualizationService_CreateVisualizationV1", NO_VISUALIZATIONS),
        (Method::Post, "artifacts", "create_artifact", RECORDED_BY_RUNS),
        (Method::Post, "artifacts:batchCreate", "batch_create_artifacts", RECORDED_BY_RUNS),
        (Method::Post, "artifact_tasks", "create_artifact_task", RECORDED_BY_RUNS),
        (Method::Post, "artifact_tasks:batchCreate", "batch_create_artifact_tasks", RECORDED_BY_RUNS),
        (Method::Post, "tasks", "create_task", RECORDED_BY_RUNS),
        (Method::Post, "tasks:batchUpdate", "batch_update_tasks", RECORDED_BY_RUNS),
        (Method::Patch, "tasks/{task_id}", "update_task", RECORDED_BY_RUNS),
    ];
    refused.into_iter().fold(table, |table, (method, path, id, why)| {
        let path = format!("/apis/v2beta1/{path}");
        let about = about(id, "Not offered.").answers(Answer::NotOffered);
        table.add(method, &path, about, move || async move { Error::new(Kind::Unimplemented, why) })
    })
}

pub(super) async fn healthz(State(server): State<Server>) -> Result<Json> {
    // A store that cannot be read makes it unhealthy.
    blocking(&server, |server| Ok(server.store().metadata.queue_length()?)).await?;
    Ok(Json(serde_json::json!({ "multi_user": false, "pipeline_store": "database" })))
}

pub(super) async fn metrics(State(server): State<Server>) -> Result<impl IntoResponse> {
    let text = blocking(&server, Server::metrics).await?;
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text))
}

/// Who has come so far may do everything.
async fn authorize() -> Json {
    done()
}
