//! `weft resume`

use std::path::{Path, PathBuf};

use crate::error::{Error, Exit, Result};
use crate::execute::{self, RunOptions};
use crate::store::Store;

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
    pub how: RunOptions,
}

/// Goes on with a run.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let store = Store::change(root)?;
    let record = store.metadata.run(&args.run)?;
    let id = record.summary.id;
    let pipeline = execute::recorded_pipeline(&record.spec)
        .ok_or_else(|| Error::request(format!("run `{id}` cannot be resumed: its pipeline cannot be read")))?;
    let sandbox = execute::sandbox(&store.artifacts, &pipeline)?;
    let runner = execute::runner(&store, &pipeline, sandbox, args.python.clone());
    execute::execute(&store, &runner, &args.how, &id, |engine, observer, interrupt| {
        engine.resume(&id, observer, interrupt)
    })
}
