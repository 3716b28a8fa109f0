//! Runs beside each other: parameters, metrics, curves, matrices, and which steps differ and why.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::Response;
use maud::{Markup, html};
use weft::metadata::{RunRecord, RunState, StepKey, StepRecord};
use weft::pipeline::step::{Artifact, PortValue, PortValues};
use weft::words::reason;
use weft::{Execution, differences};

use super::chart::{Curve, roc};
use super::request::{Fields, answer};
use super::shell::{Page, Section, heading, nothing};
use super::state::Look;
use super::words::{encoded, number, plain, short};
use super::{evaluation, values};
use crate::error::Result;
use crate::server::Server;

/// Runs that are compared, steps that are listed, and pairs of curves or matrices that are drawn.
const MAX_RUNS: usize = 6;
const MAX_STEPS: usize = 500;
const MAX_DRAWN: usize = 8;

/// `/compare?run=..&run=..`; the others are compared with the first.
pub(super) async fn page(State(server): State<Server>, fields: Fields) -> Response {
    answer(server, move |server| {
        let ids: BTreeSet<&str> = fields.all("run").collect();
        let wanted: Vec<&str> = fields.all("run").filter(|id| ids.contains(id)).take(MAX_RUNS).collect();
        let runs: Vec<Compared> = wanted.iter().map(|id| Compared::load(server, id)).collect::<Result<_>>()?;
        let page = Page::new(Section::Runs, "Compare runs").wide();
        if runs.len() < 2 {
            let text = html! { "Choose two or more of " a href="/" { "the runs" } ", and compare them." };
            return Ok(page.around(&html! { (heading(&[("/", "Runs")], &html! { "Compare" }, &html! {})) (nothing("Nothing to compare", &text)) }));
        }
        Ok(page.around(&html! {
            (heading(&[("/", "Runs")], &html! { "Compare " (runs.len()) " runs" }, &html! {}))
            div class="scroll" tabindex="0" role="region" aria-label="Comparison" {
                table class="comparison" {
                    (columns(&runs))
                    (metrics(&runs))
                    (parameters(&runs))
                    (steps(&runs))
                }
            }
            (evaluations(&runs))
        }))
    })
    .await
}

struct Compared {
    record: RunRecord,
    metrics: BTreeMap<String, f64>,
    look: Look,
}

impl Compared {
    fn load(server: &Server, id: &str) -> Result<Self> {
        let record = server.store().metadata.run(id)?;
        let metrics = server.store().metadata.metrics_of(&record.summary.id)?;
        let alive = record.summary.state == RunState::Running && server.store().is_alive(&record.summary.id);
        Ok(Self { look: Look::of_run(record.summary.state, alive), record, metrics })
    }

    fn step(&self, task: &str) -> Option<&StepRecord> {
        self.record.steps.iter().find(|step| step.task == task)
    }
}

fn columns(runs: &[Compared]) -> Markup {
    html! {
        thead {
            tr {
                th scope="col" { span class="unseen" { "What" } }
                @for (at, run) in runs.iter().enumerate() {
                    @let summary = &run.record.summary;
                    th scope="col" {
                        span class={ "swatch series-" (at) } {}
                        a href={ "/runs/" (encoded(&summary.id)) } { (short(&summary.id, 48)) }
                        div class="under" {
                            (run.look.badge())
                            span class="dim" { (values::stamp(summary.started_ms)) }
                            @if let Some(end) = summary.ended_ms { span class="dim number" { (values::between(summary.started_ms, end)) } }
                        }
                    }
                }
            }
        }
    }
}

/// A part of the table under a heading of its own.
fn part(runs: &[Compared], title: &str, about: &str, rows: &Markup) -> Markup {
    html! {
        tbody {
            tr class="part" { th scope="rowgroup" colspan=(runs.len() + 1) { (title) span class="dim" { " " (about) } } }
            (rows)
        }
    }
}

fn metrics(runs: &[Compared]) -> Markup {
    let names: BTreeSet<&String> = runs.iter().flat_map(|run| run.metrics.keys()).collect();
    if names.is_empty() {
        return html! {};
    }
    let rows = html! {
        @for name in names {
            @let first = runs[0].metrics.get(name);
            @let differs = runs.iter().any(|run| run.metrics.get(name) != first);
            tr class=[(!differs).then_some("same")] {
                th scope="row" { (short(name, 48)) }
                @for (at, run) in runs.iter().enumerate() {
                    @let value = run.metrics.get(name);
                    td class="number" {
                        @match value { Some(value) => (number(*value)), None => span class="dim" { "–" } }
                        @if at > 0 && value != first
                            && let Some((value, first)) = value.zip(first) {
                            " " span class="delta" { (signed(value - first)) }
                        }
                    }
                }
            }
        }
    };
    part(runs, "Metrics", "differences from the first run", &rows)
}

fn signed(difference: f64) -> String {
    let text = number((difference * 1e6).round() / 1e6);
    if difference > 0.0 { format!("+{text}") } else { text.replace('-', "−") }
}

fn parameters(runs: &[Compared]) -> Markup {
    let names: BTreeSet<&String> = runs.iter().flat_map(|run| run.record.summary.parameters.keys()).collect();
    let rows = html! {
        @for name in &names {
            @let first = runs[0].record.summary.parameters.get(*name);
            @let differs = runs.iter().any(|run| run.record.summary.parameters.get(*name) != first);
            tr class=[(!differs).then_some("same")] {
                th scope="row" { (short(name, 48)) }
                @for run in runs {
                    @let value = run.record.summary.parameters.get(*name);
                    td class=[(differs && value != first).then_some("changed")] {
                        @match value { Some(value) => (values::parameter(value)), None => span class="dim" { "–" } }
                    }
                }
            }
        }
    };
    if names.is_empty() {
        html! {}
    } else {
        part(runs, "Parameters", "", &rows)
    }
}

fn steps(runs: &[Compared]) -> Markup {
    let mut tasks: Vec<&str> = Vec::new();
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for step in runs.iter().flat_map(|run| &run.record.steps) {
        if known.insert(&step.task) {
            tasks.push(&step.task);
        }
    }
    let hidden = tasks.len().saturating_sub(MAX_STEPS);
    let rows = html! {
        @for task in tasks.iter().take(MAX_STEPS) {
            @let first = runs[0].step(task);
            @let reasons: Vec<Vec<String>> = runs.iter().map(|run| reasons(first, run.step(task))).collect();
            tr class=[reasons.iter().all(Vec::is_empty).then_some("same")] {
                th scope="row" { (short(task, 60)) }
                @for (run, reasons) in runs.iter().zip(&reasons) {
                    td class=[(!reasons.is_empty()).then_some("changed")] {
                        @match run.step(task) {
                            Some(step) => {
                                a class="quiet" href={ "/runs/" (encoded(&step.run)) "?step=" (encoded(task)) } { (Look::of_task(step.state).badge()) }
                                @if step.duration_us > 0 { span class="dim number" { " " (values::took(step.duration_us)) } }
                            }
                            None => span class="dim" { "not run" },
                        }
                        @if !reasons.is_empty() { ul class="reasons" { @for reason in reasons { li { (plain(reason)) } } } }
                    }
                }
            }
        }
        @if hidden > 0 { tr { td colspan=(runs.len() + 1) class="dim" { "and " (hidden) " more" } } }
    };
    part(runs, "Steps", "and why they differ from the first run", &rows)
}

/// Why a step is another than that of the first run; empty if it is the same.
fn reasons(first: Option<&StepRecord>, other: Option<&StepRecord>) -> Vec<String> {
    let (Some(first), Some(other)) = (first, other) else {
        return if first.is_none() && other.is_none() {
            Vec::new()
        } else {
            vec!["only one of both has it".to_owned()]
        };
    };
    if std::ptr::eq(first, other) {
        return Vec::new();
    }
    let execution = |step: &StepRecord| Execution { step: step.clone(), key: StepKey::default() };
    let mut reasons: Vec<String> =
        differences(&execution(first), &execution(other)).iter().map(reason::difference).collect();
    if !reasons.is_empty() {
        return reasons;
    }
    let spared = |step: &StepRecord| matches!(Look::of_task(step.state), Look::Cached | Look::Complete);
    if first.state != other.state && !(spared(first) && spared(other)) {
        let there = || format!("{} there", Look::of_task(first.state).word().to_lowercase());
        reasons.push(other.skipped.clone().unwrap_or_else(there));
    } else if first.identity == other.identity && !same_outputs(&first.outputs, &other.outputs) {
        reasons.push("the same inputs, and other outputs".to_owned());
    }
    reasons
}

fn are_equal(a: &[Artifact], b: &[Artifact]) -> bool {
    let same = |(a, b): (&Artifact, &Artifact)| a.uri == b.uri && a.kind == b.kind && a.properties == b.properties;
    a.len() == b.len() && a.iter().zip(b).all(same)
}

fn same_outputs(a: &PortValues, b: &PortValues) -> bool {
    let same = |(a, b): (&PortValue, &PortValue)| match (a, b) {
        (PortValue::Artifacts(a), PortValue::Artifacts(b)) => are_equal(a, b),
        (a, b) => a == b,
    };
    a.len() == b.len() && a.keys().eq(b.keys()) && a.values().zip(b.values()).all(same)
}

/// The curves of each output over one another, and matrices beside each other.
fn evaluations(runs: &[Compared]) -> Markup {
    let mut outputs: BTreeSet<(&str, &str)> = BTreeSet::new();
    for step in runs.iter().flat_map(|run| &run.record.steps) {
        for (port, _) in step.outputs.iter().filter(|(_, value)| {
            value.artifacts().first().is_some_and(|one| evaluation::shown(&one.properties).is_some())
        }) {
            outputs.insert((&step.task, port));
        }
    }
    let of = |run: &'_ Compared, task: &str, port: &str| -> Option<Artifact> {
        run.step(task)?.outputs.get(port)?.artifacts().first().cloned()
    };
    html! {
        @for (task, port) in outputs.into_iter().take(MAX_DRAWN) {
            @let artifacts: Vec<(&str, Artifact)> = runs.iter().filter_map(|run| Some((run.record.summary.id.as_str(), of(run, task, port)?))).collect();
            @let curves: Vec<Curve<'_>> = runs.iter().map(|run| Curve {
                name: &run.record.summary.id,
                points: of(run, task, port).and_then(|one| evaluation::curve(&one.properties)).unwrap_or_default(),
            }).collect();
            section class="evaluation" {
                h2 { (short(task, 60)) "." (short(port, 60)) }
                div class="side-by-side" {
                    @if curves.iter().any(|curve| !curve.points.is_empty()) { (roc(&curves)) }
                    @for (name, artifact) in &artifacts {
                        @if let Some(confusion) = evaluation::confusion(&artifact.properties) { (confusion.table(name, &format!("{task}.{port} of {name}"))) }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use weft::metadata::{ExecutionId, ExecutionKind};
    use weft::pipeline::model::TaskState;
    use weft::pipeline::step::{ComponentRef, Grants};
    use weft::pipeline::types::ArtifactType;

    fn step(run: &str) -> StepRecord {
        StepRecord {
            execution: ExecutionId(1),
            run: run.to_owned(),
            task: "train".to_owned(),
            kind: ExecutionKind::Container,
            state: TaskState::Complete,
            component: Some(ComponentRef { digest: "blake3:aa".to_owned(), function: "train".to_owned() }),
            identity: Some([1; 32]),
            cached_from: None,
            attempts: 1,
            started_ms: 0,
            ended_ms: Some(1),
            duration_us: 1_000,
            peak_memory: 0,
            log: None,
            grants: Grants::default(),
            inputs: PortValues::from([("rate".to_owned(), PortValue::Parameter(json!(0.1))), data("blake3:01")]),
            outputs: PortValues::new(),
            error: None,
            skipped: None,
        }
    }

    fn data(uri: &str) -> (String, PortValue) {
        let artifact = Artifact {
            id: Some(3),
            kind: ArtifactType("system.Dataset".to_owned()),
            uri: uri.to_owned(),
            name: None,
            properties: BTreeMap::new(),
        };
        ("data".to_owned(), PortValue::Artifacts(vec![artifact]))
    }

    #[test]
    fn a_difference_has_its_reasons() {
        let first = step("a");
        let mut other = step("b");
        assert!(reasons(Some(&first), Some(&other)).is_empty());
        other.state = TaskState::Cached;
        assert!(reasons(Some(&first), Some(&other)).is_empty(), "cached is the same");
        other.inputs.insert("rate".to_owned(), PortValue::Parameter(json!(0.2)));
        other.inputs.extend([data("blake3:02")]);
        other.component = Some(ComponentRef { digest: "blake3:bb".to_owned(), function: "train".to_owned() });
        other.grants.clock = true;
        other.identity = Some([2; 32]);
        assert_eq!(
            reasons(Some(&first), Some(&other)),
            [
                "another build of its component: blake3:aa → blake3:bb",
                "data has other content: blake3:01 → blake3:02",
                "rate: 0.1 → 0.2",
                "other grants"
            ]
        );
        assert_eq!(reasons(Some(&first), None), ["only one of both has it"]);
    }

    #[test]
    fn what_is_not_reproduced_is_told() {
        let (first, mut other) = (step("a"), step("b"));
        other.outputs.insert("accuracy".to_owned(), PortValue::Parameter(json!(0.5)));
        assert_eq!(reasons(Some(&first), Some(&other)), ["the same inputs, and other outputs"]);
    }
}
