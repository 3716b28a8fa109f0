//! Deciding what becomes of a task whose dependencies are behind it: skipped, cached, or handed to a worker.

use std::sync::Arc;
use std::time::{Duration, Instant};

use weft_metadata::{CachedStep, ExecutionKind, FailureRecord, Finished, NewExecution, Result, Tx};
use weft_pipeline::model::{Implementation, Importer, TaskState};
use weft_pipeline::step::{Artifact, Grants, PortValue, PortValues, StepFailure, StepRequest};

use crate::cache;
use crate::event::{Event, TaskReport};
use crate::identity::{self, Identity};
use crate::inputs;
use crate::run::{DECISIONS_AT_ONCE, Launch, Node, Run, is_settled, report, state_of};
use crate::work::{Import, Job, host_failure};

/// What is to be done with a task.
enum Verdict {
    /// A task before it failed or never began.
    NotRun { blame: usize },
    /// It is skipped for this reason.
    Skip(String),
    /// It cannot even begin.
    Fail(Box<StepFailure>),
    /// It runs on these inputs.
    Go(PortValues),
}

impl Run<'_> {
    /// Begins or settles tasks that are ready, until `free` workers have something to do.
    pub fn begin_ready(&mut self, tx: &mut Tx<'_>, free: usize) -> Result<Vec<Launch>> {
        let mut launches = Vec::new();
        let now = Instant::now();
        for _ in 0..DECISIONS_AT_ONCE {
            if launches.len() >= free {
                break;
            }
            if let Some(node) = self.pauses.take_due(now) {
                launches.extend(self.begin_again(tx, node)?);
            } else if let Some(node) = self.schedule.next() {
                launches.extend(self.begin(tx, node)?);
            } else {
                break;
            }
        }
        Ok(launches)
    }

    fn begin(&mut self, tx: &mut Tx<'_>, index: usize) -> Result<Option<Launch>> {
        if self.take_over(index) {
            self.close(tx, self.nodes[index].frame)?;
            return Ok(None);
        }
        match self.verdict(index) {
            Verdict::NotRun { blame } => {
                self.nodes[index].blame = Some(blame);
                let message = format!("not run: `{}` failed", self.nodes[blame].path);
                let report = report(&self.nodes[index], TaskState::New, Some(message));
                self.settle(tx, index, report)?;
                Ok(None)
            }
            Verdict::Skip(reason) => {
                let node = &self.nodes[index];
                tx.record_skipped(&self.key, &self.execution(node, &PortValues::new(), None), &reason)?;
                let report = report(node, TaskState::Skipped, Some(reason));
                self.settle(tx, index, report)?;
                Ok(None)
            }
            Verdict::Fail(failure) => self.fail_at_once(tx, index, &failure).map(|()| None),
            Verdict::Go(inputs) => self.go(tx, index, inputs),
        }
    }

    /// Takes a task as an earlier process left it, if it need not be executed again.
    pub fn take_over(&mut self, index: usize) -> bool {
        let Some(record) = self.nodes[index].earlier.take_if(|record| is_settled(record)) else { return false };
        if let Implementation::Dag(dag) = &self.nodes[index].component.implementation
            && record.state == TaskState::Complete
            && !dag.tasks.is_empty()
        {
            // Its tasks are taken over one by one, and it with the last of them.
            self.open(dag, Some(index), record.inputs.clone());
            self.nodes[index].earlier = Some(record);
            return true;
        }
        self.settle_recalled(index, record);
        true
    }

    fn verdict(&self, index: usize) -> Verdict {
        let Node { task, component, frame, .. } = &self.nodes[index];
        let dependencies: Vec<usize> = task.dependencies().iter().filter_map(|name| self.find(*frame, name)).collect();
        let lost = |on: &&usize| {
            matches!(state_of(&self.nodes[**on]), TaskState::Failed | TaskState::New | TaskState::Canceled)
        };
        if let Some(on) = dependencies.iter().find(lost) {
            return Verdict::NotRun { blame: self.nodes[*on].blame.unwrap_or(*on) };
        }
        let skipped =
            |name: &&String| self.find(*frame, name).is_some_and(|on| state_of(&self.nodes[on]) == TaskState::Skipped);
        if let Some(name) = task.after.iter().find(skipped) {
            return Verdict::Skip(format!("it comes after `{name}`, which was skipped"));
        }
        let scope = &self.frames[*frame].inputs;
        if let Some(when) = &task.when {
            match crate::condition::holds(when, scope, |name| self.task_scope(*frame, name)) {
                Ok(true) => {}
                Ok(false) => return Verdict::Skip(format!("its condition does not hold: {}", when.expression)),
                Err(failure) => return Verdict::Fail(failure),
            }
        }
        match inputs::bind(task, component, scope, |name| self.source(*frame, name)) {
            Ok(inputs) => Verdict::Go(inputs),
            Err(reason) => Verdict::Skip(reason),
        }
    }

    fn go(&mut self, tx: &mut Tx<'_>, index: usize, inputs: PortValues) -> Result<Option<Launch>> {
        let component = self.nodes[index].component;
        let job = match &component.implementation {
            Implementation::Dag(dag) => {
                self.start(tx, index, &inputs, None)?;
                self.open(dag, Some(index), inputs);
                let opened = self.frames.len() - 1;
                // A DAG without tasks ends as it begins.
                self.close(tx, opened)?;
                return Ok(None);
            }
            Implementation::Wasm(step) => match self.request(index, inputs) {
                Some(request) => return self.go_step(tx, index, request),
                None => Err(host_failure(format!("`{}` is not linked", step.path), None).into()),
            },
            Implementation::Import(importer) => self.import(index, importer, &inputs),
            Implementation::Latest(query) => Ok(Job::Latest(query.clone())),
            Implementation::Command(_) | Implementation::Volume(_) => {
                Err(host_failure("this runtime has nobody who runs it".to_owned(), None).into())
            }
        };
        match job {
            Ok(job) => {
                let inputs = recorded_inputs(&job);
                self.start(tx, index, &inputs, None)?;
                Ok(Some(self.launch(index, Arc::new(job))))
            }
            Err(failure) => self.fail_at_once(tx, index, &failure).map(|()| None),
        }
    }

    fn go_step(&mut self, tx: &mut Tx<'_>, index: usize, request: StepRequest) -> Result<Option<Launch>> {
        let node = &self.nodes[index];
        if self.engine.options.cache
            && cache::is_cacheable(node.task)
            && let Some(mut cached) = cache::find(tx, self.engine.artifacts, &request.identity)?
        {
            let new = self.execution(node, &request.inputs, Some(request.identity));
            tx.record_cached(&self.key, &new, &mut cached)?;
            let report = cached_report(node, cached);
            self.settle(tx, index, report)?;
            return Ok(None);
        }
        self.start(tx, index, &request.inputs, Some(request.identity))?;
        Ok(Some(self.launch(index, Arc::new(Job::Step(request)))))
    }

    fn begin_again(&mut self, tx: &mut Tx<'_>, index: usize) -> Result<Option<Launch>> {
        let node = &mut self.nodes[index];
        node.attempt += 1;
        // Both are there since the first attempt.
        let (Some(execution), Some(job)) = (node.execution, node.job.clone()) else { return Ok(None) };
        tx.restart_execution(execution, node.attempt)?;
        Ok(Some(self.launch(index, job)))
    }

    fn launch(&mut self, index: usize, job: Arc<Job>) -> Launch {
        let node = &mut self.nodes[index];
        node.job = Some(Arc::clone(&job));
        self.outbox.push(Event::TaskStarted { task: node.path.clone(), attempt: node.attempt });
        (index, job)
    }

    fn start(&mut self, tx: &mut Tx<'_>, index: usize, inputs: &PortValues, identity: Option<Identity>) -> Result<()> {
        let node = &self.nodes[index];
        let execution = tx.start_execution(&self.key, &self.execution(node, inputs, identity))?;
        self.nodes[index].execution = Some(execution);
        Ok(())
    }

    /// A task's row.
    pub fn execution<'a>(
        &'a self,
        node: &'a Node<'_>,
        inputs: &'a PortValues,
        identity: Option<Identity>,
    ) -> NewExecution<'a> {
        let kind = match node.component.implementation {
            Implementation::Wasm(_) | Implementation::Command(_) | Implementation::Volume(_) => {
                ExecutionKind::Container
            }
            Implementation::Import(_) => ExecutionKind::Importer,
            Implementation::Latest(_) => ExecutionKind::Resolver,
            Implementation::Dag(_) => ExecutionKind::Dag,
        };
        let parent = self.frames[node.frame].owner.and_then(|owner| self.nodes[owner].execution);
        let (task, grants): (_, &Grants) = (&node.path, &node.task.grants);
        let component = node.step.as_ref();
        NewExecution { task, kind, component, inputs, grants, identity, attempt: node.attempt, parent }
    }

    fn request(&self, index: usize, inputs: PortValues) -> Option<StepRequest> {
        let node = &self.nodes[index];
        let component = node.step.clone()?;
        let identity = identity::step(&component, &inputs, &node.task.grants);
        let mut grants = node.task.grants.clone();
        for directory in grants.directories.values_mut() {
            directory.host = self.base_dir.join(&directory.host).to_string_lossy().into_owned();
        }
        Some(StepRequest {
            task: node.path.clone(),
            component,
            command: None,
            inputs,
            grants,
            limits: node.task.limits,
            identity,
        })
    }

    fn import(&self, index: usize, importer: &Importer, inputs: &PortValues) -> Result<Job, Box<StepFailure>> {
        let frame = self.nodes[index].frame;
        // The path may be an input of the importer itself, as in KFP, or of the DAG around it.
        let scope: PortValues =
            inputs.iter().chain(&self.frames[frame].inputs).rev().map(|(k, v)| (k.clone(), v.clone())).collect();
        let source = inputs::follow(&importer.source, &scope, &|task| self.source(frame, task))
            .map_err(|why| host_failure(format!("its path {why}"), None))?;
        let PortValue::Parameter(serde_json::Value::String(written)) = source.as_ref() else {
            let hint = "give the path of a file or directory".to_owned();
            return Err(host_failure("its path is not a string".to_owned(), Some(hint)).into());
        };
        let artifact = Artifact {
            id: None,
            kind: importer.kind.clone(),
            uri: String::new(),
            name: None,
            properties: importer.properties.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        };
        Ok(Job::Import(Import { path: self.base_dir.join(written), written: written.clone(), artifact }))
    }

    /// Records a failure before any attempt.
    fn fail_at_once(&mut self, tx: &mut Tx<'_>, index: usize, failure: &StepFailure) -> Result<()> {
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
        tx.record_execution(&self.key, &self.execution(node, &PortValues::new(), None), finished)?;
        let mut report = report(node, TaskState::Failed, Some(failure.message.clone()));
        report.hint.clone_from(&failure.hint);
        self.nodes[index].blame = Some(index);
        self.settle(tx, index, report)
    }
}

/// What is recorded as the inputs of a job that is no step.
pub(crate) fn recorded_inputs(job: &Job) -> PortValues {
    match job {
        Job::Import(import) => {
            PortValues::from([("source".to_owned(), PortValue::Parameter(import.written.clone().into()))])
        }
        Job::Step(request) => request.inputs.clone(),
        Job::Latest(_) => PortValues::new(),
    }
}

/// The report of a task for which an earlier execution stands.
pub(crate) fn cached_report(node: &Node<'_>, cached: CachedStep) -> TaskReport {
    TaskReport { outputs: cached.outputs, ..report(node, TaskState::Cached, None) }
}
