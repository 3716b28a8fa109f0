//! The wasmtime engine: its settings, each with its reason.

use std::sync::Arc;

use wasmtime::{Collector, Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::{Error, Result};
use crate::function_cache::FunctionCache;
use crate::target::Target;
use crate::watch;

/// The maximum stack of a guest, in bytes. It is part of the stack of the thread that calls [`crate::Sandbox::run`], for
/// which Rust's default of 2 MiB is enough.
const GUEST_STACK: usize = 1 << 20;

/// An engine, what it reads code for, and the cache that it looks functions up in.
pub(crate) struct Started {
    pub(crate) engine: Engine,
    pub(crate) target: Target,
    pub(crate) strict: bool,
    pub(crate) functions: Arc<FunctionCache>,
}

/// Starts an engine for this machine, and the thread that watches its guests. `strict` has guests compute the same on each architecture.
pub(crate) fn start(strict: bool) -> Result<Started> {
    start_for(Target::Native, strict)
}

/// Starts an engine for a kind of machine. If that is another than this one, it only compiles.
pub(crate) fn start_for(target: Target, strict: bool) -> Result<Started> {
    let functions = Arc::new(FunctionCache::default());
    let mut settings = settings(target, strict);
    target.set(&mut settings)?;
    let start = |settings: &Config| Engine::new(settings).map_err(|error| Error::Engine(format!("{error:#}")));
    #[cfg(feature = "compiler")]
    settings
        .enable_incremental_compilation(Arc::clone(&functions) as _)
        .map_err(|error| Error::Engine(format!("{error:#}")))?;
    // Pooled instances start in microseconds but reserve address space, which some hosts limit. Then there is no pool.
    let engine = start(settings.clone().allocation_strategy(InstanceAllocationStrategy::Pooling(pool())))
        .or_else(|_| start(&settings))?;
    watch::start()?;
    Ok(Started { engine, target, strict, functions })
}

fn settings(target: Target, strict: bool) -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    // Exceptions, which C++ compiled to WebAssembly throws, lie in a heap of the engine's that counts as memory of the step, as its pages
    // come from the same limits. Structs and arrays in there are for languages that nobody builds components in yet.
    config.wasm_exceptions(true);
    config.wasm_gc(false);
    config.collector(Collector::DeferredReferenceCounting);
    // Where guests cannot be ended by signals they ask at each round of each loop, which takes tight loops up to three times as long; without
    // either, a guest could hang the host.
    config.epoch_interruption(target == Target::Pulley || !watch::compiles_for_signals());
    config.max_wasm_stack(GUEST_STACK);
    config.async_stack_size(GUEST_STACK * 2);
    // Calls are synchronous. Support for concurrent ones would make each call slower.
    config.concurrency_support(false);
    // A run on another machine must give the same digests.
    config.relaxed_simd_deterministic(true);
    // What WebAssembly leaves open: the bits of a NaN that arithmetic gives. It costs up to a tenth of the time of what computes with floats, and
    // nearly no program looks at them, so that it must be asked for.
    #[cfg(feature = "compiler")]
    config.cranelift_nan_canonicalization(strict);
    let _ = strict;
    config
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(512);
    pool.total_core_instances(4096);
    pool.total_memories(512);
    pool.total_tables(4096);
    // The maximum of 32-bit Wasm. The memory of a step is bounded by its limits.
    pool.max_memory_size(1 << 32);
    // An interpreter compiled to Wasm has tens of thousands of functions in its table.
    pool.table_elements(200_000);
    pool.max_core_instance_size(4 << 20);
    pool.max_component_instance_size(4 << 20);
    // Resetting the memory of a small step is faster by memset than by returning the pages to the system.
    pool.linear_memory_keep_resident(256 << 10);
    pool.table_keep_resident(64 << 10);
    pool
}
