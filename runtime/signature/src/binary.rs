//! The binary: its sections validated, its code passed over.

use wasmparser::component_types::ComponentEntityType;
use wasmparser::types::Types;
use wasmparser::{Chunk, Parser, Payload, ValidPayload, Validator, WasmFeatures};

use crate::NotAComponent;

/// A validated component: its types, and the names of what it imports and exports, in order.
pub(crate) struct Component {
    types: Types,
    imports: Vec<String>,
    exports: Vec<String>,
}

/// Imports and exports with their types.
pub(crate) struct View<'a> {
    pub(crate) types: &'a Types,
    pub(crate) imports: Vec<(&'a str, ComponentEntityType)>,
    pub(crate) exports: Vec<(&'a str, ComponentEntityType)>,
}

/// What wasmtime takes with the settings that `weft-sandbox` gives it: WebAssembly 3 without structs and arrays that are collected, without
/// threads, and components without concurrent calls.
fn features() -> WasmFeatures {
    WasmFeatures::WASM3.union(WasmFeatures::COMPONENT_MODEL).difference(WasmFeatures::GC | WasmFeatures::THREADS)
}

pub(crate) fn validate(binary: &[u8]) -> Result<Component, NotAComponent> {
    if let Some(why) = plainly_none(binary) {
        return Err(NotAComponent(why.to_owned()));
    }
    let invalid = |error: wasmparser::BinaryReaderError| NotAComponent(error.to_string());
    let mut validator = Validator::new_with_features(features());
    let (mut imports, mut exports) = (Vec::new(), Vec::new());
    let mut parser = Parser::new(0);
    let mut outer = Vec::new();
    let mut rest = binary;
    loop {
        let (payload, consumed) = match parser.parse(rest, true).map_err(invalid)? {
            Chunk::Parsed { payload, consumed } => (payload, consumed),
            Chunk::NeedMoreData(_) => return Err(cut_off()),
        };
        rest = rest.get(consumed..).unwrap_or_default();
        let valid = validator.payload(&payload).map_err(invalid)?;
        match payload {
            Payload::CodeSectionStart { range, .. } => {
                parser.skip_section();
                rest = binary.get(range.end..).ok_or_else(cut_off)?;
            }
            Payload::ComponentImportSection(section) if outer.is_empty() => {
                for import in section {
                    imports.push(import.map_err(invalid)?.name.name.to_owned());
                }
            }
            Payload::ComponentExportSection(section) if outer.is_empty() => {
                for export in section {
                    exports.push(export.map_err(invalid)?.name.name.to_owned());
                }
            }
            Payload::ModuleSection { parser: inner, unchecked_range }
            | Payload::ComponentSection { parser: inner, unchecked_range } => {
                // The parser takes the end of the file for that of a module inside.
                if unchecked_range.end > binary.len() {
                    return Err(cut_off());
                }
                outer.push(std::mem::replace(&mut parser, inner));
            }
            Payload::End(_) => match (outer.pop(), valid) {
                (Some(parent), _) => parser = parent,
                (None, ValidPayload::End(types)) => return Ok(Component { types, imports, exports }),
                (None, _) => return Err(NotAComponent("its end is not the end of a component".to_owned())),
            },
            _ => {}
        }
    }
}

fn cut_off() -> NotAComponent {
    NotAComponent("the file ends in the middle of a section".to_owned())
}

/// What the bytes are if they are plainly no component.
fn plainly_none(binary: &[u8]) -> Option<&'static str> {
    match binary {
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Some(
            "it is a core module; build it for the target wasm32-wasip2, or make a component of it with `wasm-tools component new`",
        ),
        [0, b'a', b's', b'm', ..] => None,
        [] => Some("the file is empty"),
        _ => Some("the file does not start with the bytes of a WebAssembly binary"),
    }
}

impl Component {
    /// The names of its imports and exports.
    pub(crate) fn into_names(self) -> (Vec<String>, Vec<String>) {
        (self.imports, self.exports)
    }

    pub(crate) fn view(&self) -> Result<View<'_>, NotAComponent> {
        let types = &self.types;
        let lost = |name: &str| NotAComponent(format!("`{name}` has no type"));
        let named = |names: &'_ [String], item: &dyn Fn(&str) -> Option<ComponentEntityType>| {
            names.iter().map(|name| item(name).ok_or_else(|| lost(name))).collect::<Result<Vec<_>, _>>()
        };
        let imported = named(&self.imports, &|name| types.component_item_for_import(name).map(|item| item.ty))?;
        let exported = named(&self.exports, &|name| types.component_item_for_export(name).map(|item| item.ty))?;
        Ok(View {
            types,
            imports: self.imports.iter().map(String::as_str).zip(imported).collect(),
            exports: self.exports.iter().map(String::as_str).zip(exported).collect(),
        })
    }
}
