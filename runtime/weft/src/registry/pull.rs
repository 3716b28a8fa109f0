//! What comes out of a registry, as files.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::Serialize;
use weft_provenance::PublicKey;
use weft_registry::{
    ArchiveWriter, Client, Descriptor, Digest, Fetched, Index, Reference, Source, media, unpack_folder,
};

use super::fetch::component_layer;
use super::{Registry, check_signatures, evidence, signatures};
use crate::bundle;
use crate::error::{Error, Result};

/// How something is pulled.
#[derive(Default)]
pub struct PullOptions<'a> {
    /// Where to: a file, or a folder for what has several files or comes with evidence. Without one, the working directory, by the name that it has.
    pub to: Option<&'a Path>,
    /// Keys, one of which must have signed it. None is demanded if this is empty.
    pub keys: &'a [PublicKey],
    /// Fetches the evidence beside it, into the folder.
    pub evidence: bool,
    /// Replaces files.
    pub force: bool,
}

/// What something in a registry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A component.
    Component,
    /// A pipeline.
    Pipeline,
    /// A bundle.
    Bundle,
    /// An artifact of a store.
    Artifact,
    /// Files that something else pushed.
    Files,
}

/// What was pulled.
#[derive(Debug, Clone, Serialize)]
pub struct Pulled {
    /// Where from, with the digest.
    pub reference: String,
    /// The digest of the manifest.
    pub digest: Digest,
    /// What it is.
    pub kind: Kind,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// Documents about it.
    pub evidence: Vec<String>,
    /// What names the key that signed it, if one was demanded.
    pub signed_by: Option<String>,
}

impl Registry {
    /// Pulls whatever a reference leads to.
    ///
    /// # Errors
    /// It is not there, is not what its digests say, is not signed as demanded, or a file is there already.
    pub fn pull(&self, from: &Reference, options: &PullOptions<'_>) -> Result<Pulled> {
        let client = self.client();
        let fetched = client.manifest(from)?;
        let digest = fetched.digest;
        let mut signed_by = None;
        if !options.keys.is_empty() {
            let found = signatures::ask(&client, &self.blobs(), from, digest)?;
            signed_by = Some(check_signatures(&from.written(), digest, &found, options.keys)?);
        }
        let (kind, files) = match fetched.manifest.kind() {
            media::WASM_CONFIG => (Kind::Component, vec![self.component(&client, from, &fetched, options)?]),
            media::BUNDLE => (Kind::Bundle, vec![pull_bundle(&client, from, &fetched, options)?]),
            media::ARTIFACT => (Kind::Artifact, pull_layers(&client, from, &fetched, options)?),
            media::PIPELINE => (Kind::Pipeline, pull_layers(&client, from, &fetched, options)?),
            _ => (Kind::Files, pull_layers(&client, from, &fetched, options)?),
        };
        let evidence = match options.evidence.then_some(options.to).flatten() {
            Some(folder) => evidence::fetch(&client, from, digest, folder)?,
            None => Vec::new(),
        };
        Ok(Pulled { reference: from.at(digest).to_string(), digest, kind, files, evidence, signed_by })
    }

    /// A component is kept in the cache too, so that pipelines have it without asking.
    fn component(
        &self,
        client: &Client,
        from: &Reference,
        fetched: &Fetched,
        options: &PullOptions<'_>,
    ) -> Result<PathBuf> {
        let layer = component_layer(from, &fetched.manifest)?;
        let target = target(layer.title()?, &format!("{}.wasm", from.short_name()), options)?;
        refuse_existing(&target, options)?;
        let blobs = self.blobs();
        blobs.put_document(&fetched.bytes)?;
        let cached = match blobs.get(layer.digest)? {
            Some(cached) => cached,
            None => blobs.put(layer, |out| client.blob(from, layer, out))?,
        };
        publish(&target, options.force, |file| {
            let mut cached_file = File::open(&cached).map_err(|source| Error::io("read", &cached, source))?;
            std::io::copy(&mut cached_file, file).map(drop).map_err(|source| Error::io("write", &target, source))
        })?;
        Ok(target)
    }
}

/// All layers as files and folders of their titles. One alone goes where it is wanted.
fn pull_layers(
    client: &Client,
    from: &Reference,
    fetched: &Fetched,
    options: &PullOptions<'_>,
) -> Result<Vec<PathBuf>> {
    let layers = &fetched.manifest.layers;
    let mut targets: Vec<(PathBuf, &Descriptor)> = Vec::with_capacity(layers.len());
    for layer in layers {
        let title = layer.title()?;
        let path = match (layers.len(), title) {
            (1, title) => target(title, from.short_name(), options)?,
            (_, Some(title)) => options.to.unwrap_or(Path::new("")).join(title),
            (_, None) => {
                let why = format!("`{from}` has several files, and not all have names");
                return Err(Error::advised(why, "`oras pull` and `skopeo copy` fetch it by digests"));
            }
        };
        if targets.iter().any(|(known, _)| *known == path) {
            return Err(Error::request(format!("`{from}` has two files `{}`", path.display())));
        }
        refuse_existing(&path, options)?;
        targets.push((path, layer));
    }
    for (path, layer) in &targets {
        if is_folder(layer) {
            pull_folder(client, from, layer, path)?;
        } else {
            publish(path, options.force, |file| Ok(client.blob(from, layer, file)?))?;
        }
    }
    Ok(targets.into_iter().map(|(path, _)| path).collect())
}

/// Whether a layer is the archive of a folder: `oras` of Go says so in an annotation, that of Python by the type alone.
fn is_folder(layer: &Descriptor) -> bool {
    if let Some(unpack) = layer.annotations.get(media::UNPACK) {
        unpack == "true"
    } else {
        let title = layer.annotations.get(media::TITLE).map(String::as_str).unwrap_or_default();
        layer.media_type == media::FOLDER
            && !std::path::Path::new(title).extension().is_some_and(|end| end == "gz" || end == "tgz")
    }
}

/// A folder appears whole or not at all.
fn pull_folder(client: &Client, from: &Reference, layer: &Descriptor, path: &Path) -> Result<()> {
    let parent = parent(path)?;
    let scratch = tempfile::Builder::new().prefix(".weft-pull-").tempdir_in(&parent);
    let scratch = scratch.map_err(|source| Error::io("create a folder in", &parent, source))?;
    let packed = scratch.path().join("packed");
    let mut file = File::create(&packed).map_err(|source| Error::io("create", &packed, source))?;
    client.blob(from, layer, &mut file)?;
    let unpacked = scratch.path().join("unpacked");
    fs::create_dir(&unpacked).map_err(|source| Error::io("create", &unpacked, source))?;
    let mut reread = File::open(&packed).map_err(|source| Error::io("read", &packed, source))?;
    let expected = layer.annotations.get(media::UNPACKED_DIGEST).and_then(|digest| digest.parse().ok());
    unpack_folder(&format!("the folder `{}` of `{from}`", path.display()), &mut reread, expected, &unpacked)?;
    if path.exists() {
        fs::remove_dir_all(path).map_err(|source| Error::io("replace", path, source))?;
    }
    fs::rename(&unpacked, path).map_err(|source| Error::io("create", path, source))
}

/// A bundle is put together again, to the byte as it was pushed.
fn pull_bundle(client: &Client, from: &Reference, fetched: &Fetched, options: &PullOptions<'_>) -> Result<PathBuf> {
    let target = target(None, &format!("{}.weft", from.short_name()), options)?;
    refuse_existing(&target, options)?;
    let parent = parent(&target)?;
    let scratch = tempfile::Builder::new().prefix(".weft-pull-").tempdir_in(&parent);
    let scratch = scratch.map_err(|source| Error::io("create a folder in", &parent, source))?;
    let mut archive = ArchiveWriter::default();
    let mut bundles = bundle::Index::default();
    bundles.manifest(&mut archive, &fetched.manifest);
    for blob in fetched.manifest.layers.iter().chain([&fetched.manifest.config]) {
        let path = scratch.path().join(blob.digest.hex());
        if path.exists() {
            continue;
        }
        let mut file = File::create(&path).map_err(|source| Error::io("create", &path, source))?;
        client.blob(from, blob, &mut file)?;
        archive.add(blob, Source::File(path));
    }
    for referrer in client.referrers(from, fetched.digest, Some(media::SIGNATURE))? {
        let (_, bytes) = client.referrer(from, fetched.digest, &referrer)?;
        bundles.signature(&mut archive, &bytes);
    }
    let index: Index = bundles.finish();
    publish(&target, options.force, |file| {
        let mut out = std::io::BufWriter::new(file);
        archive.write(&index, &target, &mut out)?;
        out.flush().map_err(|source| Error::io("write", &target, source))
    })?;
    Ok(target)
}

/// Where a single file goes: where it is wanted, into the folder that is wanted, or here by its own name.
fn target(title: Option<&str>, otherwise: &str, options: &PullOptions<'_>) -> Result<PathBuf> {
    let name = title.unwrap_or(otherwise);
    Ok(match options.to {
        Some(folder) if options.evidence => {
            fs::create_dir_all(folder).map_err(|source| Error::io("create", folder, source))?;
            folder.join(name)
        }
        Some(to) if to.is_dir() || to.as_os_str().to_string_lossy().ends_with('/') => to.join(name),
        Some(to) => to.to_owned(),
        None => PathBuf::from(name),
    })
}

fn refuse_existing(path: &Path, options: &PullOptions<'_>) -> Result<()> {
    if !options.force && path.symlink_metadata().is_ok() {
        return Err(Error::advised(
            format!("`{}` is there already", path.display()),
            "`--force` replaces it; `-o PATH` writes elsewhere",
        ));
    }
    Ok(())
}

/// The folder of a file that is to be written, made if it is not there.
fn parent(path: &Path) -> Result<PathBuf> {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
    Ok(parent.to_owned())
}

/// Writes a file that appears whole or not at all.
pub(crate) fn publish(path: &Path, force: bool, fill: impl FnOnce(&mut File) -> Result<()>) -> Result<()> {
    let parent = parent(path)?;
    let named = tempfile::Builder::new().prefix(".weft-pull-").tempfile_in(&parent);
    let mut named = named.map_err(|source| Error::io("create a file in", &parent, source))?;
    fill(named.as_file_mut())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let readable = fs::Permissions::from_mode(0o644);
        named.as_file().set_permissions(readable).map_err(|source| Error::io("write", path, source))?;
    }
    let persisted = if force { named.persist(path) } else { named.persist_noclobber(path) };
    persisted.map(drop).map_err(|error| Error::io("write", path, error.error))
}
