//! Tasks that ended before something upstream of them did, and are therefore to be executed again.
//!
//! A task that looks at failures, such as an exit handler, ends although what it looks at failed. When the run is resumed, that is executed
//! again, and so is the task, on what it gives then. A process that dies between the two leaves a record of the task that looks
//! as if it were of the new inputs. So these tasks are found, and marked in the metadata, before anything is executed.

use std::collections::{BTreeSet, HashMap};

use weft_metadata::{ExecutionId, StepRecord};
use weft_pipeline::model::{Dag, Implementation, Pipeline, Task, TaskState};

use crate::node::is_settled;

/// Takes such tasks, and what is inside of them, for canceled. Gives their executions.
pub fn forget(pipeline: &Pipeline, records: &mut HashMap<String, StepRecord>) -> Vec<ExecutionId> {
    let Implementation::Dag(dag) = &pipeline.root.implementation else { return Vec::new() };
    let mut search = Search { pipeline, inside: inside(records), records, found: BTreeSet::new() };
    search.dag(dag, "");
    let found = search.found;
    let canceled = found.iter().filter_map(|path| {
        let record = records.get_mut(path)?;
        record.state = TaskState::Canceled;
        Some(record.execution)
    });
    canceled.collect()
}

/// The tasks that are recorded right inside of others: iterations of a loop, tasks of a DAG.
fn inside(records: &HashMap<String, StepRecord>) -> HashMap<String, Vec<String>> {
    let mut inside: HashMap<String, Vec<String>> = HashMap::new();
    for path in records.keys() {
        // An iteration of the loop `a/b` is `a/b[3]`, and what is inside of that `a/b[3]/c`.
        let around = path.rfind(if path.ends_with(']') { '[' } else { '/' });
        if let Some(end) = around {
            inside.entry(path[..end].to_owned()).or_default().push(path.clone());
        }
    }
    inside
}

struct Search<'a> {
    pipeline: &'a Pipeline,
    inside: HashMap<String, Vec<String>>,
    records: &'a HashMap<String, StepRecord>,
    found: BTreeSet<String>,
}

impl Search<'_> {
    /// Looks through the tasks of a DAG, whose paths begin with `prefix`. Whether any of them is to be executed.
    fn dag(&mut self, dag: &Dag, prefix: &str) -> bool {
        let mut executed: Vec<&str> = Vec::new();
        for (name, task) in &dag.tasks {
            if self.is_executed(&format!("{prefix}{name}"), task) {
                executed.push(name);
            }
        }
        if executed.is_empty() {
            return false;
        }
        let mut dependents: HashMap<String, Vec<&str>> = HashMap::new();
        for (name, task) in &dag.tasks {
            for on in task.dependencies() {
                dependents.entry(on).or_default().push(name);
            }
        }
        let mut seen = BTreeSet::new();
        while let Some(name) = executed.pop() {
            for dependent in dependents.get(name).into_iter().flatten().copied() {
                if seen.insert(dependent) {
                    self.find(format!("{prefix}{dependent}"));
                    executed.push(dependent);
                }
            }
        }
        true
    }

    /// Whether a task, or something inside of it, is to be executed, whatever is upstream of it.
    fn is_executed(&mut self, path: &str, task: &Task) -> bool {
        let Some(record) = self.records.get(path).filter(|record| is_settled(record)) else { return true };
        if record.state != TaskState::Complete {
            return false;
        }
        if task.each.is_some() && !path.ends_with(']') {
            // All are looked at: each may have something inside that is found.
            let iterations = self.inside.get(path).cloned().unwrap_or_default();
            return iterations.iter().fold(false, |any, iteration| self.is_executed(iteration, task) | any);
        }
        let pipeline = self.pipeline;
        match pipeline.components.get(&task.component).map(|component| &component.implementation) {
            Some(Implementation::Dag(dag)) => self.dag(dag, &format!("{path}/")),
            _ => false,
        }
    }

    /// Has a task executed again, with all that is inside of it.
    fn find(&mut self, path: String) {
        let mut paths = vec![path];
        while let Some(path) = paths.pop() {
            paths.extend(self.inside.get(&path).into_iter().flatten().cloned());
            if self.records.get(&path).is_some_and(is_settled) {
                self.found.insert(path);
            }
        }
    }
}
