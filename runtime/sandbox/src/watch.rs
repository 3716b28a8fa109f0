//! Ends guests whose time is up, whose run was interrupted, or that write too much.
//!
//! One thread of the process, the ticker, looks at each running guest every [`TICK`]. A guest that is to end is ended at its next call of the host,
//! by the hook that wasmtime has there; and where it computes, by a signal to its thread ([`signal`]), which costs the code of guests nothing. Where
//! there is no way for that signal, or no native code, guests ask at each round of each loop, by wasmtime's epochs.
//!
//! Who runs a guest makes a [`Watched`] and keeps what [`Watched::enter`] gives while the guest runs on that thread.

mod code;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod signal;
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
#[path = "watch/no_signal.rs"]
mod signal;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use wasmtime::{CallHook, Engine, Store, StoreContextMut, UpdateDeadline};

use crate::error::{Error, Result};
use crate::host::Stopped;
use crate::limits::{Deadline, Stop};
use crate::observer::Listener;
pub(crate) use code::Code;
use code::Functions;

/// The time between two looks at what runs.
pub(crate) const TICK: Duration = Duration::from_millis(10);

/// The same while a guest is being ended: one signal may find it within the host, the next one need not.
const TICK_OF_ENDING: Duration = Duration::from_millis(1);

/// The number of ticks per check of the disk space that a guest uses, which is more expensive than checking the time.
const DISK_CHECK_INTERVAL: u64 = 10;

/// The pause between two such checks, in times that the last one took.
const DISK_CHECK_PAUSE: u32 = 4;

/// Ticks without a guest after which the ticker sleeps until there is one.
const IDLE_TICKS: u64 = 100;

/// Whether guests of this engine are ended by signals, so that their code asks nothing.
pub(crate) fn by_signals(engine: &Engine) -> bool {
    signal::SUPPORTED && !engine.is_pulley()
}

/// Whether code for this machine is compiled without asking.
pub(crate) const fn compiles_for_signals() -> bool {
    signal::SUPPORTED
}

/// Whether guests of this engine can be ended where they compute.
pub(crate) fn can_end(engine: &Engine) -> bool {
    !by_signals(engine) || signal::prepare()
}

pub(crate) use signal::{landing_for, take_landing};

/// What of a guest decides how long it runs, and whether it is to end.
pub(crate) struct Watched {
    deadline: Deadline,
    observer: Listener,
    stop: OnceLock<Stop>,
    /// It is time to look at the disk space that it uses.
    measure: AtomicBool,
    /// The functions of its code, once it is to be ended by a signal.
    functions: OnceLock<Functions>,
}

impl Watched {
    pub(crate) fn new(deadline: Deadline, observer: Listener) -> Arc<Self> {
        let (stop, measure, functions) = Default::default();
        Arc::new(Self { deadline, observer, stop, measure, functions })
    }

    pub(crate) fn deadline(&self) -> Deadline {
        self.deadline
    }

    /// Why it is to end, if it is.
    pub(crate) fn stop(&self) -> Option<&Stop> {
        self.stop.get()
    }

    /// Ends it for this reason, if there is none yet.
    pub(crate) fn end(&self, why: Stop) {
        let _ = self.stop.set(why);
    }

    /// Looks whether its time is up or its run interrupted, and tells why it is to end, if it is.
    pub(crate) fn look(&self) -> Option<&Stop> {
        if self.stop.get().is_none() {
            if self.deadline.passed() {
                self.end(Stop::Time);
            } else if self.observer.interrupted() {
                self.end(Stop::Interrupted);
            }
        }
        self.stop.get()
    }

    /// Watches a guest that runs this code on this thread, until what it gives is dropped on the same thread.
    pub(crate) fn enter(self: &Arc<Self>, engine: &Engine, code: Code) -> Entered {
        let guest =
            Guest { watched: Arc::clone(self), engine: engine.clone(), code, thread: signal::Thread::current() };
        let outer = signal::set_current(Arc::as_ptr(self));
        let mut watch = watch();
        watch.guests.push(guest);
        if watch.asleep {
            WAKE.notify_one();
        }
        Entered { watched: Arc::clone(self), outer }
    }
}

/// A guest runs on this thread and is watched. What it was before is again when this is dropped.
pub(crate) struct Entered {
    watched: Arc<Watched>,
    outer: *const Watched,
}

impl Drop for Entered {
    fn drop(&mut self) {
        signal::set_current(self.outer);
        // Signals are sent under this lock: none is sent for it any more, and one that is on its way finds another guest or none.
        let mut watch = watch();
        if let Some(at) = watch.guests.iter().rposition(|guest| Arc::ptr_eq(&guest.watched, &self.watched)) {
            watch.guests.swap_remove(at);
        }
    }
}

/// Has a store's guest end when it is to. `exceeds` measures the disk space that it uses.
pub(crate) fn hook<T: 'static>(
    store: &mut Store<T>,
    watched: &Arc<Watched>,
    mut exceeds: impl FnMut(&mut T) -> bool + Send + Sync + 'static,
) {
    let mut measured = Instant::now();
    let watched = Arc::clone(watched);
    let mut look = move |data: &mut T, watched: &Watched| {
        if watched.measure.load(Ordering::Relaxed) && watched.stop.get().is_none() {
            watched.measure.store(false, Ordering::Relaxed);
            let began = Instant::now();
            if began >= measured {
                if exceeds(data) {
                    watched.end(Stop::Output);
                }
                // What a step nests deeply or spreads widely takes long to be measured, which must not become what the host is busy with.
                measured = Instant::now() + began.elapsed() * DISK_CHECK_PAUSE;
            }
        }
        watched.stop.get().cloned()
    };
    if by_signals(store.engine()) {
        store.call_hook(move |mut context: StoreContextMut<'_, T>, hook| match hook {
            CallHook::ReturningFromHost => {
                look(context.data_mut(), &watched).map_or(Ok(()), |stop| Err(Stopped(stop).into()))
            }
            _ => Ok(()),
        });
    } else {
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |mut context| {
            let stop = look(context.data_mut(), &watched);
            Ok(if stop.is_some() { UpdateDeadline::Interrupt } else { UpdateDeadline::Continue(1) })
        });
    }
}

/// A running guest, as the ticker sees it.
struct Guest {
    watched: Arc<Watched>,
    engine: Engine,
    code: Code,
    thread: signal::Thread,
}

impl Guest {
    /// Looks at it, and ends it if it is to. True while it is being ended.
    fn tick(&self, measure: bool) -> bool {
        let ending = self.watched.look().is_some();
        if measure {
            self.watched.measure.store(true, Ordering::Relaxed);
        }
        if !by_signals(&self.engine) {
            self.engine.increment_epoch();
        } else if ending && signal::prepare() {
            self.watched.functions.get_or_init(|| self.code.functions());
            self.thread.signal();
        }
        ending
    }
}

/// What runs, and whether somebody looks.
struct Watch {
    guests: Vec<Guest>,
    asleep: bool,
}

static WATCH: Mutex<Watch> = Mutex::new(Watch { guests: Vec::new(), asleep: false });
static WAKE: Condvar = Condvar::new();

fn watch() -> MutexGuard<'static, Watch> {
    WATCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the ticker, once. It is called by who makes an engine, before any thread is confined, as the ticker is not.
///
/// # Errors
/// The system gives no thread.
pub(crate) fn start() -> Result<()> {
    static STARTED: Mutex<bool> = Mutex::new(false);
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*started {
        signal::install().map_err(|error| Error::Engine(error.to_string()))?;
        let ticker = std::thread::Builder::new().name("weft-tick".into());
        ticker.spawn(tick_forever).map_err(|error| Error::Engine(error.to_string()))?;
        *started = true;
    }
    Ok(())
}

fn tick_forever() {
    let (mut ticks, mut idle) = (0u64, 0u64);
    loop {
        let mut watch = watch();
        ticks = ticks.wrapping_add(1);
        idle = if watch.guests.is_empty() { idle + 1 } else { 0 };
        if idle > IDLE_TICKS {
            watch.asleep = true;
            watch = WAKE.wait_while(watch, |watch| watch.guests.is_empty()).unwrap_or_else(PoisonError::into_inner);
            watch.asleep = false;
        }
        let measure = ticks.is_multiple_of(DISK_CHECK_INTERVAL);
        // Each of them, whatever the others are.
        let ending = watch.guests.iter().map(|guest| guest.tick(measure)).fold(false, |any, one| any | one);
        drop(watch);
        std::thread::sleep(if ending { TICK_OF_ENDING } else { TICK });
    }
}

#[cfg(test)]
mod tests;
