use std::sync::atomic::AtomicUsize;

use wasm_encoder::{
    BlockType, Catch, CodeSection, Component, Function, FunctionSection, Module, ModuleSection, TypeSection, ValType,
};
use weft_pipeline::step::LogLevel;

use super::*;
use crate::engine;

/// A component with a module of functions without parameters.
pub(crate) fn component(functions: impl IntoIterator<Item = Function>) -> Vec<u8> {
    let (mut types, mut declared, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    for function in functions {
        declared.function(0);
        code.function(&function);
    }
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&code);
    let mut component = Component::new();
    component.section(&ModuleSection(&module));
    component.finish()
}

/// A function with so many variables and so many loops, one behind the other.
pub(crate) fn function(variables: u32, loops: usize) -> Function {
    let mut function = Function::new([(variables, ValType::I32)]);
    let mut code = function.instructions();
    for _ in 0..loops {
        code.loop_(BlockType::Empty).i32_const(0).br_if(0).end();
    }
    code.end();
    function
}

/// A function with so many blocks, one behind the other.
fn blocks(count: usize) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    for _ in 0..count {
        code.block(BlockType::Empty).end();
    }
    code.end();
    function
}

/// A function with a call inside so many handlers, so often.
fn handlers(calls: usize, around: usize) -> Function {
    let mut function = Function::new([]);
    let mut code = function.instructions();
    for _ in 0..around {
        code.block(BlockType::Empty).try_table(BlockType::Empty, [Catch::All { label: 0 }]);
    }
    for _ in 0..calls {
        code.call(0);
    }
    for _ in 0..around {
        code.end().end();
    }
    code.end();
    function
}

fn refused(binary: &[u8], limits: CompileLimits) -> String {
    check(binary, &limits).unwrap_err()
}

#[test]
fn what_real_components_hold_is_compiled() {
    let limits = CompileLimits::default();
    assert!(check(&component((0..10_000).map(|_| function(20, 50))), &limits).unwrap().threads >= 100);
    assert!(check(&component([handlers(1000, 100)]), &limits).unwrap().threads >= 10);
    // A large function is compiled beside few others.
    let few = check(&component([function(5_000, 1000)]), &limits).unwrap().threads;
    assert!((2..10).contains(&few), "{few}");
    for folder in ["components", "executors"] {
        let folder = format!("{}/../../target/{folder}", env!("CARGO_MANIFEST_DIR"));
        for file in std::fs::read_dir(folder).into_iter().flatten() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "wasm") {
                let few = check(&std::fs::read(&path).unwrap(), &limits);
                assert!(few.clone().is_ok_and(|few| few.threads >= 4), "{}: {few:?}", path.display());
            }
        }
    }
}

#[test]
fn what_would_take_too_long_or_too_much_memory_is_refused_by_its_cause() {
    let limits = CompileLimits::default();
    assert!(refused(&component([function(0, 300_000)]), limits).contains("bytes of code; at most"));
    assert!(refused(&component([function(0, 30_000)]), limits).contains("90001 blocks; at most"));
    assert!(refused(&component([function(0, 5_000)]), limits).contains("5000 loops; at most"));
    assert!(refused(&component([function(40_000, 1000)]), limits).contains("40000 variables in 3001 blocks"));
    assert!(refused(&component((0..500_001).map(|_| function(0, 0))), limits).contains("500001 functions"));
    assert!(
        refused(&component([handlers(10_000, 100)]), limits).contains("exception handlers around calls 1000000 times")
    );
    let small = CompileLimits { memory: 64 << 20, ..limits };
    let why = refused(&component((0..20_000).map(|_| function(0, 10))), small);
    assert!(why.contains("compiling its 20000 functions") && why.contains("64"), "{why}");
    let mut types = TypeSection::new();
    types.ty().function([ValType::I32; 1000], []);
    let (mut functions, mut code) = (FunctionSection::new(), CodeSection::new());
    functions.function(0);
    code.function(&blocks(20_000));
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&code);
    let mut parameters = Component::new();
    parameters.section(&ModuleSection(&module));
    assert!(refused(&parameters.finish(), limits).contains("1000 variables"), "parameters are variables too");
    let mut nested = Component::new();
    for _ in 0..1001 {
        nested.section(&ModuleSection(&Module::new()));
    }
    assert!(refused(&nested.finish(), limits).contains("1001 modules"));
}

/// Interrupts when it has been asked so often.
struct Impatient(AtomicUsize);

impl StepObserver for Impatient {
    fn log(&self, _: &str, _: LogLevel, _: &str) {}
    fn progress(&self, _: &str, _: u64, _: u64) {}
    fn interrupted(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err()
    }
}

#[test]
fn compiling_ends_between_functions_when_its_time_is_over_or_the_run_interrupted() {
    let binary = component((0..60_000).map(|_| function(20, 10)));
    let started = engine::start(false).unwrap();
    let compile = || wasmtime::component::Component::from_binary(&started.engine, &binary);
    let turns = Turns::default();
    let limits = CompileLimits { time: Duration::from_millis(50), ..CompileLimits::default() };
    let patient = Impatient(AtomicUsize::new(usize::MAX));
    let result = turns.compile(&limits, 2, ("a-task", "a.wasm"), &patient, compile);
    assert_eq!(result.map(drop), Err(Stopped::Time));
    let impatient = Impatient(AtomicUsize::new(3));
    let result = turns.compile(&CompileLimits::default(), 2, ("a-task", "a.wasm"), &impatient, compile);
    assert_eq!(result.map(drop), Err(Stopped::Interrupted));
    assert_eq!(*turns.taken.lock().unwrap(), 0, "turns are given back");
    // The engine is as good as before.
    let small = component([function(1, 1)]);
    let compile = || wasmtime::component::Component::from_binary(&started.engine, &small);
    let result = turns.compile(&CompileLimits::default(), 2, ("a-task", "a.wasm"), &patient, compile);
    assert!(result.unwrap().is_ok());
}
