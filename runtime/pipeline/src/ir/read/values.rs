//! Reading values, types and the sources of values.

use serde_json::Value;

use super::message::{self, Message, Notes, name, text};
use crate::diagnostic::Diagnostic;
use crate::ir::template;
use crate::model::{Binding, Format, Span, Wire};
use crate::suggest;
use crate::types::{ArtifactType, ParameterType, whole_numbers};
use crate::yaml::node::{Entry, Node};

/// KFP's parameter types in the order of their numbers, which JSON may have instead of names.
const TYPES: [&str; 9] = [
    "PARAMETER_TYPE_ENUM_UNSPECIFIED",
    "NUMBER_DOUBLE",
    "NUMBER_INTEGER",
    "STRING",
    "BOOLEAN",
    "LIST",
    "STRUCT",
    "TASK_FINAL_STATUS",
    "TASK_CONFIG",
];
/// The same of schema 2.0.0.
const PRIMITIVES: [&str; 4] = ["PRIMITIVE_TYPE_UNSPECIFIED", "INT", "DOUBLE", "STRING"];

/// The type of a parameter; a string if none is given.
pub(super) fn parameter_type(message: &Message<'_>, notes: &mut Notes) -> ParameterType {
    let Some((field, entry)) = message.one_of(&["parameterType", "type"], "a parameter's type", notes) else {
        return ParameterType::String;
    };
    let names: &[&str] = if field == "type" { &PRIMITIVES } else { &TYPES };
    let list = |item| ParameterType::List(Box::new(item));
    match one_of_names(&entry.node, "a parameter's type", names, notes) {
        Some("NUMBER_INTEGER" | "INT") => ParameterType::S64,
        Some("NUMBER_DOUBLE" | "DOUBLE") => ParameterType::F64,
        Some("BOOLEAN") => ParameterType::Bool,
        Some("LIST") => list(ParameterType::Json),
        Some("STRUCT") => ParameterType::Map(Box::new(ParameterType::Json)),
        Some("TASK_FINAL_STATUS") => ParameterType::task_final_status(),
        Some("TASK_CONFIG") => ParameterType::task_config(),
        _ => ParameterType::String,
    }
}

/// A name of an enumeration, or its number.
pub(super) fn one_of_names<'k>(node: &Node, what: &str, names: &[&'k str], notes: &mut Notes) -> Option<&'k str> {
    let Some(text) = node.text().filter(|_| !node.is_null()) else {
        notes.error(node.wanted(what));
        return None;
    };
    let by_number = || text.parse::<usize>().ok().and_then(|number| names.get(number));
    let found = names.iter().find(|name| **name == text).or_else(by_number).copied();
    if found.is_none() {
        let hint = suggest::hint(text, names.iter().copied().skip(1), "values");
        notes.error(Diagnostic::error(format!("`{text}` is not {what}")).at(node.span).hint(hint));
    }
    found
}

/// The schema title of an artifact's type; `system.Artifact` if none is given.
pub(super) fn artifact_type(message: &Message<'_>, field: &str, notes: &mut Notes) -> ArtifactType {
    let known = ["schemaTitle", "schemaUri", "instanceSchema", "schemaVersion"];
    let schema = message.message(field, "an artifact's type", &known, notes);
    let title = match schema.one_of(&known[..3], "an artifact's type", notes) {
        Some(("schemaTitle", entry)) => {
            notes.take(name(&entry.node, "the title of an artifact's type for `schemaTitle`"))
        }
        // YAML that contains the title of a type: `title: kfp.Dataset`.
        Some(("instanceSchema", entry)) => notes.take(text(&entry.node, "a schema")).and_then(|schema| {
            schema
                .lines()
                .find_map(|line| line.trim().strip_prefix("title:").map(|title| title.trim().trim_matches(['"', '\''])))
        }),
        _ => None,
    };
    let title = title.unwrap_or("system.Artifact");
    ArtifactType(match title.strip_prefix("kfp.") {
        Some(name) => format!("system.{name}"),
        None => title.to_owned(),
    })
}

/// A value with integral numbers as integers: in the file, all numbers are doubles.
pub(super) fn value(node: &Node) -> Result<Value, Diagnostic> {
    node.value().map(whole_numbers)
}

/// Warns of a number that the compiler may have rounded: it writes numbers as doubles, which are exact for integers up to 2^53.
pub(super) fn warn_of_rounding(value: &Value, span: Span, notes: &mut Notes) {
    match value {
        Value::Number(number) => {
            let float = number.as_f64().unwrap_or_default().abs();
            if (9_007_199_254_740_992.0..18_446_744_073_709_551_616.0).contains(&float) && float.fract() == 0.0 {
                let warning = format!(
                    "{value} may be another number than was meant: the SDK's compiler rounds whole numbers beyond 2^53"
                );
                notes.warn(Diagnostic::warning(warning).at(span).hint("give it as a string"));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| warn_of_rounding(item, span, notes)),
        Value::Object(fields) => fields.values().for_each(|field| warn_of_rounding(field, span, notes)),
        _ => {}
    }
}

/// A value coerced to the type of a parameter. KFP accepts any value for a string.
pub(super) fn fit(ty: &ParameterType, value: Value) -> Result<Value, String> {
    match (ty, value) {
        (_, value @ Value::String(_)) if value.as_str().is_some_and(|text| text.contains("{{$")) => Ok(value),
        (ParameterType::String, value @ (Value::Number(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_))) => {
            Ok(Value::String(value.to_string()))
        }
        (ty, value) => ty.coerce(value).map_err(|mismatch| mismatch.in_terms_of(Format::Kfp, ty).to_string()),
    }
}

/// A constant of schema 2.0.0: `{ intValue: 3 }`.
pub(super) fn old_constant(entry: &Entry, notes: &mut Notes) -> Option<Value> {
    let known = ["intValue", "doubleValue", "stringValue"];
    let message = Message::new(&entry.node, "a constant", &known, notes);
    let message = notes.take(message)?;
    match message.one_of(&known, "a constant", notes) {
        Some(("stringValue", entry)) => notes.take(text(&entry.node, "text")).map(Value::from),
        Some((field, _)) => {
            let number = message.number(field, notes)?;
            Some(whole_numbers(number.into()))
        }
        None => {
            notes.error(Diagnostic::error("a constant has no value").at(entry.node.span));
            None
        }
    }
}

/// A constant or a runtime parameter: `{ constant: .. }`, `{ runtimeParameter: name }`. Returned with the selector that
/// computes the value, if one is needed.
pub(super) fn value_or_parameter(entry: &Entry, what: &str, notes: &mut Notes) -> Option<(Binding, Option<String>)> {
    let known = ["constant", "constantValue", "runtimeParameter"];
    let message = Message::new(&entry.node, what, &known, notes);
    let message = notes.take(message)?;
    if let Some(constant) = message.raw("constant").filter(|constant| constant.node.is_null()) {
        let null = Value::Null;
        return Some((Binding::Literal(notes.take(value(&constant.node)).unwrap_or(null)), None));
    }
    match message.one_of(&known, what, notes) {
        Some(("constant", entry)) => {
            let value = notes.take(value(&entry.node))?;
            warn_of_rounding(&value, entry.node.span, notes);
            Some(template::binding(value))
        }
        Some(("constantValue", entry)) => old_constant(entry, notes).map(template::binding),
        Some((_, entry)) => {
            let parameter = notes.take(name(&entry.node, "the name of a parameter"))?;
            Some((Binding::Input(parameter.to_owned()), None))
        }
        None => {
            let problem = Diagnostic::error(format!("{what} has neither a `constant` nor a `runtimeParameter`"));
            notes.error(problem.at(entry.node.span));
            None
        }
    }
}

/// The source of an input parameter.
pub(super) fn parameter_source(name: &str, entry: &Entry, notes: &mut Notes) -> Option<(Wire, Span)> {
    const SOURCES: [&str; 4] = ["taskOutputParameter", "runtimeValue", "componentInputParameter", "taskFinalStatus"];
    let known = [&SOURCES[..], &["parameterExpressionSelector"]].concat();
    let what = format!("the input `{name}`");
    let message = Message::new(&entry.node, &what, &known, notes);
    let message = notes.take(message)?;
    let Some((field, source)) = message.one_of(&SOURCES, &what, notes) else {
        notes.error(no_source(&what, &SOURCES).at(entry.key));
        return None;
    };
    let mut made_by = None;
    let from = match field {
        "taskOutputParameter" => output(source, "producerTask", "outputParameterKey", notes)?,
        "componentInputParameter" => {
            Binding::Input(notes.take(message::name(&source.node, "the name of an input"))?.to_owned())
        }
        "taskFinalStatus" => {
            let status = Message::new(&source.node, "`taskFinalStatus`", &["producerTask"], notes);
            let status = notes.take(status)?;
            Binding::FinalStatus { task: required(&status, "producerTask", notes)?.0.to_owned() }
        }
        _ => {
            let (from, select) = value_or_parameter(source, &what, notes)?;
            made_by = select;
            from
        }
    };
    let select = message.text("parameterExpressionSelector", "a CEL expression", notes).map(str::to_owned);
    // The constant is JSON text, which a selector takes as it is.
    let select = select.or(made_by);
    let at = source_span(field, source);
    Some((Wire { from, select, at: at.at }, at))
}

/// The source of an input artifact.
pub(super) fn artifact_source(name: &str, entry: &Entry, notes: &mut Notes) -> Option<(Wire, Span)> {
    const SOURCES: [&str; 2] = ["taskOutputArtifact", "componentInputArtifact"];
    let what = format!("the input artifact `{name}`");
    let message = Message::new(&entry.node, &what, &SOURCES, notes);
    let message = notes.take(message)?;
    let Some((field, source)) = message.one_of(&SOURCES, &what, notes) else {
        notes.error(no_source(&what, &SOURCES).at(entry.key));
        return None;
    };
    let from = match field {
        "taskOutputArtifact" => output(source, "producerTask", "outputArtifactKey", notes)?,
        _ => Binding::Input(notes.take(message::name(&source.node, "the name of an input"))?.to_owned()),
    };
    let at = source_span(field, source);
    Some((Wire { from, select: None, at: at.at }, at))
}

fn no_source(what: &str, sources: &[&str]) -> Diagnostic {
    Diagnostic::error(format!("{what} does not say where it comes from"))
        .hint(format!("it has one of the fields {}", suggest::list(sources)))
}

/// The place of a name is that of the name itself, the place of a message that of its field.
fn source_span(field: &str, source: &Entry) -> Span {
    if field.starts_with("componentInput") { source.node.span } else { source.key }
}

/// A task's output: `{ producerTask: t, outputParameterKey: k }`.
pub(super) fn output(entry: &Entry, task: &str, output: &str, notes: &mut Notes) -> Option<Binding> {
    let message = Message::new(&entry.node, "a task's output", &[task, output], notes);
    let message = notes.take(message)?;
    selected_output(&message, task, output, notes)
}

/// The same of a parsed message.
pub(super) fn selected_output(message: &Message<'_>, task: &str, output: &str, notes: &mut Notes) -> Option<Binding> {
    let task = required(message, task, notes);
    let output = required(message, output, notes);
    Some(Binding::Output { task: task?.0.to_owned(), output: output?.0.to_owned() })
}

/// A required string field.
pub(super) fn required<'n>(message: &Message<'n>, field: &str, notes: &mut Notes) -> Option<(&'n str, Span)> {
    let Some(entry) = message.get(field) else {
        notes.error(Diagnostic::error(format!("`{field}` is missing")).at(message.span));
        return None;
    };
    Some((notes.take(name(&entry.node, &format!("a name for `{field}`")))?, entry.node.span))
}
