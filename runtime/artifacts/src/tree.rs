//! Writing a tree.

use std::collections::BTreeMap;
use std::ops::Bound;

use crate::budget::{Budget, WriterSlot};
use crate::error::{Error, Result};
use crate::id::{ContentId, Digest};
use crate::manifest;
use crate::path::{self, Key};
use crate::stage::Stage;
use crate::store::Store;
use crate::writer::BlobWriter;

impl Store {
    /// Starts a directory. Its files and names are taken from `budget`, if there is one.
    pub fn create_tree(&self, budget: Option<&Budget>) -> Result<TreeWriter> {
        let slot = budget.map(Budget::open_writer).transpose()?;
        Ok(TreeWriter { store: self.clone(), slot, entries: BTreeMap::new(), bytes: manifest::HEADER, total: 0 })
    }
}

impl Store {
    /// What is at a path in stored content: a file, or a directory, which is then stored as one of its own. An empty path is the content
    /// itself. None if there is nothing.
    pub fn inside(&self, id: &ContentId, path: &str) -> Result<Option<ContentId>> {
        if path.is_empty() {
            return Ok(self.contains(id)?.then_some(*id));
        }
        let ContentId::Tree(digest) = id else { return Ok(None) };
        let tree = self.open_tree(digest)?;
        if let Some(file) = tree.find(path) {
            return Ok(Some(ContentId::Blob(file.digest)));
        }
        let mut part = self.create_tree(None)?;
        for entry in tree.entries().iter().filter(|entry| path::is_below(&entry.path, path)) {
            part.add_sized(&entry.path[path.len() + 1..], entry.size, entry.digest)?;
        }
        if part.is_empty() { Ok(None) } else { part.finish().map(Some) }
    }
}

/// A directory that is being written. Entries may be added in any order.
#[derive(Debug)]
pub struct TreeWriter {
    store: Store,
    slot: Option<WriterSlot>,
    entries: BTreeMap<Key, (u64, Digest)>,
    /// The length of the manifest so far.
    bytes: usize,
    /// The sum of the entries' sizes.
    total: u64,
}

impl TreeWriter {
    /// Starts a file for `path`. Finish it, and [`add`](Self::add) the resulting id.
    pub fn entry(&self, path: &str) -> Result<BlobWriter> {
        self.check(path)?;
        self.store.create(self.slot.as_ref().map(WriterSlot::budget))
    }

    /// Adds stored content at `path`: a blob as a file, a tree as a directory with all its files. Fails without a
    /// change if the path is invalid, exists, or conflicts with another one, or if the content is not in the store.
    pub fn add(&mut self, path: &str, id: &ContentId) -> Result<()> {
        match id {
            ContentId::Blob(digest) => {
                let size = self.store.blob_size(digest)?;
                self.add_sized(path, size, *digest)
            }
            ContentId::Tree(digest) => {
                self.check(path)?;
                let tree = self.store.open_tree(digest)?;
                let below: Vec<String> = tree.entries().iter().map(|entry| format!("{path}/{}", entry.path)).collect();
                below.iter().try_for_each(|path| self.check(path))?;
                let more = below.iter().map(|path| manifest::entry_bytes(path)).sum();
                self.check_room(below.len(), more)?;
                for (path, entry) in below.iter().zip(tree.entries()) {
                    self.add_sized(path, entry.size, entry.digest)?;
                }
                Ok(())
            }
        }
    }

    /// The number of files so far.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no file yet.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Publishes the directory.
    pub fn finish(self) -> Result<ContentId> {
        if let Some(slot) = &self.slot {
            slot.budget().take_file()?;
        }
        let mut stage = Stage::new(self.store, manifest::hasher());
        let mut piece = manifest::header(self.entries.len(), self.total);
        for (Key(path), (size, digest)) in &self.entries {
            manifest::encode_entry(&mut piece, path, *size, digest);
            if piece.len() >= 32 << 10 {
                stage.append(&piece)?;
                piece.clear();
            }
        }
        stage.append(&piece)?;
        stage.publish(true)
    }

    /// Like [`add`](Self::add), for a blob that is known to be stored in this size.
    pub(crate) fn add_sized(&mut self, path: &str, size: u64, digest: Digest) -> Result<()> {
        self.check(path)?;
        self.check_room(1, manifest::entry_bytes(path))?;
        let total = self.total.checked_add(size).ok_or(Error::OutputLimit { limit: u64::MAX })?;
        if let Some(slot) = &self.slot {
            slot.budget().take_manifest(manifest::entry_bytes(path))?;
        }
        self.bytes += manifest::entry_bytes(path);
        self.total = total;
        self.entries.insert(Key(path.to_owned()), (size, digest));
        Ok(())
    }

    fn check_room(&self, entries: usize, bytes: usize) -> Result<()> {
        manifest::check_bounds(self.entries.len() + entries, self.bytes + bytes)
    }

    /// Whether `path` may be added. Since existing entries have no conflicts, a conflicting one is a neighbour: a file
    /// that is a parent of the path directly before it, a file below it directly after it.
    fn check(&self, path: &str) -> Result<()> {
        path::check(path)?;
        let key = Key(path.to_owned());
        let conflict = |other: &str| Error::Conflict { path: path.to_owned(), other: other.to_owned() };
        if let Some((Key(other), _)) = self.entries.range(..=&key).next_back()
            && (other == path || path::is_below(path, other))
        {
            return Err(conflict(other));
        }
        if let Some((Key(other), _)) = self.entries.range((Bound::Excluded(&key), Bound::Unbounded)).next()
            && path::is_below(other, path)
        {
            return Err(conflict(other));
        }
        Ok(())
    }
}
