//! Who signed what lies in a registry.

use std::path::Path;

use serde_json::Value;
use weft_provenance::{PublicKey, check_image_signature};
use weft_registry::{Blobs, Client, Digest, Manifest, Reference, media};

use super::fetch::component_layer;
use super::lock_file::LockFile;
use crate::error::{Error, Result};
use crate::host::Host;

/// Signatures of one manifest that are looked at.
const MOST: usize = 100;

/// Checks that one of a manifest's signatures is by one of these keys, and gives what names that key. Nothing is asked of anybody: this is
/// the whole of the decision.
///
/// # Errors
/// None is.
pub fn check_signatures(reference: &str, manifest: Digest, signatures: &[Value], keys: &[PublicKey]) -> Result<String> {
    let sha256 = manifest.hex();
    for key in keys {
        if signatures.iter().any(|signature| check_image_signature(signature, &sha256, key).is_ok()) {
            return Ok(key.hint()?);
        }
    }
    let whose = if keys.len() == 1 { "the key that is demanded" } else { "any of the keys that are demanded" };
    let why = match signatures.len() {
        0 => format!("`{reference}` is not signed by {whose}: it has no signature"),
        1 => format!("`{reference}` is not signed by {whose}: its signature is another's, or of something else"),
        n => format!("`{reference}` is not signed by {whose}: none of its {n} signatures is"),
    };
    Err(Error::advised(why, "whoever published it signs with `weft push --sign KEY`; nothing of it was used"))
}

/// Whether one of these keys has signed what a pipeline in a folder names, and that is the component with this digest: by the lock and the
/// cache, so that nobody is asked.
pub(crate) fn has_signed(host: &Host, folder: &Path, written: &str, digest: &str, keys: &[PublicKey]) -> bool {
    let checked = || -> Option<bool> {
        let blobs = host.registry.as_ref()?.blobs();
        let reference: Reference = written.parse().ok()?;
        let manifest = LockFile::read(folder).ok()?.get(&reference)?;
        let known = known(&blobs, manifest).ok()??;
        check_signatures(written, manifest, &known, keys).ok()?;
        let read = Manifest::read(written, &blobs.document(manifest).ok()??).ok()?;
        let file = blobs.get(component_layer(&reference, &read).ok()?.digest).ok()??;
        Some(weft_sandbox::digest_of_file(&file).ok()? == digest)
    };
    checked().unwrap_or(false)
}

/// The signatures of a manifest that are known here; none if nobody looked.
pub(crate) fn known(blobs: &Blobs, manifest: Digest) -> Result<Option<Vec<Value>>> {
    let Some(json) = blobs.signatures(manifest)? else { return Ok(None) };
    // What cannot be read was never a signature.
    Ok(serde_json::from_slice(&json).ok())
}

/// Asks the registry for the signatures of a manifest, and keeps them.
pub(crate) fn ask(client: &Client, blobs: &Blobs, at: &Reference, manifest: Digest) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for referrer in client.referrers(at, manifest, Some(media::SIGNATURE))?.iter().take(MOST) {
        let (_, bytes) = client.referrer(at, manifest, referrer)?;
        // Whoever may push beside a manifest may put anything there.
        found.extend(serde_json::from_slice::<Value>(&bytes).ok());
    }
    blobs.put_signatures(manifest, &serde_json::to_vec(&found).unwrap_or_default())?;
    Ok(found)
}
