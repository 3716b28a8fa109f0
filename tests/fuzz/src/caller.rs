//! Makes the component that calls host functions.
//!
//! Its input is a list of bytes, in records of [`RECORD`]: the number of a function, then its arguments, eight bytes each.
//! An argument whose first byte is 255 is the result of the last call instead, one whose first byte is 254 the borrowed input, one whose
//! first byte is 253 a place in memory that is there.

use std::fmt::Write as _;

use wasm_encoder::{
    BlockType, CodeSection, ConstExpr, EntityType, ExportKind, ExportSection, Function, FunctionSection, GlobalSection,
    GlobalType, ImportSection, Instruction as I, MemArg, MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::abi::{AbiVariant, WasmType};
use wit_parser::{Function as WitFunction, Resolve, WorldId, WorldItem};

/// The most arguments of a function.
const ARGUMENTS: u32 = 16;
/// Bytes of a call.
const RECORD: u32 = 8 + 8 * ARGUMENTS;

/// A core function that the component imports.
struct Import {
    module: String,
    name: String,
    params: Vec<ValType>,
    results: Vec<ValType>,
}

pub fn component() -> Vec<u8> {
    let mut resolve = Resolve::default();
    let wit = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit");
    resolve.push_dir(wit).expect("the interface of components");
    let mut world = String::from(
        "package fuzz:caller;\nworld caller {\n include weft:component/imports@0.1.0;\n\
         use weft:component/artifacts@0.1.0.{dataset};\n record done { calls: u32 }\n\
         export call: func(data: borrow<dataset>, calls: list<u8>) -> done;\n",
    );
    for interface in WASI {
        _ = writeln!(world, " import {interface}@0.2.0;");
    }
    world.push('}');
    _ = &world;
    let package = resolve.push_str("caller.wit", &world).expect("the world of the caller");
    let world = resolve.select_world(&[package], None).expect("its only world");
    let imports = imports(&resolve, world);
    let mut module = module(&imports);
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8).expect("its types");
    ComponentEncoder::default().module(&module).expect("a module").encode().expect("a component")
}

/// Interfaces of WASI whose functions are called as well. None: those in `wit/` depend on nothing.
const WASI: [&str; 0] = [];

fn imports(resolve: &Resolve, world: WorldId) -> Vec<Import> {
    let mut imports = Vec::new();
    for (key, item) in &resolve.worlds[world].imports {
        let WorldItem::Interface { id, .. } = item else { continue };
        let module = resolve.name_world_key(key);
        for function in resolve.interfaces[*id].functions.values() {
            imports.push(import(resolve, &module, function));
        }
        for (name, ty) in &resolve.interfaces[*id].types {
            if matches!(resolve.types[*ty].kind, wit_parser::TypeDefKind::Resource) {
                let name = format!("[resource-drop]{name}");
                imports.push(Import { module: module.clone(), name, params: vec![ValType::I32], results: Vec::new() });
            }
        }
    }
    imports
}

fn import(resolve: &Resolve, module: &str, function: &WitFunction) -> Import {
    let signature = resolve.wasm_signature(AbiVariant::GuestImport, function);
    let types = |types: &[WasmType]| types.iter().map(value_type).collect();
    Import {
        module: module.to_owned(),
        name: function.name.clone(),
        params: types(&signature.params),
        results: types(&signature.results),
    }
}

fn value_type(ty: &WasmType) -> ValType {
    match ty {
        WasmType::I64 | WasmType::PointerOrI64 => ValType::I64,
        WasmType::F32 => ValType::F32,
        WasmType::F64 => ValType::F64,
        WasmType::I32 | WasmType::Pointer | WasmType::Length => ValType::I32,
    }
}

fn module(imports: &[Import]) -> Vec<u8> {
    let count = u32::try_from(imports.len()).expect("few");
    let mut types = TypeSection::new();
    let mut imported = ImportSection::new();
    for (index, import) in (0..).zip(imports) {
        types.ty().function(import.params.iter().copied(), import.results.iter().copied());
        imported.import(&import.module, &import.name, EntityType::Function(index));
    }
    // call(data, calls, length) -> pointer to the result
    types.ty().function([ValType::I32; 3], [ValType::I32]);
    // cabi_realloc
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    let mut functions = FunctionSection::new();
    functions.function(count).function(count + 1);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 16, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut globals = GlobalSection::new();
    let mutable = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
    globals.global(mutable, &ConstExpr::i32_const(4096));
    let mut exports = ExportSection::new();
    exports.export("call", ExportKind::Func, count).export("cabi_realloc", ExportKind::Func, count + 1);
    exports.export("memory", ExportKind::Memory, 0);
    let mut code = CodeSection::new();
    code.function(&call(imports)).function(&realloc());
    let mut module = Module::new();
    module.section(&types).section(&imported).section(&functions).section(&memories).section(&globals);
    module.section(&exports).section(&code);
    module.finish()
}

fn at(offset: u64) -> MemArg {
    MemArg { offset, align: 0, memory_index: 0 }
}

/// Locals: 0 the input, 1 the next record, 2 first the length and then the end, 3 the last result, 4 an argument.
fn call(imports: &[Import]) -> Function {
    let mut f = Function::new([(2, ValType::I64)]);
    let record = RECORD.cast_signed();
    for instruction in [I::LocalGet(1), I::LocalGet(2), I::I32Add, I::LocalSet(2)] {
        f.instruction(&instruction);
    }
    f.instruction(&I::Block(BlockType::Empty)).instruction(&I::Loop(BlockType::Empty));
    for instruction in [I::LocalGet(1), I::I32Const(record), I::I32Add, I::LocalGet(2), I::I32GtU, I::BrIf(1)] {
        f.instruction(&instruction);
    }
    let count = u32::try_from(imports.len()).expect("few");
    for _ in 0..=count {
        f.instruction(&I::Block(BlockType::Empty));
    }
    f.instruction(&I::LocalGet(1)).instruction(&I::I32Load8U(at(0)));
    f.instruction(&I::BrTable((0..count).collect::<Vec<_>>().into(), count));
    for (index, import) in (0..).zip(imports) {
        f.instruction(&I::End);
        for (number, ty) in (0..).zip(&import.params) {
            argument(&mut f, number, *ty);
        }
        f.instruction(&I::Call(index));
        for ty in import.results.iter().rev() {
            match ty {
                ValType::I32 => f.instruction(&I::I64ExtendI32U),
                ValType::F32 => f.instruction(&I::I32ReinterpretF32).instruction(&I::I64ExtendI32U),
                ValType::F64 => f.instruction(&I::I64ReinterpretF64),
                _ => &mut f,
            };
            f.instruction(&I::LocalSet(3));
        }
        // Out of the blocks of those after it.
        f.instruction(&I::Br(count - index));
    }
    f.instruction(&I::End);
    for instruction in [I::LocalGet(1), I::I32Const(record), I::I32Add, I::LocalSet(1), I::Br(0), I::End, I::End] {
        f.instruction(&instruction);
    }
    f.instruction(&I::I32Const(16)).instruction(&I::End);
    f
}

/// Puts an argument of the record on the stack.
fn argument(f: &mut Function, number: u32, ty: ValType) {
    let offset = u64::from(8 + 8 * (number % ARGUMENTS));
    f.instruction(&I::LocalGet(1)).instruction(&I::I64Load(at(offset))).instruction(&I::LocalSet(4));
    let first = |f: &mut Function, byte: i64| {
        for instruction in [I::LocalGet(4), I::I64Const(255), I::I64And, I::I64Const(byte), I::I64Eq] {
            f.instruction(&instruction);
        }
        f.instruction(&I::If(BlockType::Empty));
    };
    first(f, 255);
    f.instruction(&I::LocalGet(3)).instruction(&I::LocalSet(4)).instruction(&I::Else);
    first(f, 254);
    for instruction in [I::LocalGet(0), I::I64ExtendI32U, I::LocalSet(4), I::Else] {
        f.instruction(&instruction);
    }
    first(f, 253);
    for instruction in [I::LocalGet(4), I::I64Const(8), I::I64ShrU, I::I64Const(0xfff8), I::I64And, I::LocalSet(4)] {
        f.instruction(&instruction);
    }
    f.instruction(&I::End).instruction(&I::End).instruction(&I::End).instruction(&I::LocalGet(4));
    match ty {
        ValType::I32 => f.instruction(&I::I32WrapI64),
        ValType::F32 => f.instruction(&I::I32WrapI64).instruction(&I::F32ReinterpretI32),
        ValType::F64 => f.instruction(&I::F64ReinterpretI64),
        _ => f,
    };
}

/// Gives what comes next, from the beginning again when the memory ends: nothing that was given is needed for long.
fn realloc() -> Function {
    let mut f = Function::new([(1, ValType::I32)]);
    for instruction in [
        I::GlobalGet(0), I::I32Const(7), I::I32Add, I::I32Const(-8), I::I32And, I::LocalTee(4),
        I::LocalGet(3), I::I32Add, I::I32Const(16 << 16), I::I32GtU, I::If(BlockType::Empty),
        I::I32Const(4096), I::LocalSet(4), I::End,
        I::LocalGet(4), I::LocalGet(3), I::I32Add, I::GlobalSet(0), I::LocalGet(4), I::End,
    ] {
        f.instruction(&instruction);
    }
    f
}
