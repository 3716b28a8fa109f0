//! The reader of native pipeline files.

use std::collections::HashMap;

use indexmap::IndexMap;
use serde_json::Value;

use super::cursor::{Fields, check_name};
use super::node::{self, Kind, Mapping, Node};
use super::{reference, step};
use crate::diagnostic::{Diagnostic, Problems};
use crate::model::{Binding, Dag, Implementation, Input, Pipeline, Task};
use crate::signature::Port;
use crate::types::{ArtifactType, ParameterType, PortType};

/// Reads a pipeline in the native YAML format.
///
/// # Errors
/// Every problem of the file, in its order, up to [`crate::diagnostic::MAX_DIAGNOSTICS`].
pub fn read_pipeline(text: &str) -> Result<Pipeline, Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let pipeline = node::load(text, &mut problems).map_or_else(Pipeline::default, |root| {
        read(root, &mut problems).unwrap_or_else(|problem| {
            problems.push(problem);
            Pipeline::default()
        })
    });
    if text.trim().is_empty() {
        problems.push(Diagnostic::error("the file is empty").hint("a pipeline has `name:` and `steps:`"));
    } else if pipeline == Pipeline::default() && !problems.any_error() {
        problems
            .push(Diagnostic::error("there is no pipeline in the file").hint("a pipeline has `name:` and `steps:`"));
    }
    if problems.any_error() { Err(problems.into_sorted()) } else { Ok(pipeline) }
}

fn read(mut root: Node, problems: &mut Problems) -> Result<Pipeline, Diagnostic> {
    // Each step's nodes go when it has been read: of thousands, nodes and tasks take as much memory each.
    let entries = take_mapping(&mut root, "steps");
    let keys = ["name", "description", "parameters", "inputs", "steps", "outputs"];
    let fields = Fields::new(&root, "the pipeline", &keys, problems)?;
    let mut pipeline = Pipeline::default();
    let mut dag = Dag::default();
    if let Some(entry) = fields.get("name") {
        pipeline.places.insert("name".to_owned(), entry.node.span);
        match entry.node.string("the pipeline's name") {
            Ok(name) if name.chars().any(char::is_control) => {
                problems.push(Diagnostic::error("a pipeline's name is one line of text").at(entry.node.span));
            }
            Ok(name) => name.clone_into(&mut pipeline.name),
            Err(problem) => problems.push(problem),
        }
    } else {
        let problem = Diagnostic::error("the pipeline has no name").at(root.span);
        problems.push(problem.hint("give it one: `name: my-pipeline`"));
    }
    pipeline.description =
        fields.read("description", problems, |node, _| node.string("a description").map(|text| text.trim().to_owned()));
    if let Some(entry) = fields.get("parameters") {
        match entry.node.mapping("a mapping from parameters to their types or defaults") {
            Ok(entries) => {
                for (name, entry) in entries {
                    check_name(name, "a parameter", entry.key, problems);
                    pipeline.places.insert(format!("parameters.{name}"), entry.key);
                    match parameter(name, &entry.node, problems) {
                        Ok(input) => {
                            pipeline.root.inputs.insert(name.clone(), input);
                        }
                        Err(problem) => problems.push(problem),
                    }
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    if let Some(entry) = fields.get("inputs") {
        match entry.node.mapping("a mapping from input artifacts to their kinds") {
            Ok(entries) => {
                for (name, entry) in entries {
                    check_name(name, "an input artifact", entry.key, problems);
                    pipeline.places.insert(format!("inputs.{name}"), entry.key);
                    match input_artifact(&entry.node, problems) {
                        Ok(_) if pipeline.root.inputs.contains_key(name) => problems.push(
                            Diagnostic::error(format!("`{name}` is both a parameter and an input artifact"))
                                .at(entry.key),
                        ),
                        Ok(input) => _ = pipeline.root.inputs.insert(name.clone(), input),
                        Err(problem) => problems.push(problem),
                    }
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    match fields.get("steps") {
        Some(entry) => match entry.node.mapping("a mapping from names to steps") {
            Ok(_) => dag.tasks = steps(entries.unwrap_or_default(), &mut pipeline, problems),
            Err(problem) => problems.push(problem),
        },
        None => problems.push(Diagnostic::error("the pipeline has no `steps:`").at(root.span)),
    }
    if let Some(entry) = fields.get("outputs") {
        match entry.node.mapping("a mapping from names to steps' outputs") {
            Ok(entries) => {
                for (name, entry) in entries {
                    check_name(name, "an output", entry.key, problems);
                    pipeline.places.insert(format!("outputs.{name}"), entry.node.span);
                    match reference::binding(&entry.node) {
                        Ok(Binding::Literal(_)) => problems.push(
                            Diagnostic::error(format!("the output `{name}` is not a reference to a step's output"))
                                .at(entry.node.span)
                                .hint("write `${step.output}`"),
                        ),
                        Ok(from) => {
                            dag.outputs.insert(name.clone(), from);
                        }
                        Err(problem) => problems.push(problem),
                    }
                }
            }
            Err(problem) => problems.push(problem),
        }
    }
    pipeline.root.implementation = Implementation::Dag(dag);
    Ok(pipeline)
}

/// The entries of the mapping below a key, if there is one; it is left there without them.
fn take_mapping(node: &mut Node, key: &str) -> Option<Mapping> {
    let Kind::Mapping(fields) = &mut node.kind else { return None };
    match &mut fields.get_mut(key)?.node.kind {
        Kind::Mapping(entries) => Some(std::mem::take(entries)),
        _ => None,
    }
}

/// The tasks of all steps; their components become the pipeline's. Steps that call the same function share one: a pipeline of 100,000 of them would hold
/// and record as many signatures.
fn steps(entries: Mapping, pipeline: &mut Pipeline, problems: &mut Problems) -> IndexMap<String, Task> {
    let mut tasks = IndexMap::with_capacity(entries.len());
    let mut called = HashMap::new();
    for (name, entry) in entries {
        check_name(&name, "a step", entry.key, problems);
        pipeline.places.insert(format!("steps.{name}"), entry.key);
        match step::read(&name, entry.key, &entry.node, pipeline, problems) {
            Ok((mut task, component)) => {
                if let Implementation::Wasm(step) = &component.implementation {
                    let first = called.entry((step.path.clone(), step.function.clone()));
                    task.component.clone_from(first.or_insert_with(|| task.component.clone()));
                }
                pipeline.components.entry(task.component.clone()).or_insert(component);
                tasks.insert(name, task);
            }
            Err(problem) => problems.push(problem.task(name)),
        }
    }
    tasks
}

/// A parameter: `{ type, default, description }`, or only a default, whose type is inferred.
fn parameter(name: &str, node: &Node, problems: &mut Problems) -> Result<Input, Diagnostic> {
    let Kind::Mapping(_) = node.kind else {
        let default = literal(node)?;
        if default.is_null() {
            return Err(Diagnostic::error(format!("the parameter `{name}` has neither a default nor a type"))
                .at(node.span)
                .hint("give it one: `{ type: string }`"));
        }
        let ty = infer(&default);
        let default = ty.coerce(default).map_err(|m| Diagnostic::error(m.to_string()).at(node.span))?;
        return Ok(input(ty, Some(default), None));
    };
    let fields = Fields::new(node, "a parameter", &["type", "default", "description"], problems)?;
    let description = fields.read("description", problems, |node, _| node.string("a description").map(str::to_owned));
    let default = fields.read("default", problems, |node, _| literal(node));
    let ty = match fields.get("type") {
        Some(entry) => {
            let text = entry.node.string("a type such as `int` or `list<string>`")?;
            Some(
                text.parse::<ParameterType>()
                    .map_err(|wrong| Diagnostic::error(wrong.message).at(entry.node.span).hint(wrong.hint))?,
            )
        }
        None => None,
    };
    let Some(ty) = ty.or_else(|| default.as_ref().map(infer)) else {
        return Err(Diagnostic::error(format!("the parameter `{name}` has neither a type nor a default"))
            .at(node.span)
            .hint("a default that is a mapping is written `{ default: { ... } }`"));
    };
    let default = match default {
        Some(value) => {
            let span = fields.get("default").map_or(node.span, |entry| entry.node.span);
            Some(ty.coerce(value).map_err(|mismatch| {
                Diagnostic::error(format!("the default of `{name}` does not fit its type: {mismatch}")).at(span)
            })?)
        }
        None => None,
    };
    Ok(input(ty, default, description))
}

/// An input artifact: `{ type, optional, description }`, or only its kind: `dataset`, `list<dataset>`.
fn input_artifact(node: &Node, problems: &mut Problems) -> Result<Input, Diagnostic> {
    let (kind, optional, description) = if let Kind::Mapping(_) = node.kind {
        let fields = Fields::new(node, "an input artifact", &["type", "optional", "description"], problems)?;
        let description =
            fields.read("description", problems, |node, _| node.string("a description").map(str::to_owned));
        let optional = fields.read("optional", problems, |node, _| node.boolean("`optional`"));
        let Some(entry) = fields.get("type") else {
            return Err(Diagnostic::error("an input artifact needs `type:`, its kind, such as `dataset`").at(node.span));
        };
        (&entry.node, optional.unwrap_or_default(), description)
    } else {
        (node, false, None)
    };
    let text = kind.string("an artifact's kind, such as `dataset` or `list<dataset>`")?.trim();
    let item = text.strip_prefix("list<").and_then(|rest| rest.strip_suffix('>'));
    let ty = ArtifactType::parse(item.unwrap_or(text).trim())
        .map_err(|hint| Diagnostic::error(format!("unknown kind `{text}`")).at(kind.span).hint(hint))?;
    let port = Port { ty: PortType::Artifact { kind: ty, list: item.is_some() }, optional };
    Ok(Input { port, default: None, literals: Vec::new(), description })
}

/// An `option` type makes the parameter optional.
fn input(ty: ParameterType, default: Option<Value>, description: Option<String>) -> Input {
    let (ty, optional) = match ty {
        ParameterType::Option(inner) => (*inner, true),
        ty => (ty, false),
    };
    Input { port: Port { ty: PortType::Parameter(ty), optional }, default, literals: Vec::new(), description }
}

fn literal(node: &Node) -> Result<Value, Diagnostic> {
    match reference::binding(node)? {
        Binding::Literal(value) => Ok(value),
        _ => Err(Diagnostic::error("a parameter's default cannot be a reference")
            .at(node.span)
            .hint("write the value itself; for the text `${` write `$${`")),
    }
}

/// The inferred type of a default: `s64` for integers, `list<T>` for items of one type, and so on.
fn infer(value: &Value) -> ParameterType {
    fn common<'a>(mut types: impl Iterator<Item = &'a Value>) -> ParameterType {
        let Some(first) = types.next().map(infer) else { return ParameterType::Json };
        types.map(infer).fold(first, |common, ty| match (&common, &ty) {
            _ if common == ty => common,
            (ParameterType::F64, ParameterType::S64) | (ParameterType::S64, ParameterType::F64) => ParameterType::F64,
            _ => ParameterType::Json,
        })
    }
    match value {
        Value::Null => ParameterType::Json,
        Value::Bool(_) => ParameterType::Bool,
        Value::Number(number) if number.is_i64() => ParameterType::S64,
        Value::Number(number) if number.is_u64() => ParameterType::U64,
        Value::Number(_) => ParameterType::F64,
        Value::String(_) => ParameterType::String,
        Value::Array(items) => ParameterType::List(Box::new(common(items.iter()))),
        Value::Object(fields) => ParameterType::Map(Box::new(common(fields.values()))),
    }
}
