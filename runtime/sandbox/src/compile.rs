//! Compiling within bounds that a hostile file cannot pass.
//!
//! The compiler cannot be interrupted inside a function, and what a function costs can grow with the square of its size.
//! So what a component holds is counted first ([`bounds::check`]): no function may be so large that it alone would take long
//! or much memory, and all together no more than is compiled in memory. Between functions the compiler asks for the next one's
//! cached code ([`pause`]), and there compiling ends when its time is over or the run is interrupted.

mod bounds;

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use weft_pipeline::step::StepObserver;

use crate::error::Error;
use crate::watch::TICK;

pub(crate) use bounds::{Cost, check};

/// After this time it is told what is being compiled; most components take less.
const PATIENCE: Duration = Duration::from_millis(300);

/// Components that are compiled at the same time; each uses all processors.
const AT_ONCE: usize = 2;

/// Bounds on compiling one component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CompileLimits {
    /// Bytes of memory that the compiler may need, estimated from what the component holds.
    pub memory: u64,
    /// Wall-clock time; the functions that are being compiled when it is over are finished, which takes half a minute at most.
    pub time: Duration,
}

impl Default for CompileLimits {
    fn default() -> Self {
        Self { memory: 4 << 30, time: Duration::from_mins(15) }
    }
}

/// Why compiling ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// Its time is over.
    Time,
    /// The run was interrupted.
    Interrupted,
    /// No thread could be started.
    Threads,
}

impl Stopped {
    pub(crate) fn into_error(self, what: String, limits: &CompileLimits) -> Error {
        match self {
            Self::Interrupted => Error::Interrupted,
            Self::Time => {
                let why = format!(
                    "compiling it for this machine takes longer than the {} s it may take",
                    limits.time.as_secs()
                );
                Error::TooLarge { what, why }
            }
            Self::Threads => Error::Engine("no thread to compile in can be started".to_owned()),
        }
    }
}

/// Lets a few components be compiled at once; the others wait.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    taken: Mutex<usize>,
    freed: Condvar,
}

struct Turn<'a>(&'a Turns);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.freed.notify_one();
    }
}

impl Turns {
    fn take(&self, observer: &dyn StepObserver) -> Result<Turn<'_>, Stopped> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        while *taken >= AT_ONCE {
            if observer.interrupted() {
                return Err(Stopped::Interrupted);
            }
            (taken, _) = self.freed.wait_timeout(taken, TICK).unwrap_or_else(PoisonError::into_inner);
        }
        *taken += 1;
        Ok(Turn(self))
    }

    /// Calls the compiler in threads of its own, one for each processor but no more than `threads`, and watches over it. `what` is told to the observer
    /// of the task that waits for it.
    ///
    /// # Errors
    ///
    /// Why it was stopped.
    pub(crate) fn compile<T: Send>(
        &self,
        limits: &CompileLimits,
        threads: usize,
        (task, what): (&str, &str),
        observer: &dyn StepObserver,
        compile: impl FnOnce() -> T + Send,
    ) -> Result<T, Stopped> {
        let _turn = self.take(observer)?;
        let stop = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&stop);
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(processors.min(threads))
            .thread_name(|n| format!("weft-compile-{n}"))
            .start_handler(move |_| STOP.set(Some(Arc::clone(&flag))))
            .build()
            .map_err(|_| Stopped::Threads)?;
        let started = Instant::now();
        let (mut why, mut told) = (Stopped::Time, false);
        let result = std::thread::scope(|scope| {
            let (sender, done) = channel();
            scope.spawn(move || sender.send(catch_unwind(AssertUnwindSafe(|| pool.install(compile)))));
            loop {
                match done.recv_timeout(TICK) {
                    Ok(result) => return Some(result),
                    Err(RecvTimeoutError::Disconnected) => return None,
                    Err(RecvTimeoutError::Timeout) if stop.load(Ordering::Relaxed) => {}
                    Err(RecvTimeoutError::Timeout) => {
                        if observer.interrupted() {
                            why = Stopped::Interrupted;
                            stop.store(true, Ordering::Relaxed);
                        } else if started.elapsed() >= limits.time {
                            stop.store(true, Ordering::Relaxed);
                        } else if !told && started.elapsed() >= PATIENCE {
                            observer.compiling(task, Some(what));
                            told = true;
                        }
                    }
                }
            }
        });
        if told {
            observer.compiling(task, None);
        }
        match result {
            Some(Ok(compiled)) => Ok(compiled),
            Some(Err(payload)) if payload.is::<Unwound>() => Err(why),
            // A panic of the compiler's own is told like any other of the host's.
            Some(Err(payload)) => resume_unwind(payload),
            None => Err(Stopped::Threads),
        }
    }
}

thread_local! {
    /// Set to stop the compilation that this thread works for.
    static STOP: RefCell<Option<Arc<AtomicBool>>> = const { RefCell::new(None) };
}

/// What a compilation that is stopped unwinds with.
struct Unwound;

/// Called before each function is compiled: ends the compilation if it is to end. The compiler takes no such order; it is
/// unwound, which leaves nothing behind, as it works on values of its own.
pub(crate) fn pause() {
    let stopped = STOP.with_borrow(|stop| stop.as_ref().is_some_and(|stop| stop.load(Ordering::Relaxed)));
    if stopped {
        // Without a panic's message: nothing went wrong.
        resume_unwind(Box::new(Unwound));
    }
}

#[cfg(test)]
pub(crate) mod tests;
