//! Moving a lock file to what registries say now.

use weft_registry::{Moved, Reference};

use super::fetch::{Fetcher, references};
use super::lock_file::LockFile;
use crate::error::{Error, Result};
use crate::host::Host;
use crate::notice::Notify;
use crate::read::PipelineFile;

/// What an update of a lock file did.
#[derive(Debug, Clone)]
pub struct Updated {
    /// The lock file.
    pub file: std::path::PathBuf,
    /// References of the pipeline that were looked up.
    pub looked_up: usize,
    /// Those that lead elsewhere now.
    pub moved: Vec<Moved>,
}

/// Asks where the references of a pipeline lead now, those of `only` if any are named, and pins them there. Without `write` it only tells.
///
/// # Errors
/// A registry cannot be asked, or has no such thing: the lock stays as it was.
pub fn update(file: &PipelineFile, only: &[String], write: bool, host: &Host, notify: &Notify<'_>) -> Result<Updated> {
    let registry = host.registry.as_ref().ok_or_else(|| Error::request("no registries are reached from here"))?;
    let mut wanted = Vec::new();
    for named in references(&file.pipeline) {
        wanted.push(named.written.parse::<Reference>()?);
    }
    if !only.is_empty() {
        let mut named = Vec::new();
        for text in only {
            let reference: Reference = text.parse()?;
            if !wanted.contains(&reference) {
                return Err(Error::Request {
                    message: format!("the pipeline names no `{}`", reference.written()),
                    hint: weft_pipeline::suggest::hint(
                        &reference.written(),
                        wanted.iter().map(Reference::written).collect::<Vec<_>>().iter().map(String::as_str),
                        "references",
                    ),
                });
            }
            named.push(reference);
        }
        wanted = named;
    }
    // What names its digest leads nowhere else.
    wanted.retain(|reference| reference.digest.is_none());
    let mut lock = LockFile::read(file.folder())?;
    let fetcher = Fetcher::new(registry, notify);
    for reference in &wanted {
        let (_, digest) = fetcher.manifest(reference)?;
        lock.pin(reference, digest);
    }
    let path = lock.path().to_owned();
    let moved = if write { lock.write()? } else { lock.moved() };
    Ok(Updated { file: path, looked_up: wanted.len(), moved })
}
