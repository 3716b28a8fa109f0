//! Compiling at first only what the programs of an interpreter usually call.
//!
//! An interpreter with all of its libraries holds a hundred megabytes of code, of which most programs call a small part. A
//! component can name that part in a custom section ([`SECTION`]). Then the other functions are left empty at first: they only trap
//! ([`without_others`]). A step that gets into such a function ([`is_missing`]) has met code that is not there; as a step is a pure
//! function, it is run again from its beginning, with everything compiled.

use std::ops::Range;

use wasm_encoder::{Encode as _, SectionId};
use wasmparser::{BinaryReader, FunctionBody, Parser, Payload};
use wasmtime::Trap;

use crate::compiler::Extent;

/// The custom section of a component that names the functions that are usually called, of the first module in it: their number in
/// all, then how many are not, how many are, and so on, in the order of the module. Numbers are unsigned LEB128.
pub const SECTION: &str = "weft:usual";

/// A body that makes an integer of no number (no locals, `f32.const nan`, `i32.trunc_f32_s`, `unreachable`, `end`), which traps in a way in
/// which compilers' code does not. It is valid for any type.
const TRAP: [u8; 9] = [0x00, 0x43, 0x00, 0x00, 0xc0, 0x7f, 0xa8, 0x00, 0x0b];

/// More than the functions that a module may have.
const MAX_FUNCTIONS: usize = 1 << 20;

/// Which functions of a module are compiled at first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsualFunctions(Vec<bool>);

impl UsualFunctions {
    /// Decodes the contents of a [`SECTION`]. `None` if they are not of its form.
    pub(crate) fn decode(section: &[u8]) -> Option<Self> {
        let mut reader = BinaryReader::new(section, 0);
        let all = usize::try_from(reader.read_var_u32().ok()?).ok().filter(|all| *all <= MAX_FUNCTIONS)?;
        let mut usual = Vec::with_capacity(all);
        let mut is_usual = false;
        while !reader.eof() {
            let count = usize::try_from(reader.read_var_u32().ok()?).ok()?;
            let until = usual.len().checked_add(count).filter(|until| *until <= all)?;
            usual.resize(until, is_usual);
            is_usual = !is_usual;
        }
        usual.resize(all, false);
        Some(Self(usual))
    }

    /// What a component says of itself, if it does.
    pub(crate) fn of_component(component: &[u8]) -> Option<Self> {
        let mut depth = 0;
        for payload in Parser::new(0).parse_all(component) {
            match payload.ok()? {
                Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => depth += 1,
                Payload::End(_) => depth -= 1,
                Payload::CustomSection(section) if depth == 0 && section.name() == SECTION => {
                    return Self::decode(section.data());
                }
                _ => {}
            }
        }
        None
    }
}

/// A module, or a component's first module within it, with [`TRAP`] in the place of all functions but the usual ones. `None` if it has
/// another number of functions than was told of.
pub(crate) fn without_others(binary: &[u8], usual: &UsualFunctions) -> Option<Vec<u8>> {
    let mut module = 0..binary.len();
    let mut header = None;
    if Parser::is_component(binary) {
        let mut before = 0;
        for payload in Parser::new(0).parse_all(binary) {
            match payload.ok()? {
                Payload::ModuleSection { unchecked_range, .. } => {
                    (module, header) = (unchecked_range, Some(before));
                    break;
                }
                // Its first module would lie deeper.
                Payload::ComponentSection { .. } => return None,
                payload => before = payload.as_section().map_or(before, |(_, range)| range.end),
            }
        }
    }
    let reduced = reduce(&binary[module.clone()], usual)?;
    let Some(before) = header else { return Some(reduced) };
    let mut made = Vec::with_capacity(before + reduced.len() + 16 + binary.len() - module.end);
    made.extend_from_slice(&binary[..before.max(8)]);
    made.push(wasm_encoder::ComponentSectionId::CoreModule.into());
    reduced.encode(&mut made);
    made.extend_from_slice(&binary[module.end..]);
    Some(made)
}

fn reduce(module: &[u8], usual: &UsualFunctions) -> Option<Vec<u8>> {
    let mut bodies: Vec<FunctionBody<'_>> = Vec::with_capacity(usual.0.len());
    let mut code: Option<Range<usize>> = None;
    let mut sections = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        match payload.ok()? {
            Payload::CodeSectionStart { range, .. } => {
                sections.push((u8::from(SectionId::Code), range.clone()));
                code = Some(range);
            }
            Payload::CodeSectionEntry(body) => bodies.push(body),
            payload => sections.extend(payload.as_section()),
        }
    }
    if code.is_none() || bodies.len() != usual.0.len() {
        return None;
    }
    let mut reduced = wasm_encoder::Module::new();
    for (id, range) in sections {
        if id == u8::from(SectionId::Code) {
            let mut section = wasm_encoder::CodeSection::new();
            for (body, is_usual) in bodies.iter().zip(&usual.0) {
                section.raw(if *is_usual { body.as_bytes() } else { &TRAP });
            }
            reduced.section(&section);
        } else {
            reduced.section(&wasm_encoder::RawSection { id, data: &module[range] });
        }
    }
    Some(reduced.finish())
}

/// What ends a guest that ran a program which called a function that is not compiled.
#[derive(Debug, thiserror::Error)]
#[error("a function of a program that it ran is not compiled")]
pub(crate) struct MissingFunction;

/// Whether a guest of which this much is compiled ended as it called a function that is not, or as a program did that it ran. (So does one
/// that makes an integer of no number itself; run again, it traps again.)
pub(crate) fn is_missing(error: &wasmtime::Error, extent: Extent) -> bool {
    let traps = matches!(error.downcast_ref(), Some(Trap::BadConversionToInteger));
    error.is::<MissingFunction>() || (extent == Extent::Usual && traps)
}

#[cfg(test)]
mod tests;
