//! Limits of a step: memory, time and outputs.

use std::time::{Duration, Instant};

use wasmtime::ResourceLimiter;
use weft_pipeline::step::Limits;

use crate::walls::{Wall, Walls};

/// The limits that apply to a step.
#[derive(Debug, Clone, Copy)]
pub struct StepLimits {
    /// Bytes of all linear memories together.
    pub memory: u64,
    /// Wall-clock time.
    pub time: Duration,
    /// Bytes of all written artifacts together.
    pub output: u64,
}

impl Default for StepLimits {
    fn default() -> Self {
        Self { memory: 4 << 30, time: Duration::from_hours(1), output: 64 << 30 }
    }
}

impl StepLimits {
    /// The limits of a request, with these as defaults.
    pub(crate) fn with(self, own: &Limits) -> Self {
        Self {
            memory: own.memory.unwrap_or(self.memory),
            time: own.time.unwrap_or(self.time),
            output: own.output.unwrap_or(self.output),
        }
    }
}

/// The maximum number of entries of all tables of a step together.
const TABLE_ELEMENTS: usize = 1_000_000;

/// Counts the memory of a step, and refuses growth beyond its limit.
pub(crate) struct MemoryLimiter {
    limit: u64,
    used: u64,
    table_used: usize,
    table_limit: usize,
    /// The greatest total that was refused, for the message.
    pub(crate) refused: Option<u64>,
}

impl MemoryLimiter {
    pub(crate) fn new(limit: u64, walls: Walls) -> Self {
        Self { limit, used: 0, table_used: 0, table_limit: walls.bound(Wall::Tables, TABLE_ELEMENTS), refused: None }
    }

    /// The peak of all memories together. Memories never shrink, so it is their current size.
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
        Ok(self.table_used <= self.table_limit)
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

/// Why the host stopped a running step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stop {
    /// Its time limit.
    Time,
    /// The run was interrupted.
    Interrupted,
    /// Its limit for outputs, by writing files.
    Output,
}

/// The end of a step's time limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    at: Option<Instant>,
}

impl Deadline {
    pub(crate) fn after(time: Duration) -> Self {
        // A limit beyond the range of `Instant` is no limit.
        Self { at: Instant::now().checked_add(time) }
    }

    pub(crate) fn passed(&self) -> bool {
        self.at.is_some_and(|at| Instant::now() >= at)
    }
}
