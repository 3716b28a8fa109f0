//! The values of a condition's variables, and its evaluation over them.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cel::{Context, ExecutionError, IdedExpr, Value};
use serde_json::Value as Json;

use super::references::{Reference, Root};
use super::{ConditionError, ConditionScope, TaskScope, arithmetic};
use crate::model::TaskState;
use crate::signature::Port;
use crate::step::{Artifact, PortValue};
use crate::types::{ParameterType, PortType};

/// The limit up to which doubles represent all integers exactly.
const EXACT: u64 = 1 << 53;
/// The same as a double.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

pub(super) fn evaluate(
    tree: &IdedExpr,
    references: &[Reference],
    scope: &ConditionScope<'_>,
) -> Result<bool, ConditionError> {
    let failed = |error: &dyn std::error::Error| ConditionError::Evaluation(error.to_string());
    let mut context: Context<'_, '_> = arithmetic::context().map_err(|error| failed(&error))?;
    let declared = |name: &str| parameter_type(&scope.declared?.get(name)?.port);
    let params = spellings(scope.params.iter().map(|(name, value)| (name.as_str(), typed(value, declared(name)))));
    context.add_variable_from_value("params", map(params));
    let tasks = spellings(scope.tasks.iter().map(|(name, task)| (*name, self::task(task))));
    for (name, value) in &tasks {
        context.add_variable_from_value(name.as_str(), value.clone());
    }
    context.add_variable_from_value("steps", map(tasks));
    match Value::resolve(tree, &context) {
        Ok(Value::Bool(answer)) => Ok(answer),
        Ok(other) => Err(ConditionError::NotBoolean { found: kind(&other) }),
        Err(error) => Err(explain(&error, references, scope)),
    }
}

/// Each name as it is, and with `_` for `-`.
fn spellings<'a>(entries: impl Iterator<Item = (&'a str, Value)>) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for (name, value) in entries {
        if name.contains('-') {
            // A name that really has a `_` takes precedence.
            all.entry(name.replace('-', "_")).or_insert_with(|| value.clone());
        }
        all.insert(name.to_owned(), value);
    }
    all
}

pub(super) fn map(entries: impl IntoIterator<Item = (String, Value)>) -> Value {
    Value::from(entries.into_iter().collect::<HashMap<String, Value>>())
}

fn task(task: &TaskScope<'_>) -> Value {
    map(spellings(task.outputs.iter().map(|(name, value)| {
        let port = task.ports.and_then(|ports| ports.get(name));
        (name.as_str(), output(value, port))
    })))
}

fn output(value: &PortValue, port: Option<&Port>) -> Value {
    let list = matches!(port.map(|port| &port.ty), Some(PortType::Artifact { list: true, .. }));
    match value {
        PortValue::Parameter(value) => typed(value, port.and_then(parameter_type)),
        PortValue::Artifacts(artifacts) => match &artifacts[..] {
            [one] if !list => artifact(one, &one.uri),
            many => Value::List(Arc::new(many.iter().map(|one| artifact(one, &one.uri)).collect())),
        },
    }
}

/// The type of a port that takes a parameter.
pub(super) fn parameter_type(port: &Port) -> Option<&ParameterType> {
    match &port.ty {
        PortType::Parameter(ty) => Some(ty),
        PortType::Artifact { .. } => None,
    }
}

/// An artifact, with the URI by which the condition's pipeline knows it.
pub(super) fn artifact(artifact: &Artifact, uri: &str) -> Value {
    let text = |text: &str| Value::String(Arc::new(text.to_owned()));
    // Metrics are numbers; other properties are of no type that is known.
    let metric = (artifact.kind.0 == "system.Metrics").then_some(&ParameterType::F64);
    let metadata = artifact.properties.iter().map(|(name, value)| (name.clone(), typed(value, metric)));
    let mut fields = vec![
        ("uri".to_owned(), text(uri)),
        ("type".to_owned(), text(&artifact.kind.0)),
        ("metadata".to_owned(), map(metadata)),
    ];
    fields.extend(artifact.name.as_deref().map(|name| ("name".to_owned(), text(name))));
    map(fields)
}

/// The value of a parameter of a type. The texts `NaN`, `Infinity` and `-Infinity` are numbers only where the type is a float.
pub(super) fn typed(value: &Json, ty: Option<&ParameterType>) -> Value {
    use ParameterType as T;
    match (ty, value) {
        (Some(T::Option(inner)), value) => typed(value, Some(inner)),
        (Some(T::F32 | T::F64), Json::String(text)) => match text.as_str() {
            "NaN" => Value::Float(f64::NAN),
            "Infinity" => Value::Float(f64::INFINITY),
            "-Infinity" => Value::Float(f64::NEG_INFINITY),
            _ => json(value),
        },
        (Some(T::List(item)), Json::Array(items)) => {
            Value::List(Arc::new(items.iter().map(|value| typed(value, Some(item))).collect()))
        }
        (Some(T::Tuple(types)), Json::Array(items)) => {
            Value::List(Arc::new(items.iter().zip(types).map(|(value, ty)| typed(value, Some(ty))).collect()))
        }
        (Some(T::Map(ty)), Json::Object(fields)) => {
            map(fields.iter().map(|(name, value)| (name.clone(), typed(value, Some(ty)))))
        }
        (Some(T::Record(types)), Json::Object(fields)) => map(fields.iter().map(|(name, value)| {
            let ty = types.iter().find(|(field, _)| field == name).map(|(_, ty)| ty);
            (name.clone(), typed(value, ty))
        })),
        (Some(T::Variant(cases)), Json::Object(fields)) => map(fields.iter().map(|(name, value)| {
            let ty = cases.iter().find(|(case, _)| case == name).and_then(|(_, ty)| ty.as_ref());
            (name.clone(), typed(value, ty))
        })),
        (_, value) => json(value),
    }
}

/// A value whose type is unknown. Integers are doubles as long as these are exact.
#[expect(clippy::cast_precision_loss, reason = "only where it is exact")]
fn json(value: &Json) -> Value {
    match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => {
            if let Some(integer) = number.as_i64() {
                if integer.unsigned_abs() <= EXACT { Value::Float(integer as f64) } else { Value::Int(integer) }
            } else if let Some(large) = number.as_u64() {
                Value::UInt(large)
            } else {
                Value::Float(number.as_f64().unwrap_or(f64::NAN))
            }
        }
        Json::String(text) => Value::String(Arc::new(text.clone())),
        Json::Array(items) => Value::List(Arc::new(items.iter().map(json).collect())),
        Json::Object(fields) => map(fields.iter().map(|(name, value)| (name.clone(), json(value)))),
    }
}

/// A value as JSON, with integers where doubles are exact.
pub(super) fn plain_json(value: &Value) -> Result<Json, ConditionError> {
    Ok(match value {
        Value::Null => Json::Null,
        Value::Bool(value) => (*value).into(),
        Value::Int(integer) => (*integer).into(),
        Value::UInt(integer) => (*integer).into(),
        #[expect(clippy::cast_possible_truncation, reason = "whole, and within what is exact")]
        Value::Float(float) if float.fract() == 0.0 && float.abs() <= LARGEST_EXACT => (*float as i64).into(),
        Value::Float(float) if float.is_nan() => "NaN".into(),
        Value::Float(float) if float.is_infinite() => if *float > 0.0 { "Infinity" } else { "-Infinity" }.into(),
        Value::Float(float) => (*float).into(),
        Value::String(text) => text.as_str().into(),
        Value::List(items) => Json::Array(items.iter().map(plain_json).collect::<Result<_, _>>()?),
        Value::Map(entries) => {
            let mut object = serde_json::Map::new();
            for (key, value) in entries.map.iter() {
                object.insert(key.to_string(), plain_json(value)?);
            }
            Json::Object(object)
        }
        other => {
            return Err(ConditionError::Evaluation(format!("it gives {}, which no parameter can be", kind(other))));
        }
    })
}

/// The name of a value's type, for messages.
pub(super) fn kind(value: &Value) -> String {
    match value {
        Value::List(_) => "a list".into(),
        Value::Map(_) => "a mapping".into(),
        Value::Int(n) => format!("the number {n}"),
        Value::UInt(n) => format!("the number {n}"),
        Value::Float(n) => format!("the number {n}"),
        Value::String(text) => format!("the text {:?}", text.chars().take(40).collect::<String>()),
        Value::Null => "null".into(),
        Value::Bool(value) => value.to_string(),
        _ => "a value of another kind".into(),
    }
}

fn explain(error: &ExecutionError, references: &[Reference], scope: &ConditionScope<'_>) -> ConditionError {
    let missing = match error {
        ExecutionError::NoSuchKey(name) | ExecutionError::UndeclaredReference(name) => Some(name.as_str()),
        _ => None,
    };
    if let Some(missing) = missing {
        let about = |reference: &&Reference| match &reference.root {
            Root::Params => reference.path.first().is_some_and(|name| name == missing),
            Root::Task(task) => task == missing || reference.path.iter().any(|name| name == missing),
        };
        let absent = references.iter().filter(about).find_map(|reference| {
            let why = why_absent(reference, missing, scope)?;
            Some(ConditionError::Absent { reference: reference.text(), why })
        });
        if let Some(absent) = absent {
            return absent;
        }
    }
    ConditionError::Evaluation(describe(error))
}

/// The message of an evaluation error, without terms of CEL's implementation.
pub(super) fn describe(error: &ExecutionError) -> String {
    match error {
        ExecutionError::NoSuchKey(name) => format!("there is no `{name}` in what it reads"),
        ExecutionError::UndeclaredReference(name) if name.as_str() == "matches" => {
            "there are no regular expressions here: use `contains`, `startsWith` or `endsWith`".into()
        }
        ExecutionError::UndeclaredReference(name) => format!("nothing is named `{name}`"),
        ExecutionError::UnsupportedBinaryOperator(operator, a, b) => {
            format!("`{}` does not work on {} and {}", symbol(operator), kind(a), kind(b))
        }
        ExecutionError::NoSuchOverload(wrong) => {
            let types = wrong.argument_types();
            let floats = types.iter().filter(|name| *name == "double").count() == 2;
            if floats && ["_<_", "_<=_", "_>_", "_>=_"].contains(&wrong.function()) {
                "one of the numbers that it compares is NaN, not a number".into()
            } else {
                format!("`{}` does not work on {}", symbol(wrong.function()), types.join(" and "))
            }
        }
        ExecutionError::ValuesNotComparable(a, b) => format!("{} and {} cannot be compared", kind(a), kind(b)),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "it divides by zero".into(),
        ExecutionError::FunctionError { function, message } => {
            format!("`{function}`: {message}").chars().take(300).collect()
        }
        ExecutionError::IndexOutOfBounds(index) => format!("a list has no item at {}", kind(index)),
        other => {
            let text = other.to_string();
            text.chars().take(300).collect()
        }
    }
}

/// An operator's symbol.
fn symbol(operator: &str) -> &str {
    match operator {
        "add" => "+",
        "sub" => "-",
        "mul" => "*",
        "div" => "/",
        "rem" => "%",
        other => other.trim_matches('_').trim_start_matches('@'),
    }
}

/// Why the value of a reference is absent; `None` if it is present.
fn why_absent(reference: &Reference, missing: &str, scope: &ConditionScope<'_>) -> Option<String> {
    let same = |a: &str, b: &str| a == b || a.replace('-', "_") == b;
    let Root::Task(name) = &reference.root else {
        let name = reference.path.first()?;
        let there = scope.params.keys().any(|known| same(known, name));
        return (!there).then(|| format!("the parameter `{name}` was not given"));
    };
    let Some((name, task)) = scope.tasks.iter().find(|(known, _)| same(known, name)) else {
        return Some(format!("there is no step `{name}`"));
    };
    let output = reference.path.first()?;
    if task.outputs.keys().any(|known| same(known, output)) {
        return (output != missing).then(|| format!("it has no `{missing}`"));
    }
    Some(match task.state {
        TaskState::Skipped => format!("the step `{name}` was skipped"),
        TaskState::Failed => format!("the step `{name}` failed"),
        TaskState::Canceled => format!("the step `{name}` was given up"),
        _ => format!("the step `{name}` gave no `{output}`"),
    })
}
