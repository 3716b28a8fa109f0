//! Tasks and DAGs at work: the nodes and frames that a run is made of.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use weft_metadata::{ExecutionId, StepRecord};
use weft_pipeline::model::{Component, Dag, Implementation, Task, TaskState};
use weft_pipeline::step::{ComponentRef, PortValues};

use crate::event::TaskReport;
use crate::loops::LoopState;
use crate::worker::Job;

/// A task in a run; of a loop also each of its iterations.
pub(crate) struct Node<'r> {
    /// Its name; inside a nested pipeline `outer/inner`, for an iteration `loop[3]`.
    pub path: String,
    pub task: &'r Task,
    pub component: &'r Component,
    /// What it calls, if it is a step.
    pub step: Option<&'r ComponentRef>,
    /// The DAG or the loop that it is in.
    pub frame: usize,
    /// Its number, if it is an iteration.
    pub iteration: Option<u32>,
    /// The inputs of an iteration, until it begins.
    pub iteration_inputs: Option<Box<PortValues>>,
    /// Its execution's row, once it began.
    pub execution: Option<ExecutionId>,
    /// The attempt that is at work or was last, from 1.
    pub attempt: u32,
    /// What a worker does for it, kept for the next attempt.
    pub job: Option<Arc<Job>>,
    /// The DAG or loop that it runs, once opened.
    pub expanded: Option<usize>,
    /// What a process before this one recorded of it.
    pub earlier: Option<Box<StepRecord>>,
    /// Whether it is settled as a process before this one recorded it.
    pub restored: bool,
    /// How it ended; there once it is settled.
    pub report: Option<TaskReport>,
    /// The task whose failure is the reason that this one failed or never began; itself where it failed by itself.
    pub root_cause: Option<usize>,
}

impl<'r> Node<'r> {
    /// Whether it is a loop as a whole, rather than one of its iterations.
    pub fn is_loop(&self) -> bool {
        self.task.each.is_some() && self.iteration.is_none()
    }

    /// The DAG that it runs, if it does.
    pub fn dag(&self) -> Option<&'r Dag> {
        match &self.component.implementation {
            Implementation::Dag(dag) => Some(dag),
            _ => None,
        }
    }

    /// Its state; new until it is settled.
    pub fn state(&self) -> TaskState {
        self.report.as_ref().map_or(TaskState::New, |report| report.state)
    }

    /// A report without outputs.
    pub fn new_report(&self, state: TaskState, message: Option<String>) -> TaskReport {
        TaskReport {
            task: self.path.clone(),
            state,
            duration: None,
            attempts: 0,
            outputs: PortValues::new(),
            message,
            hint: None,
            log: None,
        }
    }

    /// The report that a process before this one left behind.
    pub fn restore(&self, record: StepRecord) -> TaskReport {
        let executed = record.state == TaskState::Complete;
        TaskReport {
            duration: executed.then(|| Duration::from_micros(record.duration_us)),
            attempts: if executed { record.attempts } else { 0 },
            outputs: record.outputs,
            log: record.log,
            ..self.new_report(record.state, record.skipped)
        }
    }
}

/// Whether a task need not be executed again.
pub(crate) fn is_settled(record: &StepRecord) -> bool {
    matches!(record.state, TaskState::Complete | TaskState::Cached | TaskState::Skipped)
}

/// Nodes that end together: those of a DAG, the root's or a task's, or the iterations of a loop.
pub(crate) struct Frame<'r> {
    pub body: Body<'r>,
    /// The task that runs it; none for the root.
    pub owner: Option<usize>,
    /// Values of its component's inputs; of a loop, those that all iterations share. Gone once it is closed.
    pub inputs: PortValues,
    /// Whether what an earlier process recorded of it may rest on other inputs than it has now.
    pub stale: bool,
    /// Its nodes that have not settled, also those that are still to be opened.
    pub unsettled: usize,
}

/// What a frame holds.
pub(crate) enum Body<'r> {
    /// The tasks of a DAG: nodes in a row from `first` on, in the order of its tasks.
    Dag { dag: &'r Dag, first: usize },
    /// Iterations.
    Loop(LoopState<'r>),
}

impl Frame<'_> {
    /// The task that ends with this frame, once all its nodes have settled.
    pub fn finished_owner(&self) -> Option<usize> {
        self.owner.filter(|_| self.unsettled == 0)
    }

    /// Its nodes, as far as they are opened.
    pub fn members(&self) -> impl Iterator<Item = usize> + '_ {
        let (tasks, iterations): (Range<usize>, &[usize]) = match &self.body {
            Body::Dag { dag, first } => (*first..first + dag.tasks.len(), &[]),
            Body::Loop(state) => (0..0, &state.iterations),
        };
        tasks.chain(iterations.iter().copied())
    }

    /// The node of one of its tasks.
    pub fn find(&self, task: &str) -> Option<usize> {
        match &self.body {
            Body::Dag { dag, first } => Some(first + dag.tasks.get_index_of(task)?),
            Body::Loop(_) => None,
        }
    }
}
