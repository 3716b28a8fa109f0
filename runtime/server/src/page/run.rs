//! A run: its state, its DAG or timeline or lineage, and beside it the step that was chosen, or what the run took and gave.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::Response;
use maud::{Markup, html};
use serde_json::Value;
use weft::metadata::control::{Comparison, Field, ListQuery, Origin, Predicate, RunEntry, Status};
use weft::metadata::{ExecutionKind, LineageStart, RunRecord, RunState, StepState};
use weft::pipeline::model::{Pipeline, TaskState};

use super::request::{Fields, act, answer};
use super::shell::{Page, Section, nothing};
use super::state::Look;
use super::words::{encoded, number, plain, short};
use super::{graph, lineage, runs, step, timeline, values};
use crate::error::{Error, Result};
use crate::live::LiveTask;
use crate::server::Server;

/// What is shown of the run as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum View {
    Graph,
    Timeline,
    Lineage,
}

impl View {
    pub(super) fn of(fields: &Fields) -> Self {
        match fields.get("view") {
            Some("timeline") => Self::Timeline,
            Some("lineage") => Self::Lineage,
            _ => Self::Graph,
        }
    }
}

/// A run with all that its page needs to know.
pub(super) struct Run {
    pub id: String,
    pub entry: Option<RunEntry>,
    /// Without its steps; none while it waits.
    pub record: Option<RunRecord>,
    pub pipeline: Option<Pipeline>,
    pub steps: Vec<StepState>,
    pub live: BTreeMap<String, LiveTask>,
    pub alive: bool,
    pub look: Look,
    /// The host that it came from, if it did not run here.
    pub host: Option<String>,
    pub now_ms: i64,
}

impl Run {
    pub(super) fn load(server: &Server, selector: &str) -> Result<Self> {
        let metadata = &server.store().metadata;
        let read = |selector: &str| -> Result<Option<RunRecord>> {
            match metadata.run_without_steps(selector) {
                Ok(record) => Ok(Some(record)),
                Err(weft::metadata::Error::RunNotFound { .. }) => Ok(None),
                Err(error) => Err(error.into()),
            }
        };
        let mut record = read(selector)?;
        let id = record.as_ref().map_or(selector, |record| &record.summary.id).to_owned();
        let entry = entry(server, &id);
        let is_running = |record: &RunRecord| record.summary.state == RunState::Running;
        let alive = record.as_ref().is_some_and(is_running) && server.store().is_alive(&id);
        if !alive && record.as_ref().is_some_and(is_running) {
            // Its process may have ended in between; what it recorded last counts.
            record = read(&id)?;
        }
        let steps = metadata.step_states(&id)?;
        let look = match (&record, &entry) {
            (None, None) => return Err(Error::not_found(format!("there is no run `{selector}`"))),
            // What this server has in hand counts more than what was recorded of an earlier attempt: one that is resumed is still recorded
            // as failed while it waits for its turn.
            (_, Some(entry)) if matches!(entry.status, Status::Queued | Status::Canceling) => {
                Look::of_status(entry.status)
            }
            // It was claimed, and its process has not come so far as to hold the run's lock.
            (_, Some(_)) if server.executes(&id) => Look::Running,
            (Some(record), _) => Look::of_run(record.summary.state, alive),
            (None, Some(entry)) => Look::of_status(entry.status),
        };
        let pipeline = record.as_ref().and_then(|record| weft::recorded_pipeline(&record.spec));
        let live = server.live(&id);
        let now_ms = server.settings().clock.now_ms();
        let host = metadata.replica_of(&id)?;
        Ok(Self { id, entry, record, pipeline, steps, live, alive, look, host, now_ms })
    }

    pub(super) fn name(&self) -> &str {
        self.entry.as_ref().map_or(&self.id, |entry| &entry.name)
    }

    fn pipeline_name(&self) -> &str {
        match (&self.record, &self.entry) {
            (Some(record), _) => &record.summary.pipeline,
            (None, Some(entry)) => &entry.pipeline_name,
            (None, None) => "",
        }
    }

    pub(super) fn parameters(&self) -> BTreeMap<String, Value> {
        match (&self.record, &self.entry) {
            (Some(record), _) => record.summary.parameters.clone(),
            (None, Some(entry)) => entry.parameters.clone(),
            (None, None) => BTreeMap::new(),
        }
    }

    /// Its start, and its end or now.
    fn span(&self) -> Option<(i64, i64)> {
        let record = self.record.as_ref()?;
        let last = self.steps.iter().filter_map(|step| step.ended_ms).max();
        let end = match (record.summary.ended_ms, self.look.is_moving()) {
            (Some(end), _) => end,
            (None, true) => self.now_ms,
            (None, false) => last.unwrap_or(record.summary.started_ms),
        };
        Some((record.summary.started_ms, end))
    }
}

/// `/runs/{id}`
pub(super) async fn page(State(server): State<Server>, Path(id): Path<String>, fields: Fields) -> Response {
    answer(server, move |server| {
        let run = Run::load(server, &id)?;
        let page = Page::new(Section::Runs, run.name()).wide().refresh(run.look.is_moving().then_some(3));
        let href = format!("/runs/{}", encoded(&run.id));
        let live = format!("{href}/live{}", fields.with("", None));
        Ok(page.around(&html! {
            div class="run" data-run=(href) data-begun=[run.record.is_some().then_some("yes")] data-live-run=[run.look.is_moving().then_some(live)] {
                div data-part="head" { (head(&run)) }
                nav class="tabs" aria-label="Views of this run" {
                    @for (view, name, value) in [(View::Graph, "Graph", None), (View::Timeline, "Timeline", Some("timeline")), (View::Lineage, "Lineage", Some("lineage"))] {
                        a href={ (href) (fields.with("view", value)) } aria-current=[(View::of(&fields) == view).then_some("page")] { (name) }
                    }
                }
                div class="split" {
                    section class="stage" id="stage" aria-label="The run" { (stage(server, &run, &fields)?) }
                    aside class="panel" id="panel" data-part="panel" aria-label="Details" tabindex="-1" { (panel(server, &run, &fields)?) }
                }
            }
        }))
    })
    .await
}

/// Its name, its state and what can be done.
pub(super) fn head(run: &Run) -> Markup {
    let href = format!("/runs/{}", encoded(&run.id));
    let counts = counts(&run.steps);
    let archived = run.entry.as_ref().is_some_and(|entry| entry.archived);
    let can_resume =
        run.host.is_none() && matches!(run.look, Look::Failed | Look::Canceled | Look::Stopped) && run.record.is_some();
    let error = run.record.as_ref().and_then(|record| record.summary.error.as_deref());
    let error = error.or_else(|| run.entry.as_ref().and_then(|entry| entry.error.as_deref()));
    // The step itself, not the DAGs around it.
    let mut failures = run.steps.iter().filter(|step| step.state == TaskState::Failed);
    let failed = failures.clone().find(|step| step.kind != ExecutionKind::Dag).or_else(|| failures.next());
    html! {
        div class="heading" {
            div {
                nav class="way" aria-label="Way to this page" {
                    a href="/" { "Runs" } span aria-hidden="true" { "/" }
                    a href={ "/pipelines/" (encoded(run.pipeline_name())) } { (short(run.pipeline_name(), 60)) } span aria-hidden="true" { "/" }
                }
                h1 { (short(run.name(), 120)) (run.look.badge()) @if archived { span class="badge is-skipped" { "Archived" } } }
            }
            div class="actions" {
                @if run.look.is_moving() {
                    form method="post" action={ (href) "/stop" } { button class="button" type="submit" { "Stop" } }
                }
                @if can_resume {
                    form method="post" action={ (href) "/resume" } { button class="button" type="submit" { "Resume" } }
                }
                @if !run.look.is_moving() {
                    form method="post" action="/archive" {
                        input type="hidden" name="run" value=(run.id);
                        input type="hidden" name="from" value="run";
                        input type="hidden" name="archived" value=(if archived { "no" } else { "yes" });
                        button class="button plain" type="submit" { (if archived { "Take back" } else { "Archive" }) }
                    }
                }
                a class="button plain" href={ "/delete?run=" (encoded(&run.id)) } { "Delete…" }
                a class="button primary" href={ (href) "/again" } { "Run again…" }
            }
        }
        dl class="facts" {
            @if let Some((start, end)) = run.span() {
                div { dt { "Started" } dd { (values::ago(start, run.now_ms)) } }
                div { dt { "Duration" } dd class="number" { (values::between(start, end)) } }
            } @else if let Some(entry) = &run.entry {
                div { dt { "Submitted" } dd { (values::ago(entry.created_ms, run.now_ms)) } }
            }
            div { dt { "Steps" } dd { (runs::steps(counts)) } }
            @if let Some(host) = &run.host {
                div { dt { "Ran on" } dd { (short(host, 60)) } }
            } @else {
                div { dt { "Started by" } dd { (origin(run.entry.as_ref().map(|entry| &entry.origin))) } }
            }
            @if run.name() != run.id { div { dt { "Id" } dd { code { (plain(&run.id)) } } } }
        }
        @if let Some(error) = error.filter(|_| matches!(run.look, Look::Failed)) {
            div class="problem" role="status" {
                @if let Some(step) = failed {
                    a href={ (href) "?step=" (encoded(&step.task)) } data-step=(step.task) { (short(&step.task, 80)) } ": "
                }
                (plain(error))
            }
        }
    }
}

fn counts(steps: &[StepState]) -> weft::metadata::StepCounts {
    let mut counts = weft::metadata::StepCounts::default();
    for step in steps {
        match step.state {
            TaskState::New => {}
            TaskState::Running => counts.running += 1,
            TaskState::Complete => counts.complete += 1,
            TaskState::Cached => counts.cached += 1,
            TaskState::Skipped => counts.skipped += 1,
            TaskState::Failed => counts.failed += 1,
            TaskState::Canceled => counts.canceled += 1,
        }
    }
    counts
}

fn origin(origin: Option<&Origin>) -> Markup {
    match origin {
        None | Some(Origin::CommandLine) => html! { "weft run" },
        Some(Origin::Api) => html! { "the API" },
        Some(Origin::Page) => html! { "this page" },
        Some(Origin::Recurring { id, index }) => {
            html! { a href={ "/schedules#" (encoded(id)) } { "a schedule" } ", run " (index) }
        }
        Some(Origin::Trigger { id, event }) => {
            html! { "the trigger " a href={ "/schedules#trigger-" (encoded(id)) } { (short(id, 60)) } ": " (short(event, 120)) }
        }
    }
}

/// The view of the whole run.
pub(super) fn stage(server: &Server, run: &Run, fields: &Fields) -> Result<Markup> {
    let href = format!("/runs/{}", encoded(&run.id));
    let Some((_, pipeline)) = run.record.as_ref().zip(run.pipeline.as_ref()) else {
        return Ok(match run.look {
            Look::Queued => nothing("It waits for its turn", &html! { "Its steps are shown once it has begun." }),
            _ => nothing("No steps", &html! { "This run did not begin, or its pipeline cannot be read." }),
        });
    };
    Ok(match View::of(fields) {
        View::Graph => {
            let fates = graph::fates(&run.steps, &run.live, run.alive);
            graph::drawing(pipeline, Some(&fates), fields, &href)
        }
        View::Timeline => html! { div data-part="timeline" { (time(run, fields)) } },
        View::Lineage => lineage::of(server, LineageStart::Run(run.id.clone()), None)?,
    })
}

/// The timeline.
pub(super) fn time(run: &Run, fields: &Fields) -> Markup {
    let span = run.span().unwrap_or((run.now_ms, run.now_ms));
    timeline::timeline(&run.id, run.pipeline.as_ref(), &run.steps, span, run.alive, fields)
}

/// What is beside it: the chosen step, or what the run took and gave.
pub(super) fn panel(server: &Server, run: &Run, fields: &Fields) -> Result<Markup> {
    if let Some(task) = fields.get("step") {
        return step::panel(server, run, task, fields);
    }
    let parameters = run.parameters();
    let metrics = server.store().metadata.metrics_of(&run.id)?;
    let description = run.pipeline.as_ref().and_then(|pipeline| pipeline.description.as_deref());
    Ok(html! {
        @if let Some(description) = description { p class="dim" { (plain(description)) } }
        @if !metrics.is_empty() {
            h2 { "Metrics" }
            dl class="pairs numbers" { @for (name, value) in &metrics { div { dt { (plain(name)) } dd class="number" { (number(*value)) } } } }
        }
        h2 { "Outputs" }
        @match &run.record {
            Some(record) => (values::ports(server, &record.outputs, "None, or none so far.")),
            None => p class="dim" { "None so far." },
        }
        h2 { "Parameters" }
        @if parameters.is_empty() {
            p class="dim" { "None." }
        } @else {
            dl class="pairs" { @for (name, value) in &parameters { div { dt { (plain(name)) } dd { (values::parameter(value)) } } } }
        }
        p class="dim hint" { "Choose a step to see what it read, gave and said." }
    })
}

/// What the server keeps of a run. Without it, its id stands for its name.
fn entry(server: &Server, id: &str) -> Option<RunEntry> {
    let only = Predicate { field: Field::Id, comparison: Comparison::Equals, values: vec![id.into()] };
    let query = ListQuery { filter: vec![only], limit: 1, ..ListQuery::default() };
    server.runs(&query).ok()?.entries.into_iter().next()
}

/// `POST /runs/{id}/stop`
pub(super) async fn stop(State(server): State<Server>, Path(id): Path<String>) -> Response {
    act(server, move |server| {
        server.terminate(&id)?;
        Ok(format!("/runs/{}", encoded(&id)))
    })
    .await
}

/// `POST /runs/{id}/resume`
pub(super) async fn resume(State(server): State<Server>, Path(id): Path<String>) -> Response {
    act(server, move |server| {
        server.retry(&id)?;
        Ok(format!("/runs/{}", encoded(&id)))
    })
    .await
}
