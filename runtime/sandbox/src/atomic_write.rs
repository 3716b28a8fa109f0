//! Atomic writes: a file appears complete or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// The state of a written file after a power cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// Complete: its bytes are on disk before it gets its name.
    Synced,
    /// Undefined: its reader has to verify it.
    BestEffort,
}

/// Writes bytes to a temporary file and renames it when it is complete.
pub(crate) fn write_atomically(directory: &Path, name: &str, bytes: &[u8], durability: Durability) -> io::Result<()> {
    write_atomically_with(directory, name, durability, |file| file.write_all(bytes))
}

/// Has a temporary file written and renames it when it is complete. Nothing is left of it if writing fails.
pub(crate) fn write_atomically_with<T>(
    directory: &Path,
    name: &str,
    durability: Durability,
    write: impl FnOnce(&mut File) -> io::Result<T>,
) -> io::Result<T> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let nth = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let temporary = directory.join(format!(".{}-{nth}-{name}", std::process::id()));
    let complete = || {
        let mut file = File::create(&temporary)?;
        let written = write(&mut file)?;
        if durability == Durability::Synced {
            file.sync_all()?;
        }
        fs::rename(&temporary, directory.join(name))?;
        Ok(written)
    };
    complete().inspect_err(|_| _ = fs::remove_file(&temporary))
}
