//! A step's identity: the digest of everything its outputs depend on.

use std::fmt::Write;

use serde_json::{Map, Number, Value, json};
use weft_pipeline::signature::Port;
use weft_pipeline::step::{Artifact, Command, ComponentRef, Grants, PortValue, PortValues};
use weft_pipeline::types::ArtifactType;

/// BLAKE3 over the canonical JSON of what was done to what.
pub type Identity = [u8; 32];

/// Identity of a step: component, function, inputs and grants; of a command also how it is called, what it declares to
/// give, and its packages. Limits are left out: a step that stays within its limits gives the same with wider ones.
pub fn step(component: &ComponentRef, command: Option<&Command>, inputs: &PortValues, grants: &Grants) -> Identity {
    // A command sees how a number is written, a function the value.
    let form = if command.is_some() { Value::clone } else { by_value };
    let inputs: Map<String, Value> =
        inputs.iter().map(|(port, value)| (port.clone(), port_value(value, form))).collect();
    let mut step = json!({
        "format": "weft step 1",
        "component": component.digest,
        "function": component.function,
        "inputs": inputs,
        "grants": grants_value(grants),
    });
    // Identities of step functions stay what they were before there were commands.
    if let Some(command) = command {
        step["command"] = command_value(command);
    }
    digest(&step)
}

/// A command's environment in its order: variables may refer to those before them.
fn command_value(Command { argv, env, directories, outputs, packages }: &Command) -> Value {
    let env: Vec<_> = env.iter().collect();
    let outputs: Map<String, Value> = outputs
        .iter()
        .map(|(name, Port { ty, optional })| (name.clone(), json!({ "type": ty, "optional": optional })))
        .collect();
    json!({ "argv": argv, "env": env, "directories": directories, "outputs": outputs, "packages": packages })
}

/// Identity of an import: the content that came in, and what it was declared to be. The path is left out.
pub fn import(artifact: &Artifact) -> Identity {
    digest(&json!({ "format": "weft import 1", "artifact": artifact_value(artifact) }))
}

/// Identity of a resolver's answer: the question and the artifact row that answered it, if one did.
pub fn latest(pipeline: &str, task: &str, output: &str, kind: &ArtifactType, answer: Option<&Artifact>) -> Identity {
    digest(&json!({
        "format": "weft latest 1",
        "pipeline": pipeline, "task": task, "output": output, "kind": kind.0,
        "answer": answer.map(|artifact| json!({ "id": artifact.id, "artifact": artifact_value(artifact) })),
    }))
}

fn port_value(value: &PortValue, form: fn(&Value) -> Value) -> Value {
    match value {
        PortValue::Parameter(value) => json!({ "parameter": form(value) }),
        PortValue::Artifacts(artifacts) => {
            json!({ "artifacts": artifacts.iter().map(artifact_value).collect::<Vec<_>>() })
        }
    }
}

/// All that a step can see of an artifact. Its row in the metadata is no part of it.
fn artifact_value(artifact: &Artifact) -> Value {
    json!({
        "kind": artifact.kind.0, "uri": artifact.uri, "name": artifact.name, "properties": artifact.properties,
    })
}

fn grants_value(grants: &Grants) -> Value {
    let directories: Map<String, Value> = grants
        .directories
        .iter()
        .map(|(guest, grant)| (guest.clone(), json!({ "host": grant.host, "write": grant.write })))
        .collect();
    let mut value =
        json!({ "clock": grants.clock, "random": grants.random, "env": grants.env, "directories": directories });
    // Identities of steps without any stay what they were before there were variables.
    if !grants.variables.is_empty() {
        value["variables"] = json!(grants.variables);
    }
    value
}

/// A parameter as a step sees it: `1.0` and `1` are the same value of whatever type the port has.
/// (Properties of artifacts are kept apart: there a guest sees whether a number is an integer.)
fn by_value(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(whole(number).unwrap_or_else(|| number.clone())),
        Value::Array(items) => Value::Array(items.iter().map(by_value).collect()),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), by_value(value))).collect(),
        other => other.clone(),
    }
}

/// The integer that a floating-point number equals, if it is one that both forms hold exactly.
fn whole(number: &Number) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let float = number.as_f64().filter(|_| number.is_f64())?;
    let negative_zero = float == 0.0 && float.is_sign_negative();
    #[expect(clippy::cast_possible_truncation, reason = "whole and within 2^53")]
    (float.fract() == 0.0 && float.abs() <= EXACT && !negative_zero).then(|| Number::from(float as i64))
}

fn digest(value: &Value) -> Identity {
    let mut text = String::new();
    canonical(value, &mut text);
    *blake3::hash(text.as_bytes()).as_bytes()
}

/// Writes JSON with sorted keys and no spaces. `serde_json`'s own order of keys hangs on a feature that any other crate may turn on.
fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                canonical(item, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut fields: Vec<_> = fields.iter().collect();
            fields.sort_unstable_by_key(|(name, _)| *name);
            out.push('{');
            for (index, (name, value)) in fields.into_iter().enumerate() {
                if index > 0 {
                    out.push(',');
                }
                canonical(&Value::String(name.clone()), out);
                out.push(':');
                canonical(value, out);
            }
            out.push('}');
        }
        // Writing to a string does not fail.
        plain => _ = write!(out, "{plain}"),
    }
}

#[cfg(test)]
mod tests;
