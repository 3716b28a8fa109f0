//! Checks of the inputs of tasks: their sources and types.

use std::borrow::Cow;

use serde_json::Value;

use super::{Checker, PortKind};
use crate::command::references;
use crate::ir::read::CHANNEL;
use crate::ir::template;
use crate::model::{Binding, Component, Format, Implementation, Input, Span, Task, Wire};
use crate::signature::find;
use crate::suggest;
use crate::tfx;
use crate::types::{ParameterType, PortType, may_fit};

/// What to do about a value that the compiler does not pass on to where a text is composed with it.
const NOT_PASSED_ON: &str = "the SDK's compiler did not pass it on to where a text is composed with it: give the value to the task as an \
                             argument of its own, and compose the text in the component";

/// The source of a value.
pub(super) struct Source<'p> {
    pub sort: PortKind,
    /// Its type, where the declaration is reliable: the compiler declares inexact types for the DAGs of loops and
    /// conditions.
    pub ty: Option<Cow<'p, PortType>>,
}

impl<'p> Checker<'p, '_> {
    /// Reports unknown and missing inputs, and checks each wire.
    pub(super) fn wires(&mut self, name: &str, task: &'p Task, component: &'p Component, here: Option<Span>) {
        for (input, wire) in &task.inputs {
            let span = self.place(&format!("steps.{name}.with.{input}"), wire.at).or(here);
            let declared = find(&component.inputs, input).map(|(_, declared)| declared);
            self.wire(name, task, component, (input, declared), wire, span);
        }
        for (input, declared) in &component.inputs {
            let given = task.inputs.contains_key(input) || find(&task.inputs, input).is_some();
            let item = task
                .each
                .as_ref()
                .is_some_and(|each| find(&component.inputs, &each.item).is_some_and(|(item, _)| item == input));
            if declared.port.optional || declared.default.is_some() || given || item {
                continue;
            }
            let extra = task.inputs.keys().filter(|given| find(&component.inputs, given).is_none());
            let near = suggest::nearest(input, extra.map(String::as_str));
            let hint = near.map(|near| format!("it is given `{near}`, which it does not have"));
            let problem =
                format!("the task `{name}` needs the input `{input}` ({})", declared.port.ty.text(Format::Kfp));
            self.error(Some(name), here, problem, hint);
        }
    }

    fn wire(
        &mut self,
        name: &str,
        task: &'p Task,
        component: &'p Component,
        (input, declared): (&str, Option<&'p Input>),
        wire: &'p Wire,
        span: Option<Span>,
    ) {
        let made = wire.select.as_deref().filter(|select| *select != template::PARSE);
        if let Some(select) = made
            && let Err(wrong) = self.conditions.selector(select)
        {
            // A long value would hide the rest of the message.
            let shown = if select.len() > 80 { String::new() } else { format!(" `{select}`") };
            let problem = format!("the selector{shown} of the input `{input}` is not right: {wrong}");
            self.error(Some(name), span, problem, None);
        }
        match &wire.from {
            Binding::Literal(value) => {
                if let Some(declared) = declared
                    && wire.select.is_none()
                    && let Some(why) = misfit(declared, component, value)
                {
                    self.error(Some(name), span, format!("the input `{input}`: {why}"), None);
                }
            }
            Binding::Template(text) => self.template(name, task, component, input, text, span),
            binding => {
                let Some(source) = self.source(binding, span, Some(name)) else { return };
                let Some(declared) = declared else { return };
                let sort = PortKind::of(&declared.port);
                let is_value = matches!(source.ty.as_deref(), Some(PortType::Artifact { kind, list: false }) if tfx::holds_value(kind));
                if sort == PortKind::Parameter && is_value {
                    // The value in the artifact is read when the task starts.
                } else if sort != source.sort {
                    let given = describe(binding, source.sort);
                    let problem = format!("the input `{input}` takes {}, but it is given {given}", sort.text());
                    self.error(Some(name), span, problem, None);
                } else if let Some(ty) = source.ty.filter(|_| wire.select.is_none())
                    && let Some(why) = never_fits(&ty, declared, component)
                {
                    let (to, from) = (declared.port.ty.text(Format::Kfp), ty.text(Format::Kfp));
                    // KFP's types need no explanation, those of a signature do.
                    let both = matches!((&declared.port.ty, &*ty), (PortType::Parameter(_), PortType::Parameter(_)));
                    let hint = (!both || to == from).then_some(why);
                    let problem = format!("the input `{input}` is of type {to}, but it is given {from}");
                    self.error(Some(name), span, problem, hint);
                }
            }
        }
    }

    /// Checks that the placeholders of a constant refer to other inputs of the task.
    fn template(
        &mut self,
        name: &str,
        task: &Task,
        component: &Component,
        input: &str,
        text: &str,
        span: Option<Span>,
    ) {
        let found = references(text);
        let workspace = found.context.contains("workspace_path") && !self.pipeline.workspace;
        for unknown in found.parameters.iter().chain(&found.artifacts).chain(&found.present) {
            if unknown == input {
                self.error(Some(name), span, format!("the input `{input}` is made of itself"), None);
            } else if !task.inputs.contains_key(unknown) && !component.inputs.contains_key(unknown) {
                let known = task.inputs.keys().map(String::as_str).filter(|known| *known != input);
                let hint = suggest::hint(unknown, known, "other inputs");
                let problem =
                    format!("the input `{input}` is made of the input `{unknown}`, which the task does not have");
                self.error(Some(name), span, problem, hint);
            }
        }
        for problem in found.problems {
            self.error(Some(name), span, format!("the input `{input}`: {problem}"), None);
        }
        if workspace {
            let problem = format!("the input `{input}` is in the workspace, which the pipeline does not have");
            self.error(Some(name), span, problem, Some(super::texts::WORKSPACE.to_owned()));
        }
    }

    /// The source of a binding. Reports what is unknown. `None` for that, and for literals.
    pub(super) fn source(&mut self, binding: &Binding, span: Option<Span>, reader: Option<&str>) -> Option<Source<'p>> {
        match binding {
            Binding::Literal(_) | Binding::Template(_) => None,
            Binding::Input(name) => {
                let Some(input) = self.input(name) else {
                    let known = self.component.inputs.keys().map(String::as_str);
                    let what = if self.is_root { "parameters" } else { "inputs" };
                    let hint = suggest::hint(name, known, what);
                    let enclosing = if self.is_root { "the pipeline" } else { "the component around it" };
                    let (problem, hint) = match name.strip_prefix(CHANNEL) {
                        Some(value) => {
                            let problem =
                                format!("a text is composed of `{value}`, which {enclosing} does not have here");
                            (problem, Some(NOT_PASSED_ON.to_owned()))
                        }
                        None => (format!("{enclosing} has no input `{name}`"), hint),
                    };
                    self.error(reader, span, problem, hint);
                    return None;
                };
                let ty = self.is_root.then_some(Cow::Borrowed(&input.port.ty));
                Some(Source { sort: PortKind::of(&input.port), ty })
            }
            Binding::Output { task, output } => {
                let Some(producer) = self.dag.tasks.get(task) else {
                    self.unknown_task(task, span, reader);
                    return None;
                };
                let component = self.pipeline.components.get(&producer.component)?;
                let Some((_, port)) = find(&component.outputs, output) else {
                    let known = component.outputs.keys().map(String::as_str);
                    let hint = suggest::hint(output, known, "outputs");
                    self.error(reader, span, format!("the task `{task}` has no output `{output}`"), hint);
                    return None;
                };
                let reliable = producer.each.is_none() && !matches!(component.implementation, Implementation::Dag(_));
                Some(Source { sort: PortKind::of(port), ty: reliable.then_some(Cow::Borrowed(&port.ty)) })
            }
            Binding::FinalStatus { task } => {
                if !self.dag.tasks.contains_key(task) {
                    self.unknown_task(task, span, reader);
                    return None;
                }
                let ty = PortType::Parameter(ParameterType::task_final_status());
                Some(Source { sort: PortKind::Parameter, ty: Some(Cow::Owned(ty)) })
            }
            Binding::FirstOf(all) | Binding::Gather(all) => {
                let sources: Vec<_> = all.iter().filter_map(|one| self.source(one, span, reader)).collect();
                sources.first().map(|first| Source { sort: first.sort, ty: None })
            }
        }
    }

    /// The kind of a binding's value, if it is known. Unknown sources are reported elsewhere.
    pub(super) fn known_kind(&self, binding: &Binding) -> Option<PortKind> {
        match binding {
            Binding::Literal(_) | Binding::Template(_) | Binding::FinalStatus { .. } => Some(PortKind::Parameter),
            Binding::Input(name) => self.input(name).map(|input| PortKind::of(&input.port)),
            Binding::Output { task, output } => {
                find(self.outputs_of(task)?, output).map(|(_, port)| PortKind::of(port))
            }
            Binding::FirstOf(all) | Binding::Gather(all) => all.first().and_then(|first| self.known_kind(first)),
        }
    }
}

/// A description of a source: the artifact `data` of the task `split`.
pub(super) fn describe(binding: &Binding, sort: PortKind) -> String {
    let what = match sort {
        PortKind::Parameter => "parameter",
        PortKind::Artifact => "artifact",
    };
    match binding {
        Binding::Output { task, output } => format!("the {what} `{output}` of the task `{task}`"),
        Binding::Input(name) => format!("the {what} `{name}`"),
        _ => sort.text().to_owned(),
    }
}

/// Why a value can never be accepted by an input, if so.
pub(super) fn misfit(declared: &Input, component: &Component, value: &Value) -> Option<String> {
    let PortType::Parameter(ty) = &declared.port.ty else {
        return Some(format!("it takes an artifact ({}), not a value", declared.port.ty.text(Format::Kfp)));
    };
    if value.is_null() && (declared.port.optional || declared.default.is_some()) {
        return None;
    }
    let strict = !matches!(component.implementation, Implementation::Dag(_)) && *ty != ParameterType::String;
    if strict && let Err(mismatch) = ty.check(value) {
        let is_wasm = matches!(component.implementation, Implementation::Wasm(_));
        let format = if is_wasm { Format::Native } else { Format::Kfp };
        return Some(mismatch.in_terms_of(format, ty).to_string());
    }
    let is = |literal: &Value| literal == value || ty.coerce(value.clone()).is_ok_and(|value| *literal == value);
    if !declared.literals.is_empty() && !declared.literals.iter().any(is) {
        let allowed: Vec<String> = declared.literals.iter().map(Value::to_string).collect();
        return Some(format!("it takes one of {}, not {value}", allowed.join(", ")));
    }
    None
}

/// Why no value of a type can be accepted by an input, if so.
fn never_fits(from: &PortType, declared: &Input, component: &Component) -> Option<String> {
    match (from, &declared.port.ty) {
        _ if matches!(component.implementation, Implementation::Dag(_)) => None,
        // KFP accepts any value for a string.
        (PortType::Parameter(_), PortType::Parameter(ParameterType::String)) => None,
        (PortType::Parameter(from), PortType::Parameter(to)) => may_fit(from, to).err(),
        // KFP's own components accept artifacts of every type, WebAssembly components do not.
        (from, to) if matches!(component.implementation, Implementation::Wasm(_)) => from.assignable_to(to).err(),
        _ => None,
    }
}
