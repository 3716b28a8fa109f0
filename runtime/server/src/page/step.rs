//! A step of a run: its program, what it read and gave, why it did not run or failed, and its log.

use maud::{Markup, html};
use weft::metadata::{StepRecord, StepState};
use weft::pipeline::model::{Component, Implementation, Pipeline, Task};
use weft::pipeline::step::{Grants, HOST_PYTHON};
use weft::words::{bytes, time};

use super::graph::{static_path, step_href};
use super::request::Fields;
use super::run::Run;
use super::state::Look;
use super::words::{encoded, grouped, plain, short};
use super::{content, values};
use crate::error::Result;
use crate::server::Server;

/// Iterations that are listed.
const MAX_ITERATIONS: usize = 200;

/// The panel of a step by its task, or by the path of a task in a loop: then its iterations are listed.
pub(super) fn panel(server: &Server, run: &Run, task: &str, fields: &Fields) -> Result<Markup> {
    let record = server.store().metadata.step(&run.id, task)?;
    let path = static_path(task);
    let place = run.pipeline.as_ref().and_then(|pipeline| find(pipeline, &path));
    let is_whole = path == task;
    let mut iterations =
        run.steps.iter().filter(|step| is_whole && step.task != task && static_path(&step.task) == path).peekable();
    let look = record.as_ref().map_or(Look::Waiting, |record| match Look::of_task(record.state) {
        Look::Running if !run.alive => Look::Stopped,
        look => look,
    });
    let href = format!("/runs/{}{}", encoded(&run.id), fields.with("step", None));
    Ok(html! {
        div class="step" data-shown-step=(task) {
            div class="step-head" {
                h2 { (short(task, 120)) }
                a class="close" href=(href) data-step="" aria-label="Back to the run" {
                    svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" { path d="M4 4l8 8M12 4l-8 8" {} }
                }
            }
            @if record.is_some() || iterations.peek().is_none() { (look.badge()) }
            @if let Some((task, _)) = place { @if let Some(name) = &task.display_name { p class="dim" { (plain(name)) } } }
            @if iterations.peek().is_some() { (list(run, iterations, fields)) }
            @match &record {
                Some(record) => (recorded(server, run, record, place, look)?),
                None => (declared(place)),
            }
        }
    })
}

/// The task at a path, and its component.
pub(super) fn find<'p>(pipeline: &'p Pipeline, path: &str) -> Option<(&'p Task, &'p Component)> {
    let mut component = &pipeline.root;
    let mut found = None;
    for name in path.split('/') {
        let Implementation::Dag(dag) = &component.implementation else { return None };
        let task = dag.tasks.get(name)?;
        component = pipeline.components.get(&task.component)?;
        found = Some((task, component));
    }
    found
}

/// The file and function of a component, or the image of a container. No path of the host is in it.
pub(super) fn program(component: &Component) -> Option<String> {
    let file = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned();
    match &component.implementation {
        Implementation::Wasm(step) => Some(match &step.function {
            Some(function) => format!("{}#{function}", file(&step.path)),
            None => file(&step.path),
        }),
        Implementation::Command(step) => Some(match &step.program {
            Some(program) => match program.digest.strip_prefix(HOST_PYTHON) {
                Some(version) => format!("{} by the host's own Python {version}", step.image),
                None => format!("{} by {}", step.image, file(&program.path)),
            },
            None => step.image.clone(),
        }),
        _ => None,
    }
}

fn list<'s>(run: &Run, iterations: impl Iterator<Item = &'s StepState> + Clone, fields: &Fields) -> Markup {
    let total = iterations.clone().count();
    html! {
        h3 { "Iterations" span class="dim" { " " (grouped(total as u64)) } }
        ol class="iterations" {
            @for step in iterations.take(MAX_ITERATIONS) {
                @let look = Look::of_task(step.state);
                li {
                    (look.dot())
                    a href=(step_href(&run.id, fields, &step.task)) data-step=(step.task) { (short(&step.task, 60)) }
                    span class="dim number" { @if step.duration_us > 0 { (values::took(step.duration_us)) } }
                }
            }
        }
        @if total > MAX_ITERATIONS { p class="dim" { "The first " (MAX_ITERATIONS) " are listed." } }
    }
}

/// What is known of a step that is not recorded.
fn declared(place: Option<(&Task, &Component)>) -> Markup {
    html! {
        @if let Some((task, component)) = place {
            @if let Some(program) = program(component) { dl class="pairs" { div { dt { "Program" } dd { (plain(&program)) } } } }
            @if let Some(when) = &task.when { p class="dim" { "Runs if " code { (plain(&when.expression)) } } }
        } @else {
            p class="dim" { "The pipeline has no such step." }
        }
    }
}

fn recorded(
    server: &Server,
    run: &Run,
    record: &StepRecord,
    place: Option<(&Task, &Component)>,
    look: Look,
) -> Result<Markup> {
    let metadata = &server.store().metadata;
    let origin = record.cached_from.map(|from| metadata.task_of(from)).transpose()?.flatten();
    let live = run.live.get(&record.task).filter(|_| look == Look::Running);
    let took = (record.duration_us > 0).then(|| values::took(record.duration_us));
    Ok(html! {
        @if let Some(error) = &record.error {
            div class="problem" {
                p { (plain(&error.message)) }
                @if let Some(hint) = &error.hint { p class="hint" { (plain(hint)) } }
            }
        }
        @if let Some(reason) = &record.skipped { p class="note" { (plain(reason)) } }
        @if let Some((from_run, from_task)) = &origin {
            p class="note" {
                "Its outputs are those of " a href={ "/runs/" (encoded(from_run)) "?step=" (encoded(from_task)) } { (short(from_task, 60)) }
                " in " a href={ "/runs/" (encoded(from_run)) } { (short(from_run, 60)) } "."
            }
        }
        @if let Some((done, total)) = live.and_then(|live| live.progress) {
            p class="progress" {
                progress value=(done) max=[(total > 0).then_some(total)] aria-label="Progress" {}
                span class="number" { (grouped(done)) @if total > 0 { " of " (grouped(total)) } }
            }
        }
        h3 { "Inputs" }
        (values::ports(server, &record.inputs, "None."))
        h3 { "Outputs" }
        (values::ports(server, &record.outputs, "None."))
        (content::log_part(server, run, record, live)?)
        h3 { "Execution" }
        dl class="pairs" {
            @if look != Look::Skipped { div { dt { "Started" } dd { (values::stamp(record.started_ms)) } } }
            @if let Some(took) = took { div { dt { "Duration" } dd class="number" { (took) } } }
            @if record.attempts > 1 { div { dt { "Attempts" } dd class="number" { (record.attempts) } } }
            @if record.peak_memory > 0 { div { dt { "Peak memory" } dd class="number" { (bytes::size(record.peak_memory)) } } }
            @if let Some(program) = place.and_then(|(_, component)| program(component)) { div { dt { "Program" } dd { (plain(&program)) } } }
            @if let Some(component) = &record.component {
                div { dt { "Component" } dd { (values::digest(&component.digest)) } }
                div { dt { "Function" } dd { code { (plain(&component.function)) } } }
            }
            @if let Some(identity) = &record.identity {
                @let identity = identity.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
                div { dt { "Identity" } dd { code class="digest" title=(identity) { (&identity[..12]) "…" } } }
            }
            div { dt { "Grants" } dd { (grants(&record.grants)) } }
            @if let Some((task, _)) = place { (limits(task)) }
        }
    })
}

fn grants(grants: &Grants) -> Markup {
    let mut lines: Vec<String> = Vec::new();
    if grants.clock {
        lines.push("the real clock".to_owned());
    }
    if grants.random {
        lines.push("real randomness".to_owned());
    }
    lines.extend(grants.env.iter().map(|name| format!("the variable {name}")));
    lines.extend(grants.net.iter().map(|to| format!("connections to {to}")));
    lines.extend(grants.variables.iter().map(|(name, value)| format!("{name}={value}")));
    lines.extend(grants.secrets.iter().map(|(to, secret)| format!("the {} {} at {to}", secret.kind, secret.name)));
    lines.extend(
        grants
            .directories
            .iter()
            .map(|(path, from)| format!("{path} from {}{}", from.host, if from.write { ", writable" } else { "" })),
    );
    html! {
        @if lines.is_empty() { span class="dim" { "none: a pure function of its inputs" } }
        @else { ul class="plain" { @for line in &lines { li { (short(line, 200)) } } } }
    }
}

fn limits(task: &Task) -> Markup {
    let limits = &task.limits;
    let lines = [
        limits.memory.map(|limit| format!("{} of memory", bytes::size(limit))),
        limits.time.map(time::duration),
        limits.output.map(|limit| format!("{} of output", bytes::size(limit))),
    ];
    let lines: Vec<String> = lines.into_iter().flatten().collect();
    html! {
        div { dt { "Limits" } dd { @if lines.is_empty() { span class="dim" { "those of the server" } } @else { (lines.join(", ")) } } }
        @if task.retry.max > 0 { div { dt { "Retries" } dd class="number" { "up to " (task.retry.max) } } }
    }
}
