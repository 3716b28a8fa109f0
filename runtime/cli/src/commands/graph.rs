//! `weft graph`

use std::path::{Path, PathBuf};

use clap::{ValueEnum, ValueHint};
use weft::pipeline::graph;
use weft::pipeline::model::{Format as Written, Pipeline};
use weft::{Linker, Parameters, PrepareOptions};

use crate::commands::bundle;
use crate::error::{Error, Exit, Result};
use crate::execute::notify;
use crate::registry::LockArgs;
use crate::{host, output};

/// Arguments of `weft graph`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft graph pipeline.yaml -o pipeline.svg
  weft graph pipeline.yaml | dot -Tpng -o pipeline.png

Solid edges carry artifacts, dashed ones parameters; along dotted ones nothing flows but the order.")]
pub struct Args {
    /// The pipeline's file, or a bundle
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
    let text = match args.format.map_or_else(|| by_name(args.output.as_deref()), Ok)? {
        Format::Svg => graph::svg(&pipeline),
        Format::Dot => graph::dot(&pipeline),
    };
    output::write(args.output.as_deref(), &text)?;
    Ok(Exit::Success)
}

/// The format that a file's name asks for.
fn by_name(file: Option<&Path>) -> Result<Format> {
    match file.and_then(Path::extension).map(std::ffi::OsStr::to_ascii_lowercase) {
        Some(extension) if extension == "svg" => Ok(Format::Svg),
        Some(extension) if ["png", "pdf", "jpg", "jpeg", "gif", "webp"].iter().any(|other| extension == *other) => {
            let extension = extension.display();
            Err(Error::advised(
                format!("pictures are drawn as SVG, not as {extension}"),
                format!(
                    "give `-o FILE.svg`, or have Graphviz draw it: `weft graph PIPELINE | dot -T{extension} -o FILE.{extension}`"
                ),
            ))
        }
        _ => Ok(Format::Dot),
    }
}

/// The pipeline, linked if it can be: without its components' signatures it is not known what an edge carries.
fn read(args: &Args) -> Result<Pipeline> {
    let (file, host, _, _unpacked) =
        bundle::look(&args.pipeline, &LockArgs::default(), host::host()?, Parameters::default())?;
    if file.pipeline.format == Written::Kfp {
        return Ok(file.pipeline);
    }
    let unlinked = file.pipeline.clone();
    let linker = Linker::new(Path::new(""), host)?;
    match linker.prepare(file, &PrepareOptions::default(), &notify) {
        Ok(prepared) => Ok(prepared.pipeline),
        // What is wrong with it can be seen better in a picture.
        Err(weft::Error::Pipeline(_)) => Ok(unlinked),
        Err(error) => Err(error.into()),
    }
}
