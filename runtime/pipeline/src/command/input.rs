//! KFP's `ExecutorInput`: the JSON that describes a command's inputs and outputs.

use serde_json::{Map, Value, json};

use super::layout::Layout;
use super::uri::{REMOTE_URI, of_content};
use crate::step::{Artifact, Command, PortValue, PortValues};
use crate::tfx;
use crate::types::{ArtifactType, PortType};

/// The `ExecutorInput` as JSON: values and artifacts of the inputs, paths for the outputs. Absent inputs are left out. Floats that are not
/// finite are written without quotes, as Python does: `NaN`.
pub fn executor_input(command: &Command, inputs: &PortValues, layout: &Layout) -> String {
    let is_tfx = tfx::is_run_by(&command.argv);
    let mut parameters = Vec::new();
    let mut artifacts = Map::new();
    for (name, value) in inputs {
        match value {
            PortValue::Parameter(Value::Null) => {}
            PortValue::Parameter(value) => {
                let value = match value {
                    Value::String(word) if command.non_finite.contains(name) => word.clone(),
                    value => value.to_string(),
                };
                parameters.push(format!("{}:{value}", Value::from(name.as_str())));
            }
            PortValue::Artifacts(list) => {
                let mut shown = input_artifacts(name, list, layout);
                if is_tfx {
                    shown.iter_mut().zip(list).for_each(|(shown, artifact)| for_tfx(shown, artifact));
                }
                artifacts.insert(name.clone(), json!({ "artifacts": shown }));
            }
        }
    }
    let mut files = Map::new();
    let mut places = Map::new();
    for (name, port) in &command.outputs {
        match &port.ty {
            PortType::Parameter(_) => {
                files.insert(name.clone(), json!({ "outputFile": layout.parameter(name) }));
            }
            PortType::Artifact { kind, .. } => {
                places.insert(name.clone(), json!({ "artifacts": [output_artifact(name, kind, layout)] }));
            }
        }
    }
    let outputs = json!({ "parameters": files, "artifacts": places, "outputFile": layout.executor_output() });
    let (artifacts, parameters) = (Value::Object(artifacts), parameters.join(","));
    let old = if tfx::reads_old_parameters(&command.argv) {
        format!(r#","parameters":{}"#, Value::Object(old_parameters(inputs)))
    } else {
        String::new()
    };
    format!(r#"{{"inputs":{{"artifacts":{artifacts},"parameterValues":{{{parameters}}}{old}}},"outputs":{outputs}}}"#)
}

/// Shows an artifact as TFX expects it: its name tells it from all others, and lists among its properties are JSON text, as in Python.
fn for_tfx(shown: &mut Value, artifact: &Artifact) {
    if let Some(id) = artifact.id {
        shown["name"] = id.to_string().into();
    }
    for value in shown["metadata"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        if let Value::Array(items) = value {
            let items: Vec<String> = items.iter().map(Value::to_string).collect();
            *value = format!("[{}]", items.join(", ")).into();
        }
    }
}

/// The values of parameters as messages of schema 2.0.0. 64-bit integers are strings in JSON.
fn old_parameters(inputs: &PortValues) -> Map<String, Value> {
    let message = |value: &Value| match value {
        Value::Number(number) if number.is_f64() => json!({ "doubleValue": number }),
        Value::Number(number) => json!({ "intValue": number.to_string() }),
        Value::String(text) => json!({ "stringValue": text }),
        other => json!({ "stringValue": other.to_string() }),
    };
    let parameter = |(name, value): (&String, &PortValue)| match value {
        PortValue::Parameter(Value::Null) | PortValue::Artifacts(_) => None,
        PortValue::Parameter(value) => Some((name.clone(), message(value))),
    };
    inputs.iter().filter_map(parameter).collect()
}

/// The `RuntimeArtifact`s of an input.
pub(super) fn input_artifacts(port: &str, artifacts: &[Artifact], layout: &Layout) -> Vec<Value> {
    let describe = |artifact: &Artifact| {
        runtime_artifact(
            artifact.name.as_deref().unwrap_or(port),
            &artifact.kind,
            &artifact_uri(artifact, &layout.root),
            &metadata(Some(artifact), &[]),
        )
    };
    artifacts.iter().map(describe).collect()
}

/// The `RuntimeArtifact` of an output before the command has run.
pub(super) fn output_artifact(port: &str, kind: &ArtifactType, layout: &Layout) -> Value {
    runtime_artifact(port, kind, &layout.output(port), &json!({}))
}

/// An artifact's URI as commands and conditions see it: that of its content, unless its producer gave it one elsewhere. `root` stands
/// before what is a path.
pub fn artifact_uri(artifact: &Artifact, root: &str) -> String {
    match artifact.properties.get(REMOTE_URI) {
        Some(Value::String(uri)) => uri.clone(),
        _ => format!("{root}{}", of_content(&artifact.uri)),
    }
}

/// An artifact's metadata, or the value at these keys: `null` if there is none.
pub(super) fn metadata(artifact: Option<&Artifact>, keys: &[String]) -> Value {
    let Some(artifact) = artifact else { return Value::Null };
    let [first, rest @ ..] = keys else {
        let shown = artifact.properties.iter().filter(|(name, _)| *name != REMOTE_URI);
        return Value::Object(shown.map(|(name, value)| (name.clone(), value.clone())).collect());
    };
    let mut value = artifact.properties.get(first);
    for key in rest {
        value = value.and_then(|value| match value {
            Value::Array(items) => items.get(key.parse::<usize>().ok()?),
            value => value.get(key),
        });
    }
    value.cloned().unwrap_or(Value::Null)
}

fn runtime_artifact(name: &str, kind: &ArtifactType, uri: &str, metadata: &Value) -> Value {
    json!({
        "name": name,
        "type": { "schemaTitle": kind.0, "schemaVersion": "0.0.1" },
        "uri": uri,
        "metadata": metadata,
    })
}
