//! Starting and resuming runs.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use serde_json::Value;
use weft_artifacts::ContentId;
use weft_metadata::RunState;
use weft_pipeline::input_artifacts::{InputArtifacts, with_importers};
use weft_pipeline::model::Pipeline;
use weft_pipeline::step::{PortValue, PortValues};
use weft_pipeline::types::PortType;

use crate::error::{Error, Result};
use crate::event::{Event, RunOutcome};
use crate::lock::RunLock;
use crate::outdated;
use crate::plan::{self, Plan};
use crate::run::Run;
use crate::run_spec::RunSpec;
use crate::runner::StepRunner;
use crate::slots::Slots;
use crate::survey;

/// Executes pipelines on an artifact store and a metadata store.
#[derive(Clone)]
pub struct Engine<'a> {
    /// Holds artifacts, components and logs.
    pub artifacts: &'a weft_artifacts::Store,
    /// Holds the record of runs.
    pub metadata: &'a weft_metadata::Store,
    /// Executes steps.
    pub runner: &'a dyn StepRunner,
    /// Directory for the lock files of running runs. Created when needed.
    pub locks: &'a Path,
    /// Directory that holds one directory for each volume. Created when needed.
    pub volumes: &'a Path,
    /// A bound on steps that this run shares with others.
    pub slots: Option<&'a Slots>,
    /// Settings.
    pub options: Options,
}

/// Settings of the execution of runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The maximum number of steps that run at the same time.
    pub jobs: NonZeroUsize,
    /// Whether cached results may be used. If not, every step is executed, whatever `cache` its task has.
    pub cache: bool,
    /// Tasks at the top of the pipeline that are executed with all that is inside of them, even if their results are cached.
    pub again: BTreeSet<String>,
    /// The longest that a transaction is kept open for brief steps that follow. A step is brief if it takes at most a twentieth of that.
    pub group_commit: Duration,
}

impl Default for Options {
    /// As many jobs as the machine has cores for this process; caching is on.
    fn default() -> Self {
        Self {
            jobs: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            cache: true,
            again: BTreeSet::new(),
            group_commit: Duration::from_millis(10),
        }
    }
}

/// A run about to start.
#[derive(Debug, Clone)]
pub struct NewRun<'a> {
    /// Its id, unique in the metadata store: letters, digits, `-`, `_` and `.`, at most 128.
    pub id: String,
    /// The pipeline, linked and checked.
    pub pipeline: &'a Pipeline,
    /// Values of its parameters, checked against their types. Defaults are filled in.
    pub parameters: BTreeMap<String, Value>,
    /// Its input artifacts. Each is imported by a task of its own.
    pub artifacts: InputArtifacts,
    /// The folder that relative paths of components and imports are resolved against. Absolute, so that the run can be
    /// resumed from any working directory.
    pub base_dir: PathBuf,
    /// The file that the pipeline was read from, for the record.
    pub file: Option<String>,
}

/// Receives the events of a run in their order, on the thread that called the engine.
pub type Observer<'o> = dyn FnMut(&Event) + 'o;

impl Engine<'_> {
    /// Executes a new run to its end. A failed step is not an error: the outcome has the state. When `interrupt` becomes
    /// true, no further step starts, running ones are interrupted, and the run ends as canceled. A run can be resumed
    /// after that, after an error of this function, and after the process was killed.
    ///
    /// # Errors
    /// The pipeline cannot be executed, a parameter is missing or unknown, another process runs it, or a store fails.
    pub fn start(&self, new: NewRun<'_>, observer: &mut Observer<'_>, interrupt: &AtomicBool) -> Result<RunOutcome> {
        let NewRun { id, pipeline, parameters, artifacts, base_dir, file } = new;
        let given = (!artifacts.is_empty()).then(|| with_importers(pipeline, &artifacts));
        let pipeline = given.as_ref().unwrap_or(pipeline);
        let plan = Plan::new(pipeline)?;
        let parameters = with_defaults(pipeline, parameters)?;
        let lock = RunLock::acquire(self.locks, &id)?;
        let _gc = self.artifacts.lock_shared()?;
        self.import_components(pipeline, &base_dir, |id, path| {
            // What a power cut has truncated is replaced by the file that was linked.
            let len = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file).map(|file| file.len());
            Ok(self.artifacts.contains(id)?
                && len.is_none_or(|len| self.artifacts.size(id).is_ok_and(|has| has == len)))
        })?;
        let spec = serde_json::to_string(&RunSpec::new(pipeline, base_dir.clone()))
            .map_err(|_| Error::NotUnicode { path: base_dir.clone() })?;
        let key = self.metadata.transaction(|tx| {
            tx.create_run(&weft_metadata::NewRun {
                id: &id,
                pipeline: &pipeline.name,
                spec: &spec,
                parameters: &parameters,
                file: file.as_deref(),
            })
        })?;
        drop(spec);
        tracing::debug!(run = id, pipeline = pipeline.name, "the run starts");
        let run = Run::new(self, key, &plan, base_dir, port_values(parameters), HashMap::new());
        Ok(finish(run.execute(observer, interrupt)?, lock))
    }

    /// Resumes a run that was interrupted, killed or failed: tasks that are complete, cached or skipped keep their state,
    /// the others are executed. `run` is an id or the unique beginning of one. Nothing is executed in a run that is
    /// complete; its outcome is returned.
    ///
    /// # Errors
    /// There is no such run, its record cannot be read, another process runs it, or a store fails.
    pub fn resume(&self, run: &str, observer: &mut Observer<'_>, interrupt: &AtomicBool) -> Result<RunOutcome> {
        let id = self.metadata.resume_state(run)?.key.run;
        let lock = RunLock::acquire(self.locks, &id)?;
        let _gc = self.artifacts.lock_shared()?;
        // Read again: before the lock was held, another process may have changed it.
        let state = self.metadata.resume_state(&id)?;
        let spec: RunSpec = state.run.spec.read().map_err(|source| Error::Spec { run: id.clone(), source })?;
        let base_dir = spec.base_dir.clone();
        let pipeline = spec.into_pipeline();
        let plan = Plan::new(&pipeline)?;
        let mut earlier: HashMap<_, _> = state.run.steps.into_iter().map(|step| (step.task.clone(), step)).collect();
        let complete = state.run.summary.state == RunState::Complete;
        let died = state.run.summary.state == RunState::Running;
        if died {
            survey::forget_damaged(self.artifacts, earlier.values_mut());
        }
        if !complete {
            self.import_components(&pipeline, &base_dir, |id, _| match self.artifacts.contains(id)? {
                true if died => Ok(self.artifacts.verify(id).is_ok()),
                there => Ok(there),
            })?;
            let outdated = outdated::forget(&pipeline, &mut earlier);
            self.metadata.transaction(|tx| {
                outdated.iter().try_for_each(|execution| tx.mark_outdated(*execution))?;
                tx.resume_run(&state.key)
            })?;
        }
        tracing::debug!(run = id, earlier = earlier.len(), complete, "the run goes on");
        let scope = port_values(state.run.summary.parameters);
        let run = Run::new(self, state.key, &plan, base_dir, scope, earlier);
        Ok(finish(if complete { run.restore() } else { run.execute(observer, interrupt)? }, lock))
    }

    /// Imports the binaries of all components and the packages of commands into the store, where runners look them up by
    /// digest. `is_there` says whether it has one already.
    fn import_components(
        &self,
        pipeline: &Pipeline,
        base_dir: &Path,
        is_there: impl Fn(&ContentId, &Path) -> Result<bool>,
    ) -> Result<()> {
        for (path, expected) in plan::binaries(pipeline) {
            let path = base_dir.join(path);
            if is_there(&expected.parse()?, &path)? {
                continue;
            }
            let found = self
                .artifacts
                .import(&path, &mut |_| ControlFlow::Continue(()))
                .map_err(|source| Error::Component { pipeline: pipeline.name.clone(), path: path.clone(), source })?;
            if found.to_string() != expected {
                return Err(Error::ComponentChanged { path, expected: expected.to_owned(), found: found.to_string() });
            }
        }
        let binaries = plan::binaries(pipeline).into_iter();
        let ids: Vec<ContentId> = binaries.filter_map(|(_, digest)| digest.parse().ok()).collect();
        if let Err(error) = self.artifacts.keep(&ids, &mut |_, _| ControlFlow::Continue(())) {
            // The store remembers, and it is tried again when the run ends.
            tracing::warn!(%error, "the components of the run are only here yet");
        }
        Ok(())
    }
}

fn finish(outcome: RunOutcome, lock: RunLock) -> RunOutcome {
    if outcome.state == RunState::Complete {
        lock.retire();
    }
    outcome
}

/// The parameters, with defaults for those that have no value.
fn with_defaults(pipeline: &Pipeline, mut given: BTreeMap<String, Value>) -> Result<BTreeMap<String, Value>> {
    let name = || pipeline.name.clone();
    if let Some(unknown) = given.keys().find(|name| !pipeline.root.inputs.contains_key(*name)) {
        return Err(Error::UnknownParameter { pipeline: name(), parameter: unknown.clone() });
    }
    for (parameter, input) in &pipeline.root.inputs {
        match &input.default {
            _ if given.contains_key(parameter) => {}
            Some(default) => _ = given.insert(parameter.clone(), default.clone()),
            None if input.port.optional => {}
            None if matches!(input.port.ty, PortType::Artifact { .. }) => {
                return Err(Error::MissingArtifact { pipeline: name(), input: parameter.clone() });
            }
            None => return Err(Error::MissingParameter { pipeline: name(), parameter: parameter.clone() }),
        }
    }
    Ok(given)
}

fn port_values(parameters: BTreeMap<String, Value>) -> PortValues {
    parameters.into_iter().map(|(name, value)| (name, PortValue::Parameter(value))).collect()
}
