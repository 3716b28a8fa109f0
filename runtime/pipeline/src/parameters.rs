//! The values of a pipeline's parameters for a run.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Problems};
use crate::input_artifacts;
use crate::link::dags;
use crate::model::{Binding, Format, Input, Location, Pipeline, Span};
use crate::signature::find;
use crate::suggest;
use crate::types::{ParameterType, PortType};
use crate::yaml::GivenParameter;

/// The value of every parameter in canonical form: the given one, or the default. An optional parameter without value
/// has no entry.
///
/// A value must also be accepted by each input that reads the parameter, which may have a narrower type: an `int` for a
/// `u8`.
///
/// # Errors
/// All parameters that are missing, unknown or of the wrong type.
pub fn resolve(
    pipeline: &Pipeline,
    given: &IndexMap<String, GivenParameter>,
) -> Result<BTreeMap<String, Value>, Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let mut values = BTreeMap::new();
    let mut sources: BTreeMap<&str, Option<Span>> = BTreeMap::new();
    for (name, value) in given {
        let span = match value {
            GivenParameter::Value(_, span) => *span,
            GivenParameter::Text(_) => None,
        };
        let Some((name, input)) = find(&pipeline.root.inputs, name) else {
            let known = pipeline.root.inputs.keys().map(String::as_str);
            let problem = Diagnostic::error(format!("the pipeline has no parameter `{name}`")).at(span);
            problems.push(problem.hint(suggest::hint(name, known, "parameters")));
            continue;
        };
        if sources.insert(name, span).is_some() {
            problems.push(Diagnostic::error(format!("the parameter `{name}` is given twice")).at(span));
        }
        if matches!(input.port.ty, PortType::Artifact { .. }) {
            let problem = Diagnostic::error(format!("`{name}` is an artifact, not a parameter")).at(span);
            problems.push(problem.hint(input_artifacts::advice(name, &input.port)));
            continue;
        }
        match read(input, value, pipeline.format) {
            Ok(Some(value)) => {
                values.insert(name.to_owned(), value);
            }
            Ok(None) => {}
            Err(why) => problems.push(Diagnostic::error(format!("the parameter `{name}`: {why}")).at(span)),
        }
    }
    for (name, input) in &pipeline.root.inputs {
        // Artifacts are given otherwise: `input_artifacts`.
        if sources.contains_key(name.as_str()) || matches!(input.port.ty, PortType::Artifact { .. }) {
            continue;
        }
        match &input.default {
            Some(Value::Null) => {}
            Some(default) => {
                values.insert(name.clone(), default.clone());
            }
            None if input.port.optional => {}
            None => {
                let about = input.description.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
                problems.push(Diagnostic::error(format!("the parameter `{name}` is not given{about}")).hint(format!(
                    "it is of type {}: give it with `-p {name}=...`",
                    input.port.ty.text(pipeline.format)
                )));
            }
        }
    }
    consumers(pipeline, &values, &sources, &mut problems);
    if problems.any_error() { Err(problems.into_sorted()) } else { Ok(values) }
}

fn read(input: &Input, given: &GivenParameter, format: Format) -> Result<Option<Value>, String> {
    let PortType::Parameter(ty) = &input.port.ty else {
        return Err(format!("it takes an artifact ({}), which cannot be given as a value", input.port.ty.text(format)));
    };
    let value = match given {
        // A text of KFP's is the word, as for its own client.
        GivenParameter::Text(text) if format == Format::Kfp && *ty == ParameterType::String => ty.parse(text),
        GivenParameter::Text(text) if input.port.optional && text.trim() == "null" => return Ok(None),
        GivenParameter::Value(Value::Null, _) if input.port.optional => return Ok(None),
        GivenParameter::Text(text) => ty.parse(text),
        GivenParameter::Value(value, _) => ty.coerce(value.clone()),
    };
    let value = value.map_err(|mismatch| mismatch.in_terms_of(format, ty).to_string())?;
    if !input.literals.is_empty() && !input.literals.contains(&value) {
        let allowed: Vec<String> = input.literals.iter().map(Value::to_string).collect();
        return Err(format!("{value} is none of the values that it takes: {}", allowed.join(", ")));
    }
    Ok(Some(value))
}

/// Checks each value with the inputs that read it.
fn consumers(
    pipeline: &Pipeline,
    values: &BTreeMap<String, Value>,
    sources: &BTreeMap<&str, Option<Span>>,
    problems: &mut Problems,
) {
    let Some((None, dag)) = dags(pipeline).next() else { return };
    for (task, instance) in &dag.tasks {
        let Some(component) = pipeline.components.get(&instance.component) else { continue };
        for (name, wire) in &instance.inputs {
            // A selector makes another value of it.
            let (Binding::Input(parameter), None) = (&wire.from, &wire.select) else { continue };
            let (Some(value), Some((_, input))) = (values.get(parameter), find(&component.inputs, name)) else {
                continue;
            };
            // KFP accepts any value for a string.
            let text = input.port.ty == PortType::Parameter(ParameterType::String) && pipeline.format == Format::Kfp;
            if let PortType::Parameter(ty) = &input.port.ty
                && !text
                && let Err(mismatch) = ty.check(value)
            {
                let wired = (wire.at != Location::default()).then_some(Span { at: wire.at, length: 1 });
                let wired = pipeline.places.get(&format!("steps.{task}.with.{name}")).copied().or(wired);
                // A value from the command line has no place, and one from a parameter file has its place in that file.
                let span = match sources.get(parameter.as_str()) {
                    Some(source) => *source,
                    None => wired,
                };
                problems.push(
                    Diagnostic::error(format!(
                        "the parameter `{parameter}` does not fit the input `{name}`: {mismatch}"
                    ))
                    .at(span)
                    .task(task.clone()),
                );
            }
        }
    }
}
