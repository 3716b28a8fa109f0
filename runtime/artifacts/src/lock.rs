//! The store-wide lock between runs and garbage collection.

use std::fs::{File, TryLockError};

use cap_std::fs::OpenOptions;

use crate::error::{ErrorContext as _, Result};
use crate::store::Store;

/// Holds the store's lock until dropped, or until the process ends in whatever way.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub struct LockGuard {
    _file: File,
}

impl Store {
    /// Takes the lock together with others that take it shared, as runs do; waits while it is held exclusively.
    pub fn lock_shared(&self) -> Result<LockGuard> {
        self.lock(File::lock_shared)
    }

    /// Takes the lock alone, as garbage collection does; waits until everyone else has released it. Each call takes
    /// it anew, so a thread that holds a guard already waits for itself.
    pub fn lock_exclusive(&self) -> Result<LockGuard> {
        self.lock(File::lock)
    }

    /// As [`Store::lock_shared`], but gives none instead of waiting.
    pub fn try_lock_shared(&self) -> Result<Option<LockGuard>> {
        self.try_lock(File::try_lock_shared)
    }

    /// As [`Store::lock_exclusive`], but gives none instead of waiting.
    pub fn try_lock_exclusive(&self) -> Result<Option<LockGuard>> {
        self.try_lock(File::try_lock)
    }

    fn lock(&self, take: impl Fn(&File) -> std::io::Result<()>) -> Result<LockGuard> {
        let file = self.lock_file()?;
        take(&file).context("lock", || self.shown("lock"))?;
        Ok(LockGuard { _file: file })
    }

    fn try_lock(&self, take: impl Fn(&File) -> Result<(), TryLockError>) -> Result<Option<LockGuard>> {
        let file = self.lock_file()?;
        match take(&file) {
            Ok(()) => Ok(Some(LockGuard { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error).context("lock", || self.shown("lock")),
        }
    }

    /// Opened for each guard: the lock belongs to the open file, so guards of one process exclude each other too.
    fn lock_file(&self) -> Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        let file = self.0.root.open_with("lock", &options).context("open", || self.shown("lock"))?;
        Ok(file.into_std())
    }
}
