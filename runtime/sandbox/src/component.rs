//! Loading of components: compiling, linking with the host, reading step functions.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, ComponentExportIndex, InstancePre, Linker, ResourceType};
use weft_pipeline::link::LinkedStep;
use weft_pipeline::types::{ArtifactType, BUILTIN_KINDS};

use crate::compiled_cache::CompiledCache;
use crate::engine::Started;
use crate::error::{Error, Result};
use crate::host::{self, State};
use crate::signature::{self, Kind, NotAStep, StepFunction};

/// A compiled and linked component.
pub struct LoadedComponent {
    digest: String,
    steps: Vec<StepFunction>,
    others: Vec<NotAStep>,
    imports: Vec<String>,
    pub(crate) instance: InstancePre<State>,
    pub(crate) kinds: Arc<[Kind]>,
    /// `run` of `wasi:cli/run`, if it is a command.
    pub(crate) command: Option<ComponentExportIndex>,
    /// Whether it imports WASI's file system. Without that it cannot use paths of artifacts.
    pub(crate) has_files: bool,
}

impl LoadedComponent {
    /// `blake3:<hex>` of the binary.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The functions that can be steps, in the order of the component's exports.
    pub fn steps(&self) -> &[StepFunction] {
        &self.steps
    }

    /// Exported functions that cannot be steps, with reasons.
    pub fn others(&self) -> &[NotAStep] {
        &self.others
    }

    /// Names of the interfaces that it imports.
    pub fn imports(&self) -> &[String] {
        &self.imports
    }

    /// Whether it is a command of WASI 0.2: it exports `wasi:cli/run`.
    pub fn is_command(&self) -> bool {
        self.command.is_some()
    }

    /// What a pipeline is linked with, for the step function of this name (see [`Self::step`]).
    pub fn linked(&self, name: Option<&str>) -> Option<LinkedStep> {
        let StepFunction { name, signature, .. } = self.step(name)?;
        Some(LinkedStep { digest: self.digest.clone(), function: name.clone(), signature: signature.clone() })
    }

    /// The step function of this name, in which `_` also matches `-`. Without a name, the only step function.
    pub fn step(&self, name: Option<&str>) -> Option<&StepFunction> {
        match name {
            Some(name) => self
                .steps
                .iter()
                .find(|step| step.name == name)
                .or_else(|| self.steps.iter().find(|step| step.name == name.replace('_', "-"))),
            None => match self.steps.as_slice() {
                [only] => Some(only),
                _ => None,
            },
        }
    }
}

/// Loads components, and keeps them in memory by digest.
pub(crate) struct Loader {
    pub(crate) engine: Engine,
    linker: Linker<State>,
    cache: Option<CompiledCache>,
    loaded: Mutex<HashMap<String, Arc<LoadedComponent>>>,
}

impl Loader {
    pub(crate) fn new(started: Started, cache: Option<&Path>) -> Result<Self> {
        let cache = cache.map(|directory| CompiledCache::open(directory, &started)).transpose()?;
        let engine = started.engine;
        let linker = host::linker(&engine).map_err(|error| Error::Engine(format!("{error:#}")))?;
        Ok(Self { engine, linker, cache, loaded: Mutex::default() })
    }

    /// The component of this digest, if it is in memory.
    pub(crate) fn get(&self, digest: &str) -> Option<Arc<LoadedComponent>> {
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).get(digest).cloned()
    }

    /// The component of this digest, if it is in memory or in the cache of compiled components. Its binary is not needed.
    pub(crate) fn cached(&self, what: &str, digest: &str) -> Result<Option<Arc<LoadedComponent>>> {
        if let Some(loaded) = self.get(digest) {
            return Ok(Some(loaded));
        }
        let compiled = self.cache.as_ref().and_then(|cache| cache.load(&self.engine, digest));
        compiled.map(|component| self.keep(what, digest.to_owned(), &component)).transpose()
    }

    /// Loads a component from its binary, compiling it if it is not cached. `what` names it in errors.
    pub(crate) fn load(&self, what: &str, binary: &[u8]) -> Result<Arc<LoadedComponent>> {
        let digest = format!("blake3:{}", blake3::hash(binary).to_hex());
        if let Some(loaded) = self.get(&digest) {
            return Ok(loaded);
        }
        let component = self.compile(what, &digest, binary)?;
        self.keep(what, digest, &component)
    }

    fn keep(&self, what: &str, digest: String, component: &Component) -> Result<Arc<LoadedComponent>> {
        let loaded = Arc::new(self.link(what, digest.clone(), component)?);
        self.loaded.lock().unwrap_or_else(PoisonError::into_inner).insert(digest, Arc::clone(&loaded));
        Ok(loaded)
    }

    fn compile(&self, what: &str, digest: &str, binary: &[u8]) -> Result<Component> {
        if let Some(component) = self.cache.as_ref().and_then(|cache| cache.load(&self.engine, digest)) {
            return Ok(component);
        }
        if let Some(why) = not_a_component(binary) {
            return Err(Error::NotAComponent { what: what.to_owned(), why: why.to_owned() });
        }
        let compile = || Component::from_binary(&self.engine, binary);
        let component = match &self.cache {
            Some(cache) => cache.compile(binary.len(), compile),
            None => compile(),
        };
        let component = component
            .map_err(|error| Error::NotAComponent { what: what.to_owned(), why: one_line(&format!("{error:#}")) })?;
        if let Some(cache) = &self.cache {
            cache.store(digest, &component);
        }
        Ok(component)
    }

    fn link(&self, what: &str, digest: String, component: &Component) -> Result<LoadedComponent> {
        let refuse = |why: String| Error::Link { what: what.to_owned(), why };
        let mut linker = self.linker.clone();
        let mut kinds: Vec<Kind> = (0u32..)
            .zip(BUILTIN_KINDS)
            .map(|(payload, (_, title))| Kind {
                resource: ResourceType::host_dynamic(payload),
                payload,
                title: ArtifactType(title.to_owned()),
            })
            .collect();
        let unlinked = component.component_type();
        let imports: Vec<String> = unlinked
            .imports(&self.engine)
            .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentInstance(_)))
            .map(|(name, _)| name.to_owned())
            .collect();
        let mut known = host::CustomTypes::default();
        for (name, item) in unlinked.imports(&self.engine) {
            match item.ty {
                ComponentItem::ComponentInstance(_) if name.starts_with("wasi:") => {}
                ComponentItem::ComponentInstance(interface) if name.starts_with("weft:component/") => {
                    known.add_builtin(&self.engine, &interface);
                }
                ComponentItem::ComponentInstance(interface) => {
                    host::define_custom_types(&mut linker, &self.engine, name, &interface, &mut kinds, &mut known)
                        .map_err(&refuse)?;
                }
                // Types that the world uses are those of the interfaces that define them.
                ComponentItem::Type(_) | ComponentItem::Resource(_) => {}
                _ => return Err(refuse(format!("it imports `{name}`, which this runtime does not offer"))),
            }
        }
        let instance =
            linker.instantiate_pre(component).map_err(|error| refuse(explain_link(&format!("{error:#}"))))?;
        let substituted =
            linker.substituted_component_type(component).map_err(|error| refuse(one_line(&format!("{error:#}"))))?;
        let (steps, others) = signature::read(&self.engine, component, &substituted, &kinds);
        Ok(LoadedComponent {
            digest,
            steps,
            others,
            command: signature::command(&self.engine, component),
            has_files: imports.iter().any(|name| name.starts_with("wasi:filesystem/preopens@")),
            imports,
            instance,
            kinds: kinds.into(),
        })
    }
}

/// Why the bytes are not a component, as far as their first ones tell.
fn not_a_component(binary: &[u8]) -> Option<&'static str> {
    match binary {
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Some(
            "it is a core module; build it for the target wasm32-wasip2, or make a component of it with `wasm-tools component new`",
        ),
        [0, b'a', b's', b'm', ..] => None,
        [] => Some("the file is empty"),
        _ => Some("the file does not start with the bytes of a WebAssembly binary"),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// wasmtime's message for a missing import, with a hint if it is of our interface.
fn explain_link(error: &str) -> String {
    let error = one_line(error);
    if error.contains("weft:component/") {
        format!("{error}; it was built against another version of the interface: rebuild it with this runtime's `wit/`")
    } else {
        error
    }
}
