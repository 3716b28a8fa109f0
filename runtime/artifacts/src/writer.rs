//! Writing one blob.

use std::io;

use crate::budget::{Budget, WriterSlot};
use crate::error::{Error, Result};
use crate::id::ContentId;
use crate::stage::Stage;
use crate::store::Store;

/// The longest file, as systems count offsets in signed 64 bits.
const MAX_LEN: u64 = i64::MAX as u64;

impl Store {
    /// Begins a blob, whose growth is taken from `budget` where one is given. Fails when the budget's bound on open
    /// writers is reached.
    pub fn create(&self, budget: Option<&Budget>) -> Result<BlobWriter> {
        let slot = budget.map(Budget::open_writer).transpose()?;
        Ok(BlobWriter { stage: Stage::new(self.clone(), blake3::Hasher::new()), slot })
    }
}

/// A blob being written. Holds at most 64 KiB in memory, the rest in a temporary file. Dropped without
/// [`finish`](Self::finish), it leaves nothing behind.
///
/// Bytes are hashed while they are appended. A write into what has gone to the file already costs one pass over the
/// file at the end; as that takes time for the whole length, holes included, bound strangers by a budget.
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
    /// Appends bytes at the end: all of them, or none with an error.
    pub fn append(&mut self, data: &[u8]) -> Result<()> {
        self.grow_to(self.len().saturating_add(data.len() as u64))?;
        self.stage.append(data)
    }

    /// Writes bytes at an offset, over what is there or behind the end; what lies between becomes zero. As elsewhere,
    /// writing no bytes changes nothing, whatever the offset. Beyond the budget nothing is written.
    pub fn write_at(&mut self, offset: u64, data: &[u8]) -> Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        self.grow_to(offset.saturating_add(data.len() as u64))?;
        self.stage.write_at(offset, data)
    }

    /// Reads back bytes written so far; the number read is less than asked for only at the end.
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

    /// Publishes the blob; bytes that the store holds already are not kept twice.
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
