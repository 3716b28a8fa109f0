//! Carrying runs to another store: what was recorded, artifacts, logs and components, as far as they are not there.
//!
//! Content goes first, file by file and in pieces, and a run is recorded when all of it is there: whatever cuts it short, the other store is whole,
//! and the next time goes on from there. Nothing is carried twice.

mod arrival;

use std::collections::{BTreeSet, HashSet};
use std::io::{Read, Seek, SeekFrom};
use std::ops::ControlFlow::{self, Break, Continue};
use std::path::Path;

use serde::{Deserialize, Serialize};
use weft_artifacts::ContentId;
use weft_metadata::{RunCopy, RunStamp, RunState};

use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::store::Store;

/// The bytes that are sent at once, at most. After a cut, no more is sent again.
pub const PIECE: usize = 1 << 20;
/// Files and runs that are asked for at once.
const ASKED_AT_ONCE: usize = 10_000;

/// A store that runs are carried to, here or behind a server.
pub trait SyncTarget {
    /// Those of the runs that it wants, by their ids; with `whole` also those whose content it lacks.
    ///
    /// # Errors
    /// It cannot be reached or read.
    fn wanted(&self, runs: &[RunStamp], whole: bool) -> Result<Vec<String>>;

    /// Those of the files that it lacks.
    ///
    /// # Errors
    /// It cannot be reached or read.
    fn absent(&self, files: &[ContentId]) -> Result<Vec<ContentId>>;

    /// How many bytes it has of a file that it lacks: what came before a cut.
    ///
    /// # Errors
    /// It cannot be reached or read.
    fn arrived(&self, file: ContentId) -> Result<u64>;

    /// Takes a piece of a file of `length` bytes, which begins where the last one ended. The last piece publishes it.
    ///
    /// # Errors
    /// It cannot be reached or written, or the bytes are not those of the file.
    fn take(&self, file: ContentId, length: u64, offset: u64, piece: &[u8]) -> Result<()>;

    /// Records a run.
    ///
    /// # Errors
    /// It cannot be reached or written, has a run of its own of this id, or lacks some of the content.
    fn record(&self, run: &CarriedRun) -> Result<()>;
}

/// A run on its way to another store.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CarriedRun {
    /// All that is recorded of it.
    pub run: RunCopy,
    /// What the host that it comes from calls itself.
    pub host: String,
    /// Its content, which has to be there; none if it is carried without.
    pub content: Option<Vec<String>>,
}

/// What to carry.
#[derive(Debug, Clone, Default)]
pub struct SyncOptions {
    /// Runs by their ids, or the beginnings of them, or `latest`. None for all that have ended.
    pub runs: Vec<String>,
    /// Only what was recorded, without content: metrics, parameters and lineage are, artifacts, logs and components are not.
    pub without_content: bool,
    /// Only find out what would be carried.
    pub dry_run: bool,
    /// What this host calls itself there.
    pub host: String,
}

/// What was, or would be, carried.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Synced {
    /// The runs, the oldest first.
    pub runs: Vec<String>,
    /// Runs that were there already.
    pub known: usize,
    /// Runs that were left out as they have not ended.
    pub unfinished: usize,
    /// Files that were sent.
    pub files: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Content that this store lacks, too: it was collected, or its run was forgotten.
    pub gone: BTreeSet<String>,
    /// Whether it was interrupted. What was carried until then is there.
    pub interrupted: bool,
}

/// What is told while runs are carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncEvent<'e> {
    /// So many bytes of this run's content are there, of so many that were not.
    Sending(&'e str, u64, u64),
    /// A run is recorded there.
    Recorded(&'e str),
}

impl Store {
    /// Carries runs that have ended to another store, the oldest first.
    ///
    /// # Errors
    /// A run that was named does not exist or has not ended, the other store cannot be reached, or it refuses something.
    pub fn sync(
        &self,
        target: &dyn SyncTarget,
        options: &SyncOptions,
        tell: &mut dyn FnMut(SyncEvent<'_>),
        cancel: &Cancel,
    ) -> Result<Synced> {
        // Nothing is collected meanwhile.
        let _shared = self.artifacts.lock_shared()?;
        let (stamps, unfinished) = self.stamps(&options.runs)?;
        let mut wanted = Vec::new();
        for stamps in stamps.chunks(ASKED_AT_ONCE) {
            wanted.extend(target.wanted(stamps, !options.without_content)?);
        }
        let synced = Synced { known: stamps.len() - wanted.len(), unfinished, ..Synced::default() };
        let mut carrier = Carrier { store: self, target, options, tell, cancel, planned: HashSet::new(), synced };
        for run in wanted {
            if !carrier.carry(run)? {
                carrier.synced.interrupted = true;
                break;
            }
        }
        Ok(carrier.synced)
    }

    /// The runs to carry, and how many have not ended.
    fn stamps(&self, named: &[String]) -> Result<(Vec<RunStamp>, usize)> {
        let ended = self.metadata.run_stamps()?;
        if named.is_empty() {
            let all = usize::try_from(self.metadata.run_count()?).unwrap_or(usize::MAX);
            let unfinished = all.saturating_sub(ended.len());
            return Ok((ended, unfinished));
        }
        let ids = named.iter().map(|run| Ok(self.metadata.run_id(run)?)).collect::<Result<BTreeSet<_>>>()?;
        if let Some(running) = ids.iter().find(|id| ended.iter().all(|stamp| stamp.id != **id)) {
            return Err(Error::advised(
                format!("run `{running}` has not ended"),
                "wait for its end; `weft resume` goes on with one whose process was killed",
            ));
        }
        Ok((ended.into_iter().filter(|stamp| ids.contains(&stamp.id)).collect(), 0))
    }
}

/// Carries one run after the other.
struct Carrier<'c> {
    store: &'c Store,
    target: &'c dyn SyncTarget,
    options: &'c SyncOptions,
    tell: &'c mut dyn FnMut(SyncEvent<'_>),
    cancel: &'c Cancel,
    /// Files that would be sent, if none is.
    planned: HashSet<ContentId>,
    synced: Synced,
}

impl Carrier<'_> {
    /// Carries a run. False if it was interrupted.
    fn carry(&mut self, run: String) -> Result<bool> {
        let copy = self.store.metadata.run_copy(&run)?;
        if copy.stamp.state == RunState::Running {
            // It was resumed meanwhile.
            self.synced.unfinished += 1;
            return Ok(true);
        }
        let mut content = None;
        if !self.options.without_content {
            let here = self.content_here(&copy)?;
            if !self.send_content(&run, &here)? {
                return Ok(false);
            }
            content = Some(here.iter().map(ContentId::to_string).collect());
        }
        if !self.options.dry_run {
            self.target.record(&CarriedRun { run: copy, host: self.options.host.clone(), content })?;
            (self.tell)(SyncEvent::Recorded(&run));
        }
        self.synced.runs.push(run);
        Ok(true)
    }

    /// The content of a run that is here.
    fn content_here(&mut self, copy: &RunCopy) -> Result<Vec<ContentId>> {
        let mut here = Vec::new();
        for uri in copy.content()? {
            // What lies outside of the store has no id.
            let Ok(id) = uri.parse() else { continue };
            if self.store.artifacts.contains(&id)? {
                here.push(id);
            } else {
                self.synced.gone.insert(uri);
            }
        }
        Ok(here)
    }

    /// Sends what the other store lacks of a run's content: blobs, and then the manifests of directories. False if it was interrupted.
    fn send_content(&mut self, run: &str, content: &[ContentId]) -> Result<bool> {
        let mut absent = Vec::new();
        for files in self.store.artifacts.files(content)?.chunks(ASKED_AT_ONCE) {
            absent.extend(self.target.absent(files)?);
        }
        if self.options.dry_run {
            absent.retain(|id| self.planned.insert(*id));
        } else {
            self.bring(&absent)?;
        }
        let lengths = absent.iter().map(|id| self.length(id)).collect::<Result<Vec<u64>>>()?;
        let most: u64 = lengths.iter().sum();
        let mut done = 0;
        for (id, length) in absent.into_iter().zip(lengths) {
            if self.cancel.is_canceled() || (!self.options.dry_run && !self.send(run, id, length, done, most)?) {
                return Ok(false);
            }
            done += length;
            self.synced.files += 1;
            self.synced.bytes += length;
        }
        Ok(true)
    }

    /// Bytes of a file.
    fn length(&self, id: &ContentId) -> Result<u64> {
        match self.store.artifacts.open_file(id) {
            Ok((_, length)) => Ok(length),
            // The bucket alone has it, and nothing is brought from there for a look.
            Err(weft_artifacts::Error::NotFound { .. }) if self.options.dry_run => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    /// Brings files from the bucket that are there alone.
    fn bring(&self, files: &[ContentId]) -> Result<()> {
        let mut go_on = |_, _| if self.cancel.is_canceled() { Break(()) } else { Continue(()) };
        Ok(self.store.artifacts.bring(files, &mut go_on)?)
    }

    /// Sends a file from where the last cut left it; `done` of `most` bytes are there before it. False if it was interrupted.
    fn send(&mut self, run: &str, id: ContentId, length: u64, done: u64, most: u64) -> Result<bool> {
        let (file, _) = self.store.artifacts.open_file(&id)?;
        send_pieces(self.target, id, length, file, &mut |arrived| {
            (self.tell)(SyncEvent::Sending(run, done + arrived, most));
            if self.cancel.is_canceled() { Break(()) } else { Continue(()) }
        })
    }
}

/// Sends a file of `length` bytes piece by piece, from where the last cut left it. `told` hears how much of it is there after each piece, and may end
/// it: false if it did before the last.
///
/// # Errors
/// The file cannot be read, or the target refuses a piece.
pub fn send_pieces(
    target: &dyn SyncTarget,
    id: ContentId,
    length: u64,
    mut file: impl Read + Seek,
    told: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<bool> {
    let failed = |source| Error::io("read", Path::new(&id.to_string()), source);
    // A file of one piece begins anew, and so does one of which more has arrived than there is.
    let arrived = if length > PIECE as u64 { target.arrived(id)? } else { 0 };
    let mut offset = if arrived <= length { arrived } else { 0 };
    file.seek(SeekFrom::Start(offset)).map_err(failed)?;
    let mut piece = Vec::new();
    loop {
        piece.clear();
        (&mut file).take(PIECE as u64).read_to_end(&mut piece).map_err(failed)?;
        target.take(id, length, offset, &piece)?;
        offset += piece.len() as u64;
        let went_on = told(offset);
        if offset >= length || piece.is_empty() {
            return Ok(true);
        }
        if went_on.is_break() {
            return Ok(false);
        }
    }
}
