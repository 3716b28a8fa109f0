//! How much work something is, however busy the machine is with something else.

use std::time::Duration;

/// What it gives, and how long this thread was at work on it; to some ten milliseconds. Where the system does not tell, it was none.
pub fn processor_time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let began = at_work();
    let answer = work();
    (answer, at_work().saturating_sub(began))
}

/// How long this thread was at work so far.
fn at_work() -> Duration {
    // Nanoseconds at work, nanoseconds of waiting for a processor, turns.
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanoseconds.unwrap_or_default())
}
