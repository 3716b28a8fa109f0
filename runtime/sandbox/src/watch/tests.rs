//! Guests without end, ended at times that are spread over what they do.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasm_encoder::{
    BlockType, CodeSection, EntityType, ExportKind, ExportSection, Function, FunctionSection, ImportSection, MemArg,
    MemorySection, MemoryType, TypeSection,
};
use wasmtime::{Linker, Module, Store};
use weft_pipeline::step::SilentObserver;

use super::*;
use crate::engine;
use crate::target::Target;

static SILENT: SilentObserver = SilentObserver;

/// A module whose function `run` is this one; it imports a function of the host (0) and has another one (1), which calls itself a hundred times.
fn module(body: impl FnOnce(&mut Function)) -> Vec<u8> {
    let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([], []);
    types.ty().function([wasm_encoder::ValType::I32], []);
    let mut imports = ImportSection::new();
    imports.import("host", "call", EntityType::Function(0));
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
    functions.function(1).function(0);
    let mut deep = Function::new([]);
    deep.instructions().local_get(0).i32_eqz().br_if(0).local_get(0).i32_const(1).i32_sub().call(1).end();
    code.function(&deep);
    let mut run = Function::new([(1, wasm_encoder::ValType::I32)]);
    run.instructions().loop_(BlockType::Empty);
    body(&mut run);
    run.instructions().br(0).end().end();
    code.function(&run);
    let mut exports = ExportSection::new();
    exports.export("run", ExportKind::Func, 2);
    let mut module = wasm_encoder::Module::new();
    module.section(&types).section(&imports).section(&functions).section(&memories).section(&exports).section(&code);
    module.finish()
}

/// Guests that never end, by what they do all the time.
fn endless() -> [(&'static str, Vec<u8>); 5] {
    let word = MemArg { offset: 0, align: 2, memory_index: 0 };
    [
        ("nothing", module(|_| {})),
        ("host", module(|run| _ = run.instructions().call(0))),
        ("calls", module(|run| _ = run.instructions().i32_const(100).call(1))),
        (
            "memory",
            module(|run| {
                run.instructions().i32_const(8).i32_const(8).i32_load(word).i32_const(1).i32_add().i32_store(word);
            }),
        ),
        ("growth", module(|run| _ = run.instructions().i32_const(0).memory_grow(0).drop())),
    ]
}

/// Runs a guest until it is told to end after `delay`, and gives why it ended and how often it called the host.
fn ended(engine: &wasmtime::Engine, binary: &[u8], delay: Duration) -> (Option<Stop>, u64) {
    ended_in(engine, &Module::new(engine, binary).unwrap(), delay)
}

fn ended_in(engine: &wasmtime::Engine, module: &Module, delay: Duration) -> (Option<Stop>, u64) {
    let mut linker = Linker::new(engine);
    linker
        .func_wrap("host", "call", |caller: wasmtime::Caller<'_, AtomicU64>| {
            caller.data().fetch_add(1, Ordering::Relaxed);
        })
        .unwrap();
    let mut store = Store::new(engine, AtomicU64::new(0));
    let watched = Watched::new(Deadline::after(Duration::from_hours(1)), Listener::of(&SILENT));
    hook(&mut store, &watched, |_| false);
    let entered = watched.enter(engine, Code::Module(module.clone()));
    let run = linker.instantiate(&mut store, module).unwrap().get_typed_func::<(), ()>(&mut store, "run").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(delay);
            watched.end(Stop::Interrupted);
        });
        run.call(&mut store, ()).unwrap_err();
    });
    drop(entered);
    (watched.stop().cloned(), store.data().load(Ordering::Relaxed))
}

#[test]
fn whatever_a_guest_does_without_end_it_ends_when_told() {
    // WEFT_TEST_ENDS has it done more often, for a soak.
    let times = std::env::var("WEFT_TEST_ENDS").ok().and_then(|times| times.parse().ok()).unwrap_or(20);
    let engine = engine::start(false).unwrap().engine;
    for (what, binary) in endless() {
        for turn in 0..times {
            let (stop, calls) = ended(&engine, &binary, Duration::from_micros(turn * 37 % 3_000));
            assert_eq!(stop, Some(Stop::Interrupted), "{what}");
            assert_eq!(calls > 0, what == "host" && calls > 0, "{what}");
        }
    }
}

#[test]
fn a_guest_whose_code_is_for_any_processor_of_this_kind_ends_too() {
    let portable = engine::start_for(Target::Portable, false).unwrap().engine;
    let own = engine::start(false).unwrap().engine;
    for (what, binary) in endless() {
        let code = portable.precompile_module(&binary).unwrap();
        // SAFETY: wasmtime made it just now.
        #[expect(unsafe_code, reason = "loading native code has no safe form")]
        let module = unsafe { Module::deserialize(&own, &code) }.unwrap();
        let (stop, _) = ended_in(&own, &module, Duration::from_millis(2));
        assert_eq!(stop, Some(Stop::Interrupted), "{what}");
    }
}

#[test]
fn one_guest_is_ended_and_others_of_the_same_code_go_on() {
    let engine = engine::start(false).unwrap().engine;
    let (_, calls) = &endless()[2];
    let module = Module::new(&engine, calls).unwrap();
    let start = |watched: &Arc<Watched>| {
        let mut linker = Linker::new(&engine);
        linker.func_wrap("host", "call", || {}).unwrap();
        let mut store = Store::new(&engine, ());
        hook(&mut store, watched, |()| false);
        let _entered = watched.enter(&engine, Code::Module(module.clone()));
        let run = linker.instantiate(&mut store, &module).unwrap().get_typed_func::<(), ()>(&mut store, "run").unwrap();
        run.call(&mut store, ()).unwrap_err();
    };
    let all: Vec<_> =
        (0..4).map(|_| Watched::new(Deadline::after(Duration::from_hours(1)), Listener::of(&SILENT))).collect();
    std::thread::scope(|scope| {
        let mut running: Vec<_> = all.iter().map(|watched| scope.spawn(|| start(watched))).collect();
        for (at, watched) in all.iter().enumerate() {
            std::thread::sleep(Duration::from_millis(30));
            watched.end(Stop::Time);
            running.remove(0).join().unwrap();
            // Signals for the one that ended came to nobody else.
            assert!(running.iter().all(|other| !other.is_finished()), "after {at}");
        }
    });
}

#[test]
fn the_way_between_guest_and_host_is_not_the_guests() {
    let engine = engine::start(false).unwrap().engine;
    let (_, binary) = &endless()[1];
    let module = Module::new(&engine, binary).unwrap();
    let text = module.text().as_ptr().addr()..module.text().as_ptr().addr() + module.text().len();
    let functions = Code::Module(module.clone()).functions();
    let inside = text.clone().filter(|address| functions.contain(*address)).count();
    let own: usize = module.functions().map(|function| function.len).sum();
    // wasmtime counts the padding between functions as theirs.
    assert!(inside > own / 2 && inside <= own && own < text.len(), "{inside} of {own} of {}", text.len());
    assert!(!functions.contain(text.end) && !functions.contain(text.start.wrapping_sub(1)) && !functions.contain(0));
}
