//! Models that answer: the Open Inference Protocol, version 2, and what deploys models.
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
use axum::response::IntoResponse as _;
use axum::routing::get;

pub(crate) use answer::{Problem, is_open};
pub(crate) use models::Models;

use crate::api::table::{Answer, Body, Table, about};
use crate::error::Error;
use crate::server::Server;

/// Bytes of a request for predictions.
const MAX_REQUEST: usize = 64 << 20;
/// The paths of the protocol begin so.
pub(crate) const PREFIX: &str = "/v2";

/// The routes of the protocol.
pub(crate) fn router() -> Router<Server> {
    let refuse = |error: Error| Problem::from(error).into_response();
    // The same with and without the slash.
    table().router(refuse).route("/v2/", get(answer::server))
}

/// The operations of the protocol.
pub(crate) fn table() -> Table {
    let of = |id, summary| about(id, summary).refuses("Problem");
    let infer = |id| {
        of(id, "Asks a model.")
            .takes_up_to(Body::Json("NewInference"), MAX_REQUEST)
            .answers(Answer::Tensors("InferenceResponse"))
    };
    Table::default()
        .get("/v2", of("ServerMetadata", "What server this is.").gives("ServerMetadata"), answer::server)
        .get(
            "/v2/health/live",
            of("ServerLive", "Whether the process is there.").answers(Answer::Health("Live")).open(),
            answer::live,
        )
        .get(
            "/v2/health/ready",
            of("ServerReady", "Whether all models are loaded.").answers(Answer::Health("Ready")).open(),
            answer::ready,
        )
        .get(
            "/v2/models/{name}",
            of("ModelMetadata", "What a model takes and gives.").gives("ModelMetadata"),
            answer::metadata,
        )
        .get(
            "/v2/models/{name}/ready",
            of("ModelReady", "Whether a model answers.").gives("ModelReady"),
            answer::model_ready,
        )
        .post("/v2/models/{name}/infer", infer("ModelInfer"), answer::infer)
        .get(
            "/v2/models/{name}/versions/{version}",
            of("ModelVersionMetadata", "What a version of a model takes and gives.").gives("ModelMetadata"),
            answer::metadata,
        )
        .get(
            "/v2/models/{name}/versions/{version}/ready",
            of("ModelVersionReady", "Whether a version of a model answers.").gives("ModelReady"),
            answer::model_ready,
        )
        .post("/v2/models/{name}/versions/{version}/infer", infer("ModelVersionInfer"), answer::infer)
}

/// The operations that deploy models.
pub(crate) fn admin() -> Table {
    Table::default()
        .post(
            "/apis/weft/v1/content",
            about("Deployments_Upload", "Sends the content of a model, at most 512 MiB.")
                .takes_up_to(Body::Bytes("application/octet-stream"), admin::MOST_CONTENT)
                .gives("Uploaded"),
            admin::upload,
        )
        .get(
            "/apis/weft/v1/deployments",
            about("Deployments_List", "Lists what is deployed.").gives("ListDeploymentsResponse"),
            admin::list,
        )
        .post(
            "/apis/weft/v1/deployments",
            about("Deployments_Deploy", "Deploys a model as a new version, once it is loaded.")
                .takes("NewDeployment")
                .gives("Deployed"),
            admin::deploy,
        )
        .post(
            "/apis/weft/v1/deployments/{name}/rollback",
            about("Deployments_RollBack", "Goes back to a version; to the one before, if none is named.")
                .takes("NewChoice")
                .gives("Deployed"),
            admin::roll_back,
        )
        .post(
            "/apis/weft/v1/deployments/{name}/promote",
            about("Deployments_Promote", "Has a canary answer all requests.").gives("Deployed"),
            admin::promote,
        )
        .post(
            "/apis/weft/v1/deployments/{name}/remove",
            about("Deployments_Remove", "Removes a version, or with none named the whole deployment.")
                .takes("NewChoice"),
            admin::remove,
        )
}
