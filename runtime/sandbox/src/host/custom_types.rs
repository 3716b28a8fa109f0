//! Custom artifact types: resources in a component's own packages. The host provides them without knowing them in advance.

use std::collections::HashMap;

use wasmtime::Engine;
use wasmtime::component::types::{ComponentInstance, ComponentItem};
use wasmtime::component::{Linker, ResourceType};

use super::{State, kinds};
use crate::signature::Kind;
use weft_pipeline::types::BUILTIN_KINDS;

/// The maximum number of artifact types of a component.
const MAX_KINDS: usize = 256;

/// The artifact types of the interfaces that are linked already, as an interface may use types of another one.
#[derive(Default)]
pub(crate) struct CustomTypes(Vec<(ResourceType, u32)>);

impl CustomTypes {
    fn payload(&self, resource: ResourceType) -> Option<u32> {
        self.0.iter().find(|(known, _)| *known == resource).map(|(_, payload)| *payload)
    }

    /// Adds the types of `weft:component/artifacts`.
    pub(crate) fn add_builtin(&mut self, engine: &Engine, interface: &ComponentInstance) {
        for (name, item) in interface.exports(engine) {
            let payload = (0u32..).zip(BUILTIN_KINDS).find(|(_, (resource, _))| *resource == name);
            if let (ComponentItem::Resource(resource), Some((payload, _))) = (item.ty, payload) {
                self.0.push((resource, payload));
            }
        }
    }
}

/// Links an interface that declares artifact types: resources with some of the methods of `artifact`.
///
/// # Errors
///
/// The interface imports anything else. The text names it.
pub(crate) fn define_custom_types(
    linker: &mut Linker<State>,
    engine: &Engine,
    name: &str,
    interface: &ComponentInstance,
    kinds: &mut Vec<Kind>,
    known: &mut CustomTypes,
) -> Result<(), String> {
    let package = name.split('/').next().unwrap_or(name);
    let failed = |error: wasmtime::Error| format!("`{name}`: {error:#}");
    let mut instance = linker.instance(name).map_err(failed)?;
    let mut own: HashMap<String, u32> = HashMap::new();
    for (resource, item) in interface.exports(engine) {
        if let ComponentItem::Resource(declared) = item.ty {
            // A type that the interface uses from another one.
            if let Some(payload) = known.payload(declared) {
                kinds::resource(&mut instance, resource, payload).map_err(failed)?;
                continue;
            }
            let payload = u32::try_from(kinds.len()).map_err(|error| error.to_string())?;
            if kinds.len() >= MAX_KINDS {
                return Err(format!("it declares more than {MAX_KINDS} artifact types"));
            }
            kinds::resource(&mut instance, resource, payload).map_err(failed)?;
            kinds.push(Kind {
                resource: ResourceType::host_dynamic(payload),
                payload,
                title: weft_pipeline::types::ArtifactType::from_wit(package, resource),
            });
            known.0.push((declared, payload));
            own.insert(resource.to_owned(), payload);
        }
    }
    for (function, item) in interface.exports(engine) {
        let ComponentItem::ComponentFunc(_) = item.ty else { continue };
        let unknown = || {
            format!(
                "it imports `{function}` of `{name}`, which this runtime does not offer; an artifact type of one's own has \
                 the methods of `artifact` in `weft:component/artifacts`, or some of them"
            )
        };
        let (resource, method) = kinds::parse(function).ok_or_else(unknown)?;
        let payload = *own.get(resource).ok_or_else(unknown)?;
        if !kinds::method(&mut instance, resource, payload, method).map_err(failed)? {
            return Err(unknown());
        }
    }
    Ok(())
}
