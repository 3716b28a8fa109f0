//! OCI registries as weft uses them: components, artifacts and pipelines pushed and pulled in the forms that `wkg` and `oras` read, referrers,
//! a cache of what was fetched, the lock file that pins references, and archives that carry it all in one file.
//!
//! - [`Reference`] is `HOST/REPOSITORY:TAG@DIGEST`; [`Manifest`], [`Index`] and [`Descriptor`] are what registries hold.
//! - [`Client`] talks to registries. [`Credentials`] are found as docker's configuration has them.
//! - [`Blobs`] keeps what was fetched; [`Lock`] is `weft.lock`; [`Archive`] is an OCI image layout in a tar.
//!
//! # Invariants
//! - Whatever is handed out has the size and the digest that were asked for, held against the bytes themselves: of a manifest, of its blobs, of
//!   what lies in the cache, of what an archive holds. Nothing is believed because a header says it.
//! - What a registry sizes is bounded before it is held: documents by [`MAX_DOCUMENT`], blobs by their descriptors, and those go to disk.
//! - Credentials go to the registry that they are for, and to nobody that it redirects to.
//! - Plain HTTP is spoken to loopback, or where it is asked for.

mod archive;
mod auth;
mod blobs;
mod client;
mod component;
mod digest;
mod error;
mod folder;
mod lock;
mod manifest;
mod reference;
mod referrers;
mod transport;
mod upload;

pub use archive::{Archive, ArchiveWriter, is_archive};
pub use auth::Credentials;
pub use blobs::Blobs;
pub use client::{Client, Fetched};
pub use component::config as component_config;
pub use digest::{Digest, Hashing};
pub use error::{Error, Result};
pub use folder::{pack_folder, unpack_folder};
pub use lock::{Lock, Moved, Pinned};
pub use manifest::{Descriptor, Index, MAX_DOCUMENT, MAX_LAYERS, Manifest, media, safe_path};
pub use reference::Reference;
pub use referrers::referrer_manifest;
pub use transport::Settings;
pub use upload::Source;
