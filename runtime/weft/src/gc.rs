//! Forgetting old runs, and freeing what nothing refers to any more.

use std::collections::HashSet;
use std::time::Duration;

use weft_artifacts::ContentId;
use weft_metadata::{RunFilter, RunSummary};
use weft_remote::Collected;

use crate::error::{Error, Result};
use crate::notice::{Notice, Notify};
use crate::run_id::now_ms;
use crate::store::Store;

/// Which runs to forget. Without either, none is. With both, a run is forgotten if it is old and not among the newest.
#[derive(Debug, Clone, Copy, Default)]
pub struct Retention {
    /// The newest runs that stay.
    pub keep: Option<usize>,
    /// Runs that started longer ago may go.
    pub older_than: Option<Duration>,
    /// Bytes of content that may stay in the store's folder if it is in the bucket that keeps the artifacts: beyond that, what was not used
    /// for longest is removed here. Without it, all stays.
    pub local: Option<u64>,
}

/// What was, or would be, freed.
#[derive(Debug, Clone)]
pub struct Freed {
    /// The runs that were forgotten. A run at work never is.
    pub runs: Vec<RunSummary>,
    /// Objects that were removed.
    pub objects: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Objects that stay.
    pub kept: u64,
    /// What came of it in the bucket that keeps the artifacts; none if there is no such bucket.
    pub bucket: Option<Collected>,
    /// Blobs that were removed here and stay in the bucket, and their bytes.
    pub evicted: (u64, u64),
}

impl Store {
    /// Forgets runs and removes all content that no kept run refers to, and what killed runs and bundles left. Waits for runs at work to end, so that none refers to
    /// anything new meanwhile.
    ///
    /// # Errors
    /// The store cannot be read or changed.
    pub fn gc(&self, retention: &Retention, notify: &Notify<'_>) -> Result<Freed> {
        let asked_ms = now_ms();
        let _alone = if let Some(lock) = self.artifacts.try_lock_exclusive()? {
            lock
        } else {
            notify(Notice::WaitingForRuns);
            self.artifacts.lock_exclusive()?
        };
        self.demand_bucket()?;
        self.demand_room(retention)?;
        let runs = self.outdated(retention, asked_ms)?;
        self.metadata.transaction(|tx| runs.iter().try_for_each(|run| tx.delete_run(&run.id)))?;
        self.drop_leftovers()?;
        let referenced = self.referenced()?;
        let report = self.artifacts.gc(&referenced)?;
        let bucket = match self.reached_bucket() {
            Some(_) => self.collect_bucket(&self.with_files(referenced)?, false)?,
            None => None,
        };
        let evicted = self.evict(retention, false)?;
        Ok(Freed { runs, objects: report.removed, bytes: report.bytes_freed, kept: report.kept, bucket, evicted })
    }

    fn evict(&self, retention: &Retention, dry_run: bool) -> Result<(u64, u64)> {
        let Some(most) = retention.local else { return Ok((0, 0)) };
        let report = self.artifacts.evict(most, dry_run)?;
        Ok((report.removed, report.bytes_freed))
    }

    fn demand_room(&self, retention: &Retention) -> Result<()> {
        if retention.local.is_some() && self.reached_bucket().is_none() {
            return Err(Error::advised(
                "this store keeps its artifacts in no bucket: what is removed here would be lost",
                "give it one with `weft run --artifacts s3://BUCKET/PREFIX`, or leave `--local` out",
            ));
        }
        Ok(())
    }

    /// What [`Self::gc`] would free. What only the runs need that would be forgotten is not counted.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn gc_preview(&self, retention: &Retention) -> Result<Freed> {
        self.demand_bucket()?;
        self.demand_room(retention)?;
        let runs = self.outdated(retention, now_ms())?;
        let referenced = self.with_files(self.referenced()?)?;
        let bucket = self.collect_bucket(&referenced, true)?;
        let evicted = self.evict(retention, true)?;
        let mut freed = Freed { runs, objects: 0, bytes: 0, kept: 0, bucket, evicted };
        for object in self.artifacts.list()? {
            let (id, size) = object?;
            if referenced.contains(&id) {
                freed.kept += 1;
            } else {
                freed.objects += 1;
                freed.bytes += if id.is_tree() { 0 } else { size };
            }
        }
        Ok(freed)
    }

    /// The runs that are forgotten of those that there were when it was asked: what came while it waited for others to end stays, and takes no one's place.
    fn outdated(&self, retention: &Retention, asked_ms: i64) -> Result<Vec<RunSummary>> {
        if retention.keep.is_none() && retention.older_than.is_none() {
            return Ok(Vec::new());
        }
        let mut newest_first = self.metadata.runs(&RunFilter::default())?;
        newest_first.retain(|run| run.started_ms <= asked_ms);
        let age = retention.older_than.map_or(0, |age| i64::try_from(age.as_millis()).unwrap_or(i64::MAX));
        let before = asked_ms.saturating_sub(age);
        let old = newest_first.into_iter().skip(retention.keep.unwrap_or(0)).filter(|run| run.started_ms <= before);
        Ok(old.filter(|run| !self.is_alive(&run.id)).collect())
    }

    /// Content that is to be kept. What lies outside the store is left out.
    pub(crate) fn referenced(&self) -> Result<HashSet<ContentId>> {
        Ok(self.metadata.referenced_uris()?.iter().filter_map(|uri| uri.parse().ok()).collect())
    }

    /// The same with the files of directories.
    fn with_files(&self, mut kept: HashSet<ContentId>) -> Result<HashSet<ContentId>> {
        let trees: Vec<ContentId> = kept.iter().filter(|id| id.is_tree()).copied().collect();
        for tree in trees {
            match self.artifacts.open_tree(&tree.digest()) {
                Ok(tree) => kept.extend(tree.entries().iter().map(|entry| ContentId::Blob(entry.digest))),
                Err(weft_artifacts::Error::NotFound { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(kept)
    }
}
