//! OpenSSF model signatures, which `model_signing verify key` of model-signing 1.1 accepts.

use serde_json::{Value, json};

use crate::error::{Error, Result};
use crate::evidence::{Content, FileDigest, combined, hex};
use crate::sign::{Key, PublicKey, check_envelope, envelope};

pub(crate) const BUNDLE: &str = "application/vnd.dev.sigstore.bundle.v0.3+json";
const PREDICATE: &str = "https://model_signing/signature/v1.0";

/// What lies at the top of a folder of a repository and says nothing of the model. model-signing 1.1 passes over these unless it is told not to, and
/// takes a signature that has one for that of another model: each folder from a hub of models holds a `.gitattributes`.
const GIT: [&str; 4] = [".git", ".gitattributes", ".github", ".gitignore"];

/// The signature of an artifact's files as a bundle.
///
/// # Errors
/// The content is not in the store, or the key cannot be used.
pub fn model_signature(content: &Content, key: &Key) -> Result<Value> {
    if content.files.is_empty() {
        return Err(Error::Refused("its content is not in the store, so it cannot be signed".to_owned()));
    }
    let mut ignored: Vec<&str> = content.files.iter().filter_map(|file| ignored_by(file, &GIT)).collect();
    ignored.dedup();
    let mut signed = content.files.clone();
    signed.retain(|file| ignored_by(file, &GIT).is_none());
    let resources: Vec<Value> = signed
        .iter()
        .map(|file| json!({ "name": name(file), "algorithm": "sha256", "digest": hex(&file.sha256) }))
        .collect();
    let statement = json!({
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{ "name": content.plain_name(), "digest": { "sha256": hex(&combined(&signed)) } }],
        "predicateType": PREDICATE,
        "predicate": {
            "serialization": { "hash_type": "sha256", "allow_symlinks": false, "ignore_paths": ignored, "method": "files" },
            "resources": resources,
        },
    });
    Ok(json!({
        "mediaType": BUNDLE,
        "verificationMaterial": { "publicKey": { "hint": key.public().hint()? }, "tlogEntries": [] },
        "dsseEnvelope": envelope(&statement, key, ""),
    }))
}

/// Checks a bundle against files and a key.
///
/// # Errors
/// It is not signed by the key, or a file is missing, added or another. Files that the signature passes over are not looked at.
pub fn check_model_signature(bundle: &Value, files: &[FileDigest], key: &PublicKey) -> Result<()> {
    let statement = check_envelope(&bundle["dsseEnvelope"], key)?;
    let predicate = &statement["predicate"];
    let ignored = predicate["serialization"]["ignore_paths"].as_array().map(Vec::as_slice).unwrap_or_default();
    let ignored: Vec<&str> = ignored.iter().filter_map(Value::as_str).collect();
    if statement["predicateType"] != PREDICATE {
        return Err(Error::Malformed("it is no signature of a model".to_owned()));
    }
    let resources = predicate["resources"].as_array().map(Vec::as_slice).unwrap_or_default();
    let digest_of =
        |name: &str| resources.iter().find(|one| one["name"] == name).and_then(|one| one["digest"].as_str());
    for file in files {
        match digest_of(name(file)) {
            Some(digest) if digest == hex(&file.sha256) => {}
            Some(_) => return Err(Error::Refused(format!("`{}` is not what was signed", name(file)))),
            None if ignored_by(file, &ignored).is_some() => {}
            None => return Err(Error::Refused(format!("`{}` was not signed", name(file)))),
        }
    }
    let missing = resources
        .iter()
        .filter_map(|one| one["name"].as_str())
        .find(|name| !files.iter().any(|file| self::name(file) == *name));
    match missing {
        Some(missing) => Err(Error::Refused(format!("`{missing}` was signed and is missing"))),
        None => Ok(()),
    }
}

/// The name of a file in a signature: `.` is the only one.
fn name(file: &FileDigest) -> &str {
    if file.path.is_empty() { "." } else { &file.path }
}

/// Which of these paths a file is, or lies below.
fn ignored_by<'p>(file: &FileDigest, paths: &[&'p str]) -> Option<&'p str> {
    let is_at =
        |path: &&&str| file.path.strip_prefix(**path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    paths.iter().filter(|_| !file.path.is_empty()).find(is_at).copied()
}
