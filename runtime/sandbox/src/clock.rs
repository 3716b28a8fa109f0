//! The virtual clock: a step without the `clock` grant reads the same times whenever it runs.
//!
//! Time passes only by reading it, so the times depend on nothing but the guest's own calls. A reading advances the clock by a
//! microsecond, and by twice as much after each 1024 readings, up to 8.4 seconds: a guest that polls for a time to pass has
//! waited a minute after 17,000 readings, an hour after 24,000, a week after 95,000, whatever it prints meanwhile. A sleep ends
//! at once, and is a reading too. Any call on an artifact's handle is work, after which a reading takes a microsecond again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

/// The start of every step's wall clock, 2000-01-01T00:00:00Z: some software takes a time near 1970 for "not set".
const EPOCH: Duration = Duration::from_hours(262_968);

/// The nanoseconds by which each reading advances the clock at first, so that a guest that polls for a time to pass ends.
const READ_DURATION: u64 = 1_000;

/// Readings after which each advances the clock twice as far. A guest that reads as often while it works sees seconds, not hours.
const DOUBLED_AFTER: u64 = 1024;

/// How often that happens at most.
const MAX_DOUBLINGS: u64 = 23;

/// The time of a step. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct VirtualClock(Arc<Time>);

#[derive(Default)]
struct Time {
    /// Nanoseconds since the step's start.
    now: AtomicU64,
    /// Readings since the step's start, or since it last worked on an artifact.
    readings: AtomicU64,
}

impl VirtualClock {
    pub(crate) fn read(&self) -> u64 {
        // A step has one thread: nobody sees the state between the two operations.
        let readings = self.0.readings.fetch_add(1, Ordering::Relaxed);
        let now = self.0.now.load(Ordering::Relaxed);
        let advance = READ_DURATION << (readings / DOUBLED_AFTER).min(MAX_DOUBLINGS);
        self.0.now.store(now.saturating_add(advance), Ordering::Relaxed);
        now
    }

    /// Ends a sleep at once, by advancing the clock.
    pub(crate) fn sleep_until(&self, instant: u64) {
        self.0.now.fetch_max(instant, Ordering::Relaxed);
    }

    /// Notes that the guest works, and does not merely wait.
    pub(crate) fn worked(&self) {
        self.0.readings.store(0, Ordering::Relaxed);
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads until this much time has passed, and counts the readings.
    fn readings_until(clock: &VirtualClock, end: Duration) -> u64 {
        let end = u64::try_from(end.as_nanos()).unwrap();
        (1..10_000_000).find(|_| clock.read() >= end).unwrap()
    }

    #[test]
    fn waits_end_after_some_thousand_readings() {
        let readings = |end| readings_until(&VirtualClock::default(), end);
        assert_eq!(readings(Duration::from_micros(500)), 501);
        assert!(readings(Duration::from_mins(1)) < 18_000);
        assert!(readings(Duration::from_hours(1)) < 25_000);
        assert!(readings(Duration::from_hours(24 * 7)) < 100_000);
    }

    #[test]
    fn a_guest_that_works_between_readings_sees_microseconds() {
        let clock = VirtualClock::default();
        for _ in 0..1_000_000 {
            clock.read();
            clock.worked();
        }
        assert_eq!(clock.read(), 1_000_000 * READ_DURATION);
    }

    #[test]
    fn sleeps_advance_the_clock_which_never_goes_back_or_overflows() {
        let clock = VirtualClock::default();
        clock.sleep_until(5_000_000);
        assert_eq!(clock.read(), 5_000_000);
        clock.sleep_until(1);
        assert_eq!(clock.read(), 5_000_000 + READ_DURATION);
        clock.sleep_until(u64::MAX - 1);
        clock.read();
        assert_eq!(clock.read(), u64::MAX);
    }
}
