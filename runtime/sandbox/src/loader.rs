//! Components by their digests: their signatures as they are looked at, their code once a step runs.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use wasmtime::component::{ComponentExportIndex, InstancePre, Linker};
use weft_pipeline::step::StepObserver;
use weft_signature::NotAComponent;

use crate::compile::CompileLimits;
use crate::compiler::{Compiled, Compiler, Extent, Names, one_line};
use crate::component::LoadedComponent;
use crate::engine::Started;
use crate::error::{Error, Result};
use crate::host::{self, State};
use crate::walls::{Wall, Walls};
use crate::watch::Code;
use stamp::Stamp;

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
    /// How much of it is compiled.
    pub(crate) extent: Extent,
}

impl Ready {
    /// Its compiled code.
    pub(crate) fn code(&self) -> Code {
        Code::Component(self.instance.component().clone())
    }
}

/// What is compiled by one thread while others wait for it.
type Slot = Arc<Mutex<Option<Arc<Ready>>>>;

/// A component, by how much of it is compiled.
#[derive(Clone, Default)]
struct Slots {
    usual: Slot,
    whole: Slot,
}

/// Loads components, each once.
pub(crate) struct Loader {
    pub(crate) compiler: Compiler,
    linker: Linker<State>,
    loaded: Mutex<HashMap<String, Arc<LoadedComponent>>>,
    /// The files that components were read from, and what they are called.
    files: Mutex<HashMap<String, (PathBuf, String)>>,
    /// The digests of files that are read only when they have changed: an executor is tens of megabytes, and each run of a server names it.
    digests: Mutex<HashMap<PathBuf, (Stamp, String)>>,
    ready: Mutex<HashMap<String, Slots>>,
    walls: Walls,
}

impl Loader {
    pub(crate) fn new(started: Started, cache: Option<&Path>, limits: CompileLimits, walls: Walls) -> Result<Self> {
        let compiler = Compiler::new(started, cache, limits, walls)?;
        let linker = host::linker(&compiler.engine).map_err(|error| Error::Engine(format!("{error:#}")))?;
        let (loaded, files, digests, ready) = Default::default();
        Ok(Self { compiler, linker, loaded, files, digests, ready, walls })
    }

    /// A component that was looked at before.
    fn known(&self, digest: &str) -> Option<Arc<LoadedComponent>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    /// Reads a component's signature from its file, unless that was done before and the file has not changed.
    pub(crate) fn load_file(&self, path: &Path, name: Option<&str>) -> Result<Arc<LoadedComponent>> {
        let loaded = match self.unchanged(path) {
            Some(loaded) => loaded,
            None => self.read_file(path)?,
        };
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        // A file's name means more to people than a digest.
        let own = || path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        files.insert(loaded.digest().to_owned(), (path.to_owned(), name.map_or_else(own, str::to_owned)));
        Ok(loaded)
    }

    fn unchanged(&self, path: &Path) -> Option<Arc<LoadedComponent>> {
        let stamp = Stamp::of(&std::fs::metadata(path).ok()?)?;
        let digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, digest) = digests.get(path)?;
        if *known == stamp { self.known(digest) } else { None }
    }

    fn read_file(&self, path: &Path) -> Result<Arc<LoadedComponent>> {
        let unread = |source| Error::Read { path: path.to_owned(), source };
        // As it is before it is read: what changes it meanwhile changes this.
        let stamp = Stamp::of(&std::fs::metadata(path).map_err(unread)?);
        let settled = stamp.filter(|stamp| stamp.is_settled(SystemTime::now()));
        let binary = read_file(path).map_err(unread)?;
        let what = path.display().to_string();
        if binary.len() as u64 > MAX_FILE {
            return Err(Error::NotAComponent { what, why: format!("the file has more than {MAX_FILE} bytes") });
        }
        let loaded = self.load(&what, &binary)?;
        if let Some(stamp) = settled {
            let mut digests = self.digests.lock().unwrap_or_else(PoisonError::into_inner);
            digests.insert(path.to_owned(), (stamp, loaded.digest().to_owned()));
        }
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

    fn file(&self, digest: &str) -> Option<(PathBuf, String)> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    /// What a component is called: its file, or its digest.
    pub(crate) fn name(&self, digest: &str) -> String {
        self.file(digest).map_or_else(|| digest.to_owned(), |(_, name)| name)
    }

    /// The binary of a component: what the artifact store has, or else the file that it was read from, if it is still the same. Files of the
    /// store may have been exchanged: what has another digest would run in the place of the component, and be kept compiled as if it were it.
    pub(crate) fn binary(&self, digest: &str, stored: &dyn Fn() -> Result<Vec<u8>>) -> Result<Vec<u8>> {
        let stored = stored().and_then(|binary| {
            if !self.walls.stand(Wall::StoredDigest) || digest_of(&binary) == digest {
                return Ok(binary);
            }
            let why = "other bytes lie in its place in the store; `weft fsck` finds what else was changed".to_owned();
            Err(Error::Stored { digest: digest.to_owned(), why })
        });
        stored.or_else(|error| {
            let binary = self.file(digest).and_then(|(path, _)| read_file(&path).ok());
            binary.filter(|binary| digest_of(binary) == digest).ok_or(error)
        })
    }

    /// The component of this digest, ready to run: compiled for the first step that needs it, while others that need it
    /// wait. `stored` gives its binary from the artifact store; `observer` is told if compiling takes a while.
    pub(crate) fn ready(
        &self,
        digest: &str,
        extent: Extent,
        stored: &dyn Fn() -> Result<Vec<u8>>,
        task: &str,
        observer: &dyn StepObserver,
    ) -> Result<Arc<Ready>> {
        let slots =
            self.ready.lock().unwrap_or_else(PoisonError::into_inner).entry(digest.to_owned()).or_default().clone();
        // Once all of it is there, no step need begin with a part.
        if let Ok(whole) = slots.whole.try_lock()
            && let Some(ready) = &*whole
        {
            return Ok(Arc::clone(ready));
        }
        let slot = if extent == Extent::Whole { slots.whole } else { slots.usual };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ready) = &*slot {
            return Ok(Arc::clone(ready));
        }
        let mut bytes = None;
        let loaded = match self.known(digest) {
            Some(loaded) => loaded,
            None => self.read(digest, digest, bytes.insert(self.binary(digest, stored)?))?,
        };
        let compiled = if let Some(compiled) = self.compiler.cached(digest, extent) {
            compiled
        } else {
            let bytes = match bytes {
                Some(bytes) => bytes,
                None => self.binary(digest, stored)?,
            };
            let mut what = self.name(digest);
            if extent == Extent::Whole {
                what.insert_str(0, "all of ");
            }
            self.compiler.component(digest, &bytes, extent, Names { task, what: &what }, observer)?
        };
        let ready = Arc::new(self.link(digest, loaded, &compiled)?);
        *slot = Some(Arc::clone(&ready));
        Ok(ready)
    }

    fn link(&self, what: &str, loaded: Arc<LoadedComponent>, compiled: &Compiled) -> Result<Ready> {
        let component = &compiled.component;
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
        Ok(Ready { component: loaded, instance, steps, command, extent: compiled.extent })
    }
}

/// The digest by which a component is known.
pub fn digest_of(binary: &[u8]) -> String {
    format!("blake3:{}", blake3::hash(binary).to_hex())
}

/// The digest by which the component in a file is known.
///
/// # Errors
/// The file cannot be read.
pub fn digest_of_file(path: &Path) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(File::open(path)?)?;
    Ok(format!("blake3:{}", hasher.finalize().to_hex()))
}

/// A file's bytes, at most one more than a component may have: it may grow, or be a device.
fn read_file(path: &Path) -> std::io::Result<Vec<u8>> {
    let mut binary = Vec::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_end(&mut binary)?;
    Ok(binary)
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

mod stamp;
#[cfg(test)]
mod tests;
