//! KFP's REST API, version v2beta1.

use axum::Router;
use axum::routing::get;

use crate::server::Server;

/// The routes below `/apis`, and `/healthz`.
pub(crate) fn router() -> Router<Server> {
    Router::new().route("/healthz", get(|| async { "ok\n" }))
}
