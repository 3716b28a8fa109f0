//! `weft bundle`, and how `weft run` opens what it made.

use std::path::{Path, PathBuf};

use clap::{ValueEnum, ValueHint};
use serde_json::json;
use weft::{Bundle, BundleOptions, COMPILES, Host, Linker, Parameters, PipelineFile, Target, Unpacked};

use crate::error::{Error, Exit, Result};
use crate::execute::notify;
use crate::options::{ExecutorArgs, ParameterArgs};
use crate::registry::{LockArgs, private_key, public_keys};
use crate::render::{DIM, bytes, count, diagnostic, hint, short_digest};
use crate::{host, interrupt, output, screen};

/// Arguments of `weft bundle`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft bundle pipeline.yaml -o p.weft
  weft bundle pipeline.yaml -o p.weft -w data=penguins.csv -p seed=8    with these for runs that are given no others
  weft bundle pipeline.yaml -o p.weft --aot --sign signing.pem
  weft bundle pipeline.yaml -o p.weft --aot=portable                    for a host whose build of weft does not compile
  weft run p.weft

In a bundle are the pipeline, its components, what it imports by relative paths, the executors of its containers and their packages, and its lock. \
The same of these give the same bytes. A bundle is an OCI image layout: `weft push` and `skopeo copy oci-archive:p.weft` take it to a registry.")]
pub struct Args {
    /// The pipeline's file
    #[arg(value_name = "PIPELINE", value_hint = ValueHint::FilePath)]
    pub pipeline: PathBuf,
    /// The bundle to write
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    #[command(flatten)]
    pub parameters: ParameterArgs,
    #[command(flatten)]
    pub executor: ExecutorArgs,
    /// Add compiled code, for hosts that are slow to compile or do not: for this processor (`native`, if nothing is said), for any of its kind
    /// (`portable`), or byte code for small builds on any other (`pulley`). It is used by the same version of weft where the bundle's signature is
    /// demanded, or with `weft run --trust-compiled`
    #[arg(long, value_name = "TARGET", num_args = 0..=1, require_equals = true, default_missing_value = "native")]
    pub aot: Option<AotTarget>,
    /// Sign it with this key on P-256, in PKCS#8 as PEM
    #[arg(long, value_name = "KEY", value_hint = ValueHint::FilePath)]
    pub sign: Option<PathBuf>,
    #[command(flatten)]
    pub lock: LockArgs,
    /// Write what is in it to standard output as one JSON document
    #[arg(long)]
    pub json: bool,
}

/// What compiled code is for.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum AotTarget {
    Native,
    Portable,
    Pulley,
}

impl From<AotTarget> for Target {
    fn from(target: AotTarget) -> Self {
        match target {
            AotTarget::Native => Self::Native,
            AotTarget::Portable => Self::Portable,
            AotTarget::Pulley => Self::Pulley,
        }
    }
}

/// Makes a bundle.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    let key = args.sign.as_deref().map(private_key).transpose()?;
    let cancel = interrupt::listen()?;
    let file = weft::read(&args.pipeline)?;
    // A parameter without a default is given when the bundle is run, unless any is given now.
    let parameters = Some(args.parameters.parameters()).filter(|parameters| !parameters.is_empty());
    let options = BundleOptions {
        prepare: args.executor.options(parameters),
        compiled: args.aot.map(Target::from),
        key: key.as_ref(),
    };
    let linker = Linker::new(root, args.lock.host(host::host()?)?)?;
    let (bundled, warnings) = linker.bundle(file, &options, root, &args.output, &notify, &cancel)?;
    if !warnings.is_empty() {
        screen::say(diagnostic::render(&warnings));
    }
    for what in &bundled.left_out {
        screen::say(format!("warning: not in the bundle: {what}"));
    }
    if args.json {
        output::print_json(&json!(bundled))?;
        return Ok(Exit::Success);
    }
    let files = count(bundled.files.len(), "file", "files");
    let mut text = format!("{}  {} in {files}", bundled.file.display(), bytes::size(bundled.bytes));
    match bundled.compiled {
        None => {}
        Some(Target::Native) => text.push_str(", with compiled code"),
        Some(Target::Portable) => text.push_str(", with compiled code for any processor of this kind"),
        Some(Target::Pulley) => text.push_str(", with byte code for any processor"),
    }
    if bundled.signed {
        text.push_str(", signed");
    }
    output::print(&format!("{text}  {DIM}{}{DIM:#}", short_digest(&bundled.digest)))?;
    Ok(Exit::Success)
}

/// What `weft run` needs of a bundle: its pipeline's file, unpacked in the store, a host that has what it brings along, and what was given to
/// it; and what keeps it until the run is recorded.
pub fn open(
    root: &Path,
    bundle: &Path,
    lock: &LockArgs,
    trust: bool,
    host: Host,
    given: Parameters,
) -> Result<(PathBuf, Host, Parameters, Unpacked)> {
    let unpacked = checked(bundle, lock)?.unpack(root)?;
    if unpacked.has_compiled() {
        take_compiled(&unpacked, &host, trust || !lock.verify.is_empty())?;
    }
    // The bundle as a whole is signed, whoever signed the components in it.
    Ok((unpacked.pipeline()?, unpacked.host(host), unpacked.parameters(given)?, unpacked))
}

/// What commands need that look at a pipeline and run nothing: its file and the host, where it is a bundle those of what is in it, as [`open`]
/// gives them.
pub fn look(
    pipeline: &Path,
    lock: &LockArgs,
    host: Host,
    given: Parameters,
) -> Result<(PipelineFile, Host, Parameters, Option<Unpacked>)> {
    if !weft::is_bundle(pipeline) {
        return Ok((weft::read(pipeline)?, host, given, None));
    }
    let unpacked = checked(pipeline, lock)?.unpack_for_a_look()?;
    Ok((unpacked.read(pipeline)?, unpacked.host(host), unpacked.parameters(given)?, Some(unpacked)))
}

/// A bundle, signed by one of the keys that are demanded, if any are.
fn checked(path: &Path, lock: &LockArgs) -> Result<Bundle> {
    let bundle = Bundle::open(path)?;
    let keys = public_keys(&lock.verify)?;
    if !keys.is_empty() {
        bundle.check_signature(&keys)?;
    }
    Ok(bundle)
}

fn take_compiled(unpacked: &Unpacked, host: &Host, trusted: bool) -> Result<()> {
    if !trusted {
        screen::say(hint(
            "the compiled code of the bundle is not used, since it would run outside of the sandbox: demand its signature with `--verify KEY`, or \
             say `--trust-compiled`",
        ));
        return Ok(());
    }
    let Some(cache) = &host.cache else { return Ok(()) };
    match unpacked.take_compiled(cache) {
        Ok(_) => Ok(()),
        // Only a bundle for another machine is no fault: what is in it is what was signed.
        Err(error @ weft::Error::Sandbox(_)) if COMPILES => {
            screen::say(format!("warning: {error}: components are compiled here"));
            Ok(())
        }
        Err(error) => Err(Error::from(error)),
    }
}
