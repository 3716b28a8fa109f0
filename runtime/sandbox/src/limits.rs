//! Bounds on a step: its memory, and the watch that ends it when its time is over or it is interrupted.

use std::time::{Duration, Instant};

use wasmtime::ResourceLimiter;
use weft_pipeline::step::Limits;

/// Bounds with nothing left open.
#[derive(Debug, Clone, Copy)]
pub struct StepLimits {
    /// Bytes of linear memory in all.
    pub memory: u64,
    /// Wall-clock time.
    pub time: Duration,
    /// Bytes of written artifacts in all.
    pub output: u64,
}

impl Default for StepLimits {
    fn default() -> Self {
        Self { memory: 4 << 30, time: Duration::from_hours(1), output: 64 << 30 }
    }
}

impl StepLimits {
    /// A request's own limits, and these where it has none.
    pub(crate) fn with(self, own: &Limits) -> Self {
        Self {
            memory: own.memory.unwrap_or(self.memory),
            time: own.time.unwrap_or(self.time),
            output: own.output.unwrap_or(self.output),
        }
    }
}

/// Entries that all tables of a step may have together.
const TABLE_ELEMENTS: usize = 1_000_000;

/// Counts a step's memories and refuses what goes beyond the limit.
pub(crate) struct MemoryLimiter {
    limit: u64,
    used: u64,
    table_used: usize,
    /// The greatest request that was refused, for the message.
    pub(crate) refused: Option<u64>,
}

impl MemoryLimiter {
    pub(crate) fn new(limit: u64) -> Self {
        Self { limit, used: 0, table_used: 0, refused: None }
    }

    /// The most that the memories took together: they never shrink.
    pub(crate) fn peak(&self) -> u64 {
        self.used
    }

    pub(crate) fn limit(&self) -> u64 {
        self.limit
    }
}

impl ResourceLimiter for MemoryLimiter {
    fn memory_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.used + (desired - current) as u64;
        if total > self.limit {
            self.refused = self.refused.max(Some(total));
            return Ok(false);
        }
        self.used = total;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        // A 32-bit memory cannot be larger than 4 GiB, whatever the limit is.
        self.refused = self.refused.max(Some(self.used + 1));
        Ok(())
    }

    fn table_growing(&mut self, current: usize, desired: usize, _maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.table_used += desired - current;
        Ok(self.table_used <= TABLE_ELEMENTS)
    }

    fn instances(&self) -> usize {
        1_000
    }

    fn tables(&self) -> usize {
        1_000
    }

    fn memories(&self) -> usize {
        100
    }
}

/// Why a running step was stopped by its host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Its time is over.
    Time,
    /// The run was interrupted.
    Interrupted,
    /// It wrote more through its file system than it may.
    Output,
}

/// When to stop.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Option<Instant>,
}

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        // A limit so long that no instant is that far off is none.
        Self { at: Instant::now().checked_add(time) }
    }

    pub(crate) fn passed(&self) -> bool {
        self.at.is_some_and(|at| Instant::now() >= at)
    }
}
