//! The execution plan of a pipeline: checks that a run of it can end within the bounds, and a table of its steps.
//!
//! The checkers report the same problems with their places in the file. These checks also cover pipelines that were built
//! or recorded by other means.

use std::collections::{BTreeSet, HashMap};

use weft_pipeline::model::{Component, Dag, Implementation, Items, Pipeline, Task};
use weft_pipeline::step::{COMMAND_FUNCTION, ComponentRef, HOST_PYTHON};

use crate::error::{Error, Result};
use crate::loops;
use crate::scheduler::Scheduler;

/// The maximum number of tasks of a run, including nested DAGs and all iterations. Each uses memory until the run ends.
pub(crate) const MAX_TASKS: usize = 1_000_000;
/// The maximum depth of nested DAGs.
const MAX_DEPTH: usize = 100;

/// A pipeline that can be executed.
pub(crate) struct Plan<'p> {
    pub pipeline: &'p Pipeline,
    /// The function or program of each component that is a step, by name.
    steps: HashMap<&'p str, ComponentRef>,
    /// The number of tasks in the DAG of each component and its nested DAGs, not counting iterations.
    sizes: HashMap<&'p str, usize>,
    size: usize,
}

impl<'p> Plan<'p> {
    /// Checks that the pipeline can be executed: its root is a DAG, all names are known, there are no cycles of tasks or
    /// of components, every step is linked, and it is within [`MAX_TASKS`] and [`MAX_DEPTH`].
    pub fn new(pipeline: &'p Pipeline) -> Result<Self> {
        let fail = |message| Error::Pipeline { pipeline: pipeline.name.clone(), message };
        if !matches!(pipeline.root.implementation, Implementation::Dag(_)) {
            return Err(fail("its root is not a DAG of tasks".to_owned()));
        }
        let mut plan = Self { pipeline, steps: HashMap::new(), sizes: HashMap::new(), size: 0 };
        plan.size = plan.visit("root", &pipeline.root, &mut Vec::new()).map_err(fail)?;
        if plan.size > MAX_TASKS {
            return Err(fail(format!("it has more than {MAX_TASKS} tasks, those of nested pipelines included")));
        }
        Ok(plan)
    }

    /// The function or program of a task, if it is a step.
    pub fn step(&self, task: &Task) -> Option<&ComponentRef> {
        self.steps.get(task.component.as_str())
    }

    /// The number of tasks, not counting iterations.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The number of tasks inside of a component, not counting iterations.
    pub fn size_of(&self, component: &str) -> usize {
        self.sizes.get(component).copied().unwrap_or(0)
    }

    /// Checks a component and those inside of it, each once. Returns the number of tasks inside.
    fn visit(
        &mut self,
        name: &'p str,
        component: &'p Component,
        within: &mut Vec<&'p str>,
    ) -> std::result::Result<usize, String> {
        let Implementation::Dag(dag) = &component.implementation else {
            if let Some(step) = step_ref(name, component)? {
                self.steps.insert(name, step);
            }
            return Ok(0);
        };
        if within.len() >= MAX_DEPTH {
            return Err(format!("its components are nested more than {MAX_DEPTH} deep; take some levels out"));
        }
        within.push(name);
        let mut size = dag.tasks.len();
        for (task_name, task) in &dag.tasks {
            if let Some(unknown) = task.dependencies().iter().find(|on| !dag.tasks.contains_key(*on)) {
                return Err(format!("task `{task_name}` refers to `{unknown}`, but there is no such task"));
            }
            if let Some(Items::Literal(items)) = task.each.as_ref().map(|each| &each.over) {
                loops::check_iteration_count(items.len())
                    .map_err(|failure| format!("task `{task_name}`: {}", failure.message))?;
            }
            let Some((name, component)) = self.pipeline.components.get_key_value(&task.component) else {
                return Err(format!("task `{task_name}` uses component `{}`, but there is none", task.component));
            };
            if within.contains(&name.as_str()) {
                return Err(format!("component `{name}` contains itself; take one of its uses out"));
            }
            let inside = match self.sizes.get(name.as_str()) {
                Some(inside) => *inside,
                None => self.visit(name, component, within)?,
            };
            self.sizes.insert(name, inside);
            if task.each.is_none() {
                size = size.saturating_add(inside);
            }
        }
        within.pop();
        match unready_task(dag) {
            Some(task) => Err(format!("task `{task}` waits for itself through other tasks; take one of the links out")),
            None => Ok(size),
        }
    }
}

/// The step function of a component, or the program of its command; `None` if it is not a step.
fn step_ref(name: &str, component: &Component) -> std::result::Result<Option<ComponentRef>, String> {
    let (what, step) = match &component.implementation {
        Implementation::Wasm(step) => {
            let linked = step.digest.clone().zip(step.function.clone());
            (&step.path, linked.map(|(digest, function)| ComponentRef { digest, function }))
        }
        Implementation::Command(step) => {
            let digest = step.program.as_ref().map(|program| program.digest.clone());
            let function = COMMAND_FUNCTION.to_owned();
            (&step.image, digest.map(|digest| ComponentRef { digest, function }))
        }
        _ => return Ok(None),
    };
    match step {
        Some(step) => Ok(Some(step)),
        None => Err(format!("component `{name}` ({what}) is not linked; link the pipeline first")),
    }
}

/// The dependencies of each task of a DAG, in the order of its tasks, as positions in that order plus `first`.
/// Unknown names are left out: [`Plan::new`] refuses them.
pub(crate) fn dependencies(dag: &Dag, first: usize) -> Vec<Vec<usize>> {
    let numbered = |name: String| Some(first + dag.tasks.get_index_of(&name)?);
    dag.tasks.values().map(|task| task.dependencies().into_iter().filter_map(numbered).collect()).collect()
}

/// A task that never becomes ready, as it is in or behind a cycle.
fn unready_task(dag: &Dag) -> Option<&str> {
    let mut scheduler = Scheduler::default();
    let mut ready = vec![false; dag.tasks.len()];
    scheduler.add(&dependencies(dag, 0));
    while let Some(node) = scheduler.next() {
        ready[node] = true;
        scheduler.settle(node);
    }
    let position = ready.iter().position(|ready| !ready)?;
    dag.tasks.get_index(position).map(|(name, _)| name.as_str())
}

/// The files that the steps of a pipeline need, components and packages, each digest once: `(path, digest)`.
pub(crate) fn binaries(pipeline: &Pipeline) -> Vec<(&str, &str)> {
    let mut files = Vec::new();
    for component in pipeline.components.values() {
        match &component.implementation {
            Implementation::Wasm(step) => {
                files.push((step.path.as_str(), step.digest.as_deref().unwrap_or_default()));
            }
            Implementation::Command(step) => {
                let Some(program) = &step.program else { continue };
                if !program.digest.starts_with(HOST_PYTHON) {
                    files.push((&program.path, &program.digest));
                }
                files.extend(program.python.iter().map(|python| (python.path.as_str(), python.digest.as_str())));
                files.extend(program.packages.iter().map(|(path, digest)| (path.as_str(), digest.as_str())));
            }
            _ => {}
        }
    }
    let mut seen = BTreeSet::new();
    files.retain(|(_, digest)| seen.insert(*digest));
    files
}
