//! Copying content to the host.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use crate::error::{Error, ErrorContext as _, Result};
use crate::id::ContentId;
use crate::reader::{BlobReader, Content, TreeReader};
use crate::store::Store;

/// What an export does if the destination exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Existing {
    /// Fail and change nothing. An empty directory is filled.
    #[default]
    Keep,
    /// Replace files. In a directory, files of the same name are replaced, others are kept.
    Overwrite,
}

impl Store {
    /// Copies content to `dest`: a blob to a file, a tree to a directory. The copies are writable and independent of
    /// the store. Where the file system supports it, they share blocks with it.
    ///
    /// Each file appears complete or not at all, and so does a directory that did not exist. The parent of `dest` must
    /// exist.
    pub fn export(&self, id: &ContentId, dest: impl AsRef<Path>, existing: Existing) -> Result<()> {
        let dest = dest.as_ref();
        match self.open_content(id)? {
            Content::File(blob) => {
                let (parent, name) = open_parent(dest)?;
                put_file(&parent, &name, &blob, dest, existing)
            }
            Content::Tree(tree) => match std::fs::symlink_metadata(dest) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => new_tree(&tree, dest),
                Err(error) => Err(error).context("read", || dest),
                Ok(_) => into_dir(&tree, dest, existing),
            },
        }
    }
}

/// Builds the directory under a temporary name beside `dest`, and renames it.
fn new_tree(tree: &TreeReader, dest: &Path) -> Result<()> {
    let (parent, name) = open_parent(dest)?;
    let part = part_name();
    let build = || {
        parent.create_dir(&part).context("create a directory beside", || dest)?;
        let dir = parent.open_dir(&part).context("open", || dest)?;
        put_tree(&dir, tree, dest, Existing::Keep)?;
        parent.rename(&part, &parent, &name).context("create", || dest)
    };
    build().inspect_err(|_| {
        // The first error is reported.
        let _ = parent.remove_dir_all(&part);
    })
}

/// Writes into an existing directory.
fn into_dir(tree: &TreeReader, dest: &Path, existing: Existing) -> Result<()> {
    if !std::fs::metadata(dest).context("read", || dest)?.is_dir() {
        return Err(Error::OtherKind { path: dest.to_owned(), kind: "not a directory" });
    }
    let dir = Dir::open_ambient_dir(dest, ambient_authority()).context("open", || dest)?;
    if existing == Existing::Keep && dir.entries().context("list", || dest)?.next().is_some() {
        return Err(Error::Exists { path: dest.to_owned() });
    }
    put_tree(&dir, tree, dest, existing)
}

fn put_tree(dir: &Dir, tree: &TreeReader, dest: &Path, existing: Existing) -> Result<()> {
    let mut made = "";
    for entry in tree.entries() {
        let shown = dest.join(&entry.path);
        if let Some((parent, _)) = entry.path.rsplit_once('/')
            && parent != made
        {
            dir.create_dir_all(parent).context("create", || dest.join(parent))?;
            made = parent;
        }
        put_file(dir, &entry.path, &tree.open(&entry.path)?, &shown, existing)?;
    }
    Ok(())
}

/// Copies a blob to `path` in `dir`, through a temporary name.
fn put_file(dir: &Dir, path: &str, blob: &BlobReader, shown: &Path, existing: Existing) -> Result<()> {
    match dir.symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => {
            return Err(Error::OtherKind { path: shown.to_owned(), kind: "a directory" });
        }
        Ok(_) if existing == Existing::Keep => return Err(Error::Exists { path: shown.to_owned() }),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).context("read", || shown),
    }
    let part = match path.rsplit_once('/') {
        Some((parent, _)) => format!("{parent}/{}", part_name()),
        None => part_name(),
    };
    let copy = || {
        let file = dir.open_with(&part, OpenOptions::new().write(true).create_new(true));
        let mut file = file.context("create a file for", || shown)?.into_std();
        // For two files the system call copies in the kernel, and shares blocks where it can.
        let copied = io::copy(&mut blob.file(), &mut file).context("write", || shown)?;
        if copied != blob.len() {
            let reason = format!("{copied} of its {} bytes could be read", blob.len());
            return Err(Error::Damaged { id: blob.id(), reason });
        }
        dir.rename(&part, dir, path).context("create", || shown)
    };
    copy().inspect_err(|_| {
        let _ = dir.remove_file(&part);
    })
}

/// The directory that contains `dest`, and the name in there.
fn open_parent(dest: &Path) -> Result<(Dir, String)> {
    let Some(name) = dest.file_name() else {
        return Err(Error::OtherKind { path: dest.to_owned(), kind: "a directory" });
    };
    let Some(name) = name.to_str() else {
        return Err(Error::InvalidPath { path: dest.to_string_lossy().into_owned(), reason: "it is not UTF-8" });
    };
    let parent = match dest.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    let dir = Dir::open_ambient_dir(&parent, ambient_authority()).context("open", || &parent)?;
    Ok((dir, name.to_owned()))
}

/// A temporary name in a directory of the user.
fn part_name() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!(".weft-{}-{}.part", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}
