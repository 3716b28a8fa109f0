//! Blobs on their way into a registry.

use std::path::PathBuf;

use ureq::http::Response;

use crate::digest::Digest;
use crate::error::{Error, Result};
use crate::manifest::Descriptor;
use crate::reference::Reference;
use crate::transport::{Call, Content, Transport};

/// Where a blob's bytes are.
#[derive(Debug, Clone)]
pub enum Source {
    /// Here.
    Bytes(Vec<u8>),
    /// In a file.
    File(PathBuf),
    /// In a part of a file.
    Part {
        /// The file.
        path: PathBuf,
        /// Where it begins.
        start: u64,
    },
}

/// Uploads a blob unless the registry has it. Says whether it was uploaded.
pub(crate) fn push_blob(transport: &Transport, to: &Reference, blob: &Descriptor, source: &Source) -> Result<bool> {
    let Reference { host, repository, .. } = to;
    let what = format!("take {} of {repository}", blob.digest);
    let scope = format!("repository:{repository}:pull,push");
    let call = |method, target, body| Call {
        method,
        target,
        headers: vec![("content-type", "application/octet-stream".to_owned())],
        body,
        what: what.clone(),
        scope: scope.clone(),
        expected: 0,
    };
    let plain = |method, target| Call { headers: Vec::new(), ..call(method, target, Content::None) };
    let head = transport.call(host, &plain("HEAD", format!("/v2/{repository}/blobs/{}", blob.digest)), &[404]);
    // Some registries let a blob be asked for only once its repository is there.
    if head.is_ok_and(|answer| answer.status().is_success()) {
        return Ok(false);
    }
    // A body without bytes: some servers want to be told its length.
    let begun =
        transport.call(host, &call("POST", format!("/v2/{repository}/blobs/uploads/"), Content::Bytes(&[])), &[])?;
    let location = begun.headers().get("location").and_then(|location| location.to_str().ok());
    let Some(location) = location else {
        return Err(Error::malformed(
            format!("the answer of the registry {host}"),
            "it does not say where to upload to",
        ));
    };
    let separator = if location.contains('?') { '&' } else { '?' };
    let target = format!("{location}{separator}digest={}", blob.digest);
    let content = match source {
        Source::Bytes(bytes) => Content::Bytes(bytes),
        Source::File(path) => Content::File(path, 0, blob.size),
        Source::Part { path, start } => Content::File(path, *start, blob.size),
    };
    let answer = transport.call(host, &call("PUT", target, content), &[])?;
    check_digest(host, &answer, blob.digest)?;
    Ok(true)
}

/// A registry that tells of another digest than it was given has taken something else.
pub(crate) fn check_digest<T>(host: &str, answer: &Response<T>, expected: Digest) -> Result<()> {
    let told = answer.headers().get("docker-content-digest").and_then(|told| told.to_str().ok());
    match told {
        Some(told) if told.starts_with("sha256:") && told != expected.to_string() => Err(Error::Tampered {
            what: format!("what the registry {host} took"),
            expected,
            why: format!("it calls it {told}"),
        }),
        _ => Ok(()),
    }
}
