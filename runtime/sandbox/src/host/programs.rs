//! `weft:executors/programs`: what a command calls and is a component of its own, as a shell calls Python. It runs in the files of its
//! caller, in a store of its own, until it ends; its limits are what the caller has left.

use std::collections::{BTreeMap, VecDeque};
use std::io::{Cursor, Read as _};
use std::sync::{Arc, Mutex, PoisonError};

use wasmtime::component::{ComponentType, Lift, LinkerInstance, Lower};
use wasmtime::{Store, StoreContextMut};
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};
use wasmtime_wasi_io::bytes::Bytes;
use weft_launcher::Mount;

use super::{State, Step, Stopped};
use crate::command;
use crate::failure::Failure;
use crate::limits::{MemoryLimiter, StepLimits};
use crate::loader::Ready;
use crate::partial::MissingFunction;
use crate::random;
use crate::run::{enter, wasi, watch};
use crate::watch::Watched;

/// The variable that tells a program in which folder it begins, for which WASI has no way.
const FOLDER: &str = "WEFT_FOLDER";

/// Bytes that a program may write to its standard output, and to its standard error: both are handed over in memory.
const MAX_OUTPUT: usize = 32 << 20;

/// The status of a program that broke down, as that of a process which an abort ended.
const BROKEN_DOWN: u8 = 134;

/// The programs that a command may call.
#[derive(Default)]
pub(crate) struct Programs {
    ready: BTreeMap<String, Arc<Ready>>,
    /// The directories that the command sees, and so do they.
    mounts: Vec<Mount>,
    identity: [u8; 32],
    /// Real randomness was granted.
    random: bool,
    limits: StepLimits,
    calls: u64,
    /// The most memory that one of them took.
    peak: u64,
}

impl Programs {
    pub(crate) fn new(
        ready: BTreeMap<String, Arc<Ready>>,
        mounts: Vec<Mount>,
        (identity, random): ([u8; 32], bool),
        limits: StepLimits,
    ) -> Self {
        Self { ready, mounts, identity, random, limits, calls: 0, peak: 0 }
    }

    /// The most memory that one of them took, in bytes.
    pub(crate) fn peak(&self) -> u64 {
        self.peak
    }
}

/// The record `ended`.
#[derive(Debug, Clone, ComponentType, Lift, Lower)]
#[component(record)]
struct Ended {
    status: u8,
    output: Vec<u8>,
    error: Vec<u8>,
    consumed: u64,
}

type Call = (Vec<String>, Vec<(String, String)>, Vec<u8>);

pub(super) fn add(instance: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    instance.func_wrap("names", |store: StoreContextMut<'_, State>, ()| {
        Ok((store.data().step.programs.ready.keys().cloned().collect::<Vec<_>>(),))
    })?;
    instance.func_wrap("run", |mut store: StoreContextMut<'_, State>, call: Call| {
        // A guest's stack is part of its thread's, and this one's is the caller's.
        std::thread::scope(|scope| {
            let caller = store.data_mut();
            let thread =
                std::thread::Builder::new().name("weft-program".into()).spawn_scoped(scope, || run(caller, call))?;
            Ok((thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?,))
        })
    })
}

/// Runs a program.
///
/// # Errors
/// What ends the calling step as well: its time is up, it has written too much, the run was interrupted.
fn run(caller: &mut State, (arguments, environment, input): Call) -> wasmtime::Result<Ended> {
    let name = arguments.first().map_or("", String::as_str);
    let Some(ready) = caller.step.programs.ready.get(name).map(Arc::clone) else {
        return Ok(refused(127, &format!("{name}: there is no such program here")));
    };
    let (taken, streams) = (Taken::new(input), [Captured::default(), Captured::default()]);
    let programs = &mut caller.step.programs;
    programs.calls += 1;
    let limits = StepLimits { memory: programs.limits.memory.saturating_sub(caller.limiter.peak()), ..programs.limits };
    let seed = (!programs.random).then(|| random::derived(&programs.identity, &format!("program {}", programs.calls)));
    let mut context = wasi(seed.as_ref(), &caller.step.clock);
    context.stdin(taken.clone()).stdout(streams[0].clone()).stderr(streams[1].clone());
    context.args(&arguments).envs(&environment);
    caller.step.network.open(&mut context);
    if let Some((_, folder)) = environment.iter().find(|(name, _)| name == "PWD") {
        context.env(FOLDER, folder);
    }
    let built = programs
        .mounts
        .iter()
        .try_for_each(|mount| command::preopen(&mut context, &mount.host, &mount.inside, mount.write));
    if let Err(Failure { message, .. }) = built {
        return Ok(refused(126, &format!("{name}: {message}")));
    }
    let mut store = nested(caller, &ready, &mut context, limits);
    let entered = enter(&store, &ready);
    let status = command::status(&mut store, &ready, &limits);
    drop(entered);
    let (peak, stop) = (store.data().limiter.peak(), store.data().step.watched.stop().cloned());
    let directory = store.data_mut().step.directory.take();
    // Closes the program's open files.
    drop(store);
    caller.step.directory = directory;
    let programs = &mut caller.step.programs;
    programs.peak = programs.peak.max(peak);
    if let Some(stop) = stop {
        caller.step.watched.end(stop.clone());
        return Err(Stopped(stop).into());
    }
    let [output, error] = streams.map(|stream| stream.take());
    let mut ended = Ended { status: 0, output: output.bytes, error: error.bytes, consumed: taken.position() };
    match status {
        Ok(Some(status)) => ended.status = u8::try_from(status & 0xff).unwrap_or(1),
        Ok(None) => return Err(MissingFunction.into()),
        Err(Failure { message, hint, .. }) => {
            ended.status = BROKEN_DOWN;
            let hint = hint.map(|hint| format!("\nhelp: {hint}")).unwrap_or_default();
            ended.error.extend_from_slice(format!("{name}: {message}{hint}\n").as_bytes());
        }
    }
    if output.overflowed || error.overflowed {
        let told = format!("{name}: it wrote more than {} MiB at once; let it write to a file\n", MAX_OUTPUT >> 20);
        ended.error.extend_from_slice(told.as_bytes());
        ended.status = ended.status.max(1);
    }
    Ok(ended)
}

/// A store for a program: what it does counts as its caller's.
fn nested(caller: &mut State, ready: &Arc<Ready>, context: &mut WasiCtxBuilder, limits: StepLimits) -> Store<State> {
    let step = &mut caller.step;
    let step = Step {
        task: step.task.clone(),
        component: Arc::clone(&ready.component),
        store: step.store.clone(),
        budget: step.budget.clone(),
        observer: step.observer,
        log: step.log.clone(),
        clock: step.clock.clone(),
        mounts: None,
        // Lent, so that what it writes there is bounded while it runs.
        directory: step.directory.take(),
        programs: Programs::default(),
        watched: Watched::new(step.watched.deadline(), step.observer),
        refused_writes: 0,
        live_messages: 0,
        last_progress: None,
        open: VecDeque::new(),
        network: step.network.clone(),
        walls: step.walls,
    };
    let state = State::new(context.build(), MemoryLimiter::new(limits.memory, step.walls), step);
    let mut store = Store::new(ready.instance.engine(), state);
    store.limiter(|state| &mut state.limiter);
    watch(&mut store, limits);
    store
}

fn refused(status: u8, message: &str) -> Ended {
    Ended { status, output: Vec::new(), error: format!("{message}\n").into_bytes(), consumed: 0 }
}

/// A standard input that knows how much of it was read.
#[derive(Clone)]
struct Taken(Arc<Mutex<Cursor<Vec<u8>>>>);

impl Taken {
    fn new(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(Cursor::new(bytes))))
    }

    fn position(&self) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).position()
    }
}

impl IsTerminal for Taken {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Taken {
    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn tokio::io::AsyncRead + Send + Sync> {
        // Only WASI 0.3 asks for this form, and that is not linked.
        Box::new(tokio::io::empty())
    }
}

#[wasmtime_wasi_io::async_trait]
impl Pollable for Taken {
    async fn ready(&mut self) {}
}

#[wasmtime_wasi_io::async_trait]
impl InputStream for Taken {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        let mut bytes = vec![0; size.min(64 << 10)];
        let mut cursor = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match cursor.read(&mut bytes) {
            Ok(0) if size > 0 => Err(StreamError::Closed),
            Ok(read) => {
                bytes.truncate(read);
                Ok(bytes.into())
            }
            Err(error) => Err(StreamError::LastOperationFailed(error.into())),
        }
    }
}

/// A standard output or error that is kept, up to [`MAX_OUTPUT`].
#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    bytes: Vec<u8>,
    overflowed: bool,
}

impl Captured {
    fn take(&self) -> Kept {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl IsTerminal for Captured {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Captured {
    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }

    fn async_stream(&self) -> Box<dyn tokio::io::AsyncWrite + Send + Sync> {
        // Only WASI 0.3 asks for this form, and that is not linked.
        Box::new(tokio::io::sink())
    }
}

#[wasmtime_wasi_io::async_trait]
impl Pollable for Captured {
    async fn ready(&mut self) {}
}

#[wasmtime_wasi_io::async_trait]
impl OutputStream for Captured {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.bytes.len() + bytes.len() > MAX_OUTPUT {
            kept.overflowed = true;
            return Err(StreamError::Closed);
        }
        kept.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(1 << 20)
    }
}
