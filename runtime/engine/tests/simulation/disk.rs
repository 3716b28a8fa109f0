//! A simulated disk: the files of SQLite, which are only in memory, and what becomes of the artifact store's, which are
//! real. It counts the operations that change something, has the one fail that it is told to, and forgets at a power cut
//! what was not flushed.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fastrand::Rng;
use weft_artifacts::{Change, ContentId, Disk};

/// What happens at an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The process is killed. Of the bytes that were being written, some may have been.
    Kill,
    /// The machine loses its power: of what was not flushed, any part may be lost.
    PowerCut,
    /// The operation fails, this once.
    Fails,
    /// The disk is full from now on, until the process has ended.
    Full,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Kill, Self::PowerCut, Self::Fails, Self::Full];
}

/// A fault at the `at`-th operation of a process.
#[derive(Debug, Clone, Copy)]
pub struct Fault {
    pub kind: Kind,
    pub at: u32,
    /// Decides which bytes are torn, and what is lost.
    pub luck: u64,
}

/// Contents by names.
pub type Files = BTreeMap<String, Vec<u8>>;

/// A file of SQLite.
#[derive(Debug, Clone, Default)]
struct File {
    now: Vec<u8>,
    /// As it was last flushed.
    safe: Vec<u8>,
    /// What was done to it since then.
    since: Vec<Edit>,
}

#[derive(Debug, Clone)]
enum Edit {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

impl Edit {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(at, data) => {
                let end = at + data.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*at..end].copy_from_slice(data);
            }
            Self::SetLen(len) => bytes.resize(*len, 0),
        }
    }

    /// The part of it that has reached the disk when the power is cut: whole sectors.
    fn torn(&self, luck: &mut Rng) -> Self {
        match self {
            Self::Write(at, data) => Self::Write(*at, data[..luck.usize(0..=data.len() / 512) * 512].to_vec()),
            Self::SetLen(len) => Self::SetLen(*len),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<String, File>,
    /// Content that was published since everything was flushed.
    unflushed: Vec<ContentId>,
    /// Operations since the process began.
    operations: u32,
    fault: Option<Fault>,
    happened: bool,
}

/// Shared by all that is on it.
#[derive(Debug, Clone, Default)]
pub struct Simulated(Arc<Mutex<State>>);

impl Simulated {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a process to which this happens.
    pub fn begin(&self, fault: Option<Fault>) {
        let mut state = self.state();
        (state.operations, state.fault, state.happened) = (0, fault, false);
    }

    /// Ends the process. Whether its fault happened, and the number of its operations. `artifacts` is the directory of the artifact store.
    pub fn end(&self, artifacts: &Path) -> (bool, u32) {
        let mut state = self.state();
        let happened = state.happened;
        if let Some(Fault { kind: Kind::PowerCut, luck, .. }) = state.fault
            && happened
        {
            state.lose(artifacts, &mut Rng::with_seed(luck));
        }
        (state.fault, state.happened) = (None, false);
        (happened, state.operations)
    }

    pub fn exists(&self, name: &str) -> bool {
        self.state().files.contains_key(name)
    }

    pub fn create(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        if !state.files.contains_key(name) {
            state.operation(true)?;
            state.files.insert(name.to_owned(), File::default());
        }
        Ok(())
    }

    pub fn delete(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.operation(false)?;
        state.files.remove(name);
        Ok(())
    }

    /// Forgets all files, and has those of another directory in this one instead, as if they had always been there.
    pub fn begin_with(&self, files: &Files, directory: &str) {
        let file = |(name, bytes): (&String, &Vec<u8>)| {
            let since = Vec::new();
            (format!("{directory}/{name}"), File { now: bytes.clone(), safe: bytes.clone(), since })
        };
        *self.state() = State { files: files.iter().map(file).collect(), ..State::default() };
    }

    /// The files of a directory, by their names.
    pub fn files(&self, directory: &str) -> Files {
        let state = self.state();
        let inside = |(path, file): (&String, &File)| {
            let name = path.strip_prefix(directory)?.strip_prefix('/')?;
            Some((name.to_owned(), file.now.clone()))
        };
        state.files.iter().filter_map(inside).collect()
    }

    pub fn len(&self, name: &str) -> usize {
        self.state().files.get(name).map_or(0, |file| file.now.len())
    }

    pub fn read(&self, name: &str, at: usize, buffer: &mut [u8]) -> io::Result<()> {
        let state = self.state();
        let bytes = state.files.get(name).map_or(&[][..], |file| &file.now);
        let there = bytes.get(at..).unwrap_or_default();
        let n = there.len().min(buffer.len());
        buffer[..n].copy_from_slice(&there[..n]);
        // SQLite wants zeros in place of what is missing.
        buffer[n..].fill(0);
        if n == buffer.len() { Ok(()) } else { Err(ErrorKind::UnexpectedEof.into()) }
    }

    pub fn write(&self, name: &str, at: usize, data: &[u8]) -> io::Result<()> {
        let mut state = self.state();
        let done = state.operation(true);
        if done.is_err()
            && let Some(luck) = state.interrupts()
        {
            // The process died in the middle of it.
            state.edit(name, Edit::Write(at, data[..Rng::with_seed(luck).usize(0..=data.len())].to_vec()));
        }
        done?;
        state.edit(name, Edit::Write(at, data.to_vec()));
        Ok(())
    }

    pub fn set_len(&self, name: &str, len: usize) -> io::Result<()> {
        let mut state = self.state();
        let grows = state.files.get(name).is_some_and(|file| file.now.len() < len);
        state.operation(grows)?;
        state.edit(name, Edit::SetLen(len));
        Ok(())
    }

    pub fn flush(&self, name: &str) -> io::Result<()> {
        let mut state = self.state();
        state.operation(false)?;
        if let Some(file) = state.files.get_mut(name) {
            file.flush();
        }
        Ok(())
    }
}

impl Disk for Simulated {
    fn before(&self, change: Change) -> io::Result<()> {
        let mut state = self.state();
        state.operation(matches!(change, Change::Create | Change::Write))?;
        match change {
            Change::Publish(id) => state.unflushed.push(id),
            Change::FlushAll => {
                state.unflushed.clear();
                state.files.values_mut().for_each(File::flush);
            }
            _ => {}
        }
        Ok(())
    }
}

impl File {
    fn flush(&mut self) {
        if !self.since.is_empty() {
            self.since.clear();
            self.safe.clone_from(&self.now);
        }
    }
}

impl State {
    /// Counts an operation, and fails if it is to fail. `grows` says that it needs space.
    fn operation(&mut self, grows: bool) -> io::Result<()> {
        self.operations += 1;
        let Some(fault) = self.fault.filter(|fault| self.operations >= fault.at) else { return Ok(()) };
        let fails = match fault.kind {
            Kind::Kill | Kind::PowerCut => true,
            Kind::Fails => self.operations == fault.at,
            Kind::Full => grows,
        };
        self.happened |= fails;
        match (fails, fault.kind) {
            (false, _) => Ok(()),
            // SQLite's way to say that the disk is full.
            (true, Kind::Full) => Err(ErrorKind::WriteZero.into()),
            (true, _) => Err(io::Error::other("simulated")),
        }
    }

    /// If the operation that has just failed is the one at which the process died.
    fn interrupts(&self) -> Option<u64> {
        let fault = self.fault.filter(|fault| fault.at == self.operations)?;
        matches!(fault.kind, Kind::Kill | Kind::PowerCut).then_some(fault.luck)
    }

    fn edit(&mut self, name: &str, edit: Edit) {
        if let Some(file) = self.files.get_mut(name) {
            edit.apply(&mut file.now);
            file.since.push(edit);
        }
    }

    /// Of what was not flushed, loses everything, nothing, or anything.
    fn lose(&mut self, artifacts: &Path, luck: &mut Rng) {
        let kept = [0.0, 0.5, 0.9, 1.0][luck.usize(0..4)];
        for file in self.files.values_mut() {
            for edit in std::mem::take(&mut file.since) {
                match luck.f64() < kept {
                    true if luck.f64() < 0.1 => edit.torn(luck).apply(&mut file.safe),
                    true => edit.apply(&mut file.safe),
                    false => {}
                }
            }
            file.now.clone_from(&file.safe);
        }
        for id in std::mem::take(&mut self.unflushed) {
            let path = place(artifacts, &id);
            match luck.usize(0..3) {
                _ if luck.f64() < kept => {}
                0 => _ = std::fs::remove_file(path),
                1 => truncate(&path, 0),
                _ => {
                    let len = std::fs::metadata(&path).map_or(0, |found| found.len());
                    truncate(&path, luck.u64(0..=len));
                }
            }
        }
    }
}

/// Leaves a file's beginning.
fn truncate(path: &Path, len: u64) {
    let Ok(bytes) = std::fs::read(path) else { return };
    std::fs::remove_file(path).unwrap();
    std::fs::write(path, &bytes[..usize::try_from(len).unwrap()]).unwrap();
}

/// The file of content, as the artifact store documents it.
pub fn place(artifacts: &Path, id: &ContentId) -> PathBuf {
    let hex = id.digest().to_string();
    artifacts.join(if id.is_tree() { "trees" } else { "blobs" }).join(&hex[..2]).join(hex)
}
