//! Exported functions: which of them can be steps, with which ports.

use std::collections::HashMap;

use wasmparser::component_types::{
    ComponentDefinedType, ComponentEntityType, ComponentFuncType, ComponentValType, ResourceId,
};
use weft_pipeline::signature::{Port, SINGLE_OUTPUT, Signature};
use weft_pipeline::types::PortType;

use crate::binary::View;
use crate::imports::Resources;
use crate::types::{self, Parameters};
use crate::{NotAStep, Outputs, SERVER, Slot, StepFunction};

/// The step functions of a component in the order of its exports, and the exports that are none.
pub(crate) fn read(view: &View<'_>, resources: &Resources) -> (Vec<StepFunction>, Vec<NotAStep>) {
    let exported = functions(view);
    let reader = Reader { view, resources, parameters: Parameters::new(view.types) };
    let (mut steps, mut others) = (Vec::new(), Vec::new());
    for (interface, name, function) in exported {
        let (interface, function_name) = (interface.map(str::to_owned), name.to_owned());
        match reader.shape(function) {
            Ok((inputs, outputs, fallible)) => steps.push(StepFunction {
                name: function_name.clone(),
                signature: signature(&inputs, &outputs),
                interface,
                function: function_name,
                inputs,
                outputs,
                fallible,
            }),
            Err(why) => others.push(NotAStep {
                name: interface.as_ref().map_or_else(|| name.to_owned(), |interface| format!("{interface}#{name}")),
                interface,
                function: function_name,
                why,
            }),
        }
    }
    qualify(&mut steps);
    (steps, others)
}

/// The exported functions that could be meant as steps, each with its interface.
fn functions<'a>(view: &'a View<'_>) -> Vec<(Option<&'a str>, &'a str, &'a ComponentFuncType)> {
    let mut found = Vec::new();
    for (name, ty) in &view.exports {
        match ty {
            ComponentEntityType::Func(id) => found.push((None, *name, &view.types[*id])),
            // componentize-py exports its initialiser in an instance of this name; `wasi:` is for other hosts.
            ComponentEntityType::Instance(_) if *name == "exports" || name.starts_with("wasi:") => {}
            // What is asked for predictions is called by the server.
            ComponentEntityType::Instance(_) if name.starts_with(SERVER) => {}
            ComponentEntityType::Instance(id) => {
                for (function, item) in &view.types[*id].exports {
                    // Methods of a component's own resources are no steps.
                    if let ComponentEntityType::Func(id) = item.ty
                        && !function.starts_with('[')
                    {
                        found.push((Some(*name), function.as_str(), &view.types[id]));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

/// Leads a name with its interface's where it alone would be ambiguous.
fn qualify(steps: &mut [StepFunction]) {
    let mut times: HashMap<String, usize> = HashMap::new();
    for step in steps.iter() {
        *times.entry(step.name.clone()).or_default() += 1;
    }
    for step in steps {
        if let Some(interface) = &step.interface
            && times[&step.name] > 1
        {
            step.name = format!("{interface}#{}", step.name);
        }
    }
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

struct Reader<'a> {
    view: &'a View<'a>,
    resources: &'a Resources,
    parameters: Parameters<'a>,
}

impl Reader<'_> {
    fn shape(&self, function: &ComponentFuncType) -> Result<(Vec<Slot>, Outputs, bool), String> {
        if function.async_ {
            return Err("it is `async`; steps are synchronous functions".to_owned());
        }
        let inputs = function
            .params
            .iter()
            .map(|(name, ty)| self.slot(name.as_str(), *ty).map_err(|why| format!("parameter `{name}`: {why}")))
            .collect::<Result<Vec<_>, _>>()?;
        let Some(result) = function.result else { return Ok((inputs, Outputs::None, false)) };
        let (result, fallible) = match self.defined(result) {
            Some(ComponentDefinedType::Result { ok, .. }) => (*ok, true),
            _ => (Some(result), false),
        };
        let Some(result) = result else { return Ok((inputs, Outputs::None, fallible)) };
        let outputs = if let Some(ComponentDefinedType::Record(record)) = self.defined(result) {
            let slot = |(name, ty): (&wasmparser::names::KebabString, &ComponentValType)| {
                self.slot(name.as_str(), *ty).map_err(|why| format!("output `{name}`: {why}"))
            };
            Outputs::Record(record.fields.iter().map(slot).collect::<Result<_, _>>()?)
        } else {
            Outputs::Single(self.slot(SINGLE_OUTPUT, result).map_err(|why| format!("result: {why}"))?)
        };
        Ok((inputs, outputs, fallible))
    }

    fn slot(&self, name: &str, ty: ComponentValType) -> Result<Slot, String> {
        let (inner, optional) = match self.defined(ty) {
            Some(ComponentDefinedType::Option { ty, .. }) => (*ty, true),
            _ => (ty, false),
        };
        let (handle, list) = match self.defined(inner) {
            Some(ComponentDefinedType::List { element, .. }) => (self.handle(*element), true),
            _ => (self.handle(inner), false),
        };
        let (ty, kind) = match handle {
            Some(resource) => {
                let kind = self.resources.kind(resource).ok_or("it is a resource that is not an artifact kind")?;
                (PortType::Artifact { kind: self.resources.kinds[kind].title.clone(), list }, kind)
            }
            None => (PortType::Parameter(self.parameters.read(inner)?), 0),
        };
        Ok(Slot { name: name.to_owned(), port: Port { ty, optional }, kind })
    }

    /// The definition of a type, unless it is a primitive one.
    fn defined(&self, ty: ComponentValType) -> Option<&ComponentDefinedType> {
        types::defined(self.view.types, ty)
    }

    /// The resource that a type is a handle on.
    fn handle(&self, ty: ComponentValType) -> Option<ResourceId> {
        match self.defined(ty)? {
            ComponentDefinedType::Own(id) | ComponentDefinedType::Borrow(id) => Some(id.resource()),
            _ => None,
        }
    }
}
