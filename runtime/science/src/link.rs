//! A library linked into the interpreter's module, so that both have one memory and a pointer of the one is a pointer of the other.
//!
//! The library is a module that imports its memory and keeps its data, its stack and its heap above where the interpreter's begin: it was
//! placed there when it was linked ([`BASE`]), as were its functions behind the interpreter's in the table ([`TABLE_BASE`]). What it imports of WASI the
//! interpreter imports as well; what it imports of [`INTERPRETER`] the interpreter exports.

use wasm_encoder::reencode::{self, Reencode, RoundtripReencoder};
use wasm_encoder::{
    CodeSection, DataSection, ElementSection, ExportKind, ExportSection, FunctionSection, GlobalSection, MemorySection,
    MemoryType, Module, RawSection, TableSection, TagSection, TypeSection,
};
use wasmparser::{ExternalKind, FunctionBody, Parser, Payload, TableType, TypeRef};

use crate::error::{Error, Result};

/// Where a library's memory begins: at the end of what the interpreter has at first, 640 pages.
pub(crate) const BASE: u64 = 640 * 64 * 1024;

/// Where a library's functions begin in the table: behind those of the interpreter.
pub(crate) const TABLE_BASE: u64 = 47_157;

/// The module of what a library imports of the interpreter.
const INTERPRETER: &str = "interpreter";

/// The library's function that a program calls by `host.call`: a pointer and a length, and where to put those of the answer; a negative number if it
/// cannot be called so. [`crate::component`] passes calls on to it.
pub(crate) const CALL: &str = "weft_library_call";

/// The library's function that makes its memory ready.
pub(crate) const CONSTRUCT: &str = "__wasm_call_ctors";

/// [`CONSTRUCT`], as the linked module exports it.
pub(crate) const START: &str = "weft_library_start";

/// A module's sections, as far as two modules are put together of them.
#[derive(Default)]
struct Read<'m> {
    payloads: Vec<Payload<'m>>,
    types: u32,
    tags: u32,
    globals: u32,
    /// Imported functions: module and name.
    imports: Vec<(&'m str, &'m str)>,
    functions: Vec<u32>,
    exports: Vec<(&'m str, ExternalKind, u32)>,
    bodies: Vec<FunctionBody<'m>>,
    table: Option<TableType>,
    /// The least number of pages of its memory, its own or an imported one.
    pages: u64,
}

impl<'m> Read<'m> {
    fn of(module: &'m [u8]) -> Result<Self> {
        let mut read = Read::default();
        for payload in Parser::new(0).parse_all(module) {
            let payload = payload?;
            match &payload {
                Payload::TypeSection(section) => read.types = section.count(),
                Payload::TableSection(section) => {
                    for table in section.clone() {
                        read.table = Some(table?.ty);
                    }
                }
                Payload::TagSection(section) => read.tags = section.count(),
                Payload::GlobalSection(section) => read.globals = section.count(),
                Payload::FunctionSection(section) => {
                    read.functions = section.clone().into_iter().collect::<Result<_, _>>()?;
                }
                Payload::MemorySection(section) => {
                    for memory in section.clone() {
                        read.pages = memory?.initial;
                    }
                }
                Payload::ImportSection(section) => {
                    for import in section.clone().into_imports() {
                        let import = import?;
                        match import.ty {
                            TypeRef::Func(_) => read.imports.push((import.module, import.name)),
                            TypeRef::Memory(memory) => read.pages = memory.initial,
                            _ => return Err(Error::module(format!("`{}` is imported", import.name))),
                        }
                    }
                }
                Payload::ExportSection(section) => {
                    for export in section.clone() {
                        let export = export?;
                        read.exports.push((export.name, export.kind, export.index));
                    }
                }
                Payload::CodeSectionEntry(body) => read.bodies.push(body.clone()),
                _ => {}
            }
            read.payloads.push(payload);
        }
        Ok(read)
    }

    fn exported(&self, name: &str) -> Result<u32> {
        let export = self.exports.iter().find(|(exported, kind, _)| *exported == name && *kind == ExternalKind::Func);
        export.map(|(.., index)| *index).ok_or_else(|| Error::module(format!("`{name}` is not exported")))
    }

    /// The number of the function that an import of a library's is.
    fn provides(&self, (module, name): (&str, &str)) -> Result<u32> {
        if module == INTERPRETER {
            return self.exported(name);
        }
        let position = self.imports.iter().position(|import| *import == (module, name));
        let position = position.and_then(|position| u32::try_from(position).ok());
        position.ok_or_else(|| Error::module(format!("a library imports `{module}` `{name}`, which it does not")))
    }

    fn all_functions(&self) -> Result<u32> {
        u32::try_from(self.imports.len() + self.functions.len()).map_err(|error| Error::module(error.to_string()))
    }
}

/// What the library's numbers become behind the interpreter's.
struct Behind {
    types: u32,
    tags: u32,
    globals: u32,
    /// What each function that it imports becomes.
    imports: Vec<u32>,
    functions: u32,
}

impl Reencode for Behind {
    type Error = std::convert::Infallible;

    fn type_index(&mut self, index: u32) -> Result<u32, reencode::Error> {
        Ok(self.types + index)
    }

    fn tag_index(&mut self, index: u32) -> Result<u32, reencode::Error> {
        Ok(self.tags + index)
    }

    fn global_index(&mut self, index: u32) -> Result<u32, reencode::Error> {
        Ok(self.globals + index)
    }

    fn function_index(&mut self, index: u32) -> Result<u32, reencode::Error> {
        let own = |count: usize| self.functions + (index - u32::try_from(count).unwrap_or(index));
        Ok(self.imports.get(index as usize).copied().unwrap_or_else(|| own(self.imports.len())))
    }
}

/// The interpreter's module with a library, whose functions come after all others.
pub(crate) fn link(interpreter: &[u8], library: &[u8]) -> Result<Vec<u8>> {
    let (main, added) = (Read::of(interpreter)?, Read::of(library)?);
    if main.pages * 64 * 1024 != BASE {
        return Err(Error::module(format!("its memory begins with {} pages", main.pages)));
    }
    if main.table.is_none_or(|table| table.initial != TABLE_BASE) {
        return Err(Error::module("its table is not as large as a library expects"));
    }
    let mut behind = Behind {
        types: main.types,
        tags: main.tags,
        globals: main.globals,
        imports: added.imports.iter().map(|import| main.provides(*import)).collect::<Result<_>>()?,
        functions: main.all_functions()?,
    };
    let mut module = Module::new();
    for payload in &main.payloads {
        match payload {
            Payload::FunctionSection(_) => {
                let mut functions = FunctionSection::new();
                main.functions.iter().for_each(|ty| _ = functions.function(*ty));
                added.functions.iter().for_each(|ty| _ = functions.function(behind.types + ty));
                module.section(&functions);
            }
            Payload::TableSection(_) => {
                let mut tables = TableSection::new();
                if let Some(table) = added.table.or(main.table) {
                    tables.table(RoundtripReencoder.table_type(table)?);
                }
                module.section(&tables);
            }
            Payload::MemorySection(_) => {
                let mut memories = MemorySection::new();
                let minimum = main.pages.max(added.pages);
                let ty = MemoryType { minimum, maximum: None, memory64: false, shared: false, page_size_log2: None };
                module.section(memories.memory(ty));
            }
            Payload::ExportSection(section) => {
                let mut exports = ExportSection::new();
                RoundtripReencoder.parse_export_section(&mut exports, section.clone())?;
                exports.export(CALL, ExportKind::Func, behind.function_index(added.exported(CALL)?)?);
                exports.export(START, ExportKind::Func, behind.function_index(added.exported(CONSTRUCT)?)?);
                module.section(&exports);
            }
            Payload::CodeSectionStart { .. } => {
                let mut code = CodeSection::new();
                main.bodies.iter().for_each(|body| _ = code.raw(body.as_bytes()));
                for body in &added.bodies {
                    behind.parse_function_body(&mut code, body.clone())?;
                }
                module.section(&code);
            }
            Payload::CodeSectionEntry(_) | Payload::CustomSection(_) => {}
            Payload::TypeSection(_)
            | Payload::TagSection(_)
            | Payload::GlobalSection(_)
            | Payload::ElementSection(_)
            | Payload::DataSection(_) => both(&mut module, payload, &added, &mut behind)?,
            payload => {
                if let Some((id, range)) = payload.as_section() {
                    module.section(&RawSection { id, data: &interpreter[range] });
                }
            }
        }
    }
    Ok(module.finish())
}

/// Writes a section of the interpreter's with what the library has of the kind.
fn both(module: &mut Module, of: &Payload<'_>, added: &Read<'_>, behind: &mut Behind) -> Result<()> {
    let same = &mut RoundtripReencoder;
    macro_rules! both {
        ($variant:ident, $section:ident, $section_of:ident) => {{
            let mut section = $section::new();
            for (at, payload) in std::iter::once(of).chain(&added.payloads).enumerate() {
                match payload {
                    Payload::$variant(one) if at == 0 => same.$section_of(&mut section, one.clone())?,
                    Payload::$variant(one) => behind.$section_of(&mut section, one.clone())?,
                    _ => {}
                }
            }
            module.section(&section);
        }};
    }
    match of {
        Payload::TypeSection(_) => both!(TypeSection, TypeSection, parse_type_section),
        Payload::TagSection(_) => both!(TagSection, TagSection, parse_tag_section),
        Payload::GlobalSection(_) => both!(GlobalSection, GlobalSection, parse_global_section),
        Payload::ElementSection(_) => both!(ElementSection, ElementSection, parse_element_section),
        _ => both!(DataSection, DataSection, parse_data_section),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use weft_pipeline::step::SilentObserver;
    use weft_sandbox::{Initialization, Initializer};

    use super::*;

    const INTERPRETER: &str = r#"(module
        (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
        (import "host" "call" (func $host (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
        (memory (export "memory") 640)
        (table 47157 47157 funcref)
        (tag $tag (param i32))
        (global $stack (mut i32) (i32.const 1024))
        (elem (i32.const 1) func $own)
        (data (i32.const 16) "own")
        (func $own (result i32) i32.const 5)
        (func (export "host_alloc") (param i32) (result i32) (i32.add (local.get 0) (global.get $stack)))
        (func (export "begin")
            (i32.store (i32.const 32) (call_indirect (result i32) (i32.const 1)))
            (i32.store (i32.const 36) (call $host (i32.const 7) (i32.const 0) (i32.const 0) (i32.const 0)))))"#;

    /// It calls the interpreter, WASI and, by its number, a function of its own, which throws and catches.
    const LIBRARY: &str = r#"(module
        (import "env" "memory" (memory 641))
        (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
        (import "interpreter" "host_alloc" (func $alloc (param i32) (result i32)))
        (table 47159 47159 funcref)
        (tag $thrown (param i64))
        (global $number (mut i32) (i32.const 41943048))
        (elem (i32.const 47158) func $answer)
        (data (i32.const 41943044) "\2a")
        (func $answer (result i32)
            (block $caught (result i64)
                (try_table (catch $thrown $caught) (throw $thrown (i64.const 6)))
                unreachable)
            i32.wrap_i64)
        (func (export "__wasm_call_ctors")
            (i32.store (global.get $number) (call_indirect (result i32) (i32.const 47158)))
            (i32.store offset=4 (global.get $number) (call $alloc (i32.const 1)))
            (i32.store offset=8 (global.get $number) (call $close (i32.const 99))))
        (func (export "weft_library_call") (param i32 i32 i32 i32) (result i32) (i32.add (local.get 0) (i32.const 70))))"#;

    fn linked(library: &str) -> Result<Vec<u8>> {
        link(&wat::parse_str(INTERPRETER).unwrap(), &wat::parse_str(library).unwrap())
    }

    #[test]
    fn a_library_has_the_interpreters_memory_and_its_own_place_in_it() {
        let module = linked(LIBRARY).unwrap();
        let root = tempfile::tempdir().unwrap();
        let how = Initialization {
            name: "linked",
            root: root.path(),
            calls: &[START, "begin"],
            tried: &[],
            own: Some(("host", "call", CALL)),
            usual: &[],
            memory: 1 << 30,
            time: Duration::from_mins(1),
        };
        let image = Initializer::new(None).unwrap().initialize(&module, &how, &SilentObserver).unwrap();
        let memory = &image.memories["memory"];
        let base = usize::try_from(BASE).unwrap();
        let number = |at: usize| i32::from_le_bytes(memory[at..at + 4].try_into().unwrap());
        assert_eq!(memory.len(), 641 << 16);
        assert_eq!((&memory[16..19], number(32), number(36)), (&b"own"[..], 5, 77));
        // Bad file descriptor is 8.
        assert_eq!([number(base + 4), number(base + 8), number(base + 12), number(base + 16)], [42, 6, 1025, 8]);
    }

    #[test]
    fn a_library_that_wants_what_is_not_there_is_refused_by_name() {
        let refused = |from: &str, to: &str| linked(&LIBRARY.replace(from, to)).unwrap_err().to_string();
        assert!(
            refused("fd_close", "fd_sync").contains("imports `wasi_snapshot_preview1` `fd_sync`, which it does not")
        );
        assert!(refused("\"host_alloc\"", "\"other\"").contains("`other` is not exported"));
        assert!(refused("\"__wasm_call_ctors\"", "\"other\"").contains("`__wasm_call_ctors` is not exported"));
        assert!(link(&wat::parse_str("(module (memory 2))").unwrap(), &wat::parse_str(LIBRARY).unwrap()).is_err());
    }
}
