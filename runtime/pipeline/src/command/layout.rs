//! The paths of a command's files.

use std::borrow::Cow;
use std::fmt::Write as _;

use serde_json::Value;

use super::uri::{self, REMOTE_URI};
use crate::step::Artifact;

/// Where commands see the directory that a run's tasks share, as in KFP.
pub const WORKSPACE: &str = "/kfp-workspace";

/// Name of the file for KFP's `ExecutorOutput`.
pub const EXECUTOR_OUTPUT: &str = "executor_output.json";

/// The longest file name, in bytes, with room for what a command appends to it.
const MAX_NAME: usize = 200;

/// The paths of the files that a command sees. They follow from the step's identity and from the content of its inputs, so that equal
/// steps see equal paths; none is part of an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The prefix of all paths: empty in the sandbox, a path of the host otherwise.
    pub root: String,
    /// The directory of the step's outputs, without `root`.
    outputs: String,
}

impl Layout {
    /// The paths for the step of this identity.
    pub fn new(identity: &[u8; 32]) -> Self {
        Self { root: String::new(), outputs: uri::of_outputs(identity) }
    }

    /// The same below a directory of the host.
    #[must_use]
    pub fn below(self, root: impl Into<String>) -> Self {
        Self { root: root.into(), ..self }
    }

    /// Where the content of an input artifact is: a file or a directory, to be read only.
    pub fn input(&self, artifact: &Artifact) -> String {
        let mounted = match artifact.properties.get(REMOTE_URI) {
            Some(Value::String(remote)) if self.root.is_empty() => uri::mounted(remote),
            _ => None,
        };
        format!("{}{}", self.root, mounted.unwrap_or_else(|| uri::of_content(&artifact.uri)))
    }

    /// The directory of the output artifacts, which is there.
    pub fn outputs(&self) -> String {
        format!("{}{}", self.root, self.outputs)
    }

    /// Where an output artifact is to be written, as a file or a directory.
    pub fn output(&self, port: &str) -> String {
        format!("{}{}/{}", self.root, self.outputs, file_name(port))
    }

    /// The path of the file for an output parameter. Its parent directory exists.
    pub fn parameter(&self, port: &str) -> String {
        format!("{}/tmp/kfp/outputs/{}", self.root, file_name(port))
    }

    /// The file for KFP's `ExecutorOutput`. It is beside the output artifacts, since the SDK's `dsl.get_uri()` gives names in its
    /// directory.
    pub fn executor_output(&self) -> String {
        format!("{}{}/{EXECUTOR_OUTPUT}", self.root, self.outputs)
    }

    /// The path of the directory with vendored packages.
    pub fn packages(&self) -> String {
        format!("{}/packages", self.root)
    }
}

/// Whether a character stands for itself in a file's name: one of those in which a URI does not end inside a longer text.
pub(super) fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | '.')
}

/// A port's name as a file name. Names in KFP are usually plain, but the format does not require it.
fn file_name(port: &str) -> Cow<'_, str> {
    let is_fine = !port.is_empty() && !port.starts_with('.') && !port.ends_with('.') && port != EXECUTOR_OUTPUT;
    if is_fine && port.len() <= MAX_NAME && port.chars().all(is_plain) {
        return Cow::Borrowed(port);
    }
    let mut name = String::from("%");
    for byte in port.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_') {
            name.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(name, "%{byte:02x}");
        }
    }
    if name.len() > MAX_NAME {
        // The digest keeps two names apart that differ in the part that is cut off.
        let mut hasher = std::hash::DefaultHasher::new();
        std::hash::Hash::hash(port, &mut hasher);
        name.truncate(MAX_NAME - 20);
        let _ = write!(name, "%{:016x}", std::hash::Hasher::finish(&hasher));
    }
    Cow::Owned(name)
}
