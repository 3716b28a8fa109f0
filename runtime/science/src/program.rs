//! The module as it is started, and the program that is made of what it holds then.

use wasm_encoder::{
    ConstExpr, Encode as _, ExportKind, ExportSection, Function, GlobalSection, GlobalType, MemorySection, MemoryType,
    Module, RawSection,
};
use wasmparser::ValType;
use weft_sandbox::{Image, Number};

use crate::error::{Error, Result};
use crate::link;
use crate::sections::{Parts, appended, id};

/// The function that starts the interpreter.
pub(crate) const INITIALIZE: &str = "wizer.initialize";

/// The function that runs a program and returns its status.
pub(crate) const RUN: &str = "run";

/// The first imports of the interpreter, text in its memory that it runs when it starts.
const FIRST_IMPORTS: &[u8] = b"import encodings, io, os, sys, json, csv, re, _colorize\0";

/// What it runs in their place. (It imports these too.)
const START: &[u8] = b"exec(open('/app/start.py').read())";

/// Names of the exports by which globals are read.
const EXPOSED: &str = "weft global ";

/// Functions of a program that the interpreter has not, after all of its own.
pub(crate) const ADDED: usize = 1;

/// Bytes of a page of memory.
const PAGE: usize = 64 << 10;

/// The least number of zeros that are left out between two pieces of memory: less is not worth a piece's header.
const GAP: usize = 64;

/// Pieces of memory; validators take 100,000.
const MAX_PIECES: usize = 50_000;

/// The module as it is started: it runs [`START`], and exports its globals, so that their values can be kept too.
pub(crate) fn exposed(parts: &Parts<'_>) -> Result<Vec<u8>> {
    let mut module = Module::new();
    for (id, range) in &parts.sections {
        let contents = parts.contents(range);
        match *id {
            // Names of functions, which only debuggers read.
            id::CUSTOM => {}
            id::EXPORT => {
                let globals = (0..parts.globals.len()).map(|at| {
                    let mut export = Vec::new();
                    format!("{EXPOSED}{at}").as_str().encode(&mut export);
                    ExportKind::Global.encode(&mut export);
                    u32::try_from(at).unwrap_or(u32::MAX).encode(&mut export);
                    export
                });
                let data = appended(contents, &globals.collect::<Vec<_>>())?;
                module.section(&RawSection { id: *id, data: &data });
            }
            id::DATA => {
                let data = with_start(contents)?;
                module.section(&RawSection { id: *id, data: &data });
            }
            id => _ = module.section(&RawSection { id, data: contents }),
        }
    }
    Ok(module.finish())
}

/// The data with [`START`] in the place of [`FIRST_IMPORTS`].
fn with_start(data: &[u8]) -> Result<Vec<u8>> {
    let mut places = data.windows(FIRST_IMPORTS.len()).enumerate().filter(|(_, text)| *text == FIRST_IMPORTS);
    let (Some((at, _)), None) = (places.next(), places.next()) else {
        return Err(Error::module("what it runs when it starts is not found"));
    };
    let mut data = data.to_vec();
    data[at..at + FIRST_IMPORTS.len() - 1].fill(b' ');
    data[at..at + START.len()].copy_from_slice(START);
    Ok(data)
}

/// The module that begins with this image: a program of WASI 0.1, which exports `_start` and its memory.
pub(crate) fn of(parts: &Parts<'_>, image: &Image) -> Result<Vec<u8>> {
    let memory = image.memories.get("memory").ok_or_else(|| Error::module("it exports no `memory`"))?;
    let start = parts.all_functions()?;
    let mut module = Module::new();
    for (id, range) in &parts.sections {
        let contents = parts.contents(range);
        match *id {
            id::CUSTOM => {}
            id::FUNCTION => {
                // Of the type of another function that takes and gives nothing.
                let mut ty = Vec::new();
                parts.type_of(parts.exported(INITIALIZE)?)?.encode(&mut ty);
                let data = appended(contents, &[ty])?;
                module.section(&RawSection { id: *id, data: &data });
            }
            id::MEMORY => {
                let mut memories = MemorySection::new();
                let minimum = memory.len().div_ceil(PAGE) as u64;
                memories.memory(MemoryType {
                    minimum,
                    maximum: None,
                    memory64: false,
                    shared: false,
                    page_size_log2: None,
                });
                module.section(&memories);
            }
            id::GLOBAL => _ = module.section(&globals(parts, image)?),
            id::EXPORT => {
                let mut exports = ExportSection::new();
                exports.export("memory", ExportKind::Memory, 0);
                exports.export("_start", ExportKind::Func, start);
                if let Ok(call) = parts.exported(link::CALL) {
                    exports.export(link::CALL, ExportKind::Func, call);
                }
                module.section(&exports);
            }
            id::CODE => {
                let mut body = Vec::new();
                start_function(parts)?.encode(&mut body);
                let data = appended(contents, &[body])?;
                module.section(&RawSection { id: *id, data: &data });
            }
            id::DATA => {
                let data = data(memory)?;
                module.section(&RawSection { id: *id, data: &data });
            }
            id => _ = module.section(&RawSection { id, data: contents }),
        }
    }
    Ok(module.finish())
}

/// Runs a program, and ends with its status if that is an error's.
fn start_function(parts: &Parts<'_>) -> Result<Function> {
    let mut function = Function::new([(1, wasm_encoder::ValType::I32)]);
    function
        .instructions()
        .call(parts.exported(RUN)?)
        .local_tee(0)
        .if_(wasm_encoder::BlockType::Empty)
        .local_get(0)
        .call(parts.imported("wasi_snapshot_preview1", "proc_exit")?)
        .unreachable()
        .end()
        .end();
    Ok(function)
}

fn globals(parts: &Parts<'_>, image: &Image) -> Result<GlobalSection> {
    let mut globals = GlobalSection::new();
    for (at, ty) in parts.globals.iter().enumerate() {
        let expr = match image.globals.get(&format!("{EXPOSED}{at}")).copied() {
            Some(Number::I32(value)) => ConstExpr::i32_const(value),
            Some(Number::I64(value)) => ConstExpr::i64_const(value),
            Some(Number::F32(bits)) => ConstExpr::f32_const(f32::from_bits(bits).into()),
            Some(Number::F64(bits)) => ConstExpr::f64_const(f64::from_bits(bits).into()),
            None => return Err(Error::module(format!("the value of its global {at} is not known"))),
        };
        let val_type = match ty.content_type {
            ValType::I32 => wasm_encoder::ValType::I32,
            ValType::I64 => wasm_encoder::ValType::I64,
            ValType::F32 => wasm_encoder::ValType::F32,
            ValType::F64 => wasm_encoder::ValType::F64,
            _ => return Err(Error::module(format!("its global {at} holds no number"))),
        };
        globals.global(GlobalType { val_type, mutable: ty.mutable, shared: ty.shared }, &expr);
    }
    Ok(globals)
}

/// The data section that fills a memory: its pieces between long runs of zeros.
fn data(memory: &[u8]) -> Result<Vec<u8>> {
    let mut gap = GAP;
    let mut found = pieces(memory, gap);
    while found.len() > MAX_PIECES {
        gap *= 2;
        found = pieces(memory, gap);
    }
    let mut section = Vec::with_capacity(found.iter().map(|piece| piece.len() + 16).sum());
    found.len().encode(&mut section);
    for piece in found {
        let offset = u32::try_from(piece.start).map_err(|error| Error::module(error.to_string()))?.cast_signed();
        section.push(0);
        ConstExpr::i32_const(offset).encode(&mut section);
        memory[piece].encode(&mut section);
    }
    Ok(section)
}

/// The pieces of a memory between runs of at least `gap` zeros.
fn pieces(memory: &[u8], gap: usize) -> Vec<std::ops::Range<usize>> {
    let mut pieces: Vec<std::ops::Range<usize>> = Vec::new();
    let mut at = 0;
    while let Some(begin) = memory[at..].iter().position(|byte| *byte != 0).map(|skipped| at + skipped) {
        let end = memory[begin..].iter().position(|byte| *byte == 0).map_or(memory.len(), |length| begin + length);
        match pieces.last_mut() {
            Some(last) if begin - last.end < gap => last.end = end,
            _ => pieces.push(begin..end),
        }
        at = end;
    }
    pieces
}

#[cfg(test)]
pub(crate) mod tests;
