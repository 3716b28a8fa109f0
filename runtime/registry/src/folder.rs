//! Folders as layers: a `.tar.gz` that `oras` packs and unpacks alike, the same for the same files.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use flate2::{Compression, GzBuilder};

use crate::digest::{Digest, Hashing};
use crate::error::{Error, Result};
use crate::manifest::safe_path;

/// Files of one folder.
const MOST: usize = 1_000_000;

/// Packs a folder: its files lie below `name`, in order, without owners and times. Gives the digest of the archive before it is compressed.
///
/// # Errors
/// There is something else than files and folders, or the system refuses.
pub fn pack_folder(folder: &Path, name: &str, out: &mut dyn Write) -> Result<Digest> {
    let mut files = Vec::new();
    walk(folder, &mut PathBuf::new(), &mut files)?;
    let failed = |source| Error::io("pack", folder, source);
    let gzip: GzEncoder<_> = GzBuilder::new().mtime(0).write(out, Compression::default());
    let mut hashing = Hashing::new(gzip);
    {
        let mut tar = tar::Builder::new(&mut hashing);
        append(&mut tar, tar::EntryType::Directory, &format!("{name}/"), 0, &mut io::empty()).map_err(failed)?;
        for path in files {
            let from = folder.join(&path);
            let Some(relative) = path.to_str().filter(|path| safe_path(path)) else {
                return Err(Error::malformed(
                    format!("`{}`", from.display()),
                    "its name cannot be that of a file everywhere",
                ));
            };
            let mut file = File::open(&from).map_err(|source| Error::io("read", &from, source))?;
            let size = file.metadata().map_err(|source| Error::io("read", &from, source))?.len();
            append(&mut tar, tar::EntryType::Regular, &format!("{name}/{relative}"), size, &mut file)
                .map_err(failed)?;
        }
        tar.finish().map_err(failed)?;
    }
    hashing.flush().map_err(failed)?;
    let (digest, gzip) = hashing.into_parts();
    gzip.finish().map_err(failed)?;
    Ok(digest)
}

/// An entry of a tar that says nothing of whose and from when it is.
pub(crate) fn append<W: Write>(
    tar: &mut tar::Builder<W>,
    kind: tar::EntryType,
    path: &str,
    size: u64,
    from: &mut dyn Read,
) -> io::Result<()> {
    let mut header = tar::Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(if kind == tar::EntryType::Directory { 0o755 } else { 0o644 });
    header.set_size(size);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    tar.append_data(&mut header, path, from.take(size))
}

/// All files below a folder, in order.
fn walk(root: &Path, at: &mut PathBuf, files: &mut Vec<PathBuf>) -> Result<()> {
    let folder = root.join(&*at);
    let entries = fs::read_dir(&folder).map_err(|source| Error::io("read", &folder, source))?;
    let mut names = entries
        .map(|entry| entry.map(|entry| entry.file_name()))
        .collect::<io::Result<Vec<_>>>()
        .map_err(|source| Error::io("read", &folder, source))?;
    names.sort();
    for name in names {
        at.push(&name);
        let path = root.join(&*at);
        let kind = fs::symlink_metadata(&path).map_err(|source| Error::io("read", &path, source))?.file_type();
        if kind.is_dir() {
            walk(root, at, files)?;
        } else if kind.is_file() && files.len() < MOST {
            files.push(at.clone());
        } else {
            let why = if kind.is_file() {
                "there are too many files beside it"
            } else {
                "only files and folders can be packed"
            };
            return Err(Error::malformed(format!("`{}`", path.display()), why));
        }
        at.pop();
    }
    Ok(())
}

/// Unpacks a folder into an empty one. `unpacked` is the digest that the archive must have before it is compressed, if that is known.
/// The bytes are bounded by those of the archive, as gzip makes at most a thousand of one.
///
/// # Errors
/// It is no such archive, or holds something else than files and folders below one folder.
pub fn unpack_folder(what: &str, from: &mut dyn Read, unpacked: Option<Digest>, into: &Path) -> Result<()> {
    let malformed = |why: String| Error::malformed(what, why);
    let broken = |error: io::Error| malformed(format!("it cannot be unpacked: {error}"));
    let mut read = ReadHashing { inner: GzDecoder::new(from), hashing: Hashing::new(io::sink()) };
    {
        let mut archive = tar::Archive::new(&mut read);
        for (nth, entry) in archive.entries().map_err(broken)?.enumerate() {
            let mut entry = entry.map_err(broken)?;
            if nth > MOST {
                return Err(malformed(format!("it has more than {MOST} files")));
            }
            let path = String::from_utf8(entry.path_bytes().into_owned())
                .map_err(|_| malformed("a name in it is not UTF-8".to_owned()))?;
            let path = path.trim_start_matches("./").trim_end_matches('/');
            if !safe_path(path) {
                return Err(malformed(format!("the path {path:?} in it leads elsewhere")));
            }
            // The first part is the folder's own name.
            let Some((_, inside)) = path.split_once('/') else {
                match entry.header().entry_type() {
                    tar::EntryType::Directory => continue,
                    _ => return Err(malformed(format!("{path:?} in it lies in no folder"))),
                }
            };
            let target = into.join(inside);
            match entry.header().entry_type() {
                tar::EntryType::Directory => {
                    fs::create_dir_all(&target).map_err(|source| Error::io("create", &target, source))?;
                }
                tar::EntryType::Regular | tar::EntryType::Continuous => {
                    let parent = target.parent().unwrap_or(into);
                    fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
                    let file = File::options().write(true).create_new(true).open(&target);
                    let mut file = file.map_err(|source| Error::io("create", &target, source))?;
                    io::copy(&mut entry, &mut file).map_err(broken)?;
                }
                _ => return Err(malformed(format!("{path:?} in it is neither file nor folder"))),
            }
        }
    }
    if let Some(expected) = unpacked {
        io::copy(&mut read, &mut io::sink()).map_err(broken)?;
        let (found, _) = read.hashing.finish();
        if found != expected {
            return Err(Error::Tampered {
                what: what.to_owned(),
                expected,
                why: format!("unpacked it has the digest {found}"),
            });
        }
    }
    Ok(())
}

/// Hashes what is read.
struct ReadHashing<R> {
    inner: R,
    hashing: Hashing<io::Sink>,
}

impl<R: Read> Read for ReadHashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hashing.write_all(buffer.get(..read).unwrap_or_default())?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use tar::EntryType as E;

    use super::*;

    #[test]
    fn a_folder_comes_back_and_is_packed_alike() {
        let folder = tempfile::tempdir().unwrap();
        let from = folder.path().join("model");
        fs::create_dir_all(from.join("a/b")).unwrap();
        fs::write(from.join("a/b/c.txt"), "c").unwrap();
        fs::write(from.join("z"), vec![7; 100_000]).unwrap();
        let (mut one, mut other) = (Vec::new(), Vec::new());
        let digest = pack_folder(&from, "model", &mut one).unwrap();
        fs::File::open(from.join("z")).unwrap().set_modified(std::time::UNIX_EPOCH).unwrap();
        assert_eq!(pack_folder(&from, "model", &mut other).unwrap(), digest);
        assert_eq!(one, other);
        let into = folder.path().join("back");
        fs::create_dir(&into).unwrap();
        unpack_folder("it", &mut one.as_slice(), Some(digest), &into).unwrap();
        assert_eq!(fs::read(into.join("a/b/c.txt")).unwrap(), b"c");
        assert_eq!(fs::read(into.join("z")).unwrap().len(), 100_000);
        let again = folder.path().join("again");
        fs::create_dir(&again).unwrap();
        let wrong = unpack_folder("it", &mut one.as_slice(), Some(Digest::of(b"")), &again);
        assert!(matches!(wrong, Err(Error::Tampered { .. })));
    }

    #[test]
    fn what_leads_elsewhere_is_refused() {
        let packed = |path: &str, kind| {
            let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
            {
                let mut tar = tar::Builder::new(&mut gzip);
                let mut header = tar::Header::new_gnu();
                header.set_entry_type(kind);
                header.set_size(0);
                header.as_gnu_mut().unwrap().name[..path.len()].copy_from_slice(path.as_bytes());
                header.set_cksum();
                tar.append(&header, io::empty()).unwrap();
                tar.finish().unwrap();
            }
            gzip.finish().unwrap()
        };
        let unpacked = |path: &str, kind| {
            let into = tempfile::tempdir().unwrap();
            unpack_folder("it", &mut packed(path, kind).as_slice(), None, into.path())
        };
        unpacked("a/b", E::Regular).unwrap();
        for (path, kind) in [
            ("../b", E::Regular),
            ("/b", E::Regular),
            ("a/../../b", E::Regular),
            ("b", E::Regular),
            ("a/b", E::Symlink),
            ("a/b", E::Link),
        ] {
            assert!(matches!(unpacked(path, kind), Err(Error::Malformed { .. })), "{path}");
        }
        let cut = &packed("a/b", E::Regular)[..20];
        assert!(unpack_folder("it", &mut &*cut, None, Path::new("/none")).is_err());
    }
}
