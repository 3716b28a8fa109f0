//! Models that answer: the Open Inference Protocol, version 2, as KServe and Triton have it, and what deploys models.
//!
//! - `models` knows which versions answer, and keeps pools of them warm; a new version takes over once it is loaded.
//! - `protocol` reads requests and writes answers, with tensors in JSON and in binary form; `tensor` knows their elements.
//! - `log` writes samples of requests and answers where pipelines read them.
//!
//! # Invariants
//! - A request is answered by the version that was chosen for it, however often that is changed meanwhile.
//! - What a client can size is bounded before it is allocated, but for the guest's memory, which has its own limit.

mod admin;
mod answer;
mod flat;
mod log;
mod models;
mod protocol;
mod tensor;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

pub(crate) use answer::{Problem, is_open};
pub(crate) use models::Models;

use crate::server::Server;

/// Bytes of a request for predictions.
const MAX_REQUEST: usize = 64 << 20;
/// The paths of the protocol begin so.
pub(crate) const PREFIX: &str = "/v2";

/// The routes of the protocol, and those that deploy models.
pub(crate) fn router() -> Router<Server> {
    Router::new()
        .route("/v2", get(answer::server))
        .route("/v2/", get(answer::server))
        .route("/v2/health/live", get(answer::live))
        .route("/v2/health/ready", get(answer::ready))
        .route("/v2/models/{name}", get(answer::metadata))
        .route("/v2/models/{name}/ready", get(answer::model_ready))
        .route("/v2/models/{name}/infer", post(answer::infer))
        .route("/v2/models/{name}/versions/{version}", get(answer::metadata))
        .route("/v2/models/{name}/versions/{version}/ready", get(answer::model_ready))
        .route("/v2/models/{name}/versions/{version}/infer", post(answer::infer))
        .layer(DefaultBodyLimit::max(MAX_REQUEST))
        .route("/apis/weft/v1/content", post(admin::upload).layer(DefaultBodyLimit::disable()))
        .route("/apis/weft/v1/deployments", get(admin::list).post(admin::deploy))
        .route("/apis/weft/v1/deployments/{name}/rollback", post(admin::roll_back))
        .route("/apis/weft/v1/deployments/{name}/promote", post(admin::promote))
        .route("/apis/weft/v1/deployments/{name}/remove", post(admin::remove))
}
