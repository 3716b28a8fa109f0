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

/// Writes a temporary file and renames it when it is complete.
pub(crate) fn write_atomically(directory: &Path, name: &str, bytes: &[u8], durability: Durability) -> io::Result<()> {
    static WRITTEN: AtomicU64 = AtomicU64::new(0);
    let nth = WRITTEN.fetch_add(1, Ordering::Relaxed);
    let temporary = directory.join(format!(".{}-{nth}-{name}", std::process::id()));
    let write = || {
        let mut file = File::create(&temporary)?;
        file.write_all(bytes)?;
        if durability == Durability::Synced {
            file.sync_all()?;
        }
        fs::rename(&temporary, directory.join(name))
    };
    write().inspect_err(|_| _ = fs::remove_file(&temporary))
}
