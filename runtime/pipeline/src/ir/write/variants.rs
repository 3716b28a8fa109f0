//! The model has environment, limits and volumes at tasks, KFP at executors. Tasks of one component that differ in them
//! get a component each.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use crate::link::dags;
use crate::model::{Component, Dag, Implementation, Mount, Pipeline, Secret, Task};
use crate::step::Limits;

/// The settings of a task that are written with its executor.
#[derive(PartialEq)]
struct Settings<'p> {
    limits: &'p Limits,
    variables: &'p BTreeMap<String, String>,
    environment: &'p [String],
    mounts: &'p [Mount],
    secrets: &'p [Secret],
    /// An importer says itself whether it looks again.
    reimport: bool,
}

impl<'p> Settings<'p> {
    fn of(task: &'p Task, component: &Component) -> Self {
        Self {
            limits: &task.limits,
            variables: &task.grants.variables,
            environment: &task.grants.env,
            mounts: &task.mounts,
            secrets: &task.secrets,
            reimport: !task.cache && matches!(component.implementation, Implementation::Import(_)),
        }
    }
}

/// The pipeline with a component for each combination of settings.
pub(super) fn split(pipeline: &Pipeline) -> Cow<'_, Pipeline> {
    let mut variants: HashMap<&str, Vec<(Settings<'_>, String)>> = HashMap::new();
    // The new components, with the component that they are copies of.
    let mut made: Vec<(String, String)> = Vec::new();
    for task in dags(pipeline).flat_map(|(_, dag)| dag.tasks.values()) {
        let Some(component) = pipeline.components.get(&task.component) else { continue };
        if let Implementation::Dag(_) = component.implementation {
            continue;
        }
        let settings = Settings::of(task, component);
        let known = variants.entry(&task.component).or_default();
        if known.iter().any(|(other, _)| *other == settings) {
            continue;
        }
        let name = if known.is_empty() {
            task.component.clone()
        } else {
            let taken =
                |name: &String| pipeline.components.contains_key(name) || made.iter().any(|(made, _)| made == name);
            let mut number = known.len() + 1;
            let mut name = format!("{}-{number}", task.component);
            while taken(&name) {
                number += 1;
                name = format!("{}-{number}", task.component);
            }
            made.push((name.clone(), task.component.clone()));
            name
        };
        known.push((settings, name));
    }
    if made.is_empty() {
        return Cow::Borrowed(pipeline);
    }
    let mut split = pipeline.clone();
    for (name, of) in made {
        if let Some(component) = pipeline.components.get(&of) {
            split.components.insert(name, component.clone());
        }
    }
    let rename = |dag: &mut Dag| {
        for task in dag.tasks.values_mut() {
            let Some(component) = pipeline.components.get(&task.component) else { continue };
            let settings = Settings::of(task, component);
            let known = variants.get(task.component.as_str()).into_iter().flatten();
            let name = known.into_iter().find(|(other, _)| *other == settings).map(|(_, name)| name.clone());
            if let Some(name) = name {
                task.component = name;
            }
        }
    };
    for component in split.components.values_mut().chain([&mut split.root]) {
        if let Implementation::Dag(dag) = &mut component.implementation {
            rename(dag);
        }
    }
    Cow::Owned(split)
}
