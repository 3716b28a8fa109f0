//! Recording the results of jobs: success, retry, failure and cancellation, and the end of DAGs and loops.

use std::time::{Duration, Instant};

use weft_metadata::{FailureRecord, Finished, Result, Tx};
use weft_pipeline::command::uri;
use weft_pipeline::model::{Latest, TaskState};
use weft_pipeline::step::{FailureKind, PortValue, PortValues, StepFailure, StepOutput};

use crate::cache;
use crate::cache::key::{self, Identity};
use crate::event::{Event, TaskReport};
use crate::retry;
use crate::run::Run;
use crate::start::{StartRecord, cached_report, recorded_inputs};
use crate::worker::{Import, Job};
use crate::worker_pool::JobOutcome;

/// URIs in other systems that artifacts have, and their content.
pub(crate) fn remote_uris(outputs: &PortValues) -> impl Iterator<Item = (&str, &str)> {
    outputs
        .values()
        .flat_map(PortValue::artifacts)
        .filter_map(|artifact| Some((artifact.properties.get(uri::REMOTE_URI)?.as_str()?, artifact.uri.as_str())))
}

/// What is recorded of the end of a task that was executed.
pub(crate) fn finished<'f>(
    report: &'f mut TaskReport,
    error: Option<&'f FailureRecord>,
    peak_memory: u64,
) -> Finished<'f> {
    Finished {
        state: report.state,
        outputs: &mut report.outputs,
        error,
        log: report.log.as_deref(),
        duration: report.duration.unwrap_or_default(),
        peak_memory,
        cached_from: None,
    }
}

impl Run<'_> {
    /// Records finished jobs. When the run is `stopping`, tasks that wait for their next attempt are canceled.
    pub fn record(&mut self, tx: &mut Tx<'_>, ended: &mut Vec<(usize, JobOutcome)>, stopping: bool) -> Result<()> {
        for (index, JobOutcome { result, log, elapsed }) in ended.drain(..) {
            match result {
                Ok(output) => self.succeeded(tx, index, output, log, elapsed)?,
                Err(failure) => {
                    self.record_start_of(tx, index)?;
                    self.failed(tx, index, &failure, log, elapsed, stopping)?;
                }
            }
        }
        while stopping && let Some(index) = self.backoff_queue.take_any() {
            self.cancel(tx, index, None, Duration::ZERO)?;
        }
        Ok(())
    }

    fn succeeded(
        &mut self,
        tx: &mut Tx<'_>,
        index: usize,
        output: StepOutput,
        log: Option<String>,
        elapsed: Duration,
    ) -> Result<()> {
        let node = &self.nodes[index];
        let job = node.job.clone();
        let report = TaskReport {
            duration: Some(elapsed),
            attempts: node.attempt,
            outputs: output.outputs,
            log,
            warnings: output.warnings,
            ..node.new_report(TaskState::Complete, None)
        };
        // Names in other systems that steps gave their artifacts, and importers theirs.
        let remote = remote_uris(&report.outputs);
        tx.put_uris(output.uris.iter().map(|(uri, content)| (uri.as_str(), content.as_str())).chain(remote))?;
        if let Some(fetched) = &output.fetched {
            tx.put_fetched(fetched)?;
        }
        let found = job.and_then(|job| self.answer_identity(&job, &report.outputs).map(|identity| (job, identity)));
        match found {
            Some((job, identity)) => self.found(tx, index, &job, identity, report),
            None => self.succeed(tx, index, output.trace.peak_memory, report),
        }
    }

    /// Records the result of an importer or a resolver. Its identity is known only now; if an earlier execution has the
    /// same one, this one is recorded as cached.
    fn found(
        &mut self,
        tx: &mut Tx<'_>,
        index: usize,
        job: &Job,
        identity: Identity,
        mut report: TaskReport,
    ) -> Result<()> {
        let node = &self.nodes[index];
        let inputs = recorded_inputs(job);
        let source = match job {
            Job::Import(Import { path: None, written, .. }) => tx.resolve_uri(written)?.map(|source| source.content),
            _ => None,
        };
        let linked = source.as_slice();
        let new = self
            .execution(node, StartRecord { identity: Some(identity), linked, ..StartRecord::new(&inputs, node.task) });
        let reuse = self.engine.options.cache && node.task.cache;
        if reuse && let Some(mut cached) = cache::find(tx, self.engine.artifacts, &identity)? {
            tx.record_cached(&self.key, &new, &mut cached)?;
            report = cached_report(node, cached);
        } else {
            if matches!(job, Job::Latest(_) | Job::Resolve(_)) && !report.outputs.is_empty() {
                // The artifact was made by an earlier execution, not by this one.
                report.state = TaskState::Cached;
            }
            let finished = Finished {
                state: report.state,
                outputs: &mut report.outputs,
                error: None,
                log: None,
                duration: report.duration.unwrap_or_default(),
                peak_memory: 0,
                cached_from: None,
            };
            tx.record_execution(&self.key, &new, finished)?;
        }
        self.settle(tx, index, report)
    }

    /// The identity of an importer or resolver with this result; `None` for steps, whose identity is known before they run.
    fn answer_identity(&self, job: &Job, outputs: &PortValues) -> Option<Identity> {
        let found = match outputs.values().next() {
            Some(PortValue::Artifacts(artifacts)) => artifacts.first(),
            _ => None,
        };
        match job {
            Job::Resolve(resolve) => Some(key::resolved(&self.key.pipeline, &resolve.resolver, outputs)),
            Job::Step(_) | Job::Volume(_) => None,
            Job::Import(_) => found.map(key::import),
            Job::Latest(Latest { pipeline, task, output, kind }) => {
                let pipeline = pipeline.as_ref().unwrap_or(&self.key.pipeline);
                Some(key::latest(pipeline, task, output, kind, found))
            }
        }
    }

    fn failed(
        &mut self,
        tx: &mut Tx<'_>,
        index: usize,
        failure: &StepFailure,
        log: Option<String>,
        elapsed: Duration,
        stopping: bool,
    ) -> Result<()> {
        let node = &mut self.nodes[index];
        let pause = retry::backoff(node.retry, failure.kind, node.attempt);
        if stopping && (pause.is_some() || failure.kind == FailureKind::Interrupted) {
            return self.cancel(tx, index, log, elapsed);
        }
        if let Some(pause) = pause {
            tracing::debug!(task = node.path, attempt = node.attempt, ?pause, failure.message, "to be tried again");
            let (task, message) = (node.path.clone(), failure.message.clone());
            self.outbox.push(Event::TaskRetry { task, attempt: node.attempt, message, pause });
            self.backoff_queue.add(Instant::now() + pause, index);
            return Ok(());
        }
        node.root_cause = Some(index);
        let report = TaskReport {
            duration: Some(elapsed),
            attempts: node.attempt,
            hint: failure.hint.clone(),
            log,
            ..node.new_report(TaskState::Failed, Some(failure.message.clone()))
        };
        self.finish(tx, index, Some(&FailureRecord::from(failure)), failure.trace.peak_memory, report)
    }

    /// Cancels a task because the run is stopping.
    fn cancel(&mut self, tx: &mut Tx<'_>, index: usize, log: Option<String>, elapsed: Duration) -> Result<()> {
        let node = &self.nodes[index];
        let message = Some(self.why_stopped().to_owned());
        let report = TaskReport {
            duration: Some(elapsed),
            attempts: node.attempt,
            log,
            ..node.new_report(TaskState::Canceled, message)
        };
        self.finish(tx, index, None, 0, report)
    }

    /// Records the end of a task's execution and settles the task.
    pub fn finish(
        &mut self,
        tx: &mut Tx<'_>,
        index: usize,
        error: Option<&FailureRecord>,
        peak_memory: u64,
        mut report: TaskReport,
    ) -> Result<()> {
        if let Some(execution) = self.nodes[index].execution {
            tx.finish_execution(&self.key, execution, finished(&mut report, error, peak_memory))?;
        }
        self.settle(tx, index, report)
    }

    /// Ends the task that owns a frame, once all nodes of the frame have settled.
    pub fn close(&mut self, tx: &mut Tx<'_>, frame: usize) -> Result<()> {
        let Some(owner) = self.frames[frame].finished_owner() else { return Ok(()) };
        if self.nodes[owner].report.is_some() {
            return self.close(tx, self.nodes[owner].frame);
        }
        let find = |wanted| self.frames[frame].members().find(|index| self.nodes[*index].state() == wanted);
        if find(TaskState::Canceled).is_some() {
            return self.cancel(tx, owner, None, Duration::ZERO);
        }
        let node = &self.nodes[owner];
        let (record, root_cause, report) = if let Some(failed) = find(TaskState::Failed) {
            let root_cause = self.nodes[failed].root_cause.unwrap_or(failed);
            let message = format!("its task `{}` failed", self.nodes[root_cause].path);
            let record = FailureRecord { kind: FailureKind::Returned, message: message.clone(), hint: None };
            (Some(record), Some(root_cause), node.new_report(TaskState::Failed, Some(message)))
        } else {
            match self.frame_outputs(frame) {
                Ok(outputs) => {
                    let attempts = node.attempt;
                    (None, None, TaskReport { attempts, outputs, ..node.new_report(TaskState::Complete, None) })
                }
                Err(failure) => {
                    let report = node.new_report(TaskState::Failed, Some(failure.message.clone()));
                    let hint = failure.hint.clone();
                    (Some(FailureRecord::from(&*failure)), Some(owner), TaskReport { hint, ..report })
                }
            }
        };
        self.nodes[owner].root_cause = root_cause;
        // They are not read again, and a loop's may be large.
        self.frames[frame].inputs = PortValues::new();
        self.finish(tx, owner, record.as_ref(), 0, report)
    }

    /// Cancels the tasks whose DAGs or loops have not ended.
    pub fn cancel_expanded(&mut self, tx: &mut Tx<'_>) -> Result<()> {
        for index in (0..self.nodes.len()).rev() {
            let node = &self.nodes[index];
            if node.expanded.is_some() && node.report.is_none() && node.execution.is_some() {
                self.cancel(tx, index, None, Duration::ZERO)?;
            }
        }
        Ok(())
    }
}
