//! The directory through which a scheduler and its workers speak. It must be on a file system that they share.
//!
//! | path | what | written by |
//! | --- | --- | --- |
//! | `ready/N` | a [`Batch`] that no worker has | the scheduler |
//! | `claimed/N.WORKER` | a batch that a worker has: renamed from `ready/` | the worker |
//! | `reports/WORKER.SEQUENCE` | a [`Report`] | the worker |
//! | `invited/WORKER` | a worker was asked for | the scheduler |
//! | `workers/WORKER` | it is there, and wanted: renamed from `invited/`, removed by the scheduler | the worker |
//! | `pulse` | a number that grows while the scheduler lives | the scheduler |
//! | `logs/WORKER` | what the worker prints | the engine |
//! | `tmp/` | files on their way to one of these | both |
//!
//! Files appear complete, as they are renamed from `tmp/`, and what must happen once is a renaming too: one of two claims of a batch
//! fails, and so does the second start of a worker, which engines that lose their state have been seen to do. New files are found by
//! listing their directory, since looking for one name may be answered from a cache where the directory is on another machine.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Serialize;
use serde::de::DeserializeOwned;
use weft_pipeline::nested::from_nested_json;

use crate::error::{Error, Result};
use crate::message::{Batch, FORMAT, Report};

const DIRECTORIES: [&str; 7] = ["ready", "claimed", "reports", "invited", "workers", "logs", "tmp"];

/// A spool directory, seen by its scheduler or by a worker.
#[derive(Debug)]
pub struct Spool {
    root: PathBuf,
    /// Who writes: names of temporary files begin with it.
    writer: String,
    next: AtomicU64,
}

impl Spool {
    /// The scheduler's view of a new directory. What lay there, of a scheduler that was killed, is removed.
    ///
    /// # Errors
    /// The directory cannot be made.
    pub fn create(root: PathBuf) -> Result<Self> {
        remove(&root)?;
        for name in DIRECTORIES {
            let path = root.join(name);
            fs::create_dir_all(&path).map_err(Error::io("create", &path))?;
        }
        Ok(Self { root, writer: "scheduler".to_owned(), next: AtomicU64::new(0) })
    }

    /// A worker's view. [`None`] if nobody waits for this worker: its scheduler has ended, or it was started twice.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn enlist(root: PathBuf, worker: &str) -> Result<Option<Self>> {
        let (from, to) = (root.join("invited").join(worker), root.join("workers").join(worker));
        match fs::rename(&from, &to) {
            Ok(()) => Ok(Some(Self { root, writer: worker.to_owned(), next: AtomicU64::new(0) })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io("rename", &from)(error)),
        }
    }

    /// The directory.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where an engine puts what a worker prints.
    pub fn log(&self, worker: &str) -> PathBuf {
        self.root.join("logs").join(worker)
    }

    /// Lets a worker of this name begin, once.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn invite(&self, worker: &str) -> Result<()> {
        self.publish(&self.root.join("invited").join(worker), b"")
    }

    /// Takes back an invitation, and tells a worker to end.
    pub fn dismiss(&self, worker: &str) {
        // Either may not be there.
        _ = fs::remove_file(self.root.join("invited").join(worker));
        _ = fs::remove_file(self.root.join("workers").join(worker));
    }

    /// Whether a worker is to go on.
    pub fn wants(&self, worker: &str) -> bool {
        let path = self.root.join("workers").join(worker);
        !matches!(fs::symlink_metadata(path), Err(error) if error.kind() == io::ErrorKind::NotFound)
    }

    /// Offers a batch to all workers.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn offer(&self, number: u64, batch: &Batch<'_>) -> Result<()> {
        self.write(&self.root.join("ready").join(format!("{number:010}")), batch)
    }

    /// Claims a batch for a worker, the earliest that it gets. Gives its number too.
    ///
    /// # Errors
    /// The directory cannot be read, or a batch is of another version.
    pub fn claim(&self, worker: &str) -> Result<Option<(u64, Batch<'static>)>> {
        for name in list(&self.root.join("ready"))? {
            let Ok(number) = name.parse() else { continue };
            let (from, to) =
                (self.root.join("ready").join(&name), self.root.join("claimed").join(format!("{name}.{worker}")));
            match fs::rename(&from, &to) {
                Ok(()) => return Ok(Some((number, read_batch(&to)?))),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(Error::io("claim", &from)(error)),
            }
        }
        Ok(None)
    }

    /// The batches that are claimed and not [`settled`](Self::settle), with their workers.
    ///
    /// # Errors
    /// The directory cannot be read.
    pub fn claims(&self) -> Result<Vec<(u64, String)>> {
        let names = list(&self.root.join("claimed"))?;
        let claim = |name: &String| {
            let (number, worker) = name.split_once('.')?;
            Some((number.parse().ok()?, worker.to_owned()))
        };
        Ok(names.iter().filter_map(claim).collect())
    }

    /// Removes a batch all of whose steps have been told of, whoever had it.
    pub fn settle(&self, number: u64, worker: &str) {
        _ = fs::remove_file(self.root.join("claimed").join(format!("{number:010}.{worker}")));
    }

    /// Publishes a report; `sequence` orders those of a worker.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn report(&self, sequence: u64, report: &Report) -> Result<()> {
        self.write(&self.root.join("reports").join(format!("{}.{sequence:010}", report.worker)), report)
    }

    /// Takes all reports that are there, those of a worker in their order.
    ///
    /// # Errors
    /// The directory cannot be read. A single report that cannot be read is passed over with a warning.
    pub fn take_reports(&self) -> Result<Vec<Report>> {
        let mut reports = Vec::new();
        for name in list(&self.root.join("reports"))? {
            let path = self.root.join("reports").join(name);
            match read::<Report>(&path) {
                Ok(report) => reports.push(report),
                Err(error) => tracing::warn!(%error, "a report of a worker is lost"),
            }
            fs::remove_file(&path).map_err(Error::io("remove", &path))?;
        }
        Ok(reports)
    }

    /// Shows the workers that the scheduler lives.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn beat(&self, number: u64) -> Result<()> {
        self.publish(&self.root.join("pulse"), number.to_string().as_bytes())
    }

    /// What [`Self::beat`] wrote last; none if it cannot be read.
    pub fn pulse(&self) -> Option<u64> {
        fs::read_to_string(self.root.join("pulse")).ok()?.parse().ok()
    }

    /// The last lines of what a worker printed, at most so many.
    pub fn last_words(&self, worker: &str, lines: usize) -> String {
        let text = fs::read(self.log(worker)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let all: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        all[all.len().saturating_sub(lines)..].join("\n")
    }

    /// Removes the directory; workers that are still there end.
    ///
    /// # Errors
    /// It cannot be removed.
    pub fn remove(&self) -> Result<()> {
        remove(&self.root)
    }

    fn write(&self, path: &Path, document: &impl Serialize) -> Result<()> {
        let text = serde_json::to_vec(document).map_err(|source| Error::Format { path: path.to_owned(), source })?;
        self.publish(path, &text)
    }

    fn publish(&self, path: &Path, bytes: &[u8]) -> Result<()> {
        let temporary =
            self.root.join("tmp").join(format!("{}.{}", self.writer, self.next.fetch_add(1, Ordering::Relaxed)));
        fs::write(&temporary, bytes).map_err(Error::io("write", &temporary))?;
        fs::rename(&temporary, path).map_err(Error::io("write", path))
    }
}

/// Reads a step file.
///
/// # Errors
/// It cannot be read, or is none of this version.
pub fn read_batch(path: &Path) -> Result<Batch<'static>> {
    let batch: Batch<'static> = read(path)?;
    if batch.format == FORMAT {
        return Ok(batch);
    }
    let source = serde::de::Error::custom(format!("its format is {}, not {FORMAT}", batch.format));
    Err(Error::Format { path: path.to_owned(), source })
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).map_err(Error::io("read", path))?;
    from_nested_json(&text).map_err(|source| Error::Format { path: path.to_owned(), source })
}

/// The names in a directory, in order.
fn list(path: &Path) -> Result<Vec<String>> {
    let entries =
        fs::read_dir(path).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(Error::io("list", path))?;
    let mut names: Vec<String> = entries
        .iter()
        .map(fs::DirEntry::file_name)
        .filter_map(|name: std::ffi::OsString| OsStr::to_str(&name).map(str::to_owned))
        .collect();
    names.sort_unstable();
    Ok(names)
}

/// Removes a directory with all in it. A worker that writes there meanwhile is tried to be outrun a few times.
fn remove(root: &Path) -> Result<()> {
    let mut tries = 0;
    loop {
        match fs::remove_dir_all(root) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty && tries < 10 => tries += 1,
            removed => return removed.map_err(Error::io("remove", root)),
        }
    }
}
