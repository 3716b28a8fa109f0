//! Finds everything wrong with a pipeline before anything runs.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use serde_json::Value;

use crate::diagnostic::{Diagnostic, Problems};
use crate::link::dags;
use crate::model::{Binding, Component, Dag, Implementation, Input, Location, Pipeline, Span, Task};
use crate::order;
use crate::signature::{Port, find};
use crate::suggest;
use crate::types::{ParameterType, PortType};

mod conditions;
#[cfg(test)]
mod tests;
mod wires;

/// Every problem of a linked pipeline, in the order of its file: unknown steps, inputs, outputs and parameters,
/// missing inputs, kinds and types that do not fit, values out of range, cycles, conditions about what is not
/// there; as warnings, parameters that nothing uses and inputs that may find nothing.
///
/// Wasm components that were not linked are passed over, with what is wired to their outputs.
pub fn check(pipeline: &Pipeline) -> Vec<Diagnostic> {
    let mut problems = Problems::default();
    for (name, dag) in dags(pipeline) {
        let component = name.and_then(|name| pipeline.components.get(name)).unwrap_or(&pipeline.root);
        let inputs = &component.inputs;
        Checker { pipeline, name, dag, inputs, used: BTreeSet::new(), problems: &mut problems }.check();
    }
    problems.into_sorted()
}

/// Checks one DAG.
struct Checker<'p> {
    pipeline: &'p Pipeline,
    /// The component whose DAG it is; none for the root.
    name: Option<&'p str>,
    dag: &'p Dag,
    /// Inputs of the DAG: at the root, the pipeline's parameters.
    inputs: &'p IndexMap<String, Input>,
    /// Inputs that something reads.
    used: BTreeSet<String>,
    problems: &'p mut Problems,
}

/// A task's component, if it can be checked against.
enum Interface<'p> {
    Linked(&'p Component),
    /// A Wasm component without a signature.
    Unlinked,
}

impl<'p> Checker<'p> {
    fn check(mut self) {
        for (name, task) in &self.dag.tasks {
            self.task(name, task);
        }
        for (name, binding) in &self.dag.outputs {
            let span = self.place(&format!("outputs.{name}"), Location::default());
            self.output(binding, span);
        }
        if let Err(cycles) = order::topological(self.dag) {
            for cycle in cycles {
                let place = |path: &str, otherwise| self.place(path, otherwise);
                if let Some(problem) = cycle_problem(self.dag, &cycle, "step", &place) {
                    self.problems.push(problem);
                }
            }
        }
        // Inner DAGs are written by compilers, which pass on more than is used.
        if self.name.is_none() {
            for name in self.inputs.keys().filter(|name| !self.used.contains(*name)) {
                let span = self.place(&format!("parameters.{name}"), Location::default());
                self.problems.push(Diagnostic::warning(format!("nothing uses the parameter `{name}`")).at(span));
            }
            for (name, input) in self.inputs {
                self.type_for_default(name, input);
            }
        }
    }

    /// `n: u8` gives the parameter the default "u8", where its type was most likely meant.
    fn type_for_default(&mut self, name: &str, input: &Input) {
        if let (PortType::Parameter(ParameterType::String), Some(Value::String(text))) =
            (&input.port.ty, &input.default)
            && text.parse::<ParameterType>().is_ok()
        {
            let span = self.place(&format!("parameters.{name}"), Location::default());
            let warning =
                Diagnostic::warning(format!("the parameter `{name}` is a string whose default is \"{text}\""));
            self.problems
                .push(warning.at(span).hint(format!("if that is its type, write `{name}: {{ type: {text} }}`")));
        }
    }

    /// Where something is written, else the place that the model itself has for it.
    fn place(&self, path: &str, otherwise: Location) -> Option<Span> {
        let known = self.name.is_none().then(|| self.pipeline.places.get(path).copied()).flatten();
        known.or((otherwise.line > 0).then_some(Span { at: otherwise, length: 1 }))
    }

    fn interface(&self, task: &Task) -> Option<Interface<'p>> {
        let component = self.pipeline.components.get(&task.component)?;
        let unlinked = component.inputs.is_empty() && component.outputs.is_empty();
        Some(match &component.implementation {
            Implementation::Wasm(step) if step.digest.is_none() && unlinked => Interface::Unlinked,
            _ => Interface::Linked(component),
        })
    }

    fn task(&mut self, name: &str, task: &'p Task) {
        let here = self.place(&format!("steps.{name}"), task.at);
        match self.interface(task) {
            None => {
                let known = self.pipeline.components.keys().map(String::as_str);
                let problem = Diagnostic::error(format!("there is no component `{}`", task.component)).at(here);
                self.problems.push(problem.task(name).hint(suggest::hint(&task.component, known, "components")));
            }
            Some(Interface::Unlinked) => {
                for wire in task.inputs.values() {
                    self.mark_used(&wire.from);
                }
            }
            Some(Interface::Linked(component)) => {
                self.inputs_of(name, task, component);
                match &component.implementation {
                    Implementation::Import(importer) => self.import(name, &importer.source, here),
                    Implementation::Latest(latest) => self.latest(name, latest),
                    _ => {}
                }
            }
        }
        for other in &task.after {
            let span = self.place(&format!("steps.{name}.after.{other}"), task.at);
            if !self.dag.tasks.contains_key(other) {
                self.unknown_task(other, span, name);
            }
        }
        if let Some(when) = &task.when {
            let span = self.place(&format!("steps.{name}.when"), when.at);
            self.condition(name, when, span);
        }
    }

    /// Checks an importer's source: a path, or a parameter that holds one.
    fn import(&mut self, task: &str, source: &Binding, here: Option<Span>) {
        let span = self.place(&format!("steps.{task}.import"), Location::default()).or(here);
        match source {
            Binding::Literal(value) if value.is_string() => {}
            Binding::Input(name) => {
                if let Some(input) = self.parameter(name, span, Some(task))
                    && input.port.ty != PortType::Parameter(ParameterType::String)
                {
                    let problem = format!("a path is text, but the parameter `{name}` is of type {}", input.port.ty);
                    self.problems.push(Diagnostic::error(problem).at(span).task(task));
                }
            }
            _ => {
                let problem = Diagnostic::error("an import's source is a path, or a parameter that holds one");
                self.problems.push(problem.at(span).task(task));
            }
        }
    }

    /// Checks a resolver of this very pipeline; another one's steps are known only when it runs.
    fn latest(&mut self, task: &str, latest: &'p crate::model::Latest) {
        if latest.pipeline.as_ref().is_some_and(|other| *other != self.pipeline.name) || self.name.is_some() {
            return;
        }
        let span = self.place(&format!("steps.{task}.latest"), Location::default());
        let Some(source) = self.dag.tasks.get(&latest.task) else {
            // Its runs may date from before a step was renamed or removed, but a slip is likelier.
            self.unknown_task(&latest.task, span, task);
            return;
        };
        let Some(Interface::Linked(component)) = self.interface(source) else { return };
        let Some((_, port)) = find(&component.outputs, &latest.output) else {
            self.unknown_output(&latest.task, &latest.output, &component.outputs, span, Some(task));
            return;
        };
        let wanted = PortType::Artifact { kind: latest.kind.clone(), list: false };
        if let Err(why) = port.ty.assignable_to(&wanted) {
            let span = self.place(&format!("steps.{task}.type"), Location::default()).or(span);
            let problem =
                format!("`{}.{}` is a {}, not a {}", latest.task, latest.output, port.ty, latest.kind.short());
            let hint = matches!(port.ty, PortType::Parameter(_)).then_some(why);
            self.problems.push(Diagnostic::error(problem).at(span).task(task).hint(hint));
        }
    }

    /// Checks an output of the DAG itself.
    fn output(&mut self, binding: &Binding, span: Option<Span>) {
        match binding {
            Binding::Input(parameter) => {
                self.parameter(parameter, span, None);
            }
            Binding::Output { task, output } => {
                self.port_of(task, output, span, None);
            }
            _ => {}
        }
    }

    /// A parameter that is read; reports it if it does not exist.
    fn parameter(&mut self, name: &str, span: Option<Span>, task: Option<&str>) -> Option<&'p Input> {
        if let Some((known, input)) = find(self.inputs, name) {
            self.used.insert(known.to_owned());
            return Some(input);
        }
        let known = self.inputs.keys().map(String::as_str);
        let problem = about(task, Diagnostic::error(format!("there is no parameter `{name}`"))).at(span);
        self.problems.push(problem.hint(suggest::hint(name, known, "parameters")));
        None
    }

    fn mark_used(&mut self, binding: &Binding) {
        if let Binding::Input(name) = binding
            && let Some((known, _)) = find(self.inputs, name)
        {
            self.used.insert(known.to_owned());
        }
    }

    /// The port of a task's output; reports what is unknown. None also where the task was not linked.
    fn port_of(&mut self, task: &str, output: &str, span: Option<Span>, reader: Option<&str>) -> Option<&'p Port> {
        let Some(source) = self.dag.tasks.get(task) else {
            let problem = about(reader, Diagnostic::error(format!("there is no step `{task}`"))).at(span);
            let hint = if find(self.inputs, task).is_some() {
                Some(format!("`{task}` is a parameter: write `${{params.{task}}}`"))
            } else {
                suggest::hint(task, self.dag.tasks.keys().map(String::as_str), "steps")
            };
            self.problems.push(problem.hint(hint));
            return None;
        };
        let Some(Interface::Linked(component)) = self.interface(source) else { return None };
        let outputs = &component.outputs;
        if output.is_empty() {
            if outputs.len() == 1 {
                return outputs.values().next();
            }
            let names: Vec<&String> = outputs.keys().collect();
            let problem = Diagnostic::error(match names.len() {
                0 => format!("the step `{task}` gives nothing"),
                n => format!("the step `{task}` has {n} outputs: say which"),
            });
            let hint = (!names.is_empty()).then(|| format!("its outputs are {}", suggest::list(&names)));
            self.problems.push(about(reader, problem).at(span).hint(hint));
            return None;
        }
        let found = find(outputs, output);
        if found.is_none() {
            self.unknown_output(task, output, outputs, span, reader);
        }
        found.map(|(_, port)| port)
    }

    fn unknown_task(&mut self, name: &str, span: Option<Span>, task: &str) {
        let known = self.dag.tasks.keys().map(String::as_str);
        let problem = Diagnostic::error(format!("there is no step `{name}`")).at(span).task(task);
        self.problems.push(problem.hint(suggest::hint(name, known, "steps")));
    }

    fn unknown_output(
        &mut self,
        source: &str,
        output: &str,
        outputs: &IndexMap<String, Port>,
        span: Option<Span>,
        reader: Option<&str>,
    ) {
        let known = outputs.keys().map(String::as_str);
        let problem =
            about(reader, Diagnostic::error(format!("the step `{source}` has no output `{output}`"))).at(span);
        self.problems.push(problem.hint(suggest::hint(output, known, "outputs")));
    }
}

/// The problem that tasks wait for each other, at what the first of them waits by. `noun` is what tasks are called; `place` knows where
/// something of a path such as `steps.train.with.data` is written.
pub(crate) fn cycle_problem(
    dag: &Dag,
    cycle: &[&str],
    noun: &str,
    place: &dyn Fn(&str, Location) -> Option<Span>,
) -> Option<Diagnostic> {
    let &first = cycle.first()?;
    let next = cycle.get(1).copied().unwrap_or(first);
    let task = dag.tasks.get(first)?;
    let reads_next = |binding: &Binding| {
        let mut found = false;
        binding.visit_tasks(&mut |task| found |= task == next);
        found
    };
    let by_wire = task.inputs.iter().find(|(_, wire)| reads_next(&wire.from));
    let span = match by_wire {
        Some((name, wire)) => place(&format!("steps.{first}.with.{name}"), wire.at),
        None if task.after.contains(next) => place(&format!("steps.{first}.after.{next}"), task.at),
        None => place(&format!("steps.{first}.when"), task.at),
    };
    let message = if cycle.len() == 1 {
        format!("the {noun} `{first}` waits for itself")
    } else {
        // A cycle of hundreds is not read to its end.
        let mut names: Vec<&str> = cycle.iter().take(12).copied().collect();
        if cycle.len() > names.len() {
            names.push("...");
        }
        format!("these {noun}s wait for each other: {} -> {first}", names.join(" -> "))
    };
    let hint = (cycle.len() > 1).then(|| format!("an arrow points to what a {noun} needs"));
    Some(Diagnostic::error(message).at(span).task(first).hint(hint))
}

/// A problem about the task that reads something, if one does.
fn about(reader: Option<&str>, problem: Diagnostic) -> Diagnostic {
    match reader {
        Some(task) => problem.task(task),
        None => problem,
    }
}
