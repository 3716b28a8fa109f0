//! Garbage collection: removing content that is not referenced.

use std::collections::HashSet;
use std::hash::BuildHasher;

use crate::error::{Error, ErrorContext as _, Result};
use crate::id::{ContentId, Digest};
use crate::store::Store;

/// The result of a garbage collection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GcReport {
    /// The number of blobs and trees removed.
    pub removed: u64,
    /// The length of the removed files together, in bytes.
    pub bytes_freed: u64,
    /// The number of blobs and trees kept.
    pub kept: u64,
    /// The number of directories of killed processes removed.
    pub leftovers: u64,
}

impl Store {
    /// Removes every blob and tree that is neither in `keep` nor a file of a tree in `keep`, and temporary files of
    /// killed processes.
    ///
    /// The caller holds [`Store::lock_exclusive`], so that no run publishes content in the meantime that is not
    /// referenced yet. If the process is killed, everything in `keep` is still there. Content in `keep` that is not
    /// stored is ignored. A tree in `keep` with a damaged manifest is an error before anything is removed, as its files
    /// are not known.
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
        // Trees before blobs, so that no tree exists without its files.
        self.collect(true, |id| keep.contains(id), &mut report)?;
        self.collect(false, |id| blobs.contains(&id.digest()), &mut report)?;
        report.leftovers = self.tmp()?.sweep().context("clean", || self.shown("tmp"))?;
        Ok(report)
    }

    fn collect(&self, trees: bool, is_kept: impl Fn(&ContentId) -> bool, report: &mut GcReport) -> Result<()> {
        for object in self.objects(trees)? {
            let object = object?;
            // Entries that are not content are reported by fsck, not removed here.
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
