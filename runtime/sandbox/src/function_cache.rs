//! A cache of compiled functions that components share, above all those of an embedded interpreter.
//!
//! wasmtime looks up each function before it compiles it, by a digest of its code and of the compiler's settings (which is also
//! where compiling can end early, see [`crate::compile`]). The
//! functions that one component adds are saved as one file, a *pack*. Packs are in memory only during a compilation.
//!
//! A pack holds native code. It is therefore in the same private directory as compiled components, which is specific to
//! the engine's version and settings, and it is read only if its checksum is right, which covers these too. A pack with a
//! wrong checksum, as after a power cut, is removed; its functions are compiled again.

#[cfg(feature = "compiler")]
use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

#[cfg(feature = "compiler")]
use wasmtime::CacheStore;

use crate::atomic_write::{Durability, write_atomically};
#[cfg(feature = "compiler")]
use crate::compile;

/// The first bytes of a pack, with the version of its format.
const MAGIC: &[u8] = b"weft functions 1\n";

/// The length of a function's key, in bytes.
const KEY_LENGTH: usize = 32;

/// The length of a pack's header, magic and checksum, in bytes.
const HEADER_LENGTH: usize = MAGIC.len() + blake3::OUT_LEN;

/// The maximum size of all packs, in bytes. The least recently used ones are removed. An interpreter takes 25 to 35 MB.
const MAX_TOTAL: u64 = 256 << 20;

/// The maximum size of a pack, in bytes. It also bounds the memory for new functions during a compilation.
const MAX_PACK: usize = 128 << 20;

/// The age at which the temporary file of another process counts as abandoned.
const ABANDONED_AFTER: Duration = Duration::from_hours(1);

/// The file extension of packs.
const EXTENSION: &str = "functions";

type Key = [u8; KEY_LENGTH];

/// The cache that the engine looks functions up in. It is empty unless a compilation is running.
#[derive(Debug, Default)]
pub(crate) struct FunctionCache {
    loaded: RwLock<Option<LoadedPacks>>,
    /// Held during a compilation. One at a time, so that the next one finds its functions; each uses all cores anyway.
    compiling: Mutex<()>,
}

/// The directory of packs, and the engine that they are for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PackDirectory<'a> {
    /// The directory, private to the user and to the engine's version and settings.
    pub(crate) directory: &'a Path,
    /// A digest of the engine's version and settings.
    pub(crate) engine: u64,
}

#[derive(Debug, Default)]
struct LoadedPacks {
    packs: Vec<Pack>,
    /// The pack of each function, and its range of bytes in there.
    packed: HashMap<Key, (usize, std::ops::Range<usize>)>,
    new: HashMap<Key, Vec<u8>>,
    new_bytes: usize,
    /// The most bytes of new functions.
    max_new: usize,
}

#[derive(Debug)]
struct Pack {
    path: PathBuf,
    bytes: Vec<u8>,
    used: AtomicBool,
}

impl FunctionCache {
    fn take(&self) -> Option<LoadedPacks> {
        self.loaded.write().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Compiles with the functions of earlier compilations, and saves the new ones if they are to be kept and it succeeds.
    pub(crate) fn compile_with<T, E>(
        &self,
        packs: PackDirectory<'_>,
        keep: bool,
        compile: impl FnOnce() -> Result<T, E>,
    ) -> Result<T, E> {
        let _compiling = self.compiling.lock().unwrap_or_else(PoisonError::into_inner);
        *self.loaded.write().unwrap_or_else(PoisonError::into_inner) = Some(LoadedPacks::load(packs, keep));
        // A compilation that is stopped unwinds.
        let unload = Unload(self);
        let result = compile();
        let loaded = unload.0.take();
        if let (Ok(_), Some(loaded)) = (&result, loaded)
            && let Err(error) = loaded.save(packs)
        {
            tracing::warn!("functions that other components may share could not be kept: {error}");
        }
        result
    }
}

/// Unloads the packs, however the compilation ends.
struct Unload<'a>(&'a FunctionCache);

impl Drop for Unload<'_> {
    fn drop(&mut self) {
        self.0.take();
    }
}

#[cfg(feature = "compiler")]
impl CacheStore for FunctionCache {
    fn get(&self, key: &[u8]) -> Option<Cow<'_, [u8]>> {
        compile::pause();
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
    /// Reads the packs, the most recently used first, up to [`MAX_TOTAL`].
    fn load(packs: PackDirectory<'_>, keep: bool) -> Self {
        let mut loaded = Self { max_new: if keep { MAX_PACK } else { 0 }, ..Self::default() };
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
            // Another process has removed it.
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
        let fits = HEADER_LENGTH + self.new_bytes + size <= self.max_new;
        if fits && self.new.insert(key, value).is_none() {
            self.new_bytes += size;
        }
        fits
    }

    /// Writes the new functions as a pack, updates the times of used packs, and removes the least recently used ones beyond
    /// [`MAX_TOTAL`].
    fn save(self, packs: PackDirectory<'_>) -> io::Result<()> {
        let now = SystemTime::now();
        for pack in self.packs.iter().filter(|pack| pack.used.load(Ordering::Relaxed)) {
            // Another process may have removed it.
            let _ = File::options().append(true).open(&pack.path).and_then(|file| file.set_modified(now));
        }
        if !self.new.is_empty() {
            let bytes = pack(packs, &self.new);
            // Named by content, so that the same functions compiled twice are one file.
            let name = format!("{}.{EXTENSION}", blake3::hash(&bytes).to_hex());
            write_atomically(packs.directory, &name, &bytes, Durability::BestEffort)?;
        }
        prune(packs.directory, MAX_TOTAL)
    }
}

/// Encodes a pack.
fn pack(packs: PackDirectory<'_>, functions: &HashMap<Key, Vec<u8>>) -> Vec<u8> {
    let mut bytes = Vec::from(MAGIC);
    bytes.extend([0; blake3::OUT_LEN]);
    for (key, value) in functions {
        // A function of 4 GiB does not fit into a pack anyway.
        let Ok(length) = u32::try_from(value.len()) else { continue };
        bytes.extend(key);
        bytes.extend(length.to_le_bytes());
        bytes.extend(value);
    }
    let checksum = checksum(packs, &bytes[HEADER_LENGTH..]);
    bytes[MAGIC.len()..HEADER_LENGTH].copy_from_slice(checksum.as_bytes());
    bytes
}

/// Decodes a pack into keys and ranges of code. `None` if its checksum is wrong or it is of another engine.
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

/// The packs with their times and sizes, the most recently used first.
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

/// Removes the least recently used packs beyond `most` bytes, and abandoned temporary files.
fn prune(directory: &Path, most: u64) -> io::Result<()> {
    let mut total = 0;
    for (path, _, bytes) in list(directory)? {
        total += bytes;
        if total > most {
            // Another process may have removed it.
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
