//! Loops: the items that a task is run for, and the gathered outputs of the iterations.

use indexmap::IndexMap;
use serde_json::Value;
use weft_pipeline::model::{
    Binding, Component, ConditionVariables, Dag, Implementation, Items, Iteration, Pipeline, Task,
};
use weft_pipeline::signature::Port;
use weft_pipeline::step::{PortValue, PortValues, StepFailure};
use weft_pipeline::types::{PortType, beyond_64_bits};

use crate::inputs::BoundInputs;
use crate::worker::hinted_failure;

/// The maximum number of iterations of a loop. A longer list of items fails the loop before any iteration is expanded.
pub(crate) const MAX_ITERATIONS: usize = 100_000;
/// The default window: enough iterations to keep all workers busy while some wait for their next attempt.
const WINDOW: usize = 256;

/// The state of a loop. Iterations become nodes only when the window has room, so that the memory of a long loop is
/// bounded by its window and its results.
pub(crate) struct LoopState<'r> {
    /// The input that receives the item.
    pub item: &'r str,
    /// Items whose iterations are not expanded yet.
    pub items: std::vec::IntoIter<PortValue>,
    /// The nodes of the expanded iterations, by index.
    pub iterations: Vec<usize>,
    /// The maximum number of unsettled expanded iterations.
    pub window: usize,
}

impl<'r> LoopState<'r> {
    pub fn new(each: &'r Iteration, items: Vec<PortValue>, jobs: usize) -> Self {
        let window = match each.parallelism {
            Some(limit) => usize::try_from(limit).unwrap_or(usize::MAX).max(1),
            None => WINDOW.max(jobs.saturating_mul(4)),
        };
        Self { item: &each.item, items: items.into_iter(), iterations: Vec::new(), window }
    }
}

/// The items of a loop, each as the value of the input that receives it.
///
/// # Errors
/// The items are not a list, or more than [`MAX_ITERATIONS`].
pub fn items(each: &Iteration, bound: &BoundInputs) -> Result<Vec<PortValue>, Box<StepFailure>> {
    let items: Vec<PortValue> = match &each.over {
        Items::Literal(items) => {
            check_iteration_count(items.len())?;
            items.iter().cloned().map(PortValue::Parameter).collect()
        }
        Items::Parameter(name) => match bound.get(name) {
            Some(PortValue::Parameter(value)) => list(name, value)?.into_iter().map(PortValue::Parameter).collect(),
            other => return Err(no_list(name, other).into()),
        },
        Items::Artifacts(name) => match bound.get(name) {
            Some(PortValue::Artifacts(artifacts)) => {
                check_iteration_count(artifacts.len())?;
                artifacts.iter().map(|one| PortValue::Artifacts(vec![one.clone()])).collect()
            }
            other => return Err(no_list(name, other).into()),
        },
    };
    Ok(items)
}

/// The elements of a list. KFP also accepts the JSON text of one.
fn list(name: &str, value: &Value) -> Result<Vec<Value>, Box<StepFailure>> {
    let items = match value {
        Value::Array(items) => {
            check_iteration_count(items.len())?;
            items.clone()
        }
        Value::String(text) => {
            if let Some(number) = beyond_64_bits(text) {
                let message = format!("what it goes over, `{name}`, holds {number}, which is beyond 64 bits");
                return Err(hinted_failure(message, "make it a string").into());
            }
            serde_json::from_str(text).map_err(|_| no_list(name, Some(&PortValue::Parameter(value.clone()))))?
        }
        other => return Err(no_list(name, Some(&PortValue::Parameter(other.clone()))).into()),
    };
    check_iteration_count(items.len())?;
    Ok(items)
}

fn no_list(name: &str, found: Option<&PortValue>) -> StepFailure {
    let found = match found {
        None => "has no value".to_owned(),
        Some(PortValue::Artifacts(_)) => "is made of artifacts, not of parameters".to_owned(),
        Some(PortValue::Parameter(value)) => {
            let text: String = value.to_string().chars().take(60).collect();
            format!("is no list: {text}")
        }
    };
    hinted_failure(format!("what it goes over, `{name}`, {found}"), "give it a list")
}

/// Checks [`MAX_ITERATIONS`].
pub fn check_iteration_count(count: usize) -> Result<(), Box<StepFailure>> {
    if count <= MAX_ITERATIONS {
        return Ok(());
    }
    Err(hinted_failure(
        format!("it goes over {count} items; a loop may have at most {MAX_ITERATIONS}"),
        "give it fewer items, or let one step go over many of them",
    )
    .into())
}

/// The inputs that all iterations share: those of the loop except the item, and except the list of items if nothing in the
/// DAG reads it. Otherwise the list would be copied for each of its items.
pub fn shared_inputs(
    pipeline: &Pipeline,
    each: &Iteration,
    component: &Component,
    mut inputs: PortValues,
) -> PortValues {
    inputs.remove(&each.item);
    if let (Items::Parameter(name) | Items::Artifacts(name), Implementation::Dag(dag)) =
        (&each.over, &component.implementation)
        && !reads(pipeline, dag, name)
    {
        inputs.remove(name);
    }
    inputs
}

/// Whether anything in a DAG may read one of its inputs.
fn reads(pipeline: &Pipeline, dag: &Dag, input: &str) -> bool {
    fn is(binding: &Binding, input: &str) -> bool {
        match binding {
            Binding::Input(name) => name == input,
            Binding::FirstOf(all) | Binding::Gather(all) => all.iter().any(|one| is(one, input)),
            _ => false,
        }
    }
    let task = |task: &Task| {
        let mut wired = task.inputs.values().map(|wire| &wire.from).chain(task.resources());
        // Conditions over tasks and importers may name the inputs of the DAG around them.
        wired.any(|binding| is(binding, input))
            || task.when.as_ref().is_some_and(|when| when.variables == ConditionVariables::Tasks)
            || pipeline.components.get(&task.component).is_some_and(|component| {
                matches!(&component.implementation, Implementation::Import(importer) if is(&importer.source, input))
            })
    };
    dag.outputs.values().any(|binding| is(binding, input)) || dag.tasks.values().any(task)
}

/// The outputs of the iterations by name: values in a list, artifacts in one list, in the order of the items. Absent
/// outputs are left out.
pub fn gather(ports: &IndexMap<String, Port>, iterations: &[&PortValues]) -> PortValues {
    let gathered = ports.iter().map(|(name, port)| {
        let given = iterations.iter().filter_map(|outputs| outputs.get(name));
        let mut values = Vec::new();
        let mut artifacts = Vec::new();
        for value in given {
            match value {
                PortValue::Parameter(value) => values.push(value.clone()),
                PortValue::Artifacts(several) => artifacts.extend_from_slice(several),
            }
        }
        let of_artifacts = matches!(port.ty, PortType::Artifact { .. });
        let value = if of_artifacts { PortValue::Artifacts(artifacts) } else { PortValue::Parameter(values.into()) };
        (name.clone(), value)
    });
    gathered.collect()
}
