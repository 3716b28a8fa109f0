//! The paths of a command's files.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The path at which commands see the workspace of the run, as in KFP.
pub const WORKSPACE: &str = "/kfp-workspace";

/// The maximum length of a file name in bytes, which leaves room for suffixes that a command adds.
const MAX_NAME: usize = 200;

/// The paths of a command's files. They depend on the names of its ports only, so that they do not change its identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    /// The prefix of all paths: empty in the sandbox, a path of the host otherwise.
    pub root: String,
}

impl Layout {
    /// Paths below a directory of the host.
    pub fn below(root: impl Into<String>) -> Self {
        Self { root: root.into() }
    }

    /// The path of an input artifact, the `index`th of its port. It is read-only.
    pub fn input(&self, port: &str, index: usize) -> String {
        let port = file_name(port);
        format!("{}/in/{port}/{index}/{port}", self.root)
    }

    /// The path of an output artifact, a file or a directory. Its parent directory exists.
    pub fn output(&self, port: &str) -> String {
        format!("{}/out/{}", self.root, file_name(port))
    }

    /// The path of the file for an output parameter. Its parent directory exists.
    pub fn parameter(&self, port: &str) -> String {
        format!("{}/tmp/kfp/outputs/{}", self.root, file_name(port))
    }

    /// The path of the file for KFP's `ExecutorOutput`. Its parent directory exists.
    pub fn executor_output(&self) -> String {
        format!("{}/tmp/kfp_outputs/output_metadata.json", self.root)
    }

    /// The path of the directory with vendored packages.
    pub fn packages(&self) -> String {
        format!("{}/packages", self.root)
    }
}

/// A port's name as a file name. Names in KFP are usually plain, but the format does not require it.
fn file_name(port: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ' | '+' | '=' | ',' | '@');
    if !port.is_empty() && !port.starts_with('.') && port.len() <= MAX_NAME && port.chars().all(plain) {
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
