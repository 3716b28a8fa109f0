//! `weft call`: one step alone, which is an author's inner loop.

use std::path::{Path, PathBuf};

use clap::ValueHint;
use weft::artifacts::Existing;
use weft::pipeline::step::{PortValue, PortValues};
use weft::{RunOptions, Store, Weft, new_run_id};

use crate::error::{Error, Exit, Result};
use crate::execute::{self, notify};
use crate::options::{RunArgs, name_and_value};
use crate::{host, registry, screen};

/// Arguments of `weft call`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft call trainer.wasm#train --with data=penguins.csv --with learning-rate=0.1
  weft call trainer.wasm#train -w data=penguins.csv -w learning-rate=0.1 -o out/
  weft call compare.wasm -w models=a.bin -w models=b.bin -w 'names=[\"a\", \"b\"]'

Exit codes: 0 success, 1 the step failed, 2 the request was wrong, 130 interrupted.")]
pub struct Args {
    /// The component's file, and the function if it has more than one
    #[arg(value_name = "COMPONENT[#FUNCTION]", value_hint = ValueHint::FilePath)]
    pub component: String,
    /// Give an input its value: a parameter's literal (JSON for a list or a record), or the path of a file or folder for an
    /// artifact. Repeat it for an input that takes a list of artifacts
    #[arg(short, long = "with", value_name = "INPUT=VALUE", value_parser = name_and_value)]
    pub with: Vec<(String, String)>,
    /// Copy the artifacts that it gives into this folder, each under its output's name
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub output: Option<PathBuf>,
    #[command(flatten)]
    pub how: RunArgs,
}

/// Runs one step.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let weft = Weft::open(root, registry::online(host::host()?)?)?;
    let prepared = weft.linker().prepare_call(&args.component, &args.with)?;
    let id = new_run_id(&prepared.pipeline.name);
    let options = RunOptions { id: Some(id.clone()), ..args.how.options() };
    let exit = execute::execute(weft.store(), &args.how, |observe, cancel| {
        weft.run(&prepared, &options, observe, &notify, cancel)
    })?;
    if let (Exit::Success, Some(folder)) = (exit, &args.output) {
        export(weft.store(), &weft.store().metadata.run(&id)?.outputs, folder)?;
    }
    Ok(exit)
}

fn export(store: &Store, outputs: &PortValues, folder: &Path) -> Result<()> {
    std::fs::create_dir_all(folder).map_err(|cause| Error::io("make", folder, cause))?;
    for (name, value) in outputs {
        let PortValue::Artifacts(artifacts) = value else { continue };
        for (at, artifact) in artifacts.iter().enumerate() {
            let file = if artifacts.len() == 1 { name.clone() } else { format!("{name}-{at}") };
            let destination = folder.join(file);
            store.artifacts.export(&artifact.uri.parse()?, &destination, Existing::Overwrite)?;
            screen::say(format!("wrote {}", destination.display()));
        }
    }
    Ok(())
}
