//! What lies in a store's folder beside artifacts and records, and is of no use any more.

use std::fs;
use std::path::Path;
use std::time::Duration;

use weft_metadata::Error::RunNotFound;

use crate::error::{Error, Result};
use crate::store::Store;

/// How long a part of a file waits for the rest.
const PART_KEPT: Duration = Duration::from_hours(7 * 24);

impl Store {
    /// Removes the workspaces of runs that are no longer recorded, what was unpacked of bundles from which no recorded run came, and what runs on an
    /// engine left when they were killed. Whoever calls it holds the lock that each run at work shares, and who has unpacked a bundle.
    pub(crate) fn drop_leftovers(&self) -> Result<()> {
        let is_lost = |run: &str| matches!(self.metadata.run(run), Err(RunNotFound { .. }));
        remove_entries(&self.volumes(), |name| weft_engine::workspace_of(name).is_some_and(is_lost))?;
        let files = self.metadata.pipeline_files()?;
        remove_entries(&self.bundles(), |name| !files.iter().any(|file| file.contains(name)))?;
        remove_entries(&self.spools(), |_| true)?;
        remove_parts(&self.arriving())
    }
}

/// Removes parts of files that have not come on for a week: whoever sent them begins anew.
fn remove_parts(folder: &Path) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry.map_err(|source| Error::io("read", folder, source))?;
        let changed = entry.metadata().and_then(|meta| meta.modified());
        if changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > PART_KEPT)) {
            fs::remove_file(entry.path()).map_err(|source| Error::io("remove", &entry.path(), source))?;
        }
    }
    Ok(())
}

/// Removes the folders of a folder whose names are so.
fn remove_entries(folder: &Path, is_left: impl Fn(&str) -> bool) -> Result<()> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(()) };
    for entry in entries {
        let entry = entry.map_err(|source| Error::io("read", folder, source))?;
        if entry.file_name().to_str().is_some_and(&is_left) {
            fs::remove_dir_all(entry.path()).map_err(|source| Error::io("remove", &entry.path(), source))?;
        }
    }
    Ok(())
}
