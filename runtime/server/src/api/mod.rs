//! KFP's REST API, version v2beta1, as its clients use it.
//!
//! Each operation stands in a [`table`], of which both the router and the `OpenAPI` document (`openapi`) are made.
//! A request is read leniently, as protocol buffers are from JSON (`message`); an answer is written with the names of the `.proto` files and
//! without what is empty (`write`). Lists have filters, orders and pages (`list`). What KFP has and this server has no use for answers 501.

mod artifacts;
mod experiments;
mod hooks;
mod list;
mod message;
mod openapi;
mod other;
mod pipelines;
mod recurring;
mod runs;
mod sync;
pub(crate) mod table;
mod tasks;
mod upload;
mod write;

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use serde_json::json;

use crate::error::Error;
use crate::inference;
use crate::server::Server;
use table::{Answer, Body, Table, about};

/// Bytes of an upload.
pub(crate) const MAX_UPLOAD: usize = 256 << 20;

pub(crate) use hooks::HOOKS;
pub(crate) use tasks::parent;

/// The routes below `/apis` and `/hooks`, `/healthz`, `/metrics` and `/openapi.json`.
pub(crate) fn router() -> Router<Server> {
    table().router(Error::into_response).route("/apis/{*rest}", any(unknown))
}

/// All operations of the REST API.
fn table() -> Table {
    let table = Table::default()
        .get(
            "/healthz",
            about("Healthz", "Whether the process is there.").answers(Answer::Text("text/plain")).open(),
            || async { "ok\n" },
        )
        .get(
            "/metrics",
            about("Metrics", "What the server counts, in Prometheus' text format.").answers(Answer::Text("text/plain")),
            other::metrics,
        )
        .get("/openapi.json", about("OpenApi", "This document.").gives("OpenApi"), openapi::document)
        .post(
            "/hooks/{name}",
            about("Hook", "Tells a trigger that something happened. It is signed: see docs/serve.md.")
                .takes_up_to(Body::Bytes("application/json"), hooks::MAX_BODY)
                .answers(Answer::Delivered("Delivered"))
                .open(),
            hooks::deliver,
        )
        .get(
            "/apis/v2beta1/healthz",
            about("HealthzService_GetHealthz", "Whether the store can be read.").gives("Healthz").open(),
            other::healthz,
        );
    let parts = [
        experiments::table(),
        runs::table(),
        tasks::table(),
        artifacts::table(),
        pipelines::table(),
        upload::table(),
        recurring::table(),
        other::table(),
        sync::table(),
        inference::admin(),
    ];
    parts.into_iter().fold(table, Table::merge)
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
