//! Listing everything that is stored.

use std::ffi::{OsStr, OsString};

use cap_std::fs::{Dir, Metadata, ReadDir};

use crate::error::{ErrorContext as _, Result};
use crate::id::{ContentId, Digest};
use crate::store::Store;

impl Store {
    /// All content with its size (see [`Store::size`]), blobs first, in no particular order. Content that is stored or
    /// removed at the same time may be missing. A tree with an unreadable manifest is an error.
    pub fn list(&self) -> Result<Contents> {
        Ok(Contents { blobs: self.objects(false)?, trees: self.objects(true)?, store: self.clone() })
    }

    /// All entries in the directory of blobs or of trees, valid or not.
    pub(crate) fn objects(&self, trees: bool) -> Result<Objects> {
        let place = if trees { "trees" } else { "blobs" };
        let shards = self.objects_dir(trees).entries().context("list", || self.shown(place))?;
        Ok(Objects { store: self.clone(), place, trees, shards, shard: None })
    }
}

/// The iterator of [`Store::list`].
#[derive(Debug)]
pub struct Contents {
    store: Store,
    blobs: Objects,
    trees: Objects,
}

impl Iterator for Contents {
    type Item = Result<(ContentId, u64)>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let object = match self.blobs.next().or_else(|| self.trees.next())? {
                Ok(object) => object,
                Err(error) => return Some(Err(error)),
            };
            match object.id {
                Some(id) if id.is_tree() => return Some(self.store.size(&id).map(|size| (id, size))),
                Some(id) => return Some(Ok((id, object.meta.len()))),
                None => {}
            }
        }
    }
}

/// An entry of a shard, or beside the shards.
pub(crate) struct Object {
    /// Its id by its name and shard; `None` if it is not content.
    pub(crate) id: Option<ContentId>,
    pub(crate) meta: Metadata,
    /// Its path below `blobs` or `trees`.
    pub(crate) shard: Option<OsString>,
    pub(crate) name: OsString,
}

impl Object {
    /// Its path below `blobs` or `trees`.
    pub(crate) fn place(&self) -> std::path::PathBuf {
        self.shard.iter().chain([&self.name]).collect()
    }
}

/// Iterates over both levels of directories.
pub(crate) struct Objects {
    store: Store,
    place: &'static str,
    trees: bool,
    shards: ReadDir,
    shard: Option<(OsString, ReadDir)>,
}

impl std::fmt::Debug for Objects {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects").field("place", &self.place).finish_non_exhaustive()
    }
}

impl Objects {
    fn step(&mut self) -> Result<Option<Object>> {
        let shown = || self.store.shown(self.place);
        loop {
            let (entry, shard) = if let Some((shard, entries)) = &mut self.shard {
                let Some(entry) = entries.next() else {
                    self.shard = None;
                    continue;
                };
                (entry.context("list", || self.store.shown(self.place))?, Some(shard.clone()))
            } else if let Some(entry) = self.shards.next() {
                (entry.context("list", shown)?, None)
            } else {
                return Ok(None);
            };
            let name = entry.file_name();
            let meta = match entry.metadata() {
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
                meta => meta.context("read", || self.store.shown(self.place).join(&name))?,
            };
            if shard.is_none() && meta.is_dir() && is_shard_name(&name) {
                let dir: Dir = entry.open_dir().context("open", || self.store.shown(self.place).join(&name))?;
                let entries = dir.entries().context("list", || self.store.shown(self.place).join(&name))?;
                self.shard = Some((name, entries));
                continue;
            }
            let id = shard.as_ref().filter(|_| meta.is_file()).and_then(|shard| self.id_of(shard, &name));
            return Ok(Some(Object { id, meta, shard, name }));
        }
    }

    fn id_of(&self, shard: &OsStr, name: &OsStr) -> Option<ContentId> {
        let (shard, name) = (shard.to_str()?, name.to_str()?);
        let digest: Digest = name.parse().ok().filter(|_| name.starts_with(shard))?;
        Some(if self.trees { ContentId::Tree(digest) } else { ContentId::Blob(digest) })
    }
}

fn is_shard_name(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    bytes.len() == 2 && bytes.iter().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

impl Iterator for Objects {
    type Item = Result<Object>;

    fn next(&mut self) -> Option<Self::Item> {
        self.step().transpose()
    }
}
