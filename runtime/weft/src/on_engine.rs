//! Runs on an existing engine: where their steps go, and the workers that execute them there.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use weft_engine::StepRunner;
use weft_pipeline::step::{Limits, StepObserver};
use weft_workers::{
    Cluster, FORMAT, Processes, Ray, RayAddress, RemoteOptions, RemoteRunner, Report, Slurm, SlurmPrograms, StepEvent,
    StepResult, WorkerOptions,
};

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::local_runner::LocalRunner;
use crate::prepare::Linker;
use crate::run::Weft;

/// The most workers that are asked for unless somebody says how many.
const MOST_WORKERS: usize = 64;

/// An engine that a run's steps are handed to, instead of being executed in this process.
#[derive(Debug, Clone)]
pub struct OnEngine {
    /// One of [`ENGINES`](weft_workers::ENGINES).
    pub name: String,
    /// The most workers at the same time, each with one step; without it as many as the engine has processors, up to 64.
    pub workers: Option<NonZeroUsize>,
    /// The `weft` program, at a path that is the same on all machines.
    pub program: PathBuf,
}

/// An engine as it was found.
enum Found {
    Processes,
    Slurm(SlurmPrograms),
    Ray(RayAddress),
}

impl Weft {
    /// The runner that hands the steps of a run to an engine, over the one for what stays here; none for the engine `local`.
    pub(crate) fn remote<'r>(
        &self,
        on: &OnEngine,
        run: &str,
        local: &'r dyn StepRunner,
        local_jobs: NonZeroUsize,
    ) -> Result<Option<RemoteRunner<'r>>> {
        let host = &self.linker().host;
        let variable = |name: &str| host.variables.get(name).map(String::as_str);
        let found = match on.name.as_str() {
            "local" => return Ok(None),
            "process" => Found::Processes,
            "slurm" => Found::Slurm(SlurmPrograms::find(variable("PATH").unwrap_or_default())?),
            "ray" => Found::Ray(RayAddress::find(variable)?),
            _ => return Err(weft_workers::Error::UnknownEngine { name: on.name.clone() }.into()),
        };
        let root = absolute(self.store().root())?;
        let spool = absolute(&self.store().spools())?.join(run);
        let workers = match (on.workers, &found) {
            (Some(workers), _) => workers.get(),
            (None, Found::Processes) => std::thread::available_parallelism().map_or(1, NonZeroUsize::get),
            (None, Found::Ray(address)) => address.cpus()?.unwrap_or(1).min(MOST_WORKERS),
            (None, Found::Slurm(programs)) => programs.cpus(variable("SBATCH_PARTITION"))?.min(MOST_WORKERS),
        };
        let cluster: Box<dyn Cluster> = match found {
            Found::Processes => Box::<Processes>::default(),
            Found::Ray(address) => Box::new(Ray::new(address, run, &spool)),
            Found::Slurm(programs) => Box::new(Slurm::new(programs, run, &spool)),
        };
        let limits = self.linker().default_limits();
        let options = RemoteOptions {
            cluster,
            workers: NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN),
            program: absolute(&on.program)?,
            arguments: vec![
                OsString::from("--store"),
                root.into_os_string(),
                OsString::from("worker"),
                spool.clone().into_os_string(),
            ],
            spool,
            limits: Limits { memory: Some(limits.memory), time: Some(limits.time), output: Some(limits.output) },
            local_jobs,
        };
        Ok(Some(RemoteRunner::new(options, local, self.store().artifacts.clone())))
    }
}

/// What executes steps on a machine of an engine. Of a store it opens the artifacts alone: the scheduler writes the metadata.
pub struct StepWorker {
    artifacts: weft_artifacts::Store,
    linker: Linker,
}

impl StepWorker {
    /// Opens the artifacts of the store in a folder, which must be there.
    ///
    /// # Errors
    /// There is no store, or the host cannot do its part.
    pub fn open(root: &Path, host: Host) -> Result<Self> {
        let folder = root.join("artifacts");
        if !folder.is_dir() {
            return Err(Error::advised(
                format!("there is no store in `{}`", root.display()),
                "a worker needs the store of its run, at the same path on each machine",
            ));
        }
        let artifacts = weft_artifacts::Store::open(folder)?;
        let linker = Linker::over(artifacts.clone(), root, host, None)?;
        Ok(Self { artifacts, linker })
    }

    /// Executes steps that a scheduler offers in a spool directory, until it needs no more. Gives how many; none if nobody waits for
    /// a worker of this name.
    ///
    /// # Errors
    /// The spool cannot be read or written.
    pub fn work(&self, spool: &Path, worker: &str, cancel: &Cancel) -> Result<Option<u64>> {
        let spool = absolute(spool)?;
        let options = WorkerOptions::default();
        Ok(weft_workers::work(spool, worker, &self.runner(), &self.artifacts, options, cancel.flag())?)
    }

    /// Executes the steps of a step file, and tells how each ended.
    ///
    /// # Errors
    /// It is no step file.
    pub fn steps(&self, file: &Path, observer: &dyn StepObserver) -> Result<Report> {
        let runner = self.runner();
        let execute = |offer: weft_workers::Offer<'_>| {
            let result = StepResult::keep(runner.run(&offer.request, observer), &self.artifacts);
            (offer.id, StepEvent::Ended(Box::new(result)))
        };
        let events = weft_workers::read_batch(file)?.steps.into_iter().map(execute).collect();
        Ok(Report { format: FORMAT, worker: String::new(), events, leaving: true })
    }

    fn runner(&self) -> LocalRunner<'_> {
        LocalRunner::sandboxed(&self.linker, &self.artifacts)
    }
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|source| Error::io("find", path, source))
}
