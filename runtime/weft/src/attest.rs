//! An artifact with all that is known of where it comes from, as a folder that other tools read, and the check of such a folder.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::thread;

use serde::Serialize;
use serde_json::Value;
use weft_artifacts::{Content, ContentId, Existing};
use weft_provenance::{
    Evidence, FileDigest, Key, PublicKey, check_envelope, check_model_signature, croissant, cyclonedx, documentation,
    envelope, model_signature, openlineage, provenance, rocrate,
};

use crate::error::{Error, Result};
use crate::store::Store;

/// Names of the files.
pub(crate) const STATEMENT: &str = "provenance.intoto.json";
pub(crate) const ENVELOPE: &str = "provenance.dsse.json";
pub(crate) const SIGNATURE: &str = "model.sig";
pub(crate) const BILL: &str = "bom.cdx.json";
pub(crate) const EVENTS: &str = "openlineage.ndjson";
pub(crate) const CRATE: &str = "ro-crate-metadata.json";
pub(crate) const DATA_SET: &str = "croissant.json";
pub(crate) const DOCUMENTATION: &str = "documentation.html";
const PUBLIC_KEY: &str = "key.pub";
const OWN: [&str; 9] = [STATEMENT, ENVELOPE, SIGNATURE, BILL, EVENTS, CRATE, DATA_SET, DOCUMENTATION, PUBLIC_KEY];

/// Bytes in which the header of a table is looked for.
const HEADER: usize = 64 << 10;
/// The largest file of a folder that is checked, but for the artifact itself.
const MAX_FILE: u64 = 64 << 20;

/// What was attested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attested {
    /// The artifact's digest.
    pub artifact: String,
    /// The folder.
    pub folder: PathBuf,
    /// The names of the files in it, the artifact first.
    pub files: Vec<String>,
    /// Whether it is signed.
    pub signed: bool,
}

/// What a check of a folder found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckedAttestation {
    /// The artifact's name in the folder.
    pub artifact: String,
    /// The SHA-256 of the artifact, which is what was attested.
    pub sha256: String,
    /// What named the key: the SHA-256 of its PEM.
    pub key: String,
    /// Whether the key is the one in the folder, which anybody may have put there.
    pub key_from_folder: bool,
}

impl Store {
    /// Writes an artifact with its evidence into a new folder: an in-toto statement with SLSA's provenance, a CycloneDX bill of materials,
    /// OpenLineage events, an RO-Crate and, for a data set, a Croissant description, for a model a page for its technical documentation; with a key also a signed envelope and a model signature.
    ///
    /// # Errors
    /// There is no such artifact, its content is no longer in the store, or the folder is there already or cannot be written.
    pub fn attest(&self, selector: &str, folder: &Path, key: Option<&Key>) -> Result<Attested> {
        let record = self.artifact(selector)?;
        let id = record.artifact.id.unwrap_or_default();
        let mut evidence = Evidence::of(&self.metadata, id)?;
        let gone = || Error::request(format!("the content of `{selector}` is no longer in the store"));
        let content: ContentId = evidence.subject.uri.parse().map_err(|_| gone())?;
        if !self.artifacts.contains(&content)? {
            return Err(gone());
        }
        if matches!(self.artifacts.open_content(&content)?, Content::Tree(tree) if tree.entries().is_empty()) {
            return Err(Error::request(format!(
                "`{selector}` is an empty directory, of which there is nothing to attest"
            )));
        }
        fs::create_dir(folder).map_err(|source| Error::io("create", folder, source))?;
        let name = file_name(&evidence.subject.plain_name());
        // SHA-256 of one file is no work for several threads, but it can be copied meanwhile.
        let copied = thread::scope(|scope| {
            let copy = scope.spawn(|| self.artifacts.export(&content, folder.join(&name), Existing::Keep));
            evidence.read(&self.artifacts)?;
            copy.join().unwrap_or_else(|_| self.artifacts.export(&content, folder.join(&name), Existing::Keep))?;
            Ok::<_, Error>(())
        });
        copied?;
        let subject = &evidence.subject;
        let mut files = vec![name.clone()];
        let mut put = |file: &str, text: String| -> Result<()> {
            let path = folder.join(file);
            fs::write(&path, text).map_err(|source| Error::io("write", &path, source))?;
            files.push(file.to_owned());
            Ok(())
        };
        let statement = provenance(&evidence);
        put(STATEMENT, pretty(&statement))?;
        put(BILL, pretty(&cyclonedx(&evidence)))?;
        let events: Vec<String> = openlineage(&evidence).iter().map(Value::to_string).collect();
        put(EVENTS, events.join("\n") + "\n")?;
        put(CRATE, pretty(&rocrate(&evidence, &name)))?;
        if subject.kind.ends_with("Dataset") || subject.kind.ends_with("Examples") {
            put(DATA_SET, pretty(&croissant(&evidence, &name, &columns(&folder.join(&name), &subject.files))))?;
        }
        if subject.kind.ends_with("Model") {
            put(DOCUMENTATION, documentation(&evidence))?;
        }
        if let Some(key) = key {
            put(ENVELOPE, pretty(&envelope(&statement, key, &key.public().hint()?)))?;
            put(SIGNATURE, pretty(&model_signature(subject, key)?))?;
            put(PUBLIC_KEY, key.public().to_pem()?)?;
        }
        Ok(Attested { artifact: subject.uri.clone(), folder: folder.to_owned(), files, signed: key.is_some() })
    }
}

/// Checks a folder that [`Store::attest`] wrote with a key: that the artifact in it is the one that was attested, and that the key signed
/// it. Needs no store and no network.
///
/// # Errors
/// A file is missing or was changed, or another key signed.
pub fn check_attestation(folder: &Path, key: Option<&PublicKey>) -> Result<CheckedAttestation> {
    let unsigned = |file: &str| {
        Error::advised(
            format!("`{}` has no {file}", folder.display()),
            "it was written without a key; `weft attest --key FILE` signs",
        )
    };
    let own = folder.join(PUBLIC_KEY);
    let key_from_folder = key.is_none();
    let key = match key {
        Some(key) => key.clone(),
        None if own.is_file() => PublicKey::from_pem(&text(&own)?)?,
        None => return Err(unsigned(PUBLIC_KEY)),
    };
    let mut artifacts = Vec::new();
    for entry in fs::read_dir(folder).map_err(|source| Error::io("read", folder, source))? {
        let entry = entry.map_err(|source| Error::io("read", folder, source))?;
        match entry.file_name().to_str() {
            Some(name) if OWN.contains(&name) => {}
            _ => artifacts.push(entry.path()),
        }
    }
    let [artifact] = artifacts.as_slice() else {
        let why =
            format!("`{}` holds {} files beside the evidence; one was attested", folder.display(), artifacts.len());
        return Err(Error::request(why));
    };
    for file in [ENVELOPE, SIGNATURE] {
        if !folder.join(file).is_file() {
            return Err(unsigned(file));
        }
    }
    let files = FileDigest::of(artifact).map_err(|source| Error::io("read", artifact, source))?;
    check_model_signature(&json(&folder.join(SIGNATURE))?, &files, &key)?;
    let statement = check_envelope(&json(&folder.join(ENVELOPE))?, &key)?;
    let sha256 = FileDigest::all(&files);
    if statement["subject"][0]["digest"]["sha256"] != sha256.as_str() {
        return Err(Error::request("the provenance is that of another artifact"));
    }
    let name = artifact.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(CheckedAttestation { artifact: name, sha256, key: key.hint()?, key_from_folder })
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn text(path: &Path) -> Result<String> {
    let length = fs::metadata(path).map_err(|source| Error::io("read", path, source))?.len();
    if length > MAX_FILE {
        return Err(Error::request(format!("`{}` is larger than {MAX_FILE} bytes", path.display())));
    }
    fs::read_to_string(path).map_err(|source| Error::io("read", path, source))
}

fn json(path: &Path) -> Result<Value> {
    serde_json::from_str(&text(path)?)
        .map_err(|error| Error::request(format!("`{}` is no JSON: {error}", path.display())))
}

/// The plain name of an artifact as that of a file, which is none of the evidence's.
fn file_name(plain: &str) -> String {
    let plain: String = plain.chars().take(80).collect();
    let plain = plain.trim_matches(['.', '-']);
    if plain.is_empty() || OWN.contains(&plain) { "artifact".to_owned() } else { plain.to_owned() }
}

/// The columns of the files that are tables with a header of names.
fn columns(artifact: &Path, files: &[FileDigest]) -> Vec<(String, Vec<String>)> {
    let header = |path: &Path| -> Option<Vec<String>> {
        let mut start = Vec::new();
        fs::File::open(path).ok()?.take(HEADER as u64).read_to_end(&mut start).ok()?;
        let line = start.split(|byte| *byte == b'\n').next()?;
        let line = std::str::from_utf8(line).ok()?.trim_end_matches('\r');
        let names: Vec<String> = line.split(',').map(|name| name.trim().trim_matches('"').to_owned()).collect();
        let is_name = |name: &String| !name.is_empty() && name.len() < 100 && !name.contains(['/', '"', '{', '<']);
        let mut once = names.clone();
        once.sort();
        once.dedup();
        (names.len() > 1 && once.len() == names.len() && names.iter().all(is_name)).then_some(names)
    };
    let of = |file: &FileDigest| {
        let path = if file.path.is_empty() { artifact.to_owned() } else { artifact.join(&file.path) };
        Some((file.path.clone(), header(&path)?))
    };
    files.iter().filter_map(of).collect()
}
