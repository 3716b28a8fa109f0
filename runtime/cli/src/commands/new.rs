//! `weft new`

use std::path::PathBuf;

use weft_author::{Language, Project, ScaffoldRequest, scaffold};

use crate::error::{Exit, Result};
use crate::output;
use crate::render::{GOOD, HEADING};

/// Arguments of `weft new`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft new row-filter --lang rust             a component in Rust, in the folder row-filter
  weft new steps/clean --lang py --pipeline   one in Python, with a pipeline that runs it
  weft new plant-heights --lang kfp           a pipeline of Python functions for Kubeflow Pipelines")]
pub struct Args {
    /// The component's or pipeline's name, in kebab-case; led by a path, where its folder goes
    #[arg(value_name = "NAME")]
    pub name: PathBuf,
    /// The component's language: rust, python, js or c; or kfp, for a pipeline of Python functions
    #[arg(short, long, value_name = "LANGUAGE")]
    pub lang: Project,
    /// Add a sample pipeline to the component
    #[arg(long)]
    pub pipeline: bool,
}

/// Makes a component's or a pipeline's folder.
pub fn execute(args: &Args) -> Result<Exit> {
    let Args { name, lang, pipeline } = args;
    let made = scaffold(&ScaffoldRequest { path: name.clone(), project: *lang, pipeline: *pipeline })?;
    let next: &[&str] = match lang {
        Project::Component(Language::Rust) => &["cargo test", "weft build"],
        Project::Component(Language::Python) => &["python3 -m unittest", "weft build"],
        Project::Component(Language::JavaScript) => &["npm install", "weft build"],
        Project::Component(Language::C) => &["make test", "weft build"],
        Project::Kfp => &[
            "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt",
            ".venv/bin/python pipeline.py",
            "weft check pipeline.yaml",
        ],
    };
    let about = match lang {
        Project::Component(_) => "Its interface is wit/world.wit, and README.md says how to go on.",
        Project::Kfp => "Its functions are in pipeline.py, and README.md says how to go on.",
    };
    output::print(&format!(
        "{GOOD}created{GOOD:#} {}: {lang}\n\n{HEADING}Next{HEADING:#}\n  cd {0}\n  {}\n\n{about}\n",
        made.path.display(),
        next.join("\n  ")
    ))?;
    Ok(Exit::Success)
}
