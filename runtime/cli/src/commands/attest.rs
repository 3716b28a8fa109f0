//! `weft attest`

use std::path::{Path, PathBuf};

use clap::ValueHint;
use serde_json::json;
use weft::check_attestation;
use weft::provenance::{Key, PublicKey};

use crate::error::{Error, Exit, Result};
use crate::render::{DIM, GOOD, hint};
use crate::{host, output, screen};

/// Arguments of `weft attest`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  weft attest latest/model -o model/                     evidence, unsigned
  weft attest latest/model -o model/ --key signing.pem   signed; the key is made if there is none
  weft attest --check model/ --key signing.pub           what lies there is what was attested, by that key

Beside the artifact the folder holds: provenance.intoto.json (in-toto, SLSA v1), bom.cdx.json (CycloneDX 1.6 with a model card), openlineage.ndjson, \
ro-crate-metadata.json (Workflow Run RO-Crate), croissant.json for data sets, documentation.html for models (what Annex IV of the EU's AI Act asks for, as far as it is recorded); signed, also provenance.dsse.json and model.sig, which `model_signing verify \
key` accepts. No paths of this machine and no secrets are in them.")]
pub struct Args {
    /// The artifact: an id, a digest or the beginning of one, RUN/STEP.OUTPUT or RUN/OUTPUT
    #[arg(value_name = "ARTIFACT", required_unless_present = "check")]
    pub artifact: Option<String>,
    /// The folder to write, which must not be there
    #[arg(short, long, value_name = "DIR", value_hint = ValueHint::DirPath, required_unless_present = "check")]
    pub output: Option<PathBuf>,
    /// Sign with this key on P-256, in PKCS#8 as PEM; it is made, with its public part beside it as FILE.pub, if there is none. With
    /// --check the public key that must have signed
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub key: Option<PathBuf>,
    /// Check such a folder instead
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, conflicts_with_all = ["artifact", "output"])]
    pub check: Option<PathBuf>,
    /// Write one JSON document
    #[arg(long)]
    pub json: bool,
}

/// Writes the evidence of an artifact, or checks it.
pub fn execute(root: &Path, args: &Args) -> Result<Exit> {
    if let Some(folder) = &args.check {
        return check(folder, args);
    }
    let (Some(artifact), Some(folder)) = (&args.artifact, &args.output) else {
        return Err(Error::request("name an artifact and a folder"));
    };
    let key = args.key.as_deref().map(signing_key).transpose()?;
    let attested = host::read(root)?.attest(artifact, folder, key.as_ref())?;
    if args.json {
        output::print_json(&json!(attested))?;
    } else {
        for file in &attested.files {
            output::print(&folder.join(file).display().to_string())?;
        }
        if !attested.signed {
            screen::say(hint("it is not signed; `--key FILE` signs"));
        }
    }
    Ok(Exit::Success)
}

fn check(folder: &Path, args: &Args) -> Result<Exit> {
    let key =
        args.key.as_deref().map(|path| Ok::<_, Error>(PublicKey::from_pem(&read(path)?).map_err(weft::Error::from)?));
    let checked = check_attestation(folder, key.transpose()?.as_ref())?;
    if args.json {
        output::print_json(&json!(checked))?;
        return Ok(Exit::Success);
    }
    output::print(&format!(
        "{GOOD}ok{GOOD:#}  {} is what was attested {DIM}sha256:{}{DIM:#}",
        checked.artifact, checked.sha256
    ))?;
    if checked.key_from_folder {
        screen::say(
            "warning: it is signed by the key in the folder itself, which anybody may have put there; `--key FILE` names the one you trust",
        );
    }
    Ok(Exit::Success)
}

/// Reads a key, or makes one.
fn signing_key(path: &Path) -> Result<Key> {
    if path.exists() {
        return Ok(Key::from_pem(&read(path)?).map_err(weft::Error::from)?);
    }
    let key = Key::generate().map_err(weft::Error::from)?;
    let public = PathBuf::from(format!("{}.pub", path.display()));
    output::write_secret(path, &key.to_pem().map_err(weft::Error::from)?)?;
    let pem = key.public().to_pem().map_err(weft::Error::from)?;
    std::fs::write(&public, pem).map_err(|source| Error::io("write", &public, source))?;
    screen::say(format!("made the key {}; its public part is {}", path.display(), public.display()));
    Ok(key)
}

fn read(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|source| Error::io("read", path, source))
}
