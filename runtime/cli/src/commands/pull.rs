//! `weft pull`

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::ValueHint;
use serde_json::json;
use weft::{PullOptions, oci};

use crate::error::{Exit, Result};
use crate::output;
use crate::registry::{ConnectionArgs, public_keys, reference};
use crate::render::{DIM, GOOD};

/// Arguments of `weft pull`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft pull ghcr.io/me/train:1.2                                  train.wasm, which pipelines can also name as oci://ghcr.io/me/train:1.2
  weft pull ghcr.io/me/train:1.2 --verify signing.pem.pub         refused unless this key signed it
  weft pull ghcr.io/me/model:3 -o model/ --attest                 with its evidence: `weft attest --check model/` looks at it

Sizes and digests of all that is pulled are checked against the bytes.")]
pub struct Args {
    /// What to pull: HOST/NAME:TAG, or HOST/NAME@sha256:DIGEST
    #[arg(value_name = "REFERENCE", value_parser = reference)]
    pub from: oci::Reference,
    /// A file or folder to write [default: by its own name, here]
    #[arg(short, long, value_name = "PATH", value_hint = ValueHint::AnyPath)]
    pub output: Option<PathBuf>,
    /// Demand that this public key signed it; may be repeated, and then one of them must have
    #[arg(long, value_name = "KEY", value_hint = ValueHint::FilePath)]
    pub verify: Vec<PathBuf>,
    /// Fetch the evidence beside it too, into the folder
    #[arg(long, requires = "output")]
    pub attest: bool,
    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Write what was pulled to standard output as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Pulls something.
pub fn execute(args: &Args) -> Result<Exit> {
    let keys = public_keys(&args.verify)?;
    let options = PullOptions { to: args.output.as_deref(), keys: &keys, evidence: args.attest, force: args.force };
    let pulled = args.connection.registry()?.pull(&args.from, &options)?;
    if args.json {
        output::print_json(&json!(pulled))?;
        return Ok(Exit::Success);
    }
    let mut text = String::new();
    for file in &pulled.files {
        _ = writeln!(text, "{}", file.display());
    }
    for name in &pulled.evidence {
        _ = writeln!(text, "  with {name}");
    }
    _ = write!(text, "{DIM}{}{DIM:#}", pulled.digest);
    if let Some(key) = &pulled.signed_by {
        let short: String = key.chars().take(12).collect();
        _ = write!(text, "  {GOOD}signed{GOOD:#} by {short}…");
    }
    output::print(&text)?;
    Ok(Exit::Success)
}
