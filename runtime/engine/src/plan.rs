//! A DAG's tasks as numbered nodes with numbered dependencies, and the checks that keep a run from getting stuck.
//!
//! The checker has reported all of this with places before; a pipeline that comes another way is caught here.

use std::collections::{BTreeSet, HashMap};

use weft_pipeline::model::{Component, Dag, Implementation, Pipeline, WasmStep};
use weft_pipeline::step::ComponentRef;

use crate::error::{Error, Result};
use crate::schedule::Schedule;

/// The dependencies of each task of a DAG, in the order of its tasks, as positions in that order moved up by `first`.
/// Names without a task are left out: [`validate`] refuses them.
pub fn dependencies(dag: &Dag, first: usize) -> Vec<Vec<usize>> {
    let positions: HashMap<&str, usize> =
        dag.tasks.keys().enumerate().map(|(position, name)| (name.as_str(), first + position)).collect();
    let numbered = |name: String| positions.get(name.as_str()).copied();
    dag.tasks.values().map(|task| task.dependencies().into_iter().filter_map(numbered).collect()).collect()
}

/// The step function that a linked Wasm component calls.
pub fn component_ref(component: &Component) -> Option<ComponentRef> {
    let Implementation::Wasm(step) = &component.implementation else { return None };
    Some(ComponentRef { digest: step.digest.clone()?, function: step.function.clone()? })
}

/// Checks that the pipeline can be executed: its root is a DAG, all names are known, no task waits for itself, no
/// component contains itself, and every Wasm component is linked.
pub fn validate(pipeline: &Pipeline) -> Result<()> {
    let fail = |message| Err(Error::Pipeline { pipeline: pipeline.name.clone(), message });
    if !matches!(pipeline.root.implementation, Implementation::Dag(_)) {
        return fail("its root is not a DAG of tasks".to_owned());
    }
    // Components that contain others come before those, so each is looked at once.
    let mut done = BTreeSet::new();
    visit(pipeline, "root", &pipeline.root, &mut Vec::new(), &mut done).or_else(fail)
}

fn visit<'p>(
    pipeline: &'p Pipeline,
    name: &'p str,
    component: &'p Component,
    within: &mut Vec<&'p str>,
    done: &mut BTreeSet<&'p str>,
) -> Result<(), String> {
    let dag = match &component.implementation {
        Implementation::Dag(dag) => dag,
        Implementation::Wasm(step) if component_ref(component).is_none() => {
            return Err(format!("component `{name}` ({}) is not linked; link the pipeline first", step.path));
        }
        _ => return Ok(()),
    };
    within.push(name);
    for (task_name, task) in &dag.tasks {
        if let Some(unknown) = task.dependencies().iter().find(|on| !dag.tasks.contains_key(*on)) {
            return Err(format!("task `{task_name}` refers to `{unknown}`, but there is no such task"));
        }
        let Some((name, component)) = pipeline.components.get_key_value(&task.component) else {
            return Err(format!("task `{task_name}` uses component `{}`, but there is none", task.component));
        };
        if within.contains(&name.as_str()) {
            return Err(format!("component `{name}` contains itself; take one of its uses out"));
        }
        if !done.contains(name.as_str()) {
            visit(pipeline, name, component, within, done)?;
        }
    }
    within.pop();
    done.insert(name);
    match stuck(dag) {
        Some(task) => Err(format!("task `{task}` waits for itself through other tasks; take one of the links out")),
        None => Ok(()),
    }
}

/// A task that never becomes ready.
fn stuck(dag: &Dag) -> Option<&str> {
    let mut schedule = Schedule::default();
    let mut ready = vec![false; dag.tasks.len()];
    schedule.add(&dependencies(dag, 0));
    while let Some(node) = schedule.next() {
        ready[node] = true;
        schedule.settle(node);
    }
    let position = ready.iter().position(|ready| !ready)?;
    dag.tasks.get_index(position).map(|(name, _)| name.as_str())
}

/// The Wasm components of a pipeline, each binary once.
pub fn binaries(pipeline: &Pipeline) -> impl Iterator<Item = &WasmStep> {
    let mut seen = BTreeSet::new();
    pipeline.components.values().filter_map(move |component| match &component.implementation {
        Implementation::Wasm(step) if seen.insert(&step.digest) => Some(step),
        _ => None,
    })
}
