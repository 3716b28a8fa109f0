//! The events of a run, and its outcome.

use std::time::Duration;

use serde::Serialize;
use weft_metadata::RunState;
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{LogLevel, PortValues};

/// An event of a run. It is durable when it is passed on: an event about a task follows the commit that recorded it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The run is recorded and starts or resumes.
    RunStarted {
        /// Its id.
        run: String,
        /// The pipeline's name.
        pipeline: String,
        /// Tasks at the top of the pipeline, in the order written.
        tasks: Vec<String>,
        /// The number of tasks that an earlier process settled; 0 in a new run.
        finished: usize,
    },
    /// An attempt at a task starts.
    TaskStarted {
        /// The task; inside a nested pipeline `outer/inner`.
        task: String,
        /// Which attempt, from 1.
        attempt: u32,
    },
    /// A task logged a message.
    TaskLog {
        /// The task.
        task: String,
        /// Its level.
        level: LogLevel,
        /// The text.
        message: String,
    },
    /// A task made progress.
    TaskProgress {
        /// The task.
        task: String,
        /// Units done.
        done: u64,
        /// Total units, 0 if unknown.
        total: u64,
    },
    /// A task waits for its component to be compiled, which is done once on a machine.
    TaskCompiling {
        /// The task.
        task: String,
        /// The component's file name; none once it is compiled.
        component: Option<String>,
    },
    /// An attempt failed and another follows.
    TaskRetry {
        /// The task.
        task: String,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// The message of its failure.
        message: String,
        /// The backoff before the next attempt.
        pause: Duration,
    },
    /// A task has settled: executed, cached, skipped, failed, canceled or not run.
    TaskFinished(TaskReport),
    /// The run has ended.
    RunFinished {
        /// Its id.
        run: String,
        /// Its final state.
        state: RunState,
        /// Time since this process started or resumed it.
        duration: Duration,
    },
}

/// The result of a task.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskReport {
    /// The task; inside a nested pipeline `outer/inner`.
    pub task: String,
    /// Its state. [`TaskState::New`]: not run, because an upstream task failed or the run was interrupted.
    pub state: TaskState,
    /// The execution time of the last attempt; `None` if it was not executed.
    pub duration: Option<Duration>,
    /// Attempts made.
    pub attempts: u32,
    /// Its outputs; absent optional ones have no entry.
    pub outputs: PortValues,
    /// Why it was skipped, failed or not run.
    pub message: Option<String>,
    /// What the user can do about a failure.
    pub hint: Option<String>,
    /// The id of its log in the artifact store, if it wrote one.
    pub log: Option<String>,
    /// What is likely not meant about what it did, one line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// The result of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunOutcome {
    /// Its id.
    pub run: String,
    /// Its final state.
    pub state: RunState,
    /// Time since this process started or resumed it.
    pub duration: Duration,
    /// Its tasks in the order of the file, those of a nested pipeline after the task that runs it.
    pub tasks: Vec<TaskReport>,
    /// The pipeline's outputs.
    pub outputs: PortValues,
}
