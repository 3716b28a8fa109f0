//! Pipelines: those that ran and those that were uploaded, with their versions, their metrics over their runs, and their DAG.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use weft::metadata::control::{Comparison, Field, ListQuery, PipelineEntry, Predicate, VersionEntry};
use weft::metadata::{PipelineSummary, RunQuery, RunState, RunSummary};

use super::chart::{Point, line};
use super::request::{Fields, answer};
use super::shell::{Page, Section, heading, nothing};
use super::state::Look;
use super::words::{encoded, grouped, number, plain, short};
use super::{graph, values};
use crate::error::{Error, Result};
use crate::server::Server;

/// Runs in the strip of a pipeline, in its charts, and charts.
const STRIP: usize = 24;
const CHARTED: usize = 60;
const MAX_CHARTS: usize = 8;
/// Uploaded pipelines and versions that are listed.
const MAX_LISTED: usize = 200;

/// `/pipelines`
pub(super) async fn list(State(server): State<Server>) -> Response {
    answer(server, move |server| {
        let ran = server.store().metadata.pipelines_with_runs(STRIP)?;
        let uploaded = uploaded(server, None);
        let now_ms = server.settings().clock.now_ms();
        let names: Vec<&str> = ran.iter().map(|pipeline| pipeline.name.as_str()).collect();
        let unused = uploaded.iter().filter(|entry| !names.contains(&entry.name.as_str()));
        Ok(Page::new(Section::Pipelines, "Pipelines").around(&html! {
            (heading(&[], &html! { "Pipelines" }, &html! {}))
            @if ran.is_empty() && uploaded.is_empty() {
                (nothing("No pipelines", &html! { "Run one, or upload one with KFP's client." }))
            } @else {
                div class="scroll" tabindex="0" role="region" aria-label="Pipelines" {
                    table {
                        thead { tr {
                            th scope="col" { "Pipeline" } th scope="col" { "Last runs" } th class="right" scope="col" { "Runs" }
                            th scope="col" { "Last" } th scope="col" { "Uploaded" }
                        } }
                        tbody {
                            @for pipeline in &ran { (row(server, pipeline, uploaded.iter().find(|entry| entry.name == pipeline.name), now_ms)) }
                            @for entry in unused {
                                tr {
                                    td class="name" { a href={ "/pipelines/" (encoded(&entry.name)) } { (short(&entry.name, 80)) } }
                                    td { span class="dim" { "None yet" } } td class="right number" { "0" } td {}
                                    td class="nowrap" { (values::ago(entry.created_ms, now_ms)) }
                                }
                            }
                        }
                    }
                }
            }
        }))
    })
    .await
}

fn row(server: &Server, pipeline: &PipelineSummary, entry: Option<&PipelineEntry>, now_ms: i64) -> Markup {
    html! {
        tr {
            td class="name" { a href={ "/pipelines/" (encoded(&pipeline.name)) } { (short(&pipeline.name, 80)) } }
            td { (strip(server, pipeline)) }
            td class="right number" { a class="quiet" href={ "/?pipeline=" (encoded(&pipeline.name)) } { (grouped(pipeline.runs)) } }
            td class="nowrap" { @if let Some((_, _, started, _)) = pipeline.latest.first() { (values::ago(*started, now_ms)) } }
            td class="nowrap" { @if let Some(entry) = entry { (values::ago(entry.created_ms, now_ms)) } }
        }
    }
}

/// The newest runs as bars, the oldest first: the colour is the state, the height how long it took.
fn strip(server: &Server, pipeline: &PipelineSummary) -> Markup {
    let took = |run: &(String, RunState, i64, Option<i64>)| run.3.map_or(0, |end| (end - run.2).max(0));
    let slowest = pipeline.latest.iter().map(took).max().unwrap_or(0).max(1);
    let width = STRIP * 8;
    html! {
        svg class="strip" width=(width) height="24" viewBox={ "0 0 " (width) " 24" } role="group" aria-label={ "The last runs of " (short(&pipeline.name, 60)) } {
            @for (at, run) in pipeline.latest.iter().rev().enumerate() {
                @let look = Look::of_run(run.1, run.1 == RunState::Running && server.store().is_alive(&run.0));
                @let height = 5 + 17 * took(run) / slowest;
                a href={ "/runs/" (encoded(&run.0)) } aria-label={ (short(&run.0, 60)) ": " (look.word()) } {
                    title { (short(&run.0, 60)) ": " (look.word()) }
                    rect class="hit" x=(at * 8) width="8" height="24" {}
                    rect class={ "fill is-" (look.class()) } x=(at * 8 + 1) y=(24 - height) width="6" height=(height) rx="1.5" {}
                }
            }
        }
    }
}

fn uploaded(server: &Server, name: Option<&str>) -> Vec<PipelineEntry> {
    let is = |name: &str| Predicate { field: Field::Name, comparison: Comparison::Equals, values: vec![name.into()] };
    let query = ListQuery {
        filter: name.map(is).into_iter().collect(),
        descending: true,
        limit: MAX_LISTED,
        ..ListQuery::default()
    };
    server.pipelines(&query).map(|listed| listed.entries).unwrap_or_default()
}

/// `/pipelines/{name}`
pub(super) async fn page(State(server): State<Server>, Path(name): Path<String>, fields: Fields) -> Response {
    answer(server, move |server| {
        let entry = uploaded(server, Some(&name)).into_iter().next();
        let query = RunQuery { pipeline: Some(&name), limit: CHARTED, ..RunQuery::default() };
        let found = server.store().metadata.runs_page(&query)?;
        if found.runs.is_empty() && entry.is_none() {
            return Err(Error::not_found(format!("there is no pipeline `{}`", short(&name, 80))));
        }
        let versions = entry.as_ref().map(|entry| versions(server, &entry.id)).unwrap_or_default();
        let now_ms = server.settings().clock.now_ms();
        let newest = found.runs.first().map(|(run, _)| run.id.clone());
        let drawn = newest.as_ref().map(|id| server.store().metadata.run_without_steps(id)).transpose()?;
        let drawn = drawn.and_then(|record| weft::recorded_pipeline(&record.spec));
        let href = format!("/pipelines/{}", encoded(&name));
        let total = found.total.unwrap_or(0);
        let actions = html! {
            @if total > 0 { a class="button" href={ "/?pipeline=" (encoded(&name)) } { (grouped(total)) " runs" } }
            @if let Some(version) = versions.first() { a class="button primary" href=(start(version)) { "Start…" } }
            @else if let Some(id) = &newest { a class="button primary" href={ "/runs/" (encoded(id)) "/again" } { "Run again…" } }
        };
        let description = drawn.as_ref().and_then(|pipeline| pipeline.description.clone());
        let description = description.or_else(|| entry.as_ref().map(|entry| entry.description.clone())).filter(|text| !text.is_empty());
        Ok(Page::new(Section::Pipelines, &name).wide().around(&html! {
            (heading(&[("/pipelines", "Pipelines")], &html! { (short(&name, 120)) }, &actions))
            @if let Some(description) = description { p class="lead" { (plain(&description)) } }
            (charts(&found.runs))
            @if !versions.is_empty() {
                h2 { "Versions" }
                (version_table(&versions, now_ms))
            }
            @if let Some(pipeline) = &drawn {
                h2 { "Steps" span class="dim" { " of its newest run" } }
                div id="stage" { (graph::drawing(pipeline, None, &fields, &href)) }
            }
        }))
    })
    .await
}

fn versions(server: &Server, pipeline: &str) -> Vec<VersionEntry> {
    let query = ListQuery { descending: true, limit: MAX_LISTED, ..ListQuery::default() };
    server.versions(pipeline, &query).map(|listed| listed.entries).unwrap_or_default()
}

fn start(version: &VersionEntry) -> String {
    format!("/versions/{}/{}/start", encoded(&version.pipeline), encoded(&version.id))
}

fn version_table(versions: &[VersionEntry], now_ms: i64) -> Markup {
    html! {
        div class="scroll" tabindex="0" role="region" aria-label="Versions" {
            table {
                thead { tr { th scope="col" { "Version" } th scope="col" { "About" } th scope="col" { "Uploaded" } th scope="col" { span class="unseen" { "Start" } } } }
                tbody {
                    @for version in versions {
                        tr {
                            td class="name" { (short(&version.name, 80)) @if version.display_name != version.name { " " span class="dim" { (short(&version.display_name, 60)) } } }
                            td { (short(&version.description, 120)) }
                            td class="nowrap" { (values::ago(version.created_ms, now_ms)) }
                            td class="right" { a href=(start(version)) { "Start…" span class="unseen" { " " (short(&version.name, 80)) } } }
                        }
                    }
                }
            }
        }
    }
}

/// Each metric over the runs that have it, the oldest first.
fn charts(runs: &[(RunSummary, BTreeMap<String, f64>)]) -> Markup {
    let mut series: BTreeMap<&str, Vec<Point>> = BTreeMap::new();
    for (run, metrics) in runs.iter().rev() {
        for (name, value) in metrics {
            series.entry(name).or_default().push(Point {
                href: format!("/runs/{}", encoded(&run.id)),
                about: format!("{}: {} {}", short(&run.id, 60), short(name, 40), number(*value)),
                value: *value,
            });
        }
    }
    let mut series: Vec<(&str, Vec<Point>)> = series.into_iter().collect();
    series.sort_by_key(|(_, points)| std::cmp::Reverse(points.len()));
    html! {
        @if !series.is_empty() {
            h2 { "Metrics" span class="dim" { " of the last " (runs.len()) " runs" } }
            div class="charts" { @for (name, points) in series.iter().take(MAX_CHARTS) { (line(name, points)) } }
        }
    }
}

/// What is wrong with an uploaded version, if it cannot be read.
pub(super) fn version_of(server: &Server, pipeline: &str, version: &str) -> Result<(PipelineEntry, VersionEntry)> {
    Ok((server.pipeline(pipeline)?, server.version(pipeline, version)?))
}
