//! The call of a step function: lowering inputs, the call, lifting outputs.

use wasmtime::Store;
use wasmtime::component::{ResourceAny, ResourceDynamic, Val};
use weft_pipeline::step::{Artifact, FailureKind, PortValue, PortValues};
use weft_pipeline::types::PortType;
use weft_signature::{Outputs, Slot};

use crate::convert::{describe, from_val, to_val};
use crate::failure::{self, Failure};
use crate::host::{State, json_size};
use crate::limits::StepLimits;
use crate::loader::Ready;
use crate::walls::Wall;

/// The maximum size of an output parameter, in bytes.
const MAX_PARAMETER: usize = 4 << 20;

/// Instantiates the component and calls the function at this place among its steps.
pub(crate) fn call(
    store: &mut Store<State>,
    component: &Ready,
    at: usize,
    inputs: &PortValues,
    limits: &StepLimits,
) -> Result<PortValues, Failure> {
    let function = &component.component.steps()[at];
    let instance = match component.instance.instantiate(&mut *store) {
        Ok(instance) => instance,
        Err(error) => return Err(failure::cannot_start(&error, store.data(), limits)),
    };
    let callee = instance
        .get_func(&mut *store, component.steps[at])
        .ok_or_else(|| Failure::host(format!("the component lost its function `{}`", function.name)))?;
    let arguments = function
        .inputs
        .iter()
        .map(|slot| {
            argument(store, slot, inputs.get(&slot.name))
                .map_err(|why| Failure::host(format!("input `{}`: {why}", slot.name)))
        })
        .collect::<Result<Vec<_>, _>>()?;
    let has_result = function.fallible || !matches!(function.outputs, Outputs::None);
    let mut results = vec![Val::Bool(false); usize::from(has_result)];
    if let Err(error) = callee.call(&mut *store, &arguments, &mut results) {
        return Err(failure::of_guest(&error, store.data(), limits));
    }
    let value = match results.pop() {
        Some(Val::Result(Ok(value))) if function.fallible => value.map(|value| *value),
        Some(Val::Result(Err(error))) if function.fallible => {
            return Err(Failure::new(FailureKind::Returned, returned(error.as_deref())));
        }
        other => other,
    };
    // A run keeps the outputs of all its steps.
    let mut outputs = PortValues::with_capacity(match &function.outputs {
        Outputs::None => 0,
        Outputs::Single(_) => 1,
        Outputs::Record(slots) => slots.len(),
    });
    match (&function.outputs, value) {
        (Outputs::None, _) => {}
        (Outputs::Single(slot), Some(value)) => output(store, slot, value, &mut outputs, limits)?,
        (Outputs::Record(slots), Some(Val::Record(fields))) => {
            for (slot, (_, value)) in slots.iter().zip(fields) {
                output(store, slot, value, &mut outputs, limits)?;
            }
        }
        _ => return Err(Failure::host("the function's result is not what its type says")),
    }
    Ok(outputs)
}

/// The message of a returned error: the text of a string, or the case of a variant with its payload.
fn returned(error: Option<&Val>) -> String {
    match error {
        None => "it returned an error without a message".into(),
        Some(Val::String(text)) => text.clone(),
        Some(Val::Variant(case, Some(payload))) => match &**payload {
            Val::String(text) => format!("{case}: {text}"),
            other => format!("{case}: {}", describe(other)),
        },
        Some(Val::Variant(case, None) | Val::Enum(case)) => case.clone(),
        Some(other) => describe(other).to_string(),
    }
}

fn argument(store: &mut Store<State>, slot: &Slot, value: Option<&PortValue>) -> Result<Val, String> {
    let Some(value) = value else {
        return if slot.port.optional { Ok(Val::Option(None)) } else { Err("it is required, and missing".into()) };
    };
    let val = match (&slot.port.ty, value) {
        (PortType::Parameter(_), PortValue::Parameter(serde_json::Value::Null)) if slot.port.optional => {
            return Ok(Val::Option(None));
        }
        (PortType::Parameter(ty), PortValue::Parameter(value)) => to_val(ty, value)?,
        (PortType::Artifact { list: false, .. }, PortValue::Artifacts(artifacts)) => match artifacts.as_slice() {
            [artifact] => handle(store, slot, artifact)?,
            other => return Err(format!("one artifact is expected, {} came", other.len())),
        },
        (PortType::Artifact { list: true, .. }, PortValue::Artifacts(artifacts)) => {
            Val::List(artifacts.iter().map(|artifact| handle(store, slot, artifact)).collect::<Result<_, _>>()?)
        }
        (PortType::Parameter(_), PortValue::Artifacts(_)) => {
            return Err("a parameter is expected, not an artifact".into());
        }
        (PortType::Artifact { .. }, PortValue::Parameter(_)) => {
            return Err("an artifact is expected, not a parameter".into());
        }
    };
    Ok(if slot.port.optional { Val::Option(Some(Box::new(val))) } else { val })
}

/// A handle for the guest. It is borrowed for the call, or owned by the guest if the function takes it by value.
fn handle(store: &mut Store<State>, slot: &Slot, artifact: &Artifact) -> Result<Val, String> {
    let handle = store.data_mut().lend_input(artifact.clone(), &slot.name)?;
    let kind = u32::try_from(slot.kind).map_err(|error| error.to_string())?;
    ResourceDynamic::new_own(handle, kind)
        .try_into_resource_any(store)
        .map(Val::Resource)
        .map_err(|error| format!("{error:#}"))
}

fn output(
    store: &mut Store<State>,
    slot: &Slot,
    value: Val,
    outputs: &mut PortValues,
    limits: &StepLimits,
) -> Result<(), Failure> {
    let value = match (slot.port.optional, value) {
        (true, Val::Option(None)) => return Ok(()),
        (true, Val::Option(Some(value))) => *value,
        (_, value) => value,
    };
    let value = match (&slot.port.ty, value) {
        (PortType::Parameter(ty), value) => {
            let value = from_val(ty, &value).map_err(|why| Failure::host(format!("output `{}`: {why}", slot.name)))?;
            if json_size(&value) > store.data().step.walls.bound(Wall::Parameters, MAX_PARAMETER) {
                return Err(Failure::new(
                    FailureKind::LimitReached,
                    format!(
                        "output `{}` is a parameter of more than {}",
                        slot.name,
                        failure::size(MAX_PARAMETER as u64)
                    ),
                )
                .hint("give large results as artifacts: parameters are kept in the metadata"));
            }
            PortValue::Parameter(value)
        }
        (PortType::Artifact { list: false, .. }, Val::Resource(handle)) => {
            PortValue::Artifacts(vec![take(store, slot, handle, limits)?])
        }
        (PortType::Artifact { list: true, .. }, Val::List(items)) => {
            let mut artifacts = Vec::with_capacity(items.len());
            for item in items {
                let Val::Resource(handle) = item else {
                    return Err(Failure::host("a list of handles holds another value"));
                };
                artifacts.push(take(store, slot, handle, limits)?);
            }
            PortValue::Artifacts(artifacts)
        }
        _ => return Err(Failure::host(format!("output `{}` is not what its type says", slot.name))),
    };
    outputs.insert(slot.name.clone(), value);
    Ok(())
}

fn take(store: &mut Store<State>, slot: &Slot, handle: ResourceAny, limits: &StepLimits) -> Result<Artifact, Failure> {
    let refuse = |why: String| Failure::host(format!("output `{}`: {why}", slot.name));
    let handle = handle.try_into_resource_dynamic(&mut *store).map_err(|error| refuse(format!("{error:#}")))?;
    store.data_mut().take_output(handle.rep()).map_err(|error| match error {
        crate::host::GuestError::OutputLimit(_) => failure::output_limit(limits.output),
        error => refuse(error.to_string()),
    })
}
