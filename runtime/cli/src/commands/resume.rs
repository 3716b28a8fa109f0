//! `weft resume`

use std::path::{Path, PathBuf};

use weft::{RunOptions, Weft};

use crate::error::{Exit, Result};
use crate::execute::{self, notify};
use crate::options::{EngineArgs, PolicyArgs, RunArgs, SecretArgs};

/// Arguments of `weft resume`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "What is finished is not run again. The run goes on with the pipeline, parameters and components that it \
    started with; to run changed ones, start a new run: unchanged steps come from the cache."
)]
pub struct Args {
    /// The run's id, the beginning of it, or `latest`
    #[arg(value_name = "RUN", default_value = "latest")]
    pub run: String,
    /// The Python of this machine that goes on with what `--executor host-python` began
    #[arg(long, value_name = "PYTHON", value_hint = clap::ValueHint::ExecutablePath)]
    pub python: Option<PathBuf>,
    #[command(flatten)]
    pub secrets: SecretArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub how: RunArgs,
}

/// Goes on with a run.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let weft = Weft::open_existing(root, args.policy.over(args.secrets.host()?)?)?;
    let options = RunOptions { python: args.python.clone(), on: args.engine.on()?, ..args.how.options() };
    execute::execute(weft.store(), &args.how, |observe, cancel| {
        weft.resume(&args.run, &options, observe, &notify, cancel)
    })
}
