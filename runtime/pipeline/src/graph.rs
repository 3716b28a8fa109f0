//! Drawings of a pipeline's DAG, including nested DAGs: as DOT for Graphviz, and as SVG.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::model::{
    Binding, Component, ConditionVariables, Dag, Format, Implementation, Items, Pipeline, Task, Trigger,
};
use crate::signature::{Port, find};
use crate::types::PortType;

mod dot;
mod layout;
mod picture;
mod svg;
#[cfg(test)]
mod tests;
mod text;

pub use dot::dot;
pub use picture::{Flowchart, Picture, PictureEdge, PictureTask, flowchart, picture};
pub use svg::svg;

/// The maximum number of tasks that are drawn; a DAG beyond it is drawn as one box. Nested DAGs can multiply the number
/// of tasks without limit.
const MAX_TASKS: usize = 20_000;

/// The maximum number of characters of a value, and of the tooltip of a task.
const MAX_VALUE_CHARS: usize = 120;
const MAX_TOOLTIP_CHARS: usize = 4_000;

/// The DAGs of a pipeline, each before those inside of it, starting with the root.
#[derive(Debug, Default)]
struct Graph {
    scopes: Vec<Scope>,
}

/// One DAG.
#[derive(Debug, Default)]
struct Scope {
    /// The enclosing DAG, and the task there.
    parent: Option<(usize, usize)>,
    nodes: Vec<Node>,
    edges: Vec<Edge>,
}

/// The kind of a task, which determines its shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A function of a component.
    Step,
    /// A command.
    Command,
    /// An importer.
    Import,
    /// A resolver.
    Latest,
    /// The creation or deletion of a volume.
    Volume,
    /// A DAG.
    Dag,
}

impl Kind {
    fn class(self) -> &'static str {
        match self {
            Self::Step => "step",
            Self::Command => "command",
            Self::Import => "import",
            Self::Latest => "latest",
            Self::Volume => "volume",
            Self::Dag => "dag",
        }
    }
}

/// A task.
#[derive(Debug)]
struct Node {
    /// Its path: `condition-1/push`.
    path: String,
    /// The name of its component.
    component: String,
    title: String,
    kind: Kind,
    /// Its component, function or command.
    about: Option<String>,
    /// Its condition, loop and trigger: `if accuracy > 0.9`, `for each of 3 items`.
    terms: Vec<String>,
    /// Whether it is a loop.
    repeats: bool,
    /// Its details, for the tooltip.
    tooltip: String,
    /// The DAG inside of it, if it is drawn.
    inner: Option<usize>,
}

/// The kind of a dependency between tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Flow {
    /// Artifacts.
    Artifact,
    /// Parameters.
    Parameter,
    /// Only the order.
    Order,
}

impl Flow {
    fn class(self) -> &'static str {
        match self {
            Self::Artifact => "artifact",
            Self::Parameter => "parameter",
            Self::Order => "order",
        }
    }
}

#[derive(Debug)]
struct Edge {
    from: usize,
    to: usize,
    flow: Flow,
    /// The outputs that are passed.
    outputs: Vec<String>,
}

impl Edge {
    fn label(&self) -> String {
        self.outputs.join(", ")
    }
}

impl Graph {
    /// The graph of a pipeline. Recursive DAGs, and those beyond [`MAX_TASKS`], are empty boxes.
    fn of(pipeline: &Pipeline) -> Self {
        Self::opened(pipeline, &|_| true)
    }

    /// The same, where DAGs whose path `is_open` refuses are empty boxes too.
    fn opened(pipeline: &Pipeline, is_open: &dyn Fn(&str) -> bool) -> Self {
        let mut graph = Self::default();
        let Implementation::Dag(root) = &pipeline.root.implementation else { return graph };
        // DAGs whose tasks are still to be added, with the names of their enclosing components.
        let mut open: Vec<(&Dag, Vec<&str>)> = vec![(root, Vec::new())];
        graph.scopes.push(Scope::default());
        let mut tasks = root.tasks.len();
        let mut next = 0;
        while let Some((dag, enclosing)) = open.get(next).cloned() {
            let prefix = match graph.scopes[next].parent {
                Some((scope, node)) => format!("{}/", graph.scopes[scope].nodes[node].path),
                None => String::new(),
            };
            for (name, task) in &dag.tasks {
                let component = pipeline.components.get(&task.component);
                let mut node = node(pipeline.format, name, task, component, &prefix);
                if let Some(Implementation::Dag(inner)) = component.map(|component| &component.implementation)
                    && !enclosing.contains(&task.component.as_str())
                    && tasks + inner.tasks.len() <= MAX_TASKS
                    && is_open(&node.path)
                {
                    tasks += inner.tasks.len();
                    node.inner = Some(graph.scopes.len());
                    let at = graph.scopes[next].nodes.len();
                    graph.scopes.push(Scope { parent: Some((next, at)), ..Scope::default() });
                    let mut enclosing = enclosing.clone();
                    enclosing.push(&task.component);
                    open.push((inner, enclosing));
                }
                graph.scopes[next].nodes.push(node);
            }
            graph.scopes[next].edges = edges(pipeline, dag);
            next += 1;
        }
        graph
    }
}

fn node(format: Format, name: &str, task: &Task, component: Option<&Component>, prefix: &str) -> Node {
    let (kind, about) = match component.map(|component| &component.implementation) {
        Some(Implementation::Dag(_)) => (Kind::Dag, None),
        Some(Implementation::Wasm(step)) => (Kind::Step, Some(text::component(&step.path, step.function.as_deref()))),
        Some(Implementation::Command(step)) => (Kind::Command, Some(text::command(step))),
        Some(Implementation::Import(importer)) => {
            // KFP's importers have the path as an input of their own.
            let wire = match &importer.source {
                Binding::Input(name) => task.inputs.get(name).map(|wire| &wire.from),
                _ => None,
            };
            (Kind::Import, Some(text::source(wire.unwrap_or(&importer.source))))
        }
        Some(Implementation::Latest(latest)) => {
            let pipeline = latest.pipeline.as_ref().map(|pipeline| format!("{pipeline}: ")).unwrap_or_default();
            (Kind::Latest, Some(format!("latest {pipeline}{}.{}", latest.task, latest.output)))
        }
        Some(Implementation::Resolve(resolver)) => {
            let kinds: Vec<&str> = resolver.queries.values().map(|query| query.kind.short()).collect();
            (Kind::Latest, Some(format!("latest {}", kinds.join(", "))))
        }
        Some(Implementation::Volume(_)) => (Kind::Volume, Some("volume".to_owned())),
        None => (Kind::Step, None),
    };
    Node {
        path: format!("{prefix}{name}"),
        component: task.component.clone(),
        title: task.display_name.clone().unwrap_or_else(|| name.to_owned()),
        kind,
        about,
        terms: terms(task),
        repeats: task.each.is_some(),
        tooltip: tooltip(format, name, task, component),
        inner: None,
    }
}

/// The condition, the loop and the trigger of a task.
fn terms(task: &Task) -> Vec<String> {
    let mut terms = Vec::new();
    if task.trigger == Trigger::AllCompleted {
        terms.push("always, whatever became of those before".to_owned());
    }
    if let Some(when) = &task.when {
        let condition = match when.variables {
            ConditionVariables::Tasks => when.expression.split_whitespace().collect::<Vec<_>>().join(" "),
            ConditionVariables::Inputs => text::condition(&when.expression),
        };
        terms.push(format!("if {condition}"));
    }
    if let Some(each) = &task.each {
        let items = match &each.over {
            Items::Literal(items) => match items.len() {
                1 => "one item".to_owned(),
                count => format!("{count} items"),
            },
            Items::Parameter(name) | Items::Artifacts(name) => match task.inputs.get(name) {
                Some(wire) => text::source(&wire.from),
                None => text::plain(name).to_owned(),
            },
        };
        let limit = each.parallelism.map(|limit| format!(", {limit} at a time")).unwrap_or_default();
        terms.push(format!("for each of {items}{limit}"));
    }
    terms
}

fn tooltip(format: Format, name: &str, task: &Task, component: Option<&Component>) -> String {
    let mut tip = name.to_owned();
    let about = |port: &Port| format!("{}{}", port.ty.text(format), if port.optional { "?" } else { "" });
    for (input, wire) in &task.inputs {
        let declared = component.and_then(|component| find(&component.inputs, input));
        let ty = declared.map(|(_, input)| format!(": {}", about(&input.port))).unwrap_or_default();
        let from = text::short(&text::source(&wire.from), MAX_VALUE_CHARS);
        let _ = write!(tip, "\n> {}{ty} = {from}", text::plain(input));
    }
    for (output, port) in component.into_iter().flat_map(|component| &component.outputs) {
        let _ = write!(tip, "\n< {}: {}", text::plain(output), about(port));
    }
    // Graphviz refuses very long texts.
    if let Some((end, _)) = tip.char_indices().nth(MAX_TOOLTIP_CHARS) {
        tip.truncate(end);
        tip.push('…');
    }
    if task.retry.max > 0 {
        let _ = write!(tip, "\nretried up to {} times", task.retry.max);
    }
    if !task.cache && component.is_some_and(|component| !matches!(component.implementation, Implementation::Dag(_))) {
        tip.push_str("\nnot cached");
    }
    tip
}

/// The edges of a DAG, one for each pair of tasks and kind of dependency.
fn edges(pipeline: &Pipeline, dag: &Dag) -> Vec<Edge> {
    let mut found: BTreeMap<(usize, usize, Flow), Vec<String>> = BTreeMap::new();
    for (to, task) in dag.tasks.values().enumerate() {
        let mut ordered: Vec<usize> = Vec::new();
        let wired = task.inputs.iter().map(|(input, wire)| (Some(input), &wire.from));
        for (input, binding) in wired.chain(task.resources().map(|binding| (None, binding))) {
            binding.visit_tasks(&mut |name| ordered.extend(dag.tasks.get_index_of(name)));
            sources(binding, &mut |name, output| {
                let Some((from, _, source)) = dag.tasks.get_full(name) else { return };
                let given = pipeline.components.get(&source.component);
                let taken = pipeline.components.get(&task.component);
                let port = given.and_then(|given| find(&given.outputs, output)).map(|(_, port)| port);
                let port = port.or_else(|| {
                    let (_, input) = find(&taken?.inputs, input?)?;
                    Some(&input.port)
                });
                // Of an unknown component only the name is known.
                let parameter = port.is_some_and(|port| matches!(port.ty, PortType::Parameter(_)));
                let flow = if parameter { Flow::Parameter } else { Flow::Artifact };
                let outputs = found.entry((from, to, flow)).or_default();
                let output = text::plain(output).to_owned();
                if !output.is_empty() && !outputs.contains(&output) {
                    outputs.push(output);
                }
            });
        }
        let when = task.when.iter().flat_map(|when| &when.tasks);
        ordered.extend(task.after.iter().chain(when).filter_map(|name| dag.tasks.get_index_of(name)));
        for from in ordered {
            if (found.range((from, to, Flow::Artifact)..=(from, to, Flow::Order))).next().is_none() {
                found.insert((from, to, Flow::Order), Vec::new());
            }
        }
    }
    found.into_iter().map(|((from, to, flow), outputs)| Edge { from, to, flow, outputs }).collect()
}

/// Calls `visit` with each task and output that a binding reads.
fn sources<'b>(binding: &'b Binding, visit: &mut impl FnMut(&'b str, &'b str)) {
    match binding {
        Binding::Output { task, output } => visit(task, output),
        Binding::FirstOf(all) | Binding::Gather(all) => all.iter().for_each(|binding| sources(binding, visit)),
        _ => {}
    }
}
