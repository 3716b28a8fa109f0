//! The outcome of a run: its state, its outputs, the reports of its tasks.

use weft_metadata::RunState;
use weft_pipeline::model::TaskState;
use weft_pipeline::step::{PortValues, StepFailure};

use crate::event::{RunOutcome, TaskReport};
use crate::inputs;
use crate::loops;
use crate::node::{Body, Node};
use crate::run::Run;
use crate::scope::Scope;

impl Run<'_> {
    /// The outputs of a frame: those of its DAG, or those of its iterations gathered into lists.
    pub fn frame_outputs(&self, frame: usize) -> Result<PortValues, Box<StepFailure>> {
        let this = &self.frames[frame];
        match (&this.body, this.owner) {
            (Body::Dag { dag, .. }, node) => inputs::outputs(dag, &Scope { run: self, frame, node }),
            (Body::Loop(state), Some(owner)) => {
                let gave = |node: &usize| self.nodes[*node].report.as_ref().map(|report| &report.outputs);
                let ports = &self.nodes[owner].component.outputs;
                let given: Vec<_> = state.iterations.iter().filter_map(gave).collect();
                Ok(loops::gather(ports, &given))
            }
            (Body::Loop(_), None) => Ok(PortValues::new()),
        }
    }

    /// The pipeline's outputs. If they cannot be made, the reason is kept and the run fails.
    pub fn outputs(&mut self) -> PortValues {
        if self.frames.is_empty() {
            return PortValues::new();
        }
        match self.frame_outputs(0) {
            Ok(outputs) => outputs,
            Err(failure) => {
                if self.state() == RunState::Complete {
                    self.outputs_error = Some(failure.message);
                }
                PortValues::new()
            }
        }
    }

    /// The state of the run, which follows from the states of its tasks.
    pub fn state(&self) -> RunState {
        let states = || self.nodes.iter().map(|node| node.report.as_ref().map(|report| report.state));
        if states().any(|state| matches!(state, None | Some(TaskState::Canceled))) {
            if self.deadline_passed { RunState::Failed } else { RunState::Canceled }
        } else if self.outputs_error.is_some() || states().any(|state| matches!(state, Some(TaskState::Failed))) {
            RunState::Failed
        } else {
            RunState::Complete
        }
    }

    /// Why the run is not complete, in one line.
    pub fn error(&self) -> Option<String> {
        if self.state() == RunState::Canceled {
            return Some("it was interrupted".to_owned());
        }
        if self.deadline_passed {
            return Some(format!(
                "it did not end within its deadline of {:?}",
                self.plan.pipeline.deadline.unwrap_or_default()
            ));
        }
        if let Some(outputs_error) = &self.outputs_error {
            return Some(format!("the pipeline: {outputs_error}"));
        }
        // Tasks that failed themselves, rather than because a task inside of them did.
        let failed =
            |(index, node): &(usize, &Node<'_>)| node.root_cause == Some(*index) && node.state() == TaskState::Failed;
        let mut failed = self.nodes.iter().enumerate().filter(failed);
        let (_, first) = failed.next()?;
        let message = first.report.as_ref().and_then(|report| report.message.as_deref()).unwrap_or("failed");
        let others = match failed.count() {
            0 => String::new(),
            others => format!(" (and {others} more failed)"),
        };
        Some(format!("`{}`: {message}{others}", first.path))
    }

    /// Why the run stopped before all tasks had settled.
    pub fn why_stopped(&self) -> &'static str {
        if self.deadline_passed { "the run's deadline passed" } else { "the run was interrupted" }
    }

    /// Takes the reports of all tasks. Tasks that have none, as the run stopped before, are reported as canceled or not run.
    pub fn take_reports(&mut self) -> Vec<TaskReport> {
        let mut reports = Vec::with_capacity(self.nodes.len());
        if !self.frames.is_empty() {
            self.take_reports_of(0, &mut reports);
        }
        reports
    }

    fn take_reports_of(&mut self, frame: usize, reports: &mut Vec<TaskReport>) {
        let why = self.why_stopped();
        let members: Vec<usize> = self.frames[frame].members().collect();
        for node in members {
            let node = &mut self.nodes[node];
            let report = node.report.take().unwrap_or_else(|| match node.execution {
                Some(_) => node.new_report(TaskState::Canceled, Some(why.to_owned())),
                None => node.new_report(TaskState::New, Some(format!("not run: {why}"))),
            });
            reports.push(report);
            if let Some(expanded) = node.expanded {
                self.take_reports_of(expanded, reports);
            }
        }
    }

    /// The outcome of a run that an earlier process completed.
    pub fn restore(mut self) -> RunOutcome {
        while let Some(node) = self.scheduler.next() {
            self.adopt_earlier(node);
        }
        let outputs = self.outputs();
        let (run, duration) = (self.key.run.clone(), self.started_at.elapsed());
        RunOutcome { run, state: RunState::Complete, duration, tasks: self.take_reports(), outputs }
    }
}
