//! `weft graph`

use std::path::{Path, PathBuf};

use clap::{ValueEnum, ValueHint};
use weft::pipeline::graph;
use weft::pipeline::model::{Format as Written, Pipeline};
use weft::{Linker, PrepareOptions};

use crate::error::{Exit, Result};
use crate::execute::notify;
use crate::{host, output};

/// Arguments of `weft graph`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft graph pipeline.yaml -o pipeline.svg
  weft graph pipeline.yaml | dot -Tpng -o pipeline.png

Solid edges carry artifacts, dashed ones parameters; along dotted ones nothing flows but the order.")]
pub struct Args {
    /// The pipeline's file
    #[arg(value_name = "PIPELINE", value_hint = ValueHint::FilePath)]
    pub pipeline: PathBuf,
    /// Write to a file instead of standard output
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: Option<PathBuf>,
    /// How to draw it; without it as the file's name tells, else DOT
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,
}

/// How to draw a pipeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The language of Graphviz
    Dot,
    /// A picture
    Svg,
}

/// Draws a pipeline.
pub fn execute(args: &Args) -> Result<Exit> {
    let pipeline = read(args)?;
    let by_name = if output::has_extension(args.output.as_deref(), "svg") { Format::Svg } else { Format::Dot };
    let text = match args.format.unwrap_or(by_name) {
        Format::Svg => graph::svg(&pipeline),
        Format::Dot => graph::dot(&pipeline),
    };
    output::write(args.output.as_deref(), &text)?;
    Ok(Exit::Success)
}

/// The pipeline, linked if it can be: without its components' signatures it is not known what an edge carries.
fn read(args: &Args) -> Result<Pipeline> {
    let file = weft::read(&args.pipeline)?;
    if file.pipeline.format == Written::Kfp {
        return Ok(file.pipeline);
    }
    let unlinked = file.pipeline.clone();
    let linker = Linker::new(Path::new(""), host::host()?)?;
    match linker.prepare(file, &PrepareOptions::default(), &notify) {
        Ok(prepared) => Ok(prepared.pipeline),
        // What is wrong with it can be seen better in a picture.
        Err(weft::Error::Pipeline(_)) => Ok(unlinked),
        Err(error) => Err(error.into()),
    }
}
