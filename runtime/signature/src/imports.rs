//! Imports, and the artifact types that they declare.

use std::collections::HashMap;

use wasmparser::component_types::{ComponentAnyTypeId, ComponentEntityType, ResourceId};
use weft_pipeline::types::{ArtifactType, BUILTIN_KINDS};

use crate::binary::View;
use crate::{Import, ImportItem, Kind, Resource};

/// The resource types of a component's imports: an interface may use those of another one.
pub(crate) struct Resources {
    pub(crate) imports: Vec<Import>,
    pub(crate) kinds: Vec<Kind>,
    /// What the resource types are that were met so far.
    known: HashMap<ResourceId, Option<usize>>,
}

/// Goes through the imports in order.
pub(crate) fn resources(view: &View<'_>) -> Resources {
    let builtin = |(_, title): (&str, &str)| Kind { title: ArtifactType(title.to_owned()) };
    let mut resources =
        Resources { imports: Vec::new(), kinds: BUILTIN_KINDS.map(builtin).into(), known: HashMap::new() };
    for (name, ty) in &view.imports {
        let item = match ty {
            ComponentEntityType::Instance(id) => {
                resources.interface(name, view.types[*id].exports.iter().map(|(name, item)| (name.as_str(), item.ty)))
            }
            ComponentEntityType::Type { referenced: ComponentAnyTypeId::Resource(id), .. } => {
                let mut item = ImportItem::Type;
                resources.known.entry(id.resource()).or_insert_with(|| {
                    item = ImportItem::Resource;
                    None
                });
                item
            }
            ComponentEntityType::Type { .. } => ImportItem::Type,
            _ => ImportItem::Other,
        };
        resources.imports.push(Import { name: (*name).to_owned(), item });
    }
    resources
}

impl Resources {
    fn interface<'a>(
        &mut self,
        interface: &str,
        exports: impl Iterator<Item = (&'a str, ComponentEntityType)>,
    ) -> ImportItem {
        let (mut functions, mut resources) = (Vec::new(), Vec::<Resource>::new());
        for (name, ty) in exports {
            match ty {
                ComponentEntityType::Func(_) => functions.push(name.to_owned()),
                ComponentEntityType::Type { referenced: ComponentAnyTypeId::Resource(id), .. } => {
                    let known = self.known.get(&id.resource()).copied();
                    let kind = known.unwrap_or_else(|| self.declare(interface, name));
                    self.known.insert(id.resource(), kind);
                    resources.push(Resource { name: name.to_owned(), declared: known.is_none(), kind });
                }
                _ => {}
            }
        }
        ImportItem::Interface { functions, resources }
    }

    /// The artifact type that a resource declared here is.
    fn declare(&mut self, interface: &str, resource: &str) -> Option<usize> {
        if interface.starts_with("wasi:") {
            return None;
        }
        if interface.starts_with("weft:component/") {
            return BUILTIN_KINDS.iter().position(|(name, _)| *name == resource);
        }
        let package = interface.split('/').next().unwrap_or(interface);
        self.kinds.push(Kind { title: ArtifactType::from_wit(package, resource) });
        Some(self.kinds.len() - 1)
    }

    /// The artifact type that a resource is.
    pub(crate) fn kind(&self, id: ResourceId) -> Option<usize> {
        *self.known.get(&id)?
    }
}
