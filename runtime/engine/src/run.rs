//! The state of a run, and the loop that brings it to its end.
//!
//! One thread owns this state and writes the metadata. It drains whatever the workers have finished, records it
//! together with what starts next in one transaction, and only then tells anyone or hands out work. So a trivial step
//! costs one transaction, several that end together cost one between them, and whatever is reported is durable.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use weft_metadata::{ExecutionId, RunKey, RunState, StepRecord, Tx};
use weft_pipeline::condition::TaskScope;
use weft_pipeline::model::{Component, Dag, Implementation, Pipeline, Task, TaskState};
use weft_pipeline::step::{ComponentRef, PortValues, StepObserver};

use crate::engine::{Engine, Observer};
use crate::error::Result;
use crate::event::{Event, RunOutcome, TaskReport};
use crate::inputs::{self, Source};
use crate::plan::{self, component_ref};
use crate::pool::{Done, Pool, Report};
use crate::retry::Pauses;
use crate::schedule::Schedule;
use crate::work::{self, Job};

/// How often the loop looks whether it was interrupted.
const LOOK: Duration = Duration::from_millis(50);
/// Reports taken between two transactions: a guest that logs without end holds up its own run only.
const REPORTS_AT_ONCE: usize = 4096;
/// Nodes decided in one transaction, so that the first of many steps start before the last is decided.
pub(crate) const DECISIONS_AT_ONCE: usize = 512;

/// A task in a run.
pub(crate) struct Node<'r> {
    /// Its name; inside a nested pipeline `outer/inner`.
    pub path: String,
    pub task: &'r Task,
    pub component: &'r Component,
    /// What it calls, if it is a step.
    pub step: Option<ComponentRef>,
    /// The DAG that it is in.
    pub frame: usize,
    /// Its execution's row, once it began.
    pub execution: Option<ExecutionId>,
    /// The attempt that is at work or was last, from 1.
    pub attempt: u32,
    /// What a worker does for it, kept for the next attempt.
    pub job: Option<Arc<Job>>,
    /// The DAG that it runs, once opened.
    pub opened: Option<usize>,
    /// What a process before this one recorded of it.
    pub earlier: Option<StepRecord>,
    /// How it ended; there once it is settled.
    pub report: Option<TaskReport>,
    /// The task whose failure is the reason that this one failed or never began; itself where it failed by itself.
    pub blame: Option<usize>,
}

/// A DAG at work: the root, or a task's.
pub(crate) struct Frame<'r> {
    pub dag: &'r Dag,
    /// The task that runs it; none for the root.
    pub owner: Option<usize>,
    /// Values of its component's inputs.
    pub inputs: PortValues,
    /// Its first node; the others follow in the order of its tasks.
    first: usize,
    /// Its nodes that have not settled.
    pub unsettled: usize,
}

impl Frame<'_> {
    /// The task that ends with this DAG, once all its tasks have settled.
    pub fn finished_owner(&self) -> Option<usize> {
        self.owner.filter(|_| self.unsettled == 0)
    }
}

/// A run at work.
pub(crate) struct Run<'r> {
    pub engine: &'r Engine<'r>,
    pub key: RunKey,
    pub pipeline: &'r Pipeline,
    pub base_dir: PathBuf,
    pub nodes: Vec<Node<'r>>,
    pub frames: Vec<Frame<'r>>,
    pub schedule: Schedule,
    pub pauses: Pauses,
    /// Events of the transaction that is being written.
    pub outbox: Vec<Event>,
    /// Records of an earlier process, until their nodes are made.
    earlier: HashMap<String, StepRecord>,
    began: Instant,
}

/// A job to hand out once the transaction that records its start is committed.
pub(crate) type Launch = (usize, Arc<Job>);

impl<'r> Run<'r> {
    /// A run that is recorded already; `earlier` holds what a process before this one recorded of its tasks.
    pub fn new(
        engine: &'r Engine<'r>,
        key: RunKey,
        pipeline: &'r Pipeline,
        base_dir: PathBuf,
        parameters: PortValues,
        earlier: HashMap<String, StepRecord>,
    ) -> Self {
        let mut run = Self {
            engine,
            key,
            pipeline,
            base_dir,
            nodes: Vec::new(),
            frames: Vec::new(),
            schedule: Schedule::default(),
            pauses: Pauses::default(),
            outbox: Vec::new(),
            earlier,
            began: Instant::now(),
        };
        if let Implementation::Dag(dag) = &pipeline.root.implementation {
            run.open(dag, None, parameters);
        }
        run
    }

    /// Adds the tasks of a DAG.
    pub fn open(&mut self, dag: &'r Dag, owner: Option<usize>, inputs: PortValues) {
        let first = self.nodes.len();
        let frame = self.frames.len();
        for (name, task) in &dag.tasks {
            // `plan::validate` has seen to it that there is such a component.
            let Some(component) = self.pipeline.components.get(&task.component) else { continue };
            let path = owner.map_or_else(|| name.clone(), |owner| format!("{}/{name}", self.nodes[owner].path));
            let earlier = self.earlier.remove(&path);
            self.nodes.push(Node {
                path,
                task,
                component,
                step: component_ref(component),
                frame,
                execution: None,
                attempt: 1,
                job: None,
                opened: None,
                earlier,
                report: None,
                blame: None,
            });
        }
        self.frames.push(Frame { dag, owner, inputs, first, unsettled: dag.tasks.len() });
        if let Some(owner) = owner {
            self.nodes[owner].opened = Some(frame);
        }
        self.schedule.add(&plan::dependencies(dag, first));
    }

    /// Executes what is not settled yet, to the end or to the interruption.
    pub fn execute(mut self, observer: &mut Observer<'_>, interrupt: &AtomicBool) -> Result<RunOutcome> {
        let finished = self.nodes.iter().filter(|node| node.earlier.as_ref().is_some_and(is_settled)).count();
        observer(&Event::RunStarted {
            run: self.key.run.clone(),
            pipeline: self.pipeline.name.clone(),
            tasks: self.frames.first().map_or_else(Vec::new, |root| root.dag.tasks.keys().cloned().collect()),
            finished,
        });
        self.drive(observer, interrupt)?;
        let state = self.state();
        if self.nodes.iter().any(|node| state_of(node) == TaskState::Complete) {
            // Also against a power cut: content first, then the record that refers to it.
            self.engine.artifacts.sync()?;
        }
        let outputs = self.outputs();
        self.engine.metadata.transaction(|tx| {
            self.cancel_open(tx)?;
            tx.finish_run(&self.key, state, self.error().as_deref(), &outputs)
        })?;
        let duration = self.began.elapsed();
        observer(&Event::RunFinished { run: self.key.run.clone(), state, duration });
        Ok(RunOutcome { run: self.key.run.clone(), state, duration, tasks: self.reports(), outputs })
    }

    fn drive(&mut self, observer: &mut Observer<'_>, interrupt: &AtomicBool) -> Result<()> {
        let engine = self.engine;
        let key = self.key.clone();
        let work =
            |(task, job): (String, Arc<Job>), to: &dyn StepObserver| work::perform(engine, &key, &task, &job, to);
        thread::scope(|scope| {
            let mut pool = Pool::new(scope, &work, interrupt);
            let mut ended = Vec::new();
            loop {
                let stopping = interrupt.load(Ordering::Relaxed);
                let free = self.engine.options.jobs.get().saturating_sub(pool.busy());
                if !ended.is_empty() || (stopping && !self.pauses.is_empty()) || (!stopping && self.can_begin(free)) {
                    let launches = engine.metadata.transaction(|tx| {
                        self.record(tx, &mut ended, stopping)?;
                        if stopping { Ok(Vec::new()) } else { self.begin_ready(tx, free) }
                    })?;
                    self.outbox.drain(..).for_each(|event| observer(&event));
                    for (node, job) in launches {
                        let task = self.nodes[node].path.clone();
                        pool.submit(node, (task, job));
                    }
                } else if pool.busy() == 0 && self.pauses.is_empty() {
                    // All settled, or interrupted: nothing else leaves the loop, since no task waits for itself.
                    return Ok(());
                }
                self.listen(&mut pool, &mut ended, observer, stopping);
            }
        })
    }

    /// Whether a transaction would begin something now.
    fn can_begin(&self, free: usize) -> bool {
        let due = self.pauses.next_due().is_some_and(|due| due <= Instant::now());
        free > 0 && (due || self.schedule.has_ready())
    }

    /// Passes on what the workers say and gathers what they finished. Waits for it only if there is nothing else to do.
    fn listen<W>(
        &mut self,
        pool: &mut Pool<'_, '_, (String, Arc<Job>), W>,
        ended: &mut Vec<(usize, Done)>,
        observer: &mut Observer<'_>,
        stopping: bool,
    ) where
        W: Fn((String, Arc<Job>), &dyn StepObserver) -> Done + Sync,
    {
        let now = Instant::now();
        let free = self.engine.options.jobs.get().saturating_sub(pool.busy());
        let mut until = match self.pauses.next_due() {
            _ if !stopping && self.can_begin(free) => now,
            Some(due) if free > 0 => due.min(now + LOOK),
            _ if pool.busy() == 0 => now,
            _ => now + LOOK,
        };
        for _ in 0..REPORTS_AT_ONCE {
            let Some((node, report)) = pool.next(until) else { return };
            let task = || self.nodes[node].path.clone();
            match report {
                Report::Log(level, message) => observer(&Event::TaskLog { task: task(), level, message }),
                Report::Progress(done, total) => observer(&Event::TaskProgress { task: task(), done, total }),
                Report::Done(done) => {
                    ended.push((node, *done));
                    until = now;
                }
            }
        }
    }

    /// Notes how a task ended, which makes others ready, and its DAG's own task end with its last one.
    pub fn settle(&mut self, tx: &mut Tx<'_>, node: usize, report: TaskReport) -> weft_metadata::Result<()> {
        self.outbox.push(Event::TaskFinished(report.clone()));
        self.note(node, report);
        self.close(tx, self.nodes[node].frame)
    }

    /// Notes how a task ended; also its DAG's own task's end, if an earlier process has recorded that.
    pub fn settle_recalled(&mut self, node: usize, record: StepRecord) {
        self.note(node, recalled(&self.nodes[node], record));
        if let Some(owner) = self.frames[self.nodes[node].frame].finished_owner()
            && let Some(record) = self.nodes[owner].earlier.take()
        {
            self.settle_recalled(owner, record);
        }
    }

    fn note(&mut self, node: usize, report: TaskReport) {
        let settled = &mut self.nodes[node];
        tracing::debug!(task = settled.path, state = ?report.state, message = report.message, "settled");
        settled.report = Some(report);
        settled.job = None;
        self.schedule.settle(node);
        self.frames[settled.frame].unsettled -= 1;
    }

    /// The nodes of a frame.
    pub fn members(&self, frame: usize) -> std::ops::Range<usize> {
        let frame = &self.frames[frame];
        frame.first..frame.first + frame.dag.tasks.len()
    }

    /// The node of a task in a frame.
    pub fn find(&self, frame: usize, task: &str) -> Option<usize> {
        let frame = &self.frames[frame];
        Some(frame.first + frame.dag.tasks.get_index_of(task)?)
    }

    /// What a settled task of a frame offers.
    pub fn source(&self, frame: usize, task: &str) -> Source<'_> {
        match self.find(frame, task).and_then(|node| self.nodes[node].report.as_ref()) {
            Some(report) if report.state != TaskState::Skipped => Source::Gave(&report.outputs),
            _ => Source::Skipped,
        }
    }

    /// What a condition sees of a settled task of a frame.
    pub fn task_scope(&self, frame: usize, task: &str) -> Option<TaskScope<'_>> {
        let node = &self.nodes[self.find(frame, task)?];
        let report = node.report.as_ref()?;
        Some(TaskScope { state: report.state, outputs: &report.outputs, ports: Some(&node.component.outputs) })
    }

    /// What a frame's DAG gives.
    pub fn frame_outputs(&self, frame: usize) -> PortValues {
        let Frame { dag, inputs, .. } = &self.frames[frame];
        inputs::outputs(dag, inputs, |task| self.source(frame, task))
    }

    fn outputs(&self) -> PortValues {
        if self.frames.is_empty() { PortValues::new() } else { self.frame_outputs(0) }
    }

    /// The state that the tasks' states come to.
    fn state(&self) -> RunState {
        let states = || self.nodes.iter().map(|node| node.report.as_ref().map(|report| report.state));
        if states().any(|state| matches!(state, None | Some(TaskState::Canceled))) {
            RunState::Canceled
        } else if states().any(|state| matches!(state, Some(TaskState::Failed))) {
            RunState::Failed
        } else {
            RunState::Complete
        }
    }

    /// Why the run did not end well, in a line.
    fn error(&self) -> Option<String> {
        if self.state() == RunState::Canceled {
            return Some("it was interrupted".to_owned());
        }
        let failed = |node: &&Node<'_>| node.opened.is_none() && state_of(node) == TaskState::Failed;
        let mut failed = self.nodes.iter().filter(failed);
        let first = failed.next()?;
        let message = first.report.as_ref().and_then(|report| report.message.as_deref()).unwrap_or("failed");
        let others = match failed.count() {
            0 => String::new(),
            others => format!(" (and {others} more failed)"),
        };
        Some(format!("`{}`: {message}{others}", first.path))
    }

    /// Reports of all tasks; those that an interruption kept from beginning say so.
    fn reports(&self) -> Vec<TaskReport> {
        let mut reports = Vec::with_capacity(self.nodes.len());
        if !self.frames.is_empty() {
            self.report_frame(0, &mut reports);
        }
        reports
    }

    fn report_frame(&self, frame: usize, reports: &mut Vec<TaskReport>) {
        for node in self.members(frame) {
            let node = &self.nodes[node];
            reports.push(node.report.clone().unwrap_or_else(|| match node.execution {
                Some(_) => report(node, TaskState::Canceled, Some("the run was interrupted".to_owned())),
                None => report(node, TaskState::New, Some("not run: the run was interrupted".to_owned())),
            }));
            if let Some(opened) = node.opened {
                self.report_frame(opened, reports);
            }
        }
    }

    /// The outcome of a run that an earlier process completed.
    pub fn recall(mut self) -> RunOutcome {
        while let Some(node) = self.schedule.next() {
            self.take_over(node);
        }
        let outputs = self.outputs();
        let (run, duration) = (self.key.run.clone(), self.began.elapsed());
        RunOutcome { run, state: RunState::Complete, duration, tasks: self.reports(), outputs }
    }
}

/// Whether a task need not be executed again.
pub(crate) fn is_settled(record: &StepRecord) -> bool {
    matches!(record.state, TaskState::Complete | TaskState::Cached | TaskState::Skipped)
}

/// The state of a node; new until it is settled.
pub(crate) fn state_of(node: &Node<'_>) -> TaskState {
    node.report.as_ref().map_or(TaskState::New, |report| report.state)
}

/// The report of a task that an earlier process brought behind it.
fn recalled(node: &Node<'_>, record: StepRecord) -> TaskReport {
    let executed = record.state == TaskState::Complete;
    TaskReport {
        duration: executed.then(|| Duration::from_micros(record.duration_us)),
        attempts: if executed { record.attempts } else { 0 },
        outputs: record.outputs,
        log: record.log,
        ..report(node, record.state, record.skipped)
    }
}

/// A report without outputs.
pub(crate) fn report(node: &Node<'_>, state: TaskState, message: Option<String>) -> TaskReport {
    TaskReport {
        task: node.path.clone(),
        state,
        duration: None,
        attempts: 0,
        outputs: PortValues::new(),
        message,
        hint: None,
        log: None,
    }
}
