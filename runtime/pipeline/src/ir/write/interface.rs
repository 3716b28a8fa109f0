//! Writing inputs and outputs of components.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::model::Input;
use crate::signature::Port;
use crate::types::PortType;

/// `inputDefinitions`
pub(super) fn inputs(inputs: &IndexMap<String, Input>) -> Value {
    let mut sections = Sections::default();
    for (name, input) in inputs {
        let mut definition = port(&input.port);
        if let Some(default) = &input.default {
            definition["defaultValue"] = default.clone();
        }
        if let Some(description) = &input.description {
            definition["description"] = json!(description);
        }
        if input.port.optional {
            definition["isOptional"] = json!(true);
        }
        if !input.literals.is_empty() {
            definition["literals"] = json!(input.literals);
        }
        sections.add(&input.port, name, definition);
    }
    sections.value()
}

/// `outputDefinitions`. KFP has no mark for optional outputs: any may be absent.
pub(super) fn outputs(outputs: &IndexMap<String, Port>) -> Value {
    let mut sections = Sections::default();
    for (name, output) in outputs {
        sections.add(output, name, port(output));
    }
    sections.value()
}

fn port(port: &Port) -> Value {
    match &port.ty {
        PortType::Parameter(ty) => json!({ "parameterType": ty.kfp().as_str() }),
        PortType::Artifact { kind, list } => {
            let mut definition = json!({ "artifactType": { "schemaTitle": kind.0, "schemaVersion": "0.0.1" } });
            if *list {
                definition["isArtifactList"] = json!(true);
            }
            definition
        }
    }
}

/// Whether a port is in the section `artifacts` rather than in `parameters`.
pub(super) fn is_artifact(port: &Port) -> bool {
    matches!(port.ty, PortType::Artifact { .. })
}

/// The two sections of inputs and of outputs.
#[derive(Default)]
pub(super) struct Sections {
    artifacts: Map<String, Value>,
    parameters: Map<String, Value>,
}

impl Sections {
    pub(super) fn add(&mut self, of: &Port, name: &str, value: Value) {
        self.insert(is_artifact(of), name, value);
    }

    pub(super) fn insert(&mut self, artifact: bool, name: &str, value: Value) {
        let section = if artifact { &mut self.artifacts } else { &mut self.parameters };
        section.insert(name.to_owned(), value);
    }

    /// Both sections, without empty ones.
    pub(super) fn value(self) -> Value {
        let mut both = Map::new();
        for (name, section) in [("artifacts", self.artifacts), ("parameters", self.parameters)] {
            if !section.is_empty() {
                both.insert(name.to_owned(), Value::Object(section));
            }
        }
        Value::Object(both)
    }
}
