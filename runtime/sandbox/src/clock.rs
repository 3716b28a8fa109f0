//! Virtual time: a step without the `clock` grant sees the same instants every time it runs.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// 2000-01-01T00:00:00Z, where every step's wall clock starts: late enough for software that takes 1970 for "not set".
const EPOCH: Duration = Duration::from_hours(262_968);

/// Each look at the clock takes this long, so that a guest which waits for time to pass sees it pass.
const READ_DURATION: u64 = 1_000;

/// Time in a step, in nanoseconds since its start. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct VirtualClock(Arc<AtomicU64>);

impl VirtualClock {
    pub(crate) fn read(&self) -> u64 {
        self.0.fetch_add(READ_DURATION, Ordering::Relaxed)
    }

    /// A sleep takes no time on the host: the clock moves to its end.
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
