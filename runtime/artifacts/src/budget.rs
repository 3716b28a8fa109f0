//! Limits on the output of a step, shared by all its writers.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, Result};
use crate::manifest::{MAX_ENTRIES, MAX_MANIFEST_BYTES};

/// The limits of a [`Budget`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all files together. The length counts: a write far beyond the end takes everything up to there.
    pub bytes: u64,
    /// The number of finished files. Small files cost the host more than their bytes.
    pub files: u64,
    /// The number of open writers. Each may have an open file and 64 KiB of memory.
    pub open_writers: u64,
}

impl Default for Limits {
    /// 16 GiB in up to a million files, 256 of them open at once.
    fn default() -> Self {
        Self { bytes: 16 << 30, files: MAX_ENTRIES as u64, open_writers: 256 }
    }
}

/// What is left of a step's limits. Clones share it. Bytes are never given back, so that writing and discarding in a
/// loop is bounded too.
#[derive(Debug, Clone)]
pub struct Budget(Arc<Counters>);

#[derive(Debug)]
struct Counters {
    limits: Limits,
    bytes: AtomicU64,
    files: AtomicU64,
    writers: AtomicU64,
    manifest: AtomicU64,
}

impl Budget {
    /// A budget of so many bytes, with the default limits of files and writers.
    pub fn new(bytes: u64) -> Self {
        Self::with_limits(Limits { bytes, ..Limits::default() })
    }

    /// A budget with these limits.
    pub fn with_limits(limits: Limits) -> Self {
        Self(Arc::new(Counters {
            limits,
            bytes: AtomicU64::new(limits.bytes),
            files: AtomicU64::new(limits.files),
            writers: AtomicU64::new(limits.open_writers),
            manifest: AtomicU64::new(MAX_MANIFEST_BYTES as u64),
        }))
    }

    /// The bytes that are left.
    pub fn remaining(&self) -> u64 {
        self.0.bytes.load(Ordering::Relaxed)
    }

    /// The limits that this budget started with.
    pub fn limits(&self) -> Limits {
        self.0.limits
    }

    /// Takes `bytes`, all or nothing.
    pub(crate) fn take_bytes(&self, bytes: u64) -> Result<()> {
        take(&self.0.bytes, bytes).ok_or(Error::OutputLimit { limit: self.0.limits.bytes })
    }

    pub(crate) fn take_file(&self) -> Result<()> {
        take(&self.0.files, 1).ok_or(Error::FileLimit { limit: self.0.limits.files })
    }

    /// Takes the size of names: manifests are held in memory until they are written.
    pub(crate) fn take_manifest(&self, bytes: usize) -> Result<()> {
        take(&self.0.manifest, bytes as u64)
            .ok_or(Error::TooManyEntries { max_entries: MAX_ENTRIES, max_bytes: MAX_MANIFEST_BYTES })
    }

    pub(crate) fn open_writer(&self) -> Result<WriterSlot> {
        take(&self.0.writers, 1).ok_or(Error::WriterLimit { limit: self.0.limits.open_writers })?;
        Ok(WriterSlot(self.clone()))
    }
}

/// The slot of an open writer, released when dropped.
#[derive(Debug)]
pub(crate) struct WriterSlot(Budget);

impl WriterSlot {
    pub(crate) fn budget(&self) -> &Budget {
        &self.0
    }
}

impl Drop for WriterSlot {
    fn drop(&mut self) {
        self.0.0.writers.fetch_add(1, Ordering::Relaxed);
    }
}

fn take(counter: &AtomicU64, amount: u64) -> Option<()> {
    // Relaxed: the counter guards no other memory, and the exchange is atomic.
    counter.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(amount)).ok().map(|_| ())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn taking_is_all_or_none_and_shared() {
        let budget = Budget::new(10);
        let other = budget.clone();
        budget.take_bytes(6).unwrap();
        assert!(matches!(other.take_bytes(5), Err(Error::OutputLimit { limit: 10 })));
        assert_eq!(budget.remaining(), 4);
        other.take_bytes(4).unwrap();
        assert!(budget.take_bytes(1).is_err());
        budget.take_bytes(0).unwrap();
    }

    #[test]
    fn closing_a_writer_makes_room_for_another() {
        let budget = Budget::with_limits(Limits { open_writers: 1, ..Limits::default() });
        let slot = budget.open_writer().unwrap();
        assert!(matches!(budget.open_writer(), Err(Error::WriterLimit { limit: 1 })));
        drop(slot);
        budget.open_writer().unwrap();
    }

    #[test]
    fn threads_never_take_more_than_there_is() {
        let budget = Budget::new(1000);
        let taken: u64 = std::thread::scope(|scope| {
            let work = || scope.spawn(|| (0..1000).filter(|_| budget.take_bytes(3).is_ok()).count() as u64 * 3);
            [work(), work(), work()].map(|thread| thread.join().unwrap()).iter().sum()
        });
        assert_eq!(taken, 999);
        assert_eq!(budget.remaining(), 1);
    }
}
