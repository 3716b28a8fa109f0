//! The executor with the scientific stack: where it is, and what belongs to it. It is built on this machine when someone asks for it.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use indexmap::IndexMap;
use weft_science::{LIBRARY, Stack};

use crate::error::{Error, Result};

#[cfg(feature = "compiler")]
mod install;

#[cfg(feature = "compiler")]
pub use install::{InstalledExecutor, install_executor};

/// The file that names the digests of the others.
const DIGESTS: &str = "digests.json";

/// The folder, below one for executors, of what this version of weft builds. Another version's has another name.
pub(crate) fn folder_name(stack: Stack) -> String {
    format!("{}-{}", stack.name(), weft_science::key(stack))
}

/// Which of the two a name is, if any.
pub(crate) fn stack(name: &str) -> Option<Stack> {
    [Stack::Science, Stack::Boosting].into_iter().find(|stack| stack.name() == name)
}

/// What of an installed executor its programs see: digests by path.
pub(crate) fn library(component: &Path) -> Result<IndexMap<String, String>> {
    let folder = component.parent().unwrap_or(Path::new("."));
    let path = folder.join(DIGESTS);
    let text = fs::read(&path).map_err(|source| Error::io("read", &path, source))?;
    let digests: BTreeMap<String, String> = serde_json::from_slice(&text)
        .map_err(|source| Error::io("read", &path, std::io::Error::new(std::io::ErrorKind::InvalidData, source)))?;
    let of = |name: &str| Some((folder.join(name).display().to_string(), digests.get(name)?.clone()));
    Ok(LIBRARY.iter().filter_map(|name| of(name)).collect())
}
