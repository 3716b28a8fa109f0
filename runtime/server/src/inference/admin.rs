//! `/apis/weft/v1/..`: what deploys models, for `weft deploy --server` and the page.

use std::collections::BTreeMap;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use weft::artifacts::Budget;
use weft::metadata::control::{Deployment, Rollout, ServingSettings};
use weft::serving::{DeployFrom, MAX_PERCENT, ServedSource};

use super::answer::document;
use crate::error::{Error, Kind, Result};
use crate::router::blocking;
use crate::server::Server;

/// Bytes of a model or a graph that is sent.
pub(super) const MOST_CONTENT: usize = 512 << 20;
/// Pieces of it that wait to be written.
const PIECES: usize = 8;

/// What is to be deployed. Content is that of this store; no path of this host is read for a client.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    name: String,
    /// An artifact as `weft artifact` names it, or the URI that sending the content gave.
    model: String,
    #[serde(default)]
    transform: Option<String>,
    /// What the record calls the model.
    #[serde(default)]
    source: Option<String>,
    /// The share of a canary.
    #[serde(default)]
    canary: Option<u8>,
    #[serde(default)]
    settings: ServingSettings,
}

/// The version that something is done with.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Which {
    version: Option<u64>,
}

/// An answer with a JSON document.
pub(super) struct Json(Value);

impl IntoResponse for Json {
    fn into_response(self) -> Response {
        document(&self.0)
    }
}

fn read<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T> {
    let body = if body.is_empty() { b"{}" } else { body };
    serde_json::from_slice(body).map_err(|error| Error::unreadable(&error))
}

/// `POST /apis/weft/v1/content`
pub(super) async fn upload(State(server): State<Server>, body: Body) -> Result<Json> {
    let (give, mut pieces) = mpsc::channel::<axum::body::Bytes>(PIECES);
    let failed = |error: weft::artifacts::Error| Error::from(weft::Error::from(error));
    let written = blocking(&server, move |server| {
        let store = &server.0.weft.store().artifacts;
        let mut file = store.create(Some(&Budget::new(MOST_CONTENT as u64))).map_err(failed)?;
        while let Some(piece) = pieces.blocking_recv() {
            // An empty piece ends it: a body that broke off ends without one.
            if piece.is_empty() {
                return file.finish().map_err(failed);
            }
            if file.len() + piece.len() as u64 > MOST_CONTENT as u64 {
                return Err(Error::new(Kind::ResourceExhausted, "it is larger than 512 MiB"));
            }
            file.append(&piece).map_err(failed)?;
        }
        Err(Error::invalid("the content broke off"))
    });
    let send = async move {
        let mut stream = body.into_data_stream();
        while let Some(Ok(piece)) = stream.next().await {
            if !piece.is_empty() && give.send(piece).await.is_err() {
                return;
            }
        }
        _ = give.send(axum::body::Bytes::new()).await;
    };
    let (id, ()) = tokio::join!(written, send);
    Ok(Json(json!({ "uri": id?.to_string() })))
}

/// `GET /apis/weft/v1/deployments`
pub(super) async fn list(State(server): State<Server>) -> Result<Json> {
    blocking(&server, |server| {
        let all = server.metadata().deployments()?;
        let described = all.iter().map(|one| described(server, one)).collect::<Vec<_>>();
        Ok(Json(json!({ "deployments": described })))
    })
    .await
}

/// A deployment as the store has it, and why versions of it do not answer.
fn described(server: &Server, deployment: &Deployment) -> Value {
    let mut value = json!(deployment);
    if let Some(served) = server.0.models.get(&deployment.name).filter(|served| !served.problems.is_empty()) {
        value["problems"] = json!(served.problems);
    }
    value
}

/// `POST /apis/weft/v1/deployments`
pub(super) async fn deploy(State(server): State<Server>, body: axum::body::Bytes) -> Result<Json> {
    blocking(&server, move |server| {
        let request: Request = read(&body)?;
        let source = |text: &str| match text.parse() {
            Ok(id) => ServedSource::Content(id),
            Err(_) => ServedSource::Artifact(text.to_owned()),
        };
        if request.canary.is_some_and(|percent| percent > MAX_PERCENT) {
            return Err(Error::invalid("the share of a canary is at most 100 percent"));
        }
        let from = DeployFrom {
            model: source(&request.model),
            transform: request.transform.as_deref().map(source),
            component: None,
            source: request.source.map(|source| source.chars().take(1000).collect()),
            settings: request.settings,
        };
        let rollout = request.canary.map_or(Rollout::All, Rollout::Percent);
        let weft = &server.0.weft;
        let new = weft.prepare_deployment(&request.name, &from)?;
        // Loaded before it is recorded: what cannot be served is never deployed, and what is answers at once.
        let pool = weft.start_pool(&request.name, &new.version, server.instances())?;
        let version = weft.record_deployment(&request.name, &new, rollout)?;
        server.take_over(&request.name, version, pool)?;
        answer(server, &request.name, version)
    })
    .await
}

fn answer(server: &Server, name: &str, version: u64) -> Result<Json> {
    let deployment = server.metadata().deployment(name)?;
    Ok(Json(json!({ "version": version, "deployment": deployment.map(|one| described(server, &one)) })))
}

impl Server {
    /// What is deployed, each with why versions of it are not loaded.
    ///
    /// # Errors
    /// The store cannot be read.
    pub(crate) fn deployments(&self) -> Result<Vec<(Deployment, BTreeMap<u64, String>)>> {
        let with_problems = |one: Deployment| {
            let problems = self.0.models.get(&one.name).map(|served| served.problems.clone()).unwrap_or_default();
            (one, problems)
        };
        Ok(self.store().metadata.deployments()?.into_iter().map(with_problems).collect())
    }

    /// Goes back to a version of a deployment; see [`weft::metadata::Tx::roll_back`].
    ///
    /// # Errors
    /// There is no such version.
    pub(crate) fn roll_back_model(&self, name: &str, version: Option<u64>) -> Result<u64> {
        let now = self.now_ms();
        let version = self.metadata().transaction(|tx| tx.roll_back(name, version, now))?;
        self.refresh_models()?;
        Ok(version)
    }
}

/// `POST /apis/weft/v1/deployments/{name}/rollback`
pub(super) async fn roll_back(
    State(server): State<Server>,
    Path(name): Path<String>,
    body: axum::body::Bytes,
) -> Result<Json> {
    blocking(&server, move |server| {
        let version = server.roll_back_model(&name, read::<Which>(&body)?.version)?;
        answer(server, &name, version)
    })
    .await
}

/// `POST /apis/weft/v1/deployments/{name}/promote`
pub(super) async fn promote(State(server): State<Server>, Path(name): Path<String>) -> Result<Json> {
    blocking(&server, move |server| {
        let now = server.now_ms();
        let version = server.metadata().transaction(|tx| tx.promote(&name, now))?;
        server.refresh_models()?;
        answer(server, &name, version)
    })
    .await
}

/// `POST /apis/weft/v1/deployments/{name}/remove`
pub(super) async fn remove(
    State(server): State<Server>,
    Path(name): Path<String>,
    body: axum::body::Bytes,
) -> Result<Json> {
    blocking(&server, move |server| {
        let version = read::<Which>(&body)?.version;
        server.metadata().transaction(|tx| tx.remove_deployment(&name, version))?;
        server.refresh_models()?;
        Ok(Json(json!({})))
    })
    .await
}
