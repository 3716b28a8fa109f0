//! A signature as KFP's component YAML, which `kfp.components.load_component_from_file` of the KFP SDK reads.
//!
//! It has the form that the KFP compiler writes for a container component: a `PipelineSpec` of one task.

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use crate::ir::write::{SCHEMA_VERSION, SDK_VERSION};
use crate::signature::{Port, Signature};
use crate::types::PortType;
use crate::yaml::to_yaml;

/// The properties of a component that its signature does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KfpComponent<'a> {
    /// The component's name, such as that of the function. Characters that KFP does not allow become `-`.
    pub name: &'a str,
    /// A description for users.
    pub description: Option<&'a str>,
    /// The image: the runtime's reference to the component, such as `file:components/x.wasm#train`.
    pub image: &'a str,
    /// The command, if the image needs one.
    pub command: &'a [String],
}

/// The component's YAML. Inputs and outputs have Python names: `learning_rate`. The only argument is the whole executor
/// input, `{{$}}`, which has the values and artifacts.
pub fn component_yaml(component: &KfpComponent<'_>, signature: &Signature) -> String {
    let name = kfp_name(component.name);
    let inputs = definitions(&signature.inputs, true);
    let outputs = definitions(&signature.outputs, false);

    let mut container = json!({ "image": component.image, "args": ["--executor-input", "{{$}}"] });
    if !component.command.is_empty() {
        container["command"] = json!(component.command);
    }
    let mut task = json!({
        "cachingOptions": { "enableCache": true },
        "componentRef": { "name": format!("comp-{name}") },
        "taskInfo": { "name": name },
    });
    let wired = each(&signature.inputs, |name, port| match port.ty {
        PortType::Parameter(_) => json!({ "componentInputParameter": name }),
        PortType::Artifact { .. } => json!({ "componentInputArtifact": name }),
    });
    put(&mut task, "inputs", wired);

    let mut dag = json!({ "tasks": { name.clone(): task } });
    let passed_on = each(&signature.outputs, |output, port| match port.ty {
        PortType::Parameter(_) => {
            json!({ "valueFromParameter": { "outputParameterKey": output, "producerSubtask": name } })
        }
        PortType::Artifact { .. } => {
            json!({ "artifactSelectors": [{ "outputArtifactKey": output, "producerSubtask": name }] })
        }
    });
    put(&mut dag, "outputs", passed_on);

    let mut definition = json!({ "executorLabel": format!("exec-{name}") });
    let mut root = json!({ "dag": dag });
    for interface in [&mut definition, &mut root] {
        put(interface, "inputDefinitions", inputs.clone());
        put(interface, "outputDefinitions", outputs.clone());
    }
    let mut info = json!({ "name": name });
    if let Some(description) = component.description {
        info["description"] = json!(description);
    }
    to_yaml(&json!({
        "components": { format!("comp-{name}"): definition },
        "deploymentSpec": { "executors": { format!("exec-{name}"): { "container": container } } },
        "pipelineInfo": info,
        "root": root,
        "schemaVersion": SCHEMA_VERSION,
        "sdkVersion": SDK_VERSION,
    }))
}

/// A name in KFP's form: lower-case letters, digits and `-`, starting with a letter.
fn kfp_name(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let trimmed = plain.trim_matches('-');
    if trimmed.starts_with(|c: char| c.is_ascii_alphabetic()) { trimmed.to_owned() } else { format!("step-{trimmed}") }
}

fn definitions(ports: &IndexMap<String, Port>, inputs: bool) -> Value {
    each(ports, |_, port| {
        let mut definition = match &port.ty {
            PortType::Parameter(ty) => json!({ "parameterType": ty.kfp().as_str() }),
            PortType::Artifact { kind, list } => {
                // The SDK accepts titles of its own two namespaces only. Other kinds become `system.Artifact`.
                let known = kind.0.starts_with("system.") || kind.0.starts_with("google.");
                let title = if known { &kind.0 } else { "system.Artifact" };
                let mut definition = json!({ "artifactType": { "schemaTitle": title, "schemaVersion": "0.0.1" } });
                if !known {
                    definition["description"] = json!(format!("Of type {kind}."));
                }
                if *list {
                    definition["isArtifactList"] = json!(true);
                }
                definition
            }
        };
        // KFP has no such mark for outputs: any output may be absent.
        if inputs && port.optional {
            definition["isOptional"] = json!(true);
        }
        definition
    })
}

/// `{ artifacts: { name: .. }, parameters: { name: .. } }`, without empty parts.
fn each(ports: &IndexMap<String, Port>, entry: impl Fn(&str, &Port) -> Value) -> Value {
    let mut all = Map::new();
    for (name, port) in ports {
        let section = match port.ty {
            PortType::Parameter(_) => "parameters",
            PortType::Artifact { .. } => "artifacts",
        };
        let name = name.replace('-', "_");
        let value = entry(&name, port);
        let section = all.entry(section).or_insert_with(|| json!({}));
        section[name] = value;
    }
    Value::Object(all)
}

/// Adds a part that is not empty.
fn put(to: &mut Value, key: &str, part: Value) {
    if part.as_object().is_some_and(|part| !part.is_empty()) {
        to[key] = part;
    }
}

#[cfg(test)]
mod tests;
