//! A run's steps on its time.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use weft::metadata::{ExecutionKind, StepState};
use weft::pipeline::model::Pipeline;

use super::graph::{Openness, static_path, step_href};
use super::request::Fields;
use super::state::Look;
use super::values;
use super::words::{grouped, plain, short};

/// Rows that are shown; a loop may have a hundred thousand steps.
const MAX_ROWS: usize = 400;
/// The width of the time in units of the drawing.
const WIDE: i64 = 1000;

/// The timeline of a run from its start to its end, or to now.
pub(super) fn timeline(
    run: &str,
    pipeline: Option<&Pipeline>,
    steps: &[StepState],
    span: (i64, i64),
    alive: bool,
    fields: &Fields,
) -> Markup {
    let begin = steps.iter().map(|step| step.started_ms).min().unwrap_or(span.0).min(span.0);
    let end = span.1.max(begin + 1);
    let rows = rows(pipeline, steps, fields);
    let hidden = rows.len().saturating_sub(MAX_ROWS);
    let chosen = fields.get("step");
    html! {
        div class="timeline" {
            div class="axis" aria-hidden="true" {
                span {}
                span class="ticks" {
                    @for quarter in 0..=4 { span { @if quarter == 0 { "0" } @else { (values::between(0, (end - begin) * quarter / 4)) } } }
                }
                span {}
            }
            ol {
                @for Row { step, depth, toggle, inside } in rows.iter().take(MAX_ROWS) {
                    @let look = look_of(step, alive);
                    @let name = step.task.rsplit('/').next().unwrap_or(&step.task);
                    li id={ "bar-" (step.execution) } class=[(chosen == Some(step.task.as_str())).then_some("chosen")] {
                        span class={ "what depth-" ((*depth).min(6)) } {
                            @if let Some(toggle) = toggle {
                                a class="twist" href=(toggle.href) data-swap aria-expanded=(toggle.open) {
                                    svg viewBox="0 0 16 16" width="12" height="12" aria-hidden="true" { path d=(if toggle.open { "M4 6l4 4 4-4" } else { "M6 4l4 4-4 4" }) {} }
                                    span class="unseen" { (if toggle.open { "Close " } else { "Open " }) (plain(name)) }
                                }
                            }
                            (look.dot())
                            a href=(step_href(run, fields, &step.task)) data-step=(step.task) { (short(name, 48)) }
                            @if *inside > 0 { span class="dim" { (grouped(*inside as u64)) } }
                        }
                        (bar(step, look, begin, end))
                        span class="dim number" { (took(step, look, end)) }
                    }
                }
            }
            @if hidden > 0 { p class="dim" { "And " (grouped(hidden as u64)) " more. Close a loop to see what is below." } }
        }
    }
}

fn look_of(step: &StepState, alive: bool) -> Look {
    match Look::of_task(step.state) {
        Look::Running if !alive => Look::Stopped,
        look => look,
    }
}

fn bar(step: &StepState, look: Look, begin: i64, end: i64) -> Markup {
    let place = |ms: i64| (ms.clamp(begin, end) - begin) * WIDE / (end - begin);
    let from = place(step.started_ms);
    let to = place(step.ended_ms.unwrap_or(if look == Look::Running { end } else { step.started_ms }));
    let (from, width) = (from.min(WIDE - 4), (to - from).max(4));
    let thin = step.kind == ExecutionKind::Dag;
    html! {
        svg class="track" viewBox={ "0 0 " (WIDE) " 16" } preserveAspectRatio="none" aria-hidden="true" {
            @for quarter in 1..4 { path class="rule" d={ "M" (WIDE * quarter / 4) " 0v16" } vector-effect="non-scaling-stroke" {} }
            @if look != Look::Skipped {
                rect class={ "fill is-" (look.class()) } x=(from) y=(if thin { 6 } else { 3 }) width=(width) height=(if thin { 4 } else { 10 }) {}
            }
        }
    }
}

fn took(step: &StepState, look: Look, end: i64) -> String {
    match (look, step.ended_ms) {
        (Look::Cached | Look::Skipped | Look::Waiting, _) => look.word().to_lowercase(),
        (_, Some(_)) if step.duration_us > 0 => values::took(step.duration_us),
        (_, Some(ended)) => values::between(step.started_ms, ended),
        (Look::Running, None) => values::between(step.started_ms, end),
        _ => look.word().to_lowercase(),
    }
}

struct Toggle {
    href: String,
    open: bool,
}

struct Row<'s> {
    step: &'s StepState,
    depth: usize,
    toggle: Option<Toggle>,
    /// Steps below it that are hidden.
    inside: usize,
}

/// The steps in the order in which they began, those of a DAG below it if it is open.
fn rows<'s>(pipeline: Option<&Pipeline>, steps: &'s [StepState], fields: &Fields) -> Vec<Row<'s>> {
    let known: BTreeSet<&str> = steps.iter().map(|step| step.task.as_str()).collect();
    let mut below: BTreeMap<Option<&str>, Vec<&StepState>> = BTreeMap::new();
    for step in steps {
        below.entry(parent(&step.task, &known)).or_default().push(step);
    }
    let empty = Pipeline::default();
    let openness = Openness::new(pipeline.unwrap_or(&empty), fields);
    // Loops of many iterations stay closed unless they were opened.
    let is_open = |step: &StepState, children: usize| {
        let asked = fields.all("open").any(|open| open == step.task);
        asked || (openness.is_open(&step.task) && openness.is_open(&static_path(&step.task)) && children <= 24)
    };
    let mut rows = Vec::new();
    let mut open: Vec<(&StepState, usize)> =
        below.get(&None).into_iter().flatten().rev().map(|step| (*step, 0)).collect();
    while let Some((step, depth)) = open.pop() {
        let children = below.get(&Some(step.task.as_str()));
        let mut row = Row { step, depth, toggle: None, inside: 0 };
        if let Some(children) = children {
            let is_open = is_open(step, children.len());
            row.toggle = Some(Toggle { href: toggle(fields, &step.task, is_open), open: is_open });
            if is_open {
                open.extend(children.iter().rev().map(|child| (*child, depth + 1)));
            } else {
                row.inside = children.len();
            }
        }
        rows.push(row);
    }
    rows
}

fn toggle(fields: &Fields, task: &str, is_open: bool) -> String {
    let (to, from) = if is_open { ("shut", "open") } else { ("open", "shut") };
    let mut pairs: Vec<(String, String)> =
        fields.0.iter().filter(|(name, value)| !((name == from || name == to) && value == task)).cloned().collect();
    pairs.push((to.to_owned(), task.to_owned()));
    Fields(pairs).with("", None)
}

/// The step that a step is part of: the loop of an iteration, else the DAG around it.
fn parent<'t>(task: &'t str, known: &BTreeSet<&str>) -> Option<&'t str> {
    if let Some((loop_, _)) = task.strip_suffix(']').and_then(|task| task.rsplit_once('['))
        && known.contains(loop_)
    {
        return Some(loop_);
    }
    let mut path = task;
    while let Some((outer, _)) = path.rsplit_once('/') {
        if known.contains(outer) {
            return Some(outer);
        }
        path = outer;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft::metadata::ExecutionId;
    use weft::pipeline::model::TaskState;

    fn steps(tasks: &[&str]) -> Vec<StepState> {
        let step = |(at, task): (usize, &&str)| StepState {
            execution: ExecutionId(i64::try_from(at).unwrap()),
            task: (*task).to_owned(),
            kind: ExecutionKind::Container,
            state: TaskState::Complete,
            attempts: 1,
            started_ms: 0,
            ended_ms: Some(10),
            duration_us: 10_000,
            peak_memory: 0,
        };
        tasks.iter().enumerate().map(step).collect()
    }

    #[test]
    fn steps_lie_below_their_dags() {
        let steps = steps(&["a", "loop", "loop[0]", "loop[0]/work", "loop[1]", "loop[1]/work", "z"]);
        let shown = |fields: &Fields| -> Vec<(String, usize)> {
            rows(None, &steps, fields).iter().map(|row| (row.step.task.clone(), row.depth)).collect()
        };
        let all = shown(&Fields::default());
        assert_eq!(all.len(), 7);
        assert_eq!(all[3], ("loop[0]/work".to_owned(), 2));
        let shut = Fields(vec![("shut".to_owned(), "loop".to_owned())]);
        assert_eq!(shown(&shut), [("a".to_owned(), 0), ("loop".to_owned(), 0), ("z".to_owned(), 0)]);
    }

    #[test]
    fn a_long_loop_is_closed_until_it_is_opened() {
        let names: Vec<String> =
            std::iter::once("loop".to_owned()).chain((0..100).map(|i| format!("loop[{i}]"))).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let steps = steps(&names);
        let closed = rows(None, &steps, &Fields::default());
        assert_eq!((closed.len(), closed[0].inside), (1, 100));
        let opened = Fields(vec![("open".to_owned(), "loop".to_owned())]);
        assert_eq!(rows(None, &steps, &opened).len(), 101);
    }
}
