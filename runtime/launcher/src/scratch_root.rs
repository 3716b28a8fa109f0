//! The empty directories that every command starts with.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cap_std::fs::Dir;
use weft_artifacts::{Scratch, Store};
use weft_pipeline::command::Layout;

use crate::error::{Error, ErrorContext, Result};

/// The directories below a command's root: the parents of its outputs, and `/tmp`.
const PARENTS: [&str; 5] = ["out", "tmp", "tmp/kfp", "tmp/kfp/outputs", "tmp/kfp_outputs"];

/// The maximum number of entries for which the directories are cleared instead of created anew.
const MAX_CLEARED_ENTRIES: u32 = 1_000;
/// The maximum depth for which they are.
const MAX_CLEARED_DEPTH: u32 = 4;

/// The directories of a command, removed when dropped.
pub(crate) struct ScratchRoot {
    // Fields are dropped in this order: the handles must be closed before the directory is removed.
    /// `/` in the command's view.
    pub(crate) root: Dir,
    /// `/in` in the command's view.
    pub(crate) inputs: Dir,
    /// `/packages` in the command's view.
    pub(crate) packages: Dir,
    /// What lies in `packages`: digests by file name. As no command can write there, it stays for the next one that wants the same.
    pub(crate) laid: BTreeMap<String, String>,
    /// The parent of `root` on the host.
    pub(crate) path: PathBuf,
    _scratch: Scratch,
}

impl ScratchRoot {
    /// Creates the directories. With `beside`, inputs and packages are siblings of the root, so that they can be mounted
    /// read-only; else they are inside of it.
    pub(crate) fn new(store: &Store, beside: bool) -> Result<Self> {
        let scratch = store.scratch().context(|| "no directory for its files could be made".to_owned())?;
        let Some(path) = scratch.path().map(std::path::Path::to_owned) else {
            return Err(Error::Placeholder("the artifact store was opened without its path".to_owned()));
        };
        let root = subdir(scratch.dir(), "root")?;
        PARENTS
            .iter()
            .try_for_each(|name| root.create_dir(name))
            .context(|| "the directories for its outputs could not be made".to_owned())?;
        let parent = if beside { scratch.dir() } else { &root };
        let (inputs, packages) = (subdir(parent, "in")?, subdir(parent, "packages")?);
        Ok(Self { root, inputs, packages, laid: BTreeMap::new(), path, _scratch: scratch })
    }

    /// Makes the directory of a step's outputs.
    pub(crate) fn make_outputs(&self, layout: &Layout) -> Result<()> {
        let path = layout.outputs();
        let path = path.strip_prefix(&layout.root).unwrap_or(&path).trim_start_matches('/');
        self.root.create_dir_all(path).context(|| "the directory for its outputs could not be made".to_owned())
    }

    /// Whether it can take these packages: it has them, or those that it has could be removed.
    pub(crate) fn make_room(&mut self, wanted: &BTreeMap<String, String>) -> bool {
        // Without any, none are shown.
        if wanted.is_empty() || self.laid == *wanted {
            return true;
        }
        self.laid.clear();
        clear(&self.packages, "", &[], 0, &mut { MAX_CLEARED_ENTRIES }).unwrap_or(false)
    }

    /// Removes everything that a command left. False if that exceeds the limits, or if a directory is missing: the whole
    /// then has to be dropped.
    pub(crate) fn clear(&self) -> bool {
        let mut left = MAX_CLEARED_ENTRIES;
        let mut clear = |dir: &Dir, keep: &[&str]| clear(dir, "", keep, 0, &mut left).unwrap_or(false);
        clear(&self.inputs, &[]) && clear(&self.root, &PARENTS)
    }
}

/// Removes everything in a directory except the directories in `keep`, all of which must still exist. `at` is the path of
/// the directory with a trailing slash, for comparison with `keep`.
fn clear(dir: &Dir, at: &str, keep: &[&str], depth: u32, left: &mut u32) -> std::io::Result<bool> {
    let mut kept = 0;
    for entry in dir.entries()? {
        let entry = entry?;
        let name = entry.file_name();
        *left = left.saturating_sub(1);
        if *left == 0 || depth >= MAX_CLEARED_DEPTH {
            return Ok(false);
        }
        if !entry.file_type()?.is_dir() {
            dir.remove_file(&name)?;
            continue;
        }
        let path = format!("{at}{}", name.to_string_lossy());
        if !clear(&dir.open_dir(&name)?, &format!("{path}/"), keep, depth + 1, left)? {
            return Ok(false);
        }
        if keep.contains(&path.as_str()) {
            kept += 1;
        } else {
            dir.remove_dir(&name)?;
        }
    }
    let wanted = keep.iter().filter(|name| name.strip_prefix(at).is_some_and(|rest| !rest.contains('/'))).count();
    Ok(kept == wanted)
}

pub(crate) fn subdir(dir: &Dir, name: &str) -> Result<Dir> {
    let made = match dir.create_dir(name) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    };
    made.and_then(|()| dir.open_dir(name)).context(|| format!("the directory `{name}` could not be made"))
}
