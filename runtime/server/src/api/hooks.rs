//! `POST /hooks/NAME`: webhooks. Who sends one shows no token; its signature tells that it knows the trigger's secret.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use serde_json::json;

use super::write::Json;
use crate::error::Result;
use crate::router::blocking;
use crate::server::Server;

/// The paths of webhooks begin so.
pub(crate) const HOOKS: &str = "/hooks/";
/// Bytes of a request.
pub(super) const MAX_BODY: usize = 1 << 20;

pub(super) async fn deliver(
    State(server): State<Server>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json)> {
    let (run, new) = blocking(&server, move |server| server.deliver(&name, &headers, &body)).await?;
    let status = if new { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(json!({ "run_id": run }))))
}
