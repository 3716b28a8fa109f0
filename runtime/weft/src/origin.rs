//! Where the inputs of a task come from, by the pipeline that a run recorded.

use std::collections::{BTreeSet, HashMap};

use weft_pipeline::model::{Binding, Component, Dag, Implementation, Items, Pipeline, Task};

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A parameter of the pipeline.
    Parameter(String),
    /// An output of another task, by its whole name. Several iterations of a loop are its outputs together.
    Output(String),
    /// The pipeline's own text.
    Text,
}

/// A task of a pipeline.
#[derive(Clone, Copy)]
pub(crate) struct Found<'p> {
    /// The task.
    pub task: &'p Task,
    /// Its component.
    pub component: &'p Component,
}

/// What tasks are looked up in: a pipeline, or the record of one.
pub(crate) trait Tasks {
    /// A task at the top.
    fn at_top(&self, name: &str) -> Option<&Task>;
    /// A component that tasks refer to.
    fn component(&self, name: &str) -> Option<&Component>;
}

impl Tasks for Pipeline {
    fn at_top(&self, name: &str) -> Option<&Task> {
        dag(&self.root)?.tasks.get(name)
    }

    fn component(&self, name: &str) -> Option<&Component> {
        self.components.get(name)
    }
}

/// The task of this name, `outer/loop[3]/inner`.
pub(crate) fn task<'p>(pipeline: &'p impl Tasks, name: &str) -> Option<Found<'p>> {
    let mut parts = name.split('/').map(plain);
    let mut task = pipeline.at_top(parts.next()?)?;
    let mut component = pipeline.component(&task.component)?;
    for part in parts {
        task = dag(component)?.tasks.get(part)?;
        component = pipeline.component(&task.component)?;
    }
    Some(Found { task, component })
}

/// The same, to be changed. Only a task at the top, or inside of what is called once.
pub(crate) fn task_mut<'p>(pipeline: &'p mut Pipeline, name: &str) -> Option<&'p mut Task> {
    let (owner, last) = name.rsplit_once('/').map_or(("", name), |(owner, last)| (owner, last));
    let component = if owner.is_empty() {
        &mut pipeline.root
    } else {
        let holder = task(pipeline, owner)?.task.component.clone();
        pipeline.components.get_mut(&holder)?
    };
    match &mut component.implementation {
        Implementation::Dag(dag) => dag.tasks.get_mut(plain(last)),
        _ => None,
    }
}

/// Where an input of a task comes from.
pub(crate) fn of_input(pipeline: &impl Tasks, name: &str, input: &str) -> Vec<Origin> {
    let Some(Found { task, .. }) = task(pipeline, name) else { return Vec::new() };
    let owner = name.rsplit_once('/').map_or("", |(owner, _)| owner);
    let wire = task.inputs.get(input).or_else(|| match &task.each.as_ref().filter(|each| each.item == input)?.over {
        Items::Parameter(wire) | Items::Artifacts(wire) => task.inputs.get(wire),
        Items::Literal(_) => None,
    });
    match wire {
        Some(wire) => of_binding(pipeline, owner, &wire.from),
        // A default, a literal of a loop, or an input artifact of the run.
        None => vec![Origin::Text],
    }
}

fn of_binding(pipeline: &impl Tasks, owner: &str, binding: &Binding) -> Vec<Origin> {
    match binding {
        Binding::Literal(_) | Binding::Template(_) => vec![Origin::Text],
        Binding::Input(name) if owner.is_empty() => vec![Origin::Parameter(name.clone())],
        Binding::Input(name) => of_input(pipeline, owner, name),
        Binding::Output { task, output } => of_output(pipeline, &joined(owner, task), output),
        Binding::FinalStatus { task } => vec![Origin::Output(joined(owner, task))],
        Binding::FirstOf(all) | Binding::Gather(all) => {
            all.iter().flat_map(|one| of_binding(pipeline, owner, one)).collect()
        }
    }
}

/// Where an output of a task comes from: itself, or a task inside of it.
fn of_output(pipeline: &impl Tasks, name: &str, output: &str) -> Vec<Origin> {
    let itself = || vec![Origin::Output(name.to_owned())];
    let Some(Found { task, component }) = task(pipeline, name) else { return itself() };
    match dag(component).filter(|_| task.each.is_none()).and_then(|dag| dag.outputs.get(output)) {
        Some(binding) => of_binding(pipeline, name, binding),
        None => itself(),
    }
}

/// Where the path comes from that an importer imports.
pub(crate) fn of_source(pipeline: &impl Tasks, name: &str) -> Vec<Origin> {
    let Some(Found { component, .. }) = task(pipeline, name) else { return Vec::new() };
    let Implementation::Import(importer) = &component.implementation else { return Vec::new() };
    let owner = name.rsplit_once('/').map_or("", |(owner, _)| owner);
    match &importer.source {
        // An input of the importer itself, if it has one of this name.
        Binding::Input(input) if component.inputs.contains_key(input) => of_input(pipeline, name, input),
        binding => of_binding(pipeline, owner, binding),
    }
}

/// The tasks inside of an iteration of a loop whose outputs are those of the iteration; the iteration itself if it is a step.
pub(crate) fn inside_of_iteration(pipeline: &impl Tasks, iteration: &str) -> Vec<String> {
    let Some(Found { component, .. }) = task(pipeline, iteration) else { return Vec::new() };
    match dag(component) {
        None => vec![iteration.to_owned()],
        Some(dag) => dag.tasks.keys().map(|task| joined(iteration, task)).collect(),
    }
}

/// A task at the top of a pipeline, and all that come after it.
pub(crate) fn downstream(pipeline: &Pipeline, from: &str) -> BTreeSet<String> {
    let mut after: HashMap<String, Vec<&str>> = HashMap::new();
    for (name, task) in dag(&pipeline.root).into_iter().flat_map(|dag| &dag.tasks) {
        for before in task.dependencies() {
            after.entry(before).or_default().push(name);
        }
    }
    let mut all = BTreeSet::from([from.to_owned()]);
    let mut pending = vec![from];
    while let Some(task) = pending.pop() {
        for next in after.get(task).into_iter().flatten() {
            if all.insert((*next).to_owned()) {
                pending.push(next);
            }
        }
    }
    all
}

fn dag(component: &Component) -> Option<&Dag> {
    match &component.implementation {
        Implementation::Dag(dag) => Some(dag),
        _ => None,
    }
}

/// A task's name without the number of an iteration.
fn plain(part: &str) -> &str {
    part.split('[').next().unwrap_or(part)
}

fn joined(owner: &str, task: &str) -> String {
    if owner.is_empty() { task.to_owned() } else { format!("{owner}/{task}") }
}
