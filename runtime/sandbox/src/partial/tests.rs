use wasm_encoder::{
    CodeSection, Component, ComponentSection as _, CustomSection, EntityType, ExportKind, ExportSection, Function,
    FunctionSection, ImportSection, Module, ModuleSection, TypeSection, ValType,
};
use wasmtime::{Engine, Instance, Module as Compiled, Store};

use super::*;

/// `call` exports: `usual` gives 1, `rare` gives what a function gives that is not usual, `abort` traps by itself.
fn module() -> Module {
    let mut types = TypeSection::new();
    types.ty().function([], [ValType::I64]);
    let mut functions = FunctionSection::new();
    functions.function(0).function(0).function(0).function(0);
    let mut exports = ExportSection::new();
    for (at, name) in ["usual", "rare", "abort"].into_iter().enumerate() {
        exports.export(name, ExportKind::Func, u32::try_from(at).unwrap());
    }
    let mut code = CodeSection::new();
    let mut function = |write: &dyn Fn(&mut wasm_encoder::InstructionSink<'_>)| {
        let mut function = Function::new([(1, ValType::I64)]);
        write(&mut function.instructions());
        code.function(&function);
    };
    function(&|sink| _ = sink.i64_const(1).end());
    function(&|sink| _ = sink.call(3).end());
    function(&|sink| _ = sink.unreachable().end());
    function(&|sink| _ = sink.i64_const(4).end());
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&exports).section(&code);
    module
}

/// Three functions that are usual and one that is not.
const USUAL: [u8; 3] = [4, 0, 3];

fn decoded(section: &[u8]) -> Option<Vec<bool>> {
    UsualFunctions::decode(section).map(|usual| usual.0)
}

/// What an export of a module gives.
fn call(module: &[u8], name: &str) -> wasmtime::Result<i64> {
    let engine = Engine::default();
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &Compiled::new(&engine, module)?, &[])?;
    instance.get_typed_func::<(), i64>(&mut store, name)?.call(&mut store, ())
}

#[test]
fn sections_tell_runs() {
    assert_eq!(decoded(&[5, 1, 2, 1]), Some(vec![false, true, true, false, false]));
    assert_eq!(decoded(&USUAL), Some(vec![true, true, true, false]));
    assert_eq!(decoded(&[]), None);
    assert_eq!(decoded(&[2, 1, 2]), None);
    assert_eq!(decoded(&[2, 0xff]), None);
    assert_eq!(decoded(&[0xff, 0xff, 0xff, 0xff, 0x0f, 1]).map(|usual| usual.len()), None);
}

#[test]
fn a_function_that_is_left_out_is_told_apart_from_one_that_traps() {
    let module = module().finish();
    let reduced = without_others(&module, &UsualFunctions::decode(&USUAL).unwrap()).unwrap();
    assert_eq!(call(&module, "rare").unwrap(), 4);
    assert_eq!(call(&reduced, "usual").unwrap(), 1);
    let missing = call(&reduced, "rare").unwrap_err();
    assert!(is_missing(&missing, Extent::Usual) && !is_missing(&missing, Extent::Whole), "{missing:?}");
    for module in [&module, &reduced] {
        assert!(!is_missing(&call(module, "abort").unwrap_err(), Extent::Usual));
    }
}

#[test]
fn a_components_first_module_is_reduced_and_all_else_stays() {
    let mut component = Component::new();
    let import = {
        let (mut types, mut imports) = (TypeSection::new(), ImportSection::new());
        types.ty().function([], []);
        imports.import("a", "b", EntityType::Function(0));
        let mut module = Module::new();
        module.section(&types).section(&imports);
        module
    };
    component.section(&CustomSection { name: "before".into(), data: [7].as_slice().into() });
    component.section(&ModuleSection(&module())).section(&ModuleSection(&import));
    let mut component = component.finish();
    let plain = component.clone();
    assert_eq!(UsualFunctions::of_component(&component), None);
    CustomSection { name: SECTION.into(), data: USUAL.as_slice().into() }.append_to_component(&mut component);
    let usual = UsualFunctions::of_component(&component).unwrap();
    let reduced = without_others(&component, &usual).unwrap();
    wasmparser::validate(&reduced).unwrap();
    let module = without_others(&module().finish(), &usual).unwrap();
    let at = reduced.windows(module.len()).position(|part| part == module).unwrap();
    assert_eq!(reduced[..at - 2], component[..at - 2]);
    assert_eq!(reduced[at + module.len()..], component[component.len() - (reduced.len() - at - module.len())..]);
    // Another module's list changes nothing.
    let other = UsualFunctions::decode(&[5, 0, 5]).unwrap();
    assert_eq!(without_others(&plain, &other), None);
}
