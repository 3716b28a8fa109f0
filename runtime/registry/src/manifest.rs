//! Manifests, indexes and descriptors, as the OCI image specification 1.1 has them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::digest::Digest;
use crate::error::{Error, Result};

/// Bytes of a manifest, an index, a configuration or an answer of a registry. Registries take no larger manifests.
pub const MAX_DOCUMENT: u64 = 4 << 20;
/// Layers of one manifest.
pub const MAX_LAYERS: usize = 10_000;
/// How long the path in a title may be, and how deep.
const MAX_TITLE: usize = 1024;

/// Media types, annotations and types of artifacts.
pub mod media {
    /// A manifest.
    pub const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    /// An index.
    pub const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    /// The configuration where there is none: `{}`.
    pub const EMPTY: &str = "application/vnd.oci.empty.v1+json";
    /// A component, as `wkg` has it.
    pub const WASM: &str = "application/wasm";
    /// The configuration of a component, as `wkg` has it.
    pub const WASM_CONFIG: &str = "application/vnd.wasm.config.v0+json";
    /// An artifact of a store.
    pub const ARTIFACT: &str = "application/vnd.weft.artifact.v1";
    /// The configuration of an artifact: its type and properties.
    pub const ARTIFACT_CONFIG: &str = "application/vnd.weft.artifact.config.v1+json";
    /// A file of an artifact.
    pub const FILE: &str = "application/octet-stream";
    /// A folder, as `oras` packs it.
    pub const FOLDER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
    /// A pipeline.
    pub const PIPELINE: &str = "application/vnd.weft.pipeline.v1";
    /// The file of a pipeline.
    pub const PIPELINE_FILE: &str = "application/vnd.weft.pipeline.v1+yaml";
    /// Its lock file.
    pub const LOCK_FILE: &str = "application/vnd.weft.lock.v1+toml";
    /// A bundle.
    pub const BUNDLE: &str = "application/vnd.weft.bundle.v1";
    /// The configuration of a bundle.
    pub const BUNDLE_CONFIG: &str = "application/vnd.weft.bundle.config.v1+json";
    /// A signature: a Sigstore bundle.
    pub const SIGNATURE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
    /// What a layer's file is called.
    pub const TITLE: &str = "org.opencontainers.image.title";
    /// That a layer is a folder's archive: for `oras`.
    pub const UNPACK: &str = "io.deis.oras.content.unpack";
    /// The digest of such an archive before it was compressed: for `oras`.
    pub const UNPACKED_DIGEST: &str = "io.deis.oras.content.digest";
}

/// What a descriptor leads to: its digest, its size, what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// What is told of it beside. In the order of their keys.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// In an index of referrers: what the manifest is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// The digest of its bytes.
    pub digest: Digest,
    /// What the bytes are.
    pub media_type: String,
    /// In an index of images: what it runs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<Value>,
    /// How many bytes.
    pub size: u64,
}

impl Descriptor {
    /// Of bytes.
    pub fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self::new(media_type, Digest::of(bytes), bytes.len() as u64)
    }

    /// Of what has this digest and size.
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            annotations: BTreeMap::new(),
            artifact_type: None,
            digest,
            media_type: media_type.to_owned(),
            platform: None,
            size,
        }
    }

    /// With the name of its file.
    #[must_use]
    pub fn titled(mut self, title: &str) -> Self {
        self.annotations.insert(media::TITLE.to_owned(), title.to_owned());
        self
    }

    /// The name of its file, if it has one: a relative path that leads out of no folder.
    ///
    /// # Errors
    /// The title leads elsewhere.
    pub fn title(&self) -> Result<Option<&str>> {
        let Some(title) = self.annotations.get(media::TITLE) else { return Ok(None) };
        if safe_path(title) {
            return Ok(Some(title));
        }
        let shown: String = title.chars().take(80).collect();
        Err(Error::malformed(format!("the title {shown:?} of a layer"), "a file of that name could lie anywhere"))
    }
}

/// Whether a path leads nowhere but into the folder that it is taken to begin in.
pub fn safe_path(path: &str) -> bool {
    !path.is_empty()
        && path.len() <= MAX_TITLE
        && !path.contains(['\\', ':'])
        && !path.chars().any(char::is_control)
        && path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// A manifest: one configuration and layers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Manifest {
    /// What is told of it beside.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// What it is, if its configuration does not say so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Its configuration.
    pub config: Descriptor,
    /// Its layers, in order.
    pub layers: Vec<Descriptor>,
    /// [`media::MANIFEST`]
    #[serde(default = "manifest_type")]
    pub media_type: String,
    /// 2
    pub schema_version: u32,
    /// The manifest that it refers to, if it is a referrer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<Descriptor>,
}

fn manifest_type() -> String {
    media::MANIFEST.to_owned()
}

impl Manifest {
    /// Of these parts.
    pub fn new(config: Descriptor, layers: Vec<Descriptor>) -> Self {
        Self {
            annotations: BTreeMap::new(),
            artifact_type: None,
            config,
            layers,
            media_type: manifest_type(),
            schema_version: 2,
            subject: None,
        }
    }

    /// Reads one. `what` names it in errors.
    ///
    /// # Errors
    /// It is none, or has more layers than [`MAX_LAYERS`].
    pub fn read(what: &str, bytes: &[u8]) -> Result<Self> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|error| Error::malformed(what, error))?;
        if manifest.schema_version != 2 {
            return Err(Error::malformed(what, "it is of another version of the format"));
        }
        if manifest.layers.len() > MAX_LAYERS {
            return Err(Error::malformed(what, format!("it has more than {MAX_LAYERS} layers")));
        }
        Ok(manifest)
    }

    /// Its bytes, which its digest is of: keys in order, no white space.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Plain data always serializes.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What it is: its own word, else that of its configuration.
    pub fn kind(&self) -> &str {
        self.artifact_type.as_deref().unwrap_or(&self.config.media_type)
    }
}

/// Several manifests: of referrers, or of the same thing for several machines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Index {
    /// The manifests.
    #[serde(default)]
    pub manifests: Vec<Descriptor>,
    /// [`media::INDEX`]
    #[serde(default = "index_type")]
    pub media_type: String,
    /// 2
    pub schema_version: u32,
}

fn index_type() -> String {
    media::INDEX.to_owned()
}

impl Index {
    /// Of these.
    pub fn new(manifests: Vec<Descriptor>) -> Self {
        Self { manifests, media_type: index_type(), schema_version: 2 }
    }

    /// Reads one. `what` names it in errors.
    ///
    /// # Errors
    /// It is none.
    pub fn read(what: &str, bytes: &[u8]) -> Result<Self> {
        serde_json::from_slice(bytes).map_err(|error| Error::malformed(what, error))
    }

    /// Its bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `wkg` 0.16.1 pushed it, byte for byte.
    const OF_WKG: &str = concat!(
        r#"{"config":{"digest":"sha256:0aa8e7a36bc9d5cc1be8c7d9bc84d2ba0ed0bde7bca4e9e1ba5c0c4c4e17d4b2","#,
        r#""mediaType":"application/vnd.wasm.config.v0+json","size":1010},"layers":[{"annotations":{"org.opencontainers.image.title":"penguins.wasm"},"#,
        r#""digest":"sha256:0aa8e7a36bc9d5cc1be8c7d9bc84d2ba0ed0bde7bca4e9e1ba5c0c4c4e17d4b3","mediaType":"application/wasm","size":617190}],"#,
        r#""mediaType":"application/vnd.oci.image.manifest.v1+json","schemaVersion":2}"#
    );

    #[test]
    fn a_manifest_is_written_as_wkg_writes_it() {
        let manifest = Manifest::read("it", OF_WKG.as_bytes()).unwrap();
        assert_eq!(String::from_utf8(manifest.to_bytes()).unwrap(), OF_WKG);
        assert_eq!(manifest.kind(), media::WASM_CONFIG);
        assert_eq!(manifest.layers[0].title().unwrap(), Some("penguins.wasm"));
    }

    #[test]
    fn titles_lead_out_of_no_folder() {
        for title in ["a", "a/b.txt", "a b", "..a"] {
            assert!(safe_path(title), "{title}");
        }
        for title in ["", "/a", "..", "a/../b", "a//b", "./a", "a\\b", "C:a", "a\nb", "sha256:00", "a/"] {
            assert!(!safe_path(title), "{title}");
        }
        assert!(!safe_path(&"a".repeat(2000)));
    }

    #[test]
    fn what_is_no_manifest_is_told() {
        for text in [
            "",
            "{}",
            "[]",
            &OF_WKG.replace("sha256", "sha512"),
            &OF_WKG.replace("Version\":2", "Version\":1"),
            &OF_WKG.replace("1010", "-1"),
        ] {
            assert!(matches!(Manifest::read("it", text.as_bytes()), Err(Error::Malformed { .. })), "{text}");
        }
    }
}
