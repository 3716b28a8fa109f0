//! What flows into a task: its wires, followed to their values.

use serde_json::Value;
use weft_pipeline::model::{Binding, Component, Dag, Input, Task};
use weft_pipeline::step::{PortValue, PortValues};

/// What a settled task offers to those that come after it.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// Its outputs.
    Gave(&'a PortValues),
    /// It was skipped.
    Skipped,
}

/// A value, or why there is none.
type Followed<'a> = Result<std::borrow::Cow<'a, PortValue>, String>;

/// Values of all inputs of a task. The error says why the task is skipped: an input that it needs comes from a skipped
/// task or an absent optional output. Optional inputs that come to nothing have no entry, those with a default get it.
pub fn bind<'a>(
    task: &'a Task,
    component: &Component,
    scope: &'a PortValues,
    source: impl Fn(&str) -> Source<'a>,
) -> Result<PortValues, String> {
    let mut values = PortValues::new();
    for (name, input) in &component.inputs {
        let followed = match task.inputs.get(name) {
            Some(wire) => follow(&wire.from, scope, &source).map_err(|why| format!("its input `{name}` {why}")),
            None => Err(format!("its input `{name}` is not wired")),
        };
        let value = match followed {
            Ok(value) if absent(&value, input) => None,
            Ok(value) => Some(value.into_owned()),
            Err(_) if input.default.is_some() || input.port.optional => None,
            Err(reason) => return Err(reason),
        };
        if let Some(value) = value.or_else(|| input.default.clone().map(PortValue::Parameter)) {
            values.insert(name.clone(), value);
        }
    }
    Ok(values)
}

/// A `null` on an optional port is as good as nothing.
fn absent(value: &PortValue, input: &Input) -> bool {
    input.port.optional && matches!(value, PortValue::Parameter(Value::Null))
}

/// The value at the other end of a binding, or why there is none: `comes from ...`.
pub fn follow<'a>(binding: &'a Binding, scope: &'a PortValues, source: &impl Fn(&str) -> Source<'a>) -> Followed<'a> {
    use std::borrow::Cow::{Borrowed, Owned};
    match binding {
        Binding::Literal(value) => Ok(Owned(PortValue::Parameter(value.clone()))),
        Binding::Input(name) => scope
            .get(name)
            .map(Borrowed)
            .ok_or_else(|| format!("comes from the parameter `{name}`, which was not given")),
        Binding::Template(_) | Binding::FinalStatus { .. } | Binding::FirstOf(_) | Binding::Gather(_) => {
            Err("comes from something that this runtime cannot follow".to_owned())
        }
        Binding::Output { task, output } => match source(task) {
            Source::Skipped => Err(format!("comes from `{task}`, which was skipped")),
            Source::Gave(outputs) => outputs
                .get(output)
                .map(Borrowed)
                .ok_or_else(|| format!("comes from the output `{output}` of `{task}`, which was absent")),
        },
    }
}

/// What a DAG gives: those of its outputs whose tasks gave something.
pub fn outputs<'a>(dag: &'a Dag, scope: &'a PortValues, source: impl Fn(&str) -> Source<'a>) -> PortValues {
    let followed = |binding| follow(binding, scope, &source).ok();
    dag.outputs.iter().filter_map(|(name, binding)| Some((name.clone(), followed(binding)?.into_owned()))).collect()
}
