//! Removing what nobody refers to any more.

use std::collections::HashSet;
use std::hash::BuildHasher;

use crate::error::{Error, ErrorContext as _, Result};
use crate::id::{ContentId, Digest};
use crate::store::Store;

/// What garbage collection did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GcReport {
    /// Blobs and trees removed.
    pub removed: u64,
    /// The sum of the lengths of the files removed, in bytes.
    pub bytes_freed: u64,
    /// Blobs and trees kept.
    pub kept: u64,
    /// Leftovers of killed processes removed.
    pub leftovers: u64,
}

impl Store {
    /// Removes every blob and tree that is neither in `keep` nor a file of a tree in `keep`, and what killed processes
    /// left in `tmp/`.
    ///
    /// The caller holds [`Store::lock_exclusive`], so that no run publishes content meanwhile that it has not
    /// referred to yet. Killed half-way, whatever is to be kept is still there. What is in `keep` but not stored is
    /// passed over; a tree in `keep` whose manifest is damaged is an error before anything is removed, as nobody
    /// knows which blobs it needs.
    pub fn gc<S: BuildHasher>(&self, keep: &HashSet<ContentId, S>) -> Result<GcReport> {
        let mut blobs: HashSet<Digest> = HashSet::new();
        for id in keep {
            match id {
                ContentId::Blob(digest) => {
                    blobs.insert(*digest);
                }
                ContentId::Tree(digest) => match self.open_tree(digest) {
                    Ok(tree) => blobs.extend(tree.entries().iter().map(|entry| entry.digest)),
                    Err(Error::NotFound { .. }) => {}
                    Err(error) => return Err(error),
                },
            }
        }
        let mut report = GcReport::default();
        // Trees before blobs: a tree never outlives its files.
        self.collect(true, |id| keep.contains(id), &mut report)?;
        self.collect(false, |id| blobs.contains(&id.digest()), &mut report)?;
        report.leftovers = self.tmp()?.sweep().context("clean", || self.shown("tmp"))?;
        Ok(report)
    }

    fn collect(&self, trees: bool, is_kept: impl Fn(&ContentId) -> bool, report: &mut GcReport) -> Result<()> {
        for object in self.objects(trees)? {
            let object = object?;
            // What does not belong there is for fsck to tell, not for this to remove.
            let Some(id) = object.id else { continue };
            if is_kept(&id) {
                report.kept += 1;
                continue;
            }
            self.objects_dir(trees).remove_file(object.place()).context("remove", || self.shown_id(&id))?;
            report.removed += 1;
            report.bytes_freed += object.meta.len();
        }
        Ok(())
    }
}
