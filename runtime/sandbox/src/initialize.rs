//! Running a module of WASI 0.1 once, while an executor is built, to keep what is then in its memory: an interpreter that has started and
//! loaded its library need not do so in each step.
//!
//! Nothing here runs in a pipeline. What the module sees is the same each time, files aside: no arguments, no environment, the virtual
//! clock, seeded randomness. So equal modules and files give equal images, unless the module looks at the files' times and numbers.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use wasmtime::{Engine, Extern, Linker, Module, Store, Val};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};
use weft_pipeline::step::StepObserver;

use crate::clock::VirtualClock;
use crate::compile::CompileLimits;
use crate::compiler::{Compiler, Extent, Names};
use crate::engine;
use crate::error::{Error, Result};
use crate::limits::{Deadline, MemoryLimiter, Stop};
use crate::loader;
use crate::log::Log;
use crate::observer::Listener;
use crate::partial::{self, UsualFunctions};
use crate::random;
use crate::walls::Walls;
use crate::watch::{self, Code, Watched};

/// Lines at the end of its output that an error repeats.
const LAST_LINES: usize = 12;

/// What a module is given, and what is called in it.
#[derive(Debug, Clone, Copy)]
pub struct Initialization<'a> {
    /// What it is called while it is compiled.
    pub name: &'a str,
    /// The folder that it has as `/`, which it may write to.
    pub root: &'a Path,
    /// Exported functions without parameters, called in this order. What they give is not looked at.
    pub calls: &'a [&'a str],
    /// Exported functions that are called after these, and may trap.
    pub tried: &'a [&'a str],
    /// An imported function that is an exported one of its own: module, name, export.
    pub own: Option<(&'a str, &'a str, &'a str)>,
    /// Which of its functions are compiled at first, as in [`crate::USUAL_FUNCTIONS`]; all if empty.
    pub usual: &'a [u8],
    /// Bytes of memory that it may use.
    pub memory: u64,
    /// Time that it may take once it is compiled.
    pub time: Duration,
}

/// A module's state after it was initialised.
#[derive(Debug)]
pub struct Image {
    /// The memories that it exports, by their names.
    pub memories: BTreeMap<String, Vec<u8>>,
    /// The numbers in the globals that it exports, by their names.
    pub globals: BTreeMap<String, Number>,
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
pub struct Initializer(Compiler);

impl Initializer {
    /// Starts an engine for it, with the settings that steps run with. `cache` is the folder for compiled components, where a sandbox
    /// finds them.
    ///
    /// # Errors
    /// wasmtime does not start on this machine, or the folder is not this user's alone.
    pub fn new(cache: Option<&Path>) -> Result<Self> {
        Ok(Self(Compiler::new(engine::start(false)?, cache, CompileLimits::default(), Walls::default())?))
    }

    /// Compiles a module and initialises it. Imports other than WASI's do nothing, and answer 0.
    ///
    /// # Errors
    /// It cannot be compiled, it fails, or the observer interrupts.
    pub fn initialize(&self, module: &[u8], how: &Initialization<'_>, observer: &dyn StepObserver) -> Result<Image> {
        let usual = UsualFunctions::decode(how.usual);
        if let Some(reduced) = usual.and_then(|usual| partial::without_others(module, &usual))
            && let Some(image) = self.run(&reduced, Extent::Usual, how, observer)?
        {
            return Ok(image);
        }
        let image = self.run(module, Extent::Whole, how, observer)?;
        image.ok_or_else(|| Error::Initialize { what: how.name.to_owned(), why: "a function is missing".to_owned() })
    }

    /// Compiles a component into the folder, as far as its programs usually need it.
    ///
    /// # Errors
    /// It cannot be compiled, or the observer interrupts.
    pub fn compile(&self, name: &str, component: &[u8], observer: &dyn StepObserver) -> Result<()> {
        let names = Names { task: name, what: name };
        self.0.component(&loader::digest_of(component), component, Extent::Usual, names, observer).map(drop)
    }

    fn run(
        &self,
        module: &[u8],
        extent: Extent,
        how: &Initialization<'_>,
        observer: &dyn StepObserver,
    ) -> Result<Option<Image>> {
        let module = self.0.module(module, Names { task: how.name, what: how.name }, observer)?;
        Listener::during(observer, |listener| {
            let log = Log::default();
            match run(&self.0.engine, &module, how, listener, &log) {
                Ok(image) => Ok(Some(image)),
                Err(error) if partial::is_missing(&error, extent) => Ok(None),
                Err(_) if listener.interrupted() => Err(Error::Interrupted),
                Err(error) => Err(failed(how.name, &error, &log)),
            }
        })
    }
}

fn failed(what: &str, error: &wasmtime::Error, log: &Log) -> Error {
    let lines = log.last_lines(LAST_LINES).join("\n");
    let why = if lines.is_empty() { format!("{error:#}") } else { format!("{}\n{lines}", error.root_cause()) };
    Error::Initialize { what: what.to_owned(), why }
}

fn run(
    engine: &Engine,
    module: &Module,
    how: &Initialization<'_>,
    listener: Listener,
    log: &Log,
) -> wasmtime::Result<Image> {
    let clock = VirtualClock::default();
    let mut wasi = WasiCtxBuilder::new();
    wasi.allow_blocking_current_thread(true)
        .stdout(log.clone())
        .stderr(log.clone())
        .wall_clock(clock.clone())
        .monotonic_clock(clock);
    random::seed(&mut wasi, &[0; 32]);
    wasi.preopened_dir(how.root, "/", FsPerms::ReadWrite)?;
    let guest = Guest { wasi: wasi.build_p1(), limiter: MemoryLimiter::new(how.memory, Walls::default()) };
    let mut store = Store::new(engine, guest);
    store.limiter(|guest| &mut guest.limiter);
    let watched = Watched::new(Deadline::after(how.time), listener);
    watch::hook(&mut store, &watched, |_| false);
    let entered = watched.enter(engine, Code::Module(module.clone()));
    let image = call_all(&mut store, module, how);
    drop(entered);
    match watched.stop() {
        Some(Stop::Time) => Err(wasmtime::Error::msg(format!("it was not done within {} s", how.time.as_secs()))),
        _ => image,
    }
}

/// Calls what is to be called, and keeps what is then in the exports.
fn call_all(mut store: &mut Store<Guest>, module: &Module, how: &Initialization<'_>) -> wasmtime::Result<Image> {
    let engine = &store.engine().clone();
    let mut linker = Linker::new(engine);
    p1::add_to_linker_sync(&mut linker, |guest: &mut Guest| &mut guest.wasi)?;
    if let Some((from, name, export)) = how.own {
        let imported = module.imports().find(|import| (import.module(), import.name()) == (from, name));
        let ty = imported.and_then(|import| import.ty().func().cloned());
        let ty = ty.ok_or_else(|| wasmtime::Error::msg(format!("it imports no function `{from}` `{name}`")))?;
        let export = export.to_owned();
        linker.func_new(from, name, ty, move |mut caller, arguments, results| {
            let function = caller.get_export(&export).and_then(Extern::into_func);
            let function =
                function.ok_or_else(|| wasmtime::Error::msg(format!("it exports no function `{export}`")))?;
            function.call(&mut caller, arguments, results)
        })?;
    }
    linker.define_unknown_imports_as_default_values(&mut store, module)?;
    let instance = linker.instantiate(&mut store, module)?;
    let mut call = |name: &str| {
        let function = instance
            .get_func(&mut store, name)
            .ok_or_else(|| wasmtime::Error::msg(format!("it exports no function `{name}`")))?;
        let mut results = vec![Val::I32(0); function.ty(&store).results().len()];
        function.call(&mut store, &[], &mut results)
    };
    how.calls.iter().try_for_each(|name| call(name))?;
    for name in how.tried {
        if let Err(error) = call(name) {
            tracing::debug!("`{name}` failed: {error:#}");
        }
    }
    let exports: Vec<_> =
        instance.exports(&mut store).map(|export| (export.name().to_owned(), export.into_extern())).collect();
    let mut image = Image { memories: BTreeMap::new(), globals: BTreeMap::new() };
    for (name, export) in exports {
        match export {
            Extern::Memory(memory) => _ = image.memories.insert(name, memory.data(&store).to_vec()),
            Extern::Global(global) => {
                let number = match global.get(&mut store) {
                    Val::I32(value) => Number::I32(value),
                    Val::I64(value) => Number::I64(value),
                    Val::F32(bits) => Number::F32(bits),
                    Val::F64(bits) => Number::F64(bits),
                    _ => continue,
                };
                image.globals.insert(name, number);
            }
            _ => {}
        }
    }
    Ok(image)
}
