//! An OCI image layout as one tar: what a registry would hold, in a file. skopeo calls it `oci-archive`.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::client::copy;
use crate::digest::{Digest, Hashing};
use crate::error::{Error, Result};
use crate::folder::append;
use crate::manifest::{Descriptor, Index, MAX_DOCUMENT, MAX_LAYERS};
use crate::upload::Source;

const LAYOUT: &str = "oci-layout";
const INDEX: &str = "index.json";
const BLOBS: &str = "blobs/sha256/";
const VERSION: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;
/// Where a tar says that it is one, and how.
const MAGIC_AT: u64 = 257;
const MAGIC: &[u8; 5] = b"ustar";

/// Whether a file is a tar, as no pipeline's file is.
pub fn is_archive(path: &Path) -> bool {
    let read = || -> io::Result<bool> {
        let mut file = File::open(path)?;
        let mut found = [0; MAGIC.len()];
        file.seek(SeekFrom::Start(MAGIC_AT))?;
        file.read_exact(&mut found)?;
        Ok(found == *MAGIC)
    };
    read().unwrap_or(false)
}

/// What is to be written into an archive.
#[derive(Debug, Default)]
pub struct ArchiveWriter {
    blobs: BTreeMap<Digest, (u64, Source)>,
}

impl ArchiveWriter {
    /// Adds a blob.
    pub fn add(&mut self, blob: &Descriptor, source: Source) {
        self.blobs.entry(blob.digest).or_insert((blob.size, source));
    }

    /// Writes it: the same blobs give the same bytes.
    ///
    /// # Errors
    /// A file has changed since it was added, or the system refuses.
    pub fn write(&self, index: &Index, path: &Path, out: &mut dyn Write) -> Result<()> {
        let failed = |source| Error::io("write", path, source);
        let mut tar = tar::Builder::new(out);
        let plain = tar::EntryType::Regular;
        append(&mut tar, plain, LAYOUT, VERSION.len() as u64, &mut &*VERSION).map_err(failed)?;
        let index = index.to_bytes();
        append(&mut tar, plain, INDEX, index.len() as u64, &mut index.as_slice()).map_err(failed)?;
        for (digest, (size, source)) in &self.blobs {
            let mut opened: Box<dyn Read> = match source {
                Source::Bytes(bytes) => Box::new(bytes.as_slice()),
                Source::File(from) => Box::new(File::open(from).map_err(|source| Error::io("read", from, source))?),
                Source::Part { path: from, start } => {
                    let mut file = File::open(from).map_err(|source| Error::io("read", from, source))?;
                    file.seek(SeekFrom::Start(*start)).map_err(|source| Error::io("read", from, source))?;
                    Box::new(file.take(*size))
                }
            };
            let mut tee = Tee { inner: &mut *opened, hashing: Hashing::new(io::sink()) };
            append(&mut tar, plain, &format!("{BLOBS}{}", digest.hex()), *size, &mut tee).map_err(failed)?;
            let (found, length) = tee.hashing.finish();
            if (found, length) != (*digest, *size) {
                let what = format!("what goes into `{}`", path.display());
                return Err(Error::Tampered { what, expected: *digest, why: "it has changed meanwhile".to_owned() });
            }
        }
        tar.finish().map_err(failed)
    }
}

/// Hashes what passes through.
struct Tee<'a> {
    inner: &'a mut dyn Read,
    hashing: Hashing<io::Sink>,
}

impl Read for Tee<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.hashing.write_all(buffer.get(..read).unwrap_or_default())?;
        Ok(read)
    }
}

/// An archive that is there.
#[derive(Debug)]
pub struct Archive {
    path: PathBuf,
    /// Where each blob begins, and how many bytes it has.
    blobs: BTreeMap<Digest, (u64, u64)>,
    /// What it holds.
    pub index: Index,
}

impl Archive {
    /// Opens one. No blob is read.
    ///
    /// # Errors
    /// It is none.
    pub fn open(path: &Path) -> Result<Self> {
        let what = path.display().to_string();
        let malformed = |why: &str| Error::malformed(format!("`{what}`"), why);
        let broken = |error: io::Error| Error::malformed(format!("`{what}`"), error);
        let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
        let length = file.metadata().map_err(|source| Error::io("read", path, source))?.len();
        let mut archive = tar::Archive::new(file);
        let (mut blobs, mut index, mut is_layout) = (BTreeMap::new(), None, false);
        for (nth, entry) in archive.entries_with_seek().map_err(broken)?.enumerate() {
            let mut entry = entry.map_err(broken)?;
            if nth > 2 * MAX_LAYERS {
                return Err(malformed("it has too many entries"));
            }
            let (start, size) = (entry.raw_file_position(), entry.size());
            if start.checked_add(size).is_none_or(|end| end > length) {
                return Err(malformed("its end is missing"));
            }
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            let name = name.trim_start_matches("./");
            if name == LAYOUT {
                is_layout = true;
            } else if name == INDEX {
                let mut bytes = Vec::new();
                (&mut entry).take(MAX_DOCUMENT).read_to_end(&mut bytes).map_err(broken)?;
                index = Some(Index::read(&format!("the index of `{what}`"), &bytes)?);
            } else if let Some(digest) = name.strip_prefix(BLOBS).and_then(|hex| format!("sha256:{hex}").parse().ok()) {
                blobs.insert(digest, (start, size));
            }
        }
        match index {
            Some(index) if is_layout => Ok(Self { path: path.to_owned(), blobs, index }),
            _ => Err(malformed("it is no bundle: it has no OCI layout in it")),
        }
    }

    /// Copies a blob out, its size and digest checked on the way.
    ///
    /// # Errors
    /// It is not there, is not what it should be, or cannot be written.
    pub fn blob(&self, blob: &Descriptor, out: &mut dyn Write) -> Result<()> {
        let what = format!("the blob {} in `{}`", blob.digest, self.path.display());
        let Some((start, size)) = self.blobs.get(&blob.digest) else {
            return Err(Error::malformed(what, "it is missing"));
        };
        let mut file = File::open(&self.path).map_err(|source| Error::io("read", &self.path, source))?;
        file.seek(SeekFrom::Start(*start)).map_err(|source| Error::io("read", &self.path, source))?;
        copy(&what, blob, &mut file.take(*size), out)
    }

    /// The bytes of a document.
    ///
    /// # Errors
    /// As [`Self::blob`], and if it has more than [`MAX_DOCUMENT`].
    pub fn document(&self, blob: &Descriptor) -> Result<Vec<u8>> {
        if blob.size > MAX_DOCUMENT {
            return Err(Error::malformed(
                format!("a document in `{}`", self.path.display()),
                format!("it has more than {MAX_DOCUMENT} bytes"),
            ));
        }
        let mut bytes = Vec::new();
        self.blob(blob, &mut bytes)?;
        Ok(bytes)
    }

    /// Where a blob's bytes are, to be pushed or written elsewhere.
    pub fn source(&self, blob: &Descriptor) -> Option<Source> {
        let (start, _) = self.blobs.get(&blob.digest)?;
        Some(Source::Part { path: self.path.clone(), start: *start })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blobs_come_back_and_no_changed_one_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.weft");
        let blobs = [&b"one"[..], b"two", b""].map(|bytes| (Descriptor::of("x", bytes), bytes));
        let mut writer = ArchiveWriter::default();
        for (blob, bytes) in &blobs {
            writer.add(blob, Source::Bytes(bytes.to_vec()));
        }
        let index = Index::new(vec![blobs[0].0.clone()]);
        let mut bytes = Vec::new();
        writer.write(&index, &path, &mut bytes).unwrap();
        std::fs::write(&path, &bytes).unwrap();
        assert!(is_archive(&path));
        let archive = Archive::open(&path).unwrap();
        assert_eq!(archive.index, index);
        for (blob, bytes) in &blobs {
            assert_eq!(archive.document(blob).unwrap(), *bytes);
        }
        let missing = Descriptor::of("x", b"three");
        assert!(matches!(archive.document(&missing), Err(Error::Malformed { .. })));
        // Every cut and every changed byte of content is told.
        for cut in [0, 100, 600, bytes.len() / 2] {
            std::fs::write(&path, &bytes[..cut]).unwrap();
            let read = Archive::open(&path)
                .and_then(|archive| blobs.iter().map(|(blob, _)| archive.document(blob)).collect::<Result<Vec<_>>>());
            assert!(read.is_err(), "{cut}");
        }
        let at = bytes.windows(3).position(|window| window == b"two").unwrap();
        bytes[at] = b'T';
        std::fs::write(&path, &bytes).unwrap();
        assert!(matches!(Archive::open(&path).unwrap().document(&blobs[1].0), Err(Error::Tampered { .. })));
    }

    #[test]
    fn what_changes_meanwhile_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("f"), folder.path().join("a.weft"));
        std::fs::write(&from, "other").unwrap();
        let mut writer = ArchiveWriter::default();
        writer.add(&Descriptor::of("x", b"thing"), Source::File(from));
        let written = writer.write(&Index::new(Vec::new()), &to, &mut Vec::new());
        assert!(matches!(written, Err(Error::Tampered { .. })));
    }
}
