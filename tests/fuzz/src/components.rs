//! Loading components: their signatures are read, and what can be one is compiled within its bounds.

#![no_main]

use std::cell::RefCell;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use weft_artifacts::Store;
use weft_pipeline::step::SilentObserver;
use weft_sandbox::{CompileLimits, Options, Sandbox};

/// A sandbox remembers what it has loaded, so that it is exchanged now and then.
const INPUTS: u32 = 2_000;

struct Bench {
    folder: tempfile::TempDir,
    sandbox: Sandbox,
    inputs: u32,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path().join("store")).expect("a store");
        let compile = CompileLimits { time: Duration::from_secs(10), ..CompileLimits::default() };
        let sandbox = Sandbox::new(store, Options { compile, ..Options::default() }).expect("a sandbox");
        Self { folder, sandbox, inputs: 0 }
    }
}

thread_local! {
    static BENCH: RefCell<Bench> = RefCell::new(Bench::new());
}

fuzz_target!(|bytes: &[u8]| {
    BENCH.with_borrow_mut(|bench| {
        bench.inputs += 1;
        if bench.inputs > INPUTS {
            *bench = Bench::new();
        }
        if bench.sandbox.load("fuzzed", bytes).is_err() {
            return;
        }
        let file = bench.folder.path().join("fuzzed.wasm");
        std::fs::write(&file, bytes).expect("a file");
        let loaded = bench.sandbox.load_file(&file).expect("it was loaded a moment ago");
        _ = bench.sandbox.compile(loaded.digest(), &SilentObserver);
    });
});
