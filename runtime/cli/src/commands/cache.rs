//! `weft cache`: the compiled components, which only save time. Results of steps are in the store.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Subcommand;
use serde_json::json;

use crate::error::{Error, Exit, Result};
use crate::render::{bytes, count};
use crate::{host, output};

/// Arguments of `weft cache`.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "The cache is `$WEFT_CACHE`, else `weft` in the user's cache folder. It can be cleared at any time: what is \
    needed is compiled again. Results of steps are not in it but in the store; `weft gc` looks after those."
)]
pub struct Args {
    #[command(subcommand)]
    pub command: Option<What>,
    /// Write the answer as one JSON document
    #[arg(long, global = true)]
    pub json: bool,
}

/// What to do with the cache.
#[derive(Debug, Clone, Subcommand)]
pub enum What {
    /// Tell where it is and how large (the default)
    Stats,
    /// Remove everything in it
    Clear,
    /// Write compiled components to a file, for machines with the same processor and version of weft
    Export {
        /// The file
        file: PathBuf,
        /// Component files; all that is compiled if none is named
        components: Vec<PathBuf>,
    },
    /// Take compiled components from a file that `weft cache export` wrote. Its code runs outside of the sandbox: import only from whom you
    /// trust as much as weft itself
    Import {
        /// The file
        file: PathBuf,
    },
}

/// Shows or clears the cache.
pub fn execute(args: &Args) -> Result<Exit> {
    let folder = host::cache_dir()?;
    match &args.command {
        Some(What::Export { file, components }) => {
            let written = weft::export_compiled(&folder, components, file)?;
            return told(args, file, "written to", written);
        }
        Some(What::Import { file }) => return told(args, file, "taken from", weft::import_compiled(&folder, file)?),
        Some(What::Stats | What::Clear) | None => {}
    }
    let compiled = list(&folder, "cwasm")?;
    let shared = list(&folder, "functions")?;
    let total = |files: &[(PathBuf, u64)]| files.iter().map(|(_, size)| size).sum::<u64>();
    let (files, in_components, in_shared) = (compiled.len(), total(&compiled), total(&shared));
    let clear = matches!(args.command, Some(What::Clear));
    if clear {
        for (path, _) in compiled.iter().chain(&shared) {
            match fs::remove_file(path) {
                // Another process was faster: it drops what was not used for long.
                Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::io("remove", path, source));
                }
                _ => {}
            }
        }
    }
    if args.json {
        let what = if clear { "removed" } else { "kept" };
        let folder = folder.display().to_string();
        let bytes = in_components + in_shared;
        output::print_json(&json!({ "folder": folder, what: files, "bytes": bytes, "shared_bytes": in_shared }))?;
    } else {
        let mut files =
            format!("{} ({})", count(files, "compiled component", "compiled components"), bytes::size(in_components));
        if in_shared > 0 {
            _ = write!(files, " and {} of functions to share with others", bytes::size(in_shared));
        }
        let folder = folder.display();
        output::print(&if clear { format!("removed {files} from {folder}") } else { format!("{files} in {folder}") })?;
    }
    Ok(Exit::Success)
}

fn told(args: &Args, file: &Path, done: &str, moved: weft::Transferred) -> Result<Exit> {
    let weft::Transferred { components, bytes: size } = moved;
    if args.json {
        output::print_json(&json!({ "file": file.display().to_string(), "components": components, "bytes": size }))?;
    } else {
        let number = usize::try_from(components).unwrap_or(usize::MAX);
        let what = count(number, "compiled component", "compiled components");
        output::print(&format!("{what} ({}) {done} {}", bytes::size(size), file.display()))?;
    }
    Ok(Exit::Success)
}

/// Files with this extension and their sizes, of the folders that the sandbox makes, one for each of its settings: `cwasm`
/// are compiled components, `functions` what they have in common.
fn list(folder: &Path, extension: &str) -> Result<Vec<(PathBuf, u64)>> {
    let mut found = Vec::new();
    for own in read(folder)? {
        let is_own = own.file_name().is_some_and(|name| name.to_string_lossy().starts_with("wasmtime-"));
        if !is_own || !own.is_dir() {
            continue;
        }
        for file in read(&own)? {
            if file.extension().is_some_and(|found| found == extension) {
                let size = fs::metadata(&file).map_or(0, |metadata| metadata.len());
                found.push((file, size));
            }
        }
    }
    Ok(found)
}

fn read(folder: &Path) -> Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(entries.filter_map(|entry| Some(entry.ok()?.path())).collect()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(Error::io("list", folder, error)),
    }
}
