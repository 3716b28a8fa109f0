//! Writing executors.

use serde_json::{Value, json};

use super::{put_at, resolver};
use crate::executor::is_registry_reference;
use crate::ir::query;
use crate::model::{Binding, CommandStep, Component, Implementation, Importer, Task, VolumeAction, WasmStep};
use crate::step::Limits;

/// The arguments of a container that represents a component: the whole executor input, from which the runtime reads
/// values and artifacts.
pub(crate) const ARGUMENTS: [&str; 2] = ["--executor-input", "{{$}}"];

/// The executor of a component; `None` for a DAG.
pub(super) fn executor(implementation: &Implementation) -> Value {
    match implementation {
        Implementation::Dag(_) => json!({}),
        Implementation::Wasm(step) => json!({ "container": { "args": ARGUMENTS, "image": image(step) } }),
        Implementation::Command(step) => json!({ "container": container(step) }),
        Implementation::Volume(volume) => {
            let image = match volume.action {
                VolumeAction::Create => "argostub/createpvc",
                VolumeAction::Delete => "argostub/deletepvc",
            };
            json!({ "container": { "image": image } })
        }
        Implementation::Import(importer) => json!({ "importer": import(importer) }),
        Implementation::Resolve(resolver) => {
            let queries = resolver
                .queries
                .iter()
                .map(|(output, query)| (output.clone(), json!({ "filter": query::write(query), "limit": 1 })));
            json!({ "resolver": { "outputArtifactQueries": queries.collect::<serde_json::Map<_, _>>() } })
        }
        Implementation::Latest(latest) => json!({
            "resolver": { "outputArtifactQueries": { "artifact": { "filter": resolver::filter(latest), "limit": 1 } } }
        }),
    }
}

/// The image that represents a function of a component: `file:components/x.wasm#train`, `oci://HOST/x:1.2#train`.
pub fn image(step: &WasmStep) -> String {
    let scheme = if is_registry_reference(&step.path) { "" } else { "file:" };
    match &step.function {
        Some(function) => format!("{scheme}{}#{function}", step.path),
        None => format!("{scheme}{}", step.path),
    }
}

fn container(step: &CommandStep) -> Value {
    let mut container = json!({});
    if !step.args.is_empty() {
        container["args"] = json!(step.args);
    }
    if !step.command.is_empty() {
        container["command"] = json!(step.command);
    }
    container["image"] = json!(step.image);
    if !step.env.is_empty() {
        let variables = step.env.iter().map(|(name, value)| json!({ "name": name, "value": value }));
        container["env"] = variables.collect();
    }
    container
}

fn import(importer: &Importer) -> Value {
    let uri = match &importer.source {
        Binding::Input(name) => json!({ "runtimeParameter": name }),
        Binding::Template(text) => json!({ "constant": text }),
        Binding::Literal(value) => json!({ "constant": value }),
        // Other bindings have no path.
        _ => json!({ "constant": "" }),
    };
    let mut written = json!({
        "artifactUri": uri,
        "typeSchema": { "schemaTitle": importer.kind.0, "schemaVersion": "0.0.1" },
    });
    if !importer.properties.is_empty() {
        written["metadata"] = json!(importer.properties);
    }
    written
}

/// Adds the settings that the model has at tasks and KFP at executors.
pub(super) fn settings(task: &Task, component: &Component, executor: &mut Value) {
    if let Implementation::Import(_) = component.implementation {
        if !task.cache {
            executor["importer"]["reimport"] = json!(true);
        }
        return;
    }
    if executor.get("container").is_none() {
        return;
    }
    let own = match &component.implementation {
        Implementation::Command(step) => step.limits,
        _ => Limits::default(),
    };
    if let Some(bytes) = task.limits.memory.or(own.memory) {
        // The field in gigabytes is for older installations.
        #[expect(clippy::cast_precision_loss, reason = "the exact number stands beside it")]
        put_at(executor, &["container", "resources", "memoryLimit"], json!(bytes as f64 / 1e9));
        put_at(executor, &["container", "resources", "resourceMemoryLimit"], json!(quantity(bytes)));
    }
    if let Implementation::Command(CommandStep { memory_limit: Some(text), .. }) = &component.implementation {
        put_at(executor, &["container", "resources", "resourceMemoryLimit"], json!(text));
    }
    if !task.grants.variables.is_empty() {
        let variables = task.grants.variables.iter().map(|(name, value)| json!({ "name": name, "value": value }));
        let mut all: Vec<Value> = executor["container"]["env"].as_array().cloned().unwrap_or_default();
        all.retain(|known| !task.grants.variables.contains_key(known["name"].as_str().unwrap_or_default()));
        all.extend(variables);
        executor["container"]["env"] = Value::Array(all);
    }
}

/// A number of bytes as Kubernetes writes it: `512Mi`, or all digits.
fn quantity(bytes: u64) -> String {
    for (unit, shift) in [("Gi", 30), ("Mi", 20), ("Ki", 10)] {
        if bytes > 0 && bytes.trailing_zeros() >= shift {
            return format!("{}{unit}", bytes >> shift);
        }
    }
    bytes.to_string()
}
