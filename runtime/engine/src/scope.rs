//! The scope in which the bindings of a task are resolved: the inputs of its DAG, and the other tasks of that DAG.

use weft_pipeline::command::TaskContext;
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{PortValue, PortValues};

use crate::run::Run;

/// What a settled upstream task provides to its downstream tasks.
#[derive(Debug, Clone, Copy)]
pub enum Upstream<'a> {
    /// Its outputs.
    Succeeded(&'a PortValues),
    /// It was skipped.
    Skipped,
    /// It failed, or was not run because another did.
    Failed,
}

/// The position in a run from which bindings are resolved.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a, 'r> {
    pub run: &'a Run<'r>,
    /// The frame of the DAG.
    pub frame: usize,
    /// The task in it; `None` for the outputs of the DAG itself.
    pub node: Option<usize>,
}

impl<'a> Scope<'a, '_> {
    /// An input of the DAG.
    pub fn input(&self, name: &str) -> Option<&'a PortValue> {
        self.run.frames[self.frame].inputs.get(name)
    }

    /// The outputs of a settled task of the DAG, or its state.
    pub fn upstream(&self, task: &str) -> Upstream<'a> {
        match self.run.find(self.frame, task).and_then(|node| self.run.nodes[node].report.as_ref()) {
            Some(report) => match report.state {
                TaskState::Complete | TaskState::Cached => Upstream::Succeeded(&report.outputs),
                TaskState::Failed | TaskState::New | TaskState::Canceled => Upstream::Failed,
                TaskState::Skipped | TaskState::Running => Upstream::Skipped,
            },
            None => Upstream::Skipped,
        }
    }

    /// The state in which a task of the DAG settled, and the message of its failure.
    pub fn final_state(&self, task: &str) -> (TaskState, Option<&'a str>) {
        let report = self.run.find(self.frame, task).and_then(|node| self.run.nodes[node].report.as_ref());
        report.map_or((TaskState::New, None), |report| (report.state, report.message.as_deref()))
    }

    /// The values of KFP's placeholders about the run and the task.
    pub fn task_context(&self) -> TaskContext {
        self.run.task_context(self.node)
    }
}
