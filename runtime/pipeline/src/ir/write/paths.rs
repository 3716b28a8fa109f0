//! Rewriting of the relative paths in a pipeline.

use serde_json::Value;

use crate::executor::{component_path, is_registry_reference};
use crate::model::{Binding, Implementation, Pipeline};

/// What names of pre-built components begin with.
const PREBUILT: &str = "weft:";

/// Changes every literal path: those of component files and of imports.
pub fn rebase(pipeline: &mut Pipeline, path: &dyn Fn(&str) -> String) {
    for component in pipeline.components.values_mut() {
        match &mut component.implementation {
            // The names of pre-built components and of those in registries are no paths.
            Implementation::Wasm(step) if step.path.starts_with(PREBUILT) || is_registry_reference(&step.path) => {}
            Implementation::Wasm(step) => step.path = path(&step.path),
            Implementation::Command(step) => {
                if let Some(file) =
                    component_path(&step.image).filter(|file| !(file.is_empty() || is_registry_reference(file)))
                {
                    step.image = step.image.replacen(file, &path(file), 1);
                }
            }
            Implementation::Import(importer) => {
                if let Binding::Literal(Value::String(file)) = &mut importer.source {
                    *file = path(file);
                }
            }
            _ => {}
        }
    }
}
