//! Reading content.

use std::fs::File;
use std::io::{self, Read as _};
use std::sync::Arc;

use crate::error::{Error, ErrorContext as _, Result};
use crate::id::{ContentId, Digest};
use crate::manifest::{self, MAX_MANIFEST_BYTES, TreeEntry};
use crate::path;
use crate::positioned;
use crate::store::{Store, check_len};

impl Store {
    /// Opens a blob or a tree. The manifest of a tree is read and checked against its digest, the bytes of a blob are
    /// not.
    pub fn open_content(&self, id: &ContentId) -> Result<Content> {
        match id {
            ContentId::Blob(digest) => self.open_blob(digest).map(Content::File),
            ContentId::Tree(digest) => self.open_tree(digest).map(Content::Tree),
        }
    }

    /// Opens a blob.
    pub fn open_blob(&self, digest: &Digest) -> Result<BlobReader> {
        let id = ContentId::Blob(*digest);
        let file = self.open_stored(&id)?;
        let meta = file.metadata().context("read", || self.shown_id(&id))?;
        if !meta.is_file() {
            return Err(Error::Damaged { id, reason: "it is not a plain file".to_owned() });
        }
        let len = check_len(&id, meta.len())?;
        Ok(BlobReader { store: self.clone(), file: Arc::new(file), digest: *digest, len })
    }

    /// Opens a tree.
    pub fn open_tree(&self, digest: &Digest) -> Result<TreeReader> {
        let entries = self.read_manifest(digest)?;
        Ok(TreeReader { store: self.clone(), digest: *digest, entries: entries.into() })
    }

    fn read_manifest(&self, digest: &Digest) -> Result<Vec<TreeEntry>> {
        let id = ContentId::Tree(*digest);
        let damaged = |reason: &str| Error::Damaged { id, reason: format!("its manifest cannot be used: {reason}") };
        let file = self.open_stored(&id)?;
        let mut bytes = Vec::new();
        // One more than the bound, to detect a longer file.
        file.take(MAX_MANIFEST_BYTES as u64 + 1).read_to_end(&mut bytes).context("read", || self.shown_id(&id))?;
        if bytes.len() > MAX_MANIFEST_BYTES {
            return Err(damaged("it is too long"));
        }
        if manifest::digest(&bytes) != *digest {
            return Err(damaged("its bytes have another digest"));
        }
        manifest::decode(&bytes).map_err(damaged)
    }
}

/// Content that is open for reading.
#[derive(Debug, Clone)]
pub enum Content {
    /// Plain bytes.
    File(BlobReader),
    /// A directory.
    Tree(TreeReader),
}

impl Content {
    /// The length of the bytes, or of all files of a directory together.
    pub fn len(&self) -> u64 {
        match self {
            Self::File(blob) => blob.len(),
            Self::Tree(tree) => tree.len(),
        }
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fails if the stored length is not the expected one, as after a power cut.
    pub fn expect_len(self, expected: u64) -> Result<Self> {
        match self {
            Self::File(blob) => blob.expect_len(expected).map(Self::File),
            Self::Tree(tree) if tree.len() == expected => Ok(Self::Tree(tree)),
            Self::Tree(tree) => Err(wrong_length(tree.id(), tree.len(), expected)),
        }
    }
}

fn wrong_length(id: ContentId, stored: u64, expected: u64) -> Error {
    Error::Damaged { id, reason: format!("it has {stored} bytes, not {expected}") }
}

/// A blob that is open for reading. Clones share the open file, and can be read at the same time.
#[derive(Debug, Clone)]
pub struct BlobReader {
    store: Store,
    file: Arc<File>,
    digest: Digest,
    len: u64,
}

impl BlobReader {
    /// The length in bytes.
    pub fn len(&self) -> u64 {
        self.len
    }

    /// Whether there are no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The blob's id.
    pub fn id(&self) -> ContentId {
        ContentId::Blob(self.digest)
    }

    /// Reads from `offset` on. Fewer bytes than the length of the buffer are read only at the end, and none beyond it.
    pub fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize> {
        let wanted = usize::try_from(self.len.saturating_sub(offset)).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let n = positioned::read(&self.file, offset, &mut buffer[..wanted])
            .context("read", || self.store.shown_id(&self.id()))?;
        if n < wanted {
            return Err(wrong_length(self.id(), offset + n as u64, self.len));
        }
        Ok(n)
    }

    /// Fails if the stored length is not the expected one.
    pub fn expect_len(self, expected: u64) -> Result<Self> {
        if self.len == expected { Ok(self) } else { Err(wrong_length(self.id(), self.len, expected)) }
    }

    /// A reader from the start, with its own position.
    pub fn cursor(&self) -> BlobCursor {
        BlobCursor { blob: self.clone(), position: 0 }
    }

    pub(crate) fn file(&self) -> &File {
        &self.file
    }
}

/// Reads a blob sequentially. Each read is a system call: wrap it in a `BufReader` for small ones.
#[derive(Debug)]
pub struct BlobCursor {
    blob: BlobReader,
    position: u64,
}

impl io::Read for BlobCursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.blob.read_at(self.position, buffer).map_err(io::Error::other)?;
        self.position += n as u64;
        Ok(n)
    }
}

impl io::Seek for BlobCursor {
    fn seek(&mut self, to: io::SeekFrom) -> io::Result<u64> {
        let position = match to {
            io::SeekFrom::Start(offset) => Some(offset),
            io::SeekFrom::Current(by) => self.position.checked_add_signed(by),
            io::SeekFrom::End(by) => self.blob.len.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// A directory that is open for reading. Clones share the entries.
#[derive(Debug, Clone)]
pub struct TreeReader {
    store: Store,
    digest: Digest,
    entries: Arc<[TreeEntry]>,
}

impl TreeReader {
    /// The files, in the order of the manifest.
    pub fn entries(&self) -> &[TreeEntry] {
        &self.entries
    }

    /// The length of all files together, in bytes.
    pub fn len(&self) -> u64 {
        self.entries.iter().map(|entry| entry.size).sum()
    }

    /// Whether there is no file.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The directory's id.
    pub fn id(&self) -> ContentId {
        ContentId::Tree(self.digest)
    }

    /// The file at `path`.
    pub fn find(&self, path: &str) -> Option<&TreeEntry> {
        let at = self.entries.binary_search_by(|entry| path::order(&entry.path, path)).ok()?;
        self.entries.get(at)
    }

    /// Opens the file at `path`, and checks that it has the length in the manifest.
    pub fn open(&self, path: &str) -> Result<BlobReader> {
        let entry = self
            .find(path)
            .ok_or_else(|| Error::NoSuchEntry { id: self.id(), path: path.chars().take(100).collect() })?;
        self.store.open_blob(&entry.digest)?.expect_len(entry.size)
    }
}
