//! Artifacts: `artifacts` and `artifact_tasks` of KFP's master, and the reading of an output's content.

use std::io::Read as _;

use axum::extract::{Path, Query, RawQuery, State};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use weft::artifacts::Content;
use weft::metadata::{ArtifactFilter, ArtifactRecord};
use weft::pipeline::step::{PortValue, PortValues};

use super::list::{Params, Part};
use super::table::{ParameterKind, Table, about};
use super::write::{Json, int64, object, time};
use crate::error::{Error, Kind, Result};
use crate::router::blocking;
use crate::server::Server;

/// Bytes of content that are read into an answer, which is JSON.
const MAX_CONTENT: u64 = 32 << 20;
/// Runs whose links are listed together.
const MAX_RUNS: usize = 50;

pub(super) fn table() -> Table {
    Table::default()
        .get(
            "/apis/v2beta1/artifacts",
            about("list_artifacts", "Lists artifacts, the newest first.")
                .paged()
                .texts(&[
                    ("run_id", "Only those of this run."),
                    ("namespace", "Without effect: there are no namespaces."),
                ])
                .gives("ListArtifactsResponse"),
            list,
        )
        .get(
            "/apis/v2beta1/artifacts/{artifact_id}",
            about("get_artifact", "Gives an artifact.").gives("Artifact"),
            get,
        )
        .get(
            "/apis/v2beta1/artifact_tasks",
            about("list_artifact_tasks", "Lists which tasks of runs read and gave which artifacts.")
                .paged()
                .query("run_ids", ParameterKind::Texts, "The runs: at least one, at most 50.")
                .query("task_ids", ParameterKind::Texts, "Only those of these tasks.")
                .query("artifact_ids", ParameterKind::Texts, "Only those of these artifacts.")
                .texts(&[("type", "Only those of this kind: `TASK_OUTPUT_INPUT` or `OUTPUT`.")])
                .gives("ListArtifactTasksResponse"),
            links,
        )
        .get(
            "/apis/v2beta1/runs/{run_id}/nodes/{node_id}/artifacts/{artifact_name}:read",
            about("ReadArtifact", "Gives the content of an output of a task, in base 64.")
                .gives("ReadArtifactResponse"),
            read,
        )
}

/// The artifacts of the store, the newest first; of one run with `run_id`.
async fn list(State(server): State<Server>, Query(params): Query<Params>) -> Result<Json> {
    blocking(&server, move |server| {
        let part = Part::of(&params)?;
        let run = params.get("run_id").map(String::as_str).filter(|run| !run.is_empty());
        let filter = ArtifactFilter { run, limit: Some(part.offset + part.size + 1), ..ArtifactFilter::default() };
        let found = server.store().metadata.artifacts(&filter)?;
        let (found, next) = part.cut(found);
        Ok(Json(object([("artifacts", found.iter().map(artifact).collect()), ("next_page_token", next.into())])))
    })
    .await
}

/// An artifact, by the id of its row.
async fn get(State(server): State<Server>, Path(id): Path<String>) -> Result<Json> {
    blocking(&server, move |server| {
        let missing = || Error::not_found("there is no such artifact");
        let row: i64 = id.parse().map_err(|_| missing())?;
        let found = server.store().metadata.artifact(&row.to_string())?;
        if found.artifact.id == Some(row) { Ok(Json(artifact(&found))) } else { Err(missing()) }
    })
    .await
}

fn artifact(record: &ArtifactRecord) -> Value {
    let artifact = &record.artifact;
    let kind = match artifact.kind.0.as_str() {
        "system.Model" => "Model",
        "system.Dataset" => "Dataset",
        "system.HTML" => "HTML",
        "system.Markdown" => "Markdown",
        "system.Metrics" => "Metric",
        "system.ClassificationMetrics" => "ClassificationMetric",
        "system.SlicedClassificationMetrics" => "SlicedClassificationMetric",
        _ => "Artifact",
    };
    let name = artifact.name.clone().or_else(|| record.producer.as_ref().map(|producer| producer.output.clone()));
    object([
        ("artifact_id", artifact.id.map(int64).unwrap_or_default()),
        ("name", name.unwrap_or_default().into()),
        ("type", kind.into()),
        ("uri", artifact.uri.as_str().into()),
        ("metadata", serde_json::json!(artifact.properties)),
        ("created_at", time(record.created_ms)),
    ])
}

/// Which tasks read and gave which artifacts: of the runs `run_ids`, and of those only the tasks `task_ids` and the artifacts
/// `artifact_ids`, if there are any.
async fn links(State(server): State<Server>, Query(params): Query<Params>, RawQuery(query): RawQuery) -> Result<Json> {
    let all = |name: &str| -> Vec<String> {
        let pairs = query.as_deref().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        let decoded = |value: &str| percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned();
        pairs
            .filter(|(key, _)| *key == name)
            .map(|(_, value)| decoded(value))
            .filter(|value| !value.is_empty())
            .collect()
    };
    let (runs, tasks, artifacts) = (all("run_ids"), all("task_ids"), all("artifact_ids"));
    blocking(&server, move |server| {
        if runs.is_empty() || runs.len() > MAX_RUNS {
            return Err(Error::invalid(format!("give `run_ids`: from one to {MAX_RUNS} runs")));
        }
        let part = Part::of(&params)?;
        let wanted = params.get("type").map(String::as_str).filter(|kind| !kind.is_empty());
        let mut links = Vec::new();
        for id in &runs {
            let Some(record) = server.run(id)?.record else { continue };
            for step in &record.steps {
                let task = step.execution.to_string();
                if !tasks.is_empty() && !tasks.contains(&task) {
                    continue;
                }
                let name = step.task.rsplit('/').next().unwrap_or(&step.task);
                for (kind, ports) in [("TASK_OUTPUT_INPUT", &step.inputs), ("OUTPUT", &step.outputs)] {
                    if wanted.is_some_and(|wanted| wanted != kind) {
                        continue;
                    }
                    for (key, artifact) in rows(ports) {
                        if artifacts.is_empty() || artifacts.contains(&artifact.to_string()) {
                            links.push(object([
                                ("id", format!("{task}-{kind}-{key}-{artifact}").into()),
                                ("artifact_id", int64(artifact)),
                                ("run_id", id.as_str().into()),
                                ("task_id", task.as_str().into()),
                                ("type", kind.into()),
                                (
                                    "producer",
                                    if kind == "OUTPUT" { object([("task_name", name.into())]) } else { Value::Null },
                                ),
                                ("key", key.into()),
                            ]));
                        }
                    }
                }
            }
        }
        let total = links.len();
        let (links, next) = part.cut(links);
        Ok(Json(object([
            ("artifact_tasks", links.into()),
            ("total_size", total.into()),
            ("next_page_token", next.into()),
        ])))
    })
    .await
}

/// The artifacts on ports: names of the ports, and rows.
fn rows(ports: &PortValues) -> impl Iterator<Item = (&str, i64)> {
    ports.iter().flat_map(|(name, value)| {
        value.artifacts().iter().filter_map(move |artifact| Some((name.as_str(), artifact.id?)))
    })
}

/// The content of an output of a step, in base 64: `nodes/TASK/artifacts/OUTPUT:read`, where `TASK` is the task's name or id.
async fn read(State(server): State<Server>, Path((run, node, output)): Path<(String, String, String)>) -> Result<Json> {
    blocking(&server, move |server| {
        let output = output.strip_suffix(":read").ok_or_else(|| Error::not_found("ask for `OUTPUT:read`"))?;
        let detail = server.run(&run)?;
        let missing = || Error::not_found("the run has no such output");
        let record = detail.record.ok_or_else(missing)?;
        let step = record.steps.iter().find(|step| step.task == node || step.execution.to_string() == node);
        let id = match step.ok_or_else(missing)?.outputs.get(output) {
            Some(PortValue::Artifacts(artifacts)) => artifacts.first().and_then(|artifact| artifact.id),
            _ => None,
        };
        let found = server.store().metadata.artifact(&id.ok_or_else(missing)?.to_string())?;
        let Content::File(blob) = server.store().content(&found)? else {
            return Err(Error::new(Kind::FailedPrecondition, "the output is a directory; the page shows its files"));
        };
        let mut bytes = Vec::new();
        blob.cursor().take(MAX_CONTENT + 1).read_to_end(&mut bytes).map_err(|error| Error::internal(&error))?;
        if bytes.len() as u64 > MAX_CONTENT {
            let why = format!("the output is larger than {} MiB; the page lets you download it", MAX_CONTENT >> 20);
            return Err(Error::new(Kind::ResourceExhausted, why));
        }
        Ok(Json(object([("data", STANDARD.encode(bytes).into())])))
    })
    .await
}
