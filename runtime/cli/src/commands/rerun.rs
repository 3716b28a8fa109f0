//! `weft rerun`

use std::path::{Path, PathBuf};

use weft::{RunOptions, Weft, tasks_from};

use crate::error::{Exit, Result};
use crate::execute::{self, notify};
use crate::options::{DeterminismArgs, EngineArgs, PolicyArgs, RunArgs, SecretArgs, name_and_value};

/// Arguments of `weft rerun`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft rerun latest                                   the same again: everything comes from the cache
  weft rerun penguins-2 -p seed=8                     with another parameter
  weft rerun latest --component train=new.wasm        with another build of one step's component
  weft rerun latest --from train                      `train` and all that comes after it is run again

The pipeline is executed as it was linked then; neither its file nor those of its components are needed.")]
pub struct Args {
    /// The run to execute again: its id, the beginning of it, or `latest`
    #[arg(value_name = "RUN")]
    pub run: String,
    /// Give a parameter another value; the others stay as they were. May be repeated
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", value_parser = name_and_value)]
    pub param: Vec<(String, String)>,
    /// Have a step call the component in another file, whose step has the same signature. May be repeated
    #[arg(long = "component", value_name = "STEP=FILE", value_parser = name_and_value)]
    pub components: Vec<(String, String)>,
    /// Run this step and all that come after it, even if their results are cached
    #[arg(long, value_name = "STEP")]
    pub from: Option<String>,
    #[command(flatten)]
    pub secrets: SecretArgs,
    #[command(flatten)]
    pub policy: PolicyArgs,
    /// Id of the new run [default: made of the pipeline's name and the time]
    #[arg(long, value_name = "RUN_ID")]
    pub name: Option<String>,
    #[command(flatten)]
    pub determinism: DeterminismArgs,
    #[command(flatten)]
    pub engine: EngineArgs,
    #[command(flatten)]
    pub how: RunArgs,
}

/// Executes a recorded run again, with something changed.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let weft = Weft::open_existing(root, args.policy.over(args.secrets.host()?)?)?;
    let record = weft.store().metadata.run_without_steps(&args.run)?;
    let mut prepared = weft.prepare_changed(&record, &args.param)?;
    prepared.pipeline.strict |= args.determinism.strict_determinism;
    for (step, file) in &args.components {
        weft.replace_component(&mut prepared, step, &PathBuf::from(file))?;
    }
    let again = args.from.as_deref().map(|step| tasks_from(&prepared.pipeline, step)).transpose()?.unwrap_or_default();
    let options = RunOptions { id: args.name.clone(), again, on: args.engine.on()?, ..args.how.options() };
    execute::execute(weft.store(), &args.how, |observe, cancel| weft.run(&prepared, &options, observe, &notify, cancel))
}
