//! `weft push`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use clap::ValueHint;
use serde_json::json;
use weft::{PushOptions, oci};

use crate::error::{Error, Exit, Result};
use crate::registry::{ConnectionArgs, private_key, reference};
use crate::render::{DIM, bytes};
use crate::{host, output};

/// Arguments of `weft push`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft push train.wasm ghcr.io/me/train:1.2 --sign signing.pem
  weft push p.weft ghcr.io/me/pipeline:1.2                        a bundle of `weft bundle`
  weft push latest/model ghcr.io/me/model:3 --attest --sign signing.pem

Components are as `wkg` pushes them, everything is as `oras` pulls it. Who you are is what docker's config.json says: `docker login`, credential helpers, \
DOCKER_CONFIG and DOCKER_AUTH_CONFIG.")]
pub struct Args {
    /// A component's, a pipeline's or a bundle's file; else an artifact of the store: an id, a digest, RUN/STEP.OUTPUT or RUN/OUTPUT
    #[arg(value_name = "WHAT", value_hint = ValueHint::FilePath)]
    pub what: String,
    /// Where to: HOST/NAME:TAG
    #[arg(value_name = "REFERENCE", value_parser = reference)]
    pub to: oci::Reference,
    /// Sign it with this key on P-256, in PKCS#8 as PEM
    #[arg(long, value_name = "KEY", value_hint = ValueHint::FilePath)]
    pub sign: Option<PathBuf>,
    /// Put the evidence of where an artifact comes from beside it, as `weft attest` writes it
    #[arg(long)]
    pub attest: bool,
    #[command(flatten)]
    pub connection: ConnectionArgs,
    /// Write what was pushed to standard output as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Pushes something.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let key = args.sign.as_deref().map(private_key).transpose()?;
    let options = PushOptions { key: key.as_ref(), evidence: args.attest };
    let registry = args.connection.registry()?;
    let file = Path::new(&args.what);
    let pushed = if file.is_file() {
        registry.push_file(file, &args.to, &options)?
    } else if file
        .extension()
        .is_some_and(|extension| extension == "wasm" || extension == "yaml" || extension == "weft")
    {
        return Err(Error::advised(
            format!("there is no file `{}`", args.what),
            "relative paths begin in the working directory",
        ));
    } else {
        registry.push_artifact(&host::read(root)?, &args.what, &args.to, &options)?
    };
    if args.json {
        output::print_json(&json!(pushed))?;
        return Ok(Exit::Success);
    }
    let mut text = format!("{} {}  {DIM}{} {}{DIM:#}", pushed.kind, args.to, bytes::size(pushed.bytes), pushed.digest);
    for name in &pushed.attached {
        _ = write!(text, "\n  with {name}");
    }
    output::print(&text)?;
    Ok(Exit::Success)
}
