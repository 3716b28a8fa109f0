//! A run's DAG: the layout of the pipeline, with the states of its steps, and DAGs that open and close.

use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};
use weft::metadata::StepState;
use weft::pipeline::graph::{Picture, PictureTask, picture};
use weft::pipeline::model::{Implementation, Pipeline};

use super::canvas::{canvas, px};
use super::request::Fields;
use super::state::Look;
use super::values;
use super::words::{encoded, grouped, plain, short};
use crate::live::LiveTask;

/// Pipelines of more tasks are shown with their DAGs closed.
const OPEN_TASKS: usize = 60;
/// The room for a state beside a task's title.
const ROOM: f64 = 78.0;

/// What became of a task of the pipeline; of one inside a loop, of all its iterations.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Fate {
    /// Its executions in iterations of loops around it, by what they look like.
    counts: BTreeMap<Look, usize>,
    /// If it is a loop, its iterations.
    iterations: BTreeMap<Look, usize>,
    /// The execution of the task itself, if it is in no loop.
    own: Option<(Look, u64)>,
    /// Units done and in total, if it tells.
    progress: Option<(u64, u64)>,
}

impl Fate {
    /// What it looks like as a whole.
    pub(super) fn look(&self) -> Look {
        if let Some((look, _)) = self.own {
            return look;
        }
        let by_weight = [
            Look::Failed,
            Look::Running,
            Look::Stopped,
            Look::Canceled,
            Look::Waiting,
            Look::Complete,
            Look::Cached,
            Look::Skipped,
        ];
        let counts = if self.counts.is_empty() { &self.iterations } else { &self.counts };
        by_weight.into_iter().find(|look| counts.contains_key(look)).unwrap_or(Look::Waiting)
    }

    /// What is said beside its name: how long it took, or how many of its iterations are done.
    pub(super) fn say(&self) -> String {
        if let Some((done, total)) = self.progress.filter(|(_, total)| *total > 0 && self.look() == Look::Running) {
            return format!("{} %", done.saturating_mul(100) / total);
        }
        let counts = if self.iterations.is_empty() { &self.counts } else { &self.iterations };
        let all: usize = counts.values().sum();
        if all > 0 {
            let done: usize = counts
                .iter()
                .filter(|(look, _)| !matches!(look, Look::Running | Look::Waiting))
                .map(|(_, count)| count)
                .sum();
            return if done == all { format!("{} ×", grouped(all as u64)) } else { format!("{done} of {all}") };
        }
        match self.own {
            Some((Look::Complete | Look::Failed | Look::Canceled, took)) => values::took(took),
            _ => String::new(),
        }
    }
}

/// A task's path without the numbers of iterations: `loop[3]/train` is `loop/train`.
pub(super) fn static_path(task: &str) -> String {
    let parts = task.split('/').map(|part| match part.strip_suffix(']').and_then(|part| part.rsplit_once('[')) {
        Some((name, number)) if !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => part,
    });
    parts.collect::<Vec<_>>().join("/")
}

/// What became of each task, by its path in the pipeline.
pub(super) fn fates(steps: &[StepState], live: &BTreeMap<String, LiveTask>, alive: bool) -> BTreeMap<String, Fate> {
    let mut fates: BTreeMap<String, Fate> = BTreeMap::new();
    for step in steps {
        let path = static_path(&step.task);
        let mut look = Look::of_task(step.state);
        if look == Look::Running && !alive {
            look = Look::Stopped;
        }
        let fate = fates.entry(path.clone()).or_default();
        if path == step.task {
            let took = match (step.duration_us, step.ended_ms) {
                (0, Some(end)) => u64::try_from(end - step.started_ms).unwrap_or(0).saturating_mul(1000),
                (took, _) => took,
            };
            fate.own = Some((look, took));
            fate.progress = live.get(&step.task).and_then(|task| task.progress);
        } else if step.task.ends_with(']') {
            *fate.iterations.entry(look).or_default() += 1;
        } else {
            *fate.counts.entry(look).or_default() += 1;
        }
    }
    fates
}

/// Which DAGs are open: all of a small pipeline, else those that were opened.
pub(super) struct Openness {
    by_default: bool,
    opened: BTreeSet<String>,
    shut: BTreeSet<String>,
}

impl Openness {
    pub(super) fn new(pipeline: &Pipeline, fields: &Fields) -> Self {
        let tasks: usize = pipeline
            .components
            .values()
            .chain([&pipeline.root])
            .map(|component| match &component.implementation {
                Implementation::Dag(dag) => dag.tasks.len(),
                _ => 0,
            })
            .sum();
        let all = |name: &str| fields.all(name).map(str::to_owned).collect();
        Self { by_default: tasks <= OPEN_TASKS, opened: all("open"), shut: all("shut") }
    }

    pub(super) fn is_open(&self, path: &str) -> bool {
        !self.shut.contains(path) && (self.by_default || self.opened.contains(path))
    }

    /// The query with which one of them is the other way.
    pub(super) fn toggle(&self, fields: &Fields, path: &str) -> String {
        let (to, from) = if self.is_open(path) { ("shut", "open") } else { ("open", "shut") };
        let mut pairs: Vec<(String, String)> =
            fields.0.iter().filter(|(name, value)| !(name == from && value == path)).cloned().collect();
        if to == "shut" || !self.by_default {
            pairs.push((to.to_owned(), path.to_owned()));
        }
        Fields(pairs).with("", None)
    }
}

/// The drawing of a pipeline, with states if there are some. `href` is the page whose query chooses a step.
pub(super) fn drawing(
    pipeline: &Pipeline,
    fates: Option<&BTreeMap<String, Fate>>,
    fields: &Fields,
    href: &str,
) -> Markup {
    let openness = Openness::new(pipeline, fields);
    let picture = picture(pipeline, &|path| openness.is_open(path), ROOM);
    if picture.tasks.is_empty() {
        return super::shell::nothing("No steps", &html! { "This pipeline has none." });
    }
    let chosen = fields.get("step").map(static_path);
    let content = html! {
        // Boxes of open DAGs are under all edges, those of tasks above.
        @for task in picture.tasks.iter().filter(|task| task.open) {
            (node(task, fates, fields, href, &openness, chosen.as_deref()))
        }
        (edges(&picture))
        @for task in picture.tasks.iter().filter(|task| !task.open) {
            (node(task, fates, fields, href, &openness, chosen.as_deref()))
        }
    };
    canvas("Graph of the steps", "dag", (picture.width, picture.height), &content)
}

fn edges(picture: &Picture) -> Markup {
    html! {
        @for edge in &picture.edges {
            g class={ "edge " (edge.flow) } {
                title { (plain(&edge.from)) " → " (plain(&edge.to)) @if !edge.outputs.is_empty() { ": " (plain(&edge.outputs)) } }
                path d=(edge.path) marker-end="url(#head)" {}
                @if let Some((text, x, y)) = &edge.label {
                    text x=(px(*x)) y=(px(y + 3.5)) text-anchor="middle" { (plain(text)) }
                }
            }
        }
    }
}

fn node(
    task: &PictureTask,
    fates: Option<&BTreeMap<String, Fate>>,
    fields: &Fields,
    href: &str,
    openness: &Openness,
    chosen: Option<&str>,
) -> Markup {
    let fate = fates.map(|fates| fates.get(&task.path).cloned().unwrap_or_default());
    let look = fate.as_ref().map_or(Look::Waiting, Fate::look);
    let say = fate.as_ref().map(Fate::say).unwrap_or_default();
    let is_chosen = chosen == Some(task.path.as_str());
    let link = format!("{href}{}", fields.with("step", Some(&task.path)));
    let mut class = format!("node {} is-{}", task.kind, if fates.is_some() { look.class() } else { "plain" });
    for (is_so, name) in [(task.open, " open"), (is_chosen, " chosen"), (task.repeats, " loop")] {
        if is_so {
            class.push_str(name);
        }
    }
    let (x, y) = (task.x, task.y);
    // What is read aloud is what is seen, and the word for the sign.
    let mut label = short(&task.title, 40);
    for text in task.lines.iter().map(String::as_str).chain([say.as_str()]).filter(|text| !text.is_empty()) {
        label.push(' ');
        label.push_str(&plain(text));
    }
    if fates.is_some() {
        label.push_str(": ");
        label.push_str(look.word());
    }
    html! {
        g class=(class) data-node=(task.path) data-look=(look.class()) {
            title { (plain(&task.details)) }
            a href=(link) data-step=(task.path) aria-label=(label) aria-current=[is_chosen.then_some("true")] {
                @if task.repeats && !task.open {
                    rect class="behind" x=(px(x + 4.0)) y=(px(y + 4.0)) width=(px(task.width)) height=(px(task.height)) rx="8" {}
                }
                rect class="box" x=(px(x)) y=(px(y)) width=(px(task.width)) height=(px(task.height)) rx="8" {}
                @if fates.is_some() {
                    svg class={ "sign is-" (look.class()) } x=(px(x + 9.0)) y=(px(y + 8.0)) width="14" height="14" viewBox="0 0 16 16" {
                        use href={ "#sign-" (look.class()) } {}
                    }
                } @else {
                    circle class="bullet" cx=(px(x + 16.0)) cy=(px(y + 15.0)) r="3" {}
                }
                text class="title" x=(px(x + 29.0)) y=(px(y + 19.5)) { (short(&task.title, 40)) }
                @for (at, line) in task.lines.iter().enumerate() {
                    " "
                    text class="line" x=(px(x + 29.0)) y=(px(y + 35.5 + 16.0 * to_float(at))) { (plain(line)) }
                }
                @if fates.is_some() {
                    " "
                    text class="say" x=(px(x + task.width - if task.inside > 0 { 34.0 } else { 10.0 })) y=(px(y + 19.5)) text-anchor="end" { (say) }
                }
            }
            @if task.inside > 0 {
                a class="toggle" href={ (href) (openness.toggle(fields, &task.path)) } data-swap
                    aria-label={ (if task.open { "Close " } else { "Open " }) (plain(&task.title)) ", " (task.inside) " inside" } {
                    title { @if task.open { "Close" } @else { "Open: " (task.inside) " inside" } }
                    rect x=(px(x + task.width - 27.0)) y=(px(y + 6.0)) width="18" height="18" rx="4" {}
                    path d={ "M" (px(x + task.width - 22.0)) " " (px(y + 15.0)) "h8" @if !task.open { "M" (px(x + task.width - 18.0)) " " (px(y + 11.0)) "v8" } } {}
                }
            }
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few lines")]
fn to_float(count: usize) -> f64 {
    count as f64
}

/// The state of each visible task for the script: its class, what is said beside its name, and what is read aloud.
pub(super) fn states(fates: &BTreeMap<String, Fate>) -> BTreeMap<&str, (&'static str, String, &'static str)> {
    fates.iter().map(|(path, fate)| (path.as_str(), (fate.look().class(), fate.say(), fate.look().word()))).collect()
}

/// The path of a step's page for a query; the steps of iterations have pages of their own.
pub(super) fn step_href(run: &str, fields: &Fields, task: &str) -> String {
    format!("/runs/{}{}", encoded(run), fields.with("step", Some(task)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use weft::metadata::{ExecutionId, ExecutionKind};
    use weft::pipeline::model::TaskState;

    fn step(task: &str, state: TaskState) -> StepState {
        StepState {
            execution: ExecutionId(1),
            task: task.to_owned(),
            kind: ExecutionKind::Container,
            state,
            attempts: 1,
            started_ms: 1_000,
            ended_ms: Some(3_000),
            duration_us: 0,
            peak_memory: 0,
        }
    }

    #[test]
    fn iterations_are_counted_where_the_loop_is() {
        let steps = [
            step("load", TaskState::Complete),
            step("loop", TaskState::Running),
            step("loop[0]", TaskState::Complete),
            step("loop[0]/work", TaskState::Complete),
            step("loop[1]", TaskState::Running),
            step("loop[1]/work", TaskState::Running),
            step("odd[x]", TaskState::Cached),
        ];
        let fates = fates(&steps, &BTreeMap::new(), true);
        let shown: Vec<_> = fates.iter().map(|(path, fate)| (path.as_str(), fate.look(), fate.say())).collect();
        assert_eq!(
            shown,
            [
                ("load", Look::Complete, "2.00 s".to_owned()),
                ("loop", Look::Running, "1 of 2".to_owned()),
                ("loop/work", Look::Running, "1 of 2".to_owned()),
                ("odd[x]", Look::Cached, String::new()),
            ]
        );
    }

    #[test]
    fn what_ran_is_interrupted_once_its_process_is_gone() {
        let fates = fates(&[step("a", TaskState::Running)], &BTreeMap::new(), false);
        assert_eq!(fates["a"].look(), Look::Stopped);
    }

    #[test]
    fn names_with_markup_are_text() {
        let mut pipeline = Pipeline::default();
        let Implementation::Dag(dag) = &mut pipeline.root.implementation else { panic!() };
        dag.tasks.insert("<script>alert(1)</script>".to_owned(), weft::pipeline::model::Task::default());
        let drawn = drawing(&pipeline, None, &Fields::default(), "/runs/r").into_string();
        assert!(!drawn.contains("<script"), "{drawn}");
        assert!(drawn.contains("&lt;script&gt;alert(1)"));
    }
}
