//! `weft vendor`

use std::path::{Path, PathBuf};

use clap::ValueHint;
use serde_json::json;
use weft_pipeline::executor::{Requirement, choose_executor};
use weft_pipeline::model::Implementation;

use crate::error::{Exit, Result};
use crate::packages::{self, Fetched};
use crate::prepare;
use crate::render::{count, text};
use crate::{output, screen};

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
    let file = prepare::read(&args.pipeline)?;
    let folder = packages::folder(root);
    let mut sets: Vec<Vec<Requirement>> = Vec::new();
    for component in file.pipeline.components.values() {
        let Implementation::Command(step) = &component.implementation else { continue };
        // What nobody can run is told by `weft check`.
        let Ok(call) = choose_executor(step) else { continue };
        if !call.packages.is_empty() && !sets.contains(&call.packages) {
            sets.push(call.packages);
        }
    }
    if !sets.is_empty() {
        // What lies in the store is no source code.
        crate::store::Store::create(root)?;
    }
    let mut fetched = Vec::new();
    for requirements in &sets {
        let names: Vec<&str> = requirements.iter().map(|requirement| requirement.0.as_str()).collect();
        let Fetched { wheels, known } = packages::fetch(&folder, requirements, &args.python)?;
        if !known {
            screen::say(format!(
                "Fetched {} for {}",
                count(wheels.len(), "wheel", "wheels"),
                text::one_line(&names.join(", "))
            ));
        }
        fetched.push((names, wheels, known));
    }
    if args.json {
        let sets =
            fetched.iter().map(|(names, wheels, known)| json!({ "packages": names, "wheels": wheels, "known": known }));
        output::print_json(&json!({ "sets": sets.collect::<Vec<_>>() }))?;
    } else {
        output::print(&match fetched.len() {
            0 => format!("`{}` needs no packages", file.pipeline.name),
            _ => format!("all packages of `{}` are in {}", file.pipeline.name, folder.display()),
        })?;
    }
    Ok(Exit::Success)
}
