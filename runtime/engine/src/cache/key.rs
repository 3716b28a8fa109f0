//! The cache key of a step, called its identity: the digest of everything that its outputs depend on.

use std::fmt::Write;

use serde_json::{Map, Number, Value, json};
use weft_pipeline::model::Resolver;
use weft_pipeline::signature::Port;
use weft_pipeline::step::{Artifact, Command, ComponentRef, Grants, PortValue, PortValues};
use weft_pipeline::types::ArtifactType;

/// BLAKE3 digest of the canonical JSON of everything that the outputs depend on. It also seeds the step's randomness.
pub type Identity = [u8; 32];

/// The version of the paths of commands ([`weft_pipeline::command::Layout`]), which outputs may hold.
const LAYOUT: u32 = 2;

/// The identity of a step: component, function, inputs, grants, and whether it is strict; of a command also its arguments, environment, declared
/// outputs, packages, programs that it calls and linked content. Limits are left out: a step that succeeds has the same outputs under wider limits.
pub fn step(
    component: &ComponentRef,
    command: Option<&Command>,
    inputs: &PortValues,
    grants: &Grants,
    strict: bool,
) -> Identity {
    // A command receives a number as text, so `1` and `1.0` differ; a function receives the value.
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
    // Absent rather than null, so that the identities of step functions match those of versions without commands.
    if let Some(command) = command {
        step["command"] = command_value(command);
    }
    if strict {
        step["strict"] = json!(true);
    }
    digest(&step)
}

/// Identity of a step that reads secrets: that of the step, and a digest of their values.
pub fn with_secrets(step: &Identity, secrets: &[u8; 32]) -> Identity {
    digest(&json!({ "format": "weft step with secrets 1", "step": step, "secrets": secrets }))
}

/// The environment keeps its order: variables may refer to those before them.
fn command_value(command: &Command) -> Value {
    let Command { argv, env, directories, outputs, packages, programs, non_finite, linked } = command;
    let env: Vec<_> = env.iter().collect();
    let outputs: Map<String, Value> = outputs
        .iter()
        .map(|(name, Port { ty, optional })| (name.clone(), json!({ "type": ty, "optional": optional })))
        .collect();
    let mut command = json!({
        "layout": LAYOUT, "argv": argv, "env": env, "directories": directories, "outputs": outputs, "packages": packages,
        "linked": linked,
    });
    if !programs.is_empty() {
        command["programs"] = json!(programs);
    }
    // A float that is no number and the text `NaN` are the same JSON.
    if !non_finite.is_empty() {
        command["non-finite"] = json!(non_finite);
    }
    command
}

/// The identity of an import: the imported content and its declared type, name and properties. The path is left out.
pub fn import(artifact: &Artifact) -> Identity {
    digest(&json!({ "format": "weft import 1", "artifact": artifact_value(artifact) }))
}

/// The identity of a resolver's result: the query, and the row of the artifact that was found, if any.
pub fn latest(pipeline: &str, task: &str, output: &str, kind: &ArtifactType, answer: Option<&Artifact>) -> Identity {
    digest(&json!({
        "format": "weft latest 1",
        "pipeline": pipeline, "task": task, "output": output, "kind": kind.0,
        "answer": answer.map(|artifact| json!({ "id": artifact.id, "artifact": artifact_value(artifact) })),
    }))
}

/// The identity of a resolver's results by queries: these, and the rows of the artifacts that were found.
pub fn resolved(pipeline: &str, resolver: &Resolver, answers: &PortValues) -> Identity {
    let answer = |(output, value): (&String, &PortValue)| {
        let PortValue::Artifacts(artifacts) = value else { return None };
        let rows = artifacts.iter().map(|artifact| json!({ "id": artifact.id, "artifact": artifact_value(artifact) }));
        Some((output.clone(), rows.collect::<Value>()))
    };
    digest(&json!({
        "format": "weft resolve 1",
        "pipeline": pipeline, "resolver": resolver,
        "answers": answers.iter().filter_map(answer).collect::<Map<_, _>>(),
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

/// Everything of an artifact that a step can observe. The id of its metadata row is not observable.
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
    // Absent rather than empty, so that identities match those of versions without variables.
    if !grants.variables.is_empty() {
        value["variables"] = json!(grants.variables);
    }
    if !grants.net.is_empty() {
        value["net"] = json!(grants.net);
    }
    if !grants.secrets.is_empty() {
        value["secrets"] = json!(grants.secrets);
    }
    value
}

/// A parameter with `1.0` written as `1`: the type of the port makes them the same value. This does not apply to the
/// properties of artifacts, where a guest can tell whether a number is an integer.
fn by_value(value: &Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(whole(number).unwrap_or_else(|| number.clone())),
        Value::Array(items) => Value::Array(items.iter().map(by_value).collect()),
        Value::Object(fields) => fields.iter().map(|(name, value)| (name.clone(), by_value(value))).collect(),
        other => other.clone(),
    }
}

/// The integer that a floating-point number equals, if both representations are exact.
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

/// Writes JSON with sorted keys and no spaces. The order of keys in `serde_json` depends on a feature that any crate of
/// the build may turn on.
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
