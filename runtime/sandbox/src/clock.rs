//! The virtual clock: a step without the `clock` grant reads the same times whenever it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// The start of every step's wall clock, 2000-01-01T00:00:00Z: some software takes a time near 1970 for "not set".
const EPOCH: Duration = Duration::from_hours(262_968);

/// The nanoseconds by which each reading advances the clock, so that a guest that polls for a time to pass ends.
const READ_DURATION: u64 = 1_000;

/// The time of a step, in nanoseconds since its start. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct VirtualClock(Arc<AtomicU64>);

impl VirtualClock {
    pub(crate) fn read(&self) -> u64 {
        self.0.fetch_add(READ_DURATION, Ordering::Relaxed)
    }

    /// Ends a sleep at once, by advancing the clock.
    pub(crate) fn sleep_until(&self, instant: u64) {
        self.0.fetch_max(instant, Ordering::Relaxed);
    }
}

impl HostMonotonicClock for VirtualClock {
    fn resolution(&self) -> u64 {
        READ_DURATION
    }

    fn now(&self) -> u64 {
        self.read()
    }
}

impl HostWallClock for VirtualClock {
    fn resolution(&self) -> Duration {
        Duration::from_nanos(READ_DURATION)
    }

    fn now(&self) -> Duration {
        EPOCH + Duration::from_nanos(self.read())
    }
}
