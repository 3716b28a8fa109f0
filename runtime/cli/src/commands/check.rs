//! `weft check`

use std::path::{Path, PathBuf};

use clap::ValueHint;
use serde_json::json;
use weft::pipeline::model::Implementation;
use weft::{Finding, Linker, Prepared};

use crate::error::{Exit, Result};
use crate::execute::notify;
use crate::options::{ExecutorArgs, ParameterArgs};
use crate::render::{GOOD, count, diagnostic};
use crate::{host, output, screen};

/// Arguments of `weft check`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Everything is checked that can be before a run: that components and their functions are there, that what is \
    wired together fits, conditions, and literal values. Parameters are checked if any is given."
)]
pub struct Args {
    /// The pipeline's file
    #[arg(value_name = "PIPELINE", value_hint = ValueHint::FilePath)]
    pub pipeline: PathBuf,
    #[command(flatten)]
    pub parameters: ParameterArgs,
    #[command(flatten)]
    pub executor: ExecutorArgs,
    /// Write what was found to standard output as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Checks a pipeline.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let checked = check(root, host::host()?, args);
    if !args.json {
        let Prepared { pipeline, warnings, components, .. } = checked?;
        if !warnings.is_empty() {
            screen::say(diagnostic::render(&warnings));
        }
        let steps = match &pipeline.root.implementation {
            Implementation::Dag(dag) => dag.tasks.len(),
            _ => 0,
        };
        let parts = [
            count(steps, "step", "steps"),
            count(components.len(), "component file", "component files"),
            count(pipeline.root.inputs.len(), "parameter", "parameters"),
        ];
        output::print(&format!("{GOOD}ok{GOOD:#}: pipeline `{}` with {}", pipeline.name, parts.join(", ")))?;
        return Ok(Exit::Success);
    }
    let (valid, findings) = match checked {
        Ok(prepared) => (true, prepared.warnings),
        Err(weft::Error::Pipeline(findings)) => (false, findings),
        Err(error) => return Err(error.into()),
    };
    if !findings.is_empty() {
        screen::say(diagnostic::render(&findings));
    }
    let diagnostics: Vec<_> = findings.iter().map(Finding::to_json).collect();
    output::print_json(&json!({ "valid": valid, "diagnostics": diagnostics }))?;
    Ok(if valid { Exit::Success } else { Exit::Wrong })
}

fn check(root: &Path, host: weft::Host, args: &Args) -> weft::Result<Prepared> {
    let file = weft::read(&args.pipeline)?;
    // A parameter without a default is given when the pipeline is run.
    let parameters = Some(args.parameters.parameters()).filter(|parameters| !parameters.is_empty());
    Linker::new(root, host)?.prepare(file, &args.executor.options(parameters), &notify)
}
