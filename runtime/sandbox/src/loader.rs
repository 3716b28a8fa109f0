//! Components by their digests: their signatures as they are looked at, their code once a step runs.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::Engine;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker};
use weft_pipeline::step::StepObserver;
use weft_signature::NotAComponent;

use crate::compile::{self, CompileLimits, Turns};
use crate::compiled_cache::CompiledCache;
use crate::component::LoadedComponent;
use crate::engine::Started;
use crate::error::{Error, Result};
use crate::host::{self, State};

/// Bytes of a component's file. An interpreter with its libraries has some tens of millions.
const MAX_FILE: u64 = 1 << 30;

/// A component that is compiled and linked with the host.
pub(crate) struct Ready {
    pub(crate) component: Arc<LoadedComponent>,
    pub(crate) instance: InstancePre<State>,
    /// The functions of [`LoadedComponent::steps`], in their order.
    pub(crate) steps: Vec<ComponentExportIndex>,
    /// The function that starts it, if it is a command.
    pub(crate) command: Option<ComponentExportIndex>,
}

/// What is compiled by one thread while others wait for it.
type Slot = Arc<Mutex<Option<Arc<Ready>>>>;

/// Loads components, each once.
pub(crate) struct Loader {
    pub(crate) engine: Engine,
    linker: Linker<State>,
    cache: Option<CompiledCache>,
    limits: CompileLimits,
    turns: Turns,
    loaded: Mutex<HashMap<String, Arc<LoadedComponent>>>,
    /// The files that components were read from.
    files: Mutex<HashMap<String, PathBuf>>,
    ready: Mutex<HashMap<String, Slot>>,
}

impl Loader {
    pub(crate) fn new(started: Started, cache: Option<&Path>, limits: CompileLimits) -> Result<Self> {
        let cache = cache.map(|directory| CompiledCache::open(directory, &started)).transpose()?;
        let engine = started.engine;
        let linker = host::linker(&engine).map_err(|error| Error::Engine(format!("{error:#}")))?;
        let (loaded, files, ready) = Default::default();
        Ok(Self { engine, linker, cache, limits, turns: Turns::default(), loaded, files, ready })
    }

    /// A component that was looked at before.
    fn known(&self, digest: &str) -> Option<Arc<LoadedComponent>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    /// Reads a component's signature from its file.
    pub(crate) fn load_file(&self, path: &Path) -> Result<Arc<LoadedComponent>> {
        let binary = read_file(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        let what = path.display().to_string();
        if binary.len() as u64 > MAX_FILE {
            return Err(Error::NotAComponent { what, why: format!("the file has more than {MAX_FILE} bytes") });
        }
        let loaded = self.load(&what, &binary)?;
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(loaded.digest().to_owned(), path.to_owned());
        Ok(loaded)
    }

    /// Reads a component's signature from its binary, unless that was done before. `what` names it in errors.
    pub(crate) fn load(&self, what: &str, binary: &[u8]) -> Result<Arc<LoadedComponent>> {
        let digest = digest_of(binary);
        self.read(what, &digest, binary)
    }

    fn read(&self, what: &str, digest: &str, binary: &[u8]) -> Result<Arc<LoadedComponent>> {
        if let Some(loaded) = self.known(digest) {
            return Ok(loaded);
        }
        let interface = weft_signature::read(binary)
            .map_err(|NotAComponent(why)| Error::NotAComponent { what: what.to_owned(), why: one_line(&why) })?;
        host::check(&self.linker, &interface).map_err(|why| Error::Link { what: what.to_owned(), why })?;
        let loaded = Arc::new(LoadedComponent::new(digest.to_owned(), interface));
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(digest.to_owned(), Arc::clone(&loaded));
        Ok(loaded)
    }

    fn file(&self, digest: &str) -> Option<PathBuf> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    /// The binary of a component: what the artifact store has, or else the file that it was read from, if it is still the same.
    fn binary(&self, digest: &str, stored: &dyn Fn() -> Result<Vec<u8>>) -> Result<Vec<u8>> {
        stored().or_else(|error| {
            let binary = self.file(digest).and_then(|path| read_file(&path).ok());
            binary.filter(|binary| digest_of(binary) == digest).ok_or(error)
        })
    }

    /// The component of this digest, ready to run: compiled for the first step that needs it, while others that need it
    /// wait. `stored` gives its binary from the artifact store; `observer` is told if compiling takes a while.
    pub(crate) fn ready(
        &self,
        digest: &str,
        stored: &dyn Fn() -> Result<Vec<u8>>,
        task: &str,
        observer: &dyn StepObserver,
    ) -> Result<Arc<Ready>> {
        let slot =
            Arc::clone(self.ready.lock().unwrap_or_else(PoisonError::into_inner).entry(digest.to_owned()).or_default());
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = &*slot {
            return Ok(Arc::clone(ready));
        }
        let mut bytes = None;
        let loaded = match self.known(digest) {
            Some(loaded) => loaded,
            None => self.read(digest, digest, bytes.insert(self.binary(digest, stored)?))?,
        };
        let component = if let Some(component) = self.cache.as_ref().and_then(|cache| cache.load(&self.engine, digest))
        {
            component
        } else {
            let bytes = match bytes {
                Some(bytes) => bytes,
                None => self.binary(digest, stored)?,
            };
            // Its file's name means more to people than its digest.
            let file = self.file(digest).and_then(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
            let name = file.unwrap_or_else(|| digest.to_owned());
            self.compile((task, &name), digest, &bytes, observer)?
        };
        let ready = Arc::new(self.link(digest, loaded, &component)?);
        *slot = Some(Arc::clone(&ready));
        Ok(ready)
    }

    fn compile(
        &self,
        (task, name): (&str, &str),
        digest: &str,
        binary: &[u8],
        observer: &dyn StepObserver,
    ) -> Result<Component> {
        let what = || name.to_owned();
        let threads =
            compile::check(binary, &self.limits).map_err(|bound| Error::TooLarge { what: what(), why: bound })?;
        let compile = || Component::from_binary(&self.engine, binary);
        let compile = || match &self.cache {
            Some(cache) => cache.compile(binary.len(), compile),
            None => compile(),
        };
        let component = self
            .turns
            .compile(&self.limits, threads, (task, name), observer, compile)
            .map_err(|stop| stop.into_error(what(), &self.limits))?
            .map_err(|error| Error::NotAComponent { what: what(), why: one_line(&format!("{error:#}")) })?;
        if let Some(cache) = &self.cache {
            cache.store(digest, &component);
        }
        Ok(component)
    }

    fn link(&self, what: &str, loaded: Arc<LoadedComponent>, component: &Component) -> Result<Ready> {
        let refuse = |why: String| Error::Link { what: what.to_owned(), why };
        let mut linker = self.linker.clone();
        host::define_custom_types(&mut linker, &loaded.interface).map_err(refuse)?;
        let instance =
            linker.instantiate_pre(component).map_err(|error| refuse(explain_link(&format!("{error:#}"))))?;
        let export = |interface: Option<&str>, function: &str| {
            let instance = match interface {
                Some(interface) => Some(component.get_export_index(None, interface)?),
                None => None,
            };
            component.get_export_index(instance.as_ref(), function)
        };
        let lost = |name: &str| refuse(format!("its export `{name}` is not where its signature says"));
        let steps = loaded
            .steps()
            .iter()
            .map(|step| export(step.interface.as_deref(), &step.function).ok_or_else(|| lost(&step.name)));
        let steps = steps.collect::<Result<_>>()?;
        let command = loaded.interface.command.as_deref().and_then(|interface| export(Some(interface), "run"));
        Ok(Ready { component: loaded, instance, steps, command })
    }
}

/// The digest by which a component is known.
pub(crate) fn digest_of(binary: &[u8]) -> String {
    format!("blake3:{}", blake3::hash(binary).to_hex())
}

/// A file's bytes, at most one more than a component may have: it may grow, or be a device.
fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut binary = Vec::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut binary)?;
    Ok(binary)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// wasmtime's words for a missing import, with what to do.
fn explain_link(error: &str) -> String {
    let error = one_line(error);
    if error.contains("weft:component/") {
        format!("{error}; it was built against another version of the interface: rebuild it with this runtime's `wit/`")
    } else {
        error
    }
}

#[cfg(test)]
mod tests;
