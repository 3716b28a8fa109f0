//! Reading the step functions of a component, with their signatures, from its binary.

use wasmtime::Engine;
use wasmtime::component::types::{self, ComponentItem};
use wasmtime::component::{Component, ComponentExportIndex, ResourceType, Type};
use weft_pipeline::signature::{Port, SINGLE_OUTPUT, Signature};
use weft_pipeline::types::{ArtifactType, PortType};

use crate::convert::parameter_type;

/// The resource type of a kind of artifact.
#[derive(Debug, Clone)]
pub(crate) struct Kind {
    /// The type that the host links.
    pub(crate) resource: ResourceType,
    /// The payload of `ResourceType::host_dynamic`.
    pub(crate) payload: u32,
    /// Its schema title.
    pub(crate) title: ArtifactType,
}

/// A function of a component that can be a step.
#[derive(Debug, Clone)]
pub struct StepFunction {
    /// Its name in pipelines: that of the function, prefixed by that of its interface (`acme:steps/training#train`) if the
    /// name alone is ambiguous.
    pub name: String,
    /// Its inputs and outputs.
    pub signature: Signature,
    pub(crate) export: ComponentExportIndex,
    pub(crate) inputs: Vec<Slot>,
    pub(crate) outputs: Outputs,
    /// Whether the result is a `result<.., E>`.
    pub(crate) fallible: bool,
}

/// A port and how its value is passed.
#[derive(Debug, Clone)]
pub(crate) struct Slot {
    pub(crate) name: String,
    pub(crate) port: Port,
    /// The payload of the resource type, for an artifact.
    pub(crate) kind: u32,
}

/// How a function returns its outputs.
#[derive(Debug, Clone)]
pub(crate) enum Outputs {
    None,
    Single(Slot),
    Record(Vec<Slot>),
}

/// An exported function that cannot be a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotAStep {
    /// The export's full name.
    pub name: String,
    /// The reason.
    pub why: String,
}

/// The step functions of a component in the order of its exports, and the exports that cannot be steps.
pub(crate) fn read(
    engine: &Engine,
    component: &Component,
    linked: &types::Component,
    kinds: &[Kind],
) -> (Vec<StepFunction>, Vec<NotAStep>) {
    let mut steps: Vec<(Option<String>, StepFunction)> = Vec::new();
    let mut others = Vec::new();
    let mut add = |interface: Option<&str>, name: &str, function: &types::ComponentFunc| {
        let instance = match interface {
            Some(interface) => component.get_export_index(None, interface).map(Some),
            None => Some(None),
        };
        let Some(export) = instance.and_then(|instance| component.get_export_index(instance.as_ref(), name)) else {
            return;
        };
        match shape(function, kinds) {
            Ok((inputs, outputs, fallible)) => {
                let step = StepFunction {
                    name: name.to_owned(),
                    signature: signature(&inputs, &outputs),
                    export,
                    inputs,
                    outputs,
                    fallible,
                };
                steps.push((interface.map(str::to_owned), step));
            }
            Err(why) => {
                let name = interface.map_or_else(|| name.to_owned(), |interface| format!("{interface}#{name}"));
                others.push(NotAStep { name, why });
            }
        }
    };
    for (name, export) in linked.exports(engine) {
        match export.ty {
            ComponentItem::ComponentFunc(function) => add(None, name, &function),
            // componentize-py exports its initialiser in `exports`; `wasi:cli/run` is the start of a command.
            ComponentItem::ComponentInstance(_) if name == "exports" || name.starts_with("wasi:") => {}
            ComponentItem::ComponentInstance(instance) => {
                for (function_name, item) in instance.exports(engine) {
                    // Methods of a component's own resources are not steps.
                    if let ComponentItem::ComponentFunc(function) = item.ty
                        && !function_name.starts_with('[')
                    {
                        add(Some(name), function_name, &function);
                    }
                }
            }
            _ => {}
        }
    }
    let names: Vec<String> = steps.iter().map(|(_, step)| step.name.clone()).collect();
    let qualified = steps.into_iter().map(|(interface, mut step)| {
        if let Some(interface) = interface
            && names.iter().filter(|name| **name == step.name).count() > 1
        {
            step.name = format!("{interface}#{}", step.name);
        }
        step
    });
    (qualified.collect(), others)
}

/// `run` of `wasi:cli/run`, in any 0.2 version.
pub(crate) fn command(engine: &Engine, component: &Component) -> Option<ComponentExportIndex> {
    let ty = component.component_type();
    let (name, _) = ty.exports(engine).find(|(name, _)| name.starts_with("wasi:cli/run@0.2."))?;
    let interface = component.get_export_index(None, name)?;
    component.get_export_index(Some(&interface), "run")
}

fn signature(inputs: &[Slot], outputs: &Outputs) -> Signature {
    let ports = |slots: &[Slot]| slots.iter().map(|slot| (slot.name.clone(), slot.port.clone())).collect();
    Signature {
        inputs: ports(inputs),
        outputs: match outputs {
            Outputs::None => ports(&[]),
            Outputs::Single(slot) => ports(std::slice::from_ref(slot)),
            Outputs::Record(slots) => ports(slots),
        },
    }
}

type Shape = (Vec<Slot>, Outputs, bool);

fn shape(function: &types::ComponentFunc, kinds: &[Kind]) -> Result<Shape, String> {
    if function.async_() {
        return Err("it is `async`; steps are synchronous functions".into());
    }
    let inputs = function
        .params()
        .map(|(name, ty)| slot(name, &ty, kinds, false).map_err(|why| format!("parameter `{name}`: {why}")))
        .collect::<Result<Vec<_>, _>>()?;
    let Some(result) = function.results().next() else { return Ok((inputs, Outputs::None, false)) };
    let (result, fallible) = match &result {
        Type::Result(result) => (result.ok(), true),
        _ => (Some(result), false),
    };
    let outputs = match result {
        None => Outputs::None,
        Some(Type::Record(record)) => Outputs::Record(
            record
                .fields()
                .map(|field| {
                    slot(field.name, &field.ty, kinds, true).map_err(|why| format!("output `{}`: {why}", field.name))
                })
                .collect::<Result<_, _>>()?,
        ),
        Some(ty) => Outputs::Single(slot(SINGLE_OUTPUT, &ty, kinds, true).map_err(|why| format!("result: {why}"))?),
    };
    Ok((inputs, outputs, fallible))
}

fn slot(name: &str, ty: &Type, kinds: &[Kind], output: bool) -> Result<Slot, String> {
    let (inner, optional) = match ty {
        Type::Option(option) => (option.ty(), true),
        ty => (ty.clone(), false),
    };
    let handle = |ty: &Type| match ty {
        Type::Own(resource) => Some(*resource),
        Type::Borrow(resource) if !output => Some(*resource),
        _ => None,
    };
    let (resource, list) = match &inner {
        Type::List(items) => (handle(&items.ty()), true),
        ty => (handle(ty), false),
    };
    let (ty, kind) = match resource {
        Some(resource) => {
            let kind = kinds
                .iter()
                .find(|kind| kind.resource == resource)
                .ok_or("it is a resource that is not an artifact kind")?;
            (PortType::Artifact { kind: kind.title.clone(), list }, kind.payload)
        }
        None => (PortType::Parameter(parameter_type(&inner)?), 0),
    };
    Ok(Slot { name: name.to_owned(), port: Port { ty, optional }, kind })
}
