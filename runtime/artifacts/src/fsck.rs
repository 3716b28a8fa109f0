//! Verification: whether all stored content matches its id.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;

use cap_std::fs::Dir;

use crate::error::{Error, ErrorContext as _, Result};
use crate::id::{ContentId, Digest};
use crate::objects::Object;
use crate::stage::hash_file;
use crate::store::{Store, ensure_dir};

/// What to do with damaged content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repair {
    /// Report it.
    #[default]
    None,
    /// Move damaged content, and trees whose files are missing, to `damaged/`. It is then not in the store any more, so
    /// that the steps that produced it are executed again.
    Quarantine,
}

/// Damage of a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// The bytes of a blob do not match its digest.
    WrongDigest {
        /// The blob.
        id: ContentId,
        /// The digest of its bytes.
        found: Digest,
        /// Its length in bytes.
        len: u64,
    },
    /// The bytes cannot be read.
    Unreadable {
        /// The blob or tree.
        id: ContentId,
        /// The system's error.
        reason: String,
    },
    /// The manifest of a tree does not match its digest.
    BadManifest {
        /// The tree.
        id: ContentId,
        /// The damage.
        reason: String,
    },
    /// A file of a tree is missing.
    MissingEntry {
        /// The tree.
        id: ContentId,
        /// The file.
        path: String,
        /// The blob that is missing.
        blob: ContentId,
    },
    /// A file of a tree has another length than in the manifest; usually it is truncated.
    WrongLength {
        /// The tree.
        id: ContentId,
        /// The file.
        path: String,
        /// The blob of its content.
        blob: ContentId,
        /// The length in the manifest.
        expected: u64,
        /// The stored length.
        found: u64,
    },
    /// A file of a tree is damaged, in the right length.
    DamagedEntry {
        /// The tree.
        id: ContentId,
        /// The file.
        path: String,
        /// The blob that is damaged.
        blob: ContentId,
    },
    /// An entry among blobs or trees that is not content.
    Stray {
        /// Its path.
        path: PathBuf,
    },
}

impl Damage {
    /// The content that is damaged; none of what does not belong to the store.
    pub fn content(&self) -> Option<ContentId> {
        match self {
            Self::WrongDigest { id, .. }
            | Self::Unreadable { id, .. }
            | Self::BadManifest { id, .. }
            | Self::MissingEntry { id, .. }
            | Self::WrongLength { id, .. }
            | Self::DamagedEntry { id, .. } => Some(*id),
            Self::Stray { .. } => None,
        }
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongDigest { id, found, len } => {
                write!(f, "{id}: its {len} bytes hash to {found} instead")
            }
            Self::Unreadable { id, reason } => write!(f, "{id}: cannot be read: {reason}"),
            Self::BadManifest { id, reason } => write!(f, "{id}: {reason}"),
            Self::MissingEntry { id, path, blob } => write!(f, "{id}: its file `{path}` ({blob}) is missing"),
            Self::WrongLength { id, path, blob, expected, found } => {
                write!(f, "{id}: its file `{path}` ({blob}) has {found} bytes, not {expected}")
            }
            Self::DamagedEntry { id, path, blob } => write!(f, "{id}: its file `{path}` ({blob}) is damaged"),
            Self::Stray { path } => write!(f, "{}: does not belong to the store", path.display()),
        }
    }
}

const DAMAGED: &str = "damaged";

impl Store {
    /// Hashes all blobs and checks all trees with their files. Returns all damage, in no particular order. `progress`
    /// is called with the bytes hashed so far (their total is that of [`Store::list`]'s blobs). An error means that the
    /// verification could not be completed.
    pub fn fsck(&self, repair: Repair, progress: &mut dyn FnMut(u64)) -> Result<Vec<Damage>> {
        let mut damages = Vec::new();
        let mut bad_blobs = HashSet::new();
        let mut done = 0;
        for object in self.objects(false)? {
            let object = object?;
            let Some(id) = object.id else {
                damages.push(self.stray(&object, false, repair)?);
                continue;
            };
            if let Some(damage) = self.check_blob(&id)? {
                damages.push(damage);
                bad_blobs.insert(id.digest());
            }
            done += object.meta.len();
            progress(done);
        }
        for object in self.objects(true)? {
            let object = object?;
            let Some(id) = object.id else {
                damages.push(self.stray(&object, true, repair)?);
                continue;
            };
            let found = self.check_tree(&id, &bad_blobs)?;
            if repair == Repair::Quarantine && !found.is_empty() {
                self.quarantine_content(&id)?;
            }
            damages.extend(found);
        }
        // Last, as the lengths of damaged blobs are needed to check trees.
        if repair == Repair::Quarantine {
            bad_blobs.iter().try_for_each(|digest| self.quarantine_content(&ContentId::Blob(*digest)))?;
        }
        Ok(damages)
    }

    /// Hashes the bytes of a blob, or of a tree and all its files. Fails with [`Error::Damaged`] if they do not match
    /// the id, and with [`Error::NotFound`] if something is missing. Of what only the backing has, the length is asked for.
    pub fn verify(&self, id: &ContentId) -> Result<()> {
        let verify_blob = |id: &ContentId| match self.check_blob(id)? {
            None => Ok(()),
            Some(damage) => Err(Error::Damaged { id: *id, reason: damage.to_string() }),
        };
        match id {
            ContentId::Blob(digest) => self.blob_size(digest).and_then(|_| verify_blob(id)),
            ContentId::Tree(digest) => {
                if !self.contains(id)? {
                    // It says what is wrong.
                    self.open_tree(digest)?
                        .entries()
                        .iter()
                        .try_for_each(|entry| self.open_blob(&entry.digest)?.expect_len(entry.size).map(|_| ()))?;
                }
                let tree = self.open_tree(digest)?;
                tree.entries().iter().try_for_each(|entry| verify_blob(&ContentId::Blob(entry.digest)))
            }
        }
    }

    fn check_blob(&self, id: &ContentId) -> Result<Option<Damage>> {
        let file = match self.open_local(id) {
            Ok(file) => file,
            // It was removed after it was listed, or only the backing has it.
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(Error::Io { source, .. }) => {
                return Ok(Some(Damage::Unreadable { id: *id, reason: source.to_string() }));
            }
            Err(other) => return Err(other),
        };
        let mut hasher = blake3::Hasher::new();
        match hash_file(&file, &mut hasher) {
            Err(error) => Ok(Some(Damage::Unreadable { id: *id, reason: error.to_string() })),
            Ok(len) => {
                let found = Digest::from(hasher.finalize());
                Ok((found != id.digest()).then_some(Damage::WrongDigest { id: *id, found, len }))
            }
        }
    }

    fn check_tree(&self, id: &ContentId, bad_blobs: &HashSet<Digest>) -> Result<Vec<Damage>> {
        let tree = match self.open_tree(&id.digest()) {
            Ok(tree) => tree,
            Err(Error::NotFound { .. }) => return Ok(Vec::new()),
            Err(Error::Damaged { reason, .. }) => return Ok(vec![Damage::BadManifest { id: *id, reason }]),
            Err(Error::Io { source, .. }) => {
                return Ok(vec![Damage::Unreadable { id: *id, reason: source.to_string() }]);
            }
            Err(other) => return Err(other),
        };
        let (mut damages, mut absent) = (Vec::new(), Vec::new());
        for entry in tree.entries() {
            let (id, path, blob) = (*id, || entry.path.clone(), ContentId::Blob(entry.digest));
            let wrong_length = |found| Damage::WrongLength { id, path: path(), blob, expected: entry.size, found };
            match self.file_len(&blob) {
                Ok(found) if found != entry.size => damages.push(wrong_length(found)),
                Ok(_) if bad_blobs.contains(&entry.digest) => {
                    damages.push(Damage::DamagedEntry { id, path: path(), blob });
                }
                Ok(_) => {}
                Err(Error::NotFound { .. }) => absent.push((blob, entry)),
                Err(Error::Damaged { .. }) => damages.push(wrong_length(0)),
                Err(other) => return Err(other),
            }
        }
        let blobs: Vec<ContentId> = absent.iter().map(|(blob, _)| *blob).collect();
        for ((blob, entry), below) in absent.into_iter().zip(self.lengths_below(&blobs)?) {
            let (id, path, expected) = (*id, entry.path.clone(), entry.size);
            match below {
                Some(found) if found == expected => {}
                Some(found) => damages.push(Damage::WrongLength { id, path, blob, expected, found }),
                None => damages.push(Damage::MissingEntry { id, path, blob }),
            }
        }
        Ok(damages)
    }

    fn stray(&self, object: &Object, trees: bool, repair: Repair) -> Result<Damage> {
        let place = object.place();
        let path = self.shown(if trees { "trees" } else { "blobs" }).join(&place);
        if repair == Repair::Quarantine {
            self.quarantine(self.objects_dir(trees), &place, "stray").context("move away", || &path)?;
        }
        Ok(Damage::Stray { path })
    }

    fn quarantine_content(&self, id: &ContentId) -> Result<()> {
        let (dir, place) = self.place(id);
        let name = format!("{}-{}", if id.is_tree() { "tree" } else { "blob" }, id.digest());
        self.quarantine(dir, place.as_ref(), &name).context("move away", || self.shown_id(id))
    }

    fn quarantine(&self, from: &Dir, place: &std::path::Path, name: &str) -> std::io::Result<()> {
        ensure_dir(&self.0.root, DAMAGED)?;
        let damaged = self.0.root.open_dir(DAMAGED)?;
        let mut target = name.to_owned();
        let mut attempt: u32 = 0;
        while damaged.symlink_metadata(&target).is_ok() {
            attempt += 1;
            target = format!("{name}.{attempt}");
        }
        from.rename(place, &damaged, target)
    }
}
