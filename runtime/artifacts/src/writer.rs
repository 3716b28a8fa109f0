//! Writing one blob.

use std::io;

use crate::budget::{Budget, WriterSlot};
use crate::error::{Error, Result};
use crate::id::ContentId;
use crate::stage::Stage;
use crate::store::Store;

/// The maximum length of a file: systems have signed 64-bit offsets.
const MAX_LEN: u64 = i64::MAX as u64;

impl Store {
    /// Starts a blob. Its bytes are taken from `budget`, if there is one. Fails if the budget's limit of open writers
    /// is reached.
    pub fn create(&self, budget: Option<&Budget>) -> Result<BlobWriter> {
        let slot = budget.map(Budget::open_writer).transpose()?;
        Ok(BlobWriter { stage: Stage::new(self.clone(), blake3::Hasher::new()), slot })
    }
}

/// A blob that is being written. It has at most 64 KiB in memory and the rest in a temporary file. Dropping it without
/// [`finish`](Self::finish) discards it.
///
/// Bytes are hashed while they are appended. A write into the part that is in the file already costs hashing the whole
/// file at the end. As that takes time for the whole length including holes, writers of untrusted guests need a budget.
pub struct BlobWriter {
    stage: Stage,
    slot: Option<WriterSlot>,
}

impl std::fmt::Debug for BlobWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BlobWriter").field("len", &self.len()).finish_non_exhaustive()
    }
}

impl BlobWriter {
    /// Appends bytes, all of them or, with an error, none.
    pub fn append(&mut self, data: &[u8]) -> Result<()> {
        self.grow_to(self.len().saturating_add(data.len() as u64))?;
        self.stage.append(data)
    }

    /// Writes bytes at an offset, which may be beyond the end: the bytes between become zero. Writing no bytes has no
    /// effect at any offset. A write beyond the budget has no effect.
    pub fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        self.grow_to(offset.saturating_add(data.len() as u64))?;
        self.stage.write_at(offset, data)
    }

    /// Reads bytes written so far. Fewer bytes than the length of the buffer are read only at the end.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        self.stage.read_at(offset, buffer)
    }

    /// The length so far, in bytes.
    pub fn len(&self) -> u64 {
        self.stage.len()
    }

    /// Whether nothing was written yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Publishes the blob. Bytes that are in the store already are stored once.
    pub fn finish(self) -> Result<ContentId> {
        if let Some(slot) = &self.slot {
            slot.budget().take_file()?;
        }
        self.stage.publish(false)
    }

    fn grow_to(&self, end: u64) -> Result<()> {
        let growth = end.saturating_sub(self.len());
        if let Some(slot) = &self.slot {
            slot.budget().take_bytes(growth)?;
        }
        if end > MAX_LEN {
            return Err(Error::OutputLimit { limit: MAX_LEN });
        }
        Ok(())
    }
}

impl io::Write for BlobWriter {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.append(data).map(|()| data.len()).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
