//! KFP's `ExecutorInput`: what a command is told of its inputs and outputs, as JSON.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::layout::Layout;
use crate::signature::Port;
use crate::step::{Artifact, PortValue, PortValues};
use crate::types::{ArtifactType, PortType};

/// The property of an artifact that holds the URI which its command gave it, if that is one of another system (`gs://..`). It is
/// shown to commands as the artifact's URI and not among its metadata.
pub const REMOTE_URI: &str = "kfp_uri";

/// What KFP's executor reads: values and artifacts of the inputs, places for the outputs. Absent inputs are left out.
pub fn executor_input(inputs: &PortValues, outputs: &IndexMap<String, Port>, layout: &Layout) -> Value {
    let mut parameters = Map::new();
    let mut artifacts = Map::new();
    for (name, value) in inputs {
        match value {
            PortValue::Parameter(Value::Null) => {}
            PortValue::Parameter(value) => _ = parameters.insert(name.clone(), value.clone()),
            PortValue::Artifacts(list) => {
                artifacts.insert(name.clone(), json!({ "artifacts": input_artifacts(name, list, layout) }));
            }
        }
    }
    let mut files = Map::new();
    let mut places = Map::new();
    for (name, port) in outputs {
        match &port.ty {
            PortType::Parameter(_) => {
                files.insert(name.clone(), json!({ "outputFile": layout.parameter(name) }));
            }
            PortType::Artifact { kind, .. } => {
                places.insert(name.clone(), json!({ "artifacts": [output_artifact(name, kind, layout)] }));
            }
        }
    }
    json!({
        "inputs": { "parameterValues": parameters, "artifacts": artifacts },
        "outputs": { "parameters": files, "artifacts": places, "outputFile": layout.executor_output() },
    })
}

/// The artifacts of an input, as KFP describes each.
pub(super) fn input_artifacts(port: &str, artifacts: &[Artifact], layout: &Layout) -> Vec<Value> {
    let describe = |(index, artifact): (usize, &Artifact)| {
        runtime_artifact(
            artifact.name.as_deref().unwrap_or(port),
            &artifact.kind,
            &uri(port, index, artifact, layout),
            &metadata(Some(artifact), &[]),
        )
    };
    artifacts.iter().enumerate().map(describe).collect()
}

/// An output artifact, as KFP describes it before there is one.
pub(super) fn output_artifact(port: &str, kind: &ArtifactType, layout: &Layout) -> Value {
    runtime_artifact(port, kind, &layout.output(port), &json!({}))
}

/// An input artifact's URI: its path, unless its producer gave it one elsewhere.
pub(super) fn uri(port: &str, index: usize, artifact: &Artifact, layout: &Layout) -> String {
    match artifact.properties.get(REMOTE_URI) {
        Some(Value::String(uri)) => uri.clone(),
        _ => layout.input(port, index),
    }
}

/// An artifact's metadata, or what these keys lead to in it: `null` where there is nothing.
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
