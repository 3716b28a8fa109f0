//! What a task can read: the inputs of the DAG around it, and the tasks beside it.

use weft_pipeline::command::Facts;
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{PortValue, PortValues};

use crate::run::Run;

/// What a settled task offers to those that come after it.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// Its outputs.
    Gave(&'a PortValues),
    /// It was skipped.
    Skipped,
    /// It failed, or never began because another did.
    Failed,
}

/// A place in a run from which bindings are followed.
#[derive(Clone, Copy)]
pub(crate) struct Around<'a, 'r> {
    pub run: &'a Run<'r>,
    /// The DAG.
    pub frame: usize,
    /// The task in it; none for the DAG itself.
    pub node: Option<usize>,
}

impl<'a> Around<'a, '_> {
    /// An input of the DAG.
    pub fn input(&self, name: &str) -> Option<&'a PortValue> {
        self.run.frames[self.frame].inputs.get(name)
    }

    /// What a settled task of the DAG offers.
    pub fn source(&self, task: &str) -> Source<'a> {
        match self.run.find(self.frame, task).and_then(|node| self.run.nodes[node].report.as_ref()) {
            Some(report) => match report.state {
                TaskState::Complete | TaskState::Cached => Source::Gave(&report.outputs),
                TaskState::Failed | TaskState::New | TaskState::Canceled => Source::Failed,
                TaskState::Skipped | TaskState::Running => Source::Skipped,
            },
            None => Source::Skipped,
        }
    }

    /// How a settled task of the DAG ended, and why it did not succeed.
    pub fn ended(&self, task: &str) -> (TaskState, Option<&'a str>) {
        let report = self.run.find(self.frame, task).and_then(|node| self.run.nodes[node].report.as_ref());
        report.map_or((TaskState::New, None), |report| (report.state, report.message.as_deref()))
    }

    /// What a task can ask about itself and its run.
    pub fn facts(&self) -> Facts {
        self.run.facts(self.node)
    }
}
