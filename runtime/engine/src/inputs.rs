//! The inputs of a task: its bindings resolved to values.

use std::borrow::Cow;
use std::io::Read as _;

use serde_json::Value;
use weft_artifacts::ContentId;
use weft_pipeline::command::{fill_template, references};
use weft_pipeline::condition;
use weft_pipeline::model::{Binding, Component, Dag, Format, Implementation, Input, Task, Wire};
use weft_pipeline::step::{PortValue, PortValues, StepFailure};
use weft_pipeline::tfx;
use weft_pipeline::types::{KfpType, ParameterType, PortType};

use crate::final_status::final_status;
use crate::scope::{Scope, Upstream};
use crate::worker::{hinted_failure, host_failure};

/// The values of a task's wires.
#[derive(Debug, Default)]
pub struct BoundInputs {
    /// Those of its component's inputs: it is run on them, and they are part of its identity.
    pub inputs: PortValues,
    /// Those that its component has no input for: they are read by its condition, its loop and its templates.
    pub others: PortValues,
}

impl BoundInputs {
    /// The value wired under a name.
    pub fn get(&self, name: &str) -> Option<&PortValue> {
        self.inputs.get(name).or_else(|| self.others.get(name))
    }

    /// All of them.
    pub fn all(&self) -> Cow<'_, PortValues> {
        if self.others.is_empty() {
            return Cow::Borrowed(&self.inputs);
        }
        let all = self.others.iter().chain(&self.inputs);
        Cow::Owned(all.map(|(name, value)| (name.clone(), value.clone())).collect())
    }
}

/// Why a binding has no value.
#[derive(Debug)]
pub enum Unresolved {
    /// Its source is absent. The text is a predicate: `comes from ...`.
    Absent(String),
    /// Its value cannot be used; the task fails.
    Invalid(Box<StepFailure>),
}

impl From<StepFailure> for Unresolved {
    fn from(failure: StepFailure) -> Self {
        Self::Invalid(Box::new(failure))
    }
}

impl From<Box<StepFailure>> for Unresolved {
    fn from(failure: Box<StepFailure>) -> Self {
        Self::Invalid(failure)
    }
}

/// The value of a binding, or why there is none.
type Resolved<'a> = Result<Cow<'a, PortValue>, Unresolved>;

/// An input that is a template: its name, the text, and the selector that is applied to the filled text.
struct TemplateInput<'a> {
    name: &'a str,
    text: &'a str,
    select: Option<&'a str>,
}

/// Resolves all wires of a task and coerces the values of its component's inputs to their types.
///
/// An absent optional input has no entry; one with a default gets it. The item of a loop is left out.
///
/// # Errors
/// [`Unresolved::Absent`]: a required input has no value, because a task was skipped or failed, or an output is absent.
pub fn bind<'a>(
    task: &'a Task,
    component: &Component,
    format: Format,
    scope: &Scope<'a, '_>,
) -> Result<BoundInputs, Unresolved> {
    let mut values = PortValues::new();
    let mut absent: Vec<(&str, String)> = Vec::new();
    let mut templates = Vec::new();
    for (name, wire) in &task.inputs {
        if let Wire { from: Binding::Template(text), select, .. } = wire {
            templates.push(TemplateInput { name, text, select: select.as_deref() });
            continue;
        }
        match resolve_wire(wire, scope) {
            Ok(value) => _ = values.insert(name.clone(), value.into_owned()),
            Err(Unresolved::Absent(why)) => absent.push((name, why)),
            Err(Unresolved::Invalid(failure)) => return Err(for_input(name, *failure).into()),
        }
    }
    if !templates.is_empty() {
        fill_templates(templates, &mut values, component, scope)?;
    }
    let item = task.each.as_ref().map(|each| each.item.as_str());
    let mut inputs = PortValues::new();
    for (name, input) in component.inputs.iter().filter(|(name, _)| item != Some(name)) {
        let default = input.default.as_ref().filter(|default| !default.is_null());
        let value = match values.remove(name) {
            Some(value) if is_null(&value) && (input.port.optional || default.is_some()) => None,
            value => value,
        };
        if let Some(value) = value {
            let value = value_of(input, value, scope).map_err(|failure| for_input(name, failure))?;
            inputs.insert(name.clone(), coerced(name, input, component, value, format)?);
        } else if let Some(default) = default {
            inputs.insert(name.clone(), PortValue::Parameter(default.clone()));
        } else if !input.port.optional && input.default.is_none() {
            let why = absent.iter().find(|(wired, _)| wired == name);
            let why = why.map_or("is not wired", |(_, why)| why.as_str());
            return Err(Unresolved::Absent(format!("its input `{name}` {why}")));
        } else if is_final_status(input) && matches!(component.implementation, Implementation::Command(_)) {
            let message = format!("its input `{name}` is the final status of another task, and it is given none");
            let hint = "only an exit task (`dsl.ExitHandler(exit_task)`) and a task that ignores failures \
                        (`.after(other).ignore_upstream_failure()`) are given one";
            return Err(hinted_failure(message, hint).into());
        }
    }
    values.retain(|_, value| !is_null(value));
    Ok(BoundInputs { inputs, others: values })
}

/// Fills in templates in the order of their references to each other.
fn fill_templates(
    mut templates: Vec<TemplateInput<'_>>,
    values: &mut PortValues,
    component: &Component,
    scope: &Scope<'_, '_>,
) -> Result<(), Unresolved> {
    for (name, input) in &component.inputs {
        // A template may refer to an input that is not wired and has a default.
        if let Some(default) = &input.default
            && !values.contains_key(name)
            && templates.iter().all(|template| template.name != name)
        {
            values.insert(name.clone(), PortValue::Parameter(default.clone()));
        }
    }
    while !templates.is_empty() {
        let waits = |template: &TemplateInput<'_>| {
            let parameters = references(template.text).parameters;
            templates.iter().any(|other| parameters.contains(other.name))
        };
        let Some(ready) = templates.iter().position(|template| !waits(template)) else {
            let names: Vec<_> = templates.iter().map(|template| format!("`{}`", template.name)).collect();
            let message = format!("its inputs {} are made of each other", names.join(", "));
            return Err(hinted_failure(message, "take one of the placeholders out").into());
        };
        let TemplateInput { name, text, select } = templates.remove(ready);
        let value = fill_template(text, values, &scope.task_context()).map_err(|why| for_input(name, failed(&why)))?;
        let value = match select {
            Some(expression) => selected(expression, &value).map_err(|failure| for_input(name, *failure))?,
            None => value,
        };
        values.insert(name.to_owned(), PortValue::Parameter(value));
    }
    Ok(())
}

fn resolve_wire<'a>(wire: &'a Wire, scope: &Scope<'a, '_>) -> Resolved<'a> {
    let value = resolve(&wire.from, &PortValues::new(), scope)?;
    let Some(expression) = &wire.select else { return Ok(value) };
    match value.as_ref() {
        PortValue::Parameter(value) => Ok(Cow::Owned(PortValue::Parameter(selected(expression, value)?))),
        PortValue::Artifacts(_) => {
            Err(failed("something is to be selected from an artifact, which has no parts").into())
        }
    }
}

/// Applies a selector to a value.
fn selected(expression: &str, value: &Value) -> Result<Value, Box<StepFailure>> {
    condition::select(expression, value).map_err(|error| {
        Box::new(host_failure(format!("its selector `{expression}` gives nothing: {error}"), error.hint()))
    })
}

/// Resolves a binding. Templates refer to the values in `own`.
pub fn resolve<'a>(binding: &'a Binding, own: &PortValues, scope: &Scope<'a, '_>) -> Resolved<'a> {
    match binding {
        Binding::Literal(value) => Ok(Cow::Owned(PortValue::Parameter(value.clone()))),
        Binding::Template(text) => {
            let filled = fill_template(text, own, &scope.task_context()).map_err(|why| failed(&why))?;
            Ok(Cow::Owned(PortValue::Parameter(filled)))
        }
        Binding::Input(name) => scope
            .input(name)
            .map(Cow::Borrowed)
            .ok_or_else(|| Unresolved::Absent(format!("comes from the parameter `{name}`, which was not given"))),
        Binding::Output { task, output } => match scope.upstream(task) {
            Upstream::Skipped => Err(Unresolved::Absent(format!("comes from `{task}`, which was skipped"))),
            Upstream::Failed => Err(Unresolved::Absent(format!("comes from `{task}`, which did not succeed"))),
            Upstream::Succeeded(outputs) => outputs.get(output).map(Cow::Borrowed).ok_or_else(|| {
                Unresolved::Absent(format!("comes from the output `{output}` of `{task}`, which was absent"))
            }),
        },
        Binding::FinalStatus { task } => {
            let (state, message) = scope.final_state(task);
            let status = final_status(task, state, message, &scope.run.key.run);
            Ok(Cow::Owned(PortValue::Parameter(status)))
        }
        Binding::FirstOf(bindings) => {
            for binding in bindings {
                match resolve(binding, own, scope) {
                    Err(Unresolved::Absent(_)) => {}
                    found => return found,
                }
            }
            let mut tasks = Vec::new();
            binding.visit_tasks(&mut |task| tasks.push(format!("`{task}`")));
            Err(Unresolved::Absent(format!("comes from one of {}, of which none gave it", tasks.join(", "))))
        }
        Binding::Gather(bindings) => gather(bindings, own, scope),
    }
}

/// The present values of several bindings as one list.
fn gather<'a>(bindings: &'a [Binding], own: &PortValues, scope: &Scope<'a, '_>) -> Resolved<'a> {
    let mut artifacts = Vec::new();
    let mut values = Vec::new();
    for binding in bindings {
        match resolve(binding, own, scope) {
            Ok(value) => match value.into_owned() {
                PortValue::Artifacts(several) => artifacts.extend(several),
                PortValue::Parameter(value) => values.push(value),
            },
            Err(Unresolved::Absent(_)) => {}
            Err(wrong) => return Err(wrong),
        }
    }
    Ok(Cow::Owned(if values.is_empty() {
        PortValue::Artifacts(artifacts)
    } else {
        PortValue::Parameter(values.into())
    }))
}

/// The longest value in an artifact that a parameter may take, in bytes.
const MOST_VALUE: u64 = 4 << 20;

/// The value of an input: where it is a parameter and is given an artifact that holds a value, as TFX's do, the value in its file.
fn value_of(input: &Input, value: PortValue, scope: &Scope<'_, '_>) -> Result<PortValue, StepFailure> {
    let artifact = match (&input.port.ty, &value) {
        (PortType::Parameter(_), PortValue::Artifacts(artifacts)) => match artifacts.as_slice() {
            [one] if tfx::holds_value(&one.kind) => one,
            // What was to be gathered was absent.
            [] if matches!(input.port.ty, PortType::Parameter(ParameterType::List(_))) => {
                return Ok(PortValue::Parameter(Value::Array(Vec::new())));
            }
            _ => return Ok(value),
        },
        _ => return Ok(value),
    };
    let is_null = |value: &Value| value.as_f64() == Some(1.0) || value.as_bool() == Some(true);
    if artifact.properties.get("__is_null__").is_some_and(is_null) {
        return Ok(PortValue::Parameter(Value::Null));
    }
    let read = || -> Result<Option<Vec<u8>>, Box<dyn std::error::Error>> {
        let ContentId::Blob(digest) = artifact.uri.parse()? else { return Ok(None) };
        let blob = scope.run.engine.artifacts.open_blob(&digest)?;
        if blob.len() > MOST_VALUE {
            return Ok(None);
        }
        let mut bytes = Vec::new();
        blob.cursor().read_to_end(&mut bytes)?;
        Ok(Some(bytes))
    };
    let bytes = read().map_err(|error| failed(&format!("its value cannot be read: {error}")))?;
    let text = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let text =
        text.ok_or_else(|| failed(&format!("the artifact is no file of text below {} MiB", MOST_VALUE >> 20)))?;
    Ok(PortValue::Parameter(tfx::value(&artifact.kind, &text).map_err(|why| failed(&why))?))
}

/// Coerces a value to the type of the input that receives it.
///
/// # Errors
/// It is not of the input's type, or not one of its allowed values.
pub fn coerced(
    name: &str,
    input: &Input,
    component: &Component,
    value: PortValue,
    format: Format,
) -> Result<PortValue, Box<StepFailure>> {
    let (PortType::Parameter(ty), PortValue::Parameter(value)) = (&input.port.ty, &value) else { return Ok(value) };
    let value = match (format, ty, value) {
        (_, ParameterType::String, Value::String(_)) => value.clone(),
        // KFP accepts any value for a string.
        (Format::Kfp, ParameterType::String, value) => Value::String(text(value)),
        (_, _, value) => match ty.coerce(value.clone()) {
            Ok(value) => value,
            // KFP's compiler declares inexact types for the inputs of the DAGs that it makes of loops and conditions. The
            // tasks inside are checked.
            Err(_) if matches!(component.implementation, Implementation::Dag(_)) => value.clone(),
            Err(mut mismatch) => {
                let is_wasm = matches!(component.implementation, Implementation::Wasm(_));
                let format = if is_wasm { Format::Native } else { format };
                let mut hint = None;
                if format == Format::Kfp && value.is_string() {
                    // Nobody wrote quotes.
                    mismatch.why = None;
                    let item = ty.kfp().python();
                    hint = Some(format!(
                        "items of a bare `list` are texts to KFP's compiler, and nothing makes a number of a text: declare the list as `List[{item}]`, \
                         or take a `str` and convert it"
                    ));
                }
                let mismatch = mismatch.in_terms_of(format, ty);
                return Err(host_failure(format!("its input `{name}`: {mismatch}"), hint).into());
            }
        },
    };
    let is = |literal: &Value| *literal == value || ty.coerce(literal.clone()).is_ok_and(|literal| literal == value);
    if !input.literals.is_empty() && !input.literals.iter().any(is) {
        let allowed: Vec<_> = input.literals.iter().map(Value::to_string).collect();
        return Err(hinted_failure(
            format!("its input `{name}` may not be {value}"),
            format!("give it one of {}", allowed.join(", ")),
        )
        .into());
    }
    Ok(PortValue::Parameter(value))
}

/// Whether an input is how another task ended. KFP's executor cannot do without it, although it is declared as optional.
fn is_final_status(input: &Input) -> bool {
    matches!(&input.port.ty, PortType::Parameter(ty) if ty.kfp() == KfpType::TaskFinalStatus)
}

fn is_null(value: &PortValue) -> bool {
    matches!(value, PortValue::Parameter(Value::Null))
}

fn failed(why: &str) -> StepFailure {
    host_failure(why.to_owned(), None)
}

/// A value as text: numbers without an exponent or an empty fraction, lists and structures as JSON.
fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Number(number) if number.is_f64() => number.as_f64().unwrap_or_default().to_string(),
        other => other.to_string(),
    }
}

/// Prefixes a failure's message with the name of the input.
fn for_input(name: &str, failure: StepFailure) -> StepFailure {
    StepFailure { message: format!("its input `{name}`: {}", failure.message), ..failure }
}

/// The outputs of a DAG. Those whose source is absent have no entry.
///
/// # Errors
/// An output with several alternative sources, all of which are absent, or one whose value cannot be used.
pub fn outputs<'a>(dag: &'a Dag, scope: &Scope<'a, '_>) -> Result<PortValues, Box<StepFailure>> {
    let mut outputs = PortValues::new();
    for (name, binding) in &dag.outputs {
        match resolve(binding, &PortValues::new(), scope) {
            Ok(value) => _ = outputs.insert(name.clone(), value.into_owned()),
            Err(Unresolved::Absent(why)) if matches!(binding, Binding::FirstOf(_)) => {
                let hint = "one of its conditions must hold: give the last an `else`";
                return Err(hinted_failure(format!("its output `{name}` {why}"), hint).into());
            }
            Err(Unresolved::Absent(_)) => {}
            Err(Unresolved::Invalid(failure)) => {
                let message = format!("its output `{name}`: {}", failure.message);
                return Err(Box::new(StepFailure { message, ..*failure }));
            }
        }
    }
    Ok(outputs)
}
