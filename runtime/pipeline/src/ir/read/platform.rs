//! Reading the second document: the configuration of executors for Kubernetes.

use indexmap::IndexMap;

use super::executors::Executor;
use super::message::{Message, Notes, text};
use super::unhonoured;
use super::values::{parameter_source, required, value};
use crate::diagnostic::Diagnostic;
use crate::model::{Binding, Implementation, Mount, Secret};
use crate::step::SecretKind;
use crate::yaml::node::{Entry, Node};
use crate::yaml::settings::{is_place, is_variable};

const FIELDS: [&str; 19] = [
    "secretAsVolume",
    "secretAsEnv",
    "pvcMount",
    "nodeSelector",
    "podMetadata",
    "imagePullSecret",
    "imagePullPolicy",
    "configMapAsVolume",
    "configMapAsEnv",
    "activeDeadlineSeconds",
    "fieldPathAsEnv",
    "tolerations",
    "genericEphemeralVolume",
    "nodeAffinity",
    "podAffinity",
    "enabledSharedMemory",
    "emptyDirMounts",
    "securityContext",
    "initContainers",
];

/// Applies the `KubernetesExecutorConfig` of an executor.
pub(super) fn apply(node: &Node, executor: &mut Executor, notes: &mut Notes) {
    let read = Message::new(node, "an executor's configuration for Kubernetes", &FIELDS, notes);
    let Some(message) = notes.take(read) else { return };
    for field in FIELDS {
        let Some(entry) = message.get(field) else { continue };
        match field {
            "secretAsEnv" | "configMapAsEnv" | "secretAsVolume" | "configMapAsVolume" => {
                secrets(&message, field, executor, notes);
            }
            "pvcMount" => mounts(&message, executor, notes),
            "activeDeadlineSeconds" => deadline(&message, executor, notes),
            "fieldPathAsEnv" => fields(&message, executor, notes),
            "emptyDirMounts" | "genericEphemeralVolume" => scratch(&message, field, executor, notes),
            // The files of a step are always its own, and have no fixed size.
            "enabledSharedMemory" => {}
            _ => {
                let written = notes.take(value(&entry.node)).unwrap_or_default();
                unhonoured(&format!("kubernetes.{field}"), written, entry.key, &mut executor.unhonoured, notes);
            }
        }
    }
}

/// Values of a secret or a config map: variables with one each, or a directory with all.
fn secrets(message: &Message<'_>, field: &str, executor: &mut Executor, notes: &mut Notes) {
    let (kind, name, key) = match field {
        "secretAsEnv" | "secretAsVolume" => (SecretKind::Secret, "secretName", "secretKey"),
        _ => (SecretKind::ConfigMap, "configMapName", "configMapKey"),
    };
    let by_parameter = format!("{name}Parameter");
    let known = [name, "keyToEnv", "mountPath", "optional", by_parameter.as_str()];
    for node in message.list(field, "a list", notes) {
        let read = Message::new(node, &format!("`{field}`"), &known, notes);
        let Some(source) = notes.take(read) else { continue };
        let optional = source.flag("optional", notes);
        // The name has a new form and a deprecated one.
        let name = match source.get(&by_parameter) {
            Some(entry) => parameter_source(&by_parameter, entry, notes).map(|(wire, _)| wire.from),
            None => required(&source, name, notes).map(|(name, _)| Binding::Literal(name.into())),
        };
        let Some(name) = name else { continue };
        let secret = |to: &str, key: Option<&str>| Secret {
            to: to.to_owned(),
            kind,
            name: name.clone(),
            key: key.map(str::to_owned),
            optional,
        };
        if field.ends_with("Volume") {
            match required(&source, "mountPath", notes) {
                Some((path, _)) if is_place(path) => executor.secrets.push(secret(path, None)),
                Some((path, span)) => notes.error(no_place(path).at(span)),
                None => {}
            }
            continue;
        }
        for node in source.list("keyToEnv", "a list of keys", notes) {
            let read = Message::new(node, "`keyToEnv`", &[key, "envVar"], notes);
            let Some(pair) = notes.take(read) else { continue };
            let (Some((variable, span)), Some((key, _))) =
                (required(&pair, "envVar", notes), required(&pair, key, notes))
            else {
                continue;
            };
            if is_variable(variable) {
                executor.secrets.push(secret(variable, Some(key)));
            } else {
                notes.error(Diagnostic::error(format!("`{variable}` is no name of an environment variable")).at(span));
            }
        }
    }
}

/// Volumes with the lifetime of the step become directories in its working directory.
fn scratch(message: &Message<'_>, field: &str, executor: &mut Executor, notes: &mut Notes) {
    const KNOWN: [&str; 10] = [
        "volumeName",
        "mountPath",
        "medium",
        "sizeLimit",
        "size",
        "accessModes",
        "storageClassName",
        "defaultStorageClass",
        "metadata",
        "resources",
    ];
    for node in message.list(field, "a list of volumes", notes) {
        let read = Message::new(node, &format!("`{field}`"), &KNOWN, notes);
        let Some(volume) = notes.take(read) else { continue };
        let Some((path, span)) = required(&volume, "mountPath", notes) else { continue };
        if !is_place(path) {
            notes.error(no_place(path).at(span));
            continue;
        }
        if let Implementation::Command(step) = &mut executor.implementation {
            step.directories.push(path.to_owned());
        }
    }
}

fn no_place(path: &str) -> Diagnostic {
    Diagnostic::error(format!("`{path}` is no place for a volume: give an absolute path below `/`"))
}

fn mounts(message: &Message<'_>, executor: &mut Executor, notes: &mut Notes) {
    let known =
        ["mountPath", "subPath", "pvcNameParameter", "taskOutputParameter", "constant", "componentInputParameter"];
    for node in message.list("pvcMount", "a list of mounts", notes) {
        let read = Message::new(node, "`pvcMount`", &known, notes);
        let Some(mount) = notes.take(read) else { continue };
        let Some((path, span)) = required(&mount, "mountPath", notes) else { continue };
        if !is_place(path) {
            notes.error(no_place(path).at(span));
            continue;
        }
        let sub_path = mount.text("subPath", "a path", notes).filter(|path| !path.is_empty());
        if sub_path.is_some_and(|path| path.starts_with('/') || path.split('/').any(|part| part == "..")) {
            let span = mount.get("subPath").map(|entry| entry.node.span);
            notes.error(Diagnostic::error("a mount's `subPath` is a relative path inside the volume").at(span));
            continue;
        }
        let Some(volume) = volume(&mount, notes) else {
            notes.error(Diagnostic::error("the mount does not say which volume").at(span));
            continue;
        };
        let sub_path = sub_path.map(str::to_owned);
        executor.mounts.push(Mount { path: path.to_owned(), volume, sub_path, read_only: false });
    }
}

/// The name of a volume, which has one current and three deprecated forms.
fn volume(mount: &Message<'_>, notes: &mut Notes) -> Option<Binding> {
    if let Some(entry) = mount.get("pvcNameParameter") {
        return parameter_source("pvcNameParameter", entry, notes).map(|(wire, _)| wire.from);
    }
    if let Some(entry) = mount.get("constant") {
        return notes.take(text(&entry.node, "a volume's name")).map(|name| Binding::Literal(name.into()));
    }
    if let Some(entry) = mount.get("componentInputParameter") {
        return notes.take(entry.node.string("the name of an input")).map(|name| Binding::Input(name.to_owned()));
    }
    let entry = mount.get("taskOutputParameter")?;
    super::values::output(entry, "producerTask", "outputParameterKey", notes)
}

fn deadline(message: &Message<'_>, executor: &mut Executor, notes: &mut Notes) {
    let Some(seconds) = message.count("activeDeadlineSeconds", notes).filter(|seconds| *seconds > 0) else { return };
    // No clock overflows within a hundred years.
    let time = std::time::Duration::from_secs(seconds.min(100 * 366 * 86_400));
    match &mut executor.implementation {
        Implementation::Command(step) => step.limits.time = Some(time),
        _ => executor.limits.time = Some(time),
    }
}

/// Variables of fields of the pod. Labels and annotations of this file are known, other fields are empty.
fn fields(message: &Message<'_>, executor: &mut Executor, notes: &mut Notes) {
    let mut known = IndexMap::new();
    let metadata = message.message("podMetadata", "`podMetadata`", &["labels", "annotations"], &mut Notes::default());
    for sort in ["labels", "annotations"] {
        for (name, entry) in metadata.map(sort, "a mapping", &mut Notes::default()) {
            let value = entry.node.text().unwrap_or_default();
            known.insert(format!("metadata.{sort}['{name}']"), value);
            known.insert(format!("metadata.{sort}[\"{name}\"]"), value);
        }
    }
    for node in message.list("fieldPathAsEnv", "a list", notes) {
        let read = Message::new(node, "`fieldPathAsEnv`", &["name", "fieldPath"], notes);
        let Some(field) = notes.take(read) else { continue };
        let (Some((name, span)), Some((path, _))) =
            (required(&field, "name", notes), required(&field, "fieldPath", notes))
        else {
            continue;
        };
        let value = known.get(path);
        if value.is_none() {
            let warning = format!("the variable `{name}` is empty: there is no pod to take `{path}` from");
            notes.warn(Diagnostic::warning(warning).at(span));
        }
        // Kubernetes does not expand references in it.
        let value = value.copied().unwrap_or_default().replace("$(", "$$(");
        match &mut executor.implementation {
            Implementation::Command(step) => _ = step.env.insert(name.to_owned(), value),
            _ => _ = executor.grants.variables.insert(name.to_owned(), value),
        }
    }
}

/// The configurations of executors by label, and the configuration of the pipeline.
pub(super) struct Platform<'n> {
    pub executors: Vec<(&'n String, &'n Entry)>,
    pub pipeline: Option<&'n Entry>,
}

/// Reads the part of a `PlatformSpec` for Kubernetes. Other platforms are reported as warnings.
pub(super) fn platforms<'n>(node: &'n Node, notes: &mut Notes) -> Option<Platform<'n>> {
    let read = Message::new(node, "the platform specification", &["platforms"], notes);
    let message = notes.take(read)?;
    let mut found = None;
    for (name, entry) in message.map("platforms", "a mapping from names to platforms", notes) {
        if name == "kubernetes" {
            found = single(&entry.node, notes);
        } else {
            let warning = format!(
                "what is said for the platform `{name}` is passed over: only `kubernetes` means something here"
            );
            notes.warn(Diagnostic::warning(warning).at(entry.key));
        }
    }
    found
}

/// Reads a `SinglePlatformSpec` for Kubernetes.
pub(super) fn single<'n>(node: &'n Node, notes: &mut Notes) -> Option<Platform<'n>> {
    let known = ["deploymentSpec", "platform", "config", "pipelineConfig"];
    let read = Message::new(node, "a platform", &known, notes);
    let message = notes.take(read)?;
    let deployment = message.message("deploymentSpec", "`deploymentSpec`", &["executors"], notes);
    let executors = deployment.map("executors", "a mapping from names to executors", notes).collect();
    if let Some(entry) = message.get("config") {
        notes.warn(Diagnostic::warning("a platform's `config` is passed over").at(entry.key));
    }
    Some(Platform { executors, pipeline: message.get("pipelineConfig") })
}
