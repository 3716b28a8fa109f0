//! Asking registries for what they hold, and giving them more.

use std::io::{self, Read as _, Write};

use ureq::Body;
use ureq::http::Response;

use crate::digest::{Digest, Hashing};
use crate::error::{Error, Result};
use crate::manifest::{Descriptor, Index, MAX_DOCUMENT, Manifest, media};
use crate::reference::Reference;
use crate::transport::{Call, Content, Settings, Transport};
use crate::upload::{self, Source, check_digest};

/// Manifests that are asked for.
const ACCEPTED: &str = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";

/// A client for any number of registries.
pub struct Client {
    pub(crate) transport: Transport,
}

/// A manifest as a registry has it.
#[derive(Debug, Clone)]
pub struct Fetched {
    /// The digest of its bytes.
    pub digest: Digest,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it says.
    pub manifest: Manifest,
}

impl Client {
    /// A client, which reaches for nothing yet.
    pub fn new(settings: Settings) -> Self {
        Self { transport: Transport::new(settings) }
    }

    /// The manifest of a reference: by its digest if it has one, else by its tag. Of an index, the one manifest that is for WebAssembly.
    ///
    /// # Errors
    /// It is not there, is not what its digest says, or is no manifest.
    pub fn manifest(&self, reference: &Reference) -> Result<Fetched> {
        let what = reference.to_string();
        let Some((bytes, is_index)) = self.document(reference, &reference.name())? else {
            return Err(Error::NotFound { host: reference.host.clone(), what: format!("`{what}`") });
        };
        if !is_index {
            return Ok(Fetched { digest: Digest::of(&bytes), manifest: Manifest::read(&what, &bytes)?, bytes });
        }
        let index = Index::read(&what, &bytes)?;
        let fits = |one: &&Descriptor| {
            one.media_type == media::MANIFEST
                && one.platform.as_ref().is_none_or(|platform| platform["architecture"] == "wasm")
        };
        let mut fitting = index.manifests.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(one), None) => {
                let Some((bytes, false)) = self.document(reference, &one.digest.to_string())? else {
                    return Err(Error::NotFound { host: reference.host.clone(), what: format!("`{what}`") });
                };
                Ok(Fetched { digest: Digest::of(&bytes), manifest: Manifest::read(&what, &bytes)?, bytes })
            }
            (None, _) => Err(Error::malformed(what, "it is an index of images, none of them for WebAssembly")),
            _ => Err(Error::malformed(what, "it is an index of several manifests: name one of them by its digest")),
        }
    }

    /// A manifest or an index by its tag or digest, and whether it is an index; none if it is not there.
    pub(crate) fn document(&self, at: &Reference, name: &str) -> Result<Option<(Vec<u8>, bool)>> {
        let call = Call {
            method: "GET",
            target: format!("/v2/{}/manifests/{name}", at.repository),
            headers: vec![("accept", ACCEPTED.to_owned())],
            body: Content::None,
            what: format!("give `{at}`"),
            scope: format!("repository:{}:pull", at.repository),
            expected: MAX_DOCUMENT,
        };
        let answer = self.transport.call(&at.host, &call, &[404])?;
        if answer.status().as_u16() == 404 {
            return Ok(None);
        }
        let bytes = document(&at.to_string(), answer)?;
        if let Ok(expected) = name.parse::<Digest>()
            && Digest::of(&bytes) != expected
        {
            let why = format!("it has the digest {}", Digest::of(&bytes));
            return Err(Error::Tampered {
                what: format!("the manifest of {}/{}", at.host, at.repository),
                expected,
                why,
            });
        }
        let media_type = media_type(&bytes);
        Ok(Some((bytes, media_type.as_deref() == Some(media::INDEX))))
    }

    /// Writes a blob to where it goes, its size and digest checked on the way: an error means that what was written is not to be used.
    ///
    /// # Errors
    /// It is not there, is not what it should be, or cannot be written.
    pub fn blob(&self, at: &Reference, blob: &Descriptor, out: &mut dyn Write) -> Result<()> {
        let what = format!("the blob {} of {}/{}", blob.digest, at.host, at.repository);
        let call = Call {
            method: "GET",
            target: format!("/v2/{}/blobs/{}", at.repository, blob.digest),
            headers: Vec::new(),
            body: Content::None,
            what: format!("give {what}"),
            scope: format!("repository:{}:pull", at.repository),
            expected: blob.size,
        };
        let answer = self.transport.call(&at.host, &call, &[404])?;
        if answer.status().as_u16() == 404 {
            return Err(Error::NotFound { host: at.host.clone(), what });
        }
        let mut body = answer.into_body().into_with_config().limit(blob.size.saturating_add(1)).reader();
        copy(&what, blob, &mut body, out)
    }

    /// Uploads a blob unless the registry has it. Says whether it was uploaded.
    ///
    /// # Errors
    /// The registry refuses.
    pub fn push_blob(&self, to: &Reference, blob: &Descriptor, source: &Source) -> Result<bool> {
        upload::push_blob(&self.transport, to, blob, source)
    }

    /// Uploads a manifest, whose blobs must be there, and points the tag of the reference at it, if it has one. Gives its digest.
    ///
    /// # Errors
    /// The registry refuses.
    pub fn push_manifest(&self, to: &Reference, manifest: &Manifest) -> Result<Digest> {
        let bytes = manifest.to_bytes();
        let digest = Digest::of(&bytes);
        let name = to.tag.clone().unwrap_or_else(|| digest.to_string());
        self.put(to, &name, &manifest.media_type, &bytes)?;
        Ok(digest)
    }

    /// Puts a manifest or an index. Gives what the registry says of its subject.
    pub(crate) fn put(&self, to: &Reference, name: &str, media_type: &str, bytes: &[u8]) -> Result<Option<String>> {
        if bytes.len() as u64 > MAX_DOCUMENT {
            return Err(Error::malformed(
                format!("the manifest of `{to}`"),
                format!("it has more than {MAX_DOCUMENT} bytes, which no registry takes"),
            ));
        }
        let call = Call {
            method: "PUT",
            target: format!("/v2/{}/manifests/{name}", to.repository),
            headers: vec![("content-type", media_type.to_owned())],
            body: Content::Bytes(bytes),
            what: format!("take `{to}`"),
            scope: format!("repository:{}:pull,push", to.repository),
            expected: 0,
        };
        let answer = self.transport.call(&to.host, &call, &[])?;
        check_digest(&to.host, &answer, Digest::of(bytes))?;
        Ok(answer.headers().get("oci-subject").and_then(|subject| subject.to_str().ok()).map(str::to_owned))
    }
}

/// The whole of an answer that is a document.
pub(crate) fn document(what: &str, answer: Response<Body>) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let body = answer.into_body().into_with_config().limit(MAX_DOCUMENT + 1).reader();
    body.take(MAX_DOCUMENT + 1).read_to_end(&mut bytes).map_err(|error| Error::malformed(what, error))?;
    if bytes.len() as u64 > MAX_DOCUMENT {
        return Err(Error::malformed(what, format!("it has more than {MAX_DOCUMENT} bytes")));
    }
    Ok(bytes)
}

/// What a document says that it is.
fn media_type(bytes: &[u8]) -> Option<String> {
    let document: serde_json::Value = serde_json::from_slice(bytes).ok()?;
    match &document["mediaType"] {
        serde_json::Value::String(media_type) => Some(media_type.clone()),
        // It may be left out; an index is what has manifests.
        _ if document["manifests"].is_array() => Some(media::INDEX.to_owned()),
        _ => None,
    }
}

/// Copies what a descriptor describes, and checks that it is that.
pub(crate) fn copy(what: &str, expected: &Descriptor, from: &mut dyn io::Read, to: &mut dyn Write) -> Result<()> {
    let differs = |why: String| Error::Tampered { what: what.to_owned(), expected: expected.digest, why };
    let mut hashing = Hashing::new(to);
    io::copy(&mut from.take(expected.size.saturating_add(1)), &mut hashing)
        .map_err(|error| Error::malformed(what, format!("it cannot be copied: {error}")))?;
    let (digest, size) = hashing.finish();
    if size != expected.size {
        let longer = if size > expected.size { "more" } else { "fewer" };
        return Err(differs(format!("it has {longer} than {} bytes", expected.size)));
    }
    if digest != expected.digest {
        return Err(differs(format!("it has the digest {digest}")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_is_what_is_expected() {
        let blob = Descriptor::of("x", b"abc");
        let given = |bytes: &[u8]| {
            let mut out = Vec::new();
            copy("it", &blob, &mut &*bytes, &mut out).map(|()| out)
        };
        assert_eq!(given(b"abc").unwrap(), b"abc");
        for other in [&b"abd"[..], b"ab", b"abcd", b""] {
            assert!(matches!(given(other), Err(Error::Tampered { .. })), "{other:?}");
        }
        let endless = copy("it", &blob, &mut io::repeat(0), &mut io::sink());
        assert!(matches!(endless, Err(Error::Tampered { .. })));
    }
}
