//! `weft run`

use std::path::{Path, PathBuf};

use clap::ValueHint;
use weft::{PrepareOptions, RunOptions, Weft};

use crate::commands::bundle;
use crate::error::{Exit, Result};
use crate::execute::{self, notify};
use crate::options::{
    BucketArgs, DeterminismArgs, EngineArgs, ExecutorArgs, ParameterArgs, PolicyArgs, RunArgs, SecretArgs,
};
use crate::registry::{HEADING, LockArgs};
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
    /// The pipeline's file, or a bundle
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
    pub lock: LockArgs,
    /// Use the compiled code of a bundle whose signature is not demanded: it runs outside of the sandbox, so trust whoever made it
    #[arg(long, help_heading = HEADING)]
    pub trust_compiled: bool,
    #[command(flatten)]
    pub determinism: DeterminismArgs,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub bucket: BucketArgs,
    #[command(flatten)]
    pub how: RunArgs,
}

/// Runs a pipeline.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let host = args.bucket.over(args.policy.over(args.secrets.host()?)?);
    let parameters = args.parameters.parameters();
    let (path, host, parameters, _unpacked) = if weft::is_bundle(&args.pipeline) {
        let host = args.lock.fetching(host);
        let trust = args.trust_compiled;
        let (path, host, given, unpacked) = bundle::open(root, &args.pipeline, &args.lock, trust, host, parameters)?;
        (path, host, given, Some(unpacked))
    } else {
        (args.pipeline.clone(), args.lock.host(host)?, parameters, None)
    };
    let file = weft::read(&path)?;
    let weft = Weft::open(root, host)?;
    let options = args.executor.options(Some(parameters));
    let options = PrepareOptions { check_secrets: true, ..options };
    let mut prepared = weft.prepare(file, &options, &notify)?;
    prepared.pipeline.strict = args.determinism.strict_determinism;
    if !prepared.warnings.is_empty() {
        screen::say(diagnostic::render(&prepared.warnings));
    }
    let options = RunOptions { id: args.name.clone(), on: args.engine.on()?, ..args.how.options() };
    execute::execute(weft.store(), &args.how, |observe, cancel| weft.run(&prepared, &options, observe, &notify, cancel))
}
