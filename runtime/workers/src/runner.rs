//! The runner that hands steps to workers, and keeps those here that must not leave.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Condvar, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use weft_artifacts::Store;
use weft_engine::{Fetch, Fetched, StepRunner};
use weft_pipeline::step::{
    FailureKind, HOST_PYTHON, Limits, SecretGrant, StepFailure, StepObserver, StepOutput, StepRequest, StepTrace,
};

use crate::cluster::Cluster;
use crate::dispatcher::Dispatcher;
use crate::error::Error;
use crate::message::StepEvent;
use crate::pilots::PilotPlan;
use crate::spool::Spool;

/// How often a step that is elsewhere is asked whether it is to stop.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
/// Steps that are handed out at the same time for each worker: enough that short ones fill batches.
const STEPS_PER_WORKER: usize = 8;
/// Bounds on that for all workers together: each step has a thread that waits for it.
const FEWEST_STEPS: usize = 64;
const MOST_STEPS: usize = 512;

/// What a run needs to hand its steps to workers.
pub struct RemoteOptions {
    /// The engine.
    pub cluster: Box<dyn Cluster>,
    /// The most workers at the same time.
    pub workers: NonZeroUsize,
    /// The directory for the spool, made anew.
    pub spool: PathBuf,
    /// The program of a worker.
    pub program: PathBuf,
    /// Its arguments, to which the worker's name is added.
    pub arguments: Vec<OsString>,
    /// Limits of steps that name none.
    pub limits: Limits,
    /// Steps that may run at the same time on this machine, of those that stay here.
    pub local_jobs: NonZeroUsize,
}

/// Hands steps to the workers of an engine. The workers are started with the first step and end when this is dropped.
pub struct RemoteRunner<'r> {
    engine: &'static str,
    local: &'r dyn StepRunner,
    artifacts: Store,
    limits: Limits,
    workers: usize,
    gate: Gate,
    /// Until the first step.
    plan: Mutex<Option<(PathBuf, PilotPlan)>>,
    dispatcher: OnceLock<Result<Dispatcher, Box<StepFailure>>>,
    /// Why steps were kept here, as far as it was told.
    told: Mutex<BTreeSet<&'static str>>,
}

impl<'r> RemoteRunner<'r> {
    /// A runner over one for what stays here. Nothing is started yet.
    pub fn new(options: RemoteOptions, local: &'r dyn StepRunner, artifacts: Store) -> Self {
        let RemoteOptions { cluster, workers, spool, program, arguments, limits, local_jobs } = options;
        let workers = workers.get();
        Self {
            engine: cluster.name(),
            local,
            artifacts,
            limits,
            workers,
            gate: Gate::new(local_jobs),
            plan: Mutex::new(Some((spool, PilotPlan { cluster, workers, program, arguments }))),
            dispatcher: OnceLock::new(),
            told: Mutex::default(),
        }
    }

    /// The steps that it should be given at the same time.
    pub fn jobs(&self) -> NonZeroUsize {
        let jobs = self.workers.saturating_mul(STEPS_PER_WORKER).clamp(FEWEST_STEPS, MOST_STEPS);
        NonZeroUsize::new(jobs).unwrap_or(NonZeroUsize::MIN)
    }

    fn dispatcher(&self) -> Result<&Dispatcher, Box<StepFailure>> {
        let start = || {
            let plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner).take();
            let (spool, plan) = plan.ok_or_else(|| failed("the workers were started before", None))?;
            let spool = Spool::create(spool).map_err(|error| unspooled(&error))?;
            Ok(Dispatcher::start(spool, plan))
        };
        self.dispatcher.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    fn run_here(&self, why: &'static str, request: &StepRequest, observer: &dyn StepObserver) -> Answer {
        if self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(why) {
            tracing::warn!("`{}` {why}: such steps run on this machine, not on {}", request.task, self.engine);
        }
        let _place = self.gate.enter(observer).ok_or_else(interrupted)?;
        self.local.run(request, observer)
    }
}

type Answer = Result<StepOutput, Box<StepFailure>>;

impl StepRunner for RemoteRunner<'_> {
    fn run(&self, request: &StepRequest, observer: &dyn StepObserver) -> Answer {
        if let Some(why) = stays(request) {
            return self.run_here(why, request, observer);
        }
        let dispatcher = self.dispatcher()?;
        let mut sent = request.clone();
        // A worker's machine has other defaults.
        sent.limits.memory = sent.limits.memory.or(self.limits.memory);
        sent.limits.time = sent.limits.time.or(self.limits.time);
        sent.limits.output = sent.limits.output.or(self.limits.output);
        let (id, events) = dispatcher.submit(sent);
        loop {
            match events.recv_timeout(POLL_INTERVAL) {
                Ok(StepEvent::Log(level, message)) => observer.log(&request.task, level, &message),
                Ok(StepEvent::Progress(done, total)) => observer.progress(&request.task, done, total),
                Ok(StepEvent::Compiling(component)) => observer.compiling(&request.task, component.as_deref()),
                Ok(StepEvent::Ended(result)) => return result.restore(&self.artifacts),
                Err(RecvTimeoutError::Timeout) if observer.interrupted() => {
                    dispatcher.withdraw(id);
                    return Err(interrupted().into());
                }
                Ok(StepEvent::GivenBack { .. }) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(failed(
                        "what hands steps to workers broke down; this is a defect of weft, please report it",
                        None,
                    )
                    .into());
                }
            }
        }
    }

    fn fetch(&self, fetch: &Fetch<'_>, observer: &dyn StepObserver) -> Result<Fetched, Box<StepFailure>> {
        self.local.fetch(fetch, observer)
    }

    fn secrets_digest(&self, secrets: &BTreeMap<String, SecretGrant>) -> Result<[u8; 32], Box<StepFailure>> {
        self.local.secrets_digest(secrets)
    }
}

/// Why a step must run where the scheduler is, if it must.
fn stays(request: &StepRequest) -> Option<&'static str> {
    let grants = &request.grants;
    if request.component.digest.starts_with(HOST_PYTHON) {
        Some("is for this machine's own Python")
    } else if !grants.secrets.is_empty() {
        Some("reads secrets, whose values are written nowhere")
    } else if !grants.env.is_empty() {
        Some("reads environment variables of this machine")
    } else if grants.directories.values().any(|grant| grant.write) {
        Some("writes to a directory of the host, and steps that are handed out may run twice at the same time")
    } else {
        None
    }
}

fn failed(message: impl Into<String>, hint: Option<String>) -> StepFailure {
    StepFailure { kind: FailureKind::Host, message: message.into(), hint, trace: StepTrace::default() }
}

fn unspooled(error: &Error) -> StepFailure {
    let cause = std::error::Error::source(error).map(|source| format!(": {source}")).unwrap_or_default();
    failed(format!("it cannot be handed to workers: {error}{cause}"), error.hint())
}

fn interrupted() -> StepFailure {
    let message = "the run was interrupted".to_owned();
    StepFailure { kind: FailureKind::Interrupted, message, hint: None, trace: StepTrace::default() }
}

/// Lets so many steps run here at the same time.
struct Gate {
    free: Mutex<usize>,
    left: Condvar,
}

impl Gate {
    fn new(places: NonZeroUsize) -> Self {
        Self { free: Mutex::new(places.get()), left: Condvar::new() }
    }

    /// Waits for a place. None if the step is to stop.
    fn enter(&self, observer: &dyn StepObserver) -> Option<Place<'_>> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        while *free == 0 {
            if observer.interrupted() {
                return None;
            }
            (free, _) = self.left.wait_timeout(free, POLL_INTERVAL).unwrap_or_else(PoisonError::into_inner);
        }
        *free -= 1;
        Some(Place(self))
    }
}

/// A place, given back when it is dropped.
struct Place<'g>(&'g Gate);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.left.notify_one();
    }
}
