//! `weft run`

use std::path::{Path, PathBuf};

use clap::ValueHint;
use weft_engine::NewRun;

use crate::error::{Exit, Result};
use crate::execute::{self, RunOptions};
use crate::prepare::{self, ExecutorArgs, ParameterArgs, Prepared};
use crate::render::diagnostic;
use crate::store::Store;
use crate::{run_id, screen};

/// Arguments of `weft run`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft run pipeline.yaml
  weft run pipeline.yaml -p seed=8 -p 'features=[bill_length_mm, body_mass_g]'
  weft run pipeline.yaml --params production.yaml --json > outcome.json

Exit codes: 0 success, 1 the run failed, 2 the request was wrong, 130 interrupted.")]
pub struct Args {
    /// The pipeline's file
    #[arg(value_name = "PIPELINE", value_hint = ValueHint::FilePath)]
    pub pipeline: PathBuf,
    #[command(flatten)]
    pub parameters: ParameterArgs,
    #[command(flatten)]
    pub executor: ExecutorArgs,
    /// Id of the run [default: made of the pipeline's name and the time]
    #[arg(long, value_name = "RUN_ID")]
    pub name: Option<String>,
    #[command(flatten)]
    pub how: RunOptions,
}

/// Runs a pipeline.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let file = prepare::read(&args.pipeline)?;
    let base_dir = file.folder.clone();
    let store = Store::create(root)?;
    let sandbox = execute::sandbox(&store.artifacts, &file.pipeline)?;
    let Prepared { pipeline, parameters, warnings, host_python, .. } =
        prepare::prepare(file, &sandbox, root, &args.executor, Some(&args.parameters))?;
    if !warnings.is_empty() {
        screen::say(diagnostic::render(&warnings));
    }
    let runner = execute::runner(&store, &pipeline, sandbox, host_python);
    let id = args.name.clone().unwrap_or_else(|| run_id::new(&pipeline.name));
    let path = std::path::absolute(&args.pipeline).unwrap_or_else(|_| args.pipeline.clone());
    let file = Some(path.display().to_string());
    execute::execute(&store, &runner, &args.how, &id, |engine, observer, interrupt| {
        engine.start(NewRun { id: id.clone(), pipeline: &pipeline, parameters, base_dir, file }, observer, interrupt)
    })
}
