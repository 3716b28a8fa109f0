//! `weft man`

use std::fs;
use std::path::PathBuf;

use clap::CommandFactory as _;

use crate::args::Cli;
use crate::error::{Exit, Result};

/// Arguments of `weft man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft man ~/.local/share/man/man1                  then `man weft`, `man weft-run`")]
pub struct Args {
    /// The folder that they are written into, a file for each command; it is made if there is none
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
}

/// Writes the manual page of each command.
pub fn execute(args: &Args) -> Result<Exit> {
    let failed = |source| weft::Error::io("write the manual pages into", &args.folder, source);
    fs::create_dir_all(&args.folder).map_err(failed)?;
    clap_mangen::generate_to(Cli::command(), &args.folder).map_err(failed)?;
    Ok(Exit::Success)
}
