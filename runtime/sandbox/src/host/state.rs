//! The data of a wasmtime store, which belongs to one step.

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
use super::programs::Programs;
use super::wasi::{Clock, Stopped};
use crate::component::LoadedComponent;
use crate::host::{Mounts, Network};
use crate::limits::{MemoryLimiter, Stop};
use crate::log::Log;
use crate::observer::Listener;
use crate::walls::Walls;
use crate::watch::Watched;

/// The maximum number of handles of all kinds that a step holds at the same time.
const MAX_HANDLES: usize = 100_000;

/// The number of refused writes after which a step is stopped.
const MAX_REFUSED_WRITES: u32 = 100;

/// The maximum number of inputs whose content is open at the same time: a step may have more inputs than a process may
/// have open files.
const MAX_OPEN_INPUTS: usize = 64;

/// The data of a wasmtime store.
pub(crate) struct State {
    pub(crate) table: ResourceTable,
    pub(crate) wasi: WasiCtx,
    pub(crate) limiter: MemoryLimiter,
    pub(crate) step: Step,
}

/// The state of a step that host functions use.
pub(crate) struct Step {
    pub(crate) task: String,
    /// What its handles stand for.
    pub(crate) component: Arc<LoadedComponent>,
    pub(crate) store: Store,
    pub(crate) budget: Budget,
    pub(crate) observer: Listener,
    pub(crate) log: Log,
    pub(crate) clock: Clock,
    /// The directories of a step function.
    pub(crate) mounts: Option<Mounts>,
    /// The working directory of a command.
    pub(crate) directory: Option<WorkDir>,
    /// What a command may call.
    pub(crate) programs: Programs,
    /// How long it may run, and whether it is to end.
    pub(crate) watched: Arc<Watched>,
    /// The number of writes that were refused for the output limit.
    pub(crate) refused_writes: u32,
    pub(crate) live_messages: u32,
    pub(crate) last_progress: Option<Instant>,
    /// Handles of inputs whose content is open, the oldest first.
    pub(crate) open: VecDeque<u32>,
    /// Where it may connect to.
    pub(crate) network: Network,
    pub(crate) walls: Walls,
}

impl Step {
    /// Whether the step has written more than `bytes` to files.
    pub(crate) fn exceeds(&self, bytes: u64) -> bool {
        self.mounts.as_ref().is_some_and(|mounts| mounts.exceeds(bytes))
            || self.directory.as_ref().is_some_and(|directory| directory.exceeds(bytes))
    }

    /// The schema title of the kind with this payload.
    pub(crate) fn title(&self, payload: u32) -> ArtifactType {
        usize::try_from(payload)
            .ok()
            .and_then(|at| self.component.interface.kinds.get(at))
            .map_or_else(|| ArtifactType("system.Artifact".into()), |kind| kind.title.clone())
    }
}

impl State {
    /// Returns the result of a write to the guest, and stops a step that goes on writing after [`MAX_REFUSED_WRITES`].
    /// Otherwise it could do so until its time limit.
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

    /// The artifact of a handle, and the state of the step.
    pub(super) fn artifact(&mut self, handle: u32) -> wasmtime::Result<(&mut Artifact, &mut Step)> {
        self.step.clock.worked();
        Ok((self.table.get_mut(&Resource::new_borrow(handle))?, &mut self.step))
    }

    /// Registers the opened content of an input, and closes the oldest one beyond [`MAX_OPEN_INPUTS`].
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
