//! The specification of a run as recorded at its start. Resuming needs neither the pipeline's file nor its components'.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use weft_pipeline::model::{Component, Implementation, Pipeline};

/// A linked pipeline, and the folder that its paths are relative to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSpec<'p> {
    #[serde(flatten)]
    pipeline: Cow<'p, Pipeline>,
    /// The folder that relative paths are resolved against.
    pub base_dir: PathBuf,
    /// The names of the tasks in the order of the file, by the component whose DAG has them: JSON objects are unordered.
    order: BTreeMap<String, Vec<String>>,
}

/// The key of the root in `order`. No component has an empty name.
const ROOT: &str = "";

impl<'p> RunSpec<'p> {
    /// The specification of a pipeline.
    pub fn new(pipeline: &'p Pipeline, base_dir: PathBuf) -> Self {
        let components = pipeline.components.iter().map(|(name, component)| (name.as_str(), component));
        let all = std::iter::once((ROOT, &pipeline.root)).chain(components);
        let order = all.filter_map(|(name, component)| match &component.implementation {
            Implementation::Dag(dag) => Some((name.to_owned(), dag.tasks.keys().cloned().collect())),
            _ => None,
        });
        Self { order: order.collect(), pipeline: Cow::Borrowed(pipeline), base_dir }
    }

    /// The pipeline, with its tasks in the order of the file.
    pub fn into_pipeline(self) -> Pipeline {
        let Self { pipeline, order, .. } = self;
        let mut pipeline = pipeline.into_owned();
        for (name, tasks) in order {
            let component = if name == ROOT { Some(&mut pipeline.root) } else { pipeline.components.get_mut(&name) };
            let Some(Component { implementation: Implementation::Dag(dag), .. }) = component else { continue };
            let position: HashMap<&String, usize> = tasks.iter().zip(0..).collect();
            dag.tasks.sort_by_key(|name, _| position.get(name).copied());
        }
        pipeline
    }
}

#[cfg(test)]
mod tests {
    use weft_pipeline::model::{Dag, Task};

    use super::*;

    #[test]
    fn the_order_of_tasks_survives_json() {
        let dag = |names: &[&str]| Dag {
            tasks: names.iter().map(|name| ((*name).to_owned(), Task::default())).collect(),
            ..Dag::default()
        };
        let component =
            |names: &[&str]| Component { implementation: Implementation::Dag(dag(names)), ..Component::default() };
        let pipeline = Pipeline {
            name: "demo".to_owned(),
            components: [("z".to_owned(), component(&["q", "b", "p"]))].into_iter().collect(),
            root: component(&["d", "c", "a", "b", "e"]),
            ..Pipeline::default()
        };
        let recorded = serde_json::to_value(RunSpec::new(&pipeline, PathBuf::from("/data"))).unwrap();
        let read = serde_json::from_value::<RunSpec<'_>>(recorded).unwrap();
        assert_eq!(read.base_dir, PathBuf::from("/data"));
        let read = read.into_pipeline();
        assert_eq!(read, pipeline);
        let names = |component: &Component| match &component.implementation {
            Implementation::Dag(dag) => dag.tasks.keys().cloned().collect::<String>(),
            _ => String::new(),
        };
        assert_eq!((names(&read.root), names(&read.components["z"])), ("dcabe".to_owned(), "qbp".to_owned()));
    }
}
