//! WASI 0.2 without any access to the host, and the parts that the runtime replaces: virtual clocks, and polling that ends
//! with the step's time limit.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::StoreContextMut;
use wasmtime::component::{Linker, LinkerInstance, Resource};
use wasmtime_wasi::p2::{DynInputStream, DynOutputStream, DynPollable, Pollable, StreamResult, subscribe};
use wasmtime_wasi_io::bindings::wasi::io::poll::{Host as _, HostPollable as _};
use wasmtime_wasi_io::bindings::wasi::io::streams::{self, Host as _, HostInputStream as _, HostOutputStream as _};

use super::{State, network};
use crate::clock::VirtualClock;
use crate::limits::Stop;
use crate::watch::{TICK, Watched};

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
    let mut streams = linker.instance(&format!("wasi:io/streams@{VERSION}"))?;
    blocking_streams(&mut streams)?;
    network::add(linker)?;
    linker.allow_shadowing(false);
    Ok(())
}

/// The methods of streams that wait, here no longer than the step may: on the other side of a connection there may be nobody.
fn blocking_streams(streams: &mut LinkerInstance<'_, State>) -> wasmtime::Result<()> {
    type Store<'a> = StoreContextMut<'a, State>;
    type Input = Resource<DynInputStream>;
    type Output = Resource<DynOutputStream>;
    streams.func_wrap("[method]input-stream.blocking-read", |mut store: Store<'_>, (this, length): (Input, u64)| {
        let state = store.data_mut();
        let read = wait(StopSignal::of(state), state.table.blocking_read(this, length))?;
        answer(state, read)
    })?;
    streams.func_wrap("[method]input-stream.blocking-skip", |mut store: Store<'_>, (this, length): (Input, u64)| {
        let state = store.data_mut();
        let skipped = wait(StopSignal::of(state), state.table.blocking_skip(this, length))?;
        answer(state, skipped)
    })?;
    let write = "[method]output-stream.blocking-write-and-flush";
    streams.func_wrap(write, |mut store: Store<'_>, (this, bytes): (Output, Vec<u8>)| {
        let state = store.data_mut();
        let written = wait(StopSignal::of(state), state.table.blocking_write_and_flush(this, bytes))?;
        answer(state, written)
    })?;
    let write = "[method]output-stream.blocking-write-zeroes-and-flush";
    streams.func_wrap(write, |mut store: Store<'_>, (this, length): (Output, u64)| {
        let state = store.data_mut();
        let written = wait(StopSignal::of(state), state.table.blocking_write_zeroes_and_flush(this, length))?;
        answer(state, written)
    })?;
    streams.func_wrap("[method]output-stream.blocking-flush", |mut store: Store<'_>, (this,): (Output,)| {
        let state = store.data_mut();
        let flushed = wait(StopSignal::of(state), state.table.blocking_flush(this))?;
        answer(state, flushed)
    })?;
    let splice = "[method]output-stream.blocking-splice";
    streams.func_wrap(splice, |mut store: Store<'_>, (this, from, length): (Output, Input, u64)| {
        let state = store.data_mut();
        let moved = wait(StopSignal::of(state), state.table.blocking_splice(this, from, length))?;
        answer(state, moved)
    })
}

/// The result of a stream's method, as the guest gets it.
fn answer<T>(
    state: &mut State,
    result: StreamResult<T>,
) -> wasmtime::Result<(std::result::Result<T, streams::StreamError>,)> {
    Ok((match result {
        Ok(value) => Ok(value),
        Err(error) => Err(state.table.convert_stream_error(error)?),
    },))
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

/// What ends a guest's waiting: what would end it where it computes.
pub(super) struct StopSignal(Arc<Watched>);

impl StopSignal {
    pub(super) fn of(state: &State) -> Self {
        Self(Arc::clone(&state.step.watched))
    }

    async fn raised(self) -> Stop {
        loop {
            if let Some(stop) = self.0.look() {
                return stop.clone();
            }
            tokio::time::sleep(TICK).await;
        }
    }
}

/// Waits for `what`, or until the step has to stop. Nothing else interrupts a guest that waits in the host.
pub(super) fn wait<T>(until: StopSignal, what: impl Future<Output = T>) -> wasmtime::Result<T> {
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
