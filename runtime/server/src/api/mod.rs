//! KFP's REST API, version v2beta1, as its clients use it.
//!
//! A request is read leniently, as protocol buffers are from JSON (`message`); an answer is written with the names of the `.proto` files and
//! without what is empty (`write`). Lists have filters, orders and pages (`list`). What KFP has and this server has no use for answers 501.

mod artifacts;
mod experiments;
mod hooks;
mod list;
mod message;
mod other;
mod pipelines;
mod recurring;
mod runs;
mod tasks;
mod upload;
mod write;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, delete, get, patch, post};
use serde_json::json;

use crate::error::{Error, Kind};
use crate::server::Server;

/// Bytes of a request with JSON.
const MAX_JSON: usize = 32 << 20;
/// Bytes of an upload.
pub(crate) const MAX_UPLOAD: usize = 256 << 20;

pub(crate) use hooks::HOOKS;

/// The routes below `/apis` and `/hooks`, `/healthz` and `/metrics`.
pub(crate) fn router() -> Router<Server> {
    let uploads = Router::new()
        .route("/pipelines/upload", post(upload::pipeline))
        .route("/pipelines/upload_version", post(upload::version))
        .layer(DefaultBodyLimit::max(MAX_UPLOAD));
    let api = Router::new()
        .route("/healthz", get(other::healthz))
        .route("/experiments", get(experiments::list).post(experiments::create))
        .route("/experiments/{id}", get(experiments::get).delete(experiments::delete).post(experiments::act))
        .route("/runs", get(runs::list).post(runs::create))
        .route("/runs/{id}", get(runs::get).delete(runs::delete).post(runs::act))
        .route("/runs/{id}/nodes/{node}/artifacts/{artifact}", get(artifacts::read))
        .route("/pipelines", get(pipelines::list).post(pipelines::create))
        .route("/pipelines/create", post(pipelines::create_with_version))
        .route("/pipelines/names/{name}", get(pipelines::by_name))
        .route("/pipelines/{id}", get(pipelines::get).delete(pipelines::delete).patch(pipelines::update))
        .route("/pipelines/{id}/versions", get(pipelines::versions).post(pipelines::create_version))
        .route("/pipelines/{id}/versions/{version}", get(pipelines::version))
        .route("/pipelines/{id}/versions/{version}", delete(pipelines::delete_version))
        .route("/pipelines/{id}/versions/{version}", patch(pipelines::update_version))
        .route("/recurringruns", get(recurring::list).post(recurring::create))
        .route("/recurringruns/{id}", get(recurring::get).delete(recurring::delete).post(recurring::act))
        .route("/artifacts", get(artifacts::list).post(other::recorded_by_runs))
        .route("/artifacts/{id}", get(artifacts::get))
        .route("/artifact_tasks", get(artifacts::links).post(other::recorded_by_runs))
        .route("/tasks", get(tasks::list).post(other::recorded_by_runs))
        .route("/tasks/{id}", get(tasks::get))
        .route("/auth", get(other::authorize))
        .route("/filters", get(other::no_filter))
        .route("/workflows", post(other::no_workflows))
        .route("/scheduledworkflows", post(other::no_workflows))
        .route("/visualizations/{namespace}", post(other::no_visualizations))
        .merge(uploads)
        // As grpc-gateway answers.
        .method_not_allowed_fallback(|| async { Error::new(Kind::Unimplemented, "this is not done at this path") })
        .layer(DefaultBodyLimit::max(MAX_JSON));
    Router::new()
        .nest("/apis/v2beta1", api)
        .route("/apis/{*rest}", any(unknown))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(other::metrics))
        .route("/hooks/{name}", post(hooks::deliver).layer(DefaultBodyLimit::max(hooks::MAX_BODY)))
}

async fn unknown() -> Error {
    Error::not_found("there is nothing at this path; the API is KFP's v2beta1, below /apis/v2beta1")
}

impl IntoResponse for Error {
    /// As `google.rpc.Status` in JSON.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = json!({ "code": self.kind.code(), "message": self.message, "details": [] }).to_string();
        (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
    }
}

/// An id and what is to be done with it, from the last part of a path: `ID:archive`.
fn id_and_verb(path: &str) -> Result<(&str, &str), Error> {
    path.rsplit_once(':').ok_or_else(|| Error::new(Kind::Unimplemented, "say what to do with it: `ID:VERB`"))
}

/// A verb that there is none of.
fn no_verb(verb: &str) -> Error {
    Error::new(Kind::Unimplemented, format!("`:{}` is not done here", verb.chars().take(40).collect::<String>()))
}
