//! Importing files and directories of the host by copying.

use std::fs::File;
use std::ops::ControlFlow;
use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;

use crate::budget::Budget;
use crate::error::{Error, ErrorContext as _, Result};
use crate::id::ContentId;
use crate::positioned;
use crate::stage::CHUNK;
use crate::store::Store;
use crate::walk::{self, Found};

impl Store {
    /// Stores a copy of a file or directory of the host. It is hashed and copied in one pass with a fixed buffer.
    ///
    /// `host_path` itself may be a symbolic link. Inside a directory, a link to a plain file of the same directory is
    /// imported as that file; other links and special files are errors. Empty directories and permissions are not kept.
    /// `progress` is called with the bytes copied so far, and may end the copy.
    pub fn import(
        &self,
        host_path: impl AsRef<Path>,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<ContentId> {
        let host_path = host_path.as_ref();
        let mut done = 0;
        // Checked before opening, since opening a pipe blocks until its other end is opened.
        let meta = std::fs::metadata(host_path).context("read", || host_path)?;
        if meta.is_dir() {
            let root = Dir::open_ambient_dir(host_path, ambient_authority()).context("open", || host_path)?;
            let mut tree = self.create_tree(None)?;
            for Found { path, .. } in walk::files(&root, host_path)? {
                let shown = host_path.join(&path);
                let file = root.open(&path).context("open", || &shown)?.into_std();
                let (id, size) = self.copy_in(&file, &shown, None, &mut done, progress)?;
                tree.add_sized(&path, size, id.digest())?;
            }
            tree.finish()
        } else if meta.is_file() {
            let file = File::open(host_path).context("open", || host_path)?;
            self.copy_in(&file, host_path, None, &mut done, progress).map(|(id, _)| id)
        } else {
            let kind = walk::kind_of(cap_std::fs::Metadata::from_just_metadata(meta).file_type());
            Err(Error::SpecialFile { path: host_path.to_owned(), kind })
        }
    }

    /// Copies an open file into the store. Returns its id and size.
    pub(crate) fn copy_in(
        &self,
        file: &File,
        shown: &Path,
        budget: Option<&Budget>,
        done: &mut u64,
        progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
    ) -> Result<(ContentId, u64)> {
        let meta = file.metadata().context("read", || shown)?;
        if !meta.is_file() {
            // It was replaced after it was listed.
            return Err(Error::SpecialFile { path: shown.to_owned(), kind: "no longer a plain file" });
        }
        let mut writer = self.create(budget)?;
        let mut buffer = vec![0; CHUNK.min(usize::try_from(meta.len()).unwrap_or(CHUNK) + 1)];
        loop {
            let n = positioned::read(file, writer.len(), &mut buffer).context("read", || shown)?;
            writer.append(&buffer[..n])?;
            *done += n as u64;
            if progress(*done).is_break() {
                return Err(Error::Interrupted { path: shown.to_owned() });
            }
            if n < buffer.len() {
                let size = writer.len();
                return writer.finish().map(|id| (id, size));
            }
        }
    }
}
