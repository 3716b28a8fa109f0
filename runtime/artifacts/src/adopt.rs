//! Publishing the files of a step by moving them into the store.

use std::ops::ControlFlow;
use std::path::Path;

use cap_std::fs::Dir;

use crate::budget::Budget;
use crate::error::{Error, ErrorContext as _, Result};
use crate::id::{ContentId, Digest};
use crate::path;
use crate::stage::{Shard, hash_file};
use crate::store::Store;
use crate::walk::{self, Found};

impl Store {
    /// Publishes the file or directory `name` of a directory in the store's file system, usually a [`Scratch`]. Files
    /// are hashed and moved into the store instead of copied, so `dir` loses them.
    ///
    /// The writer must have ended: a writable handle to a file could change the store's content. Everything else is
    /// checked: a file with further hard links (which may be in the store, or leave a writable name) is copied,
    /// symbolic links are followed to plain files inside `name` only, and special files are errors. Sizes are taken
    /// from `budget` before anything is read.
    ///
    /// [`Scratch`]: crate::Scratch
    pub fn adopt(&self, dir: &Dir, name: &str, budget: Option<&Budget>) -> Result<ContentId> {
        path::check_name(name)?;
        let shown = Path::new(name);
        let kind = dir.symlink_metadata(name).context("read", || shown)?.file_type();
        if kind.is_file() {
            return self.adopt_file(dir, name, shown, budget).map(|(digest, _)| ContentId::Blob(digest));
        }
        if !kind.is_dir() {
            return Err(Error::SpecialFile { path: shown.to_owned(), kind: walk::kind_of(kind) });
        }
        let root = dir.open_dir(name).context("open", || shown)?;
        let found = walk::files(&root, shown)?;
        let mut tree = self.create_tree(budget)?;
        // Links first: the files that they lead to are moved afterwards.
        let (links, files): (Vec<_>, Vec<_>) = found.into_iter().partition(|found| found.is_link);
        for Found { path, .. } in links {
            let shown = shown.join(&path);
            let file = root.open(&path).context("open", || &shown)?.into_std();
            let (id, size) = self.copy_in(&file, &shown, budget, &mut 0, &mut |_| ControlFlow::Continue(()))?;
            tree.add_sized(&path, size, id.digest())?;
        }
        for Found { path, .. } in files {
            let (digest, size) = self.adopt_file(&root, &path, &shown.join(&path), budget)?;
            tree.add_sized(&path, size, digest)?;
        }
        tree.finish()
    }

    /// Publishes a copy of the file or directory `name` of a directory. It is like [`adopt`](Self::adopt), but the
    /// files stay, and others may still write to them. `dir` may be in any file system.
    pub fn copy_from(&self, dir: &Dir, name: &str, budget: Option<&Budget>) -> Result<ContentId> {
        path::check_name(name)?;
        let shown = Path::new(name);
        let copy = |dir: &Dir, path: &str, shown: &Path| {
            let file = dir.open(path).context("open", || shown)?.into_std();
            self.copy_in(&file, shown, budget, &mut 0, &mut |_| ControlFlow::Continue(()))
        };
        // Checked before opening, since opening a pipe blocks until its other end is opened.
        let kind = dir.symlink_metadata(name).context("read", || shown)?.file_type();
        if kind.is_file() {
            return copy(dir, name, shown).map(|(id, _)| id);
        }
        if !kind.is_dir() {
            return Err(Error::SpecialFile { path: shown.to_owned(), kind: walk::kind_of(kind) });
        }
        let root = dir.open_dir(name).context("open", || shown)?;
        let mut tree = self.create_tree(budget)?;
        for Found { path, .. } in walk::files(&root, shown)? {
            let (id, size) = copy(&root, &path, &shown.join(&path))?;
            tree.add_sized(&path, size, id.digest())?;
        }
        tree.finish()
    }

    fn adopt_file(&self, dir: &Dir, path: &str, shown: &Path, budget: Option<&Budget>) -> Result<(Digest, u64)> {
        let file = dir.open(path).context("open", || shown)?;
        let meta = file.metadata().context("read", || shown)?;
        if !meta.is_file() {
            return Err(Error::SpecialFile { path: shown.to_owned(), kind: "no longer a plain file" });
        }
        if let Some(budget) = budget
            && meta.len() > budget.remaining()
        {
            // Checked before reading: hashing a hole of many terabytes takes hours.
            return Err(Error::OutputLimit { limit: budget.limits().bytes });
        }
        if !is_only_link(&meta) {
            let (id, size) =
                self.copy_in(&file.into_std(), shown, budget, &mut 0, &mut |_| ControlFlow::Continue(()))?;
            return Ok((id.digest(), size));
        }
        if let Some(budget) = budget {
            budget.take_bytes(meta.len())?;
            budget.take_file()?;
        }
        let permissions = meta.permissions();
        let file = file.into_std();
        let mut hasher = blake3::Hasher::new();
        let size = hash_file(&file, &mut hasher).context("read", || shown)?;
        let digest = Digest::from(hasher.finalize());
        let shard = Shard::open(self, &ContentId::Blob(digest))?;
        if !shard.holds(size)? {
            set_read_only(dir, path, permissions).context("make read-only", || shown)?;
            shard.take(&file, dir, path)?;
        }
        Ok((digest, size))
    }
}

#[cfg(unix)]
fn set_read_only(dir: &Dir, path: &str, mut permissions: cap_std::fs::Permissions) -> std::io::Result<()> {
    cap_std::fs::PermissionsExt::set_mode(&mut permissions, 0o444);
    dir.set_permissions(path, permissions)
}

#[cfg(not(unix))]
fn set_read_only(dir: &Dir, path: &str, mut permissions: cap_std::fs::Permissions) -> std::io::Result<()> {
    permissions.set_readonly(true);
    dir.set_permissions(path, permissions)
}

/// Whether the file has no other hard link.
#[cfg(unix)]
fn is_only_link(meta: &cap_std::fs::Metadata) -> bool {
    cap_std::fs::MetadataExt::nlink(meta) == 1
}

/// On other systems the number of links is not known, so the file is copied.
#[cfg(not(unix))]
fn is_only_link(_: &cap_std::fs::Metadata) -> bool {
    false
}
