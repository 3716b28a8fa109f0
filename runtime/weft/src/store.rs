//! The store on disk: `artifacts/`, `metadata.sqlite`, `locks/`, `volumes/`, `bundles/` and `engine/` in one folder.

use std::fs;
use std::path::{Path, PathBuf};

use weft_artifacts::{BlobReader, Content, ContentId};
use weft_metadata::{ArtifactRecord, StepRecord};

use crate::error::{Error, Result};

const METADATA: &str = "metadata.sqlite";
/// The key of digests of secrets.
pub(crate) const SECRETS_KEY: &str = "secrets.key";

/// A store, open. What is not offered here is asked of its parts.
pub struct Store {
    root: PathBuf,
    /// Content of artifacts, components and logs.
    pub artifacts: weft_artifacts::Store,
    /// What ran.
    pub metadata: weft_metadata::Store,
    /// The bucket that keeps the content, if there is one and [`Self::over_bucket`] has put it below.
    pub(crate) bucket: Option<weft_remote::Bucket>,
    /// Whether the bucket may not be reached.
    pub(crate) offline: bool,
}

impl Store {
    /// Opens the store in a folder, and makes it if there is none.
    pub fn create(root: &Path) -> Result<Self> {
        fs::create_dir_all(root).map_err(|source| Error::io("create the store", root, source))?;
        let artifacts = weft_artifacts::Store::open(root.join("artifacts"))?;
        // What runs leave behind is no source code.
        let ignore = root.join(".gitignore");
        if !ignore.exists() {
            fs::write(&ignore, "*\n").map_err(|source| Error::io("write", &ignore, source))?;
        }
        let metadata = weft_metadata::Store::open(root.join(METADATA))?;
        Ok(Self { root: root.to_owned(), artifacts, metadata, bucket: None, offline: false })
    }

    /// Opens the store in a folder for reading. It must exist.
    pub fn read(root: &Path) -> Result<Self> {
        let metadata = weft_metadata::Store::open_read_only(existing(root)?)?;
        let artifacts = weft_artifacts::Store::open(root.join("artifacts"))?;
        Ok(Self { root: root.to_owned(), artifacts, metadata, bucket: None, offline: false })
    }

    /// Opens the store in a folder for reading and writing. It must exist.
    pub fn change(root: &Path) -> Result<Self> {
        existing(root)?;
        Self::create(root)
    }

    /// Directory that it lies in.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Directory for the lock files of runs.
    pub(crate) fn locks(&self) -> PathBuf {
        self.root.join("locks")
    }

    /// Directory for the volumes that tasks mount.
    pub(crate) fn volumes(&self) -> PathBuf {
        self.root.join("volumes")
    }

    /// Directory for what is unpacked of bundles.
    pub(crate) fn bundles(&self) -> PathBuf {
        self.root.join("bundles")
    }

    /// Directory for what runs exchange with workers of an engine.
    pub(crate) fn spools(&self) -> PathBuf {
        self.root.join("engine")
    }

    /// Whether a process is at work on a run.
    pub fn is_alive(&self, run: &str) -> bool {
        weft_engine::is_alive(&self.locks(), run)
    }

    /// Forgets a run, which must not be at work. The space that only it needed is freed by [`Self::gc`]. Gives its id.
    ///
    /// # Errors
    /// There is no such run, several are meant, or it is at work.
    pub fn forget(&self, run: &str) -> Result<String> {
        let id = self.metadata.run(run)?.summary.id;
        if self.is_alive(&id) {
            return Err(Error::advised(format!("run `{id}` is at work"), "interrupt it, or wait for its end"));
        }
        self.metadata.delete_run(&id)?;
        Ok(id)
    }

    /// What a step of a run wrote, if it wrote anything.
    ///
    /// # Errors
    /// The log cannot be read.
    pub fn log(&self, step: &StepRecord) -> Result<Option<BlobReader>> {
        let Some(log) = &step.log else { return Ok(None) };
        let id: ContentId = log.parse()?;
        Ok(Some(self.artifacts.open_blob(&id.digest())?))
    }

    /// The content of an artifact.
    ///
    /// # Errors
    /// It is not in the store.
    pub fn content(&self, record: &ArtifactRecord) -> Result<Content> {
        let id: ContentId = record.artifact.uri.parse()?;
        Ok(self.artifacts.open_content(&id)?)
    }

    /// Bytes of an artifact's content; none if it is not in the store.
    pub fn size(&self, record: &ArtifactRecord) -> Option<u64> {
        self.artifacts.size(&record.artifact.uri.parse().ok()?).ok()
    }
}

fn existing(root: &Path) -> Result<PathBuf> {
    let metadata = root.join(METADATA);
    if metadata.is_file() {
        return Ok(metadata);
    }
    Err(Error::advised(
        format!("there is no store in `{}`", root.display()),
        "`weft run` makes one in the folder that it is started in; name another with `--store DIR` or WEFT_STORE",
    ))
}
