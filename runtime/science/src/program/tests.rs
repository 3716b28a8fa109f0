use std::time::Duration;

use wasm_encoder::{
    CodeSection, DataSection, EntityType, FunctionSection, ImportSection, InstructionSink, MemArg, TypeSection,
    ValType as Encoded,
};
use weft_pipeline::step::SilentObserver;
use weft_sandbox::{Initialization, Initializer};

use super::*;
use crate::sections::parse;

/// Where the module that is tested with keeps a number.
const PLACE: i32 = 70_000;

/// A module like the interpreter's: what is started leaves a number in its memory and one in a global, and `run` gives 0 if both are
/// there, and the text that it starts with is [`START`].
pub(crate) fn module() -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function([Encoded::I32; 4], [Encoded::I32]);
    types.ty().function([Encoded::I32], []);
    types.ty().function([], []);
    types.ty().function([], [Encoded::I32]);
    let mut imports = ImportSection::new();
    imports.import("host", "call", EntityType::Function(0));
    imports.import("wasi_snapshot_preview1", "proc_exit", EntityType::Function(1));
    let mut functions = FunctionSection::new();
    functions.function(2).function(2).function(3);
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 2, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut globals = GlobalSection::new();
    let number = |mutable| GlobalType { val_type: Encoded::I32, mutable, shared: false };
    globals.global(number(true), &ConstExpr::i32_const(5));
    globals.global(number(false), &ConstExpr::i32_const(PLACE));
    let mut exports = ExportSection::new();
    exports.export("memory", ExportKind::Memory, 0);
    for (at, name) in [(2, "_initialize"), (3, INITIALIZE), (4, RUN)] {
        exports.export(name, ExportKind::Func, at);
    }
    let mut code = CodeSection::new();
    let mut function = |write: &dyn Fn(&mut InstructionSink<'_>)| {
        let mut function = Function::new([]);
        write(&mut function.instructions());
        code.function(&function);
    };
    let word = MemArg { offset: 0, align: 2, memory_index: 0 };
    function(&|sink| _ = sink.end());
    function(&|sink| _ = sink.global_get(1).i32_const(77).i32_store(word).i32_const(6).global_set(0).end());
    function(&|sink| {
        sink.global_get(1).i32_load(word).i32_const(77).i32_ne();
        sink.global_get(0).i32_const(6).i32_ne().i32_or();
        sink.i32_const(16)
            .i32_load8_u(MemArg { align: 0, ..word })
            .i32_const(i32::from(START[0]))
            .i32_ne()
            .i32_or()
            .end();
    });
    let mut data = DataSection::new();
    data.active(0, &ConstExpr::i32_const(16), FIRST_IMPORTS.iter().copied());
    let mut module = Module::new();
    module.section(&types).section(&imports).section(&functions).section(&memories).section(&globals).section(&exports);
    module.section(&code).section(&data);
    module.finish()
}

fn started(module: &[u8], calls: &[&str]) -> weft_sandbox::Result<Image> {
    let root = tempfile::tempdir().unwrap();
    let (memory, time) = (1 << 20, Duration::from_mins(10));
    let how =
        Initialization { name: "test", root: root.path(), calls, tried: &[], own: None, usual: &[], memory, time };
    Initializer::new(None).unwrap().initialize(module, &how, &SilentObserver)
}

#[test]
fn a_program_begins_where_its_module_was_left() {
    let module = module();
    let parts = parse(&module).unwrap();
    let image = started(&exposed(&parts).unwrap(), &["_initialize", INITIALIZE]).unwrap();
    let program = of(&parts, &image).unwrap();
    started(&program, &["_start"]).unwrap();
    // The same again has the same bytes.
    let again = started(&exposed(&parts).unwrap(), &["_initialize", INITIALIZE]).unwrap();
    assert_eq!(program, of(&parts, &again).unwrap());
    // One that was not started ends with the status 1.
    let plain = started(&exposed(&parts).unwrap(), &[]).unwrap();
    let error = started(&of(&parts, &plain).unwrap(), &["_start"]).unwrap_err();
    assert!(error.to_string().contains("exit status 1"), "{error}");
}

#[test]
fn a_component_of_it_is_a_command() {
    let module = module();
    let parts = parse(&module).unwrap();
    let image = started(&exposed(&parts).unwrap(), &["_initialize", INITIALIZE]).unwrap();
    let component = crate::component::of(&of(&parts, &image).unwrap(), &[], false).unwrap();
    wasmparser::Validator::new().validate_all(&component).unwrap();
    let text = String::from_utf8_lossy(&component).into_owned();
    assert!(text.contains("wasi:cli/run@0.2"), "no program");
    assert!(text.contains("exit-with-code"), "statuses are lost");
}

#[test]
fn modules_with_other_state_are_refused() {
    let said = |module: &Module| parse(&module.clone().finish()).map(drop).unwrap_err().to_string();
    let mut passive = Module::new();
    let mut data = DataSection::new();
    data.passive([1]);
    passive.section(&data);
    assert!(said(&passive).contains("data that it copies itself"));
    let mut globals = GlobalSection::new();
    let ty = GlobalType { val_type: Encoded::FUNCREF, mutable: true, shared: false };
    globals.global(ty, &ConstExpr::ref_null(wasm_encoder::HeapType::FUNC));
    let mut reference = Module::new();
    reference.section(&globals);
    assert!(said(&reference).contains("no number"));
}

#[test]
fn pieces_cover_all_that_is_not_zero() {
    let mut memory = vec![0; 1000];
    memory[3] = 1;
    memory[5] = 1;
    memory[500..510].fill(7);
    memory[999] = 9;
    assert_eq!(pieces(&memory, 8), [3..6, 500..510, 999..1000]);
    assert_eq!(pieces(&memory, 1), [3..4, 5..6, 500..510, 999..1000]);
    assert!(pieces(&[0; 10], 8).is_empty());
}
