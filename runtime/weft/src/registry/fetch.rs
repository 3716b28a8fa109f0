//! The components that a pipeline names by references: found by the lock, in the cache, or in their registries.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use weft_pipeline::diagnostic::Diagnostic;
use weft_pipeline::executor::{component_path, is_registry_reference};
use weft_pipeline::link::wasm_references;
use weft_pipeline::model::{Implementation, Pipeline, Span};
use weft_provenance::PublicKey;
use weft_registry::{Blobs, Client, Descriptor, Digest, Manifest, Reference, media};

use super::lock_file::LockFile;
use super::{Registry, check_signatures, signatures};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::notice::{Notice, Notify};

/// Bytes of a component.
const LARGEST: u64 = 1 << 30;

/// A reference as a pipeline writes it.
pub(crate) struct Named {
    /// With `oci://`, without a function.
    pub written: String,
    pub task: Option<String>,
    pub at: Option<Span>,
}

/// A component that came from a registry.
#[derive(Debug, Clone)]
pub struct FetchedComponent {
    /// Its file in the cache, which is what its digest says.
    pub file: PathBuf,
    /// The digest of its manifest.
    pub manifest: Digest,
    /// The signatures of the manifest that are known here: Sigstore bundles, whose truth only a key can tell.
    pub signatures: Vec<Value>,
}

impl FetchedComponent {
    /// Checks that one of these keys signed it, and gives what names that key. `reference` is what it is called in the error.
    ///
    /// # Errors
    /// None did.
    pub fn check_signer(&self, reference: &str, keys: &[PublicKey]) -> Result<String> {
        check_signatures(reference, self.manifest, &self.signatures, keys)
    }
}

/// What a pipeline names, by what is written, and what is wrong with the others.
#[derive(Default)]
pub(crate) struct Found {
    pub components: BTreeMap<String, FetchedComponent>,
    pub problems: Vec<Diagnostic>,
}

/// All references to registries in a pipeline, each once.
pub(crate) fn references(pipeline: &Pipeline) -> Vec<Named> {
    let steps = wasm_references(pipeline).into_iter().map(|reference| Named {
        written: reference.step.path.clone(),
        task: reference.task.map(str::to_owned),
        at: reference.at,
    });
    let commands = pipeline.components.iter().filter_map(|(name, component)| {
        let Implementation::Command(step) = &component.implementation else { return None };
        let at = pipeline.places.get(&format!("components.{name}.image")).copied();
        Some(Named { written: component_path(&step.image)?.to_owned(), task: None, at })
    });
    let mut all: Vec<Named> = steps.chain(commands).filter(|named| is_registry_reference(&named.written)).collect();
    let mut seen = std::collections::HashSet::new();
    all.retain(|named| seen.insert(named.written.clone()));
    all
}

/// Finds all that a pipeline in a folder names, and keeps in the folder's lock what was not pinned there.
pub(crate) fn fetch(host: &Host, folder: &Path, pipeline: &Pipeline, notify: &Notify<'_>) -> Result<Found> {
    let mut found = Found::default();
    let named = references(pipeline);
    if named.is_empty() {
        return Ok(found);
    }
    let registry = host.registry.as_ref().ok_or_else(nothing_is_fetched)?;
    let mut lock = LockFile::read(folder)?;
    let fetcher = Fetcher::new(registry, notify);
    for Named { written, task, at } in named {
        match fetcher.pinned(&written, &mut lock).and_then(|(reference, digest)| fetcher.component(&reference, digest))
        {
            Ok(component) => {
                found.components.insert(written, component);
            }
            Err(error) => {
                let problem = Diagnostic::error(error.to_string()).hint(error.hint()).at(at);
                found.problems.push(match task {
                    Some(task) => problem.task(task),
                    None => problem,
                });
            }
        }
    }
    let path = lock.path().to_owned();
    let moved = lock.write()?;
    if !moved.is_empty() {
        notify(Notice::Locked { file: path, references: moved });
    }
    Ok(found)
}

/// One component that is named by a reference, with no lock.
pub(crate) fn fetch_one(host: &Host, written: &str) -> Result<FetchedComponent> {
    let registry = host.registry.as_ref().ok_or_else(nothing_is_fetched)?;
    let fetcher = Fetcher::new(registry, &crate::notice::silent);
    let reference: Reference = written.parse()?;
    let digest = match reference.digest {
        Some(digest) => digest,
        None if registry.offline => return Err(offline(&reference)),
        None => fetcher.manifest(&reference)?.1,
    };
    fetcher.component(&reference, digest)
}

fn nothing_is_fetched() -> Error {
    Error::advised(
        "the pipeline names a component in a registry, and none is reached from here",
        "`weft pull` fetches it into a file, which a pipeline can name",
    )
}

fn offline(reference: &Reference) -> Error {
    Error::advised(
        format!("`{}` is not in the lock file, and the network is not to be used", reference.written()),
        "`weft update` without `--offline` asks the registry where it leads",
    )
}

/// Finds components.
pub(crate) struct Fetcher<'a> {
    registry: &'a Registry,
    pub client: Client,
    pub blobs: Blobs,
    notify: &'a Notify<'a>,
}

impl<'a> Fetcher<'a> {
    pub fn new(registry: &'a Registry, notify: &'a Notify<'a>) -> Self {
        Self { registry, client: registry.client(), blobs: registry.blobs(), notify }
    }

    /// What a written reference leads to: by the lock, or if that does not know it, by its registry.
    fn pinned(&self, written: &str, lock: &mut LockFile) -> Result<(Reference, Digest)> {
        let reference: Reference = written.parse()?;
        if let Some(digest) = lock.get(&reference) {
            return Ok((reference, digest));
        }
        if self.registry.locked {
            return Err(Error::advised(
                format!("`{written}` is not in {}, which is not to be changed", lock.path().display()),
                "run once without `--locked`, and keep the file under version control",
            ));
        }
        if self.registry.offline {
            return Err(offline(&reference));
        }
        let (_, digest) = self.manifest(&reference)?;
        lock.pin(&reference, digest);
        Ok((reference, digest))
    }

    /// Asks the registry for a manifest, and keeps it.
    pub fn manifest(&self, reference: &Reference) -> Result<(Manifest, Digest)> {
        let fetched = self.client.manifest(reference)?;
        self.blobs.put_document(&fetched.bytes)?;
        Ok((fetched.manifest, fetched.digest))
    }

    /// The manifest of a digest: from the cache, or from the registry.
    pub fn manifest_at(&self, reference: &Reference, digest: Digest) -> Result<Manifest> {
        if let Some(bytes) = self.blobs.document(digest)? {
            return Ok(Manifest::read(&reference.written(), &bytes)?);
        }
        if self.registry.offline {
            return Err(Error::advised(
                format!("`{}` is not in the cache, and the network is not to be used", reference.written()),
                "without `--offline` it is fetched",
            ));
        }
        Ok(self.manifest(&reference.at(digest))?.0)
    }

    /// A component, and who signed it as far as that is known.
    fn component(&self, reference: &Reference, digest: Digest) -> Result<FetchedComponent> {
        let file = self.file(reference, digest)?;
        let signatures = signatures::known(&self.blobs, digest)?.unwrap_or_default();
        Ok(FetchedComponent { file, manifest: digest, signatures })
    }

    /// The file of a component.
    fn file(&self, reference: &Reference, digest: Digest) -> Result<PathBuf> {
        let manifest = self.manifest_at(reference, digest)?;
        let layer = component_layer(reference, &manifest)?;
        self.check_signers(reference, digest)?;
        if let Some(file) = self.blobs.get(layer.digest)? {
            return Ok(file);
        }
        if self.registry.offline {
            return Err(Error::advised(
                format!(
                    "`{}` is not in the cache, or no longer whole there, and the network is not to be used",
                    reference.written()
                ),
                "without `--offline` it is fetched",
            ));
        }
        (self.notify)(Notice::Pulling { reference: reference.written(), bytes: layer.size });
        let file = self.blobs.put(layer, |out| self.client.blob(reference, layer, out))?;
        if self.registry.signers.is_empty() {
            // Whoever demands a signature later, without a network, finds it; that there is none to be had now is no failure.
            _ = signatures::ask(&self.client, &self.blobs, reference, digest);
        }
        Ok(file)
    }

    /// Checks that who must have signed did: by what is known, and if that does not do, by what the registry says now.
    fn check_signers(&self, reference: &Reference, digest: Digest) -> Result<()> {
        let keys = self.registry.signers.as_slice();
        if keys.is_empty() {
            return Ok(());
        }
        let written = reference.written();
        if let Some(known) = signatures::known(&self.blobs, digest)? {
            match check_signatures(&written, digest, &known, keys) {
                Err(_) if !self.registry.offline => {}
                checked => return checked.map(drop),
            }
        } else if self.registry.offline {
            return check_signatures(&written, digest, &[], keys).map(drop);
        }
        let found = signatures::ask(&self.client, &self.blobs, reference, digest)?;
        check_signatures(&written, digest, &found, keys).map(drop)
    }
}

/// The layer that is a component.
pub(crate) fn component_layer<'m>(reference: &Reference, manifest: &'m Manifest) -> Result<&'m Descriptor> {
    let is_component = |layer: &&Descriptor| layer.media_type == media::WASM;
    let mut layers = manifest.layers.iter().filter(is_component);
    match (layers.next(), layers.next()) {
        (Some(layer), None) if layer.size <= LARGEST => Ok(layer),
        (Some(layer), None) => Err(Error::request(format!(
            "the component `{}` has {} bytes, more than {LARGEST}",
            reference.written(),
            layer.size
        ))),
        _ => {
            let kind: String = manifest.kind().chars().take(100).collect();
            Err(Error::advised(
                format!("`{}` is no component: it is `{kind}`", reference.written()),
                "`weft pull` fetches whatever it is",
            ))
        }
    }
}
