//! The sandbox: loads components and runs steps.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

use indexmap::IndexMap;
use wasmtime::Store;
use wasmtime_wasi::WasiCtxBuilder;
use weft_artifacts::{Budget, ContentId};
use weft_launcher::{Collected, Granted, Secrets, StepSecrets, WorkDir, WorkDirs};
use weft_pipeline::network::Destination;
use weft_pipeline::signature::Signature;
use weft_pipeline::step::{DirectoryGrant, Grants, StepFailure, StepObserver, StepOutput, StepRequest, StepTrace};
use weft_pipeline::types::PortType;
use weft_signature::StepFunction;

use crate::call;
use crate::clock::VirtualClock;
use crate::command;
use crate::compile::CompileLimits;
use crate::compiler::Extent;
use crate::component::LoadedComponent;
use crate::confine::{Confined, Confinement};
use crate::engine;
use crate::error::{Error, Result};
use crate::failure::Failure;
use crate::host::{Clock, Mounts, Network, Programs, State, Step};
use crate::limits::{Deadline, MemoryLimiter, StepLimits};
use crate::loader::{Loader, Ready};
use crate::log::Log;
use crate::observer::Listener;
use crate::random;
use crate::target::Target;
use crate::walls::{Wall, Walls};
use crate::watch::{self, Entered, Watched};

/// The maximum length of a failure's message in characters, as a guest can choose it.
const MAX_MESSAGE: usize = 4096;

/// Settings of a sandbox.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The directory for compiled components, or `None` to keep them in memory only. Only the user may be able to write
    /// there, as its files are run as native code.
    pub compiled: Option<PathBuf>,
    /// The limits of steps that have none of their own.
    pub limits: StepLimits,
    /// Bounds on compiling a component.
    pub compile: CompileLimits,
    /// The values of environment variables that steps may be granted, by name.
    pub environment: BTreeMap<String, String>,
    /// Where the values of secrets and config maps come from that steps may be granted.
    pub secrets: Arc<Secrets>,
    /// Runs steps without the wall of the system around them, see [`crate::second_wall`]: for file systems or tools that cannot live with it.
    pub unconfined: bool,
    /// Runs byte code that was compiled ahead for Pulley, wasmtime's interpreter, in place of machine code.
    pub interpreted: bool,
    /// A wall that a test leaves out. No release has it.
    #[cfg(debug_assertions)]
    #[doc(hidden)]
    pub without: Option<Wall>,
}

impl Options {
    fn walls(&self) -> Walls {
        Walls {
            #[cfg(debug_assertions)]
            without: self.without,
        }
    }
}

/// What loads components, for strict steps or for the others.
fn loader(options: &Options, strict: bool) -> Result<Loader> {
    let target = if options.interpreted { Target::Pulley } else { Target::Native };
    Loader::new(engine::start_for(target, strict)?, options.compiled.as_deref(), options.compile, options.walls())
}

/// Loads components and runs their steps. It can be shared between threads; a step runs on the thread that calls
/// [`Sandbox::run`].
pub struct Sandbox {
    loader: Loader,
    /// The same for strict steps, made for the first of them.
    strict: OnceLock<Loader>,
    artifacts: weft_artifacts::Store,
    options: Options,
    /// The working directories of commands.
    directories: WorkDirs,
    /// Directories that earlier steps did not use. Creating and removing them takes milliseconds on some disks.
    idle_mounts: Mutex<Vec<Mounts>>,
    /// The threads on which steps run.
    pub(crate) confined: Arc<Confined>,
}

impl Sandbox {
    /// A sandbox whose steps read and write artifacts of this store.
    pub fn new(artifacts: weft_artifacts::Store, options: Options) -> Result<Self> {
        let loader = loader(&options, false)?;
        let directories = WorkDirs::new(artifacts.clone());
        let confined = Arc::new(Confined::new(artifacts.path().map(Path::to_owned), !options.unconfined));
        Ok(Self {
            loader,
            strict: OnceLock::new(),
            artifacts,
            options,
            directories,
            idle_mounts: Mutex::default(),
            confined,
        })
    }

    /// Reads the signature of a component's binary, which is not compiled before a step of it runs. `what` names it in
    /// errors. A component that is in memory is only hashed.
    pub fn load(&self, what: &str, binary: &[u8]) -> Result<Arc<LoadedComponent>> {
        self.loader.load(what, binary)
    }

    /// Reads the signature of a component's file.
    pub fn load_file(&self, path: &Path) -> Result<Arc<LoadedComponent>> {
        self.loader.load_file(path, None)
    }

    /// The same of a file whose name says nothing: what it is called instead.
    pub fn load_file_as(&self, path: &Path, name: &str) -> Result<Arc<LoadedComponent>> {
        self.loader.load_file(path, Some(name))
    }

    /// The walls around what it runs.
    pub(crate) fn walls(&self) -> Walls {
        self.options.walls()
    }

    /// The binary of a component that was loaded from a file, which is still the same, and what that is called.
    ///
    /// # Errors
    /// It is not known, or its file has changed.
    pub fn binary(&self, digest: &str) -> Result<(String, Vec<u8>)> {
        let unknown = || Err(Error::Stored { digest: digest.to_owned(), why: "its file has changed".to_owned() });
        Ok((self.loader.name(digest), self.loader.binary(digest, &unknown)?))
    }

    fn loader(&self, strict: bool) -> Result<&Loader> {
        if !strict {
            return Ok(&self.loader);
        }
        if let Some(loader) = self.strict.get() {
            return Ok(loader);
        }
        let made = loader(&self.options, true)?;
        Ok(self.strict.get_or_init(|| made))
    }

    /// A component of a step, compiled and linked.
    pub(crate) fn ready(
        &self,
        digest: &str,
        extent: Extent,
        strict: bool,
        task: &str,
        observer: Listener,
    ) -> std::result::Result<Arc<Ready>, Failure> {
        let unread = |why: String| Error::Stored { digest: digest.to_owned(), why };
        let stored = || {
            let id: ContentId = digest.parse().map_err(|error: weft_artifacts::Error| unread(error.to_string()))?;
            let reader = self.artifacts.open_blob(&id.digest()).map_err(|error| unread(error.to_string()))?;
            let mut binary = Vec::new();
            std::io::Read::read_to_end(&mut reader.cursor(), &mut binary).map_err(|error| unread(error.to_string()))?;
            Ok(binary)
        };
        self.loader(strict)?.ready(digest, extent, &stored, task, &*observer).map_err(Failure::from)
    }

    /// A digest of the values of what a step is granted.
    ///
    /// # Errors
    /// The failure of a step that cannot run because one is missing or cannot be read.
    pub fn secrets_digest(&self, granted: &Granted) -> std::result::Result<[u8; 32], Box<StepFailure>> {
        self.options.secrets.digest(granted)
    }

    /// Runs one step. Returns when it has ended, at the latest a moment after its time limit or an interruption.
    ///
    /// # Errors
    ///
    /// The failure of the step, or of the host while running it. A panic in the host's code is caught and is a failure.
    pub fn run(
        &self,
        request: &StepRequest,
        observer: &dyn StepObserver,
    ) -> std::result::Result<StepOutput, Box<StepFailure>> {
        let started = Instant::now();
        let walls = self.walls();
        let log = Log::new(walls);
        let mut peak = 0;
        let secrets = StepSecrets::new(&self.options.secrets, &request.grants.secrets, &self.artifacts);
        let result = secrets.map_err(Failure::from).and_then(|secrets| {
            let secrets = Arc::new(secrets);
            log.hide(&secrets);
            let run = |listener| {
                catch_unwind(AssertUnwindSafe(|| self.run_compiled(request, &secrets, listener, &log, &mut peak)))
                    .unwrap_or_else(|_| {
                        Err(Failure::host(
                            "the runtime itself failed while the step ran; this is a defect of weft, please report it",
                        ))
                    })
            };
            Listener::during(observer, run).map_err(|Failure { kind, message, hint }| {
                let mask = secrets.mask();
                Failure { kind, message: mask.text(message), hint: hint.map(|hint| mask.text(hint)) }
            })
        });
        let trace = StepTrace { log: log.take(), peak_memory: peak, duration: started.elapsed() };
        match result {
            Ok(Collected { outputs, uris, warnings }) => {
                Ok(StepOutput { outputs, uris, warnings, trace, ..StepOutput::default() })
            }
            Err(Failure { kind, mut message, hint }) => {
                if let Some((end, _)) = message.char_indices().nth(walls.bound(Wall::FailureText, MAX_MESSAGE)) {
                    message.truncate(end);
                    message.push_str(" ...");
                }
                Err(Box::new(StepFailure { kind, message, hint, trace }))
            }
        }
    }

    /// Runs a step with what of its component is compiled at first, and again with all of it if it calls more than that.
    fn run_compiled(
        &self,
        request: &StepRequest,
        secrets: &StepSecrets,
        observer: Listener,
        log: &Log,
        peak: &mut u64,
    ) -> std::result::Result<Collected, Failure> {
        if let Some(collected) = self.run_step(request, Extent::Usual, secrets, observer, log, peak)? {
            return Ok(collected);
        }
        log.restart();
        self.run_step(request, Extent::Whole, secrets, observer, log, peak)?
            .ok_or_else(|| Failure::host("a function of its component is not compiled"))
    }

    /// Gives nothing if the step called a function that is not compiled.
    fn run_step(
        &self,
        request: &StepRequest,
        extent: Extent,
        secrets: &StepSecrets,
        observer: Listener,
        log: &Log,
        peak: &mut u64,
    ) -> std::result::Result<Option<Collected>, Failure> {
        // What is compiled is written to the cache, where a step has no business.
        let ready = self.ready(&request.component.digest, extent, request.strict, &request.task, observer)?;
        let mut programs = BTreeMap::new();
        for (name, digest) in request.command.iter().flat_map(|command| &command.programs) {
            programs.insert(name.clone(), self.ready(digest, extent, request.strict, &request.task, observer)?);
        }
        let besides = confinement(&request.grants);
        let work = || self.run_ready(request, (&ready, programs), secrets, observer, log, peak);
        self.confined.run(besides, work).map_err(Failure::host)?
    }

    /// Runs a step whose component is ready, on a thread that the system confines.
    fn run_ready(
        &self,
        request: &StepRequest,
        (ready, programs): (&Ready, BTreeMap<String, Arc<Ready>>),
        secrets: &StepSecrets,
        observer: Listener,
        log: &Log,
        peak: &mut u64,
    ) -> std::result::Result<Option<Collected>, Failure> {
        let component = &ready.component;
        let limits = self.options.limits.with(&request.limits);
        let clock =
            if request.grants.clock { Clock::Real(Instant::now()) } else { Clock::Virtual(VirtualClock::default()) };
        let network = Network::new(&request.grants.net);
        let step = |mounts, directory| Step {
            mounts,
            directory,
            network: network.clone(),
            ..self.step(&request.task, component, &limits, observer, log.clone(), clock.clone())
        };
        let mut granted = self.granted_variables(&request.grants)?;
        granted.extend(secrets.variables().clone());
        let seed = (!request.grants.random).then_some(&request.identity);
        let mut wasi = wasi(seed, &clock);
        wasi.stdout(log.clone()).stderr(log.clone());
        network.open(&mut wasi);
        if let Some(command) = &request.command {
            let directory =
                self.directories.stage(command, &request.inputs, &request.grants.directories, &request.identity)?;
            command::show_secrets(&mut wasi, secrets, directory.mounts())?;
            command::mount(&mut wasi, &directory, &directory.call(command, &request.inputs, &granted)?)?;
            let programs = Self::programs(programs, request, &directory, secrets, limits);
            let mut store = self.store(ready, wasi, Step { programs, ..step(None, Some(directory)) }, limits);
            let entered = enter(&store, ready);
            let ended = command::run(&mut store, ready, &limits);
            drop(entered);
            *peak = store.data().limiter.peak() + store.data().step.programs.peak();
            let (directory, budget) = (store.data_mut().step.directory.take(), store.data().step.budget.clone());
            // Closes the guest's open files, so that nothing writes to its directory any more.
            drop(store);
            let directory = directory.ok_or_else(|| Failure::host("its files are lost"))?;
            let outputs = ended.and_then(|done| {
                if done { Ok(Some(directory.collect(command, &request.inputs, &budget)?)) } else { Ok(None) }
            });
            self.directories.put_back(directory);
            return outputs;
        }
        let at = component.position(Some(&request.component.function)).ok_or_else(|| {
            Failure::host(format!("its component has no step function `{}`", request.component.function))
        })?;
        let mounts =
            if component.has_files && moves_artifacts(&component.steps()[at]) { Some(self.mounts()?) } else { None };
        for (name, value) in &granted {
            wasi.env(name, value);
        }
        command::show_secrets(&mut wasi, secrets, &[])?;
        for (inside, grant) in &request.grants.directories {
            command::preopen(&mut wasi, grant.host.as_ref(), inside, grant.write)?;
        }
        if let Some(mounts) = &mounts {
            mounts.preopen(&mut wasi, self.walls()).map_err(|error| Failure::host(format!("{error:#}")))?;
        }
        let mut store = self.store(ready, wasi, step(mounts, None), limits);
        let entered = enter(&store, ready);
        let result = call::call(&mut store, ready, at, &request.inputs, &limits);
        drop(entered);
        *peak = store.data().limiter.peak();
        let mounts = store.data_mut().step.mounts.take();
        // Closes the guest's open files, so that nothing writes to its directories any more.
        drop(store);
        if let Some(mounts) = mounts.filter(Mounts::is_unused) {
            self.idle_mounts.lock().unwrap_or_else(PoisonError::into_inner).push(mounts);
        }
        result.map(|outputs| Some(Collected { outputs, ..Collected::default() }))
    }

    /// A step that begins now, without files and without a network.
    pub(crate) fn step(
        &self,
        task: &str,
        component: &Arc<LoadedComponent>,
        limits: &StepLimits,
        observer: Listener,
        log: Log,
        clock: Clock,
    ) -> Step {
        Step {
            task: task.to_owned(),
            component: Arc::clone(component),
            store: self.artifacts.clone(),
            budget: Budget::new(limits.output),
            observer,
            log,
            clock,
            mounts: None,
            directory: None,
            watched: Watched::new(Deadline::after(limits.time), observer),
            programs: Programs::default(),
            refused_writes: 0,
            live_messages: 0,
            last_progress: None,
            open: VecDeque::new(),
            network: Network::default(),
            walls: self.walls(),
        }
    }

    /// A wasmtime store for one step, with its limits.
    pub(crate) fn store(
        &self,
        ready: &Ready,
        mut wasi: WasiCtxBuilder,
        step: Step,
        limits: StepLimits,
    ) -> Store<State> {
        let state = State::new(wasi.build(), MemoryLimiter::new(limits.memory, self.walls()), step);
        let mut store = Store::new(ready.instance.engine(), state);
        store.limiter(|state| &mut state.limiter);
        watch(&mut store, limits);
        store
    }

    /// Directories for the files of a step.
    pub(crate) fn mounts(&self) -> std::result::Result<Mounts, Failure> {
        if let Some(mounts) = self.idle_mounts.lock().unwrap_or_else(PoisonError::into_inner).pop() {
            return Ok(mounts);
        }
        Mounts::new(&self.artifacts).map_err(|error| {
            Failure::host(format!("no directory for its files could be made: {}", crate::host::with_causes(&error)))
        })
    }

    /// The variables that a step was granted, with their values.
    fn granted_variables(&self, grants: &Grants) -> std::result::Result<IndexMap<String, String>, Failure> {
        grants.environment(&self.options.environment).map_err(|name| {
            Failure::host(format!("it was granted the environment variable {name}, which is not set"))
                .hint(format!("set {name} before the run, or grant `{name}?`, which may be unset"))
        })
    }

    /// The programs that a command may call, in its files.
    fn programs(
        ready: BTreeMap<String, Arc<Ready>>,
        request: &StepRequest,
        directory: &WorkDir,
        secrets: &StepSecrets,
        limits: StepLimits,
    ) -> Programs {
        let mounts = directory.mounts().iter().chain(secrets.mounts()).cloned().collect();
        Programs::new(ready, mounts, (request.identity, request.grants.random), limits)
    }
}

/// What the system leaves to a step besides the store, by its grants.
fn confinement(grants: &Grants) -> Confinement {
    let (write, read): (Vec<_>, Vec<_>) = grants.directories.values().partition(|grant| grant.write);
    let paths = |all: Vec<&DirectoryGrant>| all.into_iter().map(|grant| PathBuf::from(&grant.host)).collect();
    let mut ports: Vec<u16> =
        grants.net.iter().filter_map(|to| to.parse::<Destination>().ok()).map(|to| to.port).collect();
    ports.sort_unstable();
    ports.dedup();
    Confinement { write: paths(write), read: paths(read), ports }
}

/// WASI without any access, with virtual clocks unless the real ones were granted, and with randomness of this seed if there is one.
pub(crate) fn wasi(seed: Option<&[u8; 32]>, clock: &Clock) -> WasiCtxBuilder {
    let mut wasi = WasiCtxBuilder::new();
    // The thread runs this step only, so file operations may block it.
    wasi.allow_blocking_current_thread(true);
    wasi.monotonic_clock(clock.clone());
    if let Clock::Virtual(clock) = clock {
        wasi.wall_clock(clock.clone());
    }
    if let Some(seed) = seed {
        random::seed(&mut wasi, seed);
    }
    wasi
}

/// Whether any port of a function is an artifact. Others need no directories.
fn moves_artifacts(function: &StepFunction) -> bool {
    let Signature { inputs, outputs } = &function.signature;
    inputs.values().chain(outputs.values()).any(|port| matches!(port.ty, PortType::Artifact { .. }))
}

/// Has a step's guest end when its time is up, the run is interrupted, or it uses too much disk space.
pub(crate) fn watch(store: &mut Store<State>, limits: StepLimits) {
    let watched = Arc::clone(&store.data().step.watched);
    watch::hook(store, &watched, move |state: &mut State| state.step.exceeds(limits.output));
}

/// Watches the guest of a store on this thread, as long as what it gives is kept.
pub(crate) fn enter(store: &Store<State>, ready: &Ready) -> Entered {
    store.data().step.watched.enter(store.engine(), ready.code())
}
