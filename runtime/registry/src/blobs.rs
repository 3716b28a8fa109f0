//! What was fetched, kept by digest: `sha256/HEX` as in an OCI image layout, and beside it the signatures of manifests.

use std::fs::{self, File};
use std::io::{Read as _, Write};
use std::path::{Path, PathBuf};

use crate::digest::{Digest, Hashing};
use crate::error::{Error, Result};
use crate::manifest::{Descriptor, MAX_DOCUMENT};

/// A folder of blobs. Processes share it: what lies there is whole, and is checked whenever it is read.
#[derive(Debug, Clone)]
pub struct Blobs {
    root: PathBuf,
}

impl Blobs {
    /// In a folder, which is made when something is put there.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where a blob lies, if it is there.
    pub fn path(&self, digest: Digest) -> PathBuf {
        self.root.join("blobs/sha256").join(digest.hex())
    }

    /// The file of a blob, if it is there and is what it should be. One that is not is removed: it is fetched again.
    ///
    /// # Errors
    /// The system refuses.
    pub fn get(&self, digest: Digest) -> Result<Option<PathBuf>> {
        let path = self.path(digest);
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(Error::io("read", &path, source)),
        };
        let (found, _) = Digest::of_reader(&mut file).map_err(|source| Error::io("read", &path, source))?;
        if found == digest {
            return Ok(Some(path));
        }
        _ = fs::remove_file(&path);
        Ok(None)
    }

    /// The bytes of a document, if it is there and is what it should be.
    ///
    /// # Errors
    /// The system refuses.
    pub fn document(&self, digest: Digest) -> Result<Option<Vec<u8>>> {
        let Some(bytes) = read(&self.path(digest))? else { return Ok(None) };
        if Digest::of(&bytes) == digest {
            return Ok(Some(bytes));
        }
        _ = fs::remove_file(self.path(digest));
        Ok(None)
    }

    /// Has `fill` write a blob, and keeps it if it is what it should be.
    ///
    /// # Errors
    /// `fill`'s own, and if it wrote something else or the system refuses.
    pub fn put(&self, blob: &Descriptor, fill: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<PathBuf> {
        let path = self.path(blob.digest);
        write(&path, |file| {
            let mut hashing = Hashing::new(file);
            fill(&mut hashing)?;
            let (found, size) = hashing.finish();
            if (found, size) == (blob.digest, blob.size) {
                return Ok(());
            }
            let why = format!("it has {size} bytes and the digest {found}");
            Err(Error::Tampered { what: "a blob".to_owned(), expected: blob.digest, why })
        })?;
        Ok(path)
    }

    /// Keeps the bytes of a document.
    ///
    /// # Errors
    /// The system refuses.
    pub fn put_document(&self, bytes: &[u8]) -> Result<Digest> {
        let digest = Digest::of(bytes);
        write(&self.path(digest), |file| {
            file.write_all(bytes).map_err(|source| Error::io("write", &self.path(digest), source))
        })?;
        Ok(digest)
    }

    /// What is known of a manifest's signatures: a JSON array, whose truth only a key can tell. None if nobody looked.
    ///
    /// # Errors
    /// The system refuses.
    pub fn signatures(&self, manifest: Digest) -> Result<Option<Vec<u8>>> {
        read(&self.signatures_path(manifest))
    }

    /// Keeps what is known of a manifest's signatures.
    ///
    /// # Errors
    /// The system refuses.
    pub fn put_signatures(&self, manifest: Digest, json: &[u8]) -> Result<()> {
        let path = self.signatures_path(manifest);
        write(&path, |file| file.write_all(json).map_err(|source| Error::io("write", &path, source)))
    }

    /// Where they lie.
    pub fn signatures_path(&self, manifest: Digest) -> PathBuf {
        self.root.join("signatures").join(format!("{}.json", manifest.hex()))
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    match File::open(path).and_then(|file| file.take(MAX_DOCUMENT + 1).read_to_end(&mut bytes)) {
        Ok(_) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::io("read", path, source)),
    }
}

/// Writes a file that appears whole or not at all.
fn write(path: &Path, fill: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
    let named = tempfile::Builder::new().prefix(".part-").tempfile_in(folder);
    let mut part = named.map_err(|source| Error::io("create a file in", folder, source))?;
    fill(part.as_file_mut())?;
    part.persist(path).map_err(|error| Error::io("write", path, error.error))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_damaged_is_not_given_out() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::new(folder.path());
        let blob = Descriptor::of("x", b"abc");
        assert_eq!(blobs.get(blob.digest).unwrap(), None);
        let fill = |bytes: &'static [u8]| {
            move |out: &mut dyn Write| out.write_all(bytes).map_err(|error| Error::malformed("it", error))
        };
        let path = blobs.put(&blob, fill(b"abc")).unwrap();
        assert_eq!(blobs.get(blob.digest).unwrap(), Some(path.clone()));
        assert_eq!(blobs.document(blob.digest).unwrap().unwrap(), b"abc");
        fs::write(&path, b"abd").unwrap();
        assert_eq!(blobs.get(blob.digest).unwrap(), None);
        assert!(!path.exists());
        assert!(matches!(blobs.put(&blob, fill(b"abd")), Err(Error::Tampered { .. })));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 0);
    }
}
