//! Writing the `PlatformSpec`: the configuration of executors for Kubernetes, and the workspace.

use serde_json::{Value, json};

use super::put_at;
use crate::model::{Binding, Component, Implementation, Mount, Task};

/// The secret that has the variables of the host's environment, by their names.
pub const SECRET: &str = "weft-environment";

/// Unsupported features that name the source of a component's variables.
const SOURCES_OF_VARIABLES: [&str; 2] = ["kubernetes.secretAsEnv", "kubernetes.configMapAsEnv"];

/// The document that is being written.
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
        // The model has the names of these variables, but not the secret that they come from.
        if !task.grants.env.is_empty()
            && !SOURCES_OF_VARIABLES.iter().any(|name| component.unhonoured.contains_key(*name))
        {
            let variable = |name: &str| json!({ "envVar": name, "secretKey": name });
            let (optional, needed): (Vec<_>, Vec<_>) = task.grants.env.iter().partition(|name| name.ends_with('?'));
            let mut secrets = Vec::new();
            if !needed.is_empty() {
                let keys: Vec<Value> = needed.iter().map(|name| variable(name)).collect();
                secrets.push(json!({ "keyToEnv": keys, "secretName": SECRET }));
            }
            if !optional.is_empty() {
                let keys: Vec<Value> = optional.iter().map(|name| variable(name.trim_end_matches('?'))).collect();
                secrets.push(json!({ "keyToEnv": keys, "secretName": SECRET, "optional": true }));
            }
            self.executor(label, &["secretAsEnv"], secrets.into());
        }
    }
}

fn mount(mount: &Mount) -> Value {
    let mut written = json!({ "mountPath": mount.path });
    // Written twice, as by the SDK: older installations read the first one.
    let name = match &mount.volume {
        Binding::Input(name) => {
            written["componentInputParameter"] = json!(name);
            json!({ "componentInputParameter": name })
        }
        Binding::Output { task, output } => {
            let source = json!({ "outputParameterKey": output, "producerTask": task });
            written["taskOutputParameter"] = source.clone();
            json!({ "taskOutputParameter": source })
        }
        Binding::Literal(Value::String(text)) | Binding::Template(text) => {
            written["constant"] = json!(text);
            json!({ "runtimeValue": { "constant": text } })
        }
        other => {
            let constant = match other {
                Binding::Literal(value) => value.clone(),
                _ => Value::Null,
            };
            json!({ "runtimeValue": { "constant": constant } })
        }
    };
    written["pvcNameParameter"] = name;
    if let Some(path) = &mount.sub_path {
        written["subPath"] = json!(path);
    }
    written
}
