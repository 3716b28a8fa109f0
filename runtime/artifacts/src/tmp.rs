//! Temporary files, in a directory for each process, so that those of killed processes can be removed.

use std::collections::VecDeque;
use std::ffi::OsStr;
use std::fs::TryLockError;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cap_std::fs::{Dir, OpenOptions};

use crate::disk::{Change, Disk};
use crate::store::before;

/// This process's directory in `tmp/`. It is removed when dropped, or by garbage collection if the process is killed.
///
/// Beside the directory `tmp/<name>` there is `tmp/<name>.lock`, locked while the process lives. Only the holder of
/// that lock creates and removes the directory.
#[derive(Debug)]
pub(crate) struct TmpDir {
    pub(crate) dir: Dir,
    all: Dir,
    name: String,
    next: AtomicU64,
    disk: Option<Arc<dyn Disk>>,
    _lock: std::fs::File,
}

impl TmpDir {
    /// Creates a directory in `all`.
    pub(crate) fn claim(all: &Dir, disk: Option<Arc<dyn Disk>>) -> io::Result<Self> {
        before(disk.as_ref(), Change::Create)?;
        let mut attempt: u32 = 0;
        loop {
            // Other machines and containers may have the same process id, so that the name alone is not unique.
            let name = format!("{}-{attempt}", std::process::id());
            attempt += 1;
            let lock_name = format!("{name}.lock");
            let lock = match all.open_with(&lock_name, OpenOptions::new().write(true).create_new(true)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                created => created?.into_std(),
            };
            // A garbage collection may have removed the lock file before it was locked.
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(error),
            }
            if !is_same_file(all, &lock_name, &lock)? {
                continue;
            }
            before(disk.as_ref(), Change::Create)?;
            match all.create_dir(&name) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                created => created?,
            }
            let dir = all.open_dir(&name)?;
            return Ok(Self { dir, all: all.try_clone()?, name, next: AtomicU64::new(0), disk, _lock: lock });
        }
    }

    /// A name that this process has not used yet.
    pub(crate) fn fresh(&self) -> String {
        self.next.fetch_add(1, Ordering::Relaxed).to_string()
    }

    /// The name of this process's directory.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Removes a directory with its contents.
    ///
    /// A guest may nest directories deeply, so that recursion could exhaust the stack or the open files. Each directory
    /// that is found is instead moved up here and handled later.
    pub(crate) fn remove_tree(&self, parent: &Dir, name: impl AsRef<OsStr>) -> io::Result<()> {
        let take = |from: &Dir, name: &OsStr| {
            let fresh = self.fresh();
            from.rename(name, &self.dir, &fresh).map(|()| fresh)
        };
        let mut waiting = VecDeque::from([take(parent, name.as_ref())?]);
        while let Some(name) = waiting.pop_front() {
            let dir = self.dir.open_dir(&name)?;
            // On some systems, removing while listing skips entries: list again until there are none.
            let mut found = true;
            while found {
                found = false;
                for entry in dir.entries()? {
                    found = true;
                    let entry = entry?;
                    if entry.file_type()?.is_dir() {
                        waiting.push_back(take(&dir, &entry.file_name())?);
                    } else {
                        dir.remove_file(entry.file_name())?;
                    }
                }
            }
            self.dir.remove_dir(&name)?;
        }
        Ok(())
    }

    /// Removes the directories of processes that have ended. Returns the number of entries of `tmp/` removed.
    pub(crate) fn sweep(&self) -> io::Result<u64> {
        let mut removed = 0;
        for entry in self.all.entries()? {
            let entry = entry?;
            let file_name = entry.file_name();
            let name = file_name.to_string_lossy();
            let owner = name.strip_suffix(".lock").unwrap_or(&name);
            if owner == self.name {
                continue;
            }
            // Held until the directory is removed, so that no process claims the name in the meantime.
            let lock = match self.all.open_with(format!("{owner}.lock"), OpenOptions::new().write(true)) {
                Ok(file) => Some(file.into_std()),
                Err(error) if error.kind() == io::ErrorKind::NotFound => None,
                Err(error) => return Err(error),
            };
            match lock.as_ref().map(std::fs::File::try_lock) {
                None | Some(Ok(())) => {}
                Some(Err(TryLockError::WouldBlock)) => continue,
                Some(Err(TryLockError::Error(error))) => return Err(error),
            }
            removed += u64::from(absent_is_fine(self.remove_any(owner.as_ref()))?);
            if lock.is_some() {
                removed += u64::from(absent_is_fine(self.all.remove_file(format!("{owner}.lock")))?);
            }
            if owner == name && lock.is_none() {
                // The name is not UTF-8 or has no lock, so it belongs to no process.
                removed += u64::from(absent_is_fine(self.remove_any(&file_name))?);
            }
        }
        Ok(removed)
    }

    fn remove_any(&self, name: &OsStr) -> io::Result<()> {
        if self.all.symlink_metadata(name)?.is_dir() {
            self.remove_tree(&self.all, name)
        } else {
            self.all.remove_file(name)
        }
    }
}

/// Whether the name still refers to this open file.
fn is_same_file(dir: &Dir, name: &str, file: &std::fs::File) -> io::Result<bool> {
    let named = match dir.symlink_metadata(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        found => found?,
    };
    #[cfg(unix)]
    {
        use cap_std::fs::MetadataExt as _;
        let open = cap_std::fs::File::from_std(file.try_clone()?).metadata()?;
        Ok((named.dev(), named.ino()) == (open.dev(), open.ino()))
    }
    // On other systems an open file cannot be removed, so the name still refers to it.
    #[cfg(not(unix))]
    Ok(named.is_file() && file.metadata()?.is_file())
}

/// Whether something was removed. It is no error if it did not exist.
fn absent_is_fine(result: io::Result<()>) -> io::Result<bool> {
    match result {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

impl Drop for TmpDir {
    fn drop(&mut self) {
        // Entries that cannot be removed here are garbage once the lock is released.
        let leftovers: Vec<_> = self.dir.entries().into_iter().flatten().flatten().collect();
        for entry in leftovers {
            let name = entry.file_name();
            if before(self.disk.as_ref(), Change::Remove).is_err() {
                return;
            }
            let _ = match entry.file_type() {
                Ok(kind) if kind.is_dir() => self.remove_tree(&self.dir, &name),
                _ => self.dir.remove_file(&name),
            };
        }
        if before(self.disk.as_ref(), Change::Remove).is_ok() && self.all.remove_dir(&self.name).is_ok() {
            let _ = self.all.remove_file(format!("{}.lock", self.name));
        }
    }
}
