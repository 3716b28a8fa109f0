//! What arrives from another store: pieces of files, which lie in the folder `arriving` until they are whole, and runs.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use weft_artifacts::ContentId;
use weft_metadata::RunStamp;

use super::{CarriedRun, PIECE, SyncTarget};
use crate::error::{Error, Result};
use crate::store::Store;

impl Store {
    /// Directory for files of which not all has arrived.
    pub(crate) fn arriving(&self) -> PathBuf {
        self.root().join("arriving")
    }

    fn part(&self, id: &ContentId) -> PathBuf {
        let kind = if id.is_tree() { "tree" } else { "blob" };
        self.arriving().join(format!("{kind}-{}", id.digest()))
    }

    /// Publishes a file that has arrived, if its bytes are those of its id.
    fn publish(&self, id: ContentId, part: &Path) -> Result<()> {
        let failed = |source| Error::io("read", part, source);
        let mut file = File::open(part).map_err(failed)?;
        let mut receiver = self.artifacts.receive(id);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let read = file.read(&mut buffer).map_err(failed)?;
            if read == 0 {
                break;
            }
            receiver.append(&buffer[..read])?;
        }
        let published = receiver.finish();
        // What is damaged would be refused each time.
        fs::remove_file(part).map_err(|source| Error::io("remove", part, source))?;
        match published {
            Err(weft_artifacts::Error::Damaged { reason, .. }) => Err(Error::advised(
                format!("what arrived as {id} is something else: {reason}"),
                "it is sent anew the next time",
            )),
            published => Ok(published?),
        }
    }
}

impl SyncTarget for Store {
    fn wanted(&self, runs: &[RunStamp], whole: bool) -> Result<Vec<String>> {
        Ok(self.metadata.wanted(runs, whole)?)
    }

    fn absent(&self, files: &[ContentId]) -> Result<Vec<ContentId>> {
        Ok(self.artifacts.absent(files)?)
    }

    fn arrived(&self, file: ContentId) -> Result<u64> {
        let part = self.part(&file);
        match fs::metadata(&part) {
            Ok(meta) => Ok(meta.len()),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(0),
            Err(source) => Err(Error::io("read", &part, source)),
        }
    }

    fn take(&self, file: ContentId, length: u64, offset: u64, piece: &[u8]) -> Result<()> {
        if piece.len() > PIECE || offset.checked_add(piece.len() as u64).is_none_or(|end| end > length) {
            return Err(Error::request("the piece is longer than it may be"));
        }
        let (folder, part) = (self.arriving(), self.part(&file));
        fs::create_dir_all(&folder).map_err(|source| Error::io("create", &folder, source))?;
        let failed = |source| Error::io("write", &part, source);
        let mut open = OpenOptions::new().create(true).append(true).open(&part).map_err(failed)?;
        // Another sender of the same file waits here, and finds that it is further.
        open.lock().map_err(failed)?;
        let arrived = open.seek(SeekFrom::End(0)).map_err(failed)?;
        if offset == 0 && arrived > 0 {
            open.set_len(0).map_err(failed)?;
        } else if offset != arrived {
            if arrived == 0 {
                // It was made for nothing.
                fs::remove_file(&part).map_err(|source| Error::io("remove", &part, source))?;
            }
            return Err(Error::advised(
                format!("{arrived} bytes of {file} have arrived, and the piece begins at {offset}"),
                "somebody else sends it, too: try again",
            ));
        }
        open.write_all(piece).map_err(failed)?;
        if offset + (piece.len() as u64) < length {
            return Ok(());
        }
        self.publish(file, &part)
    }

    fn record(&self, carried: &CarriedRun) -> Result<()> {
        // Between the last look and the record nothing is collected.
        let _shared = self.artifacts.lock_shared()?;
        if let Some(content) = &carried.content {
            let ids = content.iter().map(|uri| Ok(uri.parse()?)).collect::<Result<Vec<ContentId>>>()?;
            for id in &ids {
                if !self.artifacts.contains(id)? {
                    return Err(Error::advised(
                        format!("{id} of run `{}` has not arrived", carried.run.stamp.id),
                        "it may have been collected meanwhile: try again",
                    ));
                }
            }
            // To the bucket, if there is one below this store.
            self.artifacts.keep(&ids, &mut |_, _| ControlFlow::Continue(()))?;
            self.artifacts.sync()?;
        }
        let whole = carried.content.is_some();
        self.metadata.transaction(|tx| tx.put_replica(&carried.run, &carried.host, whole))?;
        Ok(())
    }
}
