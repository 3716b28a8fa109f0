//! `weft.lock` beside the pipelines of a folder.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use weft_registry::{Digest, Lock, Moved, Reference};

use crate::error::{Error, Result};

/// The file's name.
pub(crate) const NAME: &str = "weft.lock";
/// Bytes of it.
const LONGEST: u64 = 4 << 20;

/// A lock file, and what has changed in it since it was read.
pub(crate) struct LockFile {
    path: PathBuf,
    lock: Lock,
    moved: Vec<Moved>,
}

impl LockFile {
    /// Reads the one in a folder; an empty one if there is none.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = folder.join(NAME);
        let lock = match fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Lock::default(),
            Err(source) => return Err(Error::io("read", &path, source)),
            Ok(metadata) if metadata.len() > LONGEST => {
                return Err(Error::request(format!("`{}` has more than {LONGEST} bytes", path.display())));
            }
            Ok(_) => {
                let text = fs::read_to_string(&path).map_err(|source| Error::io("read", &path, source))?;
                Lock::read(&format!("`{}`", path.display()), &text)?
            }
        };
        Ok(Self { path, lock, moved: Vec::new() })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn get(&self, reference: &Reference) -> Option<Digest> {
        self.lock.get(reference)
    }

    pub fn pin(&mut self, reference: &Reference, digest: Digest) {
        self.moved.extend(self.lock.pin(reference, digest));
    }

    /// What it has of these references, as text; none if that is nothing.
    pub fn only(&self, references: &[Reference]) -> Option<String> {
        let lock = self.lock.only(references);
        (!lock.is_empty()).then(|| lock.to_text())
    }

    /// What has changed.
    pub fn moved(self) -> Vec<Moved> {
        self.moved
    }

    /// Writes it, if something in it has changed, and tells what.
    pub fn write(self) -> Result<Vec<Moved>> {
        if self.moved.is_empty() {
            return Ok(self.moved);
        }
        let folder = self.path.parent().unwrap_or(Path::new("."));
        let failed = |source| Error::io("write", &self.path, source);
        let mut file = tempfile::Builder::new().prefix(".weft-lock-").tempfile_in(folder).map_err(failed)?;
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            file.as_file().set_permissions(fs::Permissions::from_mode(0o644)).map_err(failed)?;
        }
        file.write_all(self.lock.to_text().as_bytes()).map_err(failed)?;
        file.persist(&self.path).map_err(|error| failed(error.error))?;
        Ok(self.moved)
    }
}
