//! The lock of the store between runs and garbage collection.

use std::fs::{File, TryLockError};

use cap_std::fs::OpenOptions;

use crate::error::{ErrorContext as _, Result};
use crate::store::Store;

/// Holds the lock until it is dropped or the process ends in any way.
#[derive(Debug)]
#[must_use = "the lock is released when this is dropped"]
pub struct LockGuard {
    _file: File,
}

impl Store {
    /// Takes the lock shared with others, as runs do. Waits while it is held exclusively.
    pub fn lock_shared(&self) -> Result<LockGuard> {
        self.lock(File::lock_shared)
    }

    /// Takes the lock exclusively, as garbage collection does. Waits until it is not held by anyone. Each call takes it
    /// anew, so a thread that already holds a guard deadlocks.
    pub fn lock_exclusive(&self) -> Result<LockGuard> {
        self.lock(File::lock)
    }

    /// Like [`Store::lock_shared`], but returns `None` instead of waiting.
    pub fn try_lock_shared(&self) -> Result<Option<LockGuard>> {
        self.try_lock(File::try_lock_shared)
    }

    /// Like [`Store::lock_exclusive`], but returns `None` instead of waiting.
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

    /// Opened for each guard: locks belong to open files, so that guards of one process exclude each other too.
    fn lock_file(&self) -> Result<File> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true);
        let file = self.0.root.open_with("lock", &options).context("open", || self.shown("lock"))?;
        Ok(file.into_std())
    }
}
