//! The content-addressed artifact store: content is stored once, under its BLAKE3 digest.
//!
//! A [`Store`] holds *blobs* (plain bytes) and *trees* (directories: a manifest that refers to blobs). Both have a
//! [`ContentId`]. Content is written through a [`BlobWriter`] or [`TreeWriter`], or imported from the host with
//! [`Store::import`], and read through [`Store::open_content`] or copied with [`Store::export`]. A step that needs
//! files works in a [`Scratch`] directory: content is hard-linked into it ([`Store::materialize`]), and moved
//! ([`Store::adopt`]) or copied ([`Store::copy_from`]) from there.
//!
//! # Layout on disk
//!
//! | path | what |
//! | --- | --- |
//! | `version` | the layout's version; written last, so that its presence shows a complete store |
//! | `lock` | held shared by runs, exclusively by garbage collection ([`Store::lock_shared`]) |
//! | `blobs/ab/<64 hex>` | a blob; `ab` are the digest's first two digits |
//! | `trees/ab/<64 hex>` | a tree's manifest (format: [`TreeEntry`]) |
//! | `tmp/<process>/` | temporary files of a process; `tmp/<process>.lock` is locked while it lives |
//! | `damaged/` | damaged content that [`Store::fsck`] has moved |
//! | `behind`, `behind.now` | there to say that the backing may lack content that is here ([`Store::catch_up`]) |
//!
//! # Stores over stores
//!
//! A [`Backing`] keeps content beyond the directory, which is then a cache of it; see [`Store::bring`] and [`Store::keep`].
//!
//! # Crashes
//!
//! Content is written to `tmp/` and renamed when it is complete. A killed process therefore leaves complete content,
//! and garbage in `tmp/`, which [`Store::gc`] removes. [`Durability`] determines what survives a power cut.
//!
//! All paths are resolved beneath the store's directory handle (cap-std), so that nothing in the store, such as a
//! symbolic link, leads outside.

mod adopt;
mod backing;
mod budget;
mod disk;
mod error;
mod export;
mod fsck;
mod gc;
mod id;
mod import;
mod lock;
mod manifest;
mod objects;
mod path;
mod positioned;
mod reader;
mod scratch;
mod stage;
mod store;
mod tmp;
mod tree;
mod walk;
mod writer;

#[cfg(test)]
mod tests;

pub use backing::{Backing, Check, Progress, Receiver};
pub use budget::{Budget, Limits};
pub use disk::{Change, Disk};
pub use error::{Error, Result};
pub use export::Existing;
pub use fsck::{Damage, Repair};
pub use gc::GcReport;
pub use id::{ContentId, Digest};
pub use lock::LockGuard;
pub use manifest::{MAX_ENTRIES, MAX_MANIFEST_BYTES, TreeEntry};
pub use objects::Contents;
pub use path::{MAX_NAME, MAX_PATH};
pub use reader::{BlobCursor, BlobReader, Content, TreeReader};
pub use scratch::{Scratch, Usage, disk_usage};
pub use store::{Durability, Options, Store};
pub use tree::TreeWriter;
pub use writer::BlobWriter;
