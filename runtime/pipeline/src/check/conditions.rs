//! Checks of the references in conditions.

use super::{Checker, Interface};
use crate::condition::{self, Reference, Root};
use crate::diagnostic::Diagnostic;
use crate::model::{Condition, Span};
use crate::signature::find;
use crate::suggest;
use crate::types::PortType;

/// The fields of an artifact in a condition.
const ARTIFACT_FIELDS: [&str; 4] = ["uri", "type", "name", "metadata"];

impl Checker<'_> {
    pub(super) fn condition(&mut self, task: &str, when: &Condition, span: Option<Span>) {
        let references = match condition::parse(&when.expression) {
            Ok(parsed) => parsed.references,
            Err(wrong) => {
                let problem = Diagnostic::error(format!("this condition is not right: {wrong}")).at(span).task(task);
                self.problems.push(problem.hint(wrong.hint()));
                return;
            }
        };
        let mut is_right = true;
        for reference in references {
            if let Some(problem) = self.reference(task, &reference, span) {
                self.problems.push(problem.at(span).task(task));
                is_right = false;
            }
        }
        // One message for one mistake.
        if is_right && let Err(wrong) = condition::check_kinds(&when.expression, &|reference| self.port(reference)) {
            let problem = Diagnostic::error(format!("this condition is not right: {wrong}")).at(span).task(task);
            self.problems.push(problem.hint(wrong.hint()));
        }
    }

    /// The type of what a reference reads first: a parameter, or a step's output.
    fn port(&self, reference: &Reference) -> Option<PortType> {
        let name = reference.path.first()?;
        let Root::Task(task) = &reference.root else {
            return find(self.inputs, name).map(|(_, input)| input.port.ty.clone());
        };
        let (_, task) = find(&self.dag.tasks, task)?;
        let Some(Interface::Linked(component)) = self.interface(task) else { return None };
        find(&component.outputs, name).map(|(_, port)| port.ty.clone())
    }

    fn reference(&mut self, task: &str, reference: &Reference, span: Option<Span>) -> Option<Diagnostic> {
        let Root::Task(name) = &reference.root else {
            match reference.path.first() {
                Some(name) => {
                    self.parameter(name, span, Some(task));
                }
                // All parameters at once, as a map.
                None => self.used.extend(self.inputs.keys().cloned()),
            }
            return None;
        };
        let Some((name, source)) = find(&self.dag.tasks, name) else {
            if name == "steps" {
                let problem = Diagnostic::error("`steps` alone names no step");
                return Some(problem.hint("write `steps[\"name\"].output`"));
            }
            let problem =
                Diagnostic::error(format!("the condition speaks of `{name}`, but there is no step of that name"));
            return Some(problem.hint(if find(self.inputs, name).is_some() {
                Some(format!("parameters are `params.{name}`"))
            } else if let Some(split) = self.minus(name) {
                Some(split)
            } else {
                suggest::hint(name, self.dag.tasks.keys().map(String::as_str), "steps")
            }));
        };
        let Some(Interface::Linked(component)) = self.interface(source) else { return None };
        // The step itself, for `has(step.output)` with a computed name. There is nothing to check.
        let output = reference.path.first()?;
        let Some((output, port)) = find(&component.outputs, output) else {
            let known = component.outputs.keys().map(String::as_str);
            let problem = Diagnostic::error(format!("the step `{name}` has no output `{output}`"));
            let hint = self.minus(output).or_else(|| suggest::hint(output, known, "outputs"));
            return Some(problem.hint(hint));
        };
        let field = reference.path.get(1)?;
        match &port.ty {
            PortType::Artifact { kind, list: false } if !ARTIFACT_FIELDS.contains(&field.as_str()) => Some(
                Diagnostic::error(format!("`{name}.{output}` is an artifact ({}) and has no `{field}`", kind.short()))
                    .hint(format!("a property that its step set is `{name}.{output}.metadata.{field}`")),
            ),
            _ => None,
        }
    }

    /// In a condition, `my-step.x` is parsed as `my` minus `step.x`.
    fn minus(&self, part: &str) -> Option<String> {
        let dashed = |name: &&String| name.split('-').any(|piece| piece == part) && name.contains('-');
        let step = self.dag.tasks.keys().find(dashed).map(|name| (name, "steps"));
        let output = || {
            let components = self.dag.tasks.values().filter_map(|task| self.pipeline.components.get(&task.component));
            components.flat_map(|component| component.outputs.keys()).find(dashed).map(|name| (name, "outputs"))
        };
        let (name, _) = step.or_else(output)?;
        Some(format!("`-` is a minus here: write `{}` for `{name}`", name.replace('-', "_")))
    }
}
