//! Scratch directories, in which steps work with files.

use std::io;
use std::path::{Path, PathBuf};

use cap_std::fs::{Dir, OpenOptions};

use crate::error::{Error, ErrorContext as _, Result};
use crate::id::ContentId;
use crate::path;
use crate::reader::BlobReader;
use crate::store::{Store, ensure_dir};

/// A private directory in the store's file system, removed with its contents when dropped.
#[derive(Debug)]
pub struct Scratch {
    store: Store,
    name: String,
    dir: Dir,
    path: Option<PathBuf>,
}

impl Store {
    /// Creates an empty scratch directory.
    pub fn scratch(&self) -> Result<Scratch> {
        let tmp = self.tmp()?;
        let name = tmp.fresh();
        let place = format!("tmp/{}/{name}", tmp.name());
        tmp.dir.create_dir(&name).context("create", || self.shown(&place))?;
        let dir = tmp.dir.open_dir(&name).context("open", || self.shown(&place))?;
        let path = self.path().map(|path| path.join(&place));
        Ok(Scratch { store: self.clone(), name, dir, path })
    }

    /// Creates read-only files of stored content under `name` in a directory, without copying: a blob as a hard link, a
    /// tree as a directory of hard links. Where the file system does not support another link, the file is copied.
    ///
    /// The links share the bytes of the store, so the directory must be mounted read-only: permissions of files do not
    /// restrict a host that runs as root.
    pub fn materialize(&self, id: &ContentId, at: &Dir, name: &str) -> Result<()> {
        path::check_name(name)?;
        match id {
            ContentId::Blob(digest) => self.link(&self.open_blob(digest)?, at, name),
            ContentId::Tree(digest) => {
                at.create_dir(name).context("create", || name)?;
                let dir = at.open_dir(name).context("open", || name)?;
                let mut made = "";
                let tree = self.open_tree(digest)?;
                for entry in tree.entries() {
                    if let Some((parent, _)) = entry.path.rsplit_once('/')
                        && parent != made
                    {
                        dir.create_dir_all(parent).context("create", || parent)?;
                        made = parent;
                    }
                    self.link(&tree.open(&entry.path)?, &dir, &entry.path)?;
                }
                Ok(())
            }
        }
    }

    fn link(&self, blob: &BlobReader, at: &Dir, path: &str) -> Result<()> {
        let (dir, place) = self.place(&blob.id());
        match dir.hard_link(&place, at, path) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Error::Exists { path: path.into() }),
            // Too many links, another file system, or one without links.
            Err(_) => copy_out(blob, at, path).context("copy into the step's directory", || path),
        }
    }
}

fn copy_out(blob: &BlobReader, at: &Dir, path: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::mode(&mut options, 0o444);
    let mut file = at.open_with(path, &options)?.into_std();
    io::copy(&mut blob.cursor(), &mut file).map(|_| ())
}

impl Scratch {
    /// The absolute path of the directory; `None` if the store was opened by a handle.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The directory.
    pub fn dir(&self) -> &Dir {
        &self.dir
    }

    /// Creates a directory in it.
    pub fn subdir(&self, name: &str) -> Result<Dir> {
        path::check_name(name)?;
        ensure_dir(&self.dir, name)
            .and_then(|()| self.dir.open_dir(name))
            .context("create", || self.path.as_deref().unwrap_or(Path::new("")).join(name))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Ok(tmp) = self.store.tmp() {
            // If it cannot be removed now, it is removed with the directory of the process, or by garbage collection.
            let _ = tmp.remove_tree(&tmp.dir, &self.name);
        }
    }
}

/// The disk usage of a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Usage {
    /// The length of all files together, in bytes. Holes count, and each hard link counts.
    pub bytes: u64,
    /// The number of entries of all kinds.
    pub entries: u64,
}

impl Usage {
    /// Whether this is more than `most` in bytes or entries.
    pub fn exceeds(&self, most: &Usage) -> bool {
        self.bytes > most.bytes || self.entries > most.entries
    }
}

/// Measures a directory, to limit a step that writes to it. It stops as soon as `most` is exceeded, so that its time is
/// bounded; the result is then more than `most`, but not the total. Entries that a running step removes in the meantime
/// are ignored.
pub fn disk_usage(dir: &Dir, most: &Usage) -> Result<Usage> {
    let mut usage = Usage::default();
    let mut waiting = vec![PathBuf::from(".")];
    while let Some(path) = waiting.pop() {
        let Some(listing) = unless_gone(dir.read_dir(&path)).context("list", || &path)? else { continue };
        for entry in listing {
            let Some(entry) = unless_gone(entry).context("list", || &path)? else { continue };
            let Some(meta) = unless_gone(entry.metadata()).context("read", || path.join(entry.file_name()))? else {
                continue;
            };
            usage.entries += 1;
            if meta.is_dir() {
                waiting.push(path.join(entry.file_name()));
            } else {
                usage.bytes = usage.bytes.saturating_add(meta.len());
            }
            if usage.exceeds(most) {
                return Ok(usage);
            }
        }
    }
    Ok(usage)
}

fn unless_gone<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        other => other.map(Some),
    }
}
