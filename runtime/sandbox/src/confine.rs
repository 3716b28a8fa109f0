//! The second wall: what the system still lets a step's thread do, should a guest ever get out of its WebAssembly.
//!
//! WebAssembly and WASI are the first wall, and enough by themselves. This one is the kernel's (Linux): a step runs on a thread to which
//! Landlock leaves the artifact store and the directories that the step was granted, and a filter of system calls no way to start programs,
//! to look into other processes, or to open sockets without a grant. Threads and not the process are confined, as the process has
//! more to do: it opens stores, keeps records and starts the host's tools. What a confined thread starts is confined likewise.
//!
//! A thread cannot be freed again. Those that leave a step nothing but the store serve one step after the other; a step with
//! grants gets one of its own.

#[cfg(target_os = "linux")]
mod linux;

use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use rayon::{ThreadPool, ThreadPoolBuilder};

/// Threads that wait for a step at most; more end when their step has ended.
const MAX_IDLE: usize = 64;

/// What the system leaves to a thread.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Confinement {
    /// Directories in which everything is allowed.
    pub(crate) write: Vec<PathBuf>,
    /// Directories and files that can be read.
    pub(crate) read: Vec<PathBuf>,
    /// Ports to which connections by TCP can be made; without any, there are no sockets.
    pub(crate) ports: Vec<u16>,
}

/// What of the second wall stands on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecondWall {
    /// Whether files are confined, by Landlock.
    pub files: bool,
    /// Whether system calls are filtered, by seccomp.
    pub calls: bool,
    /// In words, for people: what stands, or why something does not.
    pub told: String,
}

/// What of the second wall stands on this machine. It is tried out on a thread, once.
pub fn second_wall() -> &'static SecondWall {
    static FOUND: OnceLock<SecondWall> = OnceLock::new();
    FOUND.get_or_init(|| {
        #[cfg(target_os = "linux")]
        let found = linux::try_out();
        #[cfg(not(target_os = "linux"))]
        let found = SecondWall {
            files: false,
            calls: false,
            told: "this system has no second wall for steps: Landlock and seccomp are Linux's".to_owned(),
        };
        found
    })
}

/// Threads that are confined.
pub(crate) struct Confined {
    /// Where everything is allowed to every step: the artifact store. None if nothing is confined.
    store: Option<PathBuf>,
    idle: Mutex<Vec<ThreadPool>>,
}

impl Confined {
    /// Confines steps to the store at this path, if the machine can and it is wanted.
    pub(crate) fn new(store: Option<PathBuf>, wanted: bool) -> Self {
        let wall = second_wall();
        let stands = wanted && (wall.files || wall.calls);
        if stands && store.is_some() {
            tracing::info!("steps are confined by the system too: {}", wall.told);
        } else if wanted {
            tracing::info!("steps are confined by WebAssembly alone: {}", wall.told);
        }
        // Threads of the runtime that WASI waits with are shared by all steps, and begin unconfined.
        wasmtime_wasi::runtime::in_tokio(async {});
        Self { store: store.filter(|_| stands), idle: Mutex::default() }
    }

    /// Calls `work` on a thread to which the system leaves the store and what is named besides, and waits for it. Panics go through.
    ///
    /// # Errors
    /// No such thread can be had.
    pub(crate) fn run<T: Send>(&self, besides: Confinement, work: impl FnOnce() -> T + Send) -> Result<T, String> {
        let Some(store) = &self.store else { return Ok(work()) };
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let is_plain = besides == Confinement::default();
        let thread = match is_plain.then(|| idle().pop()).flatten() {
            Some(thread) => thread,
            None => start(&Confinement { write: [vec![store.clone()], besides.write].concat(), ..besides })?,
        };
        let answer = thread.install(work);
        if is_plain && idle().len() < MAX_IDLE {
            idle().push(thread);
        }
        Ok(answer)
    }
}

/// Starts a thread and confines it. rayon has it wait for work, and lends the work what its caller has on its stack.
fn start(confinement: &Confinement) -> Result<ThreadPool, String> {
    let thread = ThreadPoolBuilder::new()
        .num_threads(1)
        .thread_name(|_| "weft-step".to_owned())
        .build()
        .map_err(|error| format!("no thread for a step can be started: {error}"))?;
    #[cfg(target_os = "linux")]
    thread.install(|| linux::confine(confinement))?;
    #[cfg(not(target_os = "linux"))]
    let _ = confinement;
    Ok(thread)
}

#[cfg(all(test, target_os = "linux"))]
mod tests;
