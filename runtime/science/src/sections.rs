//! A module's sections, and what of them has to be known to write it anew.

use std::ops::Range;

use wasm_encoder::Encode as _;
use wasmparser::{DataKind, ExternalKind, GlobalType, Operator, Parser, Payload, TypeRef, ValType};

use crate::error::{Error, Result};

/// Numbers of sections in the format.
pub(crate) mod id {
    pub(crate) const CUSTOM: u8 = 0;
    pub(crate) const FUNCTION: u8 = 3;
    pub(crate) const MEMORY: u8 = 5;
    pub(crate) const GLOBAL: u8 = 6;
    pub(crate) const EXPORT: u8 = 7;
    pub(crate) const CODE: u8 = 10;
    pub(crate) const DATA: u8 = 11;
}

/// A module taken apart.
pub(crate) struct Parts<'m> {
    bytes: &'m [u8],
    /// Each section's number and where its contents lie.
    pub(crate) sections: Vec<(u8, Range<usize>)>,
    /// Imported functions: module, name.
    pub(crate) imports: Vec<(&'m str, &'m str)>,
    /// The type of each function that it defines.
    pub(crate) functions: Vec<u32>,
    /// What it exports.
    pub(crate) exports: Vec<(&'m str, ExternalKind, u32)>,
    /// Its globals.
    pub(crate) globals: Vec<GlobalType>,
}

impl<'m> Parts<'m> {
    /// The contents of a section.
    pub(crate) fn contents(&self, range: &Range<usize>) -> &'m [u8] {
        &self.bytes[range.clone()]
    }

    /// The position of an exported function among all functions.
    pub(crate) fn exported(&self, name: &str) -> Result<u32> {
        self.exports
            .iter()
            .find_map(|(exported, kind, index)| (*exported == name && *kind == ExternalKind::Func).then_some(*index))
            .ok_or_else(|| Error::module(format!("it exports no function `{name}`")))
    }

    /// The position of an imported function.
    pub(crate) fn imported(&self, module: &str, name: &str) -> Result<u32> {
        let position = self.imports.iter().position(|import| *import == (module, name));
        let position = position.ok_or_else(|| Error::module(format!("it does not import `{module}` `{name}`")))?;
        u32::try_from(position).map_err(|error| Error::module(error.to_string()))
    }

    /// The type of a function that it defines, by its position among all functions.
    pub(crate) fn type_of(&self, function: u32) -> Result<u32> {
        let defined = (function as usize).checked_sub(self.imports.len()).and_then(|at| self.functions.get(at));
        defined.copied().ok_or_else(|| Error::module(format!("its function {function} is not its own")))
    }

    /// The bodies of the functions that it defines.
    #[cfg(test)]
    pub(crate) fn bodies(&self) -> Result<Vec<wasmparser::FunctionBody<'m>>> {
        let mut bodies = Vec::with_capacity(self.functions.len());
        for payload in Parser::new(0).parse_all(self.bytes) {
            if let Payload::CodeSectionEntry(body) = payload? {
                bodies.push(body);
            }
        }
        Ok(bodies)
    }

    /// The number of all functions.
    pub(crate) fn all_functions(&self) -> Result<u32> {
        u32::try_from(self.imports.len() + self.functions.len()).map_err(|error| Error::module(error.to_string()))
    }
}

/// Takes a module apart. It must be one whose state is in one memory of its own and in numeric globals alone, so that these two are all
/// that has to be kept.
pub(crate) fn parse(bytes: &[u8]) -> Result<Parts<'_>> {
    let none = Vec::new;
    let mut parts = Parts {
        bytes,
        sections: none(),
        imports: Vec::new(),
        functions: Vec::new(),
        exports: Vec::new(),
        globals: Vec::new(),
    };
    for payload in Parser::new(0).parse_all(bytes) {
        let payload = payload?;
        if let Some((id, range)) = payload.as_section() {
            parts.sections.push((id, range));
        }
        match payload {
            Payload::ImportSection(section) => {
                for import in section.into_imports() {
                    let import = import?;
                    let TypeRef::Func(_) = import.ty else {
                        return Err(Error::module(format!("it imports `{}`, which is no function", import.name)));
                    };
                    parts.imports.push((import.module, import.name));
                }
            }
            Payload::FunctionSection(section) => parts.functions = section.into_iter().collect::<Result<_, _>>()?,
            Payload::MemorySection(section) if section.count() != 1 => {
                return Err(Error::module(format!("it has {} memories", section.count())));
            }
            Payload::GlobalSection(section) => {
                for global in section {
                    let global = global?.ty;
                    if !matches!(global.content_type, ValType::I32 | ValType::I64 | ValType::F32 | ValType::F64) {
                        return Err(Error::module("a global of it holds no number"));
                    }
                    parts.globals.push(global);
                }
            }
            Payload::ExportSection(section) => {
                for export in section {
                    let export = export?;
                    parts.exports.push((export.name, export.kind, export.index));
                }
            }
            Payload::DataSection(section) => {
                for data in section {
                    if matches!(data?.kind, DataKind::Passive) {
                        return Err(Error::module("it has data that it copies itself"));
                    }
                }
            }
            Payload::StartSection { .. } => return Err(Error::module("it has a start function")),
            Payload::CodeSectionEntry(body) => {
                for operator in body.get_operators_reader()? {
                    if changes_tables(&operator?) {
                        return Err(Error::module("it changes tables"));
                    }
                }
            }
            _ => {}
        }
    }
    Ok(parts)
}

/// How many functions a module defines.
pub(crate) fn functions(module: &[u8]) -> Result<usize> {
    for payload in Parser::new(0).parse_all(module) {
        if let Payload::FunctionSection(section) = payload? {
            return Ok(section.count() as usize);
        }
    }
    Ok(0)
}

/// Whether an instruction changes what is neither in a memory nor in a global.
fn changes_tables(operator: &Operator<'_>) -> bool {
    matches!(
        operator,
        Operator::TableSet { .. }
            | Operator::TableGrow { .. }
            | Operator::TableFill { .. }
            | Operator::TableInit { .. }
            | Operator::TableCopy { .. }
            | Operator::ElemDrop { .. }
            | Operator::MemoryInit { .. }
            | Operator::DataDrop { .. }
    )
}

/// The contents of a section that lists things, with more of them.
pub(crate) fn appended(contents: &[u8], more: &[Vec<u8>]) -> Result<Vec<u8>> {
    let mut reader = wasmparser::BinaryReader::new(contents, 0);
    let count = reader.read_var_u32()?;
    let mut all = Vec::with_capacity(contents.len() + 64);
    u32::try_from(more.len()).ok().and_then(|more| count.checked_add(more)).unwrap_or(u32::MAX).encode(&mut all);
    all.extend_from_slice(&contents[reader.original_position()..]);
    all.extend(more.iter().flatten());
    Ok(all)
}
