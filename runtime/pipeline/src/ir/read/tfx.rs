//! Sets up pipelines that TFX's `KubeflowV2DagRunner` compiled to run here.
//!
//! - Containers of TFX's standard components become components of ours, with their execution properties translated ([`standard`]; [`models`]
//!   where they ask a model that ours can ask).
//! - Values in artifacts (`tfx.Integer`), which a task takes as a parameter or a command by `.value`, are wired to parameters.
//! - What a resolver may not find is optional for who takes it, as TFX's executors expect.
//! - The compiler names the producer of a parameter `ID_task`, which no task is called: the task `ID` is meant.

mod config;
mod eval_config;
mod models;
mod standard;

use super::message::Notes;
use crate::link::dags;
use crate::model::{Binding, Component, Dag, Implementation, Input, Pipeline, Wire};
use crate::order;
use crate::signature::Port;
use crate::tfx;
use crate::types::{ParameterType, PortType};

/// Before the name of an input artifact in a placeholder, and what is behind it where its value is meant.
const ARTIFACT: &str = "{{$.inputs.artifacts['";
const VALUE: &str = "'].value}}";
/// What the input is called that has the value of an artifact.
const OF_VALUE: &str = ".value";

/// Sets up a pipeline if TFX compiled it; any other stays as it is.
pub(super) fn settle(pipeline: &mut Pipeline, notes: &mut Notes) {
    if !pipeline.components.values().any(is_of_tfx) {
        return;
    }
    producers(pipeline);
    values(pipeline);
    standard::replace(pipeline, notes);
    found_or_not(pipeline);
    for name in dag_names(pipeline) {
        if let Some(dag) = dag_mut(pipeline, name.as_deref()) {
            order::sort(dag);
        }
    }
}

fn is_of_tfx(component: &Component) -> bool {
    match &component.implementation {
        Implementation::Resolve(_) => true,
        Implementation::Command(step) => {
            tfx::executor_class(step).is_some()
                || step.command.iter().chain(&step.args).any(|text| text.contains(VALUE))
        }
        _ => false,
    }
}

/// The names of the components that are DAGs; none is the root.
fn dag_names(pipeline: &Pipeline) -> Vec<Option<String>> {
    dags(pipeline).map(|(name, _)| name.map(str::to_owned)).collect()
}

fn dag_mut<'p>(pipeline: &'p mut Pipeline, name: Option<&str>) -> Option<&'p mut Dag> {
    let component = match name {
        None => Some(&mut pipeline.root),
        Some(name) => pipeline.components.get_mut(name),
    };
    match component.map(|component| &mut component.implementation) {
        Some(Implementation::Dag(dag)) => Some(dag),
        _ => None,
    }
}

/// Gives tasks their own names where they are called `ID_task`.
fn producers(pipeline: &mut Pipeline) {
    for name in dag_names(pipeline) {
        let Some(dag) = dag_mut(pipeline, name.as_deref()) else { continue };
        let known: Vec<String> = dag.tasks.keys().cloned().collect();
        for wire in dag.tasks.values_mut().flat_map(|task| task.inputs.values_mut()) {
            if let Binding::Output { task, .. } = &mut wire.from
                && !known.contains(task)
                && let Some(meant) = task.strip_suffix("_task").filter(|meant| known.iter().any(|name| name == meant))
            {
                *task = meant.to_owned();
            }
        }
    }
}

/// Makes parameters of the values of artifacts that commands name.
fn values(pipeline: &mut Pipeline) {
    let mut taken: Vec<(String, Vec<String>)> = Vec::new();
    for (name, component) in &mut pipeline.components {
        let Implementation::Command(step) = &mut component.implementation else { continue };
        let mut read = Vec::new();
        for text in step.command.iter_mut().chain(&mut step.args) {
            *text = by_parameter(text, &mut read);
        }
        for input in &read {
            let optional = component.inputs.get(input).is_some_and(|input| input.port.optional);
            let port = Port { ty: PortType::Parameter(ParameterType::String), optional };
            component.inputs.insert(format!("{input}{OF_VALUE}"), Input::from(port));
        }
        if !read.is_empty() {
            taken.push((name.clone(), read));
        }
    }
    for name in dag_names(pipeline) {
        let Some(dag) = dag_mut(pipeline, name.as_deref()) else { continue };
        for task in dag.tasks.values_mut() {
            let read = taken.iter().filter(|(component, _)| *component == task.component).flat_map(|(_, read)| read);
            for input in read {
                if let Some(wire) = task.inputs.get(input).cloned() {
                    task.inputs.insert(format!("{input}{OF_VALUE}"), wire);
                }
            }
        }
    }
}

/// A text in which the values of artifacts are parameters. The inputs whose values they are go to `read`.
fn by_parameter(text: &str, read: &mut Vec<String>) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(ARTIFACT) {
        let (before, behind) = (&rest[..at], &rest[at + ARTIFACT.len()..]);
        out.push_str(before);
        let name = behind.find('\'').and_then(|end| behind.get(..end));
        if let Some(name) = name.filter(|name| behind[name.len()..].starts_with(VALUE)) {
            for part in ["{{$.inputs.parameters['", name, OF_VALUE, "']}}"] {
                out.push_str(part);
            }
            rest = &behind[name.len() + VALUE.len()..];
            if !read.iter().any(|known| known == name) {
                read.push(name.to_owned());
            }
        } else {
            out.push_str(ARTIFACT);
            rest = behind;
        }
    }
    out.push_str(rest);
    out
}

/// Makes the inputs optional that a resolver gives. Those of components of ours are what their signatures say.
fn found_or_not(pipeline: &mut Pipeline) {
    let mut optional: Vec<(String, String)> = Vec::new();
    for (_, dag) in dags(pipeline) {
        let is_resolver = |task: &String| {
            let component = dag.tasks.get(task).and_then(|task| pipeline.components.get(&task.component));
            component.is_some_and(|component| matches!(component.implementation, Implementation::Resolve(_)))
        };
        for task in dag.tasks.values() {
            for (input, wire) in &task.inputs {
                if let Wire { from: Binding::Output { task: producer, .. }, .. } = wire
                    && is_resolver(producer)
                {
                    optional.push((task.component.clone(), input.clone()));
                }
            }
        }
    }
    for (component, input) in optional {
        if let Some(component) = pipeline.components.get_mut(&component)
            && !matches!(component.implementation, Implementation::Wasm(_))
            && let Some(input) = component.inputs.get_mut(&input)
        {
            input.port.optional = true;
        }
    }
}

#[cfg(test)]
mod tests;
