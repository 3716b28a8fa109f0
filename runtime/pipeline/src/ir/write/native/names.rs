//! Names that KFP allows: lower-case letters, digits and `-` for tasks and components; Python identifiers for inputs
//! and outputs.

use std::collections::{HashMap, HashSet};

use super::plan::Source;
use crate::model::{Binding, Dag, Pipeline};
use crate::signature::find;

/// The maximum length of a pipeline's name.
const LONGEST: usize = 128;

/// The converted names.
pub(super) struct Names<'p> {
    /// The pipeline.
    pub pipeline: String,
    parameters: HashMap<&'p str, String>,
    tasks: HashMap<&'p str, String>,
    components: HashMap<&'p str, String>,
    wrappers: HashMap<&'p str, String>,
    inputs: &'p indexmap::IndexMap<String, crate::model::Input>,
    taken: HashSet<String>,
}

impl<'p> Names<'p> {
    pub(super) fn of(pipeline: &'p Pipeline, dag: &'p Dag) -> Self {
        let mut name = kubernetes(&pipeline.name, "pipeline");
        name.truncate(LONGEST);
        let name = name.trim_end_matches('-').to_owned();
        let mut taken = HashSet::new();
        let inputs = &pipeline.root.inputs;
        // A parameter whose name has a `_` already keeps it.
        let mut known: HashSet<String> = inputs.keys().filter(|name| !name.contains('-')).cloned().collect();
        let parameters = inputs.keys().map(|name| {
            let new = if name.contains('-') { unique(&name.replace('-', "_"), "_", &mut known) } else { name.clone() };
            (name.as_str(), new)
        });
        let parameters = parameters.collect();
        let tasks: HashMap<&str, String> =
            dag.tasks.keys().map(|task| (task.as_str(), unique(&kubernetes(task, "step"), "-", &mut taken))).collect();
        // The SDK confuses a component with the pipeline if both have the same name.
        let mut labels: HashSet<String> = [name.clone()].into();
        let components = dag.tasks.keys().map(|task| {
            let new = tasks.get(task.as_str()).map_or("", String::as_str);
            (task.as_str(), format!("comp-{}", unique(new, "-", &mut labels)))
        });
        let components = components.collect();
        taken.extend(labels);
        Self { pipeline: name, parameters, tasks, components, wrappers: HashMap::new(), inputs, taken }
    }

    /// Adds the names of the DAGs around these steps: `condition-1` and so on, as in the SDK.
    pub(super) fn wrap(&mut self, steps: impl Iterator<Item = &'p String>) {
        let mut number = 0;
        for step in steps {
            let name = loop {
                number += 1;
                let name = format!("condition-{number}");
                if self.taken.insert(name.clone()) {
                    break name;
                }
            };
            self.wrappers.insert(step, name);
        }
    }

    pub(super) fn parameter(&self, name: &str) -> String {
        let known = find(self.inputs, name).and_then(|(name, _)| self.parameters.get(name));
        known.cloned().unwrap_or_else(|| name.replace('-', "_"))
    }

    /// The name of a step's task.
    pub(super) fn task(&self, step: &str) -> &str {
        self.tasks.get(step).map_or("", String::as_str)
    }

    /// The name of a step's component.
    pub(super) fn component(&self, step: &str) -> &str {
        self.components.get(step).map_or("", String::as_str)
    }

    /// The name of the DAG around a step, if it is wrapped.
    pub(super) fn wrapper(&self, step: &str) -> Option<&str> {
        self.wrappers.get(step).map(String::as_str)
    }

    /// The name of the task in the root that represents a step.
    pub(super) fn outer(&self, step: &str) -> &str {
        self.wrapper(step).unwrap_or_else(|| self.task(step))
    }

    /// The name of the input of a wrapping DAG for a value, as in the SDK.
    pub(super) fn channel(&self, source: &Source<'_>) -> String {
        match source {
            Source::Parameter(name) => format!("pipelinechannel--{}", self.parameter(name)),
            Source::Output(step, output) => {
                format!("pipelinechannel--{}-{}", self.task(step), output.replace('-', "_"))
            }
        }
    }

    /// The name of a step's output in the root.
    pub(super) fn output(&self, step: &str, output: &str) -> Binding {
        let output = match self.wrapper(step) {
            Some(_) => self.channel(&Source::Output(step, output)),
            None => output.replace('-', "_"),
        };
        Binding::Output { task: self.outer(step).to_owned(), output }
    }
}

/// Converts a name to lower-case letters, digits and single dashes.
pub(super) fn kubernetes(name: &str, otherwise: &str) -> String {
    let mut plain = String::with_capacity(name.len());
    for c in name.chars().map(|c| c.to_ascii_lowercase()) {
        let c = if c.is_ascii_alphanumeric() { c } else { '-' };
        if c != '-' || !plain.is_empty() && !plain.ends_with('-') {
            plain.push(c);
        }
    }
    let plain = plain.trim_end_matches('-');
    if plain.is_empty() { otherwise.to_owned() } else { plain.to_owned() }
}

/// The name, with a number if it is taken.
fn unique(name: &str, separator: &str, taken: &mut HashSet<String>) -> String {
    let mut found = name.to_owned();
    let mut number = 2;
    while !taken.insert(found.clone()) {
        found = format!("{name}{separator}{number}");
        number += 1;
    }
    found
}
