//! What a run tells while it goes on, and what it tells at its end.

use std::time::Duration;

use serde::Serialize;
use weft_metadata::RunState;
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{LogLevel, PortValues};

/// Something that happened in a run. Whatever an event says is already durable: an event about a task comes after the
/// transaction that recorded it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum Event {
    /// The run is recorded and begins, or begins again.
    RunStarted {
        /// Its id.
        run: String,
        /// The pipeline's name.
        pipeline: String,
        /// Tasks at the top of the pipeline, in the order written.
        tasks: Vec<String>,
        /// Tasks that an earlier process already brought behind it; none in a new run.
        finished: usize,
    },
    /// An attempt at a task begins.
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
        /// How important it is.
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
        /// Units there are, 0 if unknown.
        total: u64,
    },
    /// An attempt failed and another follows.
    TaskRetry {
        /// The task.
        task: String,
        /// The attempt that failed, from 1.
        attempt: u32,
        /// Why it failed.
        message: String,
        /// The pause before the next.
        pause: Duration,
    },
    /// A task is behind us: executed, cached, skipped, failed, given up or never begun.
    TaskFinished(TaskReport),
    /// The run is over.
    RunFinished {
        /// Its id.
        run: String,
        /// How it ended.
        state: RunState,
        /// Time since this process began it.
        duration: Duration,
    },
}

/// How a task ended: a row of the table at the end of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TaskReport {
    /// The task; inside a nested pipeline `outer/inner`.
    pub task: String,
    /// Its state. [`TaskState::New`]: never begun, because a task before it failed or the run was interrupted.
    pub state: TaskState,
    /// Time that executing it took, pauses between attempts included; none if it was not executed.
    pub duration: Option<Duration>,
    /// Attempts made.
    pub attempts: u32,
    /// What it gave; absent optional outputs have no entry.
    pub outputs: PortValues,
    /// Why it was skipped, failed or never begun.
    pub message: Option<String>,
    /// What to do about a failure.
    pub hint: Option<String>,
    /// Where its log lies in the artifact store, if it wrote one.
    pub log: Option<String>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunOutcome {
    /// Its id.
    pub run: String,
    /// How it ended.
    pub state: RunState,
    /// Time since this process began it.
    pub duration: Duration,
    /// Its tasks in the order written, those of a nested pipeline after the task that holds it.
    pub tasks: Vec<TaskReport>,
    /// The pipeline's outputs.
    pub outputs: PortValues,
}
