//! Making a bundle.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Component, Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use weft_artifacts::{ContentId, Existing};
use weft_pipeline::executor::is_registry_reference;
use weft_pipeline::input_artifacts::GivenArtifact;
use weft_pipeline::model::{Binding, CommandStep, Implementation};
use weft_provenance::{Key, image_signature};
use weft_registry::{ArchiveWriter, Blobs, Descriptor, Digest, MAX_LAYERS, Manifest, Reference, Source, media};
use weft_sandbox::{AheadCompiler, Target};

use super::{
    ARTIFACTS, COMPILED, COMPONENTS, Config, EXECUTORS, Index, PACKAGES, REGISTRY, TREE, components, is_named, paths,
};
use crate::cancel::Cancel;
use crate::error::{Error, Result};
use crate::executors::Executor;
use crate::host::Host;
use crate::notice::{Notice, Notify};
use crate::prebuilt;
use crate::prepare::{Linker, PrepareOptions, Prepared};
use crate::read::PipelineFile;
use crate::registry::{LockFile, component_layer, of_file, publish};
use crate::store::Store;

/// How a bundle is made.
#[derive(Default)]
pub struct BundleOptions<'a> {
    /// How the pipeline is prepared. Its parameters and input artifacts come along, for runs that are given no others.
    pub prepare: PrepareOptions,
    /// Adds code compiled for such machines.
    pub compiled: Option<Target>,
    /// Signs it.
    pub key: Option<&'a Key>,
}

/// What was bundled.
#[derive(Debug, Clone, Serialize)]
pub struct Bundled {
    /// The bundle.
    pub file: PathBuf,
    /// The digest of its manifest, which is that of all that is in it.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: u64,
    /// The paths of the files in it.
    pub files: Vec<String>,
    /// What the pipeline names and is not in it.
    pub left_out: Vec<String>,
    /// What its compiled code is for, if it has any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub compiled: Option<Target>,
    /// Whether it is signed.
    pub signed: bool,
}

impl Linker {
    /// Makes a bundle of a pipeline. The same pipeline, components and artifacts give the same bytes. `root` is the store, in which artifacts
    /// are looked for that are given by digest.
    ///
    /// # Errors
    /// The pipeline is wrong, or names what cannot come along.
    pub fn bundle(
        &self,
        file: PipelineFile,
        options: &BundleOptions<'_>,
        root: &Path,
        to: &Path,
        notify: &Notify<'_>,
        cancel: &Cancel,
    ) -> Result<(Bundled, Vec<crate::Finding>)> {
        if options.prepare.executor == Executor::HostPython {
            return Err(Error::advised("a host's own Python cannot come along", "leave out `--executor host-python`"));
        }
        let text = file.source.text.clone();
        let path = file.path.clone();
        let given = options.prepare.parameters.as_ref().map(crate::Parameters::read).transpose()?;
        let prepared = self.prepare(file, &options.prepare, notify)?;
        let scratch =
            tempfile::tempdir().map_err(|source| Error::io("create a folder in", &std::env::temp_dir(), source))?;

        let mut contents = Contents::default();
        let mut left_out = Vec::new();
        let tree = Tree::of(&prepared, &path, &mut left_out)?;
        contents.bytes(&tree.title(&name_of(&path)?), text.into_bytes());
        for (written, title) in &tree.files {
            contents.path(title, &prepared.folder.join(written))?;
        }
        self.named_components(&prepared, &tree, &mut contents)?;
        self.executors(&prepared, &mut contents)?;
        let parameters = given.map(|given| {
            let fold = |name: &str| name.replace('_', "-");
            let is_given = |name: &str| given.values.keys().any(|known| fold(known) == fold(name));
            prepared
                .parameters
                .iter()
                .filter(|(name, _)| is_given(name))
                .map(|(name, value)| (name.clone(), value.clone()))
                .collect()
        });
        let config = Config {
            artifacts: artifacts(&prepared, (root, &self.host), scratch.path(), &mut contents)?,
            compiled: options.compiled.is_some(),
            parameters: parameters.unwrap_or_default(),
            pipeline: tree.title(&name_of(&path)?),
            version: 1,
        };
        if let Some(target) = options.compiled {
            contents.path(COMPILED, &self.compiled(&prepared, target, scratch.path(), notify, cancel)?)?;
        }
        let (digest, files) = contents.write(&config, to, options.key)?;
        let bytes = fs::metadata(to).map_err(|source| Error::io("read", to, source))?.len();
        let bundled = Bundled {
            file: to.to_owned(),
            digest,
            bytes,
            files,
            left_out,
            compiled: options.compiled,
            signed: options.key.is_some(),
        };
        Ok((bundled, prepared.warnings))
    }

    /// Pre-built components, and those of registries with the lock.
    fn named_components(&self, prepared: &Prepared, tree: &Tree, contents: &mut Contents) -> Result<()> {
        let mut references = Vec::new();
        for written in components(&prepared.pipeline).filter(|written| is_named(written)) {
            if is_registry_reference(written) {
                references.push(written.parse::<Reference>()?);
            } else if let Some(name) = prebuilt::name(written) {
                contents.path(
                    &format!("{COMPONENTS}/{name}.wasm"),
                    &prebuilt::locate(&self.host, &prepared.folder, written),
                )?;
            }
        }
        let Some(registry) = self.host.registry.as_ref().filter(|_| !references.is_empty()) else { return Ok(()) };
        let lock = LockFile::read(&prepared.folder)?;
        let (from, there) = (registry.blobs(), Blobs::new(REGISTRY));
        for reference in &references {
            let missing = || Error::request(format!("`{}` is not in the cache any more", reference.written()));
            let digest = lock.get(reference).ok_or_else(missing)?;
            let bytes = from.document(digest)?.ok_or_else(missing)?;
            let manifest = Manifest::read(&reference.written(), &bytes)?;
            let layer = component_layer(reference, &manifest)?;
            let file = from.get(layer.digest)?.ok_or_else(missing)?;
            contents.path(&text_of(&there.path(layer.digest))?, &file)?;
            contents.bytes(&text_of(&there.path(digest))?, bytes);
            if let Some(signatures) = from.signatures(digest)?.filter(|json| json != b"[]") {
                contents.bytes(&text_of(&there.signatures_path(digest))?, signatures);
            }
        }
        if let Some(text) = lock.only(&references) {
            contents.bytes(&tree.title("weft.lock"), text.into_bytes());
        }
        Ok(())
    }

    /// The programs that run in place of containers, and the packages that they are given.
    fn executors(&self, prepared: &Prepared, contents: &mut Contents) -> Result<()> {
        let packages =
            std::path::absolute(&self.packages).map_err(|source| Error::io("find", &self.packages, source))?;
        for component in prepared.pipeline.components.values() {
            let Implementation::Command(CommandStep { program: Some(program), .. }) = &component.implementation else {
                continue;
            };
            let called = program.python.iter().map(|python| &python.path);
            for path in called.chain([&program.path]).map(Path::new) {
                let Some(inside) = self.host.executors.iter().find_map(|folder| path.strip_prefix(folder).ok()) else {
                    continue;
                };
                match (inside.components().next(), inside.parent()) {
                    // One that is a folder of its own comes with all that is in it.
                    (Some(Component::Normal(first)), Some(parent)) if parent != Path::new("") => {
                        let title = format!("{EXECUTORS}/{}", Path::new(first).display());
                        contents.path(&title, path.parent().unwrap_or(path))?;
                    }
                    _ => contents.path(&format!("{EXECUTORS}/{}", inside.display()), path)?,
                }
            }
            for path in program.packages.keys().map(Path::new) {
                if let Ok(inside) = path.strip_prefix(&packages) {
                    contents.path(&format!("{PACKAGES}/{}", inside.display()), path)?;
                }
            }
        }
        Ok(())
    }

    /// Compiles all components, as far as they are not, and writes what came of it to a file.
    fn compiled(
        &self,
        prepared: &Prepared,
        target: Target,
        scratch: &Path,
        notify: &Notify<'_>,
        cancel: &Cancel,
    ) -> Result<PathBuf> {
        let cache =
            self.host.cache.as_deref().ok_or_else(|| Error::request("there is no folder for compiled components"))?;
        let mut digests: Vec<String> = prepared.components.values().cloned().collect();
        digests.sort();
        digests.dedup();
        notify(Notice::Compiling { components: digests.len() });
        let compiler = AheadCompiler::new(target, prepared.pipeline.strict, cache)?;
        for digest in &digests {
            let (name, binary) = self.sandbox.binary(digest)?;
            compiler.compile(&name, &binary, cancel)?;
        }
        let file = scratch.join(".compiled");
        compiler.export(&digests, &file)?;
        Ok(file)
    }
}

/// Input artifacts that were given: copied, with where they are in the bundle.
fn artifacts(
    prepared: &Prepared,
    (root, host): (&Path, &Host),
    scratch: &Path,
    contents: &mut Contents,
) -> Result<BTreeMap<String, Vec<GivenArtifact>>> {
    let mut all = BTreeMap::new();
    for (input, given) in &prepared.artifacts {
        let mut copies = Vec::with_capacity(given.len());
        for (nth, one) in given.iter().enumerate() {
            let (path, name) = if weft_engine::is_uri(&one.uri) {
                let store = Store::read(root)?.over_bucket(host)?;
                let content: ContentId = store.artifact(&one.uri)?.artifact.uri.parse()?;
                let path = scratch.join(format!("{input}-{nth}"));
                store.artifacts.export(&content, &path, Existing::Keep)?;
                (path, input.clone())
            } else {
                let path = PathBuf::from(&one.uri);
                let name = name_of(&path)?;
                (path, name)
            };
            let title = format!("{ARTIFACTS}/{input}/{nth}/{name}");
            contents.path(&title, &path)?;
            copies.push(GivenArtifact { uri: title, metadata: one.metadata.clone() });
        }
        all.insert(input.clone(), copies);
    }
    Ok(all)
}

/// The pipeline's file and what lies around it: in a bundle they lie to each other as they do here.
struct Tree {
    /// The folder of the pipeline's file in the bundle.
    folder: String,
    /// Paths as written, and where they are in the bundle.
    files: BTreeMap<String, String>,
}

impl Tree {
    fn of(prepared: &Prepared, file: &Path, left_out: &mut Vec<String>) -> Result<Self> {
        let mut wanted = paths(&prepared.pipeline);
        for component in prepared.pipeline.components.values() {
            let Implementation::Import(importer) = &component.implementation else { continue };
            match &importer.source {
                Binding::Literal(Value::String(uri)) if weft_engine::is_uri(uri) => left_out.push(uri.clone()),
                Binding::Literal(_) => {}
                Binding::Input(name) => {
                    let root = &prepared.pipeline.root.inputs;
                    let value = prepared.parameters.get(name).or_else(|| root.get(name)?.default.as_ref());
                    match value.and_then(Value::as_str) {
                        Some(path) if !weft_engine::is_uri(path) && prepared.folder.join(path).exists() => {
                            wanted.push(path.to_owned());
                        }
                        _ => left_out.push(format!("what the input `{name}` names")),
                    }
                }
                _ => left_out.push("what an importer is told when it runs".to_owned()),
            }
        }
        let mut ups = 0;
        let mut parts = BTreeMap::new();
        for path in wanted {
            let (up, inside) = relative(&path).ok_or_else(|| {
                Error::advised(
                    format!("`{path}` cannot come along: it is not relative to the pipeline's file"),
                    "write a path that begins at the pipeline's folder; input artifacts are given with `-w INPUT=PATH`",
                )
            })?;
            ups = ups.max(up);
            parts.insert(path, (up, inside));
        }
        let above: Vec<&str> = file
            .parent()
            .into_iter()
            .flat_map(Path::components)
            .filter_map(|part| match part {
                Component::Normal(name) => name.to_str(),
                _ => None,
            })
            .collect();
        let kept = above.len().checked_sub(ups).and_then(|from| above.get(from..));
        let Some(kept) = kept else {
            return Err(Error::request("the pipeline's paths lead above the root of the file system"));
        };
        let join = |parts: &[&str]| std::iter::once(TREE).chain(parts.iter().copied()).collect::<Vec<_>>().join("/");
        let files = parts.into_iter().map(|(path, (up, inside))| {
            let base = kept.get(..kept.len().saturating_sub(up)).unwrap_or_default();
            let inside: Vec<&str> = base.iter().copied().chain(inside.iter().map(String::as_str)).collect();
            (path, join(&inside))
        });
        Ok(Self { files: files.collect(), folder: join(kept) })
    }

    /// Where a file beside the pipeline's is in the bundle.
    fn title(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }
}

/// How many folders a relative path leads up, and where it leads from there; none if it is no relative path.
fn relative(path: &str) -> Option<(usize, Vec<String>)> {
    let (mut ups, mut inside) = (0, Vec::new());
    for part in Path::new(path).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if inside.pop().is_some() => {}
            Component::ParentDir => ups += 1,
            Component::Normal(name) => inside.push(name.to_str()?.to_owned()),
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some((ups, inside))
}

fn name_of(path: &Path) -> Result<String> {
    let name = path.file_name().and_then(|name| name.to_str());
    name.map(str::to_owned).ok_or_else(|| Error::request(format!("`{}` has no name in UTF-8", path.display())))
}

fn text_of(path: &Path) -> Result<String> {
    path.to_str().map(str::to_owned).ok_or_else(|| Error::request(format!("`{}` is not UTF-8", path.display())))
}

/// Files of a bundle by where they are in it.
#[derive(Default)]
struct Contents(BTreeMap<String, (Descriptor, Source)>);

impl Contents {
    fn bytes(&mut self, title: &str, bytes: Vec<u8>) {
        self.0.insert(title.to_owned(), (Descriptor::of(media::FILE, &bytes).titled(title), Source::Bytes(bytes)));
    }

    /// A file, or all files of a folder.
    fn path(&mut self, title: &str, path: &Path) -> Result<()> {
        if self.0.contains_key(title) {
            return Ok(());
        }
        let refuse = |why: &str| {
            Error::advised(
                format!("`{}` cannot come along: {why}", path.display()),
                "give it another name, or leave it out",
            )
        };
        let metadata = fs::metadata(path).map_err(|source| Error::io("read", path, source))?;
        if metadata.is_dir() {
            for entry in fs::read_dir(path).map_err(|source| Error::io("read", path, source))? {
                let entry = entry.map_err(|source| Error::io("read", path, source))?;
                let name = entry.file_name();
                let name = name.to_str().ok_or_else(|| refuse("a name in it is not UTF-8"))?;
                self.path(&format!("{title}/{name}"), &entry.path())?;
            }
            return Ok(());
        }
        if !metadata.is_file() {
            return Err(refuse("it is neither file nor folder"));
        }
        if !weft_registry::safe_path(title) {
            return Err(refuse("its name could not be that of a file everywhere"));
        }
        if self.0.len() >= MAX_LAYERS {
            return Err(refuse(&format!("a bundle has at most {MAX_LAYERS} files")));
        }
        let is_component = path.extension().is_some_and(|extension| extension == "wasm");
        let descriptor = of_file(if is_component { media::WASM } else { media::FILE }, path)?.titled(title);
        self.0.insert(title.to_owned(), (descriptor, Source::File(path.to_owned())));
        Ok(())
    }

    fn write(self, config: &Config, to: &Path, key: Option<&Key>) -> Result<(Digest, Vec<String>)> {
        let mut archive = ArchiveWriter::default();
        // Plain data always serializes.
        let config = serde_json::to_vec(config).unwrap_or_default();
        let described = Descriptor::of(media::BUNDLE_CONFIG, &config);
        archive.add(&described, Source::Bytes(config));
        let files: Vec<String> = self.0.keys().cloned().collect();
        let mut layers = Vec::with_capacity(self.0.len());
        for (layer, source) in self.0.into_values() {
            archive.add(&layer, source);
            layers.push(layer);
        }
        let mut manifest = Manifest::new(described, layers);
        manifest.artifact_type = Some(media::BUNDLE.to_owned());
        let mut index = Index::default();
        let digest = index.manifest(&mut archive, &manifest);
        if let Some(key) = key {
            index.signature(&mut archive, image_signature(&digest.hex(), key)?.to_string().as_bytes());
        }
        let index = index.finish();
        publish(to, true, |file| {
            let mut out = std::io::BufWriter::new(file);
            archive.write(&index, to, &mut out)?;
            out.flush().map_err(|source| Error::io("write", to, source))
        })?;
        Ok((digest, files))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        let of = |path: &str| relative(path).map(|(ups, inside)| (ups, inside.join("/")));
        assert_eq!(of("a/b.wasm"), Some((0, "a/b.wasm".to_owned())));
        assert_eq!(of("./a/../b"), Some((0, "b".to_owned())));
        assert_eq!(of("../../a"), Some((2, "a".to_owned())));
        assert_eq!(of("a/../../b"), Some((1, "b".to_owned())));
        assert_eq!(of("/a"), None);
    }
}
