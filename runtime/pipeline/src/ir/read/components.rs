//! Reading components: their inputs and outputs, and their implementation.

use indexmap::IndexMap;
use serde_json::Value;

use super::executors::Executor;
use super::message::{self, Message, Notes};
use super::tasks;
use super::values::{artifact_type, fit, output, parameter_type, required, selected_output, value, warn_of_rounding};
use super::{Reader, unhonoured};
use crate::diagnostic::Diagnostic;
use crate::model::{Binding, Component, Dag, Implementation, Input, Span};
use crate::order;
use crate::signature::Port;
use crate::suggest;
use crate::tfx;
use crate::types::{ParameterType, PortType};
use crate::yaml::node::{Entry, Node};

pub(super) const FIELDS: [&str; 6] =
    ["inputDefinitions", "outputDefinitions", "dag", "executorLabel", "singlePlatformSpecs", "taskConfigPassthroughs"];

impl<'n> Reader<'n> {
    /// Reads a component. `path` is the path of its places, empty for the root.
    pub(super) fn component(&mut self, name: Option<&str>, node: &'n Node) -> Option<Component> {
        let what = name.map_or("`root`".to_owned(), |name| format!("the component `{name}`"));
        let prefix = name.map(|name| format!("components.{name}.")).unwrap_or_default();
        let message = Message::new(node, &what, &FIELDS, &mut self.notes);
        let message = self.notes.take(message)?;
        let mut component = Component { inputs: self.inputs(&message, &prefix), ..Component::default() };
        component.outputs = self.outputs(&message, &prefix, &mut component.unhonoured);
        if let Some(entry) = message.get("taskConfigPassthroughs") {
            let written = self.notes.take(value(&entry.node)).unwrap_or_default();
            unhonoured("taskConfigPassthroughs", written, entry.key, &mut component.unhonoured, &mut self.notes);
        }
        match message.one_of(&["dag", "executorLabel"], &what, &mut self.notes) {
            Some(("dag", entry)) => {
                component.implementation = Implementation::Dag(self.dag(&prefix, entry)?);
            }
            Some((_, entry)) => {
                self.places.insert(format!("{prefix}executor"), entry.node.span);
                let label =
                    self.notes.take(message::name(&entry.node, "the name of an executor for `executorLabel`"))?;
                let Some(executor) = self.executors.get(label) else {
                    let known = self.executors.keys().copied().chain(self.broken.iter().copied());
                    if !self.broken.contains(&label) {
                        let problem = Diagnostic::error(format!("there is no executor `{label}`")).at(entry.node.span);
                        let hint = suggest::hint(label, known, "executors");
                        self.notes.error(problem.hint(hint));
                    }
                    return None;
                };
                let Executor { implementation, unhonoured, image, .. } = executor;
                component.implementation = implementation.clone();
                if matches!(implementation, Implementation::Resolve(_)) {
                    // A query may find nothing, and what it is made of may be absent for the same reason.
                    component.inputs.values_mut().for_each(|input| input.port.optional = true);
                    component.outputs.values_mut().for_each(|port| port.optional = true);
                }
                component.unhonoured.extend(unhonoured.clone());
                if let Some(image) = image {
                    self.places.insert(format!("{prefix}image"), *image);
                }
            }
            None => {
                let problem = Diagnostic::error(format!("{what} has neither a `dag` nor an `executorLabel`"));
                self.notes.error(problem.at(node.span));
                return None;
            }
        }
        Some(component)
    }

    fn inputs(&mut self, message: &Message<'n>, prefix: &str) -> IndexMap<String, Input> {
        let definitions =
            message.message("inputDefinitions", "`inputDefinitions`", &["parameters", "artifacts"], &mut self.notes);
        let mut inputs = IndexMap::new();
        for (name, entry) in definitions.map("parameters", "a mapping from names to parameters", &mut self.notes) {
            self.places.insert(format!("{prefix}parameters.{name}"), entry.key);
            if let Some(input) = parameter(name, entry, &mut self.notes) {
                inputs.insert(name.clone(), input);
            }
        }
        for (name, entry) in definitions.map("artifacts", "a mapping from names to artifacts", &mut self.notes) {
            self.places.insert(format!("{prefix}parameters.{name}"), entry.key);
            let known = ["artifactType", "isArtifactList", "isOptional", "description"];
            let what = format!("the artifact `{name}`");
            let read = Message::new(&entry.node, &what, &known, &mut self.notes);
            let Some(message) = self.notes.take(read) else { continue };
            let ty = artifact(&message, &mut self.notes);
            let port = Port { ty, optional: message.flag("isOptional", &mut self.notes) };
            let description = description(&message, &mut self.notes);
            if inputs.insert(name.clone(), Input { description, ..Input::from(port) }).is_some() {
                self.notes
                    .error(Diagnostic::error(format!("`{name}` is both a parameter and an artifact")).at(entry.key));
            }
        }
        inputs
    }

    fn outputs(
        &mut self,
        message: &Message<'n>,
        prefix: &str,
        asked: &mut IndexMap<String, Value>,
    ) -> IndexMap<String, Port> {
        let Self { notes, places, .. } = self;
        let definitions =
            message.message("outputDefinitions", "`outputDefinitions`", &["parameters", "artifacts"], notes);
        let mut outputs = IndexMap::new();
        for (name, entry) in definitions.map("parameters", "a mapping from names to parameters", notes) {
            let known = ["parameterType", "type", "description"];
            places.insert(format!("{prefix}outputs.{name}"), entry.key);
            let read = Message::new(&entry.node, &format!("the output `{name}`"), &known, notes);
            let Some(message) = notes.take(read) else { continue };
            let ty = PortType::Parameter(parameter_type(&message, notes));
            outputs.insert(name.clone(), Port::required(ty));
        }
        for (name, entry) in definitions.map("artifacts", "a mapping from names to artifacts", notes) {
            let known = ["artifactType", "isArtifactList", "description", "metadata", "properties", "customProperties"];
            places.insert(format!("{prefix}outputs.{name}"), entry.key);
            let read = Message::new(&entry.node, &format!("the output artifact `{name}`"), &known, notes);
            let Some(message) = notes.take(read) else { continue };
            for field in ["metadata", "properties", "customProperties"] {
                if let Some(entry) = message.get(field) {
                    let written = notes.take(value(&entry.node)).unwrap_or_default();
                    unhonoured(
                        &format!("outputDefinitions.artifacts.{name}.{field}"),
                        written,
                        entry.key,
                        asked,
                        notes,
                    );
                }
            }
            let port = Port::required(artifact(&message, notes));
            // TFX declares a value that another task takes as a parameter a second time: the artifact has it.
            let has_value = matches!(&port.ty, PortType::Artifact { kind, .. } if tfx::holds_value(kind));
            if outputs.insert(name.clone(), port).is_some() && !has_value {
                notes.error(Diagnostic::error(format!("`{name}` is both a parameter and an artifact")).at(entry.key));
            }
        }
        outputs
    }

    fn dag(&mut self, prefix: &str, entry: &'n Entry) -> Option<Dag> {
        let read = Message::new(&entry.node, "`dag`", &["tasks", "outputs"], &mut self.notes);
        let message = self.notes.take(read)?;
        let mut dag = Dag::default();
        for (name, entry) in message.map("tasks", "a mapping from names to tasks", &mut self.notes) {
            self.places.insert(format!("{prefix}steps.{name}"), entry.key);
            let task = self.notes.task.replace(name.clone());
            let subject = self.notes.subject.replace(("task", name.clone()));
            if let Some(task) = tasks::read(self, prefix, name, entry) {
                dag.tasks.insert(name.clone(), task);
            }
            (self.notes.task, self.notes.subject) = (task, subject);
        }
        order::sort(&mut dag);
        let outputs = message.message("outputs", "`outputs`", &["parameters", "artifacts"], &mut self.notes);
        for (name, entry) in outputs.map("parameters", "a mapping from names to outputs", &mut self.notes) {
            self.places.insert(format!("{prefix}outputs.{name}"), entry.key);
            if let Some(from) = output_parameter(name, entry, &mut self.notes) {
                dag.outputs.insert(name.clone(), from);
            }
        }
        for (name, entry) in outputs.map("artifacts", "a mapping from names to outputs", &mut self.notes) {
            self.places.insert(format!("{prefix}outputs.{name}"), entry.key);
            if let Some(from) = output_artifact(name, entry, &mut self.notes) {
                dag.outputs.insert(name.clone(), from);
            }
        }
        Some(dag)
    }
}

fn parameter(name: &str, entry: &Entry, notes: &mut Notes) -> Option<Input> {
    let known = ["parameterType", "type", "defaultValue", "isOptional", "description", "literals"];
    let what = format!("the parameter `{name}`");
    let read = Message::new(&entry.node, &what, &known, notes);
    let message = notes.take(read)?;
    let ty = parameter_type(&message, notes);
    let optional = message.flag("isOptional", notes);
    let mut fitting = |node: &Node, role: &str| {
        let read = notes.take(value(node))?;
        fitting(name, role, &ty, read, node.span, notes)
    };
    let default = message.get("defaultValue").and_then(|entry| fitting(&entry.node, "the default"));
    let literals = match message.get("literals") {
        Some(entry) => {
            let values = entry.node.sequence("a list of values").unwrap_or_default();
            values.iter().filter_map(|node| fitting(node, "a literal")).collect()
        }
        None => Vec::new(),
    };
    let description = description(&message, notes);
    // KFP's platform sets it; here it is optional.
    let (default, optional) = if ty == ParameterType::task_config() { (default, true) } else { (default, optional) };
    Some(Input { port: Port { ty: PortType::Parameter(ty), optional }, default, literals, description })
}

/// A value of a parameter as one of its type. `role` says what it is: `the default`.
pub(super) fn fitting(
    name: &str,
    role: &str,
    ty: &ParameterType,
    value: Value,
    at: Span,
    notes: &mut Notes,
) -> Option<Value> {
    if *ty != ParameterType::F64 {
        warn_of_rounding(&value, at, notes);
    }
    let fitted = fit(ty, value);
    notes.take(fitted.map_err(|why| {
        Diagnostic::error(format!("{role} of the parameter `{name}` does not fit its type: {why}")).at(at)
    }))
}

fn artifact(message: &Message<'_>, notes: &mut Notes) -> PortType {
    PortType::Artifact {
        kind: artifact_type(message, "artifactType", notes),
        list: message.flag("isArtifactList", notes),
    }
}

fn description(message: &Message<'_>, notes: &mut Notes) -> Option<String> {
    let text = message.text("description", "a description", notes)?;
    (!text.is_empty()).then(|| text.to_owned())
}

fn output_parameter(name: &str, entry: &Entry, notes: &mut Notes) -> Option<Binding> {
    let known = ["valueFromParameter", "valueFromOneof"];
    let what = format!("the output `{name}`");
    let read = Message::new(&entry.node, &what, &known, notes);
    let message = notes.take(read)?;
    match message.one_of(&known, &what, notes) {
        Some(("valueFromParameter", entry)) => output(entry, "producerSubtask", "outputParameterKey", notes),
        Some((_, entry)) => {
            let read = Message::new(&entry.node, "`valueFromOneof`", &["parameterSelectors"], notes);
            let message = notes.take(read)?;
            let selectors = message.list("parameterSelectors", "a list of tasks' outputs", notes);
            one_of(selectors, "outputParameterKey", &what, &message, notes)
        }
        None => {
            let hint = format!("it has one of the fields {}", suggest::list(&known));
            notes.error(Diagnostic::error(format!("{what} does not say where it comes from")).at(entry.key).hint(hint));
            None
        }
    }
}

fn output_artifact(name: &str, entry: &Entry, notes: &mut Notes) -> Option<Binding> {
    let what = format!("the output artifact `{name}`");
    let read = Message::new(&entry.node, &what, &["artifactSelectors"], notes);
    let message = notes.take(read)?;
    let selectors = message.list("artifactSelectors", "a list of tasks' outputs", notes);
    one_of(selectors, "outputArtifactKey", &what, &message, notes)
}

/// An output of a DAG: one source, or the first present one of several.
fn one_of(selectors: &[Node], key: &str, what: &str, message: &Message<'_>, notes: &mut Notes) -> Option<Binding> {
    let mut found = Vec::new();
    for node in selectors {
        let read = Message::new(node, "a task's output", &["producerSubtask", key], notes);
        let message = notes.take(read)?;
        found.push(selected_output(&message, "producerSubtask", key, notes)?);
    }
    if found.len() > 1 {
        return Some(Binding::FirstOf(found));
    }
    if found.is_empty() {
        notes.error(Diagnostic::error(format!("{what} names no task's output")).at(message.span));
    }
    found.pop()
}

/// The label of the executor of a component, before components are read.
pub(super) fn label(node: &Node) -> Option<&str> {
    let message = Message::new(node, "", &FIELDS, &mut Notes::default()).ok()?;
    required(&message, "executorLabel", &mut Notes::default()).map(|(label, _)| label)
}
