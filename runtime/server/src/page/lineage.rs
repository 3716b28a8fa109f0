//! Lineage as a picture to walk through: artifacts and the steps between them, from left to right.

use std::collections::HashMap;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use weft::metadata::{ArtifactNode, Direction, EventKind, ExecutionNode, LineageGraph, LineageQuery, LineageStart};
use weft::pipeline::graph::flowchart;
use weft::words::value;

use super::canvas::{canvas, px};
use super::request::{Fields, answer};
use super::shell::{Page, Section, heading, nothing};
use super::state::Look;
use super::words::{encoded, short};
use super::{content, values};
use crate::error::{Error, Result};
use crate::server::Server;

/// Nodes that are drawn.
const MAX_NODES: usize = 600;
/// Steps in each direction from an artifact, unless asked for more.
const DEPTH: usize = 2;
const MAX_DEPTH: usize = 12;
/// Sizes of boxes.
const WIDTH: f64 = 178.0;
const HEIGHT: f64 = 44.0;

/// `/artifacts/{id}/lineage`, with the number of steps as `depth`.
pub(super) async fn page(State(server): State<Server>, Path(id): Path<String>, fields: Fields) -> Response {
    answer(server, move |server| {
        let record = match content::find(server, &id, None) {
            Ok((record, _)) => record,
            Err(error) => server.store().metadata.artifact(&id).map_err(|_| error)?,
        };
        let number = record.artifact.id.ok_or_else(|| Error::not_found("there is no such artifact"))?;
        let depth = fields.get("depth").and_then(|text| text.parse().ok()).unwrap_or(DEPTH).clamp(1, MAX_DEPTH);
        let name = short(record.artifact.name.as_deref().unwrap_or("artifact"), 80);
        let href = format!("/artifacts/{number}");
        let drawn = of(server, LineageStart::Artifact(number), Some(depth))?;
        let deeper = |depth: usize| format!("{href}/lineage?depth={depth}");
        let actions = html! {
            @if depth > 1 { a class="button" href=(deeper(depth - 1)) { "Fewer steps" } }
            @if depth < MAX_DEPTH { a class="button" href=(deeper(depth + 1)) { "More steps" } }
        };
        Ok(Page::new(Section::Artifacts, &format!("Lineage of {name}")).wide().around(&html! {
            (heading(&[("/artifacts", "Artifacts"), (&href, &name)], &html! { "Lineage" (values::kind(record.artifact.kind.short())) }, &actions))
            p class="lead" { "Sources are left, uses are right. Choose an artifact to go on from it, a step to see it in its run." }
            (drawn)
        }))
    })
    .await
}

/// The lineage of an artifact or a run, drawn.
pub(super) fn of(server: &Server, start: LineageStart, depth: Option<usize>) -> Result<Markup> {
    let own = match &start {
        LineageStart::Artifact(id) => Some(*id),
        LineageStart::Run(_) => None,
    };
    // A run is drawn with the artifacts that its steps read and gave, and nothing beyond.
    let max_depth = Some(depth.unwrap_or(0));
    let query = LineageQuery { start, direction: Direction::Both, max_depth };
    let graph = server.store().metadata.lineage(&query)?;
    Ok(drawing(&graph, own))
}

#[derive(Clone, Copy)]
enum Node<'g> {
    Artifact(&'g ArtifactNode),
    Execution(&'g ExecutionNode),
}

fn drawing(graph: &LineageGraph, own: Option<i64>) -> Markup {
    let mut nodes: Vec<Node<'_>> = graph.artifacts.iter().map(Node::Artifact).collect();
    // DAGs pass on what their steps gave.
    nodes.extend(
        graph.executions.iter().filter(|one| one.kind != weft::metadata::ExecutionKind::Dag).map(Node::Execution),
    );
    if nodes.is_empty() {
        return nothing("No artifacts", &html! { "Nothing was read or made so far." });
    }
    let is_cut = nodes.len() > MAX_NODES || graph.truncated;
    nodes.truncate(MAX_NODES);
    let (mut artifacts, mut executions) = (HashMap::new(), HashMap::new());
    for (at, node) in nodes.iter().enumerate() {
        match node {
            Node::Artifact(artifact) => _ = artifacts.insert(artifact.id, at),
            Node::Execution(execution) => _ = executions.insert(execution.id, at),
        }
    }
    let mut edges: Vec<(usize, usize)> = Vec::new();
    for edge in &graph.edges {
        let ends = artifacts.get(&edge.artifact).zip(executions.get(&edge.execution));
        let pair = match (ends, edge.kind) {
            (Some((artifact, execution)), EventKind::Input) => (*artifact, *execution),
            (Some((artifact, execution)), EventKind::Output) => (*execution, *artifact),
            (None, _) => continue,
        };
        if !edges.contains(&pair) {
            edges.push(pair);
        }
    }
    let boxes = vec![(WIDTH, HEIGHT); nodes.len()];
    let chart = flowchart(&boxes, &edges);
    let content = html! {
        @for path in &chart.paths { g class="edge" { path d=(path) marker-end="url(#head)" {} } }
        @for (node, (x, y)) in nodes.iter().zip(&chart.corners) { (shape(*node, *x, *y, own)) }
    };
    html! {
        @if is_cut { p class="note" { "There is more than can be drawn." } }
        (canvas("Lineage", "dag lineage", (chart.width, chart.height), &content))
    }
}

fn shape(node: Node<'_>, x: f64, y: f64, own: Option<i64>) -> Markup {
    match node {
        Node::Artifact(artifact) => {
            let name = short(artifact.name.as_deref().unwrap_or("artifact"), 21);
            let line = format!("{} {}", short(artifact.kind.short(), 9), short(&value::short_uri(&artifact.uri), 16));
            let is_own = own == Some(artifact.id);
            let href = if is_own {
                format!("/artifacts/{}", artifact.id)
            } else {
                format!("/artifacts/{}/lineage", artifact.id)
            };
            html! {
                g class={ "node artifact" @if is_own { " chosen" } } {
                    a href=(href) aria-label={ (name) " " (line) ", artifact" } {
                        rect class="box" x=(px(x)) y=(px(y)) width=(px(WIDTH)) height=(px(HEIGHT)) rx=(px(HEIGHT / 2.0)) {}
                        text class="title" x=(px(x + 20.0)) y=(px(y + 18.5)) { (name) }
                        " "
                        text class="line" x=(px(x + 20.0)) y=(px(y + 34.0)) { (line) }
                    }
                }
            }
        }
        Node::Execution(execution) => {
            let name = short(execution.task.as_deref().unwrap_or("execution"), 20);
            let run = short(execution.run.as_deref().unwrap_or_default(), 22);
            let look = Look::of_task(execution.state);
            let href = match (&execution.run, &execution.task) {
                (Some(run), Some(task)) => Some(format!("/runs/{}?step={}", encoded(run), encoded(task))),
                _ => None,
            };
            html! {
                g class={ "node step is-" (look.class()) } {
                    a href=[href] aria-label={ (name) " " (run) ", step: " (look.word()) } {
                        rect class="box" x=(px(x)) y=(px(y)) width=(px(WIDTH)) height=(px(HEIGHT)) rx="6" {}
                        svg class={ "sign is-" (look.class()) } x=(px(x + 9.0)) y=(px(y + 8.0)) width="14" height="14" viewBox="0 0 16 16" {
                            use href={ "#sign-" (look.class()) } {}
                        }
                        text class="title" x=(px(x + 29.0)) y=(px(y + 18.5)) { (name) }
                        " "
                        text class="line" x=(px(x + 29.0)) y=(px(y + 34.0)) { (run) }
                    }
                }
            }
        }
    }
}
