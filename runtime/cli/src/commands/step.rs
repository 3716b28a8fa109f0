//! `weft step`

use std::path::{Path, PathBuf};

use clap::ValueHint;
use weft::StepWorker;
use weft::engines::{Outcome, StepEvent};

use crate::error::{Error, Exit, Result};
use crate::{host, interrupt, output, screen};

/// Arguments of `weft step`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A step file is what a run hands to a worker: JSON with everything that its steps need but the content of artifacts, which is \
    in the store. Nothing is recorded; outputs go to the store."
)]
pub struct Args {
    /// The step file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: PathBuf,
    /// Where the result goes [default: the step file's path with `.result` added]
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// Write the result to standard output as well
    #[arg(long)]
    pub json: bool,
}

/// Executes the steps of a step file.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let cancel = interrupt::listen()?;
    let report = StepWorker::open(root, host::host()?)?.steps(&args.file, &cancel)?;
    let path = args.output.clone().unwrap_or_else(|| {
        let mut path = args.file.clone().into_os_string();
        path.push(".result");
        path.into()
    });
    let text = serde_json::to_string(&report).map_err(|error| Error::request(error.to_string()))?;
    std::fs::write(&path, text).map_err(|source| Error::io("write", &path, source))?;
    let mut exit = Exit::Success;
    for (id, event) in &report.events {
        let StepEvent::Ended(result) = event else { continue };
        match &result.outcome {
            Outcome::Succeeded { .. } => screen::say(format!("step {id} succeeded")),
            Outcome::Failed { message, .. } => {
                exit = Exit::Failed;
                screen::say(format!("step {id} failed: {message}"));
            }
        }
    }
    if args.json {
        output::print_json(&serde_json::to_value(&report).map_err(|error| Error::request(error.to_string()))?)?;
    }
    Ok(exit)
}
