//! A store over another: what the directory lacks is looked for in a [`Backing`], such as a bucket, and what is to last is put there.
//!
//! The directory is then a cache. Content that is not in it is brought when it is opened, held against its id while it comes. Whether content
//! is there ([`Store::contains`]) is asked of both, file by file, so that a directory counts only if none of its files is missing.
//!
//! What could not be put into the backing leaves the file `behind` in the store, until [`Store::catch_up`] has put all that is in the directory.

use std::collections::HashSet;
use std::fmt;
use std::fs::File;
use std::io;
use std::ops::ControlFlow;

use blake3::Hasher;

use crate::disk::Change;
use crate::error::{Error, ErrorContext as _, Result};
use crate::gc::GcReport;
use crate::id::{ContentId, Digest};
use crate::manifest;
use crate::stage::Stage;
use crate::store::Store;

/// Is told how many bytes were copied, of how many in all (0 if that is not known), and may end it.
pub type Progress<'p> = dyn FnMut(u64, u64) -> ControlFlow<()> + 'p;

/// What keeps content beyond a store's directory. Its objects are files: blobs, and the manifests of trees.
pub trait Backing: fmt::Debug + Send + Sync {
    /// Whether it may be asked. If not, it counts as empty, and nothing is put there for now.
    fn is_reachable(&self) -> bool;

    /// The lengths of objects, in the order of `ids`; none for one that is not there. It must ask, and not rely on what it knows.
    fn lengths(&self, ids: &[ContentId]) -> Result<Vec<Option<u64>>>;

    /// Brings objects into the directory of `store`, through [`Store::receive`]. One that is not there is [`Error::NotFound`].
    fn bring(&self, ids: &[ContentId], store: &Store, progress: &mut Progress<'_>) -> Result<()>;

    /// Puts files of the directory there ([`Store::open_file`]), in any order, each only once its bytes were held against its id ([`Check`]).
    fn put(&self, ids: &[ContentId], store: &Store, progress: &mut Progress<'_>) -> Result<()>;
}

const BEHIND: &str = "behind";
/// What was `behind` when a catch-up began.
const CATCHING_UP: &str = "behind.now";

impl Store {
    /// Puts a backing below the store and all its clones, for good: a second one is passed over.
    pub fn set_backing(&self, backing: Box<dyn Backing>) {
        _ = self.0.backing.set(backing);
    }

    /// Whether there is a backing below the store.
    pub fn has_backing(&self) -> bool {
        self.backing().is_some()
    }

    pub(crate) fn backing(&self) -> Option<&dyn Backing> {
        self.0.backing.get().map(Box::as_ref)
    }

    /// The backing, if there is one and it may be asked.
    pub(crate) fn reachable(&self) -> Option<&dyn Backing> {
        self.backing().filter(|backing| backing.is_reachable())
    }

    /// Brings all files of content into the directory that are missing there, several at the same time. Without a backing, nothing is done.
    pub fn bring(&self, ids: &[ContentId], progress: &mut Progress<'_>) -> Result<()> {
        let Some(backing) = self.backing() else { return Ok(()) };
        let trees = self.missing(unique(ids.iter().copied().filter(ContentId::is_tree)))?;
        if !trees.is_empty() {
            backing.bring(&trees, self, progress)?;
        }
        let files = self.missing(self.files(ids)?)?;
        if files.is_empty() { Ok(()) } else { backing.bring(&files, self, progress) }
    }

    /// Puts all files of content into the backing that are missing there. Without a backing, nothing is done. If it fails, or the backing may not
    /// be asked, the store [is behind](Self::is_behind).
    pub fn keep(&self, ids: &[ContentId], progress: &mut Progress<'_>) -> Result<()> {
        let Some(backing) = self.backing() else { return Ok(()) };
        if !backing.is_reachable() {
            return self.set_behind();
        }
        let kept = self.files(ids).and_then(|files| self.put(backing, files, progress));
        kept.or_else(|error| self.set_behind().and(Err(error)))
    }

    /// Whether there may be content in the directory that should be in the backing and is not.
    pub fn is_behind(&self) -> bool {
        [BEHIND, CATCHING_UP].iter().any(|name| self.0.root.exists(name))
    }

    /// Notes that there may be content in the directory that the backing lacks.
    pub fn set_behind(&self) -> Result<()> {
        let note = || {
            self.before(Change::Create)?;
            self.0.root.write(BEHIND, "")
        };
        note().context("write", || self.shown(BEHIND))
    }

    /// Puts all content of the directory into the backing that is missing there, if the store is behind and the backing may be asked. Damaged files
    /// are passed over.
    pub fn catch_up(&self, progress: &mut Progress<'_>) -> Result<()> {
        let Some(backing) = self.reachable().filter(|_| self.is_behind()) else { return Ok(()) };
        let shown = || self.shown(BEHIND);
        // What comes behind from now on is noted anew.
        unless_missing(self.0.root.rename(BEHIND, &self.0.root, CATCHING_UP)).context("rename", shown)?;
        let mut files = Vec::new();
        for trees in [false, true] {
            for object in self.objects(trees)? {
                files.extend(object?.id);
            }
        }
        while let Err(error) = self.put(backing, files.clone(), progress) {
            match error {
                Error::Damaged { id, .. } | Error::NotFound { id } if files.contains(&id) => {
                    files.retain(|file| *file != id);
                }
                error => return Err(error),
            }
        }
        unless_missing(self.0.root.remove_file(CATCHING_UP)).context("remove", shown)
    }

    /// Removes blobs with bytes from the directory that are in the backing, those that were not used for longest first, until all blobs together have
    /// at most `most` bytes. The caller holds [`Store::lock_exclusive`]. With `dry_run`, nothing is removed.
    pub fn evict(&self, most: u64, dry_run: bool) -> Result<GcReport> {
        let mut report = GcReport::default();
        let Some(backing) = self.reachable() else { return Ok(report) };
        let mut blobs = Vec::new();
        for object in self.objects(false)? {
            let object = object?;
            // What is empty takes no room.
            let Some(id) = object.id.filter(|_| object.meta.len() > 0) else { continue };
            let used = object.meta.accessed().ok().max(object.meta.modified().ok());
            blobs.push((used, id, object.meta.len()));
        }
        blobs.sort_by_key(|(used, id, _)| (*used, id.digest().to_string()));
        let mut total: u64 = blobs.iter().map(|(_, _, len)| len).sum();
        report.kept = blobs.len() as u64;
        // Asked in pieces, as most may stay.
        for blobs in blobs.chunks(EVICTED_AT_ONCE) {
            if total <= most {
                break;
            }
            let ids: Vec<ContentId> = blobs.iter().map(|(_, id, _)| *id).collect();
            for ((_, id, len), there) in blobs.iter().zip(backing.lengths(&ids)?) {
                if total <= most || there != Some(*len) {
                    continue;
                }
                if !dry_run {
                    let (dir, place) = self.place(id);
                    dir.remove_file(place).context("remove", || self.shown_id(id))?;
                }
                total -= len;
                report.kept -= 1;
                report.removed += 1;
                report.bytes_freed += len;
            }
        }
        Ok(report)
    }

    /// Starts a file of content whose id is known. [`Receiver::finish`] publishes it if its bytes are those of the id.
    pub fn receive(&self, id: ContentId) -> Receiver {
        Receiver { id, stage: Stage::new(self.clone(), hasher(&id)) }
    }

    /// Opens the file of a blob, or of a tree's manifest, in the directory. Its bytes are not checked. Gives its length, too.
    pub fn open_file(&self, id: &ContentId) -> Result<(File, u64)> {
        let file = self.open_local(id)?;
        let len = file.metadata().context("read", || self.shown_id(id))?.len();
        Ok((file, len))
    }

    /// The length of an object, or none if it is neither here nor in the backing.
    pub(crate) fn length_below(&self, id: &ContentId) -> Result<Option<u64>> {
        Ok(self.lengths_below(std::slice::from_ref(id))?.first().copied().flatten())
    }

    /// The lengths of objects in the backing, which is empty if there is none or it may not be asked.
    pub(crate) fn lengths_below(&self, ids: &[ContentId]) -> Result<Vec<Option<u64>>> {
        match self.reachable() {
            Some(backing) if !ids.is_empty() => backing.lengths(ids),
            _ => Ok(vec![None; ids.len()]),
        }
    }

    /// Opens a file, brought from the backing if it is not in the directory.
    pub(crate) fn open_or_bring(&self, id: &ContentId) -> Result<File> {
        match self.open_local(id) {
            Err(Error::NotFound { .. }) if self.backing().is_some() => {
                self.backing().map_or(Ok(()), |backing| {
                    backing.bring(std::slice::from_ref(id), self, &mut |_, _| ControlFlow::Continue(()))
                })?;
                self.open_local(id)
            }
            opened => opened,
        }
    }

    /// Those of the files that are neither in the directory nor in the backing.
    pub fn absent(&self, files: &[ContentId]) -> Result<Vec<ContentId>> {
        let missing = self.missing(files.iter().copied())?;
        let below = self.lengths_below(&missing)?;
        Ok(missing.into_iter().zip(below).filter(|(_, there)| there.is_none()).map(|(id, _)| id).collect())
    }

    /// The files that content consists of, each once: blobs, and then the manifests.
    pub fn files(&self, ids: &[ContentId]) -> Result<Vec<ContentId>> {
        let mut files = Vec::new();
        for id in ids {
            if let ContentId::Tree(digest) = id {
                files.extend(self.open_tree(digest)?.entries().iter().map(|entry| ContentId::Blob(entry.digest)));
            }
        }
        files.extend(ids.iter().filter(|id| !id.is_tree()));
        files.extend(ids.iter().filter(|id| id.is_tree()));
        Ok(unique(files))
    }

    /// Those of the files that are not in the directory.
    fn missing(&self, files: impl IntoIterator<Item = ContentId>) -> Result<Vec<ContentId>> {
        let mut missing = Vec::new();
        for id in files {
            match self.file_len(&id) {
                Ok(_) | Err(Error::Damaged { .. }) => {}
                Err(Error::NotFound { .. }) => missing.push(id),
                Err(error) => return Err(error),
            }
        }
        Ok(missing)
    }

    fn put(&self, backing: &dyn Backing, files: Vec<ContentId>, progress: &mut Progress<'_>) -> Result<()> {
        let there = backing.lengths(&files)?;
        let mut lacking = Vec::new();
        for (id, there) in files.into_iter().zip(there) {
            match (self.file_len(&id), there) {
                (Ok(here), Some(there)) if here == there => {}
                // It was removed from the directory once it was there.
                (Err(Error::NotFound { .. }), Some(_)) => {}
                (Ok(_), _) => lacking.push(id),
                (Err(error), _) => return Err(error),
            }
        }
        if lacking.is_empty() { Ok(()) } else { backing.put(&lacking, self, progress) }
    }
}

/// Files whose copies are asked for at once when files are evicted.
const EVICTED_AT_ONCE: usize = 10_000;

/// Each id once, where it comes first.
fn unique(ids: impl IntoIterator<Item = ContentId>) -> Vec<ContentId> {
    let mut seen = HashSet::new();
    ids.into_iter().filter(|id| seen.insert(*id)).collect()
}

fn unless_missing(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

fn hasher(id: &ContentId) -> Hasher {
    if id.is_tree() { manifest::hasher() } else { Hasher::new() }
}

/// A file that is being received; dropped without [`finish`](Self::finish), it is discarded.
pub struct Receiver {
    id: ContentId,
    stage: Stage,
}

impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Receiver {
    /// Appends bytes.
    pub fn append(&mut self, data: &[u8]) -> Result<()> {
        self.stage.append(data)
    }

    /// The length so far, in bytes.
    pub fn len(&self) -> u64 {
        self.stage.len()
    }

    /// Whether nothing came yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Publishes the file, or fails with [`Error::Damaged`] if its bytes are not those of its id.
    pub fn finish(self) -> Result<()> {
        self.stage.publish_as(&self.id)
    }
}

/// Holds bytes against an id.
#[derive(Debug)]
pub struct Check {
    id: ContentId,
    hasher: Hasher,
}

impl Check {
    /// No bytes yet.
    pub fn new(id: ContentId) -> Self {
        Self { id, hasher: hasher(&id) }
    }

    /// Adds the next bytes of the file.
    pub fn update(&mut self, data: &[u8]) {
        self.hasher.update(data);
    }

    /// Fails with [`Error::Damaged`] if the bytes so far are not all of those of the id.
    pub fn finish(self) -> Result<()> {
        expect(&self.id, Digest::from(self.hasher.finalize()))
    }
}

/// Fails if a digest is not the one of an id.
pub(crate) fn expect(id: &ContentId, found: Digest) -> Result<()> {
    if found == id.digest() {
        return Ok(());
    }
    Err(Error::Damaged { id: *id, reason: format!("its bytes hash to {found} instead") })
}
