//! The state of a run's tasks: nodes, and the frames (DAGs and loops) that group them.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use weft_metadata::{ExecutionId, StepRecord};
use weft_pipeline::model::{Component, Dag, Implementation, Retry, Task, TaskState};
use weft_pipeline::step::{ComponentRef, PortValues};

use crate::event::TaskReport;
use crate::loops::LoopState;
use crate::worker::Job;

/// A task of a run. A loop is a node, and each of its iterations is another one.
pub(crate) struct Node<'r> {
    /// Its unique name: inside a nested pipeline `outer/inner`, for an iteration `loop[3]`.
    pub path: String,
    pub task: &'r Task,
    pub component: &'r Component,
    /// The function or program that it calls, if it is a step.
    pub step: Option<&'r ComponentRef>,
    /// The DAG or the loop that it belongs to.
    pub frame: usize,
    /// Its index, if it is an iteration.
    pub iteration: Option<u32>,
    /// The inputs of an iteration, until it starts.
    pub iteration_inputs: Option<Box<PortValues>>,
    /// Its execution, once it has started.
    pub execution: Option<ExecutionId>,
    /// How often it is tried: as it says itself, or else as a DAG around it does.
    pub retry: &'r Retry,
    /// The current or last attempt, from 1.
    pub attempt: u32,
    /// The job of its attempts, until it is settled.
    pub job: Option<Arc<Job>>,
    /// The frame of the DAG or loop that it runs, once expanded.
    pub expanded: Option<usize>,
    /// The record of an earlier process, until it is adopted or discarded.
    pub earlier: Option<Box<StepRecord>>,
    /// Whether it was settled by the record of an earlier process.
    pub restored: bool,
    /// Its result, once it is settled.
    pub report: Option<TaskReport>,
    /// The task whose failure made this one fail or kept it from running; this one, if it failed by itself.
    pub root_cause: Option<usize>,
}

impl<'r> Node<'r> {
    /// Whether it is a loop, and not one of its iterations.
    pub fn is_loop(&self) -> bool {
        self.task.each.is_some() && self.iteration.is_none()
    }

    /// The DAG of its component, if that is one.
    pub fn dag(&self) -> Option<&'r Dag> {
        match &self.component.implementation {
            Implementation::Dag(dag) => Some(dag),
            _ => None,
        }
    }

    /// Its final state; [`TaskState::New`] until it is settled.
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
            warnings: Vec::new(),
        }
    }

    /// The report of a task that an earlier process settled.
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

/// Whether a recorded task keeps its state when the run is resumed.
pub(crate) fn is_settled(record: &StepRecord) -> bool {
    matches!(record.state, TaskState::Complete | TaskState::Cached | TaskState::Skipped)
}

/// A group of nodes whose common end is the end of their owner: the tasks of a DAG, or the iterations of a loop.
pub(crate) struct Frame<'r> {
    pub body: Body<'r>,
    /// The node that owns it; `None` for the root DAG.
    pub owner: Option<usize>,
    /// The inputs of the DAG; of a loop, those that all iterations share. Empty once the frame has ended.
    pub inputs: PortValues,
    /// Whether its inputs may differ from those of the records of an earlier process, which then are not adopted.
    pub stale: bool,
    /// The number of its nodes that have not settled, including iterations that are not expanded yet.
    pub unsettled: usize,
}

/// The nodes of a frame.
pub(crate) enum Body<'r> {
    /// The tasks of a DAG: consecutive nodes from `first` on, in the order of its tasks.
    Dag { dag: &'r Dag, first: usize },
    /// Iterations.
    Loop(LoopState<'r>),
}

impl Frame<'_> {
    /// The owner, if all nodes of the frame have settled.
    pub fn finished_owner(&self) -> Option<usize> {
        self.owner.filter(|_| self.unsettled == 0)
    }

    /// Its nodes, as far as they are expanded.
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
