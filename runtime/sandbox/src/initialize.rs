//! Running a module of WASI 0.1 once, while an executor is built, to keep what is then in its memory: an interpreter that has started and
//! loaded its library need not do so in each step.
//!
//! Nothing here runs in a pipeline. What the module sees is the same each time, files aside: no arguments, no environment, the virtual
//! clock, seeded randomness. So equal modules and files give equal images, unless the module looks at the files' times and numbers.

use std::path::Path;
use std::time::Duration;

use wasmtime::component::Component;
use wasmtime::{Linker, Module, Store, UpdateDeadline, Val};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
use weft_pipeline::step::StepObserver;

use crate::clock::VirtualClock;
use crate::compile::{self, CompileLimits, Turns};
use crate::compiled_cache::CompiledCache;
use crate::engine::{self, Started};
use crate::error::{Error, Result};
use crate::limits::{Deadline, MemoryLimiter};
use crate::loader;
use crate::log::Log;
use crate::observer::Listener;
use crate::random;

/// Lines at the end of its output that an error repeats.
const LAST_LINES: usize = 12;

/// What a module is given, and what is called in it.
#[derive(Debug, Clone, Copy)]
pub struct Initialization<'a> {
    /// What it is called while it is compiled.
    pub name: &'a str,
    /// The folder that it has as `/`, which it may write to.
    pub root: &'a Path,
    /// Exported functions without parameters and results, called in this order.
    pub calls: &'a [&'a str],
    /// Bytes of memory that it may use.
    pub memory: u64,
    /// Time that it may take once it is compiled.
    pub time: Duration,
}

/// A module's state after it was initialised.
#[derive(Debug)]
pub struct Image {
    /// The memory that it exports as `memory`.
    pub memory: Vec<u8>,
    /// The numbers in the globals that it exports, by their names.
    pub globals: Vec<(String, Number)>,
}

/// The value of a global.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// Of 32 bits.
    I32(i32),
    /// Of 64 bits.
    I64(i64),
    /// A float of 32 bits.
    F32(u32),
    /// A float of 64 bits.
    F64(u64),
}

struct Guest {
    wasi: WasiP1Ctx,
    limiter: MemoryLimiter,
}

/// Compiles modules, initialises them, and compiles the components that are made of them.
pub struct Initializer {
    started: Started,
    limits: CompileLimits,
    turns: Turns,
}

impl Initializer {
    /// Starts an engine for it, with the settings that steps run with.
    ///
    /// # Errors
    /// wasmtime does not start on this machine.
    pub fn new() -> Result<Self> {
        Ok(Self { started: engine::start()?, limits: CompileLimits::default(), turns: Turns::default() })
    }

    /// Compiles a module and initialises it. Imports other than WASI's trap when they are called.
    ///
    /// # Errors
    /// It cannot be compiled, it fails, or the observer interrupts.
    pub fn initialize(&self, module: &[u8], how: &Initialization<'_>, observer: &dyn StepObserver) -> Result<Image> {
        let engine = &self.started.engine;
        let module = self.compile(how.name, observer, usize::MAX, || Module::new(engine, module))?;
        Listener::during(observer, |listener| run(engine, &module, how, listener))
    }

    /// Compiles a component into a folder for compiled ones, where a sandbox finds it.
    ///
    /// # Errors
    /// It cannot be compiled, the folder is not this user's alone, or the observer interrupts.
    pub fn compile_into(&self, cache: &Path, name: &str, component: &[u8], observer: &dyn StepObserver) -> Result<()> {
        let cache = CompiledCache::open(cache, &self.started)?;
        let threads =
            compile::check(component, &self.limits).map_err(|why| Error::TooLarge { what: name.to_owned(), why })?;
        let engine = &self.started.engine;
        let compiled = self.compile(name, observer, threads, || Component::from_binary(engine, component))?;
        cache.store(&loader::digest_of(component), &compiled);
        Ok(())
    }

    fn compile<T: Send>(
        &self,
        name: &str,
        observer: &dyn StepObserver,
        threads: usize,
        compile: impl FnOnce() -> wasmtime::Result<T> + Send,
    ) -> Result<T> {
        let refuse = |error: wasmtime::Error| Error::Initialize { what: name.to_owned(), why: format!("{error:#}") };
        self.turns
            .compile(&self.limits, threads, (name, name), observer, compile)
            .map_err(|stop| stop.into_error(name.to_owned(), &self.limits))?
            .map_err(refuse)
    }
}

fn run(engine: &wasmtime::Engine, module: &Module, how: &Initialization<'_>, listener: Listener) -> Result<Image> {
    let log = Log::default();
    let fail = |error: wasmtime::Error| {
        if listener.interrupted() {
            return Error::Interrupted;
        }
        let lines = log.last_lines(LAST_LINES).join("\n");
        let why = if lines.is_empty() { format!("{error:#}") } else { format!("{}\n{lines}", error.root_cause()) };
        Error::Initialize { what: how.name.to_owned(), why }
    };
    let clock = VirtualClock::default();
    let mut wasi = WasiCtxBuilder::new();
    wasi.allow_blocking_current_thread(true)
        .stdout(log.clone())
        .stderr(log.clone())
        .wall_clock(clock.clone())
        .monotonic_clock(clock);
    random::seed(&mut wasi, &[0; 32]);
    wasi.preopened_dir(how.root, "/", FsPerms::ReadWrite).map_err(fail)?;
    let guest = Guest { wasi: wasi.build_p1(), limiter: MemoryLimiter::new(how.memory) };
    let mut store = Store::new(engine, guest);
    store.limiter(|guest| &mut guest.limiter);
    store.set_epoch_deadline(1);
    let deadline = Deadline::after(how.time);
    store.epoch_deadline_callback(move |_| {
        let stop = deadline.passed() || listener.interrupted();
        Ok(if stop { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
    });
    let mut linker = Linker::new(engine);
    p1::add_to_linker_sync(&mut linker, |guest: &mut Guest| &mut guest.wasi).map_err(fail)?;
    linker.define_unknown_imports_as_traps(module).map_err(fail)?;
    let instance = linker.instantiate(&mut store, module).map_err(fail)?;
    for name in how.calls {
        let function = instance.get_typed_func::<(), ()>(&mut store, name).map_err(fail)?;
        function.call(&mut store, ()).map_err(fail)?;
    }
    let memory = instance
        .get_memory(&mut store, "memory")
        .ok_or_else(|| Error::Initialize { what: how.name.to_owned(), why: "it exports no `memory`".to_owned() })?;
    let memory = memory.data(&store).to_vec();
    let exported: Vec<_> = instance
        .exports(&mut store)
        .filter_map(|export| Some((export.name().to_owned(), export.into_global()?)))
        .collect();
    let globals = exported.into_iter().filter_map(|(name, global)| {
        let number = match global.get(&mut store) {
            Val::I32(value) => Number::I32(value),
            Val::I64(value) => Number::I64(value),
            Val::F32(bits) => Number::F32(bits),
            Val::F64(bits) => Number::F64(bits),
            _ => return None,
        };
        Some((name, number))
    });
    let globals = globals.collect();
    Ok(Image { memory, globals })
}
