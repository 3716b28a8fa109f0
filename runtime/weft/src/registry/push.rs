//! What goes into a registry: components, pipelines, bundles, artifacts of a store, with signatures and evidence beside them.

use std::path::Path;

use serde::Serialize;
use serde_json::json;
use weft_artifacts::{ContentId, Existing};
use weft_provenance::{Key, image_signature};
use weft_registry::{
    Archive, Client, Descriptor, Digest, Manifest, Reference, Source, component_config, is_archive, media, pack_folder,
};

use super::{Registry, evidence, lock_file};
use crate::bundle;
use crate::error::{Error, Result};
use crate::read;
use crate::store::Store;

/// Bytes of a component or a pipeline's file.
const LARGEST: u64 = 1 << 30;

/// How something is pushed.
#[derive(Default)]
pub struct PushOptions<'a> {
    /// Signs the manifest, and evidence.
    pub key: Option<&'a Key>,
    /// Puts the evidence of where an artifact comes from beside it, as `weft attest` writes it.
    pub evidence: bool,
}

/// What was pushed.
#[derive(Debug, Clone, Serialize)]
pub struct Pushed {
    /// Where to, with the digest.
    pub reference: String,
    /// The digest of the manifest.
    pub digest: Digest,
    /// `component`, `pipeline`, `bundle` or `artifact`
    pub kind: &'static str,
    /// Bytes of its blobs.
    pub bytes: u64,
    /// What was attached to it: names of documents.
    pub attached: Vec<String>,
}

impl Registry {
    /// Pushes a file: a component, a pipeline or a bundle.
    ///
    /// # Errors
    /// The file is none of these, or the registry refuses.
    pub fn push_file(&self, file: &Path, to: &Reference, options: &PushOptions<'_>) -> Result<Pushed> {
        check_target(to)?;
        if options.evidence {
            return Err(Error::advised(
                format!("nothing is recorded of where `{}` comes from", file.display()),
                "evidence is of artifacts of the store, such as `latest/model`",
            ));
        }
        if is_archive(file) {
            return self.push_bundle(file, to, options);
        }
        let length = std::fs::metadata(file).map_err(|source| Error::io("read", file, source))?.len();
        if length > LARGEST {
            return Err(Error::request(format!("`{}` has more than {LARGEST} bytes", file.display())));
        }
        let bytes = std::fs::read(file).map_err(|source| Error::io("read", file, source))?;
        if bytes.starts_with(b"\0asm") {
            return self.push_component(file, bytes, to, options);
        }
        self.push_pipeline(file, bytes, to, options)
    }

    fn push_component(&self, file: &Path, bytes: Vec<u8>, to: &Reference, options: &PushOptions<'_>) -> Result<Pushed> {
        let config = component_config(&format!("`{}`", file.display()), &bytes)?;
        let name = file_name(file)?;
        let layer = (Descriptor::of(media::WASM, &bytes).titled(&name), Source::Bytes(bytes));
        let config = (Descriptor::of(media::WASM_CONFIG, &config), Source::Bytes(config));
        self.push("component", None, config, vec![layer], to, options)
    }

    fn push_pipeline(&self, file: &Path, bytes: Vec<u8>, to: &Reference, options: &PushOptions<'_>) -> Result<Pushed> {
        let pipeline = read::read(file)?.pipeline;
        let elsewhere = bundle::paths(&pipeline);
        if let Some(path) = elsewhere.first() {
            return Err(Error::advised(
                format!("the pipeline `{}` needs `{path}`, which would not come along", pipeline.name),
                "push a bundle, which has all that it needs: `weft bundle PIPELINE -o p.weft`; or name components of a registry",
            ));
        }
        let titled =
            |kind, bytes: Vec<u8>, name: &str| (Descriptor::of(kind, &bytes).titled(name), Source::Bytes(bytes));
        let mut layers = vec![titled(media::PIPELINE_FILE, bytes, &file_name(file)?)];
        let lock = file.with_file_name(lock_file::NAME);
        if lock.is_file() {
            let text = std::fs::read(&lock).map_err(|source| Error::io("read", &lock, source))?;
            layers.push(titled(media::LOCK_FILE, text, lock_file::NAME));
        }
        self.push("pipeline", Some(media::PIPELINE), empty(), layers, to, options)
    }

    /// Pushes an artifact of a store.
    ///
    /// # Errors
    /// There is no such artifact, its content is no longer in the store, or the registry refuses.
    pub fn push_artifact(
        &self,
        store: &Store,
        selector: &str,
        to: &Reference,
        options: &PushOptions<'_>,
    ) -> Result<Pushed> {
        check_target(to)?;
        let record = store.artifact(selector)?;
        let scratch =
            tempfile::tempdir().map_err(|source| Error::io("create a folder in", &std::env::temp_dir(), source))?;
        let content: ContentId = record.artifact.uri.parse()?;
        let name = evidence::name(&record.artifact.name.clone().unwrap_or_default(), to.short_name());
        let exported = scratch.path().join(&name);
        store.artifacts.export(&content, &exported, Existing::Keep)?;
        let layer = if content.is_tree() {
            let packed = scratch.path().join(".packed");
            let mut file = std::fs::File::create(&packed).map_err(|source| Error::io("write", &packed, source))?;
            let unpacked = pack_folder(&exported, &name, &mut file)?;
            let mut layer = of_file(media::FOLDER, &packed)?.titled(&name);
            layer.annotations.insert(media::UNPACK.to_owned(), "true".to_owned());
            layer.annotations.insert(media::UNPACKED_DIGEST.to_owned(), unpacked.to_string());
            (layer, Source::File(packed))
        } else {
            (of_file(media::FILE, &exported)?.titled(&name), Source::File(exported))
        };
        let config = json!({
            "digest": record.artifact.uri,
            "name": name,
            "properties": record.artifact.properties,
            "type": record.artifact.kind,
        });
        let config = config.to_string().into_bytes();
        let config = (Descriptor::of(media::ARTIFACT_CONFIG, &config), Source::Bytes(config));
        let mut pushed = self.push("artifact", Some(media::ARTIFACT), config, vec![layer], to, options)?;
        if options.evidence {
            let subject = Descriptor::new(media::MANIFEST, pushed.digest, self.size_of(to, pushed.digest)?);
            let client = self.client();
            for (kind, file, bytes) in evidence::of(store, selector, scratch.path(), options.key)? {
                client.attach(to, &subject, kind, &file, &bytes)?;
                pushed.attached.push(file);
            }
        }
        Ok(pushed)
    }

    fn size_of(&self, to: &Reference, digest: Digest) -> Result<u64> {
        Ok(self.client().manifest(&to.at(digest))?.bytes.len() as u64)
    }

    fn push_bundle(&self, file: &Path, to: &Reference, options: &PushOptions<'_>) -> Result<Pushed> {
        let archive = Archive::open(file)?;
        let (descriptor, manifest) = bundle::manifest(&archive, file)?;
        let source = |blob: &Descriptor| {
            archive
                .source(blob)
                .ok_or_else(|| Error::request(format!("`{}` lacks the blob {}", file.display(), blob.digest)))
        };
        let config = (manifest.config.clone(), source(&manifest.config)?);
        let mut layers = Vec::with_capacity(manifest.layers.len());
        for layer in &manifest.layers {
            layers.push((layer.clone(), source(layer)?));
        }
        let mut pushed = self.push("bundle", manifest.artifact_type.as_deref(), config, layers, to, options)?;
        if pushed.digest != descriptor.digest {
            return Err(Error::request(format!(
                "`{}` was written by another version of weft: bundle it anew",
                file.display()
            )));
        }
        let client = self.client();
        for bytes in bundle::signatures(&archive, descriptor.digest)? {
            client.attach(to, descriptor, media::SIGNATURE, SIGNATURE_FILE, &bytes)?;
            pushed.attached.push(SIGNATURE_FILE.to_owned());
        }
        Ok(pushed)
    }

    /// Pushes blobs, the manifest of them, and its signature.
    fn push(
        &self,
        kind: &'static str,
        artifact_type: Option<&str>,
        (config, config_source): (Descriptor, Source),
        layers: Vec<(Descriptor, Source)>,
        to: &Reference,
        options: &PushOptions<'_>,
    ) -> Result<Pushed> {
        let client = self.client();
        client.push_blob(to, &config, &config_source)?;
        let mut bytes = config.size;
        for (layer, source) in &layers {
            client.push_blob(to, layer, source)?;
            bytes += layer.size;
        }
        let mut manifest = Manifest::new(config, layers.into_iter().map(|(layer, _)| layer).collect());
        manifest.artifact_type = artifact_type.map(str::to_owned);
        let digest = client.push_manifest(to, &manifest)?;
        let mut attached = Vec::new();
        if let Some(key) = options.key {
            sign(&client, to, &Descriptor::of(media::MANIFEST, &manifest.to_bytes()), key)?;
            attached.push(SIGNATURE_FILE.to_owned());
        }
        Ok(Pushed { reference: to.at(digest).to_string(), digest, kind, bytes, attached })
    }
}

/// What a signature's file is called.
pub(crate) const SIGNATURE_FILE: &str = "signature.sigstore.json";

/// Signs what is in a registry.
fn sign(client: &Client, to: &Reference, manifest: &Descriptor, key: &Key) -> Result<()> {
    let signature = image_signature(&manifest.digest.hex(), key)?;
    client.attach(to, manifest, media::SIGNATURE, SIGNATURE_FILE, signature.to_string().as_bytes())?;
    Ok(())
}

/// What is pushed gets a tag: its digest follows from what it is.
fn check_target(to: &Reference) -> Result<()> {
    if to.digest.is_some() {
        return Err(Error::advised(format!("`{to}` names a digest"), "name a tag to push to: HOST/NAME:TAG"));
    }
    Ok(())
}

/// The configuration of what has none.
pub(crate) fn empty() -> (Descriptor, Source) {
    (Descriptor::of(media::EMPTY, b"{}"), Source::Bytes(b"{}".to_vec()))
}

/// The descriptor of a file.
pub(crate) fn of_file(media_type: &str, path: &Path) -> Result<Descriptor> {
    let mut file = std::fs::File::open(path).map_err(|source| Error::io("read", path, source))?;
    let (digest, size) = Digest::of_reader(&mut file).map_err(|source| Error::io("read", path, source))?;
    Ok(Descriptor::new(media_type, digest, size))
}

fn file_name(file: &Path) -> Result<String> {
    let name = file.file_name().and_then(|name| name.to_str()).filter(|name| weft_registry::safe_path(name));
    name.map(str::to_owned)
        .ok_or_else(|| Error::request(format!("the name of `{}` cannot be that of a file everywhere", file.display())))
}
