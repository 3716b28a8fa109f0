//! The checker of pipelines in KFP's format.
//!
//! The SDK has checked most of a file already. Types are checked as leniently as by KFP's back end: only a value that
//! can never be of its input's type is an error.

use std::collections::HashMap;

use indexmap::IndexMap;

use crate::check::cycle_problem;
use crate::condition::{self, ConditionError, InputRead};
use crate::diagnostic::{Diagnostic, Problems};
use crate::link::dags;
use crate::model::{
    Binding, Component, Condition, ConditionVariables, Dag, Implementation, Input, Items, Iteration, Location,
    Pipeline, Span, Task,
};
use crate::order;
use crate::signature::{Port, find};
use crate::suggest;
use crate::types::PortType;

mod size;
#[cfg(test)]
mod tests;
mod texts;
mod wires;

pub use size::{MAX_NESTING, MAX_TASKS};

/// The maximum length of all distinct conditions and selectors together, in bytes.
const MAX_CONDITIONS: usize = 64 << 10;

/// Every problem of a pipeline in KFP's format, in the order of its file: unknown tasks, components, inputs and
/// outputs, parameters where artifacts are expected and vice versa, missing inputs, values that can never be accepted,
/// cycles of tasks and of components, unknown references in conditions and placeholders, too many tasks.
pub fn check(pipeline: &Pipeline) -> Vec<Diagnostic> {
    let mut problems = Problems::default();
    let mut conditions = Conditions::default();
    for (name, dag) in dags(pipeline) {
        let component = name.and_then(|name| pipeline.components.get(name)).unwrap_or(&pipeline.root);
        let prefix = name.map(|name| format!("components.{name}.")).unwrap_or_default();
        Checker {
            pipeline,
            is_root: name.is_none(),
            prefix,
            dag,
            component,
            conditions: &mut conditions,
            problems: &mut problems,
        }
        .check();
    }
    texts::check(pipeline, &mut problems);
    size::check(pipeline, &mut problems);
    problems.into_sorted()
}

/// Checks one DAG.
struct Checker<'p, 'c> {
    pipeline: &'p Pipeline,
    is_root: bool,
    /// The prefix of the paths of its places.
    prefix: String,
    dag: &'p Dag,
    /// The component whose DAG it is.
    component: &'p Component,
    conditions: &'c mut Conditions<'p>,
    problems: &'c mut Problems,
}

/// Parsed conditions, by expression: compilers repeat them.
#[derive(Default)]
struct Conditions<'p> {
    known: HashMap<&'p str, Result<Vec<InputRead>, ConditionError>>,
    selectors: HashMap<&'p str, Result<(), ConditionError>>,
    /// The length of all of them together, in bytes.
    length: usize,
}

impl<'p> Conditions<'p> {
    /// The inputs that a condition reads.
    fn reads(&mut self, expression: &'p str) -> Result<Vec<InputRead>, ConditionError> {
        if let Some(known) = self.known.get(expression) {
            return known.clone();
        }
        let read = self.room(expression).and_then(|()| condition::inputs_read(expression));
        self.known.insert(expression, read.clone());
        read
    }

    /// Checks a selector.
    fn selector(&mut self, expression: &'p str) -> Result<(), ConditionError> {
        if let Some(known) = self.selectors.get(expression) {
            return known.clone();
        }
        let read = self.room(expression).and_then(|()| condition::check_selector(expression));
        self.selectors.insert(expression, read.clone());
        read
    }

    /// Bounds the time of parsing, which is long for CEL.
    fn room(&mut self, expression: &str) -> Result<(), ConditionError> {
        self.length += expression.len().max(32);
        if self.length <= MAX_CONDITIONS {
            return Ok(());
        }
        let message =
            format!("the conditions and selectors of the file are longer than {MAX_CONDITIONS} bytes together");
        Err(ConditionError::Evaluation(message))
    }
}

/// The kind of a port: parameter or artifact.
#[derive(Clone, Copy, PartialEq, Eq)]
enum PortKind {
    Parameter,
    Artifact,
}

impl PortKind {
    fn of(port: &Port) -> Self {
        match port.ty {
            PortType::Parameter(_) => Self::Parameter,
            PortType::Artifact { .. } => Self::Artifact,
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Parameter => "a parameter",
            Self::Artifact => "an artifact",
        }
    }
}

impl<'p> Checker<'p, '_> {
    fn check(mut self) {
        for (name, task) in &self.dag.tasks {
            self.task(name, task);
        }
        for (name, binding) in &self.dag.outputs {
            let span = self.place(&format!("outputs.{name}"), Location::default());
            self.output(name, binding, span);
        }
        if let Err(cycles) = order::topological(self.dag) {
            for cycle in cycles {
                let place = |path: &str, otherwise| self.place(path, otherwise);
                if let Some(problem) = cycle_problem(self.dag, &cycle, "task", &place) {
                    self.problems.push(problem);
                }
            }
        }
    }

    /// The place in the file, or else the place that the model has itself.
    fn place(&self, path: &str, otherwise: Location) -> Option<Span> {
        let known = self.pipeline.places.get(&format!("{}{path}", self.prefix)).copied();
        known.or((otherwise.line > 0).then_some(Span { at: otherwise, length: 1 }))
    }

    fn error(&mut self, task: Option<&str>, span: Option<Span>, message: String, hint: Option<String>) {
        let problem = Diagnostic::error(message).at(span).hint(hint);
        self.problems.push(match task {
            Some(task) => problem.about("task", task).task(task),
            None => problem,
        });
    }

    fn task(&mut self, name: &str, task: &'p Task) {
        let here = self.place(&format!("steps.{name}"), task.at);
        for other in &task.after {
            if !self.dag.tasks.contains_key(other) {
                let span = self.place(&format!("steps.{name}.after.{other}"), task.at);
                self.unknown_task(other, span, Some(name));
            }
        }
        if let Some(when) = &task.when {
            let span = self.place(&format!("steps.{name}.when"), when.at);
            self.condition(name, task, when, span);
        }
        for mount in &task.mounts {
            if let Some(PortKind::Artifact) = self.source(&mount.volume, here, Some(name)).map(|source| source.sort) {
                let problem = format!("the volume at `{}` is named by a parameter, not by an artifact", mount.path);
                self.error(Some(name), here, problem, None);
            }
        }
        for secret in &task.secrets {
            if let Some(PortKind::Artifact) = self.source(&secret.name, here, Some(name)).map(|source| source.sort) {
                let problem =
                    format!("the {} at `{}` is named by a parameter, not by an artifact", secret.kind, secret.to);
                self.error(Some(name), here, problem, None);
            }
        }
        let Some(component) = self.pipeline.components.get(&task.component) else {
            let span = self.place(&format!("steps.{name}.component"), Location::default()).or(here);
            let known = self.pipeline.components.keys().map(String::as_str);
            let hint = suggest::hint(&task.component, known, "components");
            self.error(Some(name), span, format!("there is no component `{}`", task.component), hint);
            return;
        };
        self.wires(name, task, component, here);
        if let Some(each) = &task.each {
            let span = self.place(&format!("steps.{name}.each"), Location::default()).or(here);
            self.iteration(name, task, component, each, span);
        }
        if let Implementation::Import(importer) = &component.implementation
            && let Binding::Input(source) = &importer.source
            && find(&component.inputs, source).is_none()
        {
            // In schema 2.0.0 this may be a parameter of the pipeline.
            match find(&self.component.inputs, source) {
                Some((_, input)) if PortKind::of(&input.port) == PortKind::Parameter => {}
                _ => {
                    let known = component.inputs.keys().map(String::as_str);
                    let hint = suggest::hint(source, known, "inputs");
                    let problem = format!("the importer's URI is in the parameter `{source}`, which it does not have");
                    self.error(Some(name), here, problem, hint);
                }
            }
        }
    }

    fn condition(&mut self, name: &str, task: &Task, when: &'p Condition, span: Option<Span>) {
        if when.variables == ConditionVariables::Tasks {
            return;
        }
        let reads = match self.conditions.reads(&when.expression) {
            Ok(reads) => reads,
            Err(wrong) => {
                self.error(Some(name), span, format!("this condition is not right: {wrong}"), wrong.hint());
                return;
            }
        };
        for read in reads {
            let Some(wire) = task.inputs.get(&read.name) else {
                let known = task.inputs.keys().map(String::as_str);
                let hint = suggest::hint(&read.name, known, "inputs");
                let problem = format!("the condition reads the input `{}`, which the task does not have", read.name);
                self.error(Some(name), span, problem, hint);
                continue;
            };
            let wanted = if read.artifact { PortKind::Artifact } else { PortKind::Parameter };
            if let Some(sort) = self.known_kind(&wire.from).filter(|sort| *sort != wanted) {
                let problem =
                    format!("the condition reads `{}` as {}, but it is {}", read.name, wanted.text(), sort.text());
                self.error(Some(name), span, problem, None);
            }
        }
    }

    fn iteration(
        &mut self,
        name: &str,
        task: &'p Task,
        component: &'p Component,
        each: &'p Iteration,
        span: Option<Span>,
    ) {
        let wanted = if matches!(each.over, Items::Artifacts(_)) { PortKind::Artifact } else { PortKind::Parameter };
        if let Items::Parameter(input) | Items::Artifacts(input) = &each.over {
            match task.inputs.get(input) {
                None => {
                    let known = task.inputs.keys().map(String::as_str);
                    let hint = suggest::hint(input, known, "inputs");
                    let problem = format!("the loop goes over the input `{input}`, which the task does not have");
                    self.error(Some(name), span, problem, hint);
                }
                Some(wire) => {
                    if let Some(sort) = self.known_kind(&wire.from).filter(|sort| *sort != wanted) {
                        let problem =
                            format!("the loop goes over `{input}` as {}, but it is {}", wanted.text(), sort.text());
                        self.error(Some(name), span, problem, None);
                    }
                }
            }
        }
        let Some((_, item)) = find(&component.inputs, &each.item) else {
            let known = component.inputs.keys().map(String::as_str);
            let hint = suggest::hint(&each.item, known, "inputs");
            let problem = format!("the loop's item goes to `{}`, which is no input of `{}`", each.item, task.component);
            self.error(Some(name), span, problem, hint);
            return;
        };
        if PortKind::of(&item.port) != wanted {
            let problem = format!(
                "the loop's item is {}, but `{}` is {}",
                wanted.text(),
                each.item,
                PortKind::of(&item.port).text()
            );
            self.error(Some(name), span, problem, None);
            return;
        }
        if let Items::Literal(items) = &each.over {
            let misfit =
                items.iter().enumerate().find_map(|(i, value)| Some((i, wires::misfit(item, component, value)?)));
            if let Some((i, why)) = misfit {
                let problem = format!("item {i} of the loop does not fit the input `{}`: {why}", each.item);
                self.error(Some(name), span, problem, None);
            }
        }
    }

    /// Checks an output of the DAG.
    fn output(&mut self, name: &str, binding: &'p Binding, span: Option<Span>) {
        let sources = match binding {
            Binding::FirstOf(all) | Binding::Gather(all) => &all[..],
            one => std::slice::from_ref(one),
        };
        for source in sources {
            let Some(found) = self.source(source, span, None) else { continue };
            if let Some(declared) =
                self.component.outputs.get(name).map(PortKind::of).filter(|sort| *sort != found.sort)
            {
                let given = wires::describe(source, found.sort);
                let problem = format!("the output `{name}` is {}, but its source is {given}", declared.text());
                self.error(None, span, problem, None);
            }
        }
    }

    fn unknown_task(&mut self, name: &str, span: Option<Span>, reader: Option<&str>) {
        let known = self.dag.tasks.keys().map(String::as_str);
        let hint = suggest::hint(name, known, "tasks beside it");
        self.error(reader, span, format!("there is no task `{name}` here"), hint);
    }

    fn input(&self, name: &str) -> Option<&'p Input> {
        find::<Input>(&self.component.inputs, name).map(|(_, input)| input)
    }

    fn outputs_of(&self, task: &str) -> Option<&'p IndexMap<String, Port>> {
        let task = self.dag.tasks.get(task)?;
        Some(&self.pipeline.components.get(&task.component)?.outputs)
    }
}
