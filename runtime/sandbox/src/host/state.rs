//! What a store holds for one step.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use wasmtime::component::{Resource, ResourceTable};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use weft_artifacts::{Budget, Store};
use weft_launcher::WorkDir;
use weft_pipeline::types::ArtifactType;

use super::artifact::Artifact;
use super::error::{Error, Result};
use super::wasi::{Clock, Stopped};
use crate::host::Mounts;
use crate::limits::{Deadline, MemoryLimiter, Stop};
use crate::log::Log;
use crate::observer::Listener;
use crate::signature::Kind;

/// Handles of all sorts that a step may hold at once.
const MAX_HANDLES: usize = 100_000;

/// Refused writes after which a step is stopped.
const MAX_REFUSED_WRITES: u32 = 100;

/// Content of inputs that is held open at once; a step may have more inputs than a process may have files.
const MAX_OPEN_INPUTS: usize = 64;

/// The data of a wasmtime store: everything of one step, gone with it.
pub(crate) struct State {
    pub(crate) table: ResourceTable,
    pub(crate) wasi: WasiCtx,
    pub(crate) limiter: MemoryLimiter,
    pub(crate) step: Step,
}

/// What the host functions work on.
pub(crate) struct Step {
    pub(crate) task: String,
    pub(crate) kinds: Arc<[Kind]>,
    pub(crate) store: Store,
    pub(crate) budget: Budget,
    pub(crate) observer: Listener,
    pub(crate) log: Log,
    pub(crate) clock: Clock,
    /// A step function's directories.
    pub(crate) mounts: Option<Mounts>,
    /// A command's files.
    pub(crate) directory: Option<WorkDir>,
    pub(crate) deadline: Deadline,
    pub(crate) stop: Option<Stop>,
    /// How often a write was refused for the output limit.
    pub(crate) refused_writes: u32,
    pub(crate) live_messages: u32,
    pub(crate) last_progress: Option<Instant>,
    /// Handles of inputs whose content is open, the oldest first.
    pub(crate) open: VecDeque<u32>,
}

impl Step {
    /// Whether more files were written than may be.
    pub(crate) fn exceeds(&self, bytes: u64) -> bool {
        self.mounts.as_ref().is_some_and(|mounts| mounts.exceeds(bytes))
            || self.directory.as_ref().is_some_and(|directory| directory.exceeds(bytes))
    }

    /// The title that an output of a kind is recorded with.
    pub(crate) fn title(&self, payload: u32) -> ArtifactType {
        self.kinds
            .iter()
            .find(|kind| kind.payload == payload)
            .map_or_else(|| ArtifactType("system.Artifact".into()), |kind| kind.title.clone())
    }
}

impl State {
    /// Passes the result of a write on to the guest, and stops one that goes on writing although it is told that it may
    /// not: it would do so until its time is over.
    pub(super) fn write_result<T>(&mut self, result: Result<T>) -> wasmtime::Result<(Result<T>,)> {
        if let Err(Error::OutputLimit(_)) = result {
            self.step.refused_writes += 1;
            if self.step.refused_writes > MAX_REFUSED_WRITES {
                return Err(Stopped(Stop::Output).into());
            }
        }
        Ok((result,))
    }

    pub(crate) fn new(wasi: WasiCtx, limiter: MemoryLimiter, step: Step) -> Self {
        let mut table = ResourceTable::new();
        table.set_max_capacity(MAX_HANDLES);
        Self { table, wasi, limiter, step }
    }

    /// The artifact behind a handle, and what it works with.
    pub(super) fn artifact(&mut self, handle: u32) -> wasmtime::Result<(&mut Artifact, &mut Step)> {
        Ok((self.table.get_mut(&Resource::new_borrow(handle))?, &mut self.step))
    }

    /// Notes that an input's content was opened, and closes the oldest one when there are too many.
    pub(super) fn opened(&mut self, handle: u32) {
        self.step.open.push_back(handle);
        if self.step.open.len() > MAX_OPEN_INPUTS
            && let Some(oldest) = self.step.open.pop_front()
            && let Ok(artifact) = self.table.get_mut::<Artifact>(&Resource::new_borrow(oldest))
        {
            artifact.close();
        }
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.table }
    }
}
