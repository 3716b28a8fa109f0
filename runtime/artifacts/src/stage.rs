//! Staging of content: bytes are written and hashed, and then published under their digest.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use blake3::Hasher;
use cap_std::fs::{Dir, OpenOptions};

use crate::backing;
use crate::disk::Change;
use crate::error::{ErrorContext as _, Result};
use crate::id::{ContentId, Digest};
use crate::positioned;
use crate::store::{Durability, Store};

/// The maximum number of bytes in memory before they are written to a file: small content needs only one file to be
/// created and renamed, and large content is written in large blocks.
pub(crate) const TAIL: usize = 64 << 10;
/// The buffer for hashing and copying whole files: what was read is still in the cache nearest to the processor when it is hashed and written.
pub(crate) const CHUNK: usize = 64 << 10;

/// The bytes written so far are a prefix in a temporary file (of length `flushed`, first empty) and a tail in memory.
/// The hasher has seen the prefix only, so that changes in the tail are free. A change in the prefix invalidates the
/// hasher, and the whole file is hashed at the end.
pub(crate) struct Stage {
    store: Store,
    hasher: Hasher,
    hasher_fits: bool,
    file: Option<TempFile>,
    flushed: u64,
    tail: Vec<u8>,
}

impl Stage {
    pub(crate) fn new(store: Store, hasher: Hasher) -> Self {
        Self { store, hasher, hasher_fits: true, file: None, flushed: 0, tail: Vec::new() }
    }

    pub(crate) fn len(&self) -> u64 {
        self.flushed + self.tail.len() as u64
    }

    pub(crate) fn append(&mut self, data: &[u8]) -> Result<()> {
        if self.tail.len() + data.len() > TAIL {
            self.flush()?;
        }
        // What fills the tail by itself is not copied there first.
        if data.len() >= TAIL {
            return self.write_through(data);
        }
        self.tail.extend_from_slice(data);
        Ok(())
    }

    /// Writes at any offset. The bytes between the end and the offset become zero.
    pub(crate) fn write_at(&mut self, offset: u64, mut data: &[u8]) -> Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        if offset > self.len() {
            self.extend_to(offset)?;
        }
        let mut offset = offset;
        if offset < self.flushed {
            let within = at_most(self.flushed - offset, data.len());
            let file = self.temp_file()?;
            file.write(offset, &data[..within]).context("write to", || self.shown())?;
            self.hasher_fits = false;
            offset += within as u64;
            data = &data[within..];
            if data.is_empty() {
                return Ok(());
            }
        }
        let start = at_most(offset - self.flushed, self.tail.len());
        let within = data.len().min(self.tail.len() - start);
        self.tail[start..start + within].copy_from_slice(&data[..within]);
        self.append(&data[within..])
    }

    /// Reads bytes that were written, up to the current end.
    pub(crate) fn read_at(&self, mut offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let mut done = 0;
        if let Some(file) = &self.file
            && offset < self.flushed
        {
            let within = at_most(self.flushed - offset, buffer.len());
            done = positioned::read(&file.file, offset, &mut buffer[..within]).context("read", || self.shown())?;
            offset += done as u64;
        }
        if offset >= self.flushed {
            let start = at_most(offset - self.flushed, self.tail.len());
            let within = (buffer.len() - done).min(self.tail.len() - start);
            buffer[done..done + within].copy_from_slice(&self.tail[start..start + within]);
            done += within;
        }
        Ok(done)
    }

    fn extend_to(&mut self, end: u64) -> Result<()> {
        let gap = end - self.len();
        if self.tail.len() as u64 + gap <= TAIL as u64 {
            self.tail.resize(self.tail.len() + at_most(gap, TAIL), 0);
            return Ok(());
        }
        self.flush()?;
        // A hole needs no disk space. Hashing at the end reads zeros.
        self.temp_file()?.set_len(end).context("extend", || self.shown())?;
        self.flushed = end;
        self.hasher_fits = false;
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        let mut tail = std::mem::take(&mut self.tail);
        let result = if tail.is_empty() { Ok(()) } else { self.write_through(&tail) };
        if result.is_ok() {
            tail.clear();
        }
        self.tail = tail;
        result
    }

    /// Appends to the prefix. The tail must be empty. If it fails, the prefix is unchanged.
    fn write_through(&mut self, data: &[u8]) -> Result<()> {
        let flushed = self.flushed;
        self.temp_file()?.write(flushed, data).context("write to", || self.shown())?;
        if self.hasher_fits {
            self.hasher.update(data);
        }
        self.flushed += data.len() as u64;
        Ok(())
    }

    fn temp_file(&mut self) -> Result<&TempFile> {
        let temp = self.take_file()?;
        Ok(self.file.insert(temp))
    }

    /// The temporary file, created if there is none.
    fn take_file(&mut self) -> Result<TempFile> {
        match self.file.take() {
            Some(temp) => Ok(temp),
            None => TempFile::create(&self.store).context("create a file in", || self.shown()),
        }
    }

    fn shown(&self) -> PathBuf {
        self.store.shown("tmp")
    }

    /// Hashes the rest, and publishes the file unless the store has the same content.
    pub(crate) fn publish(mut self, is_tree: bool) -> Result<ContentId> {
        let digest = self.digest()?;
        let id = if is_tree { ContentId::Tree(digest) } else { ContentId::Blob(digest) };
        self.place(id).map(|()| id)
    }

    /// The same, if the content is that of an id.
    pub(crate) fn publish_as(mut self, id: &ContentId) -> Result<()> {
        let found = self.digest()?;
        backing::expect(id, found)?;
        self.place(*id)
    }

    /// Hashes the rest.
    fn digest(&mut self) -> Result<Digest> {
        let len = self.len();
        if self.file.is_some() {
            self.flush()?;
        } else {
            self.hasher.update(&self.tail);
        }
        if let Some(temp) = &self.file {
            // A failed write may have left bytes beyond the end.
            if temp.file.metadata().context("read", || self.shown())?.len() != len {
                temp.set_len(len).context("cut", || self.shown())?;
            }
            if !self.hasher_fits {
                // Manifests are only appended to, so this is a blob.
                self.hasher = Hasher::new();
                hash_file(&temp.file, &mut self.hasher).context("read", || self.shown())?;
            }
        }
        Ok(Digest::from(self.hasher.finalize()))
    }

    /// Publishes the file unless the store has it.
    fn place(mut self, id: ContentId) -> Result<()> {
        let store = self.store.clone();
        let shard = Shard::open(&store, &id)?;
        if shard.holds(self.len())? {
            return Ok(());
        }
        let is_written = self.file.is_some();
        let mut temp = self.take_file()?;
        if !is_written {
            temp.write(0, &self.tail).context("write to", || self.shown())?;
        }
        shard.take(&temp.file, &store.tmp()?.dir, &temp.name)?;
        temp.name.clear();
        Ok(())
    }
}

/// The minimum of a file length and a buffer length.
fn at_most(length: u64, bound: usize) -> usize {
    usize::try_from(length).unwrap_or(usize::MAX).min(bound)
}

/// Hashes the whole file. Returns its length.
pub(crate) fn hash_file(file: &File, hasher: &mut Hasher) -> io::Result<u64> {
    let mut buffer = vec![0; CHUNK];
    let mut offset = 0;
    loop {
        let n = positioned::read(file, offset, &mut buffer)?;
        hasher.update(&buffer[..n]);
        offset += n as u64;
        if n < buffer.len() {
            return Ok(offset);
        }
    }
}

/// A temporary file, removed when dropped unless its name was cleared.
struct TempFile {
    file: File,
    name: String,
    store: Store,
}

impl TempFile {
    fn create(store: &Store) -> io::Result<Self> {
        let tmp = store.tmp().map_err(io::Error::other)?;
        store.before(Change::Create)?;
        let name = tmp.fresh();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        // The mode applies to later opens: published files are read-only from the start.
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::mode(&mut options, 0o444);
        let file = tmp.dir.open_with(&name, &options)?.into_std();
        Ok(Self { file, name, store: store.clone() })
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.store.before(Change::Write)?;
        positioned::write(&self.file, offset, data)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.store.before(Change::Write)?;
        self.file.set_len(len)
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        if !self.name.is_empty()
            && let Ok(tmp) = self.store.tmp()
            && self.store.before(Change::Remove).is_ok()
        {
            // If it cannot be removed now, it is removed with the directory of the process.
            let _ = tmp.dir.remove_file(&self.name);
        }
    }
}

/// The directory and the file name of content.
pub(crate) struct Shard<'a> {
    store: &'a Store,
    id: ContentId,
    dir: Dir,
    name: String,
}

impl<'a> Shard<'a> {
    /// Opens the directory for `id`, created if it does not exist.
    pub(crate) fn open(store: &'a Store, id: &ContentId) -> Result<Self> {
        let name = id.digest().to_string();
        let (parent, prefix) = (store.objects_dir(id.is_tree()), &name[..2]);
        let dir = match parent.open_dir(prefix) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let made = store.before(Change::Create).and_then(|()| crate::store::ensure_dir(parent, prefix));
                made.context("create", || store.shown_id(id))?;
                if store.0.options.durability == Durability::Full {
                    sync_dir(store, parent).context("flush", || store.shown_id(id))?;
                }
                parent.open_dir(prefix)
            }
            opened => opened,
        };
        Ok(Self { store, id: *id, dir: dir.context("open", || store.shown_id(id))?, name })
    }

    /// Whether the content is stored in this length. One of another length was truncated by a power cut, and is
    /// replaced.
    pub(crate) fn holds(&self, len: u64) -> Result<bool> {
        match self.dir.symlink_metadata(&self.name) {
            Ok(meta) if meta.is_file() && meta.len() == len => {
                if self.store.0.options.durability == Durability::Full {
                    // The process that published it may not have flushed it.
                    self.dir
                        .open(&self.name)
                        .and_then(|file| sync_file(self.store, &file.into_std()))
                        .and_then(|()| sync_dir(self.store, &self.dir))
                        .context("flush", || self.store.shown_id(&self.id))?;
                }
                Ok(true)
            }
            Ok(_) => Ok(false),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error).context("read", || self.store.shown_id(&self.id)),
        }
    }

    /// Moves the file `name` of the directory `from`, open as `file`, to its path. If another thread or process has
    /// published the same content in the meantime, one file replaces the other.
    pub(crate) fn take(&self, file: &File, from: &Dir, name: &str) -> Result<()> {
        let is_full = self.store.0.options.durability == Durability::Full;
        let moved = || {
            if is_full {
                sync_file(self.store, file)?;
            }
            self.store.before(Change::Publish(self.id))?;
            from.rename(name, &self.dir, &self.name)?;
            if is_full { sync_dir(self.store, &self.dir) } else { Ok(()) }
        };
        moved().context("publish", || self.store.shown_id(&self.id))
    }
}

fn sync_file(store: &Store, file: &File) -> io::Result<()> {
    store.before(Change::Flush)?;
    file.sync_all()
}

fn sync_dir(store: &Store, dir: &Dir) -> io::Result<()> {
    store.before(Change::Flush)?;
    // The directory handle may be one for paths only, which cannot be flushed.
    dir.open(".")?.sync_all()
}
