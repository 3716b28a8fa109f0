//! Carrying runs to another store: what was recorded, artifacts, logs and components, as far as they are not there.
//!
//! Content goes first, file by file and in pieces, and a run is recorded when all of it is there: whatever cuts it short, the other store is whole,
//! and the next time goes on from there. Nothing is carried twice.

mod arrival;

use std::collections::BTreeSet;
use std::io::{Read as _, Seek as _, SeekFrom};
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
        let mut synced = Synced { known: stamps.len() - wanted.len(), unfinished, ..Synced::default() };
        for run in wanted {
            let copy = self.metadata.run_copy(&run)?;
            if copy.stamp.state == RunState::Running {
                // It was resumed meanwhile.
                synced.unfinished += 1;
                continue;
            }
            let content =
                if options.without_content { None } else { Some(self.content_here(&copy, &mut synced.gone)?) };
            if let Some(content) = &content {
                let ids: Vec<ContentId> = content.iter().filter_map(|uri| uri.parse().ok()).collect();
                if !self.send_content(target, &run, &ids, options.dry_run, &mut synced, tell, cancel)? {
                    synced.interrupted = true;
                    return Ok(synced);
                }
            }
            if !options.dry_run {
                target.record(&CarriedRun { run: copy, host: options.host.clone(), content })?;
                tell(SyncEvent::Recorded(&run));
            }
            synced.runs.push(run);
        }
        Ok(synced)
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

    /// Sends what the other store lacks of a run's content: blobs, and then the manifests of directories. False if it was interrupted.
    #[expect(clippy::too_many_arguments, reason = "what is carried, to where, and who hears of it")]
    fn send_content(
        &self,
        target: &dyn SyncTarget,
        run: &str,
        content: &[ContentId],
        dry_run: bool,
        synced: &mut Synced,
        tell: &mut dyn FnMut(SyncEvent<'_>),
        cancel: &Cancel,
    ) -> Result<bool> {
        let mut absent = Vec::new();
        for files in self.artifacts.files(content)?.chunks(ASKED_AT_ONCE) {
            absent.extend(target.absent(files)?);
        }
        if !dry_run {
            self.bring(&absent, cancel)?;
        }
        let length = |id| match self.artifacts.open_file(id) {
            Ok((_, length)) => Ok(length),
            // The bucket alone has it.
            Err(weft_artifacts::Error::NotFound { .. }) if dry_run => Ok(0),
            Err(error) => Err(error.into()),
        };
        let lengths = absent.iter().map(length).collect::<Result<Vec<u64>>>()?;
        let most: u64 = lengths.iter().sum();
        let mut done = 0;
        for (id, length) in absent.into_iter().zip(lengths) {
            if cancel.is_canceled() {
                return Ok(false);
            }
            if !dry_run {
                let mut told = |bytes| {
                    done += bytes;
                    tell(SyncEvent::Sending(run, done, most));
                };
                if !self.send(target, id, length, &mut told, cancel)? {
                    return Ok(false);
                }
            }
            synced.files += 1;
            synced.bytes += length;
        }
        Ok(true)
    }

    /// Sends a file from where the last cut left it. False if it was interrupted.
    fn send(
        &self,
        target: &dyn SyncTarget,
        id: ContentId,
        length: u64,
        told: &mut dyn FnMut(u64),
        cancel: &Cancel,
    ) -> Result<bool> {
        let (mut file, _) = self.artifacts.open_file(&id)?;
        let failed = |source| Error::io("read", Path::new(&id.to_string()), source);
        // A file of one piece begins anew, and so does one of which more has arrived than there is.
        let arrived = if length > PIECE as u64 { target.arrived(id)? } else { 0 };
        let mut offset = if arrived <= length { arrived } else { 0 };
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        told(offset);
        let mut piece = Vec::new();
        loop {
            piece.clear();
            (&mut file).take(PIECE as u64).read_to_end(&mut piece).map_err(failed)?;
            target.take(id, length, offset, &piece)?;
            offset += piece.len() as u64;
            told(piece.len() as u64);
            if offset >= length || piece.is_empty() {
                return Ok(true);
            }
            if cancel.is_canceled() {
                return Ok(false);
            }
        }
    }

    /// The content of a run that is here.
    fn content_here(&self, copy: &RunCopy, gone: &mut BTreeSet<String>) -> Result<Vec<String>> {
        let mut here = Vec::new();
        for uri in copy.content()? {
            // What lies outside of the store has no id.
            let Ok(id) = uri.parse::<ContentId>() else { continue };
            if self.artifacts.contains(&id)? {
                here.push(uri);
            } else {
                gone.insert(uri);
            }
        }
        Ok(here)
    }

    /// Brings files from the bucket that are there alone.
    fn bring(&self, files: &[ContentId], cancel: &Cancel) -> Result<()> {
        use std::ops::ControlFlow::{Break, Continue};
        let mut go_on = |_, _| if cancel.is_canceled() { Break(()) } else { Continue(()) };
        Ok(self.artifacts.bring(files, &mut go_on)?)
    }
}
