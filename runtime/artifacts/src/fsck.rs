//! Checking that everything stored is what its name says.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;

use cap_std::fs::Dir;

use crate::error::{Error, ErrorContext as _, Result};
use crate::id::{ContentId, Digest};
use crate::objects::Object;
use crate::stage::hash_file;
use crate::store::{Store, ensure_dir};

/// What to do about damage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Repair {
    /// Only tell.
    #[default]
    None,
    /// Move what is damaged, and trees that lack something, to `damaged/`. The store then does not hold them any more,
    /// so that the steps that made them are run again.
    Quarantine,
}

/// One thing wrong with a store.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Damage {
    /// A blob's bytes are not those it is named for.
    WrongDigest {
        /// The blob by its name.
        id: ContentId,
        /// What its bytes hash to.
        found: Digest,
        /// Its length in bytes.
        len: u64,
    },
    /// The disk does not give the bytes.
    Unreadable {
        /// The blob or tree.
        id: ContentId,
        /// What the system says.
        reason: String,
    },
    /// A tree's manifest is not what it is named for.
    BadManifest {
        /// The tree.
        id: ContentId,
        /// What is wrong.
        reason: String,
    },
    /// A tree's file is not stored.
    MissingEntry {
        /// The tree.
        id: ContentId,
        /// The file.
        path: String,
        /// The blob that is missing.
        blob: ContentId,
    },
    /// A tree's file is stored in another length than the tree says: cut short, as a rule.
    WrongLength {
        /// The tree.
        id: ContentId,
        /// The file.
        path: String,
        /// The blob that holds it.
        blob: ContentId,
        /// The length the tree says.
        expected: u64,
        /// The length that is stored.
        found: u64,
    },
    /// A tree's file is stored damaged, in the right length.
    DamagedEntry {
        /// The tree.
        id: ContentId,
        /// The file.
        path: String,
        /// The blob that is damaged.
        blob: ContentId,
    },
    /// Something stands among blobs or trees that the store did not put there.
    Stray {
        /// Where it is.
        path: PathBuf,
    },
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
    /// Hashes every blob again and checks every tree with its entries; everything wrong, in no particular order.
    /// `progress` is called with the bytes hashed so far (their sum is that of [`Store::list`]'s blobs). An error is
    /// only what keeps the check from going on.
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
        // Only now: while trees were checked, the lengths of damaged blobs were still of interest.
        if repair == Repair::Quarantine {
            bad_blobs.iter().try_for_each(|digest| self.quarantine_content(&ContentId::Blob(*digest)))?;
        }
        Ok(damages)
    }

    /// Hashes the bytes of one blob, or of a tree and all its files; fails with [`Error::Damaged`] when they are not
    /// what the id says, and with [`Error::NotFound`] when something is missing.
    pub fn verify(&self, id: &ContentId) -> Result<()> {
        let verify_blob = |id: &ContentId| match self.check_blob(id)? {
            None => Ok(()),
            Some(damage) => Err(Error::Damaged { id: *id, reason: damage.to_string() }),
        };
        match id {
            ContentId::Blob(digest) => self.blob_size(digest).and_then(|_| verify_blob(id)),
            ContentId::Tree(digest) => self.open_tree(digest)?.entries().iter().try_for_each(|entry| {
                self.open_blob(&entry.digest)?.expect_len(entry.size)?;
                verify_blob(&ContentId::Blob(entry.digest))
            }),
        }
    }

    fn check_blob(&self, id: &ContentId) -> Result<Option<Damage>> {
        let file = match self.open_stored(id) {
            Ok(file) => file,
            // Removed since it was listed.
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
        let mut damages = Vec::new();
        for entry in tree.entries() {
            let (id, path, blob) = (*id, || entry.path.clone(), ContentId::Blob(entry.digest));
            let wrong_length = |found| Damage::WrongLength { id, path: path(), blob, expected: entry.size, found };
            match self.blob_size(&entry.digest) {
                Ok(found) if found != entry.size => damages.push(wrong_length(found)),
                Ok(_) if bad_blobs.contains(&entry.digest) => {
                    damages.push(Damage::DamagedEntry { id, path: path(), blob });
                }
                Ok(_) => {}
                Err(Error::NotFound { .. }) => damages.push(Damage::MissingEntry { id, path: path(), blob }),
                Err(Error::Damaged { .. }) => damages.push(wrong_length(0)),
                Err(other) => return Err(other),
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
