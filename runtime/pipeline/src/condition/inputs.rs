//! Conditions and selectors of KFP: CEL over a task's own inputs.
//!
//! The variables of a condition are `inputs.parameter_values['x']` and `inputs.artifacts['x'].artifacts[0].uri`, as in
//! KFP's `ExecutorInput`; in schema 2.0.0 also `inputs.parameters['x'].string_value`. The variable of a selector is
//! `string_value`, its source as text. Both have `parseJson`; all numbers are doubles.

use std::sync::Arc;

use cel::{Context, ExecutionError, IdedExpr, Value};
use indexmap::IndexMap;
use serde_json::Value as Json;

use super::references::{self, Root};
use super::scope::{artifact, describe, kind, map, parameter_type, plain_json, typed};
use super::{ConditionError, arithmetic, bounds};
use crate::command::artifact_uri;
use crate::model::Input;
use crate::step::{PortValue, PortValues};
use crate::types::{ParameterType, beyond_64_bits};

/// An input that a condition over inputs reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputRead {
    /// The input's name.
    pub name: String,
    /// Whether it is an artifact rather than a parameter.
    pub artifact: bool,
}

/// The inputs that a condition reads, in the order of the expression.
///
/// # Errors
/// [`ConditionError::Syntax`]; [`ConditionError::Evaluation`] if it has other variables than inputs.
pub fn inputs_read(expression: &str) -> Result<Vec<InputRead>, ConditionError> {
    bounds::check_generated(expression)?;
    bounds::with_large_stack(|| {
        let tree = arithmetic::parse(expression)?;
        reads(&tree)
    })
}

/// Evaluates a condition over a task's inputs, whose declarations distinguish the text `NaN` from the number.
///
/// # Errors
/// [`ConditionError`]. An absent input that it reads is [`ConditionError::Absent`], by name.
pub fn evaluate_inputs(
    expression: &str,
    inputs: &PortValues,
    declared: &IndexMap<String, Input>,
) -> Result<bool, ConditionError> {
    bounds::check_generated(expression)?;
    bounds::with_large_stack(|| {
        let tree = arithmetic::parse(expression)?;
        let items = inputs.values().map(bounds::longest_in).fold(inputs.len(), usize::max);
        bounds::check_loop_iterations(&tree, expression, items)?;
        let mut context = context()?;
        context.add_variable_from_value("inputs", scope(inputs, declared));
        match Value::resolve(&tree, &context) {
            Ok(Value::Bool(answer)) => Ok(answer),
            Ok(other) => Err(ConditionError::NotBoolean { found: kind(&other) }),
            Err(error) => Err(explain(&error, &tree, inputs)),
        }
    })
}

/// Applies a selector to a value: `parseJson(string_value)["key"]`. A string is `string_value` itself, any other value
/// its JSON. Integral numbers in the result are JSON integers.
///
/// # Errors
/// [`ConditionError`].
pub fn select(expression: &str, value: &Json) -> Result<Json, ConditionError> {
    bounds::check_generated(expression)?;
    bounds::with_large_stack(|| {
        let tree = arithmetic::parse(expression)?;
        let text = match value {
            Json::String(text) => text.clone(),
            other => other.to_string(),
        };
        // An item of a list takes at least two characters.
        bounds::check_loop_iterations(&tree, expression, text.len() / 2)?;
        let mut context = context()?;
        context.add_variable_from_value("string_value", Value::String(Arc::new(text)));
        match Value::resolve(&tree, &context) {
            Ok(selected) => plain_json(&selected),
            Err(error) => Err(match &error {
                ExecutionError::NoSuchKey(name) => ConditionError::Absent {
                    reference: expression.trim().to_owned(),
                    why: format!("the value that it selects from has no `{name}`"),
                },
                other => ConditionError::Evaluation(describe(other)),
            }),
        }
    })
}

/// Checks that a selector can be parsed, and that its only variable is `string_value`.
///
/// # Errors
/// [`ConditionError::Syntax`]; [`ConditionError::Evaluation`] if it has other variables.
pub fn check_selector(expression: &str) -> Result<(), ConditionError> {
    bounds::check_generated(expression)?;
    bounds::with_large_stack(|| {
        let tree = arithmetic::parse(expression)?;
        let other = references::collect(&tree)
            .into_iter()
            .find(|reference| reference.root != Root::Task("string_value".to_owned()));
        match other {
            None => Ok(()),
            Some(other) => Err(ConditionError::Evaluation(format!(
                "`{}` is nothing here: a selector reads `string_value`",
                other.text()
            ))),
        }
    })
}

fn context<'v>() -> Result<Context<'v, 'v>, ConditionError> {
    let mut context = arithmetic::context().map_err(|error| ConditionError::Evaluation(error.to_string()))?;
    let parse = |text: Arc<String>| {
        if let Some(number) = beyond_64_bits(&text) {
            let why = format!("{number} is beyond 64 bits, the most that whole numbers have here");
            return Err(ExecutionError::function_error("parseJson", why));
        }
        serde_json::from_str::<Json>(&text)
            .map(|value| typed(&value, None))
            .map_err(|error| ExecutionError::function_error("parseJson", format!("the text is no JSON: {error}")))
    };
    context.add_function("parseJson", parse).map_err(|error| ConditionError::Evaluation(error.to_string()))?;
    Ok(context)
}

/// The variable `inputs`.
fn scope(inputs: &PortValues, declared: &IndexMap<String, Input>) -> Value {
    let mut values = Vec::new();
    let mut messages = Vec::new();
    let mut artifacts = Vec::new();
    for (name, value) in inputs {
        match value {
            PortValue::Parameter(value) => {
                let ty = declared.get(name).and_then(|input| parameter_type(&input.port));
                values.push((name.clone(), typed(value, ty)));
                messages.push((name.clone(), message(value, ty)));
            }
            PortValue::Artifacts(all) => {
                let all = all.iter().map(|one| artifact(one, &artifact_uri(one, ""))).collect();
                let all = Value::List(Arc::new(all));
                artifacts.push((name.clone(), map([("artifacts".to_owned(), all)])));
            }
        }
    }
    map([
        ("parameter_values".to_owned(), map(values)),
        ("parameters".to_owned(), map(messages)),
        ("artifacts".to_owned(), map(artifacts)),
    ])
}

/// The `Value` message of schema 2.0.0: one field, named after the type of the value.
fn message(value: &Json, ty: Option<&ParameterType>) -> Value {
    let cel = typed(value, ty);
    let fields = match value {
        Json::String(_) if matches!(cel, Value::Float(_)) => vec![("double_value".to_owned(), cel)],
        Json::Number(number) if number.is_f64() => vec![("double_value".to_owned(), cel)],
        Json::Number(_) => vec![("int_value".to_owned(), cel.clone()), ("double_value".to_owned(), cel)],
        Json::String(_) => vec![("string_value".to_owned(), cel)],
        other => vec![("string_value".to_owned(), Value::String(Arc::new(other.to_string())))],
    };
    map(fields)
}

fn reads(tree: &IdedExpr) -> Result<Vec<InputRead>, ConditionError> {
    let mut found: Vec<InputRead> = Vec::new();
    for reference in references::collect(tree) {
        let named = match (&reference.root, &reference.path[..]) {
            (Root::Task(root), [section, name, ..]) if root == "inputs" => match section.as_str() {
                "parameter_values" | "parameters" => Some((name, false)),
                "artifacts" => Some((name, true)),
                _ => None,
            },
            // The whole section is read: any input may be meant, so that none can be reported as missing.
            (Root::Task(root), [section])
                if root == "inputs" && ["parameter_values", "parameters", "artifacts"].contains(&section.as_str()) =>
            {
                continue;
            }
            _ => None,
        };
        let Some((name, artifact)) = named else {
            let text = reference.text();
            return Err(ConditionError::Evaluation(format!(
                "`{text}` is nothing here: a condition reads `inputs.parameter_values['name']` or `inputs.artifacts['name']`"
            )));
        };
        let read = InputRead { name: name.clone(), artifact };
        if !found.contains(&read) {
            found.push(read);
        }
    }
    Ok(found)
}

fn explain(error: &ExecutionError, tree: &IdedExpr, inputs: &PortValues) -> ConditionError {
    if let ExecutionError::NoSuchKey(missing) = error
        && let Ok(read) = reads(tree)
        && let Some(read) = read.iter().find(|read| read.name == **missing)
    {
        let (section, sort) = if read.artifact { ("artifacts", "artifact") } else { ("parameter_values", "parameter") };
        let why = match (inputs.get(&read.name), read.artifact) {
            (None, _) => "that input has no value".to_owned(),
            (Some(PortValue::Parameter(_)), true) => "that input is a parameter, no artifact".to_owned(),
            (Some(PortValue::Artifacts(_)), false) => "that input is an artifact, no parameter".to_owned(),
            (Some(_), _) => format!("that {sort} has no `{missing}`"),
        };
        return ConditionError::Absent { reference: format!("inputs.{section}['{}']", read.name), why };
    }
    ConditionError::Evaluation(describe(error))
}

#[cfg(test)]
mod tests;
