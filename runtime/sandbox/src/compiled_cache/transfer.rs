//! Taking compiled components along to a machine of the same kind, in one file.
//!
//! The file begins with [`MAGIC`] and the engine's version and settings, which cover the processor. Then come compiled components: the
//! length of the name (two bytes, little-endian), the name, the length (eight bytes), the bytes, and their BLAKE3 digest; a name of no length
//! is the end. The digest finds damage. It does not tell who made the file: who imports one runs its code, outside of any sandbox.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use super::{CompiledCache, LANDING};
use crate::atomic_write::{Durability, write_atomically_with};
use crate::engine;
use crate::error::{Error, Result};
use crate::target::{COMPILES, Target};
use crate::walls::Walls;

const MAGIC: &[u8] = b"weft compiled components 1\n";

/// More than a compiled component has.
const MAX_LENGTH: u64 = 4 << 30;

/// More than the names here have.
const MAX_NAME: u16 = 128;

/// What was written to a file, or taken from one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Transferred {
    /// Compiled components.
    pub components: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Writes the compiled components of a folder to a file: those of these digests, or all. Only what this version of weft compiled for this kind of
/// machine is taken. `strict` is what was compiled to compute the same on each architecture.
///
/// # Errors
/// The folder or the file cannot be used.
pub fn export_compiled(
    directory: &Path,
    target: Target,
    strict: bool,
    digests: Option<&[String]>,
    file: &Path,
) -> Result<Transferred> {
    let cache = CompiledCache::open(directory, &engine::start_for(target, strict)?, Walls::default())?;
    let fail = |source: io::Error| Error::Transfer { path: file.to_owned(), why: source.to_string() };
    let wanted = |name: &str| {
        let of = |digest: &String| name.starts_with(&format!("{}.", digest.replace(':', "-")));
        name == LANDING || (is_compiled(name) && digests.is_none_or(|digests| digests.iter().any(of)))
    };
    let entries = fs::read_dir(&cache.directory).map_err(fail)?;
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).filter(|name| wanted(name)).collect();
    names.sort();
    // Of a component that is compiled as a whole, the part that it usually needs adds nothing.
    let whole = names.clone();
    names.retain(|name| {
        name.strip_suffix(".usual.cwasm").is_none_or(|stem| whole.binary_search(&format!("{stem}.cwasm")).is_err())
    });
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let last = file.file_name().unwrap_or_default().to_string_lossy();
    write_atomically_with(parent, &last, Durability::Synced, |out| write_all(&cache, &names, out)).map_err(fail)
}

fn write_all(cache: &CompiledCache, names: &[String], out: &mut File) -> io::Result<Transferred> {
    out.write_all(MAGIC)?;
    out.write_all(&cache.engine.to_le_bytes())?;
    let mut written = Transferred::default();
    for name in names {
        let mut source = File::open(cache.directory.join(name))?;
        let length = source.metadata()?.len();
        out.write_all(&u16::try_from(name.len()).unwrap_or(0).to_le_bytes())?;
        out.write_all(name.as_bytes())?;
        out.write_all(&length.to_le_bytes())?;
        let digest = copy(&mut source, length, out)?;
        out.write_all(&digest)?;
        written.components += u64::from(name != LANDING);
        written.bytes += length;
    }
    out.write_all(&0u16.to_le_bytes())?;
    Ok(written)
}

/// Takes compiled components out of a file that [`export_compiled`] wrote. Its code will run: the file must come from who is trusted.
///
/// # Errors
/// The file is none, is damaged, or was written by another version of weft or for another processor.
pub fn import_compiled(directory: &Path, file: &Path) -> Result<Transferred> {
    let fail = |error: io::Error| {
        let cut = error.kind() == io::ErrorKind::UnexpectedEof;
        let why = if cut { "its end is missing".to_owned() } else { error.to_string() };
        Error::Transfer { path: file.to_owned(), why }
    };
    let mut source = BufReader::new(File::open(file).map_err(fail)?);
    let identity = identity(&mut source).map_err(fail)?;
    let Some((target, strict)) = known(identity)? else {
        let hint = if COMPILES { "" } else { "; bundle it with `--aot=portable` or `--aot=pulley`" };
        let why = format!("another version of weft wrote it, or it is for another kind of processor{hint}");
        return Err(fail(io::Error::other(why)));
    };
    let cache = CompiledCache::open(directory, &engine::start_for(target, strict)?, Walls::default())?;
    read_all(&cache, &mut source).map_err(fail)
}

/// The kind of machine that a file of [`export_compiled`] is for; none if this build runs nothing of it.
///
/// # Errors
/// The file cannot be read, or is none.
pub fn compiled_for(file: &Path) -> Result<Option<Target>> {
    let read = || identity(&mut BufReader::new(File::open(file)?));
    let identity = read().map_err(|error| Error::Transfer { path: file.to_owned(), why: error.to_string() })?;
    Ok(known(identity)?.map(|(target, _)| target))
}

/// What an engine of this build is to be started for to read code of this identity.
fn known(identity: u64) -> Result<Option<(Target, bool)>> {
    // Who compiles has no need of what is interpreted.
    let targets = if COMPILES { [Target::Native, Target::Portable] } else { [Target::Native, Target::Pulley] };
    for (target, strict) in targets.into_iter().flat_map(|target| [(target, false), (target, true)]) {
        if target.identity(&engine::start_for(target, strict)?.engine, strict) == identity {
            return Ok(Some((target, strict)));
        }
    }
    Ok(None)
}

fn identity(source: &mut impl Read) -> io::Result<u64> {
    if take::<{ MAGIC.len() }>(source)? != *MAGIC {
        return Err(io::Error::other("it holds no compiled components"));
    }
    Ok(u64::from_le_bytes(take(source)?))
}

fn read_all(cache: &CompiledCache, source: &mut impl Read) -> io::Result<Transferred> {
    let mut taken = Transferred::default();
    loop {
        let length = u16::from_le_bytes(take(source)?);
        if length == 0 {
            return Ok(taken);
        }
        let damaged = || io::Error::other("it is damaged");
        let mut name = vec![0; usize::from(length.min(MAX_NAME))];
        source.read_exact(&mut name)?;
        let name = String::from_utf8(name).map_err(|_| damaged())?;
        let length = u64::from_le_bytes(take(source)?);
        if !(is_compiled(&name) || name == LANDING) || length > MAX_LENGTH {
            return Err(damaged());
        }
        write_atomically_with(&cache.directory, &name, Durability::Synced, |out| {
            let found = copy(source, length, out)?;
            if take(source)? == found { Ok(()) } else { Err(damaged()) }
        })?;
        taken.components += u64::from(name != LANDING);
        taken.bytes += length;
    }
}

/// Copies so many bytes, and gives their digest.
fn copy(source: &mut impl Read, length: u64, out: &mut File) -> io::Result<[u8; blake3::OUT_LEN]> {
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; 1 << 20];
    let mut left = length;
    while left > 0 {
        let part = usize::try_from(left).map_or(buffer.len(), |left| left.min(buffer.len()));
        source.read_exact(&mut buffer[..part])?;
        hasher.update(&buffer[..part]);
        out.write_all(&buffer[..part])?;
        left -= part as u64;
    }
    Ok(hasher.finalize().into())
}

fn take<const LENGTH: usize>(source: &mut impl Read) -> io::Result<[u8; LENGTH]> {
    let mut bytes = [0; LENGTH];
    source.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Whether a name is that of a compiled component, which leads nowhere else.
fn is_compiled(name: &str) -> bool {
    let Some(digest) = name.strip_suffix(".cwasm").and_then(|name| name.strip_prefix("blake3-")) else { return false };
    let digest = digest.strip_suffix(".usual").unwrap_or(digest);
    digest.len() == 2 * blake3::OUT_LEN && digest.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(digit: char) -> String {
        format!("blake3-{}.cwasm", digit.to_string().repeat(64))
    }

    /// A folder for compiled components that holds these.
    fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let cache = CompiledCache::open(folder.path(), &engine::start(false).unwrap(), Walls::default()).unwrap();
        for (name, bytes) in files {
            fs::write(cache.directory.join(name), bytes).unwrap();
        }
        folder
    }

    fn held(folder: &Path) -> Vec<(String, Vec<u8>)> {
        let cache = CompiledCache::open(folder, &engine::start(false).unwrap(), Walls::default()).unwrap();
        let entries = fs::read_dir(&cache.directory).unwrap().map(|entry| entry.unwrap());
        let mut held: Vec<_> =
            entries.map(|entry| (entry.file_name().into_string().unwrap(), fs::read(entry.path()).unwrap())).collect();
        held.sort();
        held
    }

    #[test]
    fn what_is_exported_is_there_on_another_machine() {
        let (first, second) = (name('a'), name('b').replace(".cwasm", ".usual.cwasm"));
        let large = vec![7; 3 << 20];
        let from = folder(&[(&first, b"one"), (&second, &large), ("d.functions", b"x")]);
        let file = from.path().join("exported");
        let all = export_compiled(from.path(), Target::Native, false, None, &file).unwrap();
        assert_eq!(all, Transferred { components: 2, bytes: 3 + (3 << 20) });
        let to = folder(&[]);
        assert_eq!(import_compiled(to.path(), &file).unwrap(), all);
        assert_eq!(held(to.path()), [(first.clone(), b"one".to_vec()), (second, large)]);

        let digest = format!("blake3:{}", "a".repeat(64));
        let one = export_compiled(from.path(), Target::Native, false, Some(&[digest]), &file).unwrap();
        assert_eq!(one.components, 1);
        let to = folder(&[]);
        import_compiled(to.path(), &file).unwrap();
        assert_eq!(held(to.path()), [(first, b"one".to_vec())]);
    }

    #[test]
    fn what_is_damaged_or_for_others_is_refused_and_leaves_nothing() {
        let from = folder(&[(&name('a'), b"code")]);
        let file = from.path().join("exported");
        export_compiled(from.path(), Target::Native, false, None, &file).unwrap();
        let good = fs::read(&file).unwrap();
        let changed = |at: usize| {
            let mut bytes = good.clone();
            bytes[at] ^= 1;
            bytes
        };
        let at_name = MAGIC.len() + 8 + 2;
        for (bytes, why) in [
            (b"#!/bin/sh\n".to_vec(), "its end is missing"),
            (changed(0), "it holds no compiled components"),
            (changed(MAGIC.len()), "another version of weft wrote it, or it is for another kind of processor"),
            (changed(at_name), "it is damaged"),
            (changed(good.len() - 3), "it is damaged"),
            (good[..good.len() - 4].to_vec(), "its end is missing"),
        ] {
            fs::write(&file, &bytes).unwrap();
            let to = folder(&[]);
            let refused = import_compiled(to.path(), &file).unwrap_err().to_string();
            assert!(refused.ends_with(why), "{refused}, not {why}");
            assert_eq!(held(to.path()), []);
        }
    }

    #[test]
    fn names_lead_nowhere_else() {
        assert!(is_compiled(&name('0')) && is_compiled(&name('f').replace(".cwasm", ".usual.cwasm")));
        for name in
            ["../x.cwasm", "blake3-ab.cwasm", &name('g'), &name('A'), &name('a').replace(".cwasm", ".functions")]
        {
            assert!(!is_compiled(name), "{name}");
        }
    }
}
