//! The store: opening it, its paths, presence and size of content.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};

use crate::backing::Backing;
use crate::disk::{Change, Disk};
use crate::error::{Error, ErrorContext as _, Result};
use crate::id::{ContentId, Digest};
use crate::manifest;
use crate::tmp::TmpDir;

/// What is flushed to disk, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Publishing flushes nothing; the system writes back later. Killing the process loses nothing, but after a power
    /// cut, content of the last seconds may be missing, empty or truncated. An empty file in place of content is always
    /// detected, a truncated one where the length is known, as for the files of a tree and with
    /// [`Content::expect_len`](crate::Content::expect_len). [`Store::sync`] flushes everything before a durable record
    /// refers to it.
    #[default]
    Lazy,
    /// Each file and its directory are flushed before the id is returned: safe against power cuts at once, for the
    /// latency of a disk write per file.
    Full,
}

/// Options of opening a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// What is flushed to disk, and when.
    pub durability: Durability,
}

/// A content-addressed store. Clones are cheap and share everything. All methods may be called from any thread, and
/// several processes may use a store.
#[derive(Debug, Clone)]
pub struct Store(pub(crate) Arc<Inner>);

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) root: Dir,
    blobs: Dir,
    trees: Dir,
    tmp: Dir,
    /// Absolute, so that it stays valid if the process changes its working directory.
    path: Option<PathBuf>,
    pub(crate) options: Options,
    disk: Option<Arc<dyn Disk>>,
    pub(crate) backing: OnceLock<Box<dyn Backing>>,
    /// Created by the first write, so that a store that is only read is not changed.
    claim: OnceLock<TmpDir>,
    claiming: Mutex<()>,
}

const VERSION_FILE: &str = "version";
const VERSION: &str = "weft-artifacts 1";
/// The names in a store whose creation was interrupted before its `version` was written.
const LAYOUT: [&str; 5] = ["blobs", "trees", "tmp", "damaged", "lock"];

impl Store {
    /// Opens the store in the directory `path`, created with its parents if it does not exist.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, Options::default())
    }

    /// Like [`Store::open`], with options.
    pub fn open_with(path: impl AsRef<Path>, options: Options) -> Result<Self> {
        Self::open_path(path.as_ref(), options, None)
    }

    /// Like [`Store::open`], with a disk that may fail. For simulations of crashes.
    pub fn open_on(path: impl AsRef<Path>, disk: Arc<dyn Disk>) -> Result<Self> {
        Self::open_path(path.as_ref(), Options::default(), Some(disk))
    }

    fn open_path(path: &Path, options: Options, disk: Option<Arc<dyn Disk>>) -> Result<Self> {
        let absolute = std::path::absolute(path).context("find", || path)?;
        let authority = ambient_authority();
        let root = match Dir::open_ambient_dir(&absolute, authority) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Dir::create_ambient_dir_all(&absolute, authority).context("create", || &absolute)?;
                Dir::open_ambient_dir(&absolute, authority)
            }
            opened => opened,
        };
        Self::open_root(root.context("open", || &absolute)?, Some(absolute), options, disk)
    }

    /// Opens the store in a directory with an open handle. As its path is not known, [`Scratch::path`] is `None`.
    ///
    /// [`Scratch::path`]: crate::Scratch::path
    pub fn open_in(root: Dir, options: Options) -> Result<Self> {
        Self::open_root(root, None, options, None)
    }

    fn open_root(root: Dir, path: Option<PathBuf>, options: Options, disk: Option<Arc<dyn Disk>>) -> Result<Self> {
        let shown = |name: &str| path.as_deref().unwrap_or(Path::new("")).join(name);
        let is_new = match root.read_to_string(VERSION_FILE) {
            Ok(found) if found.trim_end() == VERSION => false,
            Ok(found) => {
                let found = found.trim_end().chars().take(100).collect();
                return Err(Error::Version { path: shown(""), found, known: VERSION });
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => true,
            Err(error) => return Err(error).context("read", || shown(VERSION_FILE)),
        };
        if is_new {
            for entry in root.entries().context("list", || shown(""))? {
                let name = entry.context("list", || shown(""))?.file_name();
                // Another process may be creating the same store.
                if !LAYOUT.iter().any(|known| name == *known) && name != VERSION_FILE {
                    return Err(Error::NotAStore { path: shown("") });
                }
            }
        }
        let subdir = |name: &'static str| {
            if is_new {
                before(disk.as_ref(), Change::Create)
                    .and_then(|()| ensure_dir(&root, name))
                    .context("create", || shown(name))?;
            }
            root.open_dir(name).context("open", || shown(name))
        };
        let (blobs, trees, tmp) = (subdir("blobs")?, subdir("trees")?, subdir("tmp")?);
        let inner = Inner {
            root,
            blobs,
            trees,
            tmp,
            path,
            options,
            disk,
            backing: OnceLock::new(),
            claim: OnceLock::new(),
            claiming: Mutex::default(),
        };
        let store = Self(Arc::new(inner));
        if is_new {
            store.write_version()?;
        }
        Ok(store)
    }

    /// Written last and by renaming, so that a store with a version is complete.
    fn write_version(&self) -> Result<()> {
        let tmp = self.tmp()?;
        let name = tmp.fresh();
        let write = || {
            self.before(Change::Write)?;
            tmp.dir.write(&name, format!("{VERSION}\n"))?;
            self.before(Change::Create)?;
            tmp.dir.rename(&name, &self.0.root, VERSION_FILE)
        };
        write().context("write", || self.shown(VERSION_FILE))
    }

    /// The absolute path of the store's directory, if it was opened by its path.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The length of a blob, or of all files of a tree together, in bytes.
    pub fn size(&self, id: &ContentId) -> Result<u64> {
        match id {
            ContentId::Blob(digest) => self.blob_size(digest),
            ContentId::Tree(_) => {
                let mut head = [0; manifest::HEADER];
                let damaged = |reason: &str| Error::Damaged { id: *id, reason: reason.to_owned() };
                self.open_stored(id)?.read_exact(&mut head).map_err(|_| damaged("its manifest is truncated"))?;
                manifest::decode_header(&head).map(|(_, total)| total).map_err(damaged)
            }
        }
    }

    /// Whether content is complete in the store or its backing: a blob, or a tree with all files in their right lengths. Bytes are not
    /// hashed ([`Store::fsck`] does that), but damage that shows without hashing counts as absence, so that the caller
    /// produces the content again.
    pub fn contains(&self, id: &ContentId) -> Result<bool> {
        let files = match id {
            ContentId::Blob(digest) => vec![(*digest, None)],
            ContentId::Tree(digest) => match self.open_tree(digest) {
                Ok(tree) => tree.entries().iter().map(|entry| (entry.digest, Some(entry.size))).collect(),
                Err(Error::NotFound { .. } | Error::Damaged { .. }) => return Ok(false),
                Err(other) => return Err(other),
            },
        };
        let (mut ids, mut expected) = (Vec::new(), Vec::new());
        for (digest, size) in files {
            let id = ContentId::Blob(digest);
            match self.file_len(&id) {
                Ok(found) if size.is_none_or(|size| size == found) => {}
                Ok(_) | Err(Error::Damaged { .. }) => return Ok(false),
                Err(Error::NotFound { .. }) => {
                    ids.push(id);
                    expected.push(size);
                }
                Err(other) => return Err(other),
            }
        }
        let below = self.lengths_below(&ids)?;
        Ok(ids.iter().zip(expected).zip(below).all(|((id, size), found)| {
            found.is_some_and(|found| check_len(id, found).is_ok() && size.is_none_or(|size| size == found))
        }))
    }

    /// Flushes everything published so far to disk, with one call for the file system of the store. It must be called
    /// before a durable record says that a run is complete.
    pub fn sync(&self) -> Result<()> {
        self.before(Change::FlushAll).context("flush", || self.shown(""))?;
        #[cfg(target_os = "linux")]
        return self
            .0
            .root
            .open(".")
            .and_then(|root| Ok(rustix::fs::syncfs(root)?))
            .context("flush", || self.shown(""));
        #[cfg(all(unix, not(target_os = "linux")))]
        rustix::fs::sync();
        #[cfg(not(target_os = "linux"))]
        Ok(())
    }

    /// The length of a blob, here or in the backing.
    pub(crate) fn blob_size(&self, digest: &Digest) -> Result<u64> {
        let id = ContentId::Blob(*digest);
        match self.file_len(&id) {
            Err(Error::NotFound { .. }) => match self.length_below(&id)? {
                Some(len) => check_len(&id, len),
                None => Err(Error::NotFound { id }),
            },
            found => found,
        }
    }

    /// The length of the file of a blob or a manifest in the directory.
    pub(crate) fn file_len(&self, id: &ContentId) -> Result<u64> {
        let (dir, place) = self.place(id);
        match dir.symlink_metadata(&place) {
            Ok(meta) if meta.is_file() => check_len(id, meta.len()),
            Ok(_) => Err(Error::Damaged { id: *id, reason: "it is not a plain file".to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::NotFound { id: *id }),
            Err(error) => Err(error).context("read", || self.shown_id(id)),
        }
    }

    /// The file of a blob or a manifest, brought here if only the backing has it.
    pub(crate) fn open_stored(&self, id: &ContentId) -> Result<std::fs::File> {
        self.open_or_bring(id)
    }

    /// The file of a blob or a manifest in the directory. Anything but a plain file is an error.
    pub(crate) fn open_local(&self, id: &ContentId) -> Result<std::fs::File> {
        let (dir, place) = self.place(id);
        let mut options = OpenOptions::new();
        options.read(true);
        // A pipe in its place would otherwise be waited for until somebody writes to it.
        #[cfg(unix)]
        cap_std::fs::OpenOptionsExt::custom_flags(&mut options, rustix::fs::OFlags::NONBLOCK.bits().cast_signed());
        match dir.open_with(&place, &options) {
            Ok(file) => Ok(file.into_std()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Error::NotFound { id: *id }),
            Err(error) => Err(error).context("open", || self.shown_id(id)),
        }
    }

    /// The directory of blobs or of trees.
    pub(crate) fn objects_dir(&self, trees: bool) -> &Dir {
        if trees { &self.0.trees } else { &self.0.blobs }
    }

    /// The path of content: one of the two directories, and the path in there.
    pub(crate) fn place(&self, id: &ContentId) -> (&Dir, String) {
        let hex = id.digest().to_string();
        (self.objects_dir(id.is_tree()), format!("{}/{hex}", &hex[..2]))
    }

    /// The directory for temporary files of this process.
    pub(crate) fn tmp(&self) -> Result<&TmpDir> {
        if let Some(claim) = self.0.claim.get() {
            return Ok(claim);
        }
        let _turn = self.0.claiming.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claim) = self.0.claim.get() {
            return Ok(claim);
        }
        let claim =
            TmpDir::claim(&self.0.tmp, self.0.disk.clone()).context("create a directory in", || self.shown("tmp"))?;
        Ok(self.0.claim.get_or_init(|| claim))
    }

    /// Called before each change of the store's directory.
    pub(crate) fn before(&self, change: Change) -> io::Result<()> {
        before(self.0.disk.as_ref(), change)
    }

    /// A path in the store, for messages.
    pub(crate) fn shown(&self, place: &str) -> PathBuf {
        self.path().unwrap_or(Path::new("")).join(place)
    }

    /// The path of content, for messages.
    pub(crate) fn shown_id(&self, id: &ContentId) -> PathBuf {
        let kind = if id.is_tree() { "trees/" } else { "blobs/" };
        self.shown(&(kind.to_owned() + &self.place(id).1))
    }
}

/// On common file systems a power cut may leave an empty file with the name of content that is not empty.
pub(crate) fn check_len(id: &ContentId, len: u64) -> Result<u64> {
    if len == 0 && id.digest() != Digest::EMPTY {
        return Err(Error::Damaged { id: *id, reason: "its file is empty".to_owned() });
    }
    Ok(len)
}

/// Asks the disk, if there is one to ask.
pub(crate) fn before(disk: Option<&Arc<dyn Disk>>, change: Change) -> io::Result<()> {
    disk.map_or(Ok(()), |disk| disk.before(change))
}

/// Creates a directory unless it exists.
pub(crate) fn ensure_dir(dir: &Dir, name: &str) -> io::Result<()> {
    match dir.create_dir(name) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created,
    }
}
