//! Bundles: a pipeline with all that it needs in one file, which is an OCI image layout in a tar.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use weft_pipeline::executor::{component_path, is_registry_reference};
use weft_pipeline::input_artifacts::GivenArtifact;
use weft_pipeline::model::{Binding, Implementation, Pipeline};
use weft_registry::{Archive, ArchiveWriter, Descriptor, Digest, Manifest, Source, media, referrer_manifest};

use crate::error::{Error, Result};
use crate::prebuilt;
use crate::registry::SIGNATURE_FILE;

mod unpack;
mod write;

pub use unpack::{Bundle, Unpacked};
pub use write::{BundleOptions, Bundled};

/// Whether a file is a bundle rather than a pipeline's file.
pub fn is_bundle(path: &Path) -> bool {
    weft_registry::is_archive(path)
}

/// Folders of a bundle. Each layer's title is a path in it.
const TREE: &str = "tree";
const COMPONENTS: &str = "components";
const EXECUTORS: &str = "executors";
const PACKAGES: &str = "packages";
const REGISTRY: &str = "registry";
const ARTIFACTS: &str = "artifacts";
/// The file with compiled code.
const COMPILED: &str = "compiled";

/// The configuration of a bundle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Input artifacts that it brings along, by input: paths in it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    artifacts: BTreeMap<String, Vec<GivenArtifact>>,
    /// Whether it has compiled code.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    compiled: bool,
    /// Values of parameters that it was made with.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    parameters: BTreeMap<String, Value>,
    /// The pipeline's file: a path in it.
    pipeline: String,
    /// 1
    version: u32,
}

/// The manifest of a bundle, and its descriptor.
pub(crate) fn manifest<'a>(archive: &'a Archive, file: &Path) -> Result<(&'a Descriptor, Manifest)> {
    let mut bundles = archive.index.manifests.iter().filter(|one| one.artifact_type.as_deref() == Some(media::BUNDLE));
    let (Some(descriptor), None) = (bundles.next(), bundles.next()) else {
        return Err(Error::request(format!("`{}` is no bundle of weft", file.display())));
    };
    let manifest = Manifest::read(&format!("the manifest in `{}`", file.display()), &archive.document(descriptor)?)?;
    Ok((descriptor, manifest))
}

/// The signatures of a manifest that an archive holds.
pub(crate) fn signatures(archive: &Archive, subject: Digest) -> Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    for one in archive.index.manifests.iter().filter(|one| one.artifact_type.as_deref() == Some(media::SIGNATURE)) {
        let manifest = Manifest::read("a signature's manifest", &archive.document(one)?)?;
        if let (Some(about), [layer]) = (&manifest.subject, manifest.layers.as_slice())
            && about.digest == subject
        {
            found.push(archive.document(layer)?);
        }
    }
    Ok(found)
}

/// The index of a bundle, as it is put together.
#[derive(Default)]
pub(crate) struct Index {
    subject: Option<Descriptor>,
    signatures: BTreeMap<Digest, Descriptor>,
}

impl Index {
    /// Adds the bundle's own manifest.
    pub fn manifest(&mut self, archive: &mut ArchiveWriter, manifest: &Manifest) -> Digest {
        let bytes = manifest.to_bytes();
        let mut descriptor = Descriptor::of(media::MANIFEST, &bytes);
        descriptor.artifact_type = Some(media::BUNDLE.to_owned());
        archive.add(&descriptor, Source::Bytes(bytes));
        let digest = descriptor.digest;
        self.subject = Some(descriptor);
        digest
    }

    /// Adds a signature of it.
    pub fn signature(&mut self, archive: &mut ArchiveWriter, signature: &[u8]) {
        let Some(subject) = &self.subject else { return };
        let layer = Descriptor::of(media::SIGNATURE, signature).titled(SIGNATURE_FILE);
        archive.add(&layer, Source::Bytes(signature.to_vec()));
        let manifest = referrer_manifest(subject, media::SIGNATURE, layer);
        archive.add(&manifest.config, Source::Bytes(b"{}".to_vec()));
        let bytes = manifest.to_bytes();
        let mut descriptor = Descriptor::of(media::MANIFEST, &bytes);
        descriptor.artifact_type = Some(media::SIGNATURE.to_owned());
        archive.add(&descriptor, Source::Bytes(bytes));
        self.signatures.insert(descriptor.digest, descriptor);
    }

    /// The index.
    pub fn finish(self) -> weft_registry::Index {
        weft_registry::Index::new(self.subject.into_iter().chain(self.signatures.into_values()).collect())
    }
}

/// The paths of files that a pipeline names: components and imports, as written. Pre-built components and those of registries are none.
pub(crate) fn paths(pipeline: &Pipeline) -> Vec<String> {
    let mut paths: Vec<String> = components(pipeline).filter(|path| !is_named(path)).map(str::to_owned).collect();
    for component in pipeline.components.values() {
        if let Implementation::Import(importer) = &component.implementation
            && let Binding::Literal(Value::String(path)) = &importer.source
            && !weft_engine::is_uri(path)
        {
            paths.push(path.clone());
        }
    }
    paths
}

/// What a pipeline's components are, as written.
fn components(pipeline: &Pipeline) -> impl Iterator<Item = &str> {
    pipeline.components.values().filter_map(|component| match &component.implementation {
        Implementation::Wasm(step) => Some(step.path.as_str()),
        Implementation::Command(step) => component_path(&step.image),
        _ => None,
    })
}

/// Whether a component is named rather than led to by a path.
fn is_named(path: &str) -> bool {
    is_registry_reference(path) || prebuilt::name(path).is_some()
}
