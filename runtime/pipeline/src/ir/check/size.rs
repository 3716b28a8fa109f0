//! Bounds on the size of a pipeline with all its components expanded: the depth, the number of tasks, and that no
//! component contains itself.

use std::collections::{HashMap, HashSet};

use crate::diagnostic::{Diagnostic, Problems};
use crate::link::dags;
use crate::model::{Dag, Implementation, Items, Pipeline, Span};

/// The maximum nesting of components.
pub const MAX_NESTING: usize = 100;
/// The maximum number of tasks. Tasks of a loop over literal items count once for each item.
pub const MAX_TASKS: u64 = 250_000;

/// The size of a DAG.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    tasks: u64,
    depth: usize,
}

/// A DAG on the path to the current one.
struct Visit<'p> {
    /// Its component; `None` for the root.
    name: Option<&'p str>,
    /// The index of its next task.
    next: usize,
    /// The size of the tasks before that.
    size: Size,
}

impl<'p> Visit<'p> {
    fn new(name: Option<&'p str>) -> Self {
        Self { name, next: 0, size: Size::default() }
    }
}

pub(super) fn check(pipeline: &Pipeline, problems: &mut Problems) {
    let mut sizes: HashMap<Option<&str>, Size> = HashMap::new();
    let dags: HashMap<Option<&str>, &Dag> = dags(pipeline).collect();
    let starts = std::iter::once(None).chain(pipeline.components.keys().map(|name| Some(name.as_str())));
    for start in starts.filter(|start| dags.contains_key(start)) {
        if !sizes.contains_key(&start) {
            measure(pipeline, &dags, start, &mut sizes, problems);
        }
    }
    if let Some(size) = sizes.get(&None) {
        bounds(pipeline, *size, problems);
    }
}

/// Measures a DAG and all nested ones. It does not recurse, as a file can nest many thousands.
fn measure<'p>(
    pipeline: &'p Pipeline,
    dags: &HashMap<Option<&'p str>, &'p Dag>,
    start: Option<&'p str>,
    sizes: &mut HashMap<Option<&'p str>, Size>,
    problems: &mut Problems,
) {
    let mut path = vec![Visit::new(start)];
    let mut open: HashSet<Option<&str>> = HashSet::from([start]);
    while let Some(Visit { name, next, mut size }) = path.pop() {
        let Some((task_name, task)) = dags.get(&name).and_then(|dag| dag.tasks.get_index(next)) else {
            size.depth += 1;
            open.remove(&name);
            sizes.insert(name, size);
            continue;
        };
        let inner = pipeline.components.get_key_value(&task.component);
        let inner = inner.filter(|(_, component)| matches!(component.implementation, Implementation::Dag(_)));
        let within = match inner.map(|(inner, _)| Some(inner.as_str())) {
            None => Size::default(),
            Some(inner) => match sizes.get(&inner) {
                Some(known) => *known,
                None if open.contains(&inner) => {
                    let enclosing = path.iter().map(|visit| visit.name).chain([name]);
                    let span = place(pipeline, name, task_name);
                    problems.push(contains_itself(&task.component, enclosing).at(span).task(task_name.clone()));
                    Size::default()
                }
                None => {
                    open.insert(inner);
                    path.extend([Visit { name, next, size }, Visit::new(inner)]);
                    continue;
                }
            },
        };
        let times = match task.each.as_ref().map(|each| &each.over) {
            Some(Items::Literal(items)) => items.len() as u64,
            _ => 1,
        };
        size.tasks = size.tasks.saturating_add(within.tasks.saturating_add(1).saturating_mul(times));
        size.depth = size.depth.max(within.depth);
        path.push(Visit { name, next: next + 1, size });
    }
}

fn place(pipeline: &Pipeline, component: Option<&str>, task: &str) -> Option<Span> {
    let prefix = component.map(|name| format!("components.{name}.")).unwrap_or_default();
    pipeline.places.get(&format!("{prefix}steps.{task}.component")).copied()
}

/// `path` are the components from `name` to the task that uses it again.
fn contains_itself<'a>(name: &str, path: impl Iterator<Item = Option<&'a str>>) -> Diagnostic {
    let mut cycle: Vec<&str> = path.flatten().skip_while(|on| *on != name).take(12).collect();
    cycle.push(name);
    Diagnostic::error(format!("the component `{name}` contains itself: {}", cycle.join(" -> ")))
        .hint("a pipeline cannot recur: loop over a list instead")
}

fn bounds(pipeline: &Pipeline, size: Size, problems: &mut Problems) {
    let span = pipeline.places.get("name").copied();
    if size.depth > MAX_NESTING {
        let problem = format!("components are nested {} deep; at most {MAX_NESTING} can be run", size.depth);
        problems.push(Diagnostic::error(problem).at(span));
    }
    if size.tasks > MAX_TASKS {
        let problem = format!("the pipeline comes to more than {MAX_TASKS} tasks");
        let hint = "let each iteration of a loop work on many items";
        problems.push(Diagnostic::error(problem).at(span).hint(hint));
    }
}
