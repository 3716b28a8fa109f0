//! The requests of the Open Inference Protocol.

#![expect(clippy::similar_names, reason = "`server`, and what is `served`")]

use std::io::Read;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::read::{GzDecoder, ZlibDecoder};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;
use weft::Tensor;
use weft::pipeline::step::FailureKind;
use weft::serving::{Reply, Unanswered};

use super::MAX_REQUEST;
use super::log::Sample;
use super::models::{Loaded, Served};
use super::protocol::{JSON_LENGTH, Question, metadata as described};
use crate::error::{Error, Kind};
use crate::router::blocking;
use crate::server::Server;

/// Bytes of a request that is read by a thread that may take its time.
const LARGE: usize = 256 << 10;

/// Whether everybody may ask for this: whether the server is there.
pub(crate) fn is_open(path: &str) -> bool {
    matches!(path, "/v2/health/live" | "/v2/health/ready")
}

/// A failure, as the protocol has it: `{"error": ".."}`.
#[derive(Debug)]
pub(crate) struct Problem {
    status: u16,
    message: String,
}

impl Problem {
    /// A failure with this status.
    pub(crate) fn new(status: u16, message: impl Into<String>) -> Self {
        Self { status, message: message.into() }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        Self::new(error.kind.status(), error.message)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (status, document(&json!({ "error": self.message }))).into_response()
    }
}

/// An answer with a JSON document.
pub(super) fn document(value: &Value) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], value.to_string()).into_response()
}

/// The model that a request names.
#[derive(Debug, Deserialize)]
pub(super) struct Named {
    name: String,
    version: Option<String>,
}

impl Named {
    fn version(&self) -> Result<Option<u64>, Problem> {
        let missing = |text: &String| {
            Problem::new(404, format!("there is no version `{}`", text.chars().take(40).collect::<String>()))
        };
        self.version.as_ref().map(|text| text.parse().map_err(|_| missing(text))).transpose()
    }

    /// The version that is to answer. `asks` tells whether it is a request, of which a canary gets its share.
    async fn loaded(&self, server: &Server, asks: bool) -> Result<(Arc<Served>, Loaded), Problem> {
        let served = server.served(&self.name)?;
        let Some(version) = self.version()? else {
            let loaded = if asks { served.next() } else { served.current() };
            let loaded = loaded.cloned().ok_or_else(|| {
                let why = served.problems.values().next_back().map_or("it is not loaded", String::as_str);
                Problem::new(503, why)
            })?;
            return Ok((served, loaded));
        };
        let loaded = if let Some(loaded) = served.version(version) {
            loaded
        } else {
            let name = self.name.clone();
            blocking(server, move |server| server.load_other(&name, version)).await?
        };
        Ok((served, loaded))
    }
}

/// `GET /v2`
pub(super) async fn server() -> Response {
    document(&json!({
        "name": "weft",
        "version": env!("CARGO_PKG_VERSION"),
        "extensions": ["binary_tensor_data"],
    }))
}

/// `GET /v2/health/live`
pub(super) async fn live() -> Response {
    document(&json!({ "live": true }))
}

/// `GET /v2/health/ready`
pub(super) async fn ready(State(server): State<Server>) -> Response {
    let ready = server.0.models.is_loaded() && !server.is_stopping();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, document(&json!({ "ready": ready }))).into_response()
}

/// `GET /v2/models/{name}`
pub(super) async fn metadata(State(server): State<Server>, Path(named): Path<Named>) -> Result<Response, Problem> {
    let (served, loaded) = named.loaded(&server, false).await?;
    let versions: Vec<u64> = match named.version()? {
        Some(version) => vec![version],
        None => served.deployment.versions.iter().map(|known| known.version).collect(),
    };
    Ok(document(&described(&named.name, &versions, loaded.pool.description())))
}

/// `GET /v2/models/{name}/ready`
pub(super) async fn model_ready(State(server): State<Server>, Path(named): Path<Named>) -> Result<Response, Problem> {
    let (_, _) = named.loaded(&server, false).await?;
    Ok(document(&json!({ "name": named.name, "ready": true })))
}

/// `POST /v2/models/{name}/infer`
pub(super) async fn infer(
    State(server): State<Server>,
    Path(named): Path<Named>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Problem> {
    let (served, loaded) = named.loaded(&server, true).await?;
    let json_length = headers.get(JSON_LENGTH).cloned();
    let encoding = headers.get(header::CONTENT_ENCODING).cloned();
    let is_large = body.len() > LARGE || encoding.is_some();
    let read = move || match encoding {
        Some(encoding) => Question::read(&unpacked(&body, &encoding)?, json_length.as_ref()),
        None => Question::read(&body, json_length.as_ref()),
    };
    let mut question = if is_large {
        tokio::task::spawn_blocking(read).await.map_err(|_| Problem::new(500, "the request could not be read"))?
    } else {
        read()
    }
    .map_err(|problem| Problem::new(400, problem))?;
    let inputs = std::mem::take(&mut question.inputs);
    let sample = served.is_logged(&loaded).then(|| inputs.clone());
    let answer = ask(&server, &loaded, inputs, is_large).await;
    let outputs = answer.map_err(|unanswered| problem(&named.name, unanswered))?;
    let version = loaded.record.version;
    let name = named.name.clone();
    let write = move || {
        let written = question.answer(&name, version, &outputs);
        (written, question.id, outputs)
    };
    let (written, id, outputs) = if is_large {
        tokio::task::spawn_blocking(write).await.map_err(|_| Problem::new(500, "the answer could not be written"))?
    } else {
        write()
    };
    let (body, json_length) = written.map_err(|problem| Problem::new(400, problem))?;
    if let Some(inputs) = sample {
        server.0.models.log.write(Sample { model: named.name, version, at_ms: server.now_ms(), id, inputs, outputs });
    }
    let mut response = body.into_response();
    let kind = if json_length.is_some() { "application/octet-stream" } else { "application/json" };
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if let Some(length) = json_length {
        response.headers_mut().insert(JSON_LENGTH, HeaderValue::from(length));
    }
    Ok(response)
}

/// Has a request answered: on this thread if it is small and an instance is free, else by a thread of the model's.
async fn ask(server: &Server, loaded: &Loaded, inputs: Vec<Tensor>, is_large: bool) -> Result<Vec<Tensor>, Unanswered> {
    let turn = if is_large { None } else { server.0.models.turn() };
    // The runtime goes on with other requests on another thread meanwhile.
    let asked = match turn {
        Some(_turn) => tokio::task::block_in_place(|| loaded.pool.try_now(inputs)),
        None => Err(inputs),
    };
    match asked {
        Ok(answer) => answer,
        Err(inputs) => {
            let (reply, answered) = oneshot::channel();
            loaded.pool.ask(inputs, Box::new(Waiting(reply)));
            answered.await.unwrap_or_else(|_| Err(Unanswered::Refused("the model broke down".to_owned())))
        }
    }
}

/// The body of a request that was compressed.
fn unpacked(body: &[u8], encoding: &HeaderValue) -> Result<Vec<u8>, String> {
    let reader: Box<dyn Read + '_> = match encoding.as_bytes() {
        b"gzip" => Box::new(GzDecoder::new(body)),
        b"deflate" => Box::new(ZlibDecoder::new(body)),
        b"identity" => Box::new(body),
        _ => return Err("the request is compressed in a way that is not read; gzip and deflate are".to_owned()),
    };
    let mut unpacked = Vec::new();
    let read = reader.take(MAX_REQUEST as u64 + 1).read_to_end(&mut unpacked);
    read.map_err(|error| format!("the request cannot be decompressed: {error}"))?;
    if unpacked.len() > MAX_REQUEST {
        return Err("the request is larger than 64 MiB once it is decompressed".to_owned());
    }
    Ok(unpacked)
}

/// A request that waits for its answer.
struct Waiting(oneshot::Sender<Result<Vec<Tensor>, Unanswered>>);

impl Reply for Waiting {
    fn is_wanted(&self) -> bool {
        !self.0.is_closed()
    }

    fn send(self: Box<Self>, answer: Result<Vec<Tensor>, Unanswered>) {
        // Who asked may have gone away.
        _ = self.0.send(answer);
    }
}

fn problem(name: &str, unanswered: Unanswered) -> Problem {
    match unanswered {
        Unanswered::Refused(why) => Problem::new(400, why),
        Unanswered::Overloaded => Problem::new(429, format!("too many requests wait for `{name}`; ask again later")),
        Unanswered::Failed(failure) if failure.kind == FailureKind::Host => {
            tracing::error!(model = name, problem = failure.message, "a model could not be asked");
            Problem::new(Kind::Internal.status(), "the server could not do its part; its log tells more")
        }
        Unanswered::Failed(failure) => Problem::new(500, format!("the model failed: {}", failure.message)),
    }
}
