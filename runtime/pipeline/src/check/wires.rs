//! Checks of the inputs of tasks.

use serde_json::Value;

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::model::{Binding, Component, Input, Span, Task, Wire};
use crate::signature::{Port, find};
use crate::suggest;
use crate::types::{ParameterType, PortType, may_fit};

impl<'p> Checker<'p> {
    /// Reports unknown and missing inputs, and checks each wire.
    pub(super) fn inputs_of(&mut self, name: &str, task: &'p Task, component: &'p Component) {
        let mut given: Vec<&str> = Vec::new();
        for (input, wire) in &task.inputs {
            let span = self.place(&format!("steps.{name}.with.{input}"), wire.at).or_else(|| self.renamed(name, input));
            let Some((declared, port)) = find(&component.inputs, input) else {
                self.mark_used(&wire.from);
                let known = component.inputs.keys().map(String::as_str);
                let problem = Diagnostic::error(format!("the step `{name}` has no input `{input}`"));
                self.problems.push(problem.at(span).task(name).hint(suggest::hint(input, known, "inputs")));
                continue;
            };
            if given.contains(&declared) {
                let problem = format!("the input `{declared}` is given twice, with `-` and with `_`");
                self.problems.push(Diagnostic::error(problem).at(span).task(name));
            }
            given.push(declared);
            self.wire(name, task, declared, port, wire, span);
        }
        let here = self.place(&format!("steps.{name}"), task.at);
        for (input, declared) in &component.inputs {
            let needed = !declared.port.optional && declared.default.is_none();
            if needed && !given.contains(&input.as_str()) {
                let problem = format!("the step `{name}` needs the input `{input}` ({})", declared.port.ty);
                let hint = self.candidates(&declared.port, name);
                self.problems.push(Diagnostic::error(problem).at(here).task(name).hint(hint));
            }
        }
    }

    /// The place of an input that linking has renamed from `_` to `-`.
    fn renamed(&self, task: &str, input: &str) -> Option<Span> {
        self.place(&format!("steps.{task}.with.{}", input.replace('-', "_")), crate::model::Location::default())
    }

    fn wire(&mut self, name: &str, task: &Task, input: &str, declared: &Input, wire: &Wire, span: Option<Span>) {
        self.source(name, task, input, &declared.port, &wire.from, span);
    }

    fn source(&mut self, name: &str, task: &Task, input: &str, port: &Port, from: &Binding, span: Option<Span>) {
        let problem = match from {
            Binding::Literal(value) => literal_problem(input, port, value),
            Binding::Input(parameter) => {
                let Some(source) = self.parameter(parameter, span, Some(name)) else { return };
                parameter_problem(input, port, parameter, source)
            }
            Binding::Output { task: source, output } => {
                let Some(from) = self.port_of(source, output, span, Some(name)) else { return };
                self.output_problem(task, input, port, (source, output, from))
            }
            Binding::Gather(items) => {
                if let Some(item) = item_of(port) {
                    for one in items {
                        self.source(name, task, input, &item, one, span);
                    }
                    None
                } else {
                    for one in items {
                        self.mark_used(one);
                    }
                    let message = format!("the input `{input}` takes {}, not a list of values", article(&port.ty));
                    Some(Diagnostic::error(message).hint("refer to one step's output, `${step.output}`"))
                }
            }
            // The other bindings exist in KFP's format only, which has its own checker.
            _ => None,
        };
        if let Some(problem) = problem {
            self.problems.push(problem.at(span).task(name));
        }
    }

    fn output_problem(
        &self,
        reader: &Task,
        input: &str,
        to: &Port,
        (source, output, from): (&str, &str, &Port),
    ) -> Option<Diagnostic> {
        let label = if output.is_empty() { source.to_owned() } else { format!("{source}.{output}") };
        if let Err(why) = from.ty.assignable_to(&to.ty) {
            let message =
                format!("the input `{input}` takes {}, but `{label}` is {}", article(&to.ty), article(&from.ty));
            let same_sort = matches!((&from.ty, &to.ty), (PortType::Parameter(_), PortType::Parameter(_)));
            let hint = self.fitting_output(source, to).or(same_sort.then_some(why));
            return Some(Diagnostic::error(message).hint(hint));
        }
        let guarded = reader.when.as_ref().is_some_and(|when| when.tasks.contains(source));
        if from.optional && !to.optional && !guarded {
            let message = format!("`{label}` may be absent, but the input `{input}` is always needed");
            let name = source.replace('-', "_");
            let hint =
                format!("guard the step with `when: has({name}.{})`, or it is skipped then", output.replace('-', "_"));
            return Some(Diagnostic::warning(message).hint(hint));
        }
        None
    }

    /// Another output of the same step that is assignable.
    fn fitting_output(&self, source: &str, to: &Port) -> Option<String> {
        let component = self.pipeline.components.get(&self.dag.tasks.get(source)?.component)?;
        let mut fitting = component.outputs.iter().filter(|(_, port)| port.ty.assignable_to(&to.ty).is_ok());
        let (name, _) = fitting.next()?;
        Some(format!("`{source}.{name}` would fit"))
    }

    /// For a missing artifact: outputs of other steps with its kind.
    fn candidates(&self, to: &Port, reader: &str) -> String {
        let PortType::Artifact { .. } = to.ty else {
            return "give it under `with:`".to_owned();
        };
        let given = self.inputs.iter().filter(|(_, input)| input.port.ty.assignable_to(&to.ty).is_ok());
        let mut names: Vec<String> = given.map(|(name, _)| format!("${{inputs.{name}}}")).collect();
        for (name, task) in self.dag.tasks.iter().filter(|(name, _)| *name != reader) {
            let Some(component) = self.pipeline.components.get(&task.component) else { continue };
            for (output, _) in component.outputs.iter().filter(|(_, port)| port.ty.assignable_to(&to.ty).is_ok()) {
                let short = if component.outputs.len() == 1 { name.clone() } else { format!("{name}.{output}") };
                names.push(format!("${{{short}}}"));
            }
        }
        match names.len() {
            0 => "no step gives one: import it, or add a step that makes it".to_owned(),
            1..=4 => format!("it could be {}", suggest::list(&names).replace(" and ", " or ")),
            _ => "give it under `with:`".to_owned(),
        }
    }
}

/// What an item of a list must be: one that is absent is left out. None of an input that takes no list.
fn item_of(port: &Port) -> Option<Port> {
    let ty = match &port.ty {
        PortType::Artifact { kind, list: true } => PortType::Artifact { kind: kind.clone(), list: false },
        PortType::Parameter(ParameterType::List(item)) => PortType::Parameter((**item).clone()),
        PortType::Parameter(ParameterType::Json) => PortType::Parameter(ParameterType::Json),
        _ => return None,
    };
    Some(Port { ty, optional: true })
}

fn literal_problem(input: &str, port: &Port, value: &Value) -> Option<Diagnostic> {
    match &port.ty {
        _ if value.is_null() && port.optional => None,
        PortType::Parameter(ty) => {
            let mismatch = ty.check(value).err()?;
            Some(Diagnostic::error(format!("the input `{input}`: {mismatch}")))
        }
        PortType::Artifact { .. } => {
            let problem = Diagnostic::error(format!("the input `{input}` takes {}, not a value", article(&port.ty)));
            let reference = value.as_str().filter(|text| text.len() < 100);
            Some(problem.hint(match reference {
                Some(text) => format!("refer to a step, `${{{text}}}`, or import the file in a step of its own"),
                None => "refer to a step's output, `${step.output}`".to_owned(),
            }))
        }
    }
}

fn parameter_problem(input: &str, port: &Port, parameter: &str, source: &Input) -> Option<Diagnostic> {
    if let PortType::Artifact { .. } = source.port.ty {
        return artifact_problem(input, port, parameter, source);
    }
    let (PortType::Parameter(from), PortType::Parameter(to)) = (&source.port.ty, &port.ty) else {
        let why = source.port.ty.assignable_to(&port.ty).err()?;
        let message = format!("the input `{input}` takes {}, but `{parameter}` is a parameter", article(&port.ty));
        let hint = if matches!(port.ty, PortType::Artifact { .. }) {
            format!("import the file: a step with `import: ${{params.{parameter}}}`")
        } else {
            why
        };
        return Some(Diagnostic::error(message).hint(hint));
    };
    if let Err(why) = may_fit(from, to) {
        let message = format!("the input `{input}` is of type {to}, but the parameter `{parameter}` is of type {from}");
        return Some(Diagnostic::error(message).hint(why));
    }
    match &source.default {
        Some(default) if !default.is_null() => {
            let mismatch = to.check(default).err()?;
            Some(
                Diagnostic::error(format!("the default of `{parameter}` does not fit the input `{input}`: {mismatch}"))
                    .hint("change the default, or give the parameter this type"),
            )
        }
        _ if source.port.optional && !port.optional => Some(
            Diagnostic::error(format!(
                "the parameter `{parameter}` may be left out, but the input `{input}` is needed"
            ))
            .hint("give the parameter a default, or a type without `option`"),
        ),
        _ => None,
    }
}

/// What does not fit of an artifact that the pipeline is given.
fn artifact_problem(input: &str, port: &Port, name: &str, source: &Input) -> Option<Diagnostic> {
    if source.port.ty.assignable_to(&port.ty).is_err() {
        let (to, from) = (article(&port.ty), article(&source.port.ty));
        return Some(Diagnostic::error(format!("the input `{input}` takes {to}, but `inputs.{name}` is {from}")));
    }
    (source.port.optional && !port.optional).then(|| {
        Diagnostic::error(format!("the input artifact `{name}` may be left out, but the input `{input}` is needed"))
            .hint("leave out its `optional: true`")
    })
}

/// A port's type with its article.
fn article(ty: &PortType) -> String {
    let text = ty.to_string();
    match ty {
        PortType::Parameter(_) => format!("a value of type {text}"),
        PortType::Artifact { list: true, .. } => format!("a {text}"),
        PortType::Artifact { .. }
            if text.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) || text == "html" =>
        {
            format!("an {text}")
        }
        PortType::Artifact { .. } => format!("a {text}"),
    }
}
