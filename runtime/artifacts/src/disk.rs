//! The seam below which a simulation of crashes takes the place of the disk.

use std::fmt::Debug;
use std::io;

use crate::id::ContentId;

/// What a store is about to change in its directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// A file or a directory is created.
    Create,
    /// Bytes are written to a file.
    Write,
    /// A complete file gets the name of this content.
    Publish(ContentId),
    /// A file or a directory is removed, or renamed to be.
    Remove,
    /// A file, or the names in a directory, are flushed.
    Flush,
    /// Everything is flushed.
    FlushAll,
}

/// Hears of each change before it is made. Stores have one only in simulations, which have it fail.
pub trait Disk: Debug + Send + Sync {
    /// Lets a change be made, or fails in its place.
    fn before(&self, change: Change) -> io::Result<()>;
}
