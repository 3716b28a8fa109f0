//! Listing the files of a directory that is to be stored.

use std::path::Path;

use cap_std::fs::{Dir, FileType};

use crate::error::{Error, ErrorContext as _, Result};
use crate::manifest;
use crate::path;

/// One file of a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    /// The path relative to the directory, with `/`.
    pub(crate) path: String,
    /// Whether it is a symbolic link to a plain file inside of the directory.
    pub(crate) is_link: bool,
}

/// All files below `root` in no particular order; `shown` is its path for messages. Special files, links that do not
/// lead to a plain file inside, and invalid names are errors.
///
/// Directories are kept in a list instead of recursing, and all entries count against the bounds of a manifest, so that
/// a deep or large directory cannot exhaust the host.
pub(crate) fn files(root: &Dir, shown: &Path) -> Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut waiting = vec![String::new()];
    let (mut entries, mut bytes) = (0, manifest::HEADER);
    while let Some(dir) = waiting.pop() {
        let listing = root.read_dir(if dir.is_empty() { "." } else { &dir }).context("list", || shown.join(&dir))?;
        for entry in listing {
            let entry = entry.context("list", || shown.join(&dir))?;
            let name = entry.file_name();
            let Some(name) = name.to_str() else {
                let path = shown.join(&dir).join(&name).to_string_lossy().into_owned();
                return Err(Error::InvalidPath { path, reason: "it is not UTF-8" });
            };
            let path = if dir.is_empty() { name.to_owned() } else { format!("{dir}/{name}") };
            path::check(&path)?;
            entries += 1;
            bytes += manifest::entry_bytes(&path);
            manifest::check_bounds(entries, bytes)?;

            let kind = entry.file_type().context("read", || shown.join(&path))?;
            if kind.is_dir() {
                waiting.push(path);
            } else if kind.is_file() {
                found.push(Found { path, is_link: false });
            } else if kind.is_symlink() {
                check_link(root, &path, shown)?;
                found.push(Found { path, is_link: true });
            } else {
                return Err(Error::SpecialFile { path: shown.join(path), kind: kind_of(kind) });
            }
        }
    }
    Ok(found)
}

/// Checks that a link leads to a plain file beneath `root`. cap-std refuses to resolve links that lead out.
fn check_link(root: &Dir, path: &str, shown: &Path) -> Result<()> {
    match root.metadata(path) {
        Ok(meta) if meta.is_file() => Ok(()),
        Ok(_) => Err(Error::UnusableLink { path: shown.join(path), source: None }),
        Err(source) => Err(Error::UnusableLink { path: shown.join(path), source: Some(source) }),
    }
}

/// The kind of a special file, for messages.
pub(crate) fn kind_of(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use cap_std::fs::FileTypeExt as _;
        if kind.is_fifo() {
            return "a pipe";
        }
        if kind.is_socket() {
            return "a socket";
        }
        if kind.is_block_device() || kind.is_char_device() {
            return "a device";
        }
    }
    if kind.is_symlink() {
        "a symbolic link"
    } else if kind.is_dir() {
        "a directory"
    } else if kind.is_file() {
        "a file"
    } else {
        "a special file"
    }
}
