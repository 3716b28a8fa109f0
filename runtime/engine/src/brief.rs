//! Recording steps that start and end within one transaction: each in one piece, and while the next one runs.

use std::sync::Arc;

use weft_metadata::{Result, Tx, Uncached};
use weft_pipeline::model::Task;
use weft_pipeline::step::{Grants, PortValue, StepRequest};

use crate::cache::key::Identity;
use crate::event::TaskReport;
use crate::finish::finished;
use crate::run::Run;
use crate::start::StartRecord;
use crate::worker::Job;

/// A step that was started in the current transaction, in which its start has yet to be recorded.
pub(crate) struct StartedStep {
    pub node: usize,
    pub grants: Grants,
    pub identity: Identity,
    pub uncached: Option<Uncached>,
}

impl StartedStep {
    pub fn record<'a>(&'a self, request: &'a StepRequest, task: &'a Task, linked: &'a [String]) -> StartRecord<'a> {
        StartRecord {
            grants: &self.grants,
            identity: Some(self.identity),
            command: request.command.as_ref(),
            uncached: self.uncached,
            linked,
            ..StartRecord::new(&request.inputs, task)
        }
    }
}

/// A step that was started in the current transaction and has succeeded in it, which has yet to be recorded.
pub(crate) struct EndedStep {
    started: StartedStep,
    job: Arc<Job>,
    peak_memory: u64,
}

/// Digests of content that a step is given by URIs.
pub(crate) fn linked(request: &StepRequest) -> Vec<String> {
    request.command.iter().flat_map(|command| command.linked.values().cloned()).collect()
}

impl Run<'_> {
    /// Ends a task that has succeeded. If its start is yet to be recorded, both are recorded together: at once if it has artifacts, whose rows the
    /// steps behind it refer to, else by [`Self::record_ended`].
    pub fn succeed(&mut self, tx: &mut Tx<'_>, index: usize, peak_memory: u64, mut report: TaskReport) -> Result<()> {
        let job = self.nodes[index].job.clone();
        let Some((started, job)) = job.and_then(|job| Some((self.take_started(index)?, job))) else {
            return self.finish(tx, index, None, peak_memory, report);
        };
        let ended = EndedStep { started, job, peak_memory };
        if report.outputs.values().any(|value| matches!(value, PortValue::Artifacts(_))) {
            self.record_ended(tx)?;
            self.record_whole(tx, &ended, &mut report)?;
        } else {
            self.ended_steps.push(ended);
        }
        self.settle(tx, index, report)
    }

    /// Records the steps that have started and ended in this transaction.
    pub fn record_ended(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        for ended in std::mem::take(&mut self.ended_steps) {
            let Some(mut report) = self.nodes[ended.started.node].report.take() else { continue };
            let recorded = self.record_whole(tx, &ended, &mut report);
            self.nodes[ended.started.node].report = Some(report);
            recorded?;
        }
        Ok(())
    }

    /// Records those that have ended if one of them has this identity, so that it is found.
    pub fn record_equal(&mut self, tx: &mut Tx<'_>, identity: &Identity) -> Result<()> {
        if self.ended_steps.iter().any(|ended| ended.started.identity == *identity) {
            self.record_ended(tx)?;
        }
        Ok(())
    }

    /// Records the starts of the steps that were started in this transaction and have not ended in it.
    pub fn record_starts(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        for step in std::mem::take(&mut self.started_steps) {
            self.record_started(tx, &step)?;
        }
        Ok(())
    }

    /// Records the start of a step, if that has yet to be done.
    pub fn record_start_of(&mut self, tx: &mut Tx<'_>, index: usize) -> Result<()> {
        match self.take_started(index) {
            Some(step) => self.record_started(tx, &step),
            None => Ok(()),
        }
    }

    fn take_started(&mut self, index: usize) -> Option<StartedStep> {
        let at = self.started_steps.iter().position(|step| step.node == index)?;
        Some(self.started_steps.remove(at))
    }

    fn record_started(&mut self, tx: &mut Tx<'_>, step: &StartedStep) -> Result<()> {
        let Some(job) = self.nodes[step.node].job.clone() else { return Ok(()) };
        let Job::Step(request) = &*job else { return Ok(()) };
        let linked = linked(request);
        self.record_start(tx, step.node, step.record(request, self.nodes[step.node].task, &linked))
    }

    fn record_whole(&mut self, tx: &mut Tx<'_>, ended: &EndedStep, report: &mut TaskReport) -> Result<()> {
        let EndedStep { started, job, peak_memory } = ended;
        let Job::Step(request) = &**job else { return Ok(()) };
        let node = &self.nodes[started.node];
        let linked = linked(request);
        let new = self.execution(node, started.record(request, node.task, &linked));
        let execution = tx.record_execution(&self.key, &new, finished(report, None, *peak_memory))?;
        self.nodes[started.node].execution = Some(execution);
        Ok(())
    }
}
