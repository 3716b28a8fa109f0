//! Executing runs.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use weft_engine::{Engine, Event, NewRun, RunOutcome, Slots, StepRunner};
use weft_launcher::HostPython;
use weft_metadata::{RunRecord, StepRecord};
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::model::{CommandStep, Implementation, Pipeline, Program, TaskState, WasmStep};
use weft_pipeline::secrets::needed;
use weft_workers::RemoteRunner;

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::local_runner::LocalRunner;
use crate::notice::{Notice, Notify};
use crate::on_engine::OnEngine;
use crate::prebuilt;
use crate::prepare::{Linker, PrepareOptions, Prepared};
use crate::read::PipelineFile;
use crate::recorded::recorded_pipeline;
use crate::run_id::new_run_id;
use crate::store::Store;

/// How to execute a run.
#[derive(Debug, Clone, Default)]
pub struct RunOptions {
    /// Id of a new run; without one it is made of the pipeline's name and the time.
    pub id: Option<String>,
    /// Steps that may run at the same time; one for each processor if not given.
    pub jobs: Option<NonZeroUsize>,
    /// Executes every step, whatever earlier runs gave.
    pub no_cache: bool,
    /// Tasks at the top of the pipeline that are executed even if their results are cached.
    pub again: BTreeSet<String>,
    /// The engine that steps are handed to; without one they run in this process. `jobs` are then those that are handed out at the same time.
    pub on: Option<OnEngine>,
    /// A bound on steps that this run shares with others of this process.
    pub slots: Option<Arc<Slots>>,
    /// The interpreter that goes on with what the host's own Python began, for [`Weft::resume`].
    pub python: Option<PathBuf>,
}

/// An open store, and the means to prepare pipelines and to execute runs in it.
pub struct Weft {
    store: Store,
    linker: Linker,
}

impl Weft {
    /// Opens the store in a folder, and makes it if there is none.
    ///
    /// # Errors
    /// The folder cannot be made or written to, or holds the store of a newer version.
    pub fn open(root: &Path, host: Host) -> Result<Self> {
        Self::with(Store::create(root)?, host)
    }

    /// Opens the store in a folder, which must be there.
    ///
    /// # Errors
    /// As [`Self::open`], and if there is no store.
    pub fn open_existing(root: &Path, host: Host) -> Result<Self> {
        Self::with(Store::change(root)?, host)
    }

    fn with(store: Store, host: Host) -> Result<Self> {
        let store = store.over_bucket(&host)?;
        let linker = Linker::over(store.artifacts.clone(), store.root(), host, None)?;
        Ok(Self { store, linker })
    }

    /// The store, for queries.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Links and checks.
    pub fn linker(&self) -> &Linker {
        &self.linker
    }

    /// Links, checks and completes a pipeline; see [`Linker::prepare`].
    ///
    /// # Errors
    /// [`Error::Pipeline`] with everything that is wrong, all at once.
    pub fn prepare(&self, file: PipelineFile, options: &PrepareOptions, notify: &Notify<'_>) -> Result<Prepared> {
        self.linker.prepare(file, options, notify)
    }

    /// Executes a prepared pipeline as a new run, to its end. `observe` hears each event when what it says is durable, on this
    /// thread.
    ///
    /// # Errors
    /// The run cannot begin, or [`Error::BrokeOff`]: the stores failed. Steps that fail are part of the outcome.
    pub fn run(
        &self,
        prepared: &Prepared,
        options: &RunOptions,
        observe: &mut dyn FnMut(&Event),
        notify: &Notify<'_>,
        cancel: &Cancel,
    ) -> Result<RunOutcome> {
        let id = options.id.clone().unwrap_or_else(|| new_run_id(&prepared.pipeline.name));
        self.linker.admit(&prepared.pipeline, &prepared.parameters, &prepared.artifacts, &prepared.folder)?;
        self.store.enter_bucket(notify, cancel)?;
        self.import_named(prepared)?;
        let new = NewRun {
            id: id.clone(),
            pipeline: &prepared.pipeline,
            parameters: prepared.parameters.clone(),
            artifacts: prepared.artifacts.clone(),
            base_dir: prepared.folder.clone(),
            file: prepared.file.as_ref().map(|path| path.display().to_string()),
        };
        let runner = self.runner(prepared.host_python.clone(), notify);
        self.execute(&id, options, &runner, observe, |engine, observe| engine.start(new, observe, cancel.flag()))
    }

    /// Goes on with a run that failed, was canceled or was killed: what is finished is not executed again. `run` is its id, the
    /// beginning of it, or `latest`.
    ///
    /// # Errors
    /// As [`Self::run`], and if there is no such run or another process is at work on it.
    pub fn resume(
        &self,
        run: &str,
        options: &RunOptions,
        observe: &mut dyn FnMut(&Event),
        notify: &Notify<'_>,
        cancel: &Cancel,
    ) -> Result<RunOutcome> {
        let record = self.store.metadata.run(run)?;
        let id = record.summary.id.clone();
        if let Some(host) = self.store.metadata.replica_of(&id)? {
            return Err(Error::advised(
                format!("run `{id}` came from `{host}`: it goes on there"),
                format!("resume it there, and send it again; `weft rerun {id}` runs it anew here"),
            ));
        }
        let Some(pipeline) = recorded_pipeline(&record.spec) else {
            return Err(Error::request(format!("run `{id}` cannot be resumed: its pipeline cannot be read")));
        };
        self.check_secrets(&record, &pipeline)?;
        self.linker.admit_recorded(&pipeline, &record.spec, &record.summary.parameters)?;
        self.store.enter_bucket(notify, cancel)?;
        let runner = self.runner(options.python.clone(), notify);
        self.execute(&id, options, &runner, observe, |engine, observe| engine.resume(&id, observe, cancel.flag()))
    }

    /// Secrets are not recorded, so what is still to run needs them again.
    fn check_secrets(&self, record: &RunRecord, pipeline: &Pipeline) -> Result<()> {
        let mut needs = needed(pipeline, &record.summary.parameters);
        // What is inside of a task at the top is finished with it.
        let is_finished =
            |step: &&StepRecord| matches!(step.state, TaskState::Complete | TaskState::Cached | TaskState::Skipped);
        let finished: Vec<&str> = record.steps.iter().filter(is_finished).map(|step| step.task.as_str()).collect();
        needs.retain(|need| !need.task.split('/').next().is_some_and(|top| finished.contains(&top)));
        match self.linker.secrets.check(&needs).into_iter().next() {
            None => Ok(()),
            Some(Diagnostic { message, hint, .. }) => {
                let run = &record.summary.id;
                let message = format!("run `{run}` needs its secrets again, as no values are recorded: {message}");
                Err(Error::Request { message, hint })
            }
        }
    }

    /// The sandbox, and the host's own Python for what is given to it.
    fn runner(&self, python: Option<PathBuf>, notify: &Notify<'_>) -> LocalRunner<'_> {
        let host = &self.linker.host;
        let limits = weft_launcher::Limits { time: host.limits.time, output: host.limits.output };
        let host_python = python.map(|python| {
            notify(Notice::Unsandboxed);
            HostPython::new(
                self.store.artifacts.clone(),
                python,
                limits,
                host.variables.clone(),
                Arc::clone(&self.linker.secrets),
            )
        });
        LocalRunner { host_python, ..LocalRunner::sandboxed(&self.linker, &self.store.artifacts) }
    }

    /// Puts the pre-built components of a pipeline and those of registries into the store, where the engine finds them by digest: their
    /// names are no paths.
    fn import_named(&self, prepared: &Prepared) -> Result<()> {
        for component in prepared.pipeline.components.values() {
            let (written, digest) = match &component.implementation {
                Implementation::Wasm(WasmStep { path, digest: Some(digest), .. }) => (path, digest),
                Implementation::Command(CommandStep { program: Some(Program { path, digest, .. }), .. }) => {
                    (path, digest)
                }
                _ => continue,
            };
            let path = match prepared.fetched.get(written) {
                Some(found) => found.file.clone(),
                None if prebuilt::name(written).is_some() => {
                    prebuilt::locate(&self.linker.host, &prepared.folder, written)
                }
                None => continue,
            };
            self.import_component(&path, digest, written)?;
        }
        Ok(())
    }

    /// Brings the file of a component into the store, which must still be the one that was looked at.
    pub(crate) fn import_component(&self, path: &Path, digest: &str, written: &str) -> Result<()> {
        let found = self.store.artifacts.import(path, &mut |_| std::ops::ControlFlow::Continue(()))?;
        if found.to_string() != digest {
            return Err(Error::request(format!("`{written}` has changed since it was checked")));
        }
        Ok(())
    }

    fn execute(
        &self,
        run: &str,
        options: &RunOptions,
        runner: &LocalRunner<'_>,
        observe: &mut dyn FnMut(&Event),
        work: impl FnOnce(&Engine<'_>, &mut dyn FnMut(&Event)) -> weft_engine::Result<RunOutcome>,
    ) -> Result<RunOutcome> {
        let (locks, volumes) = (self.store.locks(), self.store.volumes());
        let mut settings = weft_engine::Options {
            cache: !options.no_cache,
            again: options.again.clone(),
            ..weft_engine::Options::default()
        };
        let remote = match &options.on {
            Some(on) => self.remote(on, run, runner, settings.jobs)?,
            None => None,
        };
        if let Some(jobs) = options.jobs.or(remote.as_ref().map(RemoteRunner::jobs)) {
            settings.jobs = jobs;
        }
        let runner: &dyn StepRunner = match &remote {
            Some(remote) => remote,
            None => runner,
        };
        let engine = Engine {
            artifacts: &self.store.artifacts,
            metadata: &self.store.metadata,
            runner,
            locks: &locks,
            volumes: &volumes,
            slots: options.slots.as_deref(),
            options: settings,
        };
        let mut begun = false;
        let mut observe = |event: &Event| {
            begun = true;
            observe(event);
        };
        work(&engine, &mut observe).map_err(|source| {
            if begun { Error::BrokeOff { run: run.to_owned(), source: Box::new(source) } } else { source.into() }
        })
    }
}
