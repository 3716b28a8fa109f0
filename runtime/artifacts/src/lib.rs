//! The content-addressed store: every artifact's bytes live once, under their BLAKE3 digest.
//!
//! A [`Store`] holds *blobs* (plain bytes) and *trees* (directories: a manifest that names blobs). Both are known by a
//! [`ContentId`]. Bytes go in through a [`BlobWriter`] or [`TreeWriter`], or from the host through [`Store::import`],
//! and come out through [`Store::open_content`] or [`Store::export`]. A step that wants real files works in a
//! [`Scratch`] directory, into which content is hard-linked ([`Store::materialize`]) and from which it is taken over
//! ([`Store::adopt`]) or copied ([`Store::copy_from`]).
//!
//! # Layout on disk
//!
//! | path | what |
//! | --- | --- |
//! | `version` | the layout's version; written last, so its presence says that the store is whole |
//! | `lock` | held shared by runs, exclusively by garbage collection ([`Store::lock_shared`]) |
//! | `blobs/ab/<64 hex>` | a blob; `ab` are the digest's first two digits |
//! | `trees/ab/<64 hex>` | a tree's manifest (format: [`TreeEntry`]) |
//! | `tmp/<process>/` | what a process is still writing; `tmp/<process>.lock` is locked while it lives |
//! | `damaged/` | what [`Store::fsck`] moved out of the way |
//!
//! # What a crash leaves
//!
//! Content is written to `tmp/` and renamed into place when it is complete, so a killed process leaves whole blobs and
//! garbage in `tmp/`, which [`Store::gc`] removes. What a power cut leaves is chosen by [`Durability`].
//!
//! All paths are resolved beneath the store's own directory handle (cap-std), so nothing in the store, symbolic links
//! included, leads outside.

mod adopt;
mod budget;
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

pub use budget::{Budget, Limits};
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
