//! Arguments that several commands take, and what of the library they stand for.

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum, ValueHint};
use weft::{Executor, Parameters, PrepareOptions};

/// How to run.
#[derive(Debug, Clone, Args)]
pub struct RunArgs {
    /// Run every step, whatever earlier runs gave
    #[arg(long)]
    pub no_cache: bool,
    /// Steps that may run at the same time [default: one for each processor]
    #[arg(short, long, value_name = "N")]
    pub jobs: Option<std::num::NonZeroUsize>,
    /// Write the outcome to standard output as one JSON document
    #[arg(long)]
    pub json: bool,
    /// Do not show progress and messages of steps
    #[arg(short, long)]
    pub quiet: bool,
}

impl RunArgs {
    /// What the library is told of it.
    pub fn options(&self) -> weft::RunOptions {
        weft::RunOptions { jobs: self.jobs, no_cache: self.no_cache, ..weft::RunOptions::default() }
    }
}

/// What options about engines are listed under.
const ENGINES: &str = "Engines";

/// Where steps run.
#[derive(Debug, Clone, Default, Args)]
pub struct EngineArgs {
    /// The engine that runs the steps: `local` is this process, `process` are processes of this machine, `slurm` and `ray` are clusters
    /// whose machines share the store [default: local]
    #[arg(long, value_name = "ENGINE", help_heading = ENGINES)]
    pub on: Option<String>,
    /// The most workers that the engine is asked for, each with one step at a time [default: one for each of its processors, at most 64]
    #[arg(long, value_name = "N", requires = "on", help_heading = ENGINES)]
    pub workers: Option<std::num::NonZeroUsize>,
}

impl EngineArgs {
    /// What the library is told of it.
    pub fn on(&self) -> crate::error::Result<Option<weft::OnEngine>> {
        let Some(name) = self.on.clone() else { return Ok(None) };
        let program =
            std::env::current_exe().map_err(|source| crate::error::Error::io("find", "weft".as_ref(), source))?;
        Ok(Some(weft::OnEngine { name, workers: self.workers, program }))
    }
}

/// How closely results must agree.
#[derive(Debug, Clone, Default, Args)]
pub struct DeterminismArgs {
    /// Compile components so that they compute the same on each processor architecture, down to the bits of NaN. Their results are cached apart
    /// from others; resume and verify do as the run did
    #[arg(long)]
    pub strict_determinism: bool,
}

/// Parameters on the command line.
#[derive(Debug, Clone, Default, Args)]
pub struct ParameterArgs {
    /// Give a parameter of the pipeline its value; may be repeated, and wins over --params
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub param: Vec<(String, String)>,
    /// Read parameters from a YAML or JSON file
    #[arg(long, value_name = "FILE")]
    pub params: Option<PathBuf>,
    /// Give an input artifact of the pipeline a file or folder, or the URI or digest of content in the store; with metadata as JSON,
    /// `{"uri": "PATH", "metadata": {...}}`. Repeat it for an input that takes a list
    #[arg(short = 'w', long = "with", value_name = "INPUT=PATH", value_parser = name_and_value)]
    pub with: Vec<(String, String)>,
}

impl ParameterArgs {
    /// What the library is told of it.
    pub fn parameters(&self) -> Parameters {
        Parameters {
            values: self.param.clone(),
            file: self.params.clone(),
            artifacts: self.with.clone(),
            ..Parameters::default()
        }
    }
}

/// Takes `NAME=VALUE` apart.
pub fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}

/// Secrets on the command line.
#[derive(Debug, Clone, Default, Args)]
pub struct SecretArgs {
    /// Take secrets and config maps from this folder: a folder for each, in it a file for each key. Variables that it has no value for
    /// are taken from the environment
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub secrets: Option<PathBuf>,
}

impl SecretArgs {
    /// What the library may use of this machine, with these secrets.
    pub fn host(&self) -> crate::error::Result<weft::Host> {
        Ok(weft::Host { secrets: self.secrets.clone(), ..crate::host::host()? })
    }
}

/// What pipelines may ask for.
#[derive(Debug, Clone, Default, Args)]
pub struct PolicyArgs {
    /// Refuse, before anything runs, what asks for more than this file allows: grants, limits, components, files to import
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub policy: Option<PathBuf>,
}

impl PolicyArgs {
    /// The machine with the policy.
    pub fn over(&self, host: weft::Host) -> crate::error::Result<weft::Host> {
        let policy = self.policy.as_deref().map(weft::read_policy).transpose()?.map(Arc::new);
        Ok(weft::Host { policy, ..host })
    }
}

/// Where artifacts are kept.
#[derive(Debug, Clone, Default, Args)]
pub struct BucketArgs {
    /// Keep the content of artifacts in a bucket, `s3://BUCKET/PREFIX`, `gs://` or `az://`; what is in the store's folder is then a cache of it. The
    /// store remembers
    #[arg(long, value_name = "URI", env = "WEFT_ARTIFACTS", hide_env_values = true)]
    pub artifacts: Option<String>,
}

impl BucketArgs {
    /// The machine with the bucket.
    pub fn over(&self, host: weft::Host) -> weft::Host {
        weft::Host { artifacts: self.artifacts.clone().filter(|uri| !uri.is_empty()), ..host }
    }
}

/// Who runs Python functions of KFP, and how strictly a pipeline is taken.
#[derive(Debug, Clone, Default, Args)]
pub struct ExecutorArgs {
    /// Who runs the Python functions of KFP's pipelines: the sandbox, or, unsandboxed and for development only, this machine's Python
    #[arg(long, value_enum, value_name = "WHO", default_value_t)]
    pub executor: ExecutorName,
    /// The Python of --executor host-python; without it, weft makes a virtual environment with what the pipeline installs
    #[arg(long, value_name = "PYTHON", value_hint = ValueHint::ExecutablePath)]
    pub python: Option<PathBuf>,
    /// Take what a pipeline asks for and weft does not do for errors rather than warnings
    #[arg(long)]
    pub strict: bool,
}

/// Who runs Python functions of KFP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum ExecutorName {
    #[default]
    Sandbox,
    HostPython,
}

impl ExecutorArgs {
    /// What the library is told of it, with these parameters.
    pub fn options(&self, parameters: Option<Parameters>) -> PrepareOptions {
        let executor = match self.executor {
            ExecutorName::Sandbox => Executor::Sandbox,
            ExecutorName::HostPython => Executor::HostPython,
        };
        PrepareOptions { parameters, executor, python: self.python.clone(), strict: self.strict, check_secrets: false }
    }
}
