//! Compiled functions that components have in common, above all those of an interpreter that each of them brings along.
//!
//! wasmtime asks for each function that it is about to compile whether that was done before: its key is a digest of the
//! function's code before compilation and of the compiler's settings. What is new while one component is compiled becomes one
//! file, a *pack*; all packs are in memory while something is compiled, and no longer.
//!
//! A pack holds native code. So it lies where compiled components do, in a directory that is the runtime's own for this
//! engine's version and settings, and is taken only if its checksum, which covers these too, is right. One that
//! is not, say after a power cut, is dropped: packs save time and nothing else.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use wasmtime::CacheStore;

use crate::atomic_write::{Durability, write_atomically};

/// What a pack's file begins with; the number is that of the format.
const MAGIC: &[u8] = b"weft functions 1\n";

/// Bytes of a function's key.
const KEY_LENGTH: usize = 32;

/// Bytes before a pack's first function: the beginning, and the checksum.
const HEADER_LENGTH: usize = MAGIC.len() + blake3::OUT_LEN;

/// Bytes of all packs together; the ones unused for longest go first. An interpreter needs 25 to 35 MB.
const MAX_TOTAL: u64 = 256 << 20;

/// Bytes of one pack, and with it of what is remembered while a component is compiled.
const MAX_PACK: usize = 128 << 20;

/// A process that has not finished its file by then never will.
const ABANDONED_AFTER: Duration = Duration::from_hours(1);

/// The extension of packs' names.
const EXTENSION: &str = "functions";

type Key = [u8; KEY_LENGTH];

/// The functions that are known while something is compiled. Given to the engine, which asks it.
#[derive(Debug, Default)]
pub(crate) struct FunctionCache {
    loaded: RwLock<Option<LoadedPacks>>,
    /// One compilation at a time: the next finds what this one compiled, and each uses all cores by itself.
    compiling: Mutex<()>,
}

/// Where packs are, and for which engine they are good.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PackDirectory<'a> {
    /// The directory, private to the user and to the engine's version and settings.
    pub(crate) directory: &'a Path,
    /// What tells these from others.
    pub(crate) engine: u64,
}

#[derive(Debug, Default)]
struct LoadedPacks {
    packs: Vec<Pack>,
    /// In which pack a function is, and where in it.
    packed: HashMap<Key, (usize, std::ops::Range<usize>)>,
    new: HashMap<Key, Vec<u8>>,
    new_bytes: usize,
}

#[derive(Debug)]
struct Pack {
    path: PathBuf,
    bytes: Vec<u8>,
    used: AtomicBool,
}

impl FunctionCache {
    /// Compiles with the functions of earlier compilations at hand, and keeps what was new if it succeeds.
    pub(crate) fn compile_with<T, E>(
        &self,
        packs: PackDirectory<'_>,
        compile: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let _compiling = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Some(LoadedPacks::load(packs));
        let result = compile();
        let loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner).take();
        if let (Ok(_), Some(loaded)) = (&result, loaded)
            && let Err(error) = loaded.save(packs)
        {
            tracing::warn!("functions that other components may share could not be kept: {error}");
        }
        result
    }
}

impl CacheStore for FunctionCache {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        let loaded = self.loaded.read().unwrap_or_else(PoisonError::into_inner);
        let found = loaded.as_ref()?.get(key.try_into().ok()?)?;
        Some(Cow::Owned(found.to_owned()))
    }

    fn insert(&self, key: &[u8], value: Vec<u8>) -> bool {
        let mut loaded = self.loaded.write().unwrap_or_else(PoisonError::into_inner);
        match (loaded.as_mut(), Key::try_from(key)) {
            (Some(loaded), Ok(key)) => loaded.insert(key, value),
            _ => false,
        }
    }
}

impl LoadedPacks {
    /// Reads the packs, the ones used last first, as many as there may be.
    fn load(packs: PackDirectory<'_>) -> Self {
        let mut loaded = Self::default();
        let mut total = 0;
        for (path, _, bytes) in list(packs.directory).unwrap_or_default() {
            total += bytes;
            if total > MAX_TOTAL {
                break;
            }
            loaded.add(packs, path);
        }
        loaded
    }

    fn add(&mut self, packs: PackDirectory<'_>, path: PathBuf) {
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            // Another process had it dropped.
            Err(error) if error.kind() == io::ErrorKind::NotFound => return,
            Err(error) => {
                tracing::warn!(path = %path.display(), "shared functions cannot be read: {error}");
                return;
            }
        };
        let Some(functions) = read(packs, &bytes) else {
            tracing::warn!(path = %path.display(), "shared functions are damaged and are compiled again");
            let _ = fs::remove_file(&path);
            return;
        };
        let pack = self.packs.len();
        self.packed.extend(functions.into_iter().map(|(key, range)| (key, (pack, range))));
        self.packs.push(Pack { path, bytes, used: AtomicBool::new(false) });
    }

    fn get(&self, key: &Key) -> Option<&[u8]> {
        if let Some((pack, range)) = self.packed.get(key) {
            let pack = self.packs.get(*pack)?;
            pack.used.store(true, Ordering::Relaxed);
            return pack.bytes.get(range.clone());
        }
        self.new.get(key).map(Vec::as_slice)
    }

    fn insert(&mut self, key: Key, value: Vec<u8>) -> bool {
        let size = KEY_LENGTH + size_of::<u32>() + value.len();
        let fits = HEADER_LENGTH + self.new_bytes + size <= MAX_PACK;
        if fits && self.new.insert(key, value).is_none() {
            self.new_bytes += size;
        }
        fits
    }

    /// Writes what is new, and drops what was not used for longest if it is too much by now.
    fn save(self, packs: PackDirectory<'_>) -> io::Result<()> {
        let now = SystemTime::now();
        for pack in self.packs.iter().filter(|pack| pack.used.load(Ordering::Relaxed)) {
            // Another process may have dropped it.
            let _ = File::options().append(true).open(&pack.path).and_then(|file| file.set_modified(now));
        }
        if !self.new.is_empty() {
            let bytes = pack(packs, &self.new);
            // Named by content: what was compiled again after a part of the cache was lost replaces nothing.
            let name = format!("{}.{EXTENSION}", blake3::hash(&bytes).to_hex());
            write_atomically(packs.directory, &name, &bytes, Durability::BestEffort)?;
        }
        prune(packs.directory, MAX_TOTAL)
    }
}

/// A pack of these functions.
fn pack(packs: PackDirectory<'_>, functions: &HashMap<Key, Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::from(MAGIC);
    bytes.extend([0; blake3::OUT_LEN]);
    for (key, value) in functions {
        // A function that large does not fit into a pack.
        let Ok(length) = u32::try_from(value.len()) else { continue };
        bytes.extend(key);
        bytes.extend(length.to_le_bytes());
        bytes.extend(value);
    }
    let checksum = checksum(packs, &bytes[HEADER_LENGTH..]);
    bytes[MAGIC.len()..HEADER_LENGTH].copy_from_slice(checksum.as_bytes());
    bytes
}

/// The keys of a pack's functions and the places of their code, if it is whole and of this engine.
fn read(packs: PackDirectory<'_>, bytes: &[u8]) -> Option<Vec<(Key, std::ops::Range<usize>)>> {
    let (expected, mut rest) = bytes.strip_prefix(MAGIC)?.split_first_chunk::<{ blake3::OUT_LEN }>()?;
    if checksum(packs, rest) != *expected {
        return None;
    }
    let mut functions = Vec::new();
    while !rest.is_empty() {
        let (key, after) = rest.split_first_chunk::<KEY_LENGTH>()?;
        let (length, after) = after.split_first_chunk()?;
        let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
        let start = bytes.len() - after.len();
        rest = after.get(length..)?;
        functions.push((*key, start..start + length));
    }
    Some(functions)
}

fn checksum(packs: PackDirectory<'_>, functions: &[u8]) -> blake3::Hash {
    blake3::Hasher::new().update(MAGIC).update(&packs.engine.to_le_bytes()).update(functions).finalize()
}

/// The packs with their times and sizes, the one used last first.
fn list(directory: &Path) -> io::Result<Vec<(PathBuf, SystemTime, u64)>> {
    let mut packs: Vec<(PathBuf, SystemTime, u64)> = files(directory)?
        .filter(|(path, ..)| path.extension().is_some_and(|extension| extension == EXTENSION))
        .collect();
    packs.sort_by(|a, b| (b.1, &b.0).cmp(&(a.1, &a.0)));
    Ok(packs)
}

fn files(directory: &Path) -> io::Result<impl Iterator<Item = (PathBuf, SystemTime, u64)>> {
    Ok(fs::read_dir(directory)?.filter_map(|entry| {
        let entry = entry.ok()?;
        let metadata = entry.metadata().ok()?;
        Some((entry.path(), metadata.modified().ok()?, metadata.len()))
    }))
}

/// Removes packs until the others have no more than `most` bytes, and what processes left that were killed while they wrote.
fn prune(directory: &Path, most: u64) -> io::Result<()> {
    let mut total = 0;
    for (path, _, bytes) in list(directory)? {
        total += bytes;
        if total > most {
            // Another process may have been faster.
            let _ = fs::remove_file(path);
        }
    }
    for (path, modified, _) in files(directory)? {
        let unfinished = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if unfinished && modified.elapsed().is_ok_and(|age| age > ABANDONED_AFTER) {
            let _ = fs::remove_file(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
