//! Writing DAGs: tasks, their inputs, and the outputs.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::interface::{Sections, is_artifact};
use super::{Writer, put};
use crate::ir::template;
use crate::link::dags;
use crate::model::{
    Binding, Component, ConditionVariables, Dag, Implementation, Items, Iteration, Pipeline, Retry, Task, Trigger, Wire,
};
use crate::signature::Port;

/// A task of each component: the first one.
pub(super) fn first_of<'p>(pipeline: &'p Pipeline, component: &str) -> Option<&'p Task> {
    dags(pipeline).flat_map(|(_, dag)| dag.tasks.values()).find(|task| task.component == component)
}

impl<'p> Writer<'p> {
    pub(super) fn dag(&self, dag: &'p Dag, enclosing: &'p Component) -> Value {
        let mut outputs = Sections::default();
        for (name, binding) in &dag.outputs {
            let artifact = match enclosing.outputs.get(name) {
                Some(port) => is_artifact(port),
                None => self.source(binding, dag, enclosing).is_some_and(is_artifact),
            };
            if let Some(selected) = selected(binding, artifact) {
                outputs.insert(artifact, name, selected);
            }
        }
        let mut written = json!({});
        put(&mut written, "outputs", outputs.value());
        let tasks = dag.tasks.iter().map(|(name, task)| (name.clone(), self.task(name, task, dag, enclosing)));
        put(&mut written, "tasks", Value::Object(tasks.collect()));
        written
    }

    fn task(&self, name: &str, task: &'p Task, dag: &'p Dag, enclosing: &'p Component) -> Value {
        let mut written = json!({});
        let component = self.pipeline.components.get(&task.component);
        let is_dag = component.is_some_and(|component| matches!(component.implementation, Implementation::Dag(_)));
        if task.cache {
            written["cachingOptions"] = json!({ "enableCache": true });
        } else if !is_dag {
            written["cachingOptions"] = json!({});
        }
        written["componentRef"] = json!({ "name": task.component });
        if !task.after.is_empty() {
            written["dependentTasks"] = json!(task.after);
        }
        let mut inputs = Sections::default();
        for (input, wire) in &task.inputs {
            let declared = component.and_then(|component| component.inputs.get(input)).map(|input| &input.port);
            let artifact = match wire.from {
                Binding::Literal(_) | Binding::Template(_) | Binding::FinalStatus { .. } => false,
                _ => self.source(&wire.from, dag, enclosing).or(declared).is_some_and(is_artifact),
            };
            inputs.insert(artifact, input, wired(wire, artifact));
        }
        put(&mut written, "inputs", inputs.value());
        if let Some(each) = &task.each {
            iterator(each, &mut written);
        }
        if task.retry != Retry::default() {
            written["retryPolicy"] = retry(&task.retry);
        }
        written["taskInfo"] = json!({ "name": task.display_name.as_deref().unwrap_or(name) });
        let mut trigger = json!({});
        if let Some(when) = task.when.as_ref().filter(|when| when.variables == ConditionVariables::Inputs) {
            trigger["condition"] = json!(when.expression);
        }
        if task.trigger == Trigger::AllCompleted {
            trigger["strategy"] = json!("ALL_UPSTREAM_TASKS_COMPLETED");
        }
        put(&mut written, "triggerPolicy", trigger);
        written
    }

    /// The port that a binding reads.
    fn source(&self, binding: &Binding, dag: &'p Dag, enclosing: &'p Component) -> Option<&'p Port> {
        match binding {
            Binding::Input(name) => enclosing.inputs.get(name).map(|input| &input.port),
            Binding::Output { task, output } => {
                let component = self.pipeline.components.get(&dag.tasks.get(task)?.component)?;
                component.outputs.get(output)
            }
            Binding::FirstOf(all) | Binding::Gather(all) => {
                all.iter().find_map(|binding| self.source(binding, dag, enclosing))
            }
            Binding::Literal(_) | Binding::Template(_) | Binding::FinalStatus { .. } => None,
        }
    }
}

/// Writes an input of a task.
fn wired(wire: &Wire, artifact: bool) -> Value {
    let mut written = match &wire.from {
        Binding::Literal(value) => json!({ "runtimeValue": { "constant": value } }),
        Binding::Template(text) => match template::constant(text, wire.select.as_deref()) {
            // A selector that parses the constant's text is not part of the file.
            Some(constant) => return json!({ "runtimeValue": { "constant": constant } }),
            None => json!({ "runtimeValue": { "constant": text } }),
        },
        Binding::Input(name) if artifact => json!({ "componentInputArtifact": name }),
        Binding::Input(name) => json!({ "componentInputParameter": name }),
        Binding::Output { task, output } if artifact => {
            json!({ "taskOutputArtifact": { "outputArtifactKey": output, "producerTask": task } })
        }
        Binding::Output { task, output } => {
            json!({ "taskOutputParameter": { "outputParameterKey": output, "producerTask": task } })
        }
        Binding::FinalStatus { task } => json!({ "taskFinalStatus": { "producerTask": task } }),
        // Only outputs of DAGs have alternatives. An input with one needs none.
        Binding::FirstOf(all) | Binding::Gather(all) => match all.first() {
            Some(first) => return wired(&Wire::from(first.clone()), artifact),
            None => json!({}),
        },
    };
    if let Some(select) = &wire.select {
        written["parameterExpressionSelector"] = json!(select);
    }
    written
}

/// Writes an output of a DAG; `None` if KFP's format cannot express it.
fn selected(binding: &Binding, artifact: bool) -> Option<Value> {
    let key = if artifact { "outputArtifactKey" } else { "outputParameterKey" };
    let selector = |binding: &Binding| match binding {
        Binding::Output { task, output } => Some(json!({ key: output, "producerSubtask": task })),
        _ => None,
    };
    match binding {
        Binding::FirstOf(all) | Binding::Gather(all) => {
            let selectors: Vec<Value> = all.iter().filter_map(selector).collect();
            Some(if artifact {
                json!({ "artifactSelectors": selectors })
            } else {
                json!({ "valueFromOneof": { "parameterSelectors": selectors } })
            })
        }
        one if artifact => Some(json!({ "artifactSelectors": [selector(one)?] })),
        one => Some(json!({ "valueFromParameter": selector(one)? })),
    }
}

fn iterator(each: &Iteration, task: &mut Value) {
    let (key, items) = match &each.over {
        // A list as text, as in the SDK.
        Items::Literal(items) => ("parameterIterator", json!({ "raw": Value::Array(items.clone()).to_string() })),
        Items::Parameter(name) => ("parameterIterator", json!({ "inputParameter": name })),
        Items::Artifacts(name) => ("artifactIterator", json!({ "inputArtifact": name })),
    };
    task[key] = json!({ "itemInput": each.item, "items": items });
    if let Some(limit) = each.parallelism {
        task["iteratorPolicy"] = json!({ "parallelismLimit": limit });
    }
}

fn retry(retry: &Retry) -> Value {
    let mut policy = Map::new();
    policy.insert("backoffDuration".to_owned(), json!(seconds(retry.backoff)));
    policy.insert("backoffFactor".to_owned(), json!(retry.factor));
    policy.insert("backoffMaxDuration".to_owned(), json!(seconds(retry.max_backoff)));
    policy.insert("maxRetryCount".to_owned(), json!(retry.max));
    Value::Object(policy)
}

/// A `google.protobuf.Duration` in JSON: `90s`, `0.250s`.
fn seconds(duration: Duration) -> String {
    match duration.subsec_nanos() {
        0 => format!("{}s", duration.as_secs()),
        nanos if nanos % 1_000_000 == 0 => format!("{}.{:03}s", duration.as_secs(), nanos / 1_000_000),
        nanos => format!("{}.{nanos:09}s", duration.as_secs()),
    }
}
