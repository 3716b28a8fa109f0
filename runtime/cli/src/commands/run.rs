//! `weft run`

use std::path::{Path, PathBuf};

use clap::ValueHint;
use weft::{PrepareOptions, RunOptions, Weft};

use crate::error::{Exit, Result};
use crate::execute::{self, notify};
use crate::options::{ExecutorArgs, ParameterArgs, PolicyArgs, RunArgs, SecretArgs};
use crate::render::diagnostic;
use crate::screen;

/// Arguments of `weft run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft run pipeline.yaml
  weft run pipeline.yaml -p seed=8 -p 'features=[bill_length_mm, body_mass_g]'
  weft run pipeline.yaml -w data=penguins.csv
  weft run pipeline.yaml --params production.yaml --json > outcome.json

Exit codes: 0 success, 1 the run failed, 2 the request was wrong, 130 interrupted.")]
pub struct Args {
    /// The pipeline's file
    #[arg(value_name = "PIPELINE", value_hint = ValueHint::FilePath)]
    pub pipeline: PathBuf,
    #[command(flatten)]
    pub parameters: ParameterArgs,
    #[command(flatten)]
    pub secrets: SecretArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    #[command(flatten)]
    pub executor: ExecutorArgs,
    /// Id of the run [default: made of the pipeline's name and the time]
    #[arg(long, value_name = "RUN_ID")]
    pub name: Option<String>,
    #[command(flatten)]
    pub how: RunArgs,
}

/// Runs a pipeline.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let file = weft::read(&args.pipeline)?;
    let weft = Weft::open(root, args.policy.over(args.secrets.host()?)?)?;
    let options = args.executor.options(Some(args.parameters.parameters()));
    let options = PrepareOptions { check_secrets: true, ..options };
    let prepared = weft.prepare(file, &options, &notify)?;
    if !prepared.warnings.is_empty() {
        screen::say(diagnostic::render(&prepared.warnings));
    }
    let options = RunOptions { id: args.name.clone(), ..args.how.options() };
    execute::execute(weft.store(), &args.how, |observe, cancel| weft.run(&prepared, &options, observe, &notify, cancel))
}
