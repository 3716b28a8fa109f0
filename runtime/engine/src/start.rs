//! Starting ready tasks: adopting the record of an earlier process, settling at once, expanding, or dispatching to a worker.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use weft_metadata::{CachedStep, ExecutionKind, FailureRecord, Finished, Labels, NewExecution, Result, Tx, Uncached};
use weft_pipeline::model::{Implementation, Items, Task, TaskState};
use weft_pipeline::step::{Command, Grants, PortValue, PortValues, StepFailure};

use crate::brief::{StartedStep, linked};
use crate::cache;
use crate::cache::key::Identity;
use crate::event::{Event, TaskReport};
use crate::finish::remote_uris;
use crate::inputs::BoundInputs;
use crate::loops;
use crate::node::{Node, is_settled};
use crate::plan::MAX_TASKS;
use crate::request::PreparedStep;
use crate::resolve::Resolve;
use crate::retry;
use crate::run::{DECIDE_WITHIN, DECISION_BATCH, Launch, Run};
use crate::trigger::Decision;
use crate::worker::{Job, hinted_failure};

/// What is recorded when a task starts.
#[derive(Clone, Copy)]
pub(crate) struct StartRecord<'a> {
    pub inputs: &'a PortValues,
    pub grants: &'a Grants,
    pub identity: Option<Identity>,
    /// The command that it runs.
    pub command: Option<&'a Command>,
    /// Why no earlier execution was looked for.
    pub uncached: Option<Uncached>,
    /// Digests of content that it is given by URIs.
    pub linked: &'a [String],
    /// The number of iterations, if it is a loop.
    pub iterations: Option<usize>,
}

impl<'a> StartRecord<'a> {
    /// The record of a task that is neither a step nor a loop.
    pub fn new(inputs: &'a PortValues, task: &'a Task) -> Self {
        Self {
            inputs,
            grants: &task.grants,
            identity: None,
            command: None,
            uncached: None,
            linked: &[],
            iterations: None,
        }
    }
}

impl Run<'_> {
    /// Starts or settles ready tasks, until there are jobs for `free` workers or [`DECISION_BATCH`] tasks are decided.
    pub fn start_ready(&mut self, tx: &mut Tx<'_>, free: usize) -> Result<Vec<Launch>> {
        let mut launches = Vec::new();
        let now = Instant::now();
        for _ in 0..DECISION_BATCH {
            if launches.len() >= free || now.elapsed() >= DECIDE_WITHIN {
                break;
            }
            if let Some(node) = self.backoff_queue.take_due(now) {
                launches.extend(self.start_retry(tx, node)?);
            } else if let Some(node) = self.scheduler.next() {
                launches.extend(self.start_task(tx, node)?);
            } else {
                break;
            }
        }
        Ok(launches)
    }

    fn start_task(&mut self, tx: &mut Tx<'_>, index: usize) -> Result<Option<Launch>> {
        if self.adopt_earlier(index) {
            self.close(tx, self.nodes[index].frame)?;
            return Ok(None);
        }
        match self.evaluate_trigger(index) {
            Decision::UpstreamFailed { root_cause } => {
                self.nodes[index].root_cause = Some(root_cause);
                let message = format!("not run: `{}` failed", self.nodes[root_cause].path);
                let report = self.nodes[index].new_report(TaskState::New, Some(message));
                self.settle(tx, index, report)?;
                Ok(None)
            }
            Decision::Skip(reason) => {
                let node = &self.nodes[index];
                let nothing = PortValues::new();
                tx.record_skipped(&self.key, &self.execution(node, StartRecord::new(&nothing, node.task)), &reason)?;
                let report = node.new_report(TaskState::Skipped, Some(reason));
                self.settle(tx, index, report)?;
                Ok(None)
            }
            Decision::Fail(failure) => self.fail_before_start(tx, index, &failure).map(|()| None),
            Decision::Run(bound) if self.nodes[index].is_loop() => self.dispatch_loop(tx, index, bound).map(|()| None),
            Decision::Run(bound) => self.dispatch(tx, index, bound),
        }
    }

    /// Settles a task in the state that an earlier process recorded. False if it has to be executed.
    pub fn adopt_earlier(&mut self, index: usize) -> bool {
        let Some(record) = self.nodes[index].earlier.take() else { return false };
        if !is_settled(&record) || self.has_new_upstream(index) {
            return false;
        }
        // The tasks inside a DAG or a loop are adopted one by one, and the DAG or loop with the last of them.
        if record.state == TaskState::Complete && self.expand_again(index, &record.inputs) {
            self.nodes[index].earlier = Some(record);
        } else {
            self.settle_restored(index, *record);
        }
        true
    }

    /// Expands the DAG or the loop of a task that an earlier process completed. False if it is empty.
    fn expand_again(&mut self, index: usize, inputs: &PortValues) -> bool {
        if self.nodes[index].is_loop() {
            let Decision::Run(bound) = self.evaluate_trigger(index) else { return false };
            let each = self.nodes[index].task.each.as_ref();
            let items = each.and_then(|each| loops::items(each, &bound).ok()).unwrap_or_default();
            if items.is_empty() {
                return false;
            }
            self.expand_loop(index, items, bound.inputs);
            return true;
        }
        match self.nodes[index].dag() {
            Some(dag) if !dag.tasks.is_empty() => {
                self.expand_dag(dag, Some(index), inputs.clone());
                true
            }
            _ => false,
        }
    }

    fn dispatch(&mut self, tx: &mut Tx<'_>, index: usize, bound: BoundInputs) -> Result<Option<Launch>> {
        let BoundInputs { inputs, others } = bound;
        let component = self.nodes[index].component;
        let job = match &component.implementation {
            Implementation::Dag(dag) => {
                self.record_start(tx, index, StartRecord::new(&inputs, self.nodes[index].task))?;
                self.expand_dag(dag, Some(index), inputs);
                let expanded = self.frames.len() - 1;
                // A DAG without tasks is complete at once.
                self.close(tx, expanded)?;
                return Ok(None);
            }
            Implementation::Wasm(_) | Implementation::Command(_) => match self.prepare(tx, index, inputs, &others) {
                Ok(prepared) => return self.dispatch_step(tx, index, prepared),
                Err(failure) => Err(failure),
            },
            Implementation::Import(importer) => self.import(index, importer, &inputs),
            Implementation::Latest(query) => Ok(Job::Latest(query.clone())),
            Implementation::Resolve(resolver) => Ok(Job::Resolve(Resolve { resolver: resolver.clone(), inputs })),
            Implementation::Volume(volume) => self.volume(volume.action, inputs),
        };
        match job {
            Ok(job) => {
                let inputs = recorded_inputs(&job);
                self.record_start(tx, index, StartRecord::new(&inputs, self.nodes[index].task))?;
                Ok(Some(self.launch(index, Arc::new(job))))
            }
            Err(failure) => self.fail_before_start(tx, index, &failure).map(|()| None),
        }
    }

    fn dispatch_loop(&mut self, tx: &mut Tx<'_>, index: usize, bound: BoundInputs) -> Result<()> {
        let Some(each) = &self.nodes[index].task.each else { return Ok(()) };
        let items = match loops::items(each, &bound).and_then(|items| self.reserve(index, items)) {
            Ok(items) => items,
            Err(failure) => return self.fail_before_start(tx, index, &failure),
        };
        let mut recorded = Cow::Borrowed(&bound.inputs);
        if let Items::Literal(written) = &each.over {
            // KFP records literal items as the input that receives the item.
            recorded.to_mut().insert(each.item.clone(), PortValue::Parameter(written.clone().into()));
        }
        let start =
            StartRecord { iterations: Some(items.len()), ..StartRecord::new(&recorded, self.nodes[index].task) };
        self.record_start(tx, index, start)?;
        self.expand_loop(index, items, bound.inputs);
        // A loop without items is complete at once.
        self.close(tx, self.frames.len() - 1)
    }

    /// Adds the tasks of a loop's iterations to the size of the run, or fails if that would exceed [`MAX_TASKS`].
    fn reserve(
        &mut self,
        index: usize,
        items: Vec<PortValue>,
    ) -> std::result::Result<Vec<PortValue>, Box<StepFailure>> {
        let each = self.plan.size_of(&self.nodes[index].task.component).saturating_add(1);
        let size = self.size.saturating_add(each.saturating_mul(items.len()));
        if size > MAX_TASKS {
            return Err(hinted_failure(
                format!("with its {} iterations the run would have more than {MAX_TASKS} tasks", items.len()),
                "give it fewer items, or let one step go over many of them",
            )
            .into());
        }
        self.size = size;
        Ok(items)
    }

    fn dispatch_step(&mut self, tx: &mut Tx<'_>, index: usize, prepared: PreparedStep) -> Result<Option<Launch>> {
        let PreparedStep { request, grants, identity } = prepared;
        self.record_equal(tx, &identity)?;
        let node = &self.nodes[index];
        let uncached = cache::hindrance(&self.engine.options, &node.path, node.task, &grants, &request.component);
        let step = StartedStep { node: index, grants, identity, uncached };
        if uncached.is_none()
            && let Some(mut cached) = cache::find(tx, self.engine.artifacts, &identity)?
        {
            let linked = linked(&request);
            tx.record_cached(&self.key, &self.execution(node, step.record(&request, node.task, &linked)), &mut cached)?;
            tx.put_uris(remote_uris(&cached.outputs))?;
            let report = cached_report(node, cached);
            self.settle(tx, index, report)?;
            return Ok(None);
        }
        self.started_steps.push(step);
        Ok(Some(self.launch(index, Arc::new(Job::Step(Box::new(request))))))
    }

    fn start_retry(&mut self, tx: &mut Tx<'_>, index: usize) -> Result<Option<Launch>> {
        let node = &mut self.nodes[index];
        node.attempt += 1;
        // The first attempt has set both.
        let (Some(execution), Some(job)) = (node.execution, node.job.clone()) else { return Ok(None) };
        tx.restart_execution(execution, node.attempt)?;
        Ok(Some(self.launch(index, job)))
    }

    fn launch(&mut self, index: usize, job: Arc<Job>) -> Launch {
        let node = &mut self.nodes[index];
        node.job = Some(Arc::clone(&job));
        let job = retry::with_number(job, node.attempt);
        self.outbox.push(Event::TaskStarted { task: node.path.clone(), attempt: node.attempt });
        (index, job)
    }

    pub fn record_start(&mut self, tx: &mut Tx<'_>, index: usize, start: StartRecord<'_>) -> Result<()> {
        let execution = tx.start_execution(&self.key, &self.execution(&self.nodes[index], start))?;
        self.nodes[index].execution = Some(execution);
        Ok(())
    }

    /// The execution of a task, as the metadata store records it.
    pub fn execution<'a>(&'a self, node: &'a Node<'_>, start: StartRecord<'a>) -> NewExecution<'a> {
        let StartRecord { inputs, grants, identity, command, uncached, linked, iterations } = start;
        let kind = match node.component.implementation {
            _ if node.is_loop() => ExecutionKind::Dag,
            Implementation::Wasm(_) | Implementation::Command(_) | Implementation::Volume(_) => {
                ExecutionKind::Container
            }
            Implementation::Import(_) => ExecutionKind::Importer,
            Implementation::Latest(_) | Implementation::Resolve(_) => ExecutionKind::Resolver,
            Implementation::Dag(_) => ExecutionKind::Dag,
        };
        let image = match &node.component.implementation {
            Implementation::Command(step) if kind == ExecutionKind::Container => Some(step.image.as_str()),
            _ => None,
        };
        let owner = self.frames[node.frame].owner.map(|owner| &self.nodes[owner]);
        let recorded = |owner: &Node<'_>| owner.earlier.as_ref().map(|record| record.execution);
        let parent = owner.and_then(|owner| owner.execution.or_else(|| recorded(owner)));
        NewExecution {
            task: &node.path,
            kind,
            component: node.step.filter(|_| kind == ExecutionKind::Container),
            inputs,
            grants,
            linked,
            identity,
            command,
            uncached,
            attempt: node.attempt,
            parent,
            labels: Labels {
                display_name: node.task.display_name.as_deref(),
                image,
                iteration_index: node.iteration,
                iteration_count: iterations,
                total_dag_tasks: node.dag().map(|dag| dag.tasks.len()),
                reimport: kind == ExecutionKind::Importer && !node.task.cache,
            },
        }
    }

    /// Records a task that failed before its first attempt.
    fn fail_before_start(&mut self, tx: &mut Tx<'_>, index: usize, failure: &StepFailure) -> Result<()> {
        let node = &self.nodes[index];
        let finished = Finished {
            state: TaskState::Failed,
            outputs: &mut PortValues::new(),
            error: Some(&FailureRecord::from(failure)),
            log: None,
            duration: Duration::ZERO,
            peak_memory: 0,
            cached_from: None,
        };
        tx.record_execution(
            &self.key,
            &self.execution(node, StartRecord::new(&PortValues::new(), node.task)),
            finished,
        )?;
        let mut report = node.new_report(TaskState::Failed, Some(failure.message.clone()));
        report.hint.clone_from(&failure.hint);
        self.nodes[index].root_cause = Some(index);
        self.settle(tx, index, report)
    }
}

/// The inputs that are recorded for a job.
pub(crate) fn recorded_inputs(job: &Job) -> PortValues {
    match job {
        Job::Import(import) => {
            PortValues::from([("source".to_owned(), PortValue::Parameter(import.written.clone().into()))])
        }
        Job::Step(request) => request.inputs.clone(),
        Job::Volume(change) => change.inputs.clone(),
        Job::Latest(_) => PortValues::new(),
        Job::Resolve(resolve) => resolve.inputs.clone(),
    }
}

/// The report of a cached task.
pub(crate) fn cached_report(node: &Node<'_>, cached: CachedStep) -> TaskReport {
    TaskReport { outputs: cached.outputs, ..node.new_report(TaskState::Cached, None) }
}
