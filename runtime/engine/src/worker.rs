//! The jobs of workers: run a step, import a file, find an earlier artifact, create or delete a volume.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;

use weft_artifacts::{ContentId, Store};
use weft_metadata::RunKey;
use weft_pipeline::model::Latest;
use weft_pipeline::step::{
    Artifact, FailureKind, HOST_PYTHON, LogLevel, PortValue, PortValues, StepFailure, StepObserver, StepOutput,
    StepRequest, StepTrace,
};

use crate::engine::Engine;
use crate::import;
use crate::resolve::{self, Resolve};
use crate::volumes::{self, VolumeChange};
use crate::worker_pool::JobOutcome;

/// Work that takes time and is therefore not done by the scheduler's thread.
#[derive(Debug)]
pub enum Job {
    /// Run a step.
    Step(Box<StepRequest>),
    /// Import a file or directory into the store.
    Import(Import),
    /// Find the latest artifact of an earlier run.
    Latest(Latest),
    /// Find artifacts of earlier runs by queries.
    Resolve(Resolve),
    /// Create or delete a volume.
    Volume(VolumeChange),
}

impl Job {
    /// Whether it changes nothing but its outputs, so that it may run twice if nobody has heard of the first time.
    pub fn is_pure(&self) -> bool {
        match self {
            Self::Step(request) => request.grants.is_pure() && !request.component.digest.starts_with(HOST_PYTHON),
            Self::Import(_) | Self::Latest(_) | Self::Resolve(_) | Self::Volume(_) => false,
        }
    }
}

/// An import with its path resolved, if it is one of the host.
#[derive(Debug)]
pub struct Import {
    /// The path or URI as written in the pipeline.
    pub written: String,
    /// The resolved path; none for a URI, which the metadata store resolves, or leads elsewhere.
    pub path: Option<PathBuf>,
    /// The artifact to record, except its URI.
    pub artifact: Artifact,
    /// The output whose artifact it is.
    pub output: String,
    /// Whether what was fetched before may be taken, if it is still the same elsewhere.
    pub reuse: bool,
}

/// The name of the only output of importers and resolvers of KFP. TFX gives it another one.
pub const ARTIFACT_OUTPUT: &str = "artifact";

/// Executes a job of a task, and stores its log.
pub fn execute(engine: &Engine<'_>, key: &RunKey, task: &str, job: &Job, observer: &dyn StepObserver) -> JobOutcome {
    let started = Instant::now();
    let mut result = match job {
        Job::Step(request) => {
            bring(engine.artifacts, request, observer).and_then(|()| engine.runner.run(request, observer))
        }
        Job::Import(import) => import::execute(engine, task, import, observer)
            .map(|(artifact, fetched)| StepOutput { fetched, ..single_output(&import.output, Some(artifact)) }),
        Job::Latest(query) => latest(engine, key, query).map(|found| single_output(ARTIFACT_OUTPUT, found)),
        Job::Resolve(wanted) => resolve::execute(engine, key, wanted),
        Job::Volume(change) => volumes::execute(change),
    };
    if let Ok(StepOutput { warnings, trace, .. }) = &mut result {
        for warning in warnings {
            observer.log(task, LogLevel::Warn, warning);
            trace.log.extend_from_slice(format!("warning: {warning}\n").as_bytes());
        }
    }
    let trace = match &mut result {
        Ok(output) => &mut output.trace,
        Err(failure) => &mut failure.trace,
    };
    let log = keep_log(engine, task, &std::mem::take(&mut trace.log));
    if engine.artifacts.has_backing() && matches!(job, Job::Step(_) | Job::Import(_)) {
        keep(engine, task, result.as_ref().ok(), log.as_deref(), observer);
    }
    let trace = match &result {
        Ok(output) => &output.trace,
        Err(failure) => &failure.trace,
    };
    // What a runner says that the step took: it may have waited for its turn elsewhere.
    let elapsed = if trace.duration.is_zero() { started.elapsed() } else { trace.duration };
    JobOutcome { result, log, elapsed }
}

fn single_output(name: &str, artifact: Option<Artifact>) -> StepOutput {
    let outputs = artifact.map(|artifact| (name.to_owned(), PortValue::Artifacts(vec![artifact])));
    StepOutput { outputs: outputs.into_iter().collect::<PortValues>(), ..StepOutput::default() }
}

fn latest(engine: &Engine<'_>, key: &RunKey, query: &Latest) -> Result<Option<Artifact>, Box<StepFailure>> {
    let pipeline = query.pipeline.as_ref().unwrap_or(&key.pipeline);
    let found = engine.metadata.latest_artifact(pipeline, &query.task, &query.output, Some(&key.run));
    match found.map_err(|error| host_failure(error.to_string(), None))? {
        Some(artifact) if artifact.kind != query.kind => {
            let Artifact { kind, uri, .. } = artifact;
            let message = format!(
                "the latest `{}` of `{}` in pipeline `{pipeline}` is a `{}` ({uri}), not a `{}`",
                query.output, query.task, kind.0, query.kind.0
            );
            Err(host_failure(message, Some(format!("declare the type `{}`, or name another output", kind.0))).into())
        }
        found => Ok(found),
    }
}

/// Brings what a step reads into the store's directory, as far as only its backing has it. This is to be done before it runs: where it does, no
/// network is reached.
pub fn bring(artifacts: &Store, request: &StepRequest, observer: &dyn StepObserver) -> Result<(), Box<StepFailure>> {
    if !artifacts.has_backing() {
        return Ok(());
    }
    let command = request.command.iter();
    let named = command.flat_map(|command| [&command.packages, &command.programs, &command.linked]);
    let inputs = request.inputs.values().flat_map(PortValue::artifacts).map(|artifact| &artifact.uri);
    let digests = inputs.chain(named.flat_map(BTreeMap::values)).chain([&request.component.digest]);
    let ids: Vec<ContentId> = digests.filter_map(|digest| digest.parse().ok()).collect();
    artifacts.bring(&ids, &mut progress(&request.task, observer)).map_err(|error| {
        let kind = match error {
            weft_artifacts::Error::Interrupted { .. } => FailureKind::Interrupted,
            _ => FailureKind::Host,
        };
        let hint = error.hint().map(str::to_owned);
        Box::new(StepFailure { kind, ..host_failure(format!("what it reads cannot be brought here: {error}"), hint) })
    })
}

/// Puts what a step gave into the store's backing, if there is one. If that fails, the step has succeeded nevertheless: the store remembers, and it
/// is tried again when the run ends.
fn keep(engine: &Engine<'_>, task: &str, output: Option<&StepOutput>, log: Option<&str>, observer: &dyn StepObserver) {
    let outputs = output.into_iter().flat_map(|output| output.outputs.values()).flat_map(PortValue::artifacts);
    let uris = outputs.map(|artifact| artifact.uri.as_str()).chain(log);
    let ids: Vec<ContentId> = uris.filter_map(|uri| uri.parse().ok()).collect();
    match engine.artifacts.keep(&ids, &mut progress(task, observer)) {
        Ok(()) | Err(weft_artifacts::Error::Interrupted { .. }) => {}
        Err(error) => {
            let text = format!("what it gave is only here yet, which is tried again when the run ends: {error}");
            tracing::debug!(task, text);
            observer.log(task, LogLevel::Warn, &text);
        }
    }
}

/// Tells the observer of a task how far it is.
fn progress<'o>(task: &'o str, observer: &'o dyn StepObserver) -> impl FnMut(u64, u64) -> ControlFlow<()> + use<'o> {
    move |done, total| {
        if total > 0 {
            observer.progress(task, done, total);
        }
        if observer.interrupted() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Stores a step's log. If that fails, the step keeps its results and has no log.
fn keep_log(engine: &Engine<'_>, task: &str, log: &[u8]) -> Option<String> {
    if log.is_empty() {
        return None;
    }
    let kept = engine.artifacts.create(None).and_then(|mut blob| {
        blob.append(log)?;
        blob.finish()
    });
    kept.inspect_err(|error| tracing::warn!(task, %error, "the log could not be kept")).ok().map(|id| id.to_string())
}

/// A failure of kind [`FailureKind::Host`].
pub fn host_failure(message: String, hint: Option<String>) -> StepFailure {
    StepFailure { kind: FailureKind::Host, message, hint, trace: StepTrace::default() }
}

/// A failure of kind [`FailureKind::Host`] with a hint that says what the user can do.
pub fn hinted_failure(message: impl Into<String>, hint: impl Into<String>) -> StepFailure {
    host_failure(message.into(), Some(hint.into()))
}
