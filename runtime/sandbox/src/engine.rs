//! The wasmtime engine: its settings, each with its reason, and the clock tick that interrupts guests.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::error::{Error, Result};
use crate::function_cache::FunctionCache;

/// How often running guests are looked after: their time, their interruption, what they wrote.
pub(crate) const EPOCH_INTERVAL: Duration = Duration::from_millis(10);

/// Stack that a guest may use. A thread that calls [`crate::Sandbox::run`] needs this and what the host needs below it:
/// Rust's default of 2 MiB is enough.
const GUEST_STACK: usize = 1 << 20;

/// An engine, and the functions that it asks for before it compiles them.
pub(crate) struct Started {
    pub(crate) engine: Engine,
    pub(crate) functions: Arc<FunctionCache>,
}

/// Starts an engine, and the thread that ticks for as long as the engine lives.
pub(crate) fn start() -> Result<Started> {
    let functions = Arc::new(FunctionCache::default());
    let mut settings = settings();
    let start = |settings: &Config| Engine::new(settings).map_err(|error| Error::Engine(format!("{error:#}")));
    settings
        .enable_incremental_compilation(Arc::clone(&functions) as _)
        .map_err(|error| Error::Engine(format!("{error:#}")))?;
    // Pooled instances cost microseconds but reserve address space, which some hosts ration: without, it works as well.
    let engine = start(settings.clone().allocation_strategy(InstanceAllocationStrategy::Pooling(pool())))
        .or_else(|_| start(&settings))?;
    let weak = engine.weak();
    std::thread::Builder::new()
        .name("weft-tick".into())
        .spawn(move || {
            while let Some(engine) = weak.upgrade() {
                engine.increment_epoch();
                drop(engine);
                std::thread::sleep(EPOCH_INTERVAL);
            }
        })
        .map_err(|error| Error::Engine(error.to_string()))?;
    Ok(Started { engine, functions })
}

fn settings() -> Config {
    let mut config = Config::new();
    config.wasm_component_model(true);
    // Guests that never return are stopped at their next loop or call. It costs tight loops something, but a host that
    // can be hung by a step is worth nothing.
    config.epoch_interruption(true);
    config.max_wasm_stack(GUEST_STACK);
    config.async_stack_size(GUEST_STACK * 2);
    // The guests' calls are synchronous; support for concurrent ones makes each call slower.
    config.concurrency_support(false);
    // A run on another machine must give the same digests.
    config.relaxed_simd_deterministic(true);
    config
}

fn pool() -> PoolingAllocationConfig {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(512);
    pool.total_core_instances(4096);
    pool.total_memories(512);
    pool.total_tables(4096);
    // The largest memory that 32-bit Wasm can have; what a step gets is decided by its limits.
    pool.max_memory_size(1 << 32);
    // An interpreter compiled to Wasm has tens of thousands of functions in its table.
    pool.table_elements(200_000);
    pool.max_core_instance_size(4 << 20);
    pool.max_component_instance_size(4 << 20);
    // Resetting what a small step touched is cheaper by memset than by handing the pages back.
    pool.linear_memory_keep_resident(256 << 10);
    pool.table_keep_resident(64 << 10);
    pool
}
