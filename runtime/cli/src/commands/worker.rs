//! `weft worker`

use std::path::{Path, PathBuf};

use weft::StepWorker;

use crate::error::{Exit, Result};
use crate::{host, interrupt, screen};

/// Arguments of `weft worker`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The spool directory of the run, as `weft run --on` made it
    #[arg(value_name = "SPOOL")]
    pub spool: PathBuf,
    /// The worker's name
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// Executes steps for a run on another machine. `weft run --on` has the engine start it.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let cancel = interrupt::listen()?;
    let worker = StepWorker::open(root, host::host()?)?;
    if worker.work(&args.spool, &args.name, &cancel)?.is_none() {
        screen::say(format!("nobody waits for worker {} in {}", args.name, args.spool.display()));
    }
    Ok(Exit::Success)
}
