//! Compiling for other machines.

use std::path::{Path, PathBuf};

use weft_pipeline::step::StepObserver;

use crate::compile::CompileLimits;
use crate::compiled_cache::{Transferred, export_compiled};
use crate::compiler::{Compiler, Names};
use crate::engine;
use crate::error::Result;
use crate::loader;
use crate::target::Target;
use crate::walls::Walls;

/// Compiles components for a kind of machine that need not be this one.
pub struct AheadCompiler {
    compiler: Compiler,
    target: Target,
    strict: bool,
    cache: PathBuf,
}

impl AheadCompiler {
    /// Starts the compiler. `strict` has steps compute the same on each architecture. `cache` is the folder for compiled components.
    ///
    /// # Errors
    /// wasmtime does not compile for it, or the folder is not this user's alone.
    pub fn new(target: Target, strict: bool, cache: &Path) -> Result<Self> {
        let started = engine::start_for(target, strict)?;
        let compiler = Compiler::new(started, Some(cache), CompileLimits::default(), Walls::default())?;
        Ok(Self { compiler, target, strict, cache: cache.to_owned() })
    }

    /// Compiles all of a component into the folder, unless it is there. `what` names it in errors. Gives its digest.
    ///
    /// # Errors
    /// It cannot be compiled, or the observer interrupts.
    pub fn compile(&self, what: &str, component: &[u8], observer: &dyn StepObserver) -> Result<String> {
        let digest = loader::digest_of(component);
        self.compiler.ahead(&digest, component, self.target, Names { task: "", what }, observer)?;
        Ok(digest)
    }

    /// Writes what was compiled of these components to a file, for [`crate::import_compiled`].
    ///
    /// # Errors
    /// The folder or the file cannot be used.
    pub fn export(&self, digests: &[String], file: &Path) -> Result<Transferred> {
        export_compiled(&self.cache, self.target, self.strict, Some(digests), file)
    }
}
