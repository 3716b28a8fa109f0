//! The file lock that a process holds while it executes a run.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::error::{Error, Result};

/// The longest id, so that its lock file's name fits everywhere.
const MAX_ID: usize = 128;

/// How long a lock may be held by who only looks whether it is: see [`is_alive`], which takes a moment, or a bit more on a busy machine.
const LOOKED_AT: Duration = Duration::from_millis(500);

/// What stands for the newest run wherever one is named.
const NEWEST: &str = "latest";

/// Held while a run is executed. The system releases it when the process ends in any way.
#[derive(Debug)]
pub struct RunLock {
    path: PathBuf,
    /// Open and locked.
    _file: File,
}

impl RunLock {
    /// Locks the file `<id>.lock` in `directory`, which is created if it does not exist.
    pub fn acquire(directory: &Path, run: &str) -> Result<Self> {
        let fits = run.len() <= MAX_ID
            && run.starts_with(|first: char| first.is_ascii_alphanumeric())
            && run.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            && run != NEWEST;
        if !fits {
            return Err(Error::RunId { run: run.to_owned() });
        }
        let path = directory.join(format!("{run}.lock"));
        let failed = |source| Error::Lock { path: path.clone(), source };
        std::fs::create_dir_all(directory).map_err(failed)?;
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(failed)?;
        let until = Instant::now() + LOOKED_AT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { path, _file: file }),
                Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(LOOKED_AT / 100),
                Err(TryLockError::WouldBlock) => return Err(Error::RunIsAlive { run: run.to_owned() }),
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
    }

    /// Removes the file of a complete run and releases the lock. Another process that opened the file before may still
    /// lock it, which is harmless: a complete run is not executed again. The file of a run that can be resumed is kept.
    pub fn retire(self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(path = %self.path.display(), %error, "the lock file of a complete run stays");
        }
    }
}

/// Whether a process executes a run.
pub fn is_alive(directory: &Path, run: &str) -> bool {
    let Ok(file) = File::open(directory.join(format!("{run}.lock"))) else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[test]
    fn a_run_is_locked_once_and_again_when_it_was_let_go() {
        let directory = tempfile::tempdir().unwrap();
        let runs = directory.path().join("runs");
        assert!(!is_alive(&runs, "a"));
        let lock = RunLock::acquire(&runs, "a").unwrap();
        assert!(is_alive(&runs, "a"));
        assert!(matches!(RunLock::acquire(&runs, "a"), Err(Error::RunIsAlive { run }) if run == "a"));
        RunLock::acquire(&runs, "b").unwrap();
        drop(lock);
        assert!(!is_alive(&runs, "a"));
        RunLock::acquire(&runs, "a").unwrap().retire();
        assert!(!runs.join("a.lock").exists());
    }

    #[test]
    fn who_looks_at_a_run_does_not_keep_it_from_starting() {
        let directory = tempfile::tempdir().unwrap();
        drop(RunLock::acquire(directory.path(), "a").unwrap());
        let looks = AtomicUsize::new(0);
        let enough = || looks.load(Ordering::Relaxed) >= 2000;
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !enough() {
                        is_alive(directory.path(), "a");
                        looks.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            // Without patience, one in four fails.
            while !enough() {
                drop(RunLock::acquire(directory.path(), "a").unwrap());
            }
        });
    }

    #[test]
    fn an_id_cannot_lead_elsewhere() {
        let directory = tempfile::tempdir().unwrap();
        for run in ["", "..", ".a", "a/b", "a\\b", "a\0", "é", "latest", &"a".repeat(129)] {
            assert!(matches!(RunLock::acquire(directory.path(), run), Err(Error::RunId { .. })), "{run}");
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }
}
