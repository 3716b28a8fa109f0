//! Compiling components and modules for this machine: within bounds, with the cache on disk, told to whom waits.

pub(crate) mod wasmtime_compiler;

use std::path::Path;

use wasmtime::Engine;
use wasmtime::Module;
use wasmtime::component::Component;
use weft_pipeline::step::StepObserver;

use crate::compile::{self, CompileLimits, Turns};
use crate::compiled_cache::CompiledCache;
use crate::engine::Started;
use crate::error::{Error, Result};
use crate::partial::{self, UsualFunctions};
use crate::target::{COMPILES, Target};
use crate::walls::{Wall, Walls};

/// How much of a component is compiled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Extent {
    /// The functions that it says its programs usually call; see [`crate::partial`].
    Usual,
    /// Everything.
    Whole,
}

/// A component's compiled form. Of a component that does not tell functions apart it is always the whole.
pub(crate) struct Compiled {
    pub(crate) component: Component,
    pub(crate) extent: Extent,
}

/// What is compiled, for errors and for the observer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Names<'a> {
    /// The task that waits for it.
    pub(crate) task: &'a str,
    /// The file's name, or a digest.
    pub(crate) what: &'a str,
}

/// The engine's compiler with its cache.
pub(crate) struct Compiler {
    pub(crate) engine: Engine,
    cache: Option<CompiledCache>,
    limits: CompileLimits,
    turns: Turns,
    walls: Walls,
}

impl Compiler {
    pub(crate) fn new(started: Started, cache: Option<&Path>, limits: CompileLimits, walls: Walls) -> Result<Self> {
        let cache = cache.map(|directory| CompiledCache::open(directory, &started, walls)).transpose()?;
        Ok(Self { engine: started.engine, cache, limits, turns: Turns::default(), walls })
    }

    /// A component's compiled form on disk: the whole is as good for who needs but the usual part.
    pub(crate) fn cached(&self, digest: &str, extent: Extent) -> Option<Compiled> {
        let cache = self.cache.as_ref()?;
        let extents: &[Extent] = if extent == Extent::Whole { &[Extent::Whole] } else { &[Extent::Whole, extent] };
        extents
            .iter()
            .find_map(|&extent| Some(Compiled { component: cache.load(&self.engine, digest, extent)?, extent }))
    }

    /// Compiles a component, and keeps its compiled form on disk.
    ///
    /// # Errors
    /// It is too large, it is invalid, or the observer interrupts.
    pub(crate) fn component(
        &self,
        digest: &str,
        binary: &[u8],
        extent: Extent,
        names: Names<'_>,
        observer: &dyn StepObserver,
    ) -> Result<Compiled> {
        let usual = if extent == Extent::Usual { UsualFunctions::of_component(binary) } else { None };
        let reduced = usual.and_then(|usual| partial::without_others(binary, &usual));
        let extent = if reduced.is_some() { Extent::Usual } else { Extent::Whole };
        let binary = reduced.as_deref().unwrap_or(binary);
        let component = self.compile(binary, names, observer, || wasmtime_compiler::component(&self.engine, binary))?;
        if let Some(cache) = &self.cache {
            cache.store(digest, extent, &component);
        }
        Ok(Compiled { component, extent })
    }

    /// Compiles a module, which is not kept.
    ///
    /// # Errors
    /// It is too large, it is invalid, or the observer interrupts.
    pub(crate) fn module(&self, binary: &[u8], names: Names<'_>, observer: &dyn StepObserver) -> Result<Module> {
        self.compile(binary, names, observer, || wasmtime_compiler::module(&self.engine, binary))
    }

    /// Compiles all of a component for machines of the engine's kind, unless that was done before, and keeps what came of it on disk.
    ///
    /// # Errors
    /// It is too large, it is invalid, it cannot be kept, or the observer interrupts.
    pub(crate) fn ahead(
        &self,
        digest: &str,
        binary: &[u8],
        target: Target,
        names: Names<'_>,
        observer: &dyn StepObserver,
    ) -> Result<()> {
        let Some(cache) = self.cache.as_ref().filter(|cache| !cache.has(digest)) else { return Ok(()) };
        let compiled = self.compile(binary, names, observer, || wasmtime_compiler::precompile(&self.engine, binary))?;
        cache
            .store_ahead(digest, &compiled, target)
            .map_err(|source| Error::Engine(format!("what was compiled cannot be kept: {source}")))
    }

    fn compile<T: Send>(
        &self,
        binary: &[u8],
        names: Names<'_>,
        observer: &dyn StepObserver,
        compile: impl FnOnce() -> wasmtime::Result<T> + Send,
    ) -> Result<T> {
        let what = || names.what.to_owned();
        if !COMPILES {
            return Err(Error::NotCompiled { what: what() });
        }
        let cost = match compile::check(binary, &self.limits) {
            Ok(cost) => cost,
            Err(_) if !self.walls.stand(Wall::CompileBounds) => compile::Cost { threads: 1, code: 0 },
            Err(why) => return Err(Error::TooLarge { what: what(), why }),
        };
        let compile = || match &self.cache {
            Some(cache) => cache.compile(cost.code, compile),
            None => compile(),
        };
        self.turns
            .compile(&self.limits, cost.threads, (names.task, names.what), observer, compile)
            .map_err(|stop| stop.into_error(what(), &self.limits))?
            .map_err(|error| Error::NotAComponent { what: what(), why: one_line(&format!("{error:#}")) })
    }
}

/// A text without line breaks.
pub(crate) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
