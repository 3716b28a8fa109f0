//! `weft vendor`

use std::path::{Path, PathBuf};

use clap::ValueHint;
use serde_json::json;

use crate::error::{Exit, Result};
use crate::execute::notify;
use crate::output;

/// Arguments of `weft vendor`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "A component of KFP installs its `packages_to_install` each time it runs. Here nothing is fetched while a pipeline runs: the
packages are fetched ahead, into the store, and are there for every later run. Only packages in pure Python run in the
sandbox."
)]
pub struct Args {
    /// The pipeline's file
    #[arg(value_name = "PIPELINE", value_hint = ValueHint::FilePath)]
    pub pipeline: PathBuf,
    /// The Python whose pip fetches
    #[arg(long, value_name = "PYTHON", default_value = "python3", value_hint = ValueHint::ExecutablePath)]
    pub python: PathBuf,
    /// Write what was fetched to standard output as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Fetches the packages of a pipeline's components.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let pipeline = weft::read(&args.pipeline)?.pipeline;
    let vendored = weft::vendor(root, &pipeline, &args.python, &notify)?;
    if args.json {
        let sets =
            vendored.iter().map(|set| json!({ "packages": set.packages, "wheels": set.wheels, "known": set.known }));
        output::print_json(&json!({ "sets": sets.collect::<Vec<_>>() }))?;
    } else {
        output::print(&match vendored.len() {
            0 => format!("`{}` needs no packages", pipeline.name),
            _ => format!("all packages of `{}` are in {}", pipeline.name, weft::vendor_folder(root).display()),
        })?;
    }
    Ok(Exit::Success)
}
