//! WASI 0.2 without any access to the host, and the parts that the runtime replaces: virtual clocks, and polling that ends
//! with the step's time limit.

use std::future::Future;
use std::time::{Duration, Instant};

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, Resource};
use wasmtime_wasi::p2::{DynPollable, Pollable, subscribe};
use wasmtime_wasi_io::bindings::wasi::io::poll::{Host as _, HostPollable as _};

use super::State;
use crate::clock::VirtualClock;
use crate::engine::EPOCH_INTERVAL;
use crate::limits::Stop;
use crate::observer::Listener;

/// The WASI version of wasmtime's host. Guests of any 0.2 version can be linked with it.
pub(super) const VERSION: &str = "0.2.12";

pub(super) fn add(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_sync(linker)?;
    linker.allow_shadowing(true);

    let mut clock = linker.instance(&format!("wasi:clocks/monotonic-clock@{VERSION}"))?;
    clock.func_wrap("subscribe-instant", |mut store: StoreContextMut<'_, State>, (instant,): (u64,)| {
        let now = store.data_mut().step.clock.now();
        Ok((sleep(store.data_mut(), instant.saturating_sub(now))?,))
    })?;
    clock.func_wrap("subscribe-duration", |mut store: StoreContextMut<'_, State>, (duration,): (u64,)| {
        Ok((sleep(store.data_mut(), duration)?,))
    })?;

    let mut poll = linker.instance(&format!("wasi:io/poll@{VERSION}"))?;
    poll.func_wrap("poll", |mut store: StoreContextMut<'_, State>, (pollables,): (Vec<Resource<DynPollable>>,)| {
        let state = store.data_mut();
        let until = StopSignal::of(state);
        let ready = wait(until, state.table.poll(pollables))?;
        Ok((ready?,))
    })?;
    poll.func_wrap(
        "[method]pollable.block",
        |mut store: StoreContextMut<'_, State>, (pollable,): (Resource<DynPollable>,)| {
            let state = store.data_mut();
            let until = StopSignal::of(state);
            wait(until, state.table.block(pollable))?
        },
    )?;
    linker.allow_shadowing(false);
    Ok(())
}

/// A step's clock: virtual unless the real one was granted.
#[derive(Clone)]
pub(crate) enum Clock {
    Virtual(VirtualClock),
    Real(Instant),
}

impl Clock {
    /// The guest worked on an artifact, see [`VirtualClock::worked`].
    pub(crate) fn worked(&self) {
        if let Self::Virtual(clock) = self {
            clock.worked();
        }
    }

    fn now(&self) -> u64 {
        match self {
            Self::Virtual(clock) => clock.read(),
            Self::Real(start) => u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX),
        }
    }
}

impl wasmtime_wasi::HostMonotonicClock for Clock {
    fn resolution(&self) -> u64 {
        1_000
    }

    fn now(&self) -> u64 {
        Clock::now(self)
    }
}

fn sleep(state: &mut State, nanoseconds: u64) -> wasmtime::Result<Resource<DynPollable>> {
    let sleep = match &state.step.clock {
        Clock::Virtual(clock) => {
            let end = clock.read().saturating_add(nanoseconds);
            Sleep::Virtual { clock: clock.clone(), end }
        }
        Clock::Real(_) => Sleep::Real(tokio::time::Instant::now().checked_add(Duration::from_nanos(nanoseconds))),
    };
    let sleep = state.table.push(sleep)?;
    subscribe(&mut state.table, sleep)
}

enum Sleep {
    Virtual {
        clock: VirtualClock,
        end: u64,
    },
    /// `None` is beyond the range of `Instant`, and is never ready.
    Real(Option<tokio::time::Instant>),
}

#[wasmtime_wasi_io::async_trait]
impl Pollable for Sleep {
    async fn ready(&mut self) {
        match self {
            Self::Virtual { clock, end } => clock.sleep_until(*end),
            Self::Real(Some(instant)) => tokio::time::sleep_until(*instant).await,
            Self::Real(None) => std::future::pending().await,
        }
    }
}

/// The conditions that end a guest's waiting: its time limit and an interruption.
struct StopSignal {
    deadline: crate::limits::Deadline,
    observer: Listener,
}

impl StopSignal {
    fn of(state: &State) -> Self {
        Self { deadline: state.step.deadline, observer: state.step.observer }
    }

    async fn raised(self) -> Stop {
        loop {
            if self.deadline.passed() {
                return Stop::Time;
            }
            if self.observer.interrupted() {
                return Stop::Interrupted;
            }
            tokio::time::sleep(EPOCH_INTERVAL).await;
        }
    }
}

/// Waits for `what`, or until the step has to stop. Epoch ticks do not interrupt a guest that waits in the host.
fn wait<T>(until: StopSignal, what: impl Future<Output = T>) -> wasmtime::Result<T> {
    wasmtime_wasi::runtime::in_tokio(async {
        let mut what = std::pin::pin!(what);
        let mut until = std::pin::pin!(until.raised());
        std::future::poll_fn(|context| {
            if let std::task::Poll::Ready(value) = what.as_mut().poll(context) {
                return std::task::Poll::Ready(Ok(value));
            }
            until.as_mut().poll(context).map(|stop| Err(Stopped(stop).into()))
        })
        .await
    })
}

/// The error that unwinds a guest which the host stops.
#[derive(Debug, thiserror::Error)]
#[error("the step was stopped")]
pub(crate) struct Stopped(pub(crate) Stop);
