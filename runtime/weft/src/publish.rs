//! Publishing folders atomically: made once, by whichever process is first, whole or not at all.

use std::fs;
use std::path::Path;

use crate::error::{Error, Result};

/// Has `make` fill a folder, unless it is there already; says whether it was made now. `prefix` names the folder meanwhile.
pub(crate) fn folder(target: &Path, prefix: &str, make: impl FnOnce(&Path) -> Result<()>) -> Result<bool> {
    if target.is_dir() {
        return Ok(false);
    }
    let parent = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
    let work = tempfile::Builder::new()
        .prefix(prefix)
        .tempdir_in(parent)
        .map_err(|source| Error::io("create a folder in", parent, source))?;
    make(work.path())?;
    let kept = work.keep();
    match fs::rename(&kept, target) {
        Ok(()) => Ok(true),
        // Another process was faster; what it made is as good.
        Err(_) if target.is_dir() => {
            _ = fs::remove_dir_all(&kept);
            Ok(true)
        }
        Err(source) => Err(Error::io("create", target, source)),
    }
}
