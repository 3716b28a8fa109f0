//! What a task can read: the inputs of the DAG around it, and the tasks beside it.

use weft_pipeline::command::TaskContext;
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{PortValue, PortValues};

use crate::run::Run;

/// What a settled task offers to those that come after it.
#[derive(Debug, Clone, Copy)]
pub enum Upstream<'a> {
    /// Its outputs.
    Succeeded(&'a PortValues),
    /// It was skipped.
    Skipped,
    /// It failed, or never began because another did.
    Failed,
}

/// A place in a run from which bindings are followed.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'a, 'r> {
    pub run: &'a Run<'r>,
    /// The DAG.
    pub frame: usize,
    /// The task in it; none for the DAG itself.
    pub node: Option<usize>,
}

impl<'a> Scope<'a, '_> {
    /// An input of the DAG.
    pub fn input(&self, name: &str) -> Option<&'a PortValue> {
        self.run.frames[self.frame].inputs.get(name)
    }

    /// What a settled task of the DAG offers.
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

    /// How a settled task of the DAG ended, and why it did not succeed.
    pub fn final_state(&self, task: &str) -> (TaskState, Option<&'a str>) {
        let report = self.run.find(self.frame, task).and_then(|node| self.run.nodes[node].report.as_ref());
        report.map_or((TaskState::New, None), |report| (report.state, report.message.as_deref()))
    }

    /// What a task can ask about itself and its run.
    pub fn task_context(&self) -> TaskContext {
        self.run.task_context(self.node)
    }
}
