//! The state of a run, and the scheduler's loop.
//!
//! One thread owns this state and writes the metadata. It receives what the workers have finished, records that and the
//! tasks that start next in one transaction, and after the commit emits the events and submits the jobs. So every event is
//! durable, and steps that end at the same time share a transaction.
//!
//! Where steps are so short that the transaction would cost more than they do, those that follow within [`Options::group_commit`](crate::Options) share
//! it as well: their jobs are submitted before the commit, and nothing is told of them before it. That is done for steps that
//! change nothing but their outputs; if the process is killed meanwhile they run again, and nobody has heard of the first time.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use weft_metadata::{RunKey, RunState, StepRecord, Tx};
use weft_pipeline::command::TaskContext;
use weft_pipeline::model::{Implementation, TaskState};
use weft_pipeline::step::{PortValues, StepObserver};

use crate::brief::{EndedStep, StartedStep};
use crate::engine::{Engine, Observer};
use crate::error::Result;
use crate::event::{Event, RunOutcome, TaskReport};
use crate::node::{Body, Frame, Node, is_settled};
use crate::plan::Plan;
use crate::retry::BackoffQueue;
use crate::scheduler::Scheduler;
use crate::slots::Held;
use crate::task_context;
use crate::volumes;
use crate::worker::{self, Job};
use crate::worker_pool::{JobOutcome, WorkerPool, WorkerReport};

/// How often the loop checks for an interruption.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
/// The maximum number of reports that are received between two transactions, so that endless logging of a guest does not
/// keep finished tasks from being recorded, nor its messages fill the memory.
const REPORT_BATCH: usize = 256;
/// The maximum number of tasks that are decided in one transaction, so that the first of many start before the last is
/// decided.
pub(crate) const DECISION_BATCH: usize = 512;

/// The longest that tasks are decided in one transaction: where a bucket is asked for content, others wait for the metadata meanwhile.
pub(crate) const DECIDE_WITHIN: Duration = Duration::from_millis(250);

/// The state of a run in execution.
pub(crate) struct Run<'r> {
    pub engine: &'r Engine<'r>,
    pub key: RunKey,
    pub plan: &'r Plan<'r>,
    pub base_dir: PathBuf,
    pub nodes: Vec<Node<'r>>,
    pub frames: Vec<Frame<'r>>,
    pub scheduler: Scheduler,
    pub backoff_queue: BackoffQueue,
    /// Events to emit after the commit of the current transaction.
    pub outbox: Vec<Event>,
    /// Records of an earlier process by task, until their nodes are added.
    pub earlier: HashMap<String, StepRecord>,
    /// The number of tasks, those that are not expanded yet included.
    pub size: usize,
    /// Why the pipeline's outputs cannot be made, although its tasks succeeded.
    pub outputs_error: Option<String>,
    /// Whether the deadline has passed.
    pub deadline_passed: bool,
    pub started_at: Instant,
    context: TaskContext,
    /// Whether the step that ended last was so short that the next may end within the same transaction, too.
    brief: bool,
    /// Steps whose start is yet to be recorded in the current transaction.
    pub started_steps: Vec<StartedStep>,
    /// Steps whose start and end are yet to be recorded in it.
    pub ended_steps: Vec<EndedStep>,
}

/// A job to submit after the commit of the transaction that records its start, or before it if it is pure.
pub(crate) type Launch = (usize, Arc<Job>);
/// A job, and the path of its task.
type NamedJob = (String, Arc<Job>);
type Pool<'scope, 'env, W> = WorkerPool<'scope, 'env, NamedJob, W>;

impl<'r> Run<'r> {
    /// A run that is recorded already. `earlier` holds the records of its tasks by an earlier process.
    pub fn new(
        engine: &'r Engine<'r>,
        key: RunKey,
        plan: &'r Plan<'r>,
        base_dir: PathBuf,
        parameters: PortValues,
        earlier: HashMap<String, StepRecord>,
    ) -> Self {
        let context = task_context::for_run(&key, plan.pipeline);
        let mut run = Self {
            engine,
            key,
            plan,
            base_dir,
            nodes: Vec::new(),
            frames: Vec::new(),
            scheduler: Scheduler::default(),
            backoff_queue: BackoffQueue::default(),
            outbox: Vec::new(),
            earlier,
            size: plan.size(),
            outputs_error: None,
            deadline_passed: false,
            started_at: Instant::now(),
            context,
            brief: false,
            started_steps: Vec::new(),
            ended_steps: Vec::new(),
        };
        if let Implementation::Dag(dag) = &plan.pipeline.root.implementation {
            run.expand_dag(dag, None, parameters);
        }
        run
    }

    /// Executes all tasks that are not settled, until they are or the run is interrupted.
    pub fn execute(mut self, observer: &mut Observer<'_>, interrupt: &AtomicBool) -> Result<RunOutcome> {
        let finished = self.nodes.iter().filter(|node| node.earlier.as_deref().is_some_and(is_settled)).count();
        observer(&Event::RunStarted {
            run: self.key.run.clone(),
            pipeline: self.plan.pipeline.name.clone(),
            tasks: self.nodes.iter().map(|node| node.path.clone()).collect(),
            finished,
        });
        self.run_loop(observer, interrupt)?;
        if self.nodes.iter().any(|node| matches!(node.state(), TaskState::Complete | TaskState::Failed)) {
            // The content must survive a power cut before the record that refers to it does; what failed has its log.
            self.engine.artifacts.sync()?;
        }
        if !interrupt.load(Ordering::Relaxed) {
            // What could not be put there when a step ended. Until it is there, the run has not ended.
            let mut go_on = |_, _| {
                if interrupt.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            };
            match self.engine.artifacts.catch_up(&mut go_on) {
                Err(weft_artifacts::Error::Interrupted { .. }) => {}
                caught_up => caught_up?,
            }
        }
        let outputs = self.outputs();
        let state = self.state();
        self.engine.metadata.transaction(|tx| {
            self.cancel_expanded(tx)?;
            tx.finish_run(&self.key, state, self.error().as_deref(), &outputs)
        })?;
        self.remove_workspace(state);
        let duration = self.started_at.elapsed();
        observer(&Event::RunFinished { run: self.key.run.clone(), state, duration });
        Ok(RunOutcome { run: self.key.run.clone(), state, duration, tasks: self.take_reports(), outputs })
    }

    fn run_loop(&mut self, observer: &mut Observer<'_>, interrupt: &AtomicBool) -> Result<()> {
        let engine = self.engine;
        let key = self.key.clone();
        let work = |(task, job): NamedJob, to: &dyn StepObserver| worker::execute(engine, &key, &task, &job, to);
        thread::scope(|scope| {
            let mut pool = WorkerPool::new(scope, &work, interrupt);
            let mut ended = Vec::new();
            let mut slots = Held::new(engine.slots);
            loop {
                self.deadline_passed |=
                    self.plan.pipeline.deadline.is_some_and(|deadline| self.started_at.elapsed() >= deadline);
                if self.deadline_passed {
                    pool.stop();
                }
                let stopping = interrupt.load(Ordering::Relaxed) || self.deadline_passed;
                let jobs = engine.options.jobs.get();
                let ready = !stopping && self.can_start(jobs.saturating_sub(pool.busy()));
                // What has ended may make others ready.
                let may_start = ready || (!stopping && !ended.is_empty());
                let free = if may_start { slots.up_to(jobs).saturating_sub(pool.busy()) } else { 0 };
                let starved = ready && free == 0;
                if !ended.is_empty() || (stopping && !self.backoff_queue.is_empty()) || free > 0 {
                    let launches = engine.metadata.transaction(|tx| {
                        let until = Instant::now() + engine.options.group_commit;
                        let mut free = free;
                        loop {
                            self.record(tx, &mut ended, stopping)?;
                            let launches = if stopping { Vec::new() } else { self.start_ready(tx, free)? };
                            if !self.may_run_ahead(tx, &launches) || Instant::now() >= until {
                                self.record_ended(tx)?;
                                self.record_starts(tx)?;
                                return Ok(launches);
                            }
                            self.submit(&mut pool, launches);
                            // While they run.
                            self.record_ended(tx)?;
                            self.receive_until(&mut pool, &mut ended, until);
                            if ended.is_empty() {
                                self.record_starts(tx)?;
                                return Ok(Vec::new());
                            }
                            free = slots.up_to(jobs).saturating_sub(pool.busy());
                        }
                    })?;
                    self.outbox.drain(..).for_each(|event| observer(&event));
                    self.submit(&mut pool, launches);
                    slots.down_to(pool.busy());
                } else if pool.busy() == 0 && self.backoff_queue.is_empty() && !starved {
                    // All tasks have settled, or the run is stopping: as there are no cycles, there is no third case.
                    return Ok(());
                }
                if starved && pool.busy() == 0 {
                    slots.wait(POLL_INTERVAL);
                }
                self.receive_reports(&mut pool, &mut ended, observer, stopping || starved);
                slots.down_to(pool.busy());
            }
        })
    }

    /// Whether a transaction would start a task now.
    fn can_start(&self, free: usize) -> bool {
        let due = self.backoff_queue.next_due().is_some_and(|due| due <= Instant::now());
        free > 0 && (due || self.scheduler.has_ready())
    }

    fn submit<W>(&self, pool: &mut Pool<'_, '_, W>, launches: Vec<Launch>)
    where
        W: Fn(NamedJob, &dyn StepObserver) -> JobOutcome + Sync,
    {
        for (node, job) in launches {
            pool.submit(node, (self.nodes[node].path.clone(), job));
        }
    }

    /// Whether these may run before the transaction is committed that records their start, and it may wait for their end.
    fn may_run_ahead(&self, tx: &Tx<'_>, launches: &[Launch]) -> bool {
        self.brief && !launches.is_empty() && !tx.is_awaited() && launches.iter().all(|(_, job)| job.is_pure())
    }

    /// Receives reports: emits logs and progress, and collects finished jobs. Waits only if there is nothing else to do; `idle` says that
    /// nothing can start now.
    fn receive_reports<W>(
        &mut self,
        pool: &mut Pool<'_, '_, W>,
        ended: &mut Vec<(usize, JobOutcome)>,
        observer: &mut Observer<'_>,
        idle: bool,
    ) where
        W: Fn(NamedJob, &dyn StepObserver) -> JobOutcome + Sync,
    {
        let now = Instant::now();
        let free = self.engine.options.jobs.get().saturating_sub(pool.busy());
        let until = match self.backoff_queue.next_due() {
            _ if !idle && self.can_start(free) => now,
            Some(due) if free > 0 => due.min(now + POLL_INTERVAL),
            _ if pool.busy() == 0 => now,
            _ => now + POLL_INTERVAL,
        };
        self.receive_until(pool, ended, until);
        self.outbox.drain(..).for_each(|event| observer(&event));
    }

    /// Receives reports into the outbox and `ended`: waits for the first until `until`, and takes what else is there.
    fn receive_until<W>(&mut self, pool: &mut Pool<'_, '_, W>, ended: &mut Vec<(usize, JobOutcome)>, mut until: Instant)
    where
        W: Fn(NamedJob, &dyn StepObserver) -> JobOutcome + Sync,
    {
        for _ in 0..REPORT_BATCH {
            let Some((node, report)) = pool.next(until) else { return };
            until = Instant::now();
            let task = || self.nodes[node].path.clone();
            match report {
                WorkerReport::Log(level, message) => self.outbox.push(Event::TaskLog { task: task(), level, message }),
                WorkerReport::Progress(done, total) => {
                    self.outbox.push(Event::TaskProgress { task: task(), done, total });
                }
                WorkerReport::Compiling(component) => {
                    self.outbox.push(Event::TaskCompiling { task: task(), component });
                }
                WorkerReport::Finished(done) => {
                    self.brief = done.elapsed <= self.engine.options.group_commit / 20;
                    ended.push((node, *done));
                }
            }
        }
    }

    /// Settles a task, which may make others ready and may end its DAG or loop.
    pub fn settle(&mut self, tx: &mut Tx<'_>, node: usize, report: TaskReport) -> weft_metadata::Result<()> {
        self.outbox.push(Event::TaskFinished(report.clone()));
        self.mark_settled(node, report);
        self.close(tx, self.nodes[node].frame)
    }

    /// Settles a task in the state that an earlier process recorded, and the owner of its frame if that is recorded too.
    pub fn settle_restored(&mut self, node: usize, record: StepRecord) {
        self.nodes[node].restored = true;
        self.mark_settled(node, self.nodes[node].restore(record));
        let frame = self.nodes[node].frame;
        if let Some(owner) = self.frames[frame].finished_owner()
            && let Some(record) = self.nodes[owner].earlier.take()
        {
            self.frames[frame].inputs = PortValues::new();
            self.settle_restored(owner, *record);
        }
    }

    fn mark_settled(&mut self, node: usize, report: TaskReport) {
        let settled = &mut self.nodes[node];
        tracing::debug!(task = settled.path, state = ?report.state, message = report.message, "settled");
        settled.report = Some(report);
        settled.job = None;
        settled.iteration_inputs = None;
        self.scheduler.settle(node);
        let frame = settled.frame;
        self.frames[frame].unsettled -= 1;
        self.expand_iterations(frame);
    }

    /// Removes the workspace of a complete run. Others keep it, as they can be resumed.
    fn remove_workspace(&self, state: RunState) {
        if self.plan.pipeline.workspace && state == RunState::Complete {
            let directory = self.engine.volumes.join(volumes::workspace(&self.key.run));
            if let Err(error) = volumes::remove(&directory) {
                tracing::warn!(path = %directory.display(), %error, "the run's workspace could not be removed");
            }
        }
    }

    /// The node of a task in a DAG.
    pub fn find(&self, frame: usize, task: &str) -> Option<usize> {
        self.frames[frame].find(task)
    }

    /// The frame of the DAG that a task is defined in: for an iteration that of its loop.
    pub fn enclosing_dag(&self, node: usize) -> usize {
        let frame = self.nodes[node].frame;
        match (&self.frames[frame].body, self.frames[frame].owner) {
            (Body::Loop(_), Some(owner)) => self.nodes[owner].frame,
            _ => frame,
        }
    }

    /// The values of KFP's placeholders about the run, and about the task if there is one.
    pub fn task_context(&self, node: Option<usize>) -> TaskContext {
        node.map_or_else(|| self.context.clone(), |node| task_context::for_task(&self.context, &self.nodes[node].path))
    }
}
