//! `weft update`

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueHint;
use serde_json::json;
use weft::Updated;

use crate::error::{Exit, Result};
use crate::execute::notify;
use crate::registry::ConnectionArgs;
use crate::render::{count, short_digest};
use crate::{host, output};

/// Arguments of `weft update`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Runs use what weft.lock beside the pipeline says, wherever tags have moved since. What is not in it is looked up once, and noted."
)]
pub struct Args {
    /// The pipeline's file
    #[arg(value_name = "PIPELINE", value_hint = ValueHint::FilePath)]
    pub pipeline: PathBuf,
    /// References of it to look up; all if none is named
    #[arg(value_name = "REFERENCE")]
    pub only: Vec<String>,
    /// Tell what would move, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Write what moved to standard output as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Moves a lock file.
pub fn execute(args: &Args) -> Result<Exit> {
    let file = weft::read(&args.pipeline)?;
    let host = weft::Host { registry: Some(args.connection.registry()?), ..host::host()? };
    let Updated { file, looked_up, moved } = weft::update(&file, &args.only, !args.dry_run, &host, &notify)?;
    if args.json {
        output::print_json(&json!({ "file": file, "looked_up": looked_up, "moved": moved }))?;
        return Ok(Exit::Success);
    }
    let mut text = String::new();
    for one in &moved {
        let of = |digest: Option<weft::oci::Digest>| {
            digest.map_or_else(|| "nothing".to_owned(), |digest| short_digest(&digest))
        };
        _ = writeln!(text, "{}  {} → {}", one.reference, of(one.from), of(one.to));
    }
    let still = looked_up - moved.len().min(looked_up);
    let (done, what) =
        (if args.dry_run { "would move" } else { "moved" }, count(moved.len(), "reference", "references"));
    _ = write!(text, "{what} {done}, {still} unchanged: {}", file.display());
    output::print(&text)?;
    Ok(Exit::Success)
}
