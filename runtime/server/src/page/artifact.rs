//! An artifact: what its content looks like, what it says of itself, where it comes from.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;
use weft::artifacts::Content;
use weft::metadata::{ArtifactRecord, ArtifactState, Direction, EventKind, LineageQuery, LineageStart};
use weft::words::bytes;

use super::request::{Fields, answer};
use super::shell::{Page, Section, heading};
use super::words::{encoded, number, plain, short};
use super::{content, evaluation, preview, values};
use crate::error::Result;
use crate::server::Server;

/// Uses that are listed.
const MAX_USES: usize = 12;

/// `/artifacts/{id}`, or with `path` a file in it.
pub(super) async fn page(State(server): State<Server>, Path(id): Path<String>, fields: Fields) -> Response {
    answer(server, move |server| {
        let path = fields.get("path");
        // What is gone from the store is told where its content would be shown.
        let record = match content::find(server, &id, path) {
            Ok((record, _)) => record,
            Err(error) => server.store().metadata.artifact(&id).map_err(|_| error)?,
        };
        let number: i64 = record.artifact.id.unwrap_or_default();
        let name = record.artifact.name.clone().unwrap_or_else(|| record.artifact.kind.short().to_owned());
        let shown = content(server, &record, path)?;
        let href = format!("/artifacts/{number}");
        let title = path.map_or_else(|| short(&name, 100), |path| short(path, 100));
        let is_file = !matches!(server.store().content(&record), Ok(Content::Tree(_)) if path.is_none());
        let query = path.map(|path| format!("?path={}", encoded(path))).unwrap_or_default();
        let actions = html! {
            a class="button" href={ (href) "/lineage" } { "Lineage" }
            @if is_file { a class="button" href={ (href) "/download" (query) } download { "Download" } }
        };
        let way: Vec<(&str, &str)> = match path {
            Some(_) => vec![("/artifacts", "Artifacts"), (&href, name.as_str())],
            None => vec![("/artifacts", "Artifacts")],
        };
        Ok(Page::new(Section::Artifacts, &title).wide().around(&html! {
            (heading(&way, &html! { (title) (values::kind(record.artifact.kind.short())) }, &actions))
            div class="split" {
                section class="stage open" aria-label="Content" { (shown) }
                aside class="panel" aria-label="Details" { (details(server, &record)?) }
            }
        }))
    })
    .await
}

fn content(server: &Server, record: &ArtifactRecord, path: Option<&str>) -> Result<Markup> {
    let evaluation = evaluation::shown(&record.artifact.properties);
    let body = match (server.store().content(record), path) {
        (Ok(Content::Tree(tree)), None) => preview::directory(record.artifact.id.unwrap_or_default(), &tree),
        (Ok(_), path) => {
            let id = record.artifact.id.unwrap_or_default().to_string();
            match content::find(server, &id, path)? {
                (_, Some(file))
                    if file.is_empty() && (evaluation.is_some() || !record.artifact.properties.is_empty()) =>
                {
                    html! {}
                }
                (record, Some(file)) => preview::file(&record, &file, path)?,
                (_, None) => html! {},
            }
        }
        (Err(_), _) => html! { p class="note" { "Its content is not in the store any more." } },
    };
    let numbers: Vec<(&String, f64)> =
        record.artifact.properties.iter().filter_map(|(name, value)| Some((name, value.as_f64()?))).collect();
    Ok(html! {
        @if record.state == ArtifactState::Deleted { p class="note" { "Its run was deleted." } }
        @if !numbers.is_empty() {
            dl class="tiles" {
                @for (name, value) in numbers.iter().take(24) { div { dt { (short(name, 40)) } dd class="number" { (number(*value)) } } }
            }
        }
        @if let Some(evaluation) = evaluation { (evaluation) }
        (body)
    })
}

fn details(server: &Server, record: &ArtifactRecord) -> Result<Markup> {
    let id = record.artifact.id.unwrap_or_default();
    let others: BTreeMap<&String, &Value> = record
        .artifact
        .properties
        .iter()
        .filter(|(name, value)| !value.is_number() && !evaluation::is_known(name))
        .collect();
    let producer = record.producer.as_ref();
    let query = LineageQuery { start: LineageStart::Artifact(id), direction: Direction::Down, max_depth: Some(1) };
    let graph = server.store().metadata.lineage(&query)?;
    let readers: Vec<_> = graph
        .executions
        .iter()
        .filter(|execution| {
            let reads = |edge: &&weft::metadata::LineageEdge| {
                edge.execution == execution.id && edge.artifact == id && edge.kind == EventKind::Input
            };
            graph.edges.iter().any(|edge| reads(&edge))
        })
        .collect();
    Ok(html! {
        h2 { "Comes from" }
        @if let Some((run, task)) = producer.and_then(|by| by.run.as_ref().zip(by.task.as_ref())) {
            p {
                a href={ "/runs/" (encoded(run)) "?step=" (encoded(task)) } { (short(task, 60)) }
                " in " a href={ "/runs/" (encoded(run)) } { (short(run, 60)) }
                @if let Some(by) = producer { ", as " code { (short(&by.output, 60)) } }
            }
        } @else { p class="dim" { "Nothing that is recorded." } }
        h2 { "Went into" }
        @if readers.is_empty() { p class="dim" { "Nothing so far." } }
        @else {
            ul class="plain" {
                @for execution in readers.iter().rev().take(MAX_USES) {
                    li {
                        @if let (Some(run), Some(task)) = (&execution.run, &execution.task) {
                            a href={ "/runs/" (encoded(run)) "?step=" (encoded(task)) } { (short(task, 60)) }
                            " " span class="dim" { (short(run, 44)) }
                        } @else { span class="dim" { "an execution without a name" } }
                    }
                }
                @if readers.len() > MAX_USES { li class="dim" { "and " (readers.len() - MAX_USES) " more" } }
            }
        }
        @if !others.is_empty() {
            h2 { "Properties" }
            dl class="pairs" { @for (name, value) in others { div { dt { (plain(name)) } dd { (values::parameter(value)) } } } }
        }
        h2 { "Content" }
        dl class="pairs" {
            @if let Some(size) = server.store().size(record) { div { dt { "Size" } dd class="number" { (bytes::size(size)) } } }
            div { dt { "Digest" } dd { code class="digest whole" { (plain(&record.artifact.uri)) } } }
            div { dt { "Type" } dd { (plain(&record.artifact.kind.0)) } }
            div { dt { "Made" } dd { (values::stamp(record.created_ms)) } }
        }
    })
}
