//! The cache of compiled components on disk.
//!
//! A compiled component is native code without any check. Files are therefore read only from the private directory of the
//! cache, which must belong to the user and not be writable for others, and only under the name that the component's digest
//! and the engine's version and settings give them.

mod transfer;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::atomic_write::{Durability, write_atomically};
use crate::compiler::Extent;
use crate::engine::Started;
use crate::error::{Error, Result};
use crate::function_cache::{FunctionCache, PackDirectory};
use crate::target::{COMPILES, Target};
use crate::walls::{Wall, Walls};
use crate::watch;

pub use transfer::{Transferred, compiled_for, export_compiled, import_compiled};

/// Bytes of WebAssembly code from which a component is compiled with the function cache. Reading the packs takes longer than compiling a
/// smaller one, which takes half a second. An interpreter has ten times this size.
const WORTH_SHARING: u64 = 1 << 20;

/// Bytes of WebAssembly code up to which functions are kept: those of a larger component would drive all others out of the packs.
const MAX_KEPT: u64 = 40 << 20;

/// What guests that compute are ended with on hosts that do not compile; see [`watch`].
const LANDING: &str = "landing.cwasm";

/// The private cache of compiled components.
pub(crate) struct CompiledCache {
    directory: PathBuf,
    /// The same for any machine of this kind, where what was compiled elsewhere is.
    portable: Option<PathBuf>,
    /// The engine's version and settings.
    engine: u64,
    functions: Arc<FunctionCache>,
}

impl CompiledCache {
    /// Opens the cache below `directory`, which is created if it does not exist.
    pub(crate) fn open(directory: &Path, started: &Started, walls: Walls) -> Result<Self> {
        let fail = |why: String| Error::Cache { path: directory.to_owned(), why };
        let Started { engine, target, strict, functions } = started;
        let folder = |identity: u64| directory.join(format!("wasmtime-{identity:016x}"));
        let identity = target.identity(engine, *strict);
        let own = folder(identity);
        create_private(&own).map_err(|error| fail(error.to_string()))?;
        if walls.stand(Wall::PrivateCache) {
            check_private(directory).map_err(fail)?;
            check_private(&own).map_err(fail)?;
        }
        if !COMPILES {
            watch::take_landing(&own.join(LANDING));
        }
        let portable = folder(Target::Portable.identity(engine, *strict));
        let portable = Some(portable).filter(|portable| *target == Target::Native && *portable != own);
        Ok(Self { directory: own, portable, engine: identity, functions: Arc::clone(functions) })
    }

    /// Compiles so many bytes of code, many of them with the function cache.
    pub(crate) fn compile<T, E>(
        &self,
        code: u64,
        compile: impl FnOnce() -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        if code < WORTH_SHARING {
            return compile();
        }
        let packs = PackDirectory { directory: &self.directory, engine: self.engine };
        self.functions.compile_with(packs, code <= MAX_KEPT, compile)
    }

    /// The compiled form of a component, if it is in the cache for this engine.
    pub(crate) fn load(&self, engine: &Engine, digest: &str, extent: Extent) -> Option<Component> {
        let name = file_name(digest, extent);
        let mut paths = std::iter::once(&self.directory).chain(&self.portable).map(|folder| folder.join(&name));
        let path = paths.find(|path| path.exists())?;
        // Who compiles can make it when a guest is to end, and need not at each start.
        if !COMPILES && !watch::can_end(engine) {
            tracing::error!("guests could not be ended where they compute: no compiled code is loaded");
            return None;
        }
        // SAFETY: the file was written by `store` of this engine's version and settings: the directory is the user's own,
        // closed to others (checked when it was opened), and files appear in it only whole, by renaming.
        #[expect(unsafe_code, reason = "loading native code has no safe form; see the safety comment")]
        let component = unsafe { Component::deserialize_file(engine, &path) };
        match component {
            Ok(component) => Some(component),
            Err(error) => {
                tracing::warn!(path = %path.display(), "a compiled component does not load and is compiled again: {error:#}");
                let _ = fs::remove_file(&path);
                None
            }
        }
    }

    /// Keeps the compiled form for another kind of machine, and what is needed there to end it. Unlike here it cannot be compiled again.
    pub(crate) fn store_ahead(&self, digest: &str, compiled: &[u8], target: Target) -> std::io::Result<()> {
        if target == Target::Portable && watch::compiles_for_signals() && !self.directory.join(LANDING).exists() {
            let landing = watch::landing_for(target).map_err(|error| std::io::Error::other(format!("{error:#}")))?;
            write_atomically(&self.directory, LANDING, &landing, Durability::Synced)?;
        }
        write_atomically(&self.directory, &file_name(digest, Extent::Whole), compiled, Durability::Synced)
    }

    /// Whether there is a compiled form of all of it.
    pub(crate) fn has(&self, digest: &str) -> bool {
        self.directory.join(file_name(digest, Extent::Whole)).exists()
    }

    /// Stores the compiled form. If that fails, the component is compiled again next time.
    pub(crate) fn store(&self, digest: &str, extent: Extent, component: &Component) {
        if let Err(error) = self.try_store(&file_name(digest, extent), component) {
            tracing::warn!("a compiled component could not be kept: {error}");
        }
    }

    fn try_store(&self, name: &str, component: &Component) -> std::io::Result<()> {
        let bytes = component.serialize().map_err(|error| std::io::Error::other(format!("{error:#}")))?;
        // After a power cut a file that has its name but not its bytes would be run as code.
        write_atomically(&self.directory, name, &bytes, Durability::Synced)
    }
}

fn file_name(digest: &str, extent: Extent) -> String {
    let part = if extent == Extent::Usual { ".usual" } else { "" };
    format!("{}{part}.cwasm", digest.replace(':', "-"))
}

#[cfg(unix)]
fn create_private(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(path)
}

#[cfg(not(unix))]
fn create_private(path: &Path) -> std::io::Result<()> {
    fs::create_dir_all(path)
}

#[cfg(unix)]
fn check_private(path: &Path) -> std::result::Result<(), String> {
    use std::os::unix::fs::MetadataExt;
    let metadata = fs::metadata(path).map_err(|error| error.to_string())?;
    // A file that this process creates belongs to its effective user.
    let probe = path.join(format!(".probe-{}", std::process::id()));
    let owner = fs::File::create(&probe).and_then(|file| file.metadata()).map_err(|error| error.to_string())?.uid();
    let _ = fs::remove_file(&probe);
    if metadata.uid() != owner {
        return Err("it belongs to another user, who could put code there".into());
    }
    if metadata.mode() & 0o022 != 0 {
        return Err("other users may write there; close it with `chmod go-w`".into());
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_path: &Path) -> std::result::Result<(), String> {
    Ok(())
}
