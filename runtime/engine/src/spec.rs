//! What is recorded of a run at its start, so that going on needs neither the pipeline's file nor its components'.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use weft_pipeline::model::{Component, Dag, Implementation, Pipeline};

/// A pipeline as it was linked, and where its paths start.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Spec {
    #[serde(flatten)]
    pipeline: Pipeline,
    /// The folder at which relative paths start.
    pub base_dir: PathBuf,
    /// Names of the tasks in the order written, by the component whose DAG they are in: JSON objects keep no order.
    order: BTreeMap<String, Vec<String>>,
}

/// Stands for the root among the components' names, none of which is empty.
const ROOT: &str = "";

impl Spec {
    /// What to record of a pipeline.
    pub fn new(pipeline: &Pipeline, base_dir: PathBuf) -> Self {
        let mut pipeline = pipeline.clone();
        let names = |(name, dag): (&str, &mut Dag)| (name.to_owned(), dag.tasks.keys().cloned().collect());
        let order = dags(&mut pipeline).map(names).collect();
        Self { pipeline, base_dir, order }
    }

    /// The pipeline with its tasks in the order written.
    pub fn into_pipeline(self) -> Pipeline {
        let Self { mut pipeline, order, .. } = self;
        for (name, dag) in dags(&mut pipeline) {
            for (position, task) in order.get(name).into_iter().flatten().enumerate() {
                if let Some(at) = dag.tasks.get_index_of(task) {
                    dag.tasks.swap_indices(at, position);
                }
            }
        }
        pipeline
    }
}

fn dags(pipeline: &mut Pipeline) -> impl Iterator<Item = (&str, &mut Dag)> {
    let components = pipeline.components.iter_mut().map(|(name, component)| (name.as_str(), component));
    let all = std::iter::once((ROOT, &mut pipeline.root)).chain(components);
    all.filter_map(|(name, component): (&str, &mut Component)| match &mut component.implementation {
        Implementation::Dag(dag) => Some((name, dag)),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use weft_pipeline::model::Task;

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
        let recorded = serde_json::to_value(Spec::new(&pipeline, PathBuf::from("/data"))).unwrap();
        let read = serde_json::from_value::<Spec>(recorded).unwrap();
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
