//! `weft new`

use std::path::PathBuf;

use weft_author::{Language, ScaffoldRequest, scaffold};

use crate::error::{Exit, Result};
use crate::output;
use crate::render::{GOOD, HEADING};

/// Arguments of `weft new`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft new row-filter --lang rust             a component in Rust, in the folder row-filter
  weft new steps/clean --lang py --pipeline   one in Python, with a pipeline that runs it")]
pub struct Args {
    /// The component's name, in kebab-case; led by a path, where its folder goes
    #[arg(value_name = "NAME")]
    pub name: PathBuf,
    /// The language: rust, python, js or c
    #[arg(short, long, value_name = "LANGUAGE")]
    pub lang: Language,
    /// Add a sample pipeline
    #[arg(long)]
    pub pipeline: bool,
}

/// Makes a component's folder.
pub fn execute(args: &Args) -> Result<Exit> {
    let Args { name, lang, pipeline } = args;
    let made = scaffold(&ScaffoldRequest { path: name.clone(), language: *lang, pipeline: *pipeline })?;
    let first = match lang {
        Language::Rust => "cargo test",
        Language::Python => "python3 -m unittest",
        Language::JavaScript => "npm install",
        Language::C => "make test",
    };
    output::print(&format!(
        "{GOOD}created{GOOD:#} {}: a component in {lang}\n\n{HEADING}Next{HEADING:#}\n  cd {0}\n  {first}\n  weft build\n\n\
         Its interface is wit/world.wit, and README.md says how to go on.\n",
        made.path.display()
    ))?;
    Ok(Exit::Success)
}
