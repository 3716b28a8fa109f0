//! Unsupported features are written back to where they were read.

use serde_json::Value;

use super::platform::Platform;
use super::put_at;
use crate::model::Component;

/// The parts of an executor.
const EXECUTOR_PARTS: [&str; 4] = ["container", "importer", "resolver", "customJob"];

/// Writes the features of an executor's component: `resources.accelerator` into the container,
/// `kubernetes.nodeSelector` into the platform's document, others into the component.
pub(super) fn of_component(
    component: &Component,
    label: &str,
    written: &mut Value,
    executor: &mut Value,
    platform: &mut Platform,
) {
    for (name, value) in &component.unhonoured {
        let path = path(name);
        match path.as_slice() {
            ["kubernetes", rest @ ..] if !rest.is_empty() => platform.executor(label, rest, value.clone()),
            ["resources" | "lifecycle", ..] => {
                let path: Vec<&str> = std::iter::once("container").chain(path).collect();
                put_at(executor, &path, value.clone());
            }
            [part, ..] if EXECUTOR_PARTS.contains(part) => put_at(executor, &path, value.clone()),
            _ => put_at(written, &path, value.clone()),
        }
    }
}

/// Writes the features of a DAG.
pub(super) fn of_dag(component: &Component, written: &mut Value) {
    for (name, value) in &component.unhonoured {
        put_at(written, &path(name), value.clone());
    }
}

/// Writes the features of the pipeline.
pub(super) fn of_pipeline(root: &Component, spec: &mut Value, platform: &mut Platform) {
    for (name, value) in &root.unhonoured {
        let path = path(name);
        match path.as_slice() {
            ["kubernetes", rest @ ..] if !rest.is_empty() => platform.put(rest, value.clone()),
            ["pipelineConfig", ..] => platform.put(&path, value.clone()),
            ["outputDefinitions" | "taskConfigPassthroughs" | "singlePlatformSpecs", ..] => {
                put_at(&mut spec["root"], &path, value.clone());
            }
            _ => put_at(spec, &path, value.clone()),
        }
    }
}

/// The keys of a dotted name. The name of an artifact may have dots itself: `outputDefinitions.artifacts.a.b.metadata`.
fn path(name: &str) -> Vec<&str> {
    const ARTIFACTS: &str = "outputDefinitions.artifacts.";
    match name.strip_prefix(ARTIFACTS).and_then(|rest| rest.rsplit_once('.')) {
        Some((artifact, field)) => vec!["outputDefinitions", "artifacts", artifact, field],
        None => name.split('.').collect(),
    }
}
