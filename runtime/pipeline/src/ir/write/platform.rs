//! Writing the `PlatformSpec`: the configuration of executors for Kubernetes, and the workspace.

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::put_at;
use crate::model::{Binding, Component, Implementation, Mount, Secret, Task};
use crate::step::SecretKind;

/// The secret that has the variables of the host's environment, by their names.
pub const SECRET: &str = "weft-environment";

/// The document as it grows.
#[derive(Debug, Default)]
pub(super) struct Platform {
    kubernetes: Value,
}

impl Platform {
    /// The document, if it is not empty.
    pub(super) fn document(self) -> Option<Value> {
        (!self.kubernetes.is_null()).then(|| json!({ "platforms": { "kubernetes": self.kubernetes } }))
    }

    /// Sets a value at a path below `platforms.kubernetes`.
    pub(super) fn put(&mut self, path: &[&str], value: Value) {
        put_at(&mut self.kubernetes, path, value);
    }

    /// Sets a value in the configuration of an executor.
    pub(super) fn executor(&mut self, label: &str, path: &[&str], value: Value) {
        let path: Vec<&str> = ["deploymentSpec", "executors", label].iter().chain(path).copied().collect();
        self.put(&path, value);
    }

    /// The deadline of a run.
    pub(super) fn deadline(&mut self, deadline: std::time::Duration) {
        self.put(&["pipelineConfig", "activeDeadlineSeconds"], json!(deadline.as_secs().to_string()));
    }

    /// The workspace. The model has no size for it, and KFP requires one.
    pub(super) fn workspace(&mut self) {
        self.put(&["pipelineConfig", "workspace"], json!({ "size": "10Gi" }));
    }

    /// The settings of a component's task.
    pub(super) fn settings(&mut self, label: &str, task: &Task, component: &Component) {
        let own = match &component.implementation {
            Implementation::Command(step) => step.limits.time,
            _ => None,
        };
        if let Some(time) = task.limits.time.or(own) {
            // Whole seconds, rounded up.
            let seconds = time.as_secs() + u64::from(time.subsec_nanos() > 0);
            self.executor(label, &["activeDeadlineSeconds"], json!(seconds.to_string()));
        }
        if let Implementation::Command(step) = &component.implementation
            && !step.directories.is_empty()
        {
            let name = |path: &str| path.trim_matches('/').replace('/', "-");
            let volumes = step.directories.iter().map(|path| json!({ "mountPath": path, "volumeName": name(path) }));
            self.executor(label, &["emptyDirMounts"], volumes.collect());
        }
        if !task.mounts.is_empty() {
            let mounts = task.mounts.iter().map(mount).collect();
            self.executor(label, &["pvcMount"], mounts);
        }
        self.secrets(label, task);
    }

    /// The secrets and config maps that a task reads, each once with all that it gives.
    fn secrets(&mut self, label: &str, task: &Task) {
        let mut fields: IndexMap<&str, Vec<Value>> = IndexMap::new();
        // Variables of the host are in a secret of their own, by their names.
        let host = task.grants.env.iter().map(|written| {
            let name = written.trim_end_matches('?');
            Secret {
                to: name.to_owned(),
                kind: SecretKind::Secret,
                name: Binding::Literal(SECRET.into()),
                key: Some(name.to_owned()),
                optional: name != written,
            }
        });
        for secret in task.secrets.iter().cloned().chain(host) {
            let (field, name, key_name) = match (secret.kind, &secret.key) {
                (SecretKind::Secret, Some(_)) => ("secretAsEnv", "secretName", "secretKey"),
                (SecretKind::Secret, None) => ("secretAsVolume", "secretName", ""),
                (SecretKind::ConfigMap, Some(_)) => ("configMapAsEnv", "configMapName", "configMapKey"),
                (SecretKind::ConfigMap, None) => ("configMapAsVolume", "configMapName", ""),
            };
            let mut written = json!({});
            // As the SDK does, twice: older installations read the first.
            if let Binding::Literal(Value::String(constant)) = &secret.name {
                written[name] = json!(constant);
            }
            written[format!("{name}Parameter")] = name_of(&secret.name);
            if secret.optional {
                written["optional"] = json!(true);
            }
            let of_field = fields.entry(field).or_default();
            let Some(key) = secret.key else {
                written["mountPath"] = json!(secret.to);
                of_field.push(written);
                continue;
            };
            let pair = json!({ key_name: key, "envVar": secret.to });
            let known = of_field.iter_mut().find(|known| {
                written.as_object().into_iter().flatten().all(|(field, value)| known.get(field) == Some(value))
                    && known["optional"] == written["optional"]
            });
            if let Some(pairs) = known.and_then(|known| known["keyToEnv"].as_array_mut()) {
                pairs.push(pair);
            } else {
                written["keyToEnv"] = json!([pair]);
                of_field.push(written);
            }
        }
        for (field, values) in fields {
            self.executor(label, &[field], values.into());
        }
    }
}

/// A name of a volume or a secret as an input parameter has it.
fn name_of(binding: &Binding) -> Value {
    match binding {
        Binding::Input(name) => json!({ "componentInputParameter": name }),
        Binding::Output { task, output } => {
            json!({ "taskOutputParameter": { "outputParameterKey": output, "producerTask": task } })
        }
        Binding::Literal(value) => json!({ "runtimeValue": { "constant": value } }),
        Binding::Template(text) => json!({ "runtimeValue": { "constant": text } }),
        _ => json!({ "runtimeValue": { "constant": null } }),
    }
}

fn mount(mount: &Mount) -> Value {
    let mut written = json!({ "mountPath": mount.path });
    let name = name_of(&mount.volume);
    // As the SDK does, twice: older installations read the first.
    match &mount.volume {
        Binding::Input(name) => written["componentInputParameter"] = json!(name),
        Binding::Output { .. } => written["taskOutputParameter"] = name["taskOutputParameter"].clone(),
        Binding::Literal(Value::String(text)) | Binding::Template(text) => written["constant"] = json!(text),
        _ => {}
    }
    written["pvcNameParameter"] = name;
    if let Some(path) = &mount.sub_path {
        written["subPath"] = json!(path);
    }
    written
}
