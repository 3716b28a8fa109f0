//! Manifests that refer to another: signatures and evidence. Registries that have no list of them get one at a tag.

use crate::client::{Client, document};
use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::manifest::{Descriptor, Index, MAX_DOCUMENT, Manifest, media};
use crate::reference::Reference;
use crate::transport::{Call, Content};
use crate::upload::Source;

/// Referrers of one manifest that are looked at.
const MOST: usize = 1000;

impl Client {
    /// What refers to a manifest, of one type or all.
    ///
    /// # Errors
    /// The registry refuses, or its answer is no index.
    pub fn referrers(&self, at: &Reference, subject: Digest, kind: Option<&str>) -> Result<Vec<Descriptor>> {
        let what = format!("the list of what refers to {subject} in {}/{}", at.host, at.repository);
        let call = Call {
            method: "GET",
            target: format!("/v2/{}/referrers/{subject}", at.repository),
            headers: vec![("accept", media::INDEX.to_owned())],
            body: Content::None,
            what: format!("give {what}"),
            scope: format!("repository:{}:pull", at.repository),
            expected: MAX_DOCUMENT,
        };
        // Whoever does not know the question says so in one of these ways.
        let answer = self.transport.call(&at.host, &call, &[400, 404, 405, 501])?;
        let index = if answer.status().is_success() {
            Index::read(&what, &document(&what, answer)?)?
        } else {
            self.tagged(at, subject)?.unwrap_or_else(|| Index::new(Vec::new()))
        };
        let mut found = index.manifests;
        found.retain(|one| kind.is_none_or(|kind| one.artifact_type.as_deref() == Some(kind)));
        if found.len() > MOST {
            return Err(Error::malformed(what, format!("more than {MOST} do")));
        }
        Ok(found)
    }

    /// The only layer of a referrer, and what its annotations say. It must refer to this subject.
    ///
    /// # Errors
    /// It is not there, refers to something else, or has not one layer of at most [`MAX_DOCUMENT`] bytes.
    pub fn referrer(&self, at: &Reference, subject: Digest, referrer: &Descriptor) -> Result<(Manifest, Vec<u8>)> {
        let manifest = self.manifest(&Reference { tag: None, ..at.at(referrer.digest) })?.manifest;
        let what = format!("the referrer {} in {}/{}", referrer.digest, at.host, at.repository);
        if manifest.subject.as_ref().map(|one| one.digest) != Some(subject) {
            return Err(Error::malformed(what, format!("it does not refer to {subject}")));
        }
        let [layer] = manifest.layers.as_slice() else {
            return Err(Error::malformed(what, "it has not one layer"));
        };
        if layer.size > MAX_DOCUMENT {
            return Err(Error::malformed(what, format!("it has more than {MAX_DOCUMENT} bytes")));
        }
        let mut bytes = Vec::new();
        self.blob(at, layer, &mut bytes)?;
        Ok((manifest, bytes))
    }

    /// Puts a document beside a manifest that it is about. The same document again changes nothing.
    ///
    /// # Errors
    /// The registry refuses.
    pub fn attach(
        &self,
        to: &Reference,
        subject: &Descriptor,
        kind: &str,
        title: &str,
        bytes: &[u8],
    ) -> Result<Digest> {
        let empty = Descriptor::of(media::EMPTY, b"{}");
        let layer = Descriptor::of(kind, bytes).titled(title);
        self.push_blob(to, &empty, &Source::Bytes(b"{}".to_vec()))?;
        self.push_blob(to, &layer, &Source::Bytes(bytes.to_vec()))?;
        let manifest = referrer_manifest(subject, kind, layer);
        let bytes = manifest.to_bytes();
        let mut descriptor = Descriptor::of(media::MANIFEST, &bytes);
        let digest = descriptor.digest;
        let noticed = self.put(to, &digest.to_string(), media::MANIFEST, &bytes)?;
        if noticed.is_some() {
            return Ok(digest);
        }
        descriptor.artifact_type = Some(kind.to_owned());
        let mut index = self.tagged(to, subject.digest)?.unwrap_or_else(|| Index::new(Vec::new()));
        if index.manifests.iter().all(|one| one.digest != digest) {
            index.manifests.push(descriptor);
            self.put(to, &fallback(subject.digest), media::INDEX, &index.to_bytes())?;
        }
        Ok(digest)
    }

    /// The index of referrers at the tag, if there is one.
    fn tagged(&self, at: &Reference, subject: Digest) -> Result<Option<Index>> {
        let tag = fallback(subject);
        let at = Reference { tag: Some(tag.clone()), digest: None, ..at.clone() };
        match self.document(&at, &tag)? {
            Some((bytes, true)) => Ok(Some(Index::read(&at.to_string(), &bytes)?)),
            Some((_, false)) => Err(Error::malformed(
                at.to_string(),
                "the tag is for an index of referrers, and leads to something else",
            )),
            None => Ok(None),
        }
    }
}

/// The manifest of a document about another manifest.
pub fn referrer_manifest(subject: &Descriptor, kind: &str, layer: Descriptor) -> Manifest {
    let mut manifest = Manifest::new(Descriptor::of(media::EMPTY, b"{}"), vec![layer]);
    manifest.artifact_type = Some(kind.to_owned());
    manifest.subject = Some(Descriptor::new(&subject.media_type, subject.digest, subject.size));
    manifest
}

/// The tag at which the referrers of a manifest are listed where the registry has no list.
fn fallback(subject: Digest) -> String {
    format!("sha256-{}", subject.hex())
}
