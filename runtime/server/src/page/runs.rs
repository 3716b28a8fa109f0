//! The list of runs.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;
use weft::metadata::control::{self, Field, ListQuery, Predicate, RunEntry};
use weft::metadata::{PipelineSummary, RunQuery, RunState, RunSummary, StepCounts};

use super::request::{Fields, answer, answer_if_changed};
use super::shell::{Page, Section, heading, nothing, pager};
use super::state::Look;
use super::words::{encoded, grouped, number, plain, short};
use super::{filter, values};
use crate::error::Result;
use crate::server::Server;

/// Runs on a page.
const PAGE: usize = 50;
/// Columns of parameters and of metrics, unless all are asked for, and then.
const COLUMNS: usize = 4;
const ALL_COLUMNS: usize = 40;
/// Pipelines to choose from.
const MAX_PIPELINES: usize = 200;

const STATES: [(&str, RunState, &str); 4] = [
    ("running", RunState::Running, "Running"),
    ("complete", RunState::Complete, "Complete"),
    ("failed", RunState::Failed, "Failed"),
    ("canceled", RunState::Canceled, "Canceled"),
];

/// In place of a state: those that were put away.
const ARCHIVED: &str = "archived";

/// `/`: the whole page, or with `part` the table alone.
pub(super) async fn page(State(server): State<Server>, fields: Fields, headers: HeaderMap) -> Response {
    if fields.get("part").is_some() {
        let list = move |server: &Server| Ok(Listing::new(server, &fields)?.table(&fields).into_string());
        return answer_if_changed(server, headers, "text/html; charset=utf-8", list).await;
    }
    answer(server, move |server| whole(server, &fields)).await
}

fn whole(server: &Server, fields: &Fields) -> Result<Markup> {
    let listing = Listing::new(server, fields)?;
    let pipelines = server.store().metadata.pipelines_with_runs(0)?;
    let moving = listing.rows.iter().any(|row| row.look.is_moving());
    let page = Page::new(Section::Runs, "Runs").wide().refresh(moving.then_some(5));
    Ok(page.around(&html! {
        (heading(&[], &html! { "Runs" }, &html! {}))
        (tools(fields, &pipelines, listing.problem.as_deref()))
        form id="compare" method="get" action="/compare" {
            div data-live={ "/" (fields.with("part", Some("table"))) } data-every=(if moving { "1000" } else { "4000" }) {
                (listing.table(fields))
            }
        }
    }))
}

/// The fields to find runs by.
fn tools(fields: &Fields, pipelines: &[PipelineSummary], problem: Option<&str>) -> Markup {
    let chosen = |name: &str, value: &str| fields.get(name) == Some(value);
    html! {
        form class="tools" method="get" action="/" role="search" data-auto {
            div class="search" {
                svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" { path d="M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10M10.6 10.6L14 14" {} }
                label class="unseen" for="q" { "Filter by text, metric or parameter" }
                input id="q" name="q" type="search" value=[fields.get("q")] placeholder="Filter: a name, accuracy > 0.9, seed = 7"
                    autocomplete="off" spellcheck="false" data-focus-key="/"
                    aria-describedby=[problem.map(|_| "q-problem")] aria-invalid=[problem.map(|_| "true")];
            }
            label class="unseen" for="pipeline" { "Pipeline" }
            select id="pipeline" name="pipeline" {
                option value="" { "All pipelines" }
                @for pipeline in pipelines.iter().take(MAX_PIPELINES) {
                    option value=(pipeline.name) selected[chosen("pipeline", &pipeline.name)] { (short(&pipeline.name, 60)) }
                }
            }
            label class="unseen" for="state" { "State" }
            select id="state" name="state" {
                option value="" { "Any state" }
                @for (value, _, word) in STATES { option value=(value) selected[chosen("state", value)] { (word) } }
                option value=(ARCHIVED) selected[chosen("state", ARCHIVED)] { "Archived" }
            }
            button class="button" type="submit" { "Filter" }
            @if ["q", "pipeline", "state"].iter().any(|name| fields.get(name).is_some()) { a class="button plain" href="/" { "Clear" } }
        }
        @if let Some(problem) = problem { p id="q-problem" class="problem" { (plain(problem)) } }
    }
}

/// A run as the table shows it.
struct Row {
    id: String,
    name: String,
    pipeline: String,
    look: Look,
    origin: Option<control::Origin>,
    started_ms: i64,
    /// Milliseconds that it took, or takes so far; none while it waits.
    took_ms: Option<i64>,
    counts: StepCounts,
    parameters: BTreeMap<String, Value>,
    metrics: BTreeMap<String, f64>,
    error: Option<String>,
}

struct Listing {
    rows: Vec<Row>,
    page: usize,
    more: bool,
    total: Option<u64>,
    problem: Option<String>,
    now_ms: i64,
}

impl Listing {
    fn new(server: &Server, fields: &Fields) -> Result<Self> {
        let now_ms = server.settings().clock.now_ms();
        let filter = filter::parse(fields.get("q").unwrap_or_default());
        let state = fields.get("state").and_then(|name| STATES.iter().find(|(known, _, _)| *known == name));
        let archived = fields.get("state") == Some(ARCHIVED);
        let page = fields.number("page");
        let query = RunQuery {
            pipeline: fields.get("pipeline"),
            state: state.map(|(_, state, _)| *state),
            archived,
            texts: filter.texts.clone(),
            comparisons: filter.comparisons.clone(),
            offset: (page - 1).saturating_mul(PAGE),
            limit: PAGE,
        };
        let found = server.store().metadata.runs_page(&query)?;
        let ids: Vec<&str> = found.runs.iter().map(|(run, _)| run.id.as_str()).collect();
        let entries = entries(server, &ids);
        let mut rows = Vec::new();
        // Those that wait are in no list of what ran.
        if page == 1 && state.is_none() && !archived && filter == filter::Filter::default() {
            let waiting = waiting(server, fields.get("pipeline"));
            rows.extend(waiting.into_iter().map(|entry| Row::waiting(entry, now_ms)));
        }
        for (run, metrics) in found.runs {
            let entry = entries.get(&run.id);
            let alive = run.state == RunState::Running && server.store().is_alive(&run.id);
            rows.push(Row::new(run, metrics, entry, alive, now_ms));
        }
        Ok(Self { rows, page, more: found.more, total: found.total, problem: filter.problem, now_ms })
    }

    fn table(&self, fields: &Fields) -> Markup {
        if self.rows.is_empty() {
            let is_filtered = ["q", "pipeline", "state", "page"].iter().any(|name| fields.get(name).is_some());
            return if is_filtered {
                nothing(
                    "No run fits",
                    &html! { "Take something out of the filter, or " a href="/" { "show all runs" } "." },
                )
            } else {
                nothing(
                    "Nothing ran yet",
                    &html! { "Start a pipeline with " code { "weft run pipeline.yaml" } ", or upload one with KFP's client." },
                )
            };
        }
        let all = fields.get("columns") == Some("all");
        let (parameters, more_parameters) = self.parameters(all);
        let (metrics, more_metrics) = self.metrics(all);
        let slowest = self.rows.iter().filter_map(|row| row.took_ms).max().unwrap_or(0).max(1);
        let several = fields.get("pipeline").is_none();
        html! {
            div class="scroll" tabindex="0" role="region" aria-label="Runs" {
                table class="runs" {
                    thead {
                        @if !parameters.is_empty() || !metrics.is_empty() {
                            tr class="groups" {
                                th scope="colgroup" colspan=(if several { 6 } else { 5 }) { span class="unseen" { "Run" } }
                                @if !metrics.is_empty() { th scope="colgroup" colspan=(metrics.len()) { "Metrics" } }
                                @if !parameters.is_empty() { th scope="colgroup" colspan=(parameters.len()) { "Parameters" } }
                            }
                        }
                        tr {
                            th class="tick" scope="col" { span class="unseen" { "Select" } }
                            th scope="col" { "Run" }
                            @if several { th scope="col" { "Pipeline" } }
                            th scope="col" { "Started" }
                            th scope="col" { "Duration" }
                            th scope="col" { "Steps" }
                            @for name in &metrics { th class="right" scope="col" { (short(name, 28)) } }
                            @for name in &parameters { th scope="col" { (short(name, 28)) } }
                        }
                    }
                    tbody {
                        @for row in &self.rows { (row.markup(several, slowest, &metrics, &parameters, self.now_ms)) }
                    }
                }
            }
            div class="below" {
                button class="button" type="submit" data-compare { "Compare selected" }
                @if fields.get("state") == Some(ARCHIVED) {
                    input type="hidden" name="archived" value="no";
                    input type="hidden" name="from" value="archived";
                    button class="button plain" type="submit" formmethod="post" formaction="/archive" data-selected { "Take back" }
                } @else {
                    button class="button plain" type="submit" formmethod="post" formaction="/archive" data-selected { "Archive" }
                }
                button class="button plain" type="submit" formaction="/delete" data-selected { "Delete…" }
                @if more_parameters || more_metrics || all {
                    a class="button plain" href={ "/" (fields.with("columns", (!all).then_some("all"))) } {
                        @if all { "Fewer columns" } @else { "All columns" }
                    }
                }
                (pager(fields, self.page, self.more, &self.about()))
            }
        }
    }

    /// `51–100 of 1,234`
    fn about(&self) -> String {
        let first = (self.page - 1) * PAGE + 1;
        let shown = self.rows.iter().filter(|row| row.look != Look::Queued).count();
        let last = grouped((first + shown).saturating_sub(1) as u64);
        let total = self.total.map(|total| format!(" of {}", grouped(total))).unwrap_or_default();
        if shown == 0 { String::new() } else { format!("{}–{last}{total}", grouped(first as u64)) }
    }

    /// The parameters to show: those first in which runs differ. And whether there are others.
    fn parameters(&self, all: bool) -> (Vec<String>, bool) {
        let mut found: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
        for (name, value) in self.rows.iter().flat_map(|row| &row.parameters) {
            found.entry(name).or_default().insert(value.to_string());
        }
        let mut names: Vec<(&str, usize)> = found.iter().map(|(name, values)| (*name, values.len())).collect();
        names.sort_by_key(|(_, values)| usize::from(*values < 2));
        let most = if all { ALL_COLUMNS } else { COLUMNS };
        (names.iter().take(most).map(|(name, _)| (*name).to_owned()).collect(), names.len() > most)
    }

    /// The metrics to show: those first that most runs have. And whether there are others.
    fn metrics(&self, all: bool) -> (Vec<String>, bool) {
        let mut found: BTreeMap<&str, usize> = BTreeMap::new();
        for name in self.rows.iter().flat_map(|row| row.metrics.keys()) {
            *found.entry(name).or_default() += 1;
        }
        let mut names: Vec<(&str, usize)> = found.into_iter().collect();
        names.sort_by_key(|(_, runs)| std::cmp::Reverse(*runs));
        let most = if all { ALL_COLUMNS } else { COLUMNS };
        (names.iter().take(most).map(|(name, _)| (*name).to_owned()).collect(), names.len() > most)
    }
}

impl Row {
    fn new(
        run: RunSummary,
        metrics: BTreeMap<String, f64>,
        entry: Option<&RunEntry>,
        alive: bool,
        now_ms: i64,
    ) -> Self {
        let mut look = Look::of_run(run.state, alive);
        if look == Look::Running && entry.is_some_and(|entry| entry.status == control::Status::Canceling) {
            look = Look::Stopping;
        }
        let took_ms = match (run.ended_ms, look) {
            (Some(end), _) => Some(end - run.started_ms),
            (None, Look::Running | Look::Stopping) => Some(now_ms - run.started_ms),
            _ => None,
        };
        Self {
            name: entry.map_or_else(|| run.id.clone(), |entry| entry.name.clone()),
            origin: entry.map(|entry| entry.origin.clone()),
            id: run.id,
            pipeline: run.pipeline,
            look,
            started_ms: run.started_ms,
            took_ms,
            counts: run.counts,
            parameters: run.parameters,
            metrics,
            error: run.error,
        }
    }

    fn waiting(entry: RunEntry, now_ms: i64) -> Self {
        Self {
            id: entry.id,
            name: entry.name,
            pipeline: entry.pipeline_name,
            look: Look::of_status(entry.status),
            origin: Some(entry.origin),
            started_ms: entry.created_ms.min(now_ms),
            took_ms: None,
            counts: StepCounts::default(),
            parameters: entry.parameters,
            metrics: BTreeMap::new(),
            error: entry.error,
        }
    }

    fn markup(&self, several: bool, slowest: i64, metrics: &[String], parameters: &[String], now_ms: i64) -> Markup {
        let href = format!("/runs/{}", encoded(&self.id));
        html! {
            tr id={ "run-" (self.id) } {
                td class="tick" {
                    input type="checkbox" name="run" value=(self.id) aria-label={ "Select " (plain(&self.name)) };
                }
                td class="name" {
                    (self.look.dot())
                    a href=(href) { (short(&self.name, 72)) }
                    @if let Some(control::Origin::Recurring { .. }) = self.origin { span class="tag" { "scheduled" } }
                    @if let Some(control::Origin::Trigger { .. }) = self.origin { span class="tag" { "triggered" } }
                    @if let Some(error) = self.error.as_deref().filter(|_| self.look == Look::Failed) {
                        span class="because" title=(plain(error)) { (short(error, 90)) }
                    }
                }
                @if several { td { a class="quiet" href={ "/pipelines/" (encoded(&self.pipeline)) } { (short(&self.pipeline, 40)) } } }
                td class="nowrap" { (values::ago(self.started_ms, now_ms)) }
                td class="took" {
                    @if let Some(took) = self.took_ms {
                        (bar(took, slowest, self.look))
                        span { (values::between(0, took)) }
                    }
                }
                td class="steps" { (steps(self.counts)) }
                @for name in metrics { td class="right number" { (self.metrics.get(name).map(|value| number(*value)).unwrap_or_default()) } }
                @for name in parameters {
                    td class="parameter" { @if let Some(value) = self.parameters.get(name) { (short(&values::text(value), 32)) } }
                }
            }
        }
    }
}

/// A bar as long as a duration among others.
fn bar(took: i64, slowest: i64, look: Look) -> Markup {
    let width = (took.clamp(0, slowest) * 56 / slowest).max(1);
    html! {
        svg class="bar" width="56" height="6" aria-hidden="true" {
            rect class="rail" width="56" height="6" rx="3" {}
            rect class={ "fill is-" (look.class()) } width=(width) height="6" rx="3" {}
        }
    }
}

/// How many steps are in which state: a bar of parts, and the number.
pub(super) fn steps(counts: StepCounts) -> Markup {
    let parts = [
        (Look::Complete, counts.complete),
        (Look::Cached, counts.cached),
        (Look::Running, counts.running),
        (Look::Failed, counts.failed),
        (Look::Canceled, counts.canceled),
        (Look::Skipped, counts.skipped),
    ];
    let total: u64 = parts.iter().map(|(_, count)| count).sum();
    let words: Vec<String> = parts
        .iter()
        .filter(|(_, count)| *count > 0)
        .map(|(look, count)| format!("{} {}", grouped(*count), look.word().to_lowercase()))
        .collect();
    let mut from = 0;
    let places = parts.map(|(look, count)| {
        let start = from * 64 / total.max(1);
        from += count;
        (look, start, (from * 64 / total.max(1)).saturating_sub(start))
    });
    html! {
        @if total > 0 {
            span class="parts" title=(words.join(", ")) {
                svg width="64" height="6" aria-hidden="true" {
                    @for (look, start, width) in places {
                        @if width > 0 { rect class={ "fill is-" (look.class()) } x=(start) width=(width) height="6" {} }
                    }
                }
                span aria-hidden="true" { (grouped(total)) }
                span class="unseen" { (words.join(", ")) }
            }
        }
    }
}

/// What the server keeps of runs, by id. Without it, ids stand for names.
fn entries(server: &Server, ids: &[&str]) -> BTreeMap<String, RunEntry> {
    if ids.is_empty() {
        return BTreeMap::new();
    }
    let ids: Vec<Value> = ids.iter().map(|id| Value::from(*id)).collect();
    let only = Predicate { field: Field::Id, comparison: control::Comparison::In, values: ids };
    let query = ListQuery { filter: vec![only], limit: PAGE, ..ListQuery::default() };
    let found = server.runs(&query).map(|listed| listed.entries).unwrap_or_default();
    found.into_iter().map(|entry| (entry.id.clone(), entry)).collect()
}

/// The runs that wait for their turn, the newest first.
fn waiting(server: &Server, pipeline: Option<&str>) -> Vec<RunEntry> {
    // Mostly there are none, which is quickly known.
    if server.store().metadata.queue_length().is_ok_and(|(queued, ..)| queued == 0) {
        return Vec::new();
    }
    let is =
        |field, value: &str| Predicate { field, comparison: control::Comparison::Equals, values: vec![value.into()] };
    let mut filter = vec![is(Field::State, "QUEUED")];
    filter.extend(pipeline.map(|name| is(Field::PipelineName, name)));
    let query = ListQuery { filter, descending: true, limit: PAGE, ..ListQuery::default() };
    server.runs(&query).map(|listed| listed.entries).unwrap_or_default()
}
