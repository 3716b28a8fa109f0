//! What is no resource: health, metrics, and the parts of KFP's API that are about Kubernetes.

use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;

use super::write::{Json, done};
use crate::error::{Error, Kind, Result};
use crate::router::blocking;
use crate::server::Server;

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
pub(super) async fn authorize() -> Json {
    done()
}

pub(super) async fn no_filter() -> Error {
    unimplemented("filters are a part of lists: the parameter `filter` of `runs`, `experiments` and the like")
}

pub(super) async fn no_workflows() -> Error {
    unimplemented("there are no workflows of Kubernetes to report here: this server executes runs itself")
}

pub(super) async fn no_visualizations() -> Error {
    unimplemented("there are no Python visualizations here; the page shows artifacts by their types")
}

pub(super) async fn recorded_by_runs() -> Error {
    unimplemented("artifacts and tasks are recorded by the runs that make them, not by requests")
}

fn unimplemented(why: &str) -> Error {
    Error::new(Kind::Unimplemented, why)
}
