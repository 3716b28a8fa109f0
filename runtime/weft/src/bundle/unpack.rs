//! Opening a bundle, and unpacking it into a store.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;
use weft_artifacts::LockGuard;
use weft_provenance::PublicKey;
use weft_registry::{Archive, Descriptor, Digest, Manifest};
use weft_sandbox::{COMPILES, Target};

use super::{COMPILED, COMPONENTS, Config, EXECUTORS, PACKAGES, REGISTRY, manifest, signatures};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::parameters::Parameters;
use crate::publish;
use crate::read::{PipelineFile, read_text};
use crate::registry::{Registry, check_signatures};
use crate::store::Store;

/// What a folder is called until it is whole.
const UNPACKING: &str = ".unpacking-";
/// The file that says that compiled code was taken over.
const TAKEN: &str = ".compiled-taken";

/// A bundle, open.
pub struct Bundle {
    path: PathBuf,
    archive: Archive,
    digest: Digest,
    manifest: Manifest,
    config: Config,
}

impl Bundle {
    /// Opens a bundle. Of what is in it only the list is read.
    ///
    /// # Errors
    /// It is none, or of a newer version.
    pub fn open(path: &Path) -> Result<Self> {
        let archive = Archive::open(path)?;
        let (descriptor, manifest) = manifest(&archive, path)?;
        let digest = descriptor.digest;
        let config: Config = serde_json::from_slice(&archive.document(&manifest.config)?).map_err(|error| {
            Error::request(format!("`{}` is a bundle of another version of weft: {error}", path.display()))
        })?;
        if config.version != 1 {
            return Err(Error::request(format!("`{}` is a bundle of a newer version of weft", path.display())));
        }
        Ok(Self { path: path.to_owned(), archive, digest, manifest, config })
    }

    /// The digest of all that is in it.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Checks that one of these keys signed it, and gives what names that key.
    ///
    /// # Errors
    /// None did.
    pub fn check_signature(&self, keys: &[PublicKey]) -> Result<String> {
        let mut found = Vec::new();
        for bytes in signatures(&self.archive, self.digest)? {
            found.extend(serde_json::from_slice::<Value>(&bytes).ok());
        }
        check_signatures(&self.path.display().to_string(), self.digest, &found, keys)
    }

    /// Unpacks it below the store at `root`. What was unpacked before is checked, and unpacked anew if it is not whole.
    ///
    /// # Errors
    /// Something in it is not what its digest says, or the system refuses.
    pub fn unpack(self, root: &Path) -> Result<Unpacked> {
        let root = std::path::absolute(root).map_err(|source| Error::io("find", root, source))?;
        let store = Store::create(&root)?;
        let kept = store.artifacts.lock_shared()?;
        let folder = store.bundles().join(self.digest.hex().get(..16).unwrap_or_default());
        if folder.is_dir() && !self.is_whole(&folder)? {
            fs::remove_dir_all(&folder).map_err(|source| Error::io("remove", &folder, source))?;
        }
        publish::folder(&folder, UNPACKING, |work| self.write(work))?;
        Ok(Unpacked { folder, config: self.config, _kept: Kept::InStore(kept) })
    }

    /// Unpacks it into a temporary folder, for who only looks at what is in it.
    ///
    /// # Errors
    /// As those of [`Self::unpack`].
    pub fn unpack_for_a_look(self) -> Result<Unpacked> {
        let folder = TempDir::new().map_err(|source| Error::io("create", &std::env::temp_dir(), source))?;
        self.write(folder.path())?;
        Ok(Unpacked { folder: folder.path().to_owned(), config: self.config, _kept: Kept::Here(folder) })
    }

    fn write(&self, work: &Path) -> Result<()> {
        for layer in &self.manifest.layers {
            let path = work.join(title(layer)?);
            let parent = path.parent().unwrap_or(work);
            fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
            let file = File::options().write(true).create_new(true).open(&path);
            let mut file = file.map_err(|source| Error::io("create", &path, source))?;
            self.archive.blob(layer, &mut file)?;
        }
        Ok(())
    }

    /// Whether all files are there as they should be.
    fn is_whole(&self, folder: &Path) -> Result<bool> {
        for layer in &self.manifest.layers {
            let Ok(mut file) = File::open(folder.join(title(layer)?)) else { return Ok(false) };
            if !Digest::of_reader(&mut file).is_ok_and(|found| found == (layer.digest, layer.size)) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn title(layer: &Descriptor) -> Result<&str> {
    layer.title()?.ok_or_else(|| Error::request("a file of the bundle has no name"))
}

/// A bundle's files, unpacked. Until it is dropped, or a run of it is recorded, `weft gc` waits.
pub struct Unpacked {
    folder: PathBuf,
    config: Config,
    _kept: Kept,
}

/// What keeps the files, while it is there.
#[expect(dead_code, reason = "held until it is dropped")]
enum Kept {
    InStore(LockGuard),
    Here(TempDir),
}

impl Unpacked {
    /// The pipeline's file.
    ///
    /// # Errors
    /// The bundle names one elsewhere.
    pub fn pipeline(&self) -> Result<PathBuf> {
        if weft_registry::safe_path(&self.config.pipeline) {
            return Ok(self.folder.join(&self.config.pipeline));
        }
        Err(Error::request("the bundle names a pipeline outside of it"))
    }

    /// The pipeline, read. What is found in it is shown with the bundle's own path, as its files may be gone by then.
    ///
    /// # Errors
    /// As those of [`crate::read`].
    pub fn read(&self, bundle: &Path) -> Result<PipelineFile> {
        let path = self.pipeline()?;
        let text = fs::read_to_string(&path).map_err(|source| Error::io("read", &path, source))?;
        let name = path.file_name().unwrap_or_default();
        read_text(text, &format!("{}: {}", bundle.display(), name.display()), path.clone())
    }

    /// A host on which what the bundle brings along goes before what is there, and on which no network is reached for.
    #[must_use]
    pub fn host(&self, host: Host) -> Host {
        let first = |own: &str, mut folders: Vec<PathBuf>| {
            folders.insert(0, self.folder.join(own));
            folders
        };
        Host {
            components: first(COMPONENTS, host.components),
            executors: first(EXECUTORS, host.executors),
            packages: Some(self.folder.join(PACKAGES)),
            registry: Some(Registry {
                settings: weft_registry::Settings::default(),
                cache: self.folder.join(REGISTRY),
                locked: true,
                offline: true,
                // Whoever demands a signature demands that of the bundle, which holds for all that is in it.
                signers: Vec::new(),
            }),
            interpreted: self.is_interpreted(),
            ..host
        }
    }

    /// What was given, and for all else what the bundle brings along.
    ///
    /// # Errors
    /// The file of parameters cannot be read.
    pub fn parameters(&self, given: Parameters) -> Result<Parameters> {
        let fold = |name: &str| name.replace('_', "-");
        let known = given.read()?;
        let mut json = self.config.parameters.clone();
        json.retain(|name, _| !known.values.keys().any(|known| fold(known) == fold(name)));
        json.extend(given.json.clone());
        let mut artifacts = given.artifacts.clone();
        for (input, copies) in &self.config.artifacts {
            if given.artifacts.iter().any(|(name, _)| fold(name) == fold(input)) {
                continue;
            }
            for copy in copies {
                if !weft_registry::safe_path(&copy.uri) {
                    return Err(Error::request("the bundle names an artifact outside of it"));
                }
                let path = self.folder.join(&copy.uri);
                let one = json!({ "uri": path.display().to_string(), "metadata": copy.metadata });
                artifacts.push((input.clone(), one.to_string()));
            }
        }
        Ok(Parameters { json, artifacts, ..given })
    }

    /// Whether it brings along compiled code, which has not been taken over yet.
    pub fn has_compiled(&self) -> bool {
        self.config.compiled && !self.folder.join(TAKEN).exists()
    }

    /// Whether this build runs its compiled code by interpreting it.
    fn is_interpreted(&self) -> bool {
        let target = || weft_sandbox::compiled_for(&self.folder.join(COMPILED));
        !COMPILES && self.config.compiled && matches!(target(), Ok(Some(Target::Pulley)))
    }

    /// Takes over its compiled code, which runs outside of the sandbox: whoever made the bundle is trusted with this user's rights.
    ///
    /// # Errors
    /// It is for another processor or another version of weft, or the system refuses.
    pub fn take_compiled(&self, cache: &Path) -> Result<weft_sandbox::Transferred> {
        let taken = weft_sandbox::import_compiled(cache, &self.folder.join(COMPILED))?;
        let note = self.folder.join(TAKEN);
        fs::write(&note, "").map_err(|source| Error::io("write", &note, source))?;
        Ok(taken)
    }
}
