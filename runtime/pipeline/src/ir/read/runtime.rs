//! The configuration of a run in a `PipelineJob`, as Vertex AI takes it.

use super::components::fitting;
use super::message::{Message, Notes};
use super::values::{old_constant, value};
use crate::diagnostic::Diagnostic;
use crate::model::Pipeline;
use crate::signature::find;
use crate::suggest;
use crate::types::PortType;
use crate::yaml::node::Entry;

/// Where artifacts go and how failures spread: here they lie in the store, and a task that does not depend on a failed one runs.
const PASSED_OVER: [&str; 4] = ["gcsOutputDirectory", "failurePolicy", "inputArtifacts", "defaultRuntime"];

/// Makes the values that a job has for parameters their defaults.
pub(super) fn apply(entry: &Entry, pipeline: &mut Pipeline, notes: &mut Notes) {
    let known = [&["parameters", "parameterValues"][..], &PASSED_OVER].concat();
    let read = Message::new(&entry.node, "`runtimeConfig`", &known, notes);
    let Some(message) = notes.take(read) else { return };
    for field in &PASSED_OVER[1..] {
        if let Some(entry) = message.get(field) {
            notes.warn(Diagnostic::warning(format!("`runtimeConfig.{field}` is passed over")).at(entry.key));
        }
    }
    for field in ["parameters", "parameterValues"] {
        for (name, entry) in message.map(field, "a mapping from names to values", notes) {
            let found = if field == "parameters" { old_constant(entry, notes) } else { notes.take(value(&entry.node)) };
            let Some(value) = found else { continue };
            let known: Vec<String> = pipeline.root.inputs.keys().cloned().collect();
            let declared = find(&pipeline.root.inputs, name).map(|(name, _)| name.to_owned());
            let Some(input) = declared.and_then(|name| pipeline.root.inputs.get_mut(&name)) else {
                let hint = suggest::hint(name, known.iter().map(String::as_str), "parameters");
                let problem =
                    format!("`runtimeConfig` has a value for `{name}`, which is no parameter of the pipeline");
                notes.warn(Diagnostic::warning(problem).at(entry.key).hint(hint));
                continue;
            };
            if let PortType::Parameter(ty) = &input.port.ty
                && let Some(value) = fitting(name, "the value in `runtimeConfig`", ty, value, entry.node.span, notes)
            {
                input.default = Some(value);
            }
        }
    }
}
