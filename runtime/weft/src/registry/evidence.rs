//! The evidence of where an artifact comes from, as it lies beside the artifact in a registry.

use std::path::Path;

use weft_provenance::Key;
use weft_registry::{Client, Digest, MAX_DOCUMENT, Reference, media};

use crate::attest::{BILL, CRATE, DATA_SET, DOCUMENTATION, ENVELOPE, EVENTS, SIGNATURE, STATEMENT};
use crate::error::{Error, Result};
use crate::store::Store;

/// The documents, and their media types.
const DOCUMENTS: [(&str, &str); 8] = [
    (STATEMENT, "application/vnd.in-toto+json"),
    (ENVELOPE, "application/vnd.dsse.envelope.v1+json"),
    (SIGNATURE, media::SIGNATURE),
    (BILL, "application/vnd.cyclonedx+json"),
    (EVENTS, "application/x-ndjson"),
    (CRATE, "application/ld+json"),
    (DATA_SET, "application/ld+json"),
    (DOCUMENTATION, "text/html"),
];

/// The documents about an artifact: media type, name, bytes. They are written into a folder of `scratch` first.
pub(crate) fn of(
    store: &Store,
    selector: &str,
    scratch: &Path,
    key: Option<&Key>,
) -> Result<Vec<(&'static str, String, Vec<u8>)>> {
    let folder = scratch.join(".evidence");
    let attested = store.attest(selector, &folder, key)?;
    let mut documents = Vec::new();
    for (name, kind) in DOCUMENTS {
        if !attested.files.iter().any(|file| file == name) {
            continue;
        }
        let path = folder.join(name);
        let bytes = std::fs::read(&path).map_err(|source| Error::io("read", &path, source))?;
        if bytes.len() as u64 > MAX_DOCUMENT {
            return Err(Error::request(format!("the evidence {name} has more than {MAX_DOCUMENT} bytes")));
        }
        documents.push((kind, name.to_owned(), bytes));
    }
    Ok(documents)
}

/// Writes the documents about a manifest into a folder, as `weft attest` does, and gives their names. None replaces a file.
pub(crate) fn fetch(client: &Client, at: &Reference, manifest: Digest, folder: &Path) -> Result<Vec<String>> {
    let mut written = Vec::new();
    for referrer in client.referrers(at, manifest, None)? {
        let kind = referrer.artifact_type.as_deref().unwrap_or_default();
        if !DOCUMENTS.iter().any(|(_, known)| *known == kind) {
            continue;
        }
        let (document, bytes) = client.referrer(at, manifest, &referrer)?;
        let title = document.layers.first().map(weft_registry::Descriptor::title).transpose()?.flatten();
        let Some((name, _)) = DOCUMENTS.iter().find(|(name, known)| title == Some(name) && *known == kind) else {
            continue;
        };
        let path = folder.join(name);
        let file = std::fs::File::options().write(true).create_new(true).open(&path);
        file.and_then(|mut file| std::io::Write::write_all(&mut file, &bytes))
            .map_err(|source| Error::io("write", &path, source))?;
        written.push((*name).to_owned());
    }
    written.sort();
    Ok(written)
}

/// The name of an artifact's file: its own, in plain characters, else that of its repository.
pub(crate) fn name(own: &str, repository: &str) -> String {
    let plain: String =
        own.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).take(80).collect();
    let plain = plain.trim_matches(['.', '-']);
    if plain.is_empty() || DOCUMENTS.iter().any(|(name, _)| *name == plain) {
        repository.to_owned()
    } else {
        plain.to_owned()
    }
}
