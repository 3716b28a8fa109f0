//! The writer of KFP's format: the `PipelineSpec`, and the `PlatformSpec` if it is needed.
//!
//! Reading what is written here gives the pipeline that [`super::read`] read from a file. [`native`] converts a
//! pipeline of the native format to one that can be written.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::model::{Component, Implementation, Pipeline};
use crate::yaml::to_yaml;

mod executor;
mod interface;
pub mod native;
mod paths;
mod places;
mod platform;
pub mod resolver;
mod tasks;
mod unhonoured;
mod variants;

#[cfg(test)]
mod tests;

pub use paths::rebase;

/// The schema version.
pub const SCHEMA_VERSION: &str = "2.1.0";

/// The SDK whose format this is. Its reader does not compare versions.
pub const SDK_VERSION: &str = "kfp-2.17.3";

/// A pipeline in KFP's format.
#[derive(Debug, Clone, PartialEq)]
pub struct Documents {
    /// The `PipelineSpec`.
    pub spec: Value,
    /// The `PlatformSpec`, if the pipeline has anything for it.
    pub platforms: Option<Value>,
}

impl Documents {
    /// As YAML documents, with the heading in which the KFP SDK expects the description.
    pub fn to_yaml(&self) -> String {
        let mut text = "# PIPELINE DEFINITION\n".to_owned();
        for (title, key) in [("Name", "name"), ("Description", "description")] {
            if let Some(about) = self.spec["pipelineInfo"][key].as_str() {
                let indent = format!("\n# {}  ", " ".repeat(title.len()));
                // A comment ends at every line break of YAML.
                let lines: Vec<&str> = about.split(['\n', '\r', '\u{85}', '\u{2028}', '\u{2029}']).collect();
                let plain = |c: &char| *c == '\t' || !c.is_control() && *c != '\u{feff}';
                let _ = writeln!(
                    text,
                    "# {title}: {}",
                    lines.join(&indent).chars().filter(|c| *c == '\n' || plain(c)).collect::<String>()
                );
            }
        }
        text.push_str(&to_yaml(&self.spec));
        if let Some(platforms) = &self.platforms {
            text.push_str("---\n");
            text.push_str(&to_yaml(platforms));
        }
        text
    }

    /// As JSON: the `PipelineSpec`, or both documents as `pipeline_spec` and `platform_spec`, as in KFP's API.
    pub fn to_json(&self) -> Value {
        match &self.platforms {
            None => self.spec.clone(),
            Some(platforms) => json!({ "pipeline_spec": self.spec, "platform_spec": platforms }),
        }
    }
}

/// Writes a pipeline in KFP's format.
///
/// The model has environment, limits and volumes at tasks, KFP at executors. Tasks that differ in them get a component
/// each.
pub fn write(pipeline: &Pipeline) -> Documents {
    let pipeline = &variants::split(pipeline);
    let mut writer =
        Writer { pipeline, labels: HashSet::new(), executors: Map::new(), platform: platform::Platform::default() };
    let mut components = Map::new();
    for (name, component) in &pipeline.components {
        let written = writer.component(Some(name), component);
        components.insert(name.clone(), written);
    }
    let root = writer.component(None, &pipeline.root);
    let mut info = json!({ "name": pipeline.name });
    if let Some(description) = &pipeline.description {
        info["description"] = json!(description);
    }
    let mut spec = json!({});
    if !components.is_empty() {
        spec["components"] = Value::Object(components);
    }
    spec["deploymentSpec"] = json!({ "executors": writer.executors });
    spec["pipelineInfo"] = info;
    spec["root"] = root;
    spec["schemaVersion"] = json!(SCHEMA_VERSION);
    spec["sdkVersion"] = json!(SDK_VERSION);
    if let Some(deadline) = pipeline.deadline {
        writer.platform.deadline(deadline);
    }
    if pipeline.workspace {
        writer.platform.workspace();
    }
    unhonoured::of_pipeline(&pipeline.root, &mut spec, &mut writer.platform);
    Documents { spec, platforms: writer.platform.document() }
}

struct Writer<'p> {
    pipeline: &'p Pipeline,
    /// The labels of executors.
    labels: HashSet<String>,
    executors: Map<String, Value>,
    platform: platform::Platform,
}

impl<'p> Writer<'p> {
    /// The definition of a component; of the root without a name. Adds its executor.
    fn component(&mut self, name: Option<&'p str>, component: &'p Component) -> Value {
        let mut written = json!({});
        put(&mut written, "inputDefinitions", interface::inputs(&component.inputs));
        put(&mut written, "outputDefinitions", interface::outputs(&component.outputs));
        match (&component.implementation, name) {
            (Implementation::Dag(dag), _) => {
                written["dag"] = self.dag(dag, component);
                if name.is_some() {
                    unhonoured::of_dag(component, &mut written);
                }
            }
            (implementation, Some(name)) => {
                let label = self.label(name);
                let mut executor = executor::executor(implementation);
                if let Some(task) = tasks::first_of(self.pipeline, name) {
                    executor::settings(task, component, &mut executor);
                    self.platform.settings(&label, task, component);
                }
                unhonoured::of_component(component, &label, &mut written, &mut executor, &mut self.platform);
                written["executorLabel"] = json!(label);
                self.executors.insert(label, executor);
            }
            // A root that is not a DAG cannot be written. No reader makes one.
            (_, None) => written["dag"] = json!({}),
        }
        written
    }

    /// The label of a component's executor: `exec-x` for `comp-x`.
    fn label(&mut self, component: &str) -> String {
        let wanted = format!("exec-{}", component.strip_prefix("comp-").unwrap_or(component));
        let mut label = wanted.clone();
        let mut number = 2;
        while !self.labels.insert(label.clone()) {
            label = format!("{wanted}-{number}");
            number += 1;
        }
        label
    }
}

/// Adds a value that is not empty.
fn put(to: &mut Value, key: &str, part: Value) {
    if part.as_object().is_some_and(|part| !part.is_empty()) {
        to[key] = part;
    }
}

/// Sets a value at a path of keys. Missing mappings are created.
fn put_at(to: &mut Value, path: &[&str], value: Value) {
    let mut at = to;
    for key in path {
        if !at.is_object() {
            *at = json!({});
        }
        at = &mut at[*key];
    }
    *at = value;
}
